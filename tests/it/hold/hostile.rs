//! Guessing, replays, a SIM swap against the hold, and what answers tell.
//!
//! Where each of the things stands that somebody may try, here and elsewhere:
//!
//! - *Codes are guessed*: `c1_a_code_is_guessed_five_times_at_most`, `c1_guesses_at_once_are_no_more_than_one_after_the_other`,
//!   `guesses_on_two_nodes_are_no_more_than_on_one`, `c1_each_limit_ends_the_asking`,
//!   `c3_wrong_words_are_limited_and_look_like_nothing_being_held`.
//! - *Somebody's limits are used up*: `c1_strangers_use_up_no_codes_of_who_is_signed_in`,
//!   `c3_who_spends_the_tries_does_not_spend_the_owners_veto`, `q7_one_network_takes_no_others_places`,
//!   `q7_a_call_waits_for_one_list_at_most`.
//! - *Links, codes and answers are replayed*: `c1_an_old_code_and_a_used_one_are_wrong`, `a_code_counts_once_and_for_one_request`,
//!   `a_code_answered_on_two_nodes_at_once_counts_once`, `c1_many_answers_at_once_register_one_newcomer`,
//!   `c3_a_link_stops_its_own_change_and_no_later_one`,
//!   `a_ceremony_that_begins_on_one_node_ends_on_another`, `a_passkeys_answer_for_somebody_else_too_late_or_from_a_copy_is_none`,
//!   `c7_a_link_shows_nothing_once_it_should_not`, `w1_a_captured_token_is_not_believed_again`.
//! - *Another site sends a form (CSRF)*: `no_form_at_all_counts_without_its_mark_or_from_elsewhere`,
//!   `a_form_counts_from_its_own_session_and_site_only`.
//! - *A session is planted (fixation)*: `a_session_that_was_there_before_is_not_taken_over`,
//!   `c1_each_proof_gives_a_session_another_token`.
//! - *Who is registered is read from texts*: `c1_known_and_unknown_addresses_are_answered_alike`,
//!   `c1_nothing_tells_who_is_registered`, `q4_every_no_has_one_face`,
//!   `e2_neither_introduction_nor_preview_tells_who_is_registered`; *from times*: `c1_the_same_work_is_done_whoever_signs_in`,
//!   `c3_the_same_work_is_done_for_every_wrong_word`, `c9_the_same_work_is_done_whoever_has_the_wanted_number`,
//!   `q4_the_same_work_is_done_for_every_link_that_shows_nothing`.
//! - *A number that is not one's own, in every spelling (C11)*: `c11_somebody_elses_number_needs_its_code_in_every_spelling`.
//! - *A number is kept or taken without its code (C9)*: `c9_a_number_is_not_kept_by_moving_it_about`,
//!   `c9_a_code_proves_no_value_that_only_comes_along`, `c9_a_passkey_of_ones_own_takes_nobodys_number_in_minutes`.
//! - *What is held becomes another change (C3)*: `c3_a_label_that_is_another_points_by_then_changes_nothing_that_is_held`.
//! - *A SIM is swapped*: `c3_all_codes_of_a_stolen_number_are_one_proof`,
//!   `c9_whoever_else_has_the_number_is_warned_and_keeps_it_by_proving_it_again`,
//!   `a_proof_that_was_lost_during_the_hold_ends_it`.
//! - *Vetoes without end (C3)*: `c3_a_veto_ends_or_delays_twice_at_most`,
//!   `c3_who_proved_it_ends_it_and_others_only_delay_it_twice`, `c3_who_spends_the_tries_does_not_spend_the_owners_veto`.
//! - *A stranger called Mum (E3, E4)*: `e3_e4_a_stranger_called_mum_changes_nobodys_book`.
//! - *A number that was given to somebody else (C8)*: `c8_rights_through_a_recycled_number_sleep_until_the_owner_confirms`,
//!   `c8_e3_an_entry_whose_address_sleeps_does_not_follow_until_its_owner_confirms`,
//!   `c8_who_takes_a_number_and_then_the_name_of_who_had_it_is_not_that_person`,
//!   `q9_the_new_holder_of_a_number_inherits_no_refusal`.
//! - *Moved numbers are harvested (Q13)*: `q13_a_key_learns_so_many_new_numbers_a_day`,
//!   `q13_an_account_is_connected_to_so_many_new_numbers_a_day`, `q13_everyone_is_only_ever_told_on_query`.
//! - *A sender reads a number that is only forwarded (Q5)*: `q5_a_callback_in_an_unusual_place_leads_to_no_new_number`,
//!   `q5_a_reply_reads_as_coming_from_the_number_that_was_used`,
//!   `q5_a_leg_of_a_connected_call_reads_as_going_to_the_number_that_was_used`, `whose_credentials_they_are_decides_what_forward_only_means`,
//!   `a_sender_reads_nothing_more_with_the_operators_credentials`;
//!   *or a code of ours (C1)*: `c1_lists_of_an_account_show_senders_none_of_our_own_codes`.
//! - *Who is blocked asks as somebody else*: `block_on_any_identity_leaves_nothing`.
//! - *A whole address book is introduced to (E2)*:
//!   `e2_more_than_five_in_ten_minutes_are_an_import_and_none_of_them_leaves_unconfirmed`,
//!   `e2_a_file_sends_nothing_until_confirmed`, `e2_caps_of_an_owners_day_and_of_one_address`,
//!   `e1_an_address_that_a_contact_gets_later_is_introduced_to_once_too`.

