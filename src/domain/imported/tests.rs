use super::*;

const NOW: Time = Time(1_800_000_000_000_000);
const ROW: Row<'_> =
    Row { name: "Bob Lee", old: "+14155552671", new: "+442079460018", changed_at: "2026-03-01", grant: "reveal" };

fn read(row: &Row<'_>) -> Result<Move, BadMove> {
    Move::read(row, Region::new("US"), NOW)
}

#[test]
fn a_row_is_read() {
    let read = read(&Row { old: "(415) 555-2671", changed_at: " 2026-03-01T12:00:00+01:00 ", grant: "Forward", ..ROW });
    let read = read.expect("a move");
    assert_eq!((read.old.wire(), read.new.wire()), ("+14155552671", "+442079460018"));
    assert_eq!(read.changed_at.to_string(), "2026-03-01T11:00:00Z");
    assert_eq!((read.grant, &*read.name), (ForEveryone::Forward, "Bob Lee"));
    let printed = format!("{read:?}");
    assert!(!printed.contains("Bob") && !printed.contains("5552671"), "{printed}");
}

#[test]
fn a_row_that_cannot_be_read_says_what_would_be_right() {
    for (row, expected) in [
        (Row { name: " ", ..ROW }, "name: a name with at least one letter"),
        (Row { name: "+1 415", ..ROW }, "name: a name with at least one letter"),
        (Row { old: "hello", ..ROW }, "old: "),
        (Row { new: "", ..ROW }, "new: "),
        (Row { new: "bob@example.com", ..ROW }, "both be phone numbers or both be e-mail"),
        (Row { new: "1 415 555 2671", ..ROW }, "old and new are the same number"),
        (Row { changed_at: "1.3.2026", ..ROW }, "changed_at: a date like 2026-03-01"),
        (Row { changed_at: "", ..ROW }, "changed_at: a date like 2026-03-01"),
        (Row { changed_at: "2099-01-01", ..ROW }, "changed_at lies in the future"),
        (Row { grant: "all", ..ROW }, "grant: reveal, forward or none"),
        (Row { grant: "", ..ROW }, "grant: reveal, forward or none"),
    ] {
        let error = read(&row).expect_err(expected).to_string();
        assert!(error.contains(expected), "{error} / {expected}");
    }
}

/// `1@2-5 Bob Lee`: owner 1 with this name held it from 2 to 5 (days); without an end, they hold it now.
fn holding(text: &str) -> Holding {
    let (owner, rest) = text.split_once('@').expect("owner@from-until name");
    let (span, bearer) = rest.split_once(' ').expect("a name");
    let (from, until) = span.split_once('-').expect("from-until");
    let day = |day: &str| Time(day.parse::<i64>().expect("a day") * 86_400_000_000);
    let owner = owner.parse().expect("a number");
    Holding {
        owner: OwnerId(owner),
        point: PointId(owner * 10),
        from: day(from),
        until: (!until.is_empty()).then(|| day(until)),
        names: name::key(bearer).into_iter().collect(),
        given: ForEveryone::None,
    }
}

/// Bob Lee moved on day 5.
fn decided(old: &[&str], new: &[&str], claimed: &[u128]) -> Result<Decision, BadMove> {
    let row = Move { changed_at: Time(5 * 86_400_000_000), ..read(&ROW).expect("a move") };
    let (old, new): (Vec<_>, Vec<_>) =
        (old.iter().map(|text| holding(text)).collect(), new.iter().map(|text| holding(text)).collect());
    decide(&row, &old, &new, |owner| claimed.contains(&owner.0))
}

#[test]
fn rule_c10() {
    let known = Ok(Decision::Known(OwnerId(1), PointId(10)));
    let goes_on = Ok(Decision::Continue(OwnerId(1), PointId(10)));
    for (what, old, new, claimed, expected) in [
        ("nobody has either number", &[][..], &[][..], &[][..], Ok(Decision::New)),
        ("the same row again", &["1@0-5 Bob Lee"], &["1@5- Lee, Bob"], &[], known.clone()),
        ("again, after the next move", &["1@0-5 Bob Lee"], &["1@5-9 Bob Lee"], &[], known.clone()),
        ("again, and the owner has come", &["1@0-5 Bob Lee"], &["1@5- Bob Lee"], &[1], known),
        ("again, with another name", &["1@0-5 Ann Lee"], &["1@5- Ann Lee"], &[], Err(BadMove::OtherName)),
        ("A to B to C", &["1@2- Bob Lee"], &[], &[], goes_on.clone()),
        ("back to a number that they had", &["1@2- Bob Lee"], &["1@0-2 Bob Lee"], &[], goes_on.clone()),
        ("to a number that somebody left before", &["1@2- Bob Lee"], &["2@0-4 Ann Lee"], &[], goes_on),
        ("the owner has come", &["1@2- Bob Lee"], &[], &[1], Err(BadMove::Claimed)),
        ("the new number is a claimed owner's", &[], &["2@3- Bob Lee"], &[2], Err(BadMove::Claimed)),
        ("it was a claimed owner's", &[], &["2@0-3 Ann Lee"], &[2], Err(BadMove::Claimed)),
        ("the old one was a claimed owner's", &["2@0-3 Ann Lee"], &[], &[2], Err(BadMove::Claimed)),
        ("the new number is somebody's", &[], &["2@3- Ann Lee"], &[], Err(BadMove::NewHeld)),
        ("the new number is their own already", &["1@2- Bob Lee"], &["1@3- Bob Lee"], &[], Err(BadMove::NewHeld)),
        ("the new number was somebody's then", &[], &["2@3-6 Ann Lee"], &[], Err(BadMove::NewHeldThen)),
        ("the later move came first", &[], &["1@0-9 Bob Lee"], &[], Err(BadMove::OutOfOrder)),
        ("before they had the old number", &["1@6- Bob Lee"], &[], &[], Err(BadMove::OutOfOrder)),
        ("a namesake's number", &["2@2- Ann Lee"], &[], &[], Err(BadMove::OldHeld)),
        ("given to somebody else since", &["2@6- Ann Lee"], &[], &[], Ok(Decision::New)),
        ("and by them already", &["2@6- Ann Lee", "1@0-4 Bob Lee"], &[], &[], Err(BadMove::MovedElsewhere)),
        ("left at another time", &["1@0-4 Bob Lee"], &["1@4- Bob Lee"], &[], Err(BadMove::MovedElsewhere)),
        ("left for another number", &["1@0-4 Bob Lee"], &[], &[], Err(BadMove::MovedElsewhere)),
        ("two people left one number", &["2@0-4 Ann Lee"], &[], &[], Ok(Decision::New)),
    ] {
        assert_eq!(decided(old, new, claimed), expected, "{what}");
    }
}
