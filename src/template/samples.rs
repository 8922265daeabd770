//! Facts of every kind that a text must cope with: for the check of texts, and to look at.

use super::{
    Answer, CardChoices, CardPage, CardWay, Changed, Code, Contested, Digest, Facts, Hold, Kept, Lapsing, Letterhead,
    StopPage, StopState, Text, Unproved, Won, context::longest,
};
use crate::{
    clock::Time,
    domain::{
        address::{Address, Kind},
        card::{Card, CardPoint},
        id::{OwnerId, PointId},
        notice::{Difference, Line, News},
        owner::Profile,
    },
};

/// What a sample is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// With a usual name and one change.
    Usual,
    /// The longest names in the 7-bit alphabet.
    LongestGsm,
    /// The longest names in any other script.
    LongestUcs2,
    /// Another branch of the text.
    Branch,
}

/// A sample and what it is for.
pub(super) type Sample = (Use, Box<dyn Facts>);

/// 23 November 2026, 14:20 UTC.
pub(super) const AT: Time = Time(1_795_443_600_000_000);

/// As messages are sent when the operator states nothing.
pub(super) fn letterhead() -> Letterhead {
    Letterhead { service: "Redial".into(), reply: true, help: "help@example.com".into(), ..Letterhead::default() }
}

/// Forms of a letterhead: everything, nothing, and no answer possible.
fn letterheads(of: &Letterhead) -> [Letterhead; 3] {
    let full = Letterhead {
        unsubscribe: "https://redial.example/c/5VbXq8Tn/stop".into(),
        page: "https://redial.example/c/5VbXq8Tn".into(),
        card: CardWay::Attached,
        list: "own_sample".into(),
        ..of.clone()
    };
    let silent = Letterhead { reply: false, ..of.clone() };
    let bare = Letterhead { service: of.service.clone(), ..Letterhead::default() };
    [full, silent, bare]
}

/// Every sample of a text, the usual one first.
pub(super) fn of(text: Text, head: &Letterhead) -> Vec<Sample> {
    match text {
        Text::Changed => changes(head).into_iter().map(|(kind, changed)| boxed(kind, changed)).collect(),
        Text::Introduced => {
            changes(head).into_iter().map(|(kind, changed)| boxed(kind, changed.introducing())).collect()
        }
        Text::Updated => {
            changes(head).into_iter().map(|(kind, changed)| boxed(kind, changed.in_their_book())).collect()
        }
        Text::Digest => digests(head),
        Text::Stopped | Text::Started | Text::Help => answers(text, head),
        Text::Stop => pages(head),
        Text::Card => cards(head),
        _ => letterheads(head).iter().flat_map(|head| rest(text, head)).collect(),
    }
}

fn boxed(kind: Use, facts: impl Facts + 'static) -> Sample {
    (kind, Box::new(facts))
}

fn line(kind: &str, label: &str, value: &str) -> Line {
    Line { kind: kind.into(), label: label.into(), key: value.into(), value: value.into() }
}

fn news(old: Option<Line>, now: Line) -> News {
    News { item: now.kind.clone(), old, now }
}

fn moved(label: &str) -> News {
    news(Some(line("phone", label, "+14155550100")), line("phone", label, "+14155550123"))
}

/// With names, labels and addresses that are as long as they may be.
fn at_length(of: &str, kind: &str) -> Difference {
    let long = longest(of);
    let value = |end: &str| match kind {
        "phone" => format!("+99999999999999{end}"),
        _ => format!("{}{end}@{}.example", "x".repeat(64), "y".repeat(63)),
    };
    let one = || news(Some(line(kind, &long, &value("9"))), line(kind, &long, &value("8")));
    Difference { name: Some((long.clone(), long.clone())), news: vec![one(), one(), one(), one()] }
}

fn changes(head: &Letterhead) -> Vec<(Use, Changed)> {
    let [full, silent, bare] = letterheads(head);
    let with = |name: Option<(&str, &str)>, news: Vec<News>| Difference {
        name: name.map(|(old, new)| (old.to_owned(), new.to_owned())),
        news,
    };
    let email = || news(Some(line("email", "", "ann@old.example")), line("email", "", "ann@new.example"));
    let fields = ["nickname", "organisation", "title", "role", "birthday", "url", "impp", "postal", "note", "photo"];
    let fields: Vec<News> = fields.map(|kind| news(None, line(kind, "", "new"))).into();
    let hidden = news(None, line("url", "", "https://example.com"));
    let linked = Letterhead { card: CardWay::Link("https://redial.example/c/5VbXq8Tn".into()), ..head.clone() };
    let mut all = vec![
        (Use::Usual, Changed::new(&with(None, vec![moved("mobile")]), "Ann Lee", AT, head)),
        (Use::Branch, Changed::new(&with(None, vec![moved("Boat")]), "ليلى حداد", AT, &full)),
        (Use::Branch, Changed::new(&with(None, vec![moved(""), email()]), "Ann Lee", AT, &silent)),
        (Use::Branch, Changed::new(&with(None, vec![email()]), "王小明", AT, &bare)),
        (Use::Branch, Changed::new(&with(Some(("Ann Lee", "Ann Bell")), vec![]), "Ann Bell", AT, &full)),
        (Use::Branch, Changed::new(&with(Some(("Ann Lee", "Ann Bell")), vec![moved("work")]), "a.example", AT, &bare)),
        (Use::Branch, Changed::new(&with(None, fields), "Ann Lee", AT, &full)),
        (Use::Branch, Changed::new(&with(None, vec![hidden]), "Ann Lee", AT, &full)),
        (Use::Branch, Changed::new(&with(None, vec![moved("home")]), "Ann Lee", AT, &linked)),
    ];
    for (kind, of) in [(Use::LongestGsm, "{"), (Use::LongestUcs2, "鰻")] {
        for (point, head) in [("phone", &full), ("phone", &silent), ("email", &full), ("email", &silent)] {
            let difference = at_length(of, point);
            all.push((kind, Changed::new(&difference, &longest(of), AT, head)));
        }
    }
    all
}