use super::world::*;
use crate::both::both;
use redial::{
    domain::{
        change::{
            RequestState,
            hold::{By, Evidence, Why},
        },
        code::{Caps, TRIES},
    },
    store::{Effect, Returned, Unreachable},
    usecase::{
        Rules,
        codes::Requester,
        course::{self, Kept},
        heard::{self, Heard},
        keep, requests,
        sign_in::{self, SignedIn},
        wanted::{NewLabel, Wanted, WantedPoint},
        write::{Actor, Refused, carry_out},
    },
};
use std::time::Duration;

both! {
    c1_a_code_is_guessed_five_times_at_most
    c1_guesses_at_once_are_no_more_than_one_after_the_other
    c1_an_old_code_and_a_used_one_are_wrong
    c1_known_and_unknown_addresses_are_answered_alike
    c1_each_limit_ends_the_asking
    c1_strangers_use_up_no_codes_of_who_is_signed_in
    c3_all_codes_of_a_stolen_number_are_one_proof
    c3_a_number_that_a_report_calls_dead_signs_nobody_in_and_proves_nothing
    c3_wrong_words_are_limited_and_look_like_nothing_being_held
    c3_who_spends_the_tries_does_not_spend_the_owners_veto
    c3_a_link_stops_its_own_change_and_no_later_one
    c3_a_label_that_is_another_points_by_then_changes_nothing_that_is_held
    c9_a_number_is_not_kept_by_moving_it_about
    c9_a_passkey_of_ones_own_takes_nobodys_number_in_minutes
    a_proof_that_was_lost_during_the_hold_ends_it
    a_stranger_with_a_key_of_ones_own_shows_nothing
    a_newcomer_is_registered_only_where_that_is_allowed
    c1_many_answers_at_once_register_one_newcomer
}

async fn c1_a_code_is_guessed_five_times_at_most(world: World) {
    let issued = world.begin(MOBILE).await.unwrap();
    let right = world.code_at(MOBILE).await;
    let wrong = if right == "111111" { "222222" } else { "111111" };
    let answer = async |typed: &str| sign_in::finish(&world.env, issued.challenge, typed, "", None).await;
    for typed in ["12345", "abcdef", ""] {
        assert!(matches!(answer(typed).await, Err(Refused::Invalid(_))), "no code at all is no guess");
    }
    for _ in 0..TRIES {
        assert!(matches!(answer(wrong).await, Err(Refused::WrongCode)));
    }
    assert!(matches!(answer(&right).await, Err(Refused::WrongCode)), "it counts no longer");
}

