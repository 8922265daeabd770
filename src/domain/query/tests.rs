//! Rules Q2, Q3, Q5, Q8, Q9, Q12 as a table of cases. Ann left `OLD` for `NEW`; each case changes one thing.

use super::*;
use crate::domain::{id::OwnerId, name, opt_out::Tenure, target::Countries};

const DAY: u64 = 86_400;
const OLD: &str = "+14155550101";
const NEW: &str = "+14155550102";
const THIRD: &str = "+14155550104";
const ANN: u128 = 1;
const BOB: u128 = 2;

fn at(day: u64) -> Time {
    Time(0).after(Duration::from_secs(day * DAY))
}

fn address(number: &str) -> Address {
    Address::stored(number, number)
}

/// Somebody stopped messages at a number that Ann had until day 100, or has since.
fn stops(number: &str, day: u64) -> Said {
    let (from, until) = if number == NEW { (at(100), None) } else { (at(1), Some(at(100))) };
    Said { address: address(number), at: at(day), tenures: vec![Tenure { owner: OwnerId(ANN), from, until }] }
}

fn named(text: &str) -> Option<NameKey> {
    name::key(text)
}

/// Ann, who left `OLD` on day 100 and may be seen by the viewer.
fn ann() -> Holder {
    let point = PointId(10);
    let mut rights = Rights::default();
    rights.forward.insert(point);
    rights.reveal.insert(Item::Point(point));
    Holder {
        owner: OwnerId(ANN),
        point,
        from: at(1),
        until: Some(at(100)),
        proved: at(100),
        believed: true,
        current: Some(address(NEW)),
        names: ["Ann Lee", "Annie", "Lee Ltd"].iter().filter_map(|text| named(text)).collect(),
        name: "Ann Lee".into(),
        silenced: false,
        revision: 2,
        rights,
        groups: vec![GroupId(7)],
        blocked: false,
        proved_by_another: false,
    }
}

/// Bob, another owner.
fn bob() -> Holder {
    let point = PointId(20);
    let rights = Rights { forward: [point].into(), reveal: [Item::Point(point)].into() };
    Holder {
        owner: OwnerId(BOB),
        point,
        rights,
        names: named("Bob Ray").into_iter().collect(),
        current: Some(address("+14155550103")),
        ..ann()
    }
}

struct Case {
    query: Query,
    facts: Facts,
    targets: Targets,
    today: u64,
}

fn case() -> Case {
    Case {
        query: Query { to: address(OLD), name: None, identity_bound: false, sender: None },
        facts: Facts { holders: vec![ann()], ..Facts::default() },
        targets: Targets::default(),
        today: 101,
    }
}

fn with(change: impl FnOnce(&mut Case)) -> Case {
    let mut case = case();
    change(&mut case);
    case
}

fn first(case: &mut Case) -> &mut Holder {
    &mut case.facts.holders[0]
}

