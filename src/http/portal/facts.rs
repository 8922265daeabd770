//! Owners' things as pages show them. Texts from outside are made fit by the pages' filter `said`.

use crate::{
    clock::Time,
    domain::{
        address::Kind,
        card::Card,
        change::{
            Request, RequestState,
            hold::{Holds, Verdict, Why},
        },
        owner::{Owner, Point, Proof},
    },
    template::picture,
    usecase::{
        preview::Cost,
        wanted::{Wanted, WantedPasskey, WantedPoint},
    },
};
use serde_json::{Value, json};
use std::time::Duration;

/// A moment as pages need it: in seconds, which the filter `moment` writes by the page's clock.
pub(super) fn when(at: Time) -> Value {
    json!({ "seconds": at.seconds(), "iso": at.to_string() })
}

/// The zone of an owner's numbers, where it is known.
pub(super) fn zone_of_numbers(owner: &Owner, now: Time) -> Option<String> {
    let owner = Owner { zone: None, ..owner.clone() };
    owner.clock(now)?.iana_name().map(str::to_owned)
}

/// By which clock an owner reads moments; null where nothing is known.
pub(super) fn own_clock(owner: &Owner, now: Time) -> Value {
    let zone = owner.clock(now);
    let name = zone.as_ref().and_then(jiff::tz::TimeZone::iana_name);
    name.map_or(Value::Null, |name| json!({ "zone": name, "chosen": owner.zone.is_some() }))
}

/// What text messages cost at most.
pub(super) fn cost(cost: &Cost) -> Value {
    let amounts: Vec<String> = cost.prices.iter().map(ToString::to_string).collect();
    json!({ "parts": cost.parts, "amounts": amounts, "unpriced": cost.unpriced })
}

pub(super) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Phone => "phone",
        Kind::Email | Kind::Device => "email",
    }
}

/// A point with its present value.
pub(super) fn point(point: &Point) -> Value {
    let held = point.current();
    json!({
        "id": point.id, "kind": kind(point.kind), "label": point.label, "label_key": point.label.to_lowercase(),
        "value": held.map(|held| held.address.wire()), "proved": held.is_some_and(|held| held.proof != Proof::None),
        "former": point.values.iter().filter(|held| held.until.is_some()).count(),
    })
}

/// The points that are there.
pub(super) fn points(owner: &Owner) -> Vec<Value> {
    owner.points.iter().filter(|one| one.removed.is_none()).map(point).collect()
}

/// A request in short: what it is about, and how far it has come.
pub(super) fn request(request: &Request, owner: &Owner, holds: &Holds, now: Time) -> Value {
    let wanted: Wanted = serde_json::from_str(&request.wanted).unwrap_or_default();
    let usual = request.course.why.map(|why| holds.of(why));
    let undelayed = usual.filter(|_| request.course.delays == 0);
    let whole = request.due.map(|due| undelayed.unwrap_or_else(|| due.since(request.created)).as_secs());
    let left = request.due.map(|due| due.since(now).as_secs());
    let share = match (left, whole) {
        (Some(left), Some(whole)) if whole > 0 => left * 100 / whole,
        _ => 0,
    };
    json!({
        "id": request.id, "state": state(request.state), "made": when(request.created),
        "due": request.due.map(when), "whole": whole, "rest": left, "left": share, "clock": left.map(clock),
        "why": request.course.why.map(why), "delays": request.course.delays,
        "decided": request.decided.map(when), "about": about(&wanted, owner),
        "length": usual.map(length_of),
        "brings": brings(&wanted),
    })
}

/// What a request would come to: `none`, `now`, or why and how long it would wait.
pub(super) fn outlook(verdict: Verdict) -> Value {
    match verdict {
        Verdict::Waits => Value::Null,
        Verdict::Now => json!({ "why": null }),
        Verdict::Holds(reason, length) => json!({ "why": why(reason), "length": length_of(length) }),
    }
}

/// Whether there is something new in it that somebody could learn.
pub(super) fn brings(wanted: &Wanted) -> bool {
    wanted.points.iter().any(|one| matches!(one, WantedPoint::Add(_) | WantedPoint::Replace(_)))
}