async fn c1_guesses_at_once_are_no_more_than_one_after_the_other(world: World) {
    let issued = world.begin(MOBILE).await.unwrap();
    let right = world.code_at(MOBILE).await;
    let wrong = if right == "111111" { "222222" } else { "111111" };
    let guesses = (0..50).map(|_| sign_in::finish(&world.env, issued.challenge, wrong, "", None));
    let all = futures_util::future::join_all(guesses).await;
    assert!(all.iter().all(|one| matches!(one, Err(Refused::WrongCode))));
    assert_eq!(world.env.store.code(issued.challenge).await.unwrap().unwrap().tries, TRIES);
}

async fn c1_an_old_code_and_a_used_one_are_wrong(world: World) {
    let issued = world.begin(MOBILE).await.unwrap();
    let code = world.code_at(MOBILE).await;
    world.after(Duration::from_mins(10)).await;
    assert!(matches!(sign_in::finish(&world.env, issued.challenge, &code, "", None).await, Err(Refused::WrongCode)));
    let issued = world.begin(MOBILE).await.unwrap();
    let code = world.code_at(MOBILE).await;
    let twice = [(); 2].map(|()| sign_in::finish(&world.env, issued.challenge, &code, "", None));
    let [one, two] = twice;
    let both = [one.await.is_ok(), two.await.is_ok()];
    assert_eq!(both, [true, false]);
}

async fn c1_known_and_unknown_addresses_are_answered_alike(world: World) {
    let (known, unknown) = (world.begin(MOBILE).await.unwrap(), world.begin("+14155550199").await.unwrap());
    assert_eq!(known.expires, unknown.expires);
    assert_eq!(world.told().await, [MOBILE], "and only who is known has a message");
    for issued in [known, unknown] {
        let answer = sign_in::finish(&world.env, issued.challenge, "000000", "", None).await;
        assert!(matches!(answer, Err(Refused::WrongCode)), "{answer:?}");
    }
    // Unknown ones are limited like known ones.
    let few = Rules { codes: Caps { address: 2, again: 9, ..Caps::default() }, ..Rules::default() };
    let world = world.anew_with(few).await;
    for to in [MOBILE, "+14155550199"] {
        for _ in 0..2 {
            world.begin(to).await.unwrap();
        }
        assert!(matches!(world.begin(to).await, Err(Refused::TooMany)), "{to}");
    }
    world.after(Duration::from_hours(1)).await;
    world.begin(MOBILE).await.unwrap();
}

async fn c1_each_limit_ends_the_asking(world: World) {
    let numbers: Vec<String> = (100..160).map(|n| format!("+14155550{n}")).collect();
    let far: Vec<String> = (0..20).map(|n| format!("+1415{}0100", 550 + n)).collect();
    let mailboxes: Vec<String> = (0..20).map(|n| format!("ann{n}@example.com")).collect();
    let aliases = vec!["+525512345678".to_owned(), "+5215512345678".to_owned()];
    for (rule, caps, to) in [
        ("again", Caps { again: 1, ..Caps::default() }, vec![MOBILE.to_owned(); 9]),
        ("prefix", Caps { prefix: 3, ..Caps::default() }, numbers.clone()),
        ("country", Caps { country: 4, ..Caps::default() }, far.clone()),
        ("requester", Caps { requester: 5, ..Caps::default() }, far),
        ("hour", Caps { again: 9, address: 6, ..Caps::default() }, vec![MOBILE.to_owned(); 9]),
        ("day", Caps { again: 9, address: 9, address_day: 7, ..Caps::default() }, vec![MOBILE.to_owned(); 9]),
        ("domain", Caps { domain: 8, requester: 99, ..Caps::default() }, mailboxes),
        ("aliases of one number are one", Caps { again: 1, ..Caps::default() }, aliases),
    ] {
        let world = world.anew_with(Rules { codes: caps, ..Rules::default() }).await;
        let mut passed = 0;
        for one in &to {
            match world.begin(one).await {
                Ok(_) => passed += 1,
                Err(Refused::TooMany) => break,
                Err(other) => panic!("{rule}: {other}"),
            }
        }
        let expected = match rule {
            "again" | "aliases of one number are one" => 1,
            "hour" => 6,
            "day" => 7,
            "domain" => 8,
            "prefix" => 3,
            "country" => 4,
            _ => 5,
        };
        assert_eq!(passed, expected, "{rule}");
    }
}