fn decided(case: &Case) -> (&'static str, &'static str, Reason) {
    let decision = decide(&case.query, &case.facts, &Windows::default(), &case.targets, at(case.today));
    let connect = match decision.connect {
        Some(to) if to.key() == NEW => "new",
        Some(_) => "elsewhere",
        None => "unchanged",
    };
    let say = match decision.say {
        Verdict::Moved(to) if to.key() == NEW => "moved",
        Verdict::Moved(_) => "wrong number",
        Verdict::Current => "current",
        Verdict::NoResult => "no_result",
    };
    (connect, say, decision.because)
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table, to be read as the rule is")]
fn the_first_match_decides() {
    use Reason::*;
    let unchanged = |because| ("unchanged", "no_result", because);
    let returned = |case: &mut Case| {
        first(case).until = None;
        first(case).current = Some(address(OLD));
    };
    let cases: Vec<(&str, Case, (&str, &str, Reason))> = vec![
        ("moved, revealed", with(|_| ()), ("new", "moved", Granted)),
        ("moved, her name", with(|c| c.query.name = named("ANN LEE")), ("new", "moved", Granted)),
        ("moved, her nickname", with(|c| c.query.name = named("annie")), ("new", "moved", Granted)),
        // held now
        ("held now, no name known", with(returned), unchanged(HeldNow)),
        (
            "held now, her name",
            with(|c| {
                returned(c);
                c.query.name = named("Ann Lee");
            }),
            ("unchanged", "current", StillHeld),
        ),
        (
            "held now, her name in the viewer's own book",
            with(|c| {
                returned(c);
                c.facts.book_names = vec![named("Ann Lee").unwrap()];
            }),
            ("unchanged", "current", StillHeld),
        ),
        (
            "held now, her name, only forwarded",
            with(|c| {
                returned(c);
                c.query.name = named("Ann Lee");
                first(c).rights.reveal.clear();
            }),
            unchanged(HeldNow),
        ),
        (
            "held now, her name, viewer blocked",
            with(|c| {
                returned(c);
                c.query.name = named("Ann Lee");
                first(c).blocked = true;
            }),
            unchanged(HeldNow),
        ),
        (
            "held now, her name, panic",
            with(|c| {
                returned(c);
                c.query.name = named("Ann Lee");
                first(c).silenced = true;
            }),
            unchanged(HeldNow),
        ),
        (
            "held now by Bob, no name known",
            with(|c| c.facts.holders.push(Holder { until: None, ..bob() })),
            unchanged(HeldNow),
        ),
        (
            "held now by Bob, Bob's name",
            with(|c| {
                c.facts.holders.push(Holder { until: None, ..bob() });
                c.query.name = named("Bob Ray");
            }),
            ("unchanged", "current", StillHeld),
        ),
        (
            "held now by Bob, Ann's name",
            with(|c| {
                c.facts.holders.push(Holder { until: None, ..bob() });
                c.query.name = named("Ann Lee");
            }),
            ("new", "moved", Granted),
        ),
        (
            "merely claimed by Bob, no name known",
            with(|c| c.facts.holders.push(Holder { until: None, believed: false, ..bob() })),
            ("new", "moved", Granted),
        ),
        // never held, namesake
        ("never held", with(|c| c.facts.holders.clear()), unchanged(NeverHeld)),
        ("never believed", with(|c| first(c).believed = false), unchanged(NeverHeld)),
        ("another's name", with(|c| c.query.name = named("Carl Dee")), unchanged(Namesake)),
        (
            "another's name in the viewer's own book",
            with(|c| c.facts.book_names = vec![named("Carl Dee").unwrap()]),
            unchanged(Namesake),
        ),
        (
            "what is asked comes before what the book says",
            with(|c| {
                c.facts.book_names = vec![named("Carl Dee").unwrap()];
                c.query.name = named("Ann Lee");
            }),
            ("new", "moved", Granted),
        ),
        (
            "held now by Bob, a third name",
            with(|c| {
                c.facts.holders = vec![Holder { until: None, ..bob() }];
                c.query.name = named("Carl Dee");
            }),
            unchanged(Namesake),
        ),
        // two former holders
        ("Ann and Bob left it, no name known", with(|c| c.facts.holders.push(bob())), unchanged(TwoFormerHolders)),
        (
            "Ann and Bob left it, Ann's name",
            with(|c| {
                c.facts.holders.push(bob());
                c.query.name = named("Ann Lee");
            }),
            ("new", "moved", Granted),
        ),
        (
            "Ann and another Ann Lee left it",
            with(|c| {
                c.facts.holders.push(Holder { owner: OwnerId(BOB), ..ann() });
                c.query.name = named("Ann Lee");
            }),
            unchanged(TwoFormerHolders),
        ),
        (
            "Ann left it twice",
            with(|c| c.facts.holders.push(Holder { until: Some(at(50)), proved: at(50), point: PointId(11), ..ann() })),
            ("new", "moved", Granted),
        ),
        // Q3
        ("last day without a name", with(|c| c.today = 144), ("new", "moved", Granted)),
        ("45 days without a name", with(|c| c.today = 145), unchanged(OutsideWindow)),
        (
            "45 days with her name",
            with(|c| {
                c.today = 145;
                c.query.name = named("Ann Lee");
            }),
            ("new", "moved", Granted),
        ),
        (
            "365 days with her name",
            with(|c| {
                c.today = 465;
                c.query.name = named("Ann Lee");
            }),
            unchanged(OutsideWindow),
        ),
        (
            "counted from the last proof",
            with(|c| {
                c.today = 160;
                first(c).proved = at(120);
            }),
            ("new", "moved", Granted),
        ),
        (
            "somebody else proved it since, no name known",
            with(|c| first(c).proved_by_another = true),
            unchanged(OutsideWindow),
        ),
        (
            "somebody else proved it since, her name",
            with(|c| {
                first(c).proved_by_another = true;
                c.query.name = named("Ann Lee");
            }),
            ("new", "moved", Granted),
        ),
        // the rest, in order
        ("panic", with(|c| first(c).silenced = true), unchanged(Panic)),
        ("identity-bound (Q8)", with(|c| c.query.identity_bound = true), unchanged(IdentityBound)),
        ("opted out (Q9)", with(|c| c.facts.opt_outs = vec![stops(OLD, 50)]), unchanged(OptedOut)),
        ("opted out at the new number", with(|c| c.facts.opt_outs = vec![stops(NEW, 110)]), unchanged(OptedOut)),
        (
            "opted out at another number of hers",
            with(|c| c.facts.opt_outs = vec![stops(THIRD, 50)]),
            unchanged(OptedOut),
        ),
        (
            "the next holder of her old number opted out",
            with(|c| {
                c.query.name = named("Ann Lee");
                let mut said = stops(OLD, 120);
                said.tenures.push(Tenure { owner: OwnerId(BOB), from: at(110), until: None });
                c.facts.opt_outs = vec![said];
            }),
            ("new", "moved", Granted),
        ),
        ("no value now", with(|c| first(c).current = None), unchanged(NoValueNow)),
        ("from the new number itself", with(|c| c.query.sender = Some(address(NEW))), unchanged(OwnCall)),
        ("from another number", with(|c| c.query.sender = Some(address("+14155550199"))), ("new", "moved", Granted)),
        (
            "to one of the operator's own numbers (Q12)",
            with(|c| {
                c.targets.own.insert(NEW.into());
            }),
            unchanged(ForbiddenTarget),
        ),
        (
            "to another country (Q12)",
            with(|c| first(c).current = Some(address("+493012345678"))),
            unchanged(ForbiddenTarget),
        ),
        ("not granted", with(|c| first(c).rights = Rights::default()), unchanged(NotGranted)),
        ("granted on another point", with(|c| first(c).point = PointId(99)), unchanged(NotGranted)),
        ("blocked", with(|c| first(c).blocked = true), unchanged(NotGranted)),
        // Q5
        (
            "forward only: connected and not told",
            with(|c| first(c).rights.reveal.clear()),
            ("new", "no_result", Granted),
        ),
        // the order itself: each pair gives the earlier reason
        (
            "expired and panic",
            with(|c| {
                c.today = 145;
                first(c).silenced = true;
            }),
            unchanged(OutsideWindow),
        ),
        (
            "panic and identity-bound",
            with(|c| {
                first(c).silenced = true;
                c.query.identity_bound = true;
            }),
            unchanged(Panic),
        ),
        (
            "identity-bound and opted out",
            with(|c| {
                c.query.identity_bound = true;
                c.facts.opt_outs = vec![stops(OLD, 50)];
            }),
            unchanged(IdentityBound),
        ),
        (
            "opted out and no value",
            with(|c| {
                c.facts.opt_outs = vec![stops(OLD, 50)];
                first(c).current = None;
            }),
            unchanged(OptedOut),
        ),
        (
            "own call and not granted",
            with(|c| {
                c.query.sender = Some(address(NEW));
                first(c).blocked = true;
            }),
            unchanged(OwnCall),
        ),
        (
            "forbidden target and not granted",
            with(|c| {
                c.targets.own.insert(NEW.into());
                first(c).blocked = true;
            }),
            unchanged(ForbiddenTarget),
        ),
    ];
    for (what, case, expected) in cases {
        assert_eq!(decided(&case), expected, "{what}");
    }
}

#[test]
fn another_country_only_where_the_account_allows_it() {
    let used = address(OLD);
    let german = address("+493012345678");
    let allowed = |countries| Targets { countries, ..Targets::default() }.allow(&used, &german);
    let germany = crate::domain::address::phone::Region::new("DE").unwrap();
    assert!(!allowed(Countries::Same));
    assert!(allowed(Countries::Any));
    assert!(allowed(Countries::These(vec![germany])));
    assert!(!allowed(Countries::These(vec![])));
}

#[test]
fn a_name_alone_answers_for_exactly_one_owner() {
    let present = || Holder { until: None, ..ann() };
    let email = |holder: Holder| Holder { point: PointId(12), current: Some(address("ann@example.com")), ..holder };
    let cases = [
        ("nobody", vec![], Verdict::NoResult, Reason::NeverHeld),
        ("one", vec![present()], Verdict::Moved(address(NEW)), Reason::Granted),
        ("her phone after her mail", vec![email(present()), present()], Verdict::Moved(address(NEW)), Reason::Granted),
        ("two who bear it", vec![present(), Holder { until: None, ..bob() }], Verdict::NoResult, Reason::Namesake),
        ("panic", vec![Holder { silenced: true, ..present() }], Verdict::NoResult, Reason::Panic),
        (
            "only forwarded",
            vec![Holder { rights: Rights::default(), ..present() }],
            Verdict::NoResult,
            Reason::NotGranted,
        ),
        ("blocked", vec![Holder { blocked: true, ..present() }], Verdict::NoResult, Reason::NotGranted),
    ];
    for (what, found, say, because) in cases {
        let decision = decide_by_name(&found, Kind::Phone);
        assert_eq!((decision.say, decision.because), (say, because), "{what}");
    }
}
