//! One JSON object for each thing that is kept. `kind` says what it is; ids, times and addresses are as the API has them.

use crate::{
    domain::{
        address::Address,
        asleep::Asleep,
        change::Request,
        device::Device,
        exchange::{BookUpdate, Introduction, Replaced, Stand, TrayCard},
        group::{Grant, Item, Member},
        id::{GroupId, OwnerId},
        notice::{Attempt, Notice, Recipient, Shown},
        owner::{Book, Change, Contact, Group, Held, Owner, Point, Proof},
    },
    store::{ApiKey, Audit, CardLink, OptOut, Passkey, Preference, QueryRecord, Session, Substitution},
    usecase::members,
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};

pub(super) fn owner(owner: &Owner) -> Value {
    json!({
        "kind": "owner", "id": owner.id, "version": owner.version, "revision": owner.revision, "claimed": owner.claimed,
        "silenced": owner.silenced, "language": owner.language, "zone": owner.zone, "created": owner.created, "profile": owner.profile,
        "points": owner.points.iter().map(point).collect::<Vec<_>>(),
    })
}

fn point(point: &Point) -> Value {
    json!({
        "id": point.id, "kind": point.kind, "label": point.label, "removed": point.removed,
        "values": point.values.iter().map(held).collect::<Vec<_>>(),
    })
}

fn held(held: &Held) -> Value {
    let proof = match &held.proof {
        Proof::None => json!({"by": "nobody"}),
        Proof::Code => json!({"by": "code"}),
        Proof::Vouched(key) => json!({"by": "key", "key": key}),
        Proof::Imported(source) => json!({"by": "import", "source": source}),
    };
    json!({
        "value": held.address.wire(), "from": held.from, "until": held.until, "proof": proof, "proved": held.proved,
    })
}

/// Without its token or endpoint, by which anybody could write to it.
pub(super) fn device(device: &Device) -> Value {
    let ended = device.ended.as_ref().map(|ended| json!({"at": ended.at, "why": ended.why}));
    json!({
        "kind": "device", "id": device.id, "owner": device.owner, "account": device.account, "label": device.label,
        "place": device.place.shown(), "created": device.created, "seen": device.seen, "ended": ended,
    })
}

pub(super) fn book(book: &Book) -> Value {
    json!({"kind": "book", "id": book.id, "owner": book.owner, "name": book.name, "default_group": book.default_group})
}

pub(super) fn group(group: &Group) -> Value {
    let grant = |grant: &Grant| match grant {
        Grant::Forward(point) => json!({"forward": point}),
        Grant::Reveal(Item::Point(point)) => json!({"reveal": point}),
        Grant::Reveal(Item::Field(field)) => json!({"reveal": field}),
    };
    json!({
        "kind": "group", "id": group.id, "book": group.book, "owner": group.owner, "name": group.name,
        "told": group.told, "channels": group.channels, "quiet": group.quiet.map(|hours| hours.to_string()),
        "introduce": group.introduce, "grants": group.grants.iter().map(grant).collect::<Vec<_>>(),
    })
}

pub(super) fn member(owner: OwnerId, group: GroupId, member: Member) -> Value {
    json!({"kind": "member", "owner": owner, "group": group, "member": members::text(member)})
}

/// The card as text; in base64 where it is not UTF-8.
pub(super) fn contact(contact: &Contact) -> Value {
    let (vcard, base64) = match std::str::from_utf8(&contact.card) {
        Ok(text) => (Some(text), None),
        Err(_) => (None, Some(STANDARD.encode(&contact.card))),
    };
    json!({
        "kind": "contact", "id": contact.id, "book": contact.book, "owner": contact.owner, "uid": contact.uid,
        "version": contact.version, "linked": contact.linked, "vcard": vcard, "vcard_base64": base64,
    })
}

pub(super) fn opt_out(owner: OwnerId, opt_out: &OptOut) -> Value {
    json!({
        "kind": "opt_out", "owner": owner, "address": opt_out.address.wire(), "from_everybody": opt_out.owner.is_none(),
        "at": opt_out.at, "way": opt_out.way,
    })
}

pub(super) fn change(change: &Change) -> Value {
    json!({
        "kind": "change", "owner": change.owner, "revision": change.revision, "at": change.at, "request": change.request,
        "snapshot": stored(&change.snapshot),
    })
}

pub(super) fn request(request: &Request) -> Value {
    json!({
        "kind": "request", "id": request.id, "owner": request.owner, "state": request.state, "by": request.by,
        "created": request.created, "decided": request.decided, "due": request.due, "wanted": stored(&request.wanted),
    })
}