/// Whoever asks for codes to a number without end keeps out who is not signed in, and nobody from proving their own number.
async fn c1_strangers_use_up_no_codes_of_who_is_signed_in(world: World) {
    let few = Rules { codes: Caps { again: 9, address: 2, address_day: 2, ..rules().codes }, ..Rules::default() };
    let world = world.anew_with(few).await;
    let ann = world.person(MAIL).await;
    while world.begin(MOBILE).await.is_ok() {}
    let request = world.wants(&ann, replace("mobile", MOBILE)).await.unwrap();
    let requester = Requester { who: "owner", language: None };
    let own = async || course::code(&world.env, ANN, request.id, &address(MOBILE), requester).await;
    assert!(own().await.is_ok() && own().await.is_ok());
    assert!(matches!(own().await, Err(Refused::TooMany)), "they are counted, too");
    let elses = world.wants(&ann, add("home", NEW)).await.unwrap();
    while world.begin(NEW).await.is_ok() {}
    let asked = course::code(&world.env, ANN, elses.id, &address(NEW), requester).await;
    assert!(matches!(asked, Err(Refused::TooMany)), "what is not theirs yet is anybody's");
}

async fn c3_all_codes_of_a_stolen_number_are_one_proof(world: World) {
    // The thief has Ann's SIM: the sign-in, and every further code to it.
    let thief = world.person(MOBILE).await;
    let request = world.wants(&thief, replace("mobile", NEW)).await.unwrap();
    world.proves(request.id, MOBILE).await.unwrap();
    let held = world.proves(request.id, NEW).await.unwrap();
    assert_eq!((held.state, held.course.why), (RequestState::Held, Some(Why::OnePoint)));
    assert_eq!(held.due.unwrap().since(world.now().await), DAY, "a day in which Ann is told and can speak");
    let told = world.told().await;
    assert!(told.contains(&WORK.to_owned()) && told.contains(&MAIL.to_owned()));
    // A point that the thief added is not one that was proved long ago.
    let world = world.anew().await;
    let thief = world.person(MOBILE).await;
    let added = world.wants(&thief, add("home", NEW)).await.unwrap();
    world.proves(added.id, NEW).await.unwrap();
    world.after(DAY).await;
    assert_eq!(world.state(added.id).await, RequestState::Accepted);
    let thief = world.person(MOBILE).await;
    let request = world.wants(&thief, remove("work")).await.unwrap();
    let held = world.proves(request.id, NEW).await.unwrap();
    assert_eq!(held.course.why, Some(Why::OnePoint));
    assert!(held.due.unwrap().since(world.now().await) > Duration::from_hours(23));
}

async fn c3_a_number_that_a_report_calls_dead_signs_nobody_in_and_proves_nothing(world: World) {
    let ann = world.person(MAIL).await;
    let request = world.wants(&ann, remove("mobile")).await.unwrap();
    let dead = Unreachable { address: address(WORK), at: world.now().await, way: "report:sms:30005".into() };
    world.commit(vec![Effect::Returned(Returned::Unreachable(dead))]).await;
    let held = world.proves(request.id, WORK).await.unwrap();
    assert_eq!(held.course.why, Some(Why::OnePoint), "the code from the dead number is none");
    world.mail().await;
    world.begin(WORK).await.unwrap();
    assert!(world.told().await.is_empty());
}

async fn c3_wrong_words_are_limited_and_look_like_nothing_being_held(world: World) {
    let say =
        async |world: &World, from: &str, code: &str| keep::by_code(&world.env, &address(from), code, Some(from)).await;
    assert!(matches!(say(&world, WORK, "123456").await, Err(Refused::WrongCode)), "nothing is held");
    let request = world.held().await;
    let right = world.keep_at(WORK).await;
    assert!(matches!(say(&world, MAIL, &right).await, Err(Refused::WrongCode)), "another point's code");
    assert!(matches!(say(&world, BOBS, &right).await, Err(Refused::WrongCode)), "somebody else");
    let wrong = if right == "111111" { "222222" } else { "111111" };
    for _ in 0..9 {
        assert!(matches!(say(&world, WORK, wrong).await, Err(Refused::WrongCode)));
    }
    assert!(matches!(say(&world, WORK, &right).await, Err(Refused::TooMany)));
    assert_eq!(world.request(request.id).await.course.delays, 0);
    world.after(Duration::from_hours(1)).await;
    assert!(say(&world, WORK, &right).await.is_ok());
}

