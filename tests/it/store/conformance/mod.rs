//! What every store does alike. Each case is a function over a fresh, empty store; [`suite`] makes tests of them.

pub(crate) mod access;
pub(crate) mod books;
pub(crate) mod devices;
pub(crate) mod exchange;
pub(crate) mod facts;
pub(crate) mod imported;
pub(crate) mod leaving;
pub(crate) mod letters;
pub(crate) mod memory;
pub(crate) mod outbox;
pub(crate) mod owners;
pub(crate) mod passed;
pub(crate) mod rest;
pub(crate) mod returns;
pub(crate) mod watch;

/// Makes a test of each case. `fresh` is an `async fn() -> Option<SharedStore>`: a new empty store, or none where the
/// engine is not there.
macro_rules! suite {
    ($fresh:path: $($area:ident { $($case:ident)* })*) => {$(
        mod $area {
            $(
                #[tokio::test]
                async fn $case() {
                    if let Some(store) = $fresh().await {
                        crate::store::conformance::$area::$case(&store).await;
                        store.close().await;
                    }
                }
            )*
        }
    )*};
    ($fresh:path) => {
        crate::store::conformance::suite! { $fresh:
            facts {
                moved_number_has_its_former_holder
                claimed_identity_only_adds_to_forward
                everyone_and_applications_are_viewers
                address_stands_for_its_present_owner
                block_on_any_identity_leaves_nothing
                former_holders_stand_in_order_with_who_proved_since
                present_value_is_current_only_when_believed
                believed_present_value_is_one_points
                book_names_come_from_the_viewers_books
                opt_out_counts_for_whom_it_is
                opt_outs_come_from_all_numbers_of_a_holder
                name_alone_finds_who_put_the_viewer_in_a_group
                holders_of_many_keys
                panic_and_revision_are_facts
                rights_through_an_address_sleep_and_wake
            }
            memory {
                memory_knows_what_came_first_until_its_time_is_over
                memory_is_taken_away_once_and_swept
            }
            passed {
                passed_message_reads_back_and_is_forgotten_after_a_month
                passed_message_ends_once
            }
            exchange {
                an_address_is_remembered_for_ever
                introductions_are_counted_held_and_set
                a_card_comes_into_a_tray_once
                a_book_is_brought_up_to_date_and_taken_back_once
                a_group_introduces
            }
            imported {
                imported_owner_stands_in_full
                imported_owner_changes_like_any_other
                imported_number_becomes_somebody_elses
                opt_outs_come_from_both_numbers_of_an_imported_owner
                numbers_that_anybody_had_are_not_imported
            }
            owners {
                owner_reads_back_as_written
                owners_come_in_pages
                points_and_values_change
                expected_version_decides
                of_two_who_expect_the_same_one_loses
                changes_and_requests_come_in_pages
                audit_and_queries_come_in_pages
                commit_is_all_or_nothing
            }
            books {
                books_and_groups_read_back
                contact_reads_back_as_written
                contacts_and_members_come_in_pages
                member_needs_group_and_contact
                audience_follows_addresses_link_and_membership
                one_address_in_two_contacts_stays_while_one_has_it
                audience_comes_in_pages_of_recipients
                removed_book_takes_everything_with_it
                contacts_are_found_by_what_they_hold
                linking_is_claimed_page_by_page
            }
            leaving {
                many_notices_are_read_as_each_one_is
                pairs_and_reports_are_read_together
            }
            outbox {
                fanout_is_claimed_page_by_page
                pair_has_one_open_notice
                claims_are_in_order_and_of_what_is_due
                two_claimers_never_share
                fence_refuses_who_came_too_late
                heartbeat_prolongs
                retries_have_their_own_lane
                settled_pair_may_have_a_new_notice
                what_comes_during_a_claim_is_told_afterwards
                settled_notice_can_be_marked
                attempts_are_kept_with_their_ends
                ledger_has_one_row_for_each_pair
            }
            watch {
                figures_come_in_pages_and_are_forgotten
                trails_are_added_to_and_come_newest_first
            }
            returns {
                receipts_are_kept_once_and_for_a_month
                furthest_report_of_an_attempt_counts
                reports_that_changed_nothing_are_found
                settled_notice_can_be_opened_again
                only_one_notice_of_a_pair_is_opened_again
                dead_addresses_are_kept_until_they_are_not
                message_from_a_person_counts_once
                links_are_renewed_and_end
                preference_of_an_address_is_the_last_one
            }
            letters {
                letters_are_claimed_in_order_the_urgent_ones_apart
                letter_is_settled_under_its_fence_only
                due_letters_and_requests_are_waited_for
            }
            access {
                first_secret_stays
                code_is_tried_so_often_and_used_once
                of_answers_at_once_no_more_are_looked_at_than_may_be
                counts_end_with_their_window
                session_is_found_by_its_token_and_stays_ended
                passkey_belongs_to_its_owner
                keys_of_an_owner
                request_is_claimed_when_it_is_due
            }
            devices {
                devices_read_back_as_written
                one_device_is_at_one_place_of_an_account
                device_ends_unless_it_was_registered_since
                removed_device_is_gone_for_its_owner_alone
            }
            rest {
                substitution_is_found_in_every_way
                key_is_found_by_its_hash
                answer_is_given_once
                old_answers_are_forgotten
                of_equal_requests_at_once_one_is_carried_out
                closed_store_refuses
            }
        }
    };
}
pub(crate) use suite;