pub(super) fn notice(notice: &Notice, attempts: &[Attempt]) -> Value {
    let attempt = |attempt: &Attempt| {
        json!({
            "number": attempt.number, "account": attempt.account, "channel": attempt.channel,
            "address": attempt.address.wire(), "at": attempt.at, "outcome": attempt.outcome,
            "foreign_id": attempt.foreign_id, "detail": attempt.said(),
        })
    };
    json!({
        "kind": "notice", "id": notice.id, "owner": notice.owner, "recipient": recipient(notice.recipient),
        "state": notice.state, "first": notice.first, "due": notice.due, "settled": notice.settled,
        "reason": notice.why(), "attempts": attempts.iter().map(attempt).collect::<Vec<_>>(),
    })
}

pub(super) fn shown(shown: &Shown) -> Value {
    json!({
        "kind": "shown", "owner": shown.owner, "recipient": recipient(shown.recipient), "revision": shown.revision,
        "at": shown.at, "card": stored(&shown.card),
    })
}

pub(super) fn query(query: &QueryRecord, substitution: Option<&Substitution>) -> Value {
    let sent = substitution.map(|sent| {
        json!({
            "id": sent.id, "account": sent.account, "channel": sent.channel, "used": sent.used.wire(),
            "connected": sent.connected.wire(), "sender": sent.sender.as_ref().map(Address::wire),
            "foreign_id": sent.foreign_id, "at": sent.at,
        })
    });
    json!({
        "kind": "query", "id": query.id, "owner": query.owner, "at": query.at, "way": query.way,
        "asked": query.asked.as_ref().map(Address::wire), "viewer": query.viewer, "because": query.because, "told": query.told,
        "connected": query.connected, "revision": query.revision, "groups": query.groups, "detail": query.detail,
        "substitution": sent,
    })
}

pub(super) fn audit(audit: &Audit) -> Value {
    json!({
        "kind": "audit", "id": audit.id, "owner": audit.owner, "at": audit.at, "by": audit.by, "what": audit.what,
        "detail": stored(&audit.detail),
    })
}

/// The hash stays: it is a secret's.
pub(super) fn key(key: &ApiKey) -> Value {
    json!({
        "kind": "key", "id": key.id, "label": key.label, "scopes": key.scopes, "owner": key.owner,
        "created": key.created, "revoked": key.revoked, "used": key.used,
    })
}

/// Without its token, by which anybody would be signed in.
pub(super) fn session(session: &Session) -> Value {
    json!({
        "kind": "session", "id": session.id, "owner": session.owner, "label": session.label, "made": session.made,
        "used": session.used, "ended": session.ended,
    })
}

pub(super) fn passkey(passkey: &Passkey) -> Value {
    json!({
        "kind": "passkey", "id": URL_SAFE_NO_PAD.encode(&passkey.id), "owner": passkey.owner, "label": passkey.label,
        "made": passkey.made, "used": passkey.used,
    })
}

/// Without its token, by which anybody could read the card.
pub(super) fn card_link(link: &CardLink) -> Value {
    json!({
        "kind": "card_link", "owner": link.owner, "recipient": link.recipient.map(recipient),
        "address": link.address.wire(), "language": link.language, "at": link.at, "until": link.until,
    })
}

pub(super) fn asleep(asleep: &Asleep) -> Value {
    json!({
        "kind": "asleep", "owner": asleep.owner, "address": asleep.address.wire(), "since": asleep.since,
        "cause": asleep.cause,
    })
}

pub(super) fn introduction(introduction: &Introduction) -> Value {
    json!({
        "kind": "introduction", "owner": introduction.owner, "contact": introduction.contact, "at": introduction.at,
        "held": introduction.stand != Stand::Goes, "due": introduction.due,
    })
}

pub(super) fn tray(card: &TrayCard) -> Value {
    json!({"kind": "tray", "owner": card.holder, "from": card.from, "at": card.at})
}

pub(super) fn book_update(update: &BookUpdate) -> Value {
    let line = |line: &Replaced| json!({"old": line.old.as_ref().map(Address::wire), "new": line.new.wire()});
    json!({
        "kind": "book_update", "id": update.id, "owner": update.viewer, "contact": update.contact, "from": update.from,
        "at": update.at, "undone": update.undone, "lines": update.lines.iter().map(line).collect::<Vec<_>>(),
    })
}

/// How the owner is reached at an address of theirs, as they have said on the page of somebody's card.
pub(super) fn preference(owner: OwnerId, preference: &Preference) -> Value {
    json!({
        "kind": "preference", "owner": owner, "address": preference.address.wire(), "first": preference.first,
        "language": preference.language, "at": preference.at,
    })
}

fn recipient(recipient: Recipient) -> String {
    match recipient {
        Recipient::Owner(id) => id.to_string(),
        Recipient::Contact(id) => id.to_string(),
    }
}

/// What is stored as JSON, as JSON; as text where it is none.
fn stored(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}