async fn c3_who_spends_the_tries_does_not_spend_the_owners_veto(world: World) {
    let request = world.held().await;
    let right = world.keep_at(WORK).await;
    let wrong = if right == "111111" { "222222" } else { "111111" };
    let work = address(WORK);
    let mut nth = 0;
    let mut by_text = async |code: &str| {
        nth += 1;
        let (id, text) = (nth.to_string(), format!("KEEP {code}"));
        let heard = Heard { account: "sms", id: &id, from: &work, text: &text, hint: None, covered: true };
        heard::take(&world.env, &heard).await.unwrap();
        world.request(request.id).await.course.delays
    };
    let by = async |code: &str, who: Option<&str>| keep::by_code(&world.env, &work, code, who).await;
    // With a forged sender, and by somebody's device.
    for _ in 0..50 {
        assert_eq!(by_text(wrong).await, 0);
        let _wrong = by(wrong, Some("a hijacker")).await;
    }
    assert!(matches!(by(&right, Some("a hijacker")).await, Err(Refused::TooMany)));
    assert!(matches!(by(&right, Some("Ann's phone")).await, Ok(Kept::Delayed(_))));
    assert_eq!(by_text(&right).await, 2);

    // Whoever goes on finds an end, and each way its own.
    for _ in 0..50 {
        by_text(wrong).await;
    }
    assert!(matches!(by(wrong, None).await, Err(Refused::WrongCode)));
    for _ in 0..90 {
        let _wrong = by(wrong, None).await;
    }
    assert!(matches!(by(wrong, Some("Ann's phone")).await, Err(Refused::TooMany)));
    let answers = async || world.told().await.iter().filter(|to| *to == WORK).count();
    answers().await;
    by_text(&right).await;
    assert_eq!(answers().await, 0);
    world.after(Duration::from_hours(1)).await;
    answers().await;
    by_text(&right).await;
    assert_eq!(answers().await, 1);
}

async fn c3_a_link_stops_its_own_change_and_no_later_one(world: World) {
    let linked = async || {
        let mail = world.mail().await;
        let text = &mail.iter().rev().find(|(to, _)| to == MAIL).unwrap().1;
        let token = text.split_whitespace().find_map(|word| word.strip_prefix("https://redial.example/keep/"));
        token.unwrap_or_else(|| panic!("{text}")).to_owned()
    };
    let first = world.held().await;
    let old = linked().await;
    let ann = world.person(MOBILE).await;
    carry_out(&world.env, || requests::cancel(&world.env, &ann, ANN, first.id)).await.unwrap();
    assert!(matches!(keep::by_link(&world.env, &old).await, Err(Refused::WrongCode)), "of a change that is over");
    world.mail().await;
    let second = world.held().await;
    let new = linked().await;
    assert_ne!(old, new);
    assert!(matches!(keep::by_link(&world.env, &old).await, Err(Refused::WrongCode)), "nor of the next one");
    assert_eq!(world.request(second.id).await.course.delays, 0);
    assert!(keep::by_link(&world.env, &new).await.is_ok());
}

/// An app password proves nothing, and may change labels.
async fn c3_a_label_that_is_another_points_by_then_changes_nothing_that_is_held(world: World) {
    let ann = world.person(MOBILE).await;
    let request = world.wants(&ann, remove("work")).await.unwrap();
    assert_eq!(request.state, RequestState::Held);
    let app = Actor::person(Vec::new());
    let relabel = |point: &str, label: &str| {
        let new = NewLabel { point: point.into(), label: label.into() };
        Wanted { points: vec![WantedPoint::Relabel(new)], ..Wanted::default() }
    };
    for (point, label) in [("work", "old"), ("mobile", "work")] {
        assert_eq!(world.wants(&app, relabel(point, label)).await.unwrap().state, RequestState::Accepted);
    }
    world.after(DAY).await;
    assert_eq!(world.state(request.id).await, RequestState::Accepted);
    assert_eq!(world.values(ANN).await, [MOBILE, MAIL]);
}