/// A length as its largest whole unit: the name of a sentence, and how many.
pub(super) fn length_of(length: Duration) -> Value {
    let seconds = length.as_secs();
    let (says, n) = match seconds {
        0..60 => ("span_seconds", seconds),
        _ if !seconds.is_multiple_of(3_600) => ("span_minutes", seconds.div_ceil(60)),
        _ if !seconds.is_multiple_of(86_400) || seconds == 86_400 => ("span_hours", seconds / 3_600),
        _ => ("span_days", seconds / 86_400),
    };
    json!({ "says": says, "n": n })
}

/// A card as its viewer sees it.
pub(super) fn card(card: &Card) -> Value {
    let points = card.points.iter().map(|point| {
        json!({
            "kind": kind(point.kind), "label": point.label, "label_key": point.label.to_lowercase(),
            "value": point.value,
        })
    });
    let fields = &card.fields;
    let one = |kind: &str, text: &String| (!text.is_empty()).then(|| json!({ "kind": kind, "value": text }));
    let mut details: Vec<Value> = [
        one("organisation", &fields.organisation),
        one("title", &fields.title),
        one("role", &fields.role),
        one("birthday", &fields.birthday),
        one("note", &fields.note),
    ]
    .into_iter()
    .flatten()
    .collect();
    let lists =
        [("nickname", &fields.nicknames), ("impp", &fields.impp), ("url", &fields.urls), ("postal", &fields.postal)];
    for (kind, list) in lists {
        details.extend(list.iter().filter_map(|text| one(kind, text)));
    }
    for detail in &mut details {
        (detail["label"], detail["label_key"]) = (Value::Null, "".into());
    }
    json!({ "name": fields.name, "photo": picture(&fields.photo), "points": points.collect::<Vec<_>>(), "details": details })
}

/// `1:02:03`.
fn clock(seconds: u64) -> String {
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn state(state: RequestState) -> &'static str {
    match state {
        RequestState::AwaitingProof => "waits",
        RequestState::Held => "held",
        RequestState::Accepted => "accepted",
        RequestState::Cancelled => "cancelled",
        RequestState::Expired => "expired",
    }
}

fn why(why: Why) -> &'static str {
    match why {
        Why::Passkey => "passkey",
        Why::TwoPoints => "two_points",
        Why::OnePoint => "one_point",
        Why::HeldByAnother => "held_by_another",
    }
}

/// What a request is about: of each point from what to what, and what else.
fn about(wanted: &Wanted, owner: &Owner) -> Vec<Value> {
    let known = |text: &str| {
        let id = text.parse().ok();
        owner.points.iter().find(|point| Some(point.id) == id || *point.label == *text)
    };
    let line = |found: Option<&Point>, label: &str, value: Option<&str>, relabel: Option<&str>| {
        let shown = found.map(point);
        let label = found.map_or(label, |point| &point.label).to_owned();
        let kind = match (found, value) {
            (Some(found), _) => kind(found.kind),
            (None, Some(value)) if value.contains('@') => "email",
            _ => "phone",
        };
        json!({
            "kind": kind, "label": label, "label_key": label.to_lowercase(), "value": value, "relabel": relabel,
            "old": shown.map(|shown| shown["value"].clone()).unwrap_or_default(),
        })
    };
    let each = wanted.points.iter().map(|one| match one {
        WantedPoint::Add(new) => line(None, &new.label, Some(&new.value), None),
        WantedPoint::Replace(new) => line(known(&new.point), "", Some(&new.value), None),
        WantedPoint::Remove(id) => line(known(id), "", None, None),
        WantedPoint::Relabel(new) => line(known(&new.point), "", None, Some(&new.label)),
    });
    let passkeys = wanted.passkeys.iter().map(|one| match one {
        WantedPasskey::Add(new) => json!({ "passkey": "passkey_added", "label": new.label }),
        WantedPasskey::Remove(_) => json!({ "says": "passkey_removed" }),
    });
    let whole = [
        ("about_restore", wanted.restore.is_some()),
        ("about_end_panic", wanted.end_panic),
        ("about_erase", wanted.erase),
    ];
    let whole = whole.into_iter().filter(|(_, is)| *is).map(|(says, _)| json!({ "says": says }));
    each.chain(passkeys).chain(whole).collect()
}