fn digests(head: &Letterhead) -> Vec<Sample> {
    let [full, silent, bare] = letterheads(head);
    let parts: Vec<(Use, Changed)> = changes(head);
    let some = |of: &[usize]| of.iter().map(|&at| parts[at].1.clone()).collect::<Vec<_>>();
    let longest = |wanted: Use| {
        let found = parts.iter().filter(|(kind, _)| *kind == wanted);
        found.map(|(_, changed)| changed.clone()).collect::<Vec<_>>()
    };
    vec![
        boxed(Use::Usual, Digest::new(&some(&[0, 2]), head)),
        boxed(Use::Branch, Digest::new(&some(&[0]), &full)),
        boxed(Use::Branch, Digest::new(&some(&[0, 1, 2, 3, 4, 5, 6, 7]), &silent)),
        boxed(Use::Branch, Digest::new(&some(&[5, 4]), &bare)),
        boxed(Use::LongestGsm, Digest::new(&longest(Use::LongestGsm), &full)),
        boxed(Use::LongestUcs2, Digest::new(&longest(Use::LongestUcs2), &silent)),
    ]
}

fn answers(text: Text, head: &Letterhead) -> Vec<Sample> {
    let [full, silent, bare] = letterheads(head);
    let answer = |head: &Letterhead, about: Option<&str>| match text {
        Text::Stopped => Answer::stopped(head, about),
        Text::Started => Answer::started(head, about),
        _ => Answer::help(head),
    };
    vec![
        boxed(Use::Usual, answer(head, Some("Ann Lee"))),
        boxed(Use::Branch, answer(&full, None)),
        boxed(Use::Branch, answer(&silent, None)),
        boxed(Use::Branch, answer(&bare, None)),
        boxed(Use::LongestGsm, answer(head, Some(&longest("{")))),
        boxed(Use::LongestUcs2, answer(head, Some(&longest("鰻")))),
    ]
}

fn pages(head: &Letterhead) -> Vec<Sample> {
    use StopState::{Ask, Gone, Started, StoppedAll, StoppedOwner};
    let states = [Ask, StoppedOwner, StoppedAll, Started, Gone];
    let names = ["Ann Lee", "a.example"];
    let each = states.into_iter().flat_map(|state| names.map(|name| (state, name)));
    each.map(|(state, name)| boxed(Use::Branch, StopPage::new(head, name, state))).collect()
}

fn cards(head: &Letterhead) -> Vec<Sample> {
    let point = |at: u128, kind: Kind, label: &str, value: &str| CardPoint {
        id: PointId(at),
        kind,
        label: label.into(),
        value: value.into(),
        key: value.into(),
    };
    let card = |name: &str| Card {
        owner: OwnerId(1),
        fields: Profile {
            name: name.into(),
            title: "Captain".into(),
            organisation: "Example".into(),
            nicknames: vec!["Annie".into()],
            urls: vec!["https://example.com".into()],
            ..Profile::default()
        },
        points: vec![point(1, Kind::Phone, "mobile", "+14155550123"), point(2, Kind::Email, "Boat", "ann@example.com")],
        since: AT,
    };
    let choices = |stopped| CardChoices {
        channels: vec!["usual", "sms", "email"],
        channel: "usual",
        language: String::new(),
        stopped,
    };
    let page = |name: &str, stopped| {
        let languages = [("en", "English"), ("ar", "العربية")].into_iter();
        CardPage::new(head, &card(name), "/c/5VbXq8Tn.vcf".into(), AT, choices(stopped), languages)
    };
    vec![
        boxed(Use::Branch, page("Ann Lee", None)),
        boxed(Use::Branch, page("a.example", Some("owner")).done("stopped_owner")),
        boxed(Use::Branch, page("ليلى حداد", Some("all")).done("how_saved")),
    ]
}

/// A number, an address, and the longest one.
fn addresses() -> impl Iterator<Item = Address> {
    let long = format!("{}@{}.example", "x".repeat(64), "y".repeat(63));
    ["+14155550100".to_owned(), "ann@example.com".to_owned(), long]
        .into_iter()
        .filter_map(|text| Address::parse(&text, None).ok())
}

/// The texts that are about the reader, for one letterhead.
fn rest(text: Text, head: &Letterhead) -> Vec<Sample> {
    let day = Time(AT.0 + 86_400_000_000);
    match text {
        Text::Hold => {
            let hold = Hold::new(head, "482913", day);
            vec![
                boxed(Use::Usual, hold.clone()),
                boxed(Use::Branch, hold.with_page("https://example.com/keep/1".to_owned())),
            ]
        }
        Text::Kept => [None, Some(day)].map(|until| boxed(Use::Usual, Kept::new(head, until.map(Into::into)))).into(),
        Text::Lapsing => {
            let number = Address::stored("+14155550100", "+14155550100");
            vec![boxed(Use::Usual, Lapsing::new(head, &number, day))]
        }
        Text::Contested => addresses().map(|one| boxed(Use::Usual, Contested::new(head, &one, day))).collect(),
        Text::Unproved => addresses().map(|one| boxed(Use::Usual, Unproved::new(head, &one))).collect(),
        Text::Won => addresses().map(|one| boxed(Use::Usual, Won::new(head, &one))).collect(),
        Text::Code => [1, 2, 10, 15].map(|minutes| boxed(Use::Usual, Code::new(head, "482913", minutes))).into(),
        _ => Vec::new(),
    }
}