async fn c9_a_number_is_not_kept_by_moving_it_about(world: World) {
    // Ann's mobile has been given to Bob, who proves it.
    let bob = world.person(BOBS).await;
    let his = world.wants_of(BOB, &bob, add("second", MOBILE)).await.unwrap();
    world.proves_of(BOB, his.id, MOBILE).await.unwrap();
    // She, who reads nothing there any more, gives it to another of her points, beside a number that is new.
    world.after(Duration::from_mins(1)).await;
    let ann = world.person(MAIL).await;
    let points = [remove("mobile"), replace("work", MOBILE), add("home", NEW)].into_iter().flat_map(|one| one.points);
    let hers = world.wants(&ann, Wanted { points: points.collect(), ..Wanted::default() }).await.unwrap();
    world.proves(hers.id, WORK).await.unwrap();
    world.proves(hers.id, NEW).await.unwrap();
    world.after(Duration::from_mins(10)).await;
    assert_eq!(world.state(hers.id).await, RequestState::Accepted);
    world.after(DAY).await;
    assert_eq!(world.values(BOB).await, [BOBS, BOBS_MAIL, MOBILE]);
    assert_eq!(world.values(ANN).await, [MAIL, NEW]);
    // Nor is it had again like that, once it is lost.
    let ann = world.person(MAIL).await;
    let points = [remove("work"), add("mine", MOBILE), add("third", "+14155550124")].into_iter();
    let again = Wanted { points: points.flat_map(|one| one.points).collect(), ..Wanted::default() };
    let again = world.wants(&ann, again).await.unwrap();
    let waits = world.proves(again.id, "+14155550124").await.unwrap();
    assert_eq!(waits.state, RequestState::AwaitingProof, "a code to the number itself is missing");
}

/// Somebody reads one code on Ann's phone: that he has shown who he is himself says nothing of her number.
async fn c9_a_passkey_of_ones_own_takes_nobodys_number_in_minutes(world: World) {
    for with in ["a passkey", "two points"] {
        let world = world.anew().await;
        let mut bob = world.person(BOBS).await;
        if with == "a passkey" {
            bob.evidence.push(Evidence { by: By::Passkey, at: world.now().await });
        }
        let his = world.wants_of(BOB, &bob, add("second", MOBILE)).await.unwrap();
        if with == "two points" {
            world.proves_of(BOB, his.id, BOBS_MAIL).await.unwrap();
        }
        let held = world.proves_of(BOB, his.id, MOBILE).await.unwrap();
        assert_eq!((held.state, held.course.why), (RequestState::Held, Some(Why::HeldByAnother)), "{with}");
        assert_eq!(held.due.unwrap().since(world.now().await), DAY, "{with}");
        // She keeps it in minutes.
        let ann = world.person(WORK).await;
        let hers = world.wants(&ann, replace("mobile", MOBILE)).await.unwrap();
        world.proves(hers.id, MAIL).await.unwrap();
        world.passes(Duration::from_secs(1)).await;
        world.proves(hers.id, MOBILE).await.unwrap();
        world.after(Duration::from_mins(10)).await;
        assert_eq!(world.state(hers.id).await, RequestState::Accepted, "{with}");
        world.after(DAY).await;
        assert_eq!(world.values(BOB).await, [BOBS, BOBS_MAIL], "{with}");
    }
    // Who lost it and never left it has it back as soon as she would change it.
    let bob = world.person(BOBS).await;
    let his = world.wants_of(BOB, &bob, add("second", MOBILE)).await.unwrap();
    world.proves_of(BOB, his.id, MOBILE).await.unwrap();
    world.after(DAY).await;
    assert_eq!(world.values(ANN).await, [WORK, MAIL]);
    let ann = world.person(WORK).await;
    let hers = world.wants(&ann, replace("mobile", MOBILE)).await.unwrap();
    world.proves(hers.id, MAIL).await.unwrap();
    world.proves(hers.id, MOBILE).await.unwrap();
    world.after(Duration::from_mins(10)).await;
    assert_eq!(world.values(ANN).await, [MOBILE, WORK, MAIL]);
}

