use super::*;

const LIMITS: Limits = Limits { alone: 5, window: Duration::from_mins(10), of_owner: 50, to_address: 3, tray: 100 };

fn joined() -> Joined {
    Joined {
        introduces: true,
        way: Way::Alone,
        reachable: true,
        own: false,
        blocked: false,
        before: false,
        recent: 1,
        today: 0,
    }
}

#[test]
fn e1_e2_what_an_added_contact_means() {
    let goes = Some(Stand::Goes);
    let (import, cap) = (Some(Stand::Held(Why::Import)), Some(Stand::Held(Why::Cap)));
    for (rule, facts, means) in [
        ("the owner's card goes to whom they add to a group that introduces", joined(), goes),
        ("no group that introduces", Joined { introduces: false, ..joined() }, None),
        ("nowhere to send it to", Joined { reachable: false, ..joined() }, None),
        ("oneself", Joined { own: true, ..joined() }, None),
        ("whom the owner has blocked", Joined { blocked: true, ..joined() }, None),
        ("once per owner and address for ever", Joined { before: true, ..joined() }, None),
        ("also where it comes with a file", Joined { before: true, way: Way::Import, ..joined() }, None),
        ("five in ten minutes are five people", Joined { recent: 5, ..joined() }, goes),
        ("more are an import, which sends nothing until confirmed", Joined { recent: 6, ..joined() }, import),
        ("a file is an import, whatever its length", Joined { way: Way::Import, ..joined() }, import),
        ("the last of the day", Joined { today: 49, ..joined() }, goes),
        ("more in a day wait for the owner's word", Joined { today: 50, ..joined() }, cap),
        ("an import does so first of all", Joined { today: 50, recent: 6, ..joined() }, import),
    ] {
        assert_eq!(introduce(facts, &LIMITS), means, "{rule}");
    }
}

#[test]
fn e2_of_the_held_ones_as_many_go_as_are_left_of_the_day() {
    for (today, left) in [(0, 50), (49, 1), (50, 0), (51, 0)] {
        assert_eq!(left_today(today, &LIMITS), left, "{today}");
    }
}

#[test]
fn e2_one_address_gets_so_many_a_day_from_all_owners_together() {
    let hour = |hours: u64| Time(0).after(Duration::from_hours(hours));
    for (rule, others, until) in [
        ("nobody else", vec![], None),
        ("two others", vec![hour(90), hour(91)], None),
        ("three others: when the first of them is a day old", vec![hour(95), hour(90), hour(91)], Some(hour(114))),
        ("four: when the second is", vec![hour(95), hour(90), hour(91), hour(92)], Some(hour(115))),
        ("what was a day ago counts no more", vec![hour(76), hour(90), hour(91)], None),
    ] {
        assert_eq!(crowded(&others, hour(100), &LIMITS), until, "{rule}");
    }
}

#[test]
fn e1_e4_what_is_put_into_a_tray() {
    let arrives = || Arrives { blocked: false, stopped: false, in_book: false, before: false, waiting: 0 };
    for (rule, facts, put) in [
        ("a card of somebody new", arrives(), true),
        ("not of whom the holder has blocked", Arrives { blocked: true, ..arrives() }, false),
        ("not where they have stopped messages", Arrives { stopped: true, ..arrives() }, false),
        ("whom they have in their book is no stranger", Arrives { in_book: true, ..arrives() }, false),
        ("what was accepted or refused does not come again", Arrives { before: true, ..arrives() }, false),
        ("the last that has room", Arrives { waiting: 99, ..arrives() }, true),
        ("a full tray takes no more", Arrives { waiting: 100, ..arrives() }, false),
    ] {
        assert_eq!(into_tray(facts, &LIMITS), put, "{rule}");
    }
}

/// An update at this time, and whether it was taken back.
fn update(at: i64, undone: bool) -> BookUpdate {
    BookUpdate {
        id: UpdateId(1),
        viewer: OwnerId(1),
        contact: ContactId(1),
        from: OwnerId(2),
        at: Time(at),
        before: b"before".to_vec(),
        after: b"after".to_vec(),
        lines: vec![Replaced { old: None, new: Address::stored("+14155550102", "+14155550102") }],
        undone: undone.then_some(Time(at + 1)),
    }
}

#[test]
fn e3_an_update_can_be_taken_back() {
    for (rule, undone, card, may) in [
        ("the entry is as the update left it", false, "after", true),
        ("somebody wrote to it since", false, "after that", false),
        ("it is as it was before", false, "before", false),
        ("it was taken back", true, "after", false),
    ] {
        assert_eq!(update(10, undone).may_be_undone(card.as_bytes()), may, "{rule}");
    }
}

#[test]
fn e3_what_was_taken_back_stays_out_until_the_next_change() {
    for (rule, updates, since, out) in [
        ("what stands is put there", vec![], Some(5), false),
        ("an update that was not undone keeps nothing out", vec![update(10, false)], Some(5), false),
        ("one that was undone does", vec![update(10, true)], Some(5), true),
        ("a value that they left and have again is a new change", vec![update(10, true)], Some(20), false),
    ] {
        let found = kept_out(&updates, |_| since.map(Time));
        assert_eq!(!found.is_empty(), out, "{rule}");
    }
}