async fn a_proof_that_was_lost_during_the_hold_ends_it(world: World) {
    let request = world.held().await;
    // Meanwhile Ann's mobile, the only thing that was shown, became Bob's.
    let bob = Actor { vouches: false, ..world.person(BOBS).await };
    let his = world.wants_of(BOB, &bob, add("second", MOBILE)).await.unwrap();
    world.proves_of(BOB, his.id, MOBILE).await.unwrap();
    // Somebody holds hers up.
    let code = world.keep_at(WORK).await;
    world.after(DAY / 2).await;
    let kept = keep::by_code(&world.env, &address(WORK), &code, None).await.unwrap();
    assert!(matches!(kept, Kept::Delayed(_)));
    world.after(DAY / 2).await;
    assert_eq!(world.values(BOB).await, [BOBS, BOBS_MAIL, MOBILE]);
    world.after(DAY).await;
    let ended = world.request(request.id).await;
    assert_eq!(ended.state, RequestState::Cancelled);
    assert!(ended.course.ended.is_some());
    assert_eq!(world.values(ANN).await, [WORK, MAIL]);
}

async fn a_stranger_with_a_key_of_ones_own_shows_nothing(world: World) {
    // An app password: acts for Ann and has shown nothing.
    let app = Actor::person(Vec::new());
    let request = world.wants(&app, remove("work")).await.unwrap();
    assert_eq!(request.state, RequestState::AwaitingProof);
    world.after(DAY * 2).await;
    assert_eq!(world.values(ANN).await, [MOBILE, WORK, MAIL]);
}

async fn a_newcomer_is_registered_only_where_that_is_allowed(world: World) {
    world.begin(NEW).await.unwrap();
    assert!(world.told().await.is_empty());
    let open = Rules { registration: true, ..Rules::default() };
    let world = world.anew_with(open).await;
    let issued = world.begin(NEW).await.unwrap();
    let code = world.code_at(NEW).await;
    let first = sign_in::finish(&world.env, issued.challenge, &code, "", None).await.unwrap();
    assert_eq!(first, SignedIn::Newcomer);
    let name = sign_in::NewcomerName { name: "Cy Fox".into(), language: Some("de".into()) };
    let second = sign_in::finish(&world.env, issued.challenge, &code, "", Some(&name)).await.unwrap();
    let SignedIn::As { session, .. } = second else { panic!("not signed in") };
    assert_eq!(world.values(session.owner).await, [NEW], "a first proof has nothing to wait for");
    assert_eq!(world.owner(session.owner).await.profile.name, "Cy Fox");
}

async fn c1_many_answers_at_once_register_one_newcomer(world: World) {
    let world = world.anew_with(Rules { registration: true, ..Rules::default() }).await;
    let issued = world.begin(NEW).await.unwrap();
    let code = world.code_at(NEW).await;
    let name = sign_in::NewcomerName { name: "Cy Fox".into(), language: None };
    let answers = (0..TRIES).map(|_| sign_in::finish(&world.env, issued.challenge, &code, "", Some(&name)));
    let all = futures_util::future::join_all(answers).await;
    assert_eq!(all.iter().filter(|one| matches!(one, Ok(SignedIn::As { .. }))).count(), 1, "{all:?}");
    assert!(all.iter().all(|one| matches!(one, Ok(_) | Err(Refused::WrongCode))), "{all:?}");
    assert_eq!(world.env.store.owners(None, 9).await.unwrap().items.len(), 3, "Ann, Bob and one more");
}

#[test]
fn the_list_above_names_tests_that_there_are() {
    let (mut files, mut all) = (Vec::new(), String::new());
    for folder in ["src", "tests/it"] {
        crate::layers::sources(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
    }
    for file in files {
        all.push_str(&std::fs::read_to_string(file).unwrap());
    }
    let list = include_str!("hostile.rs").lines().take_while(|line| line.starts_with("//!"));
    let list = list.collect::<Vec<_>>().join("\n");
    let names: Vec<&str> = list.split('`').skip(1).step_by(2).collect();
    assert!(names.len() > 30, "{names:?}");
    for name in names {
        assert!(all.contains(&format!("fn {name}(")), "there is no test {name}");
    }
}
