//! Rows to fill a store with. Ids are small numbers, so that a failure is easily read.

use crate::people;
use redial::{
    clock::Time,
    domain::{
        address::Address,
        group::{Grant, Member, Told},
        id::{AppId, BookId, ContactId, FanoutId, GroupId, NoticeId, OwnerId, PointId, QueryId, SubstitutionId},
        imported::{ForEveryone, Moved},
        name::{self, NameKey},
        notice::{Attempt, Notice, NoticeState, Recipient},
        owner::{Book, Channel, Contact, Group, Held, Membership, Owner, Point, Proof},
    },
    store::{Commit, Effect, Fanout, SharedStore, StoreError, Substitution},
};

/// A moment long ago, so that everything at it is due.
pub(crate) const EARLY: Time = Time(1_700_000_000_000_000);

/// `EARLY` and some seconds.
pub(crate) fn at(seconds: i64) -> Time {
    Time(EARLY.0 + seconds * 1_000_000)
}

pub(crate) fn address(key: &str) -> Address {
    Address::stored(key, key)
}

pub(crate) fn names(written: &[&str]) -> Vec<NameKey> {
    written.iter().filter_map(|written| name::key(written)).collect()
}

pub(crate) fn proof() -> Proof {
    Proof::Vouched(AppId(7))
}

/// A value that is held since `from` and was proved then.
pub(crate) fn held(key: &str, from: i64) -> Held {
    Held { address: address(key), from: at(from), until: None, proof: proof(), proved: at(from) }
}

pub(crate) fn point(number: u128, values: Vec<Held>) -> Point {
    people::point(PointId(number), "mobile", values)
}

/// An owner of version 1 whose points have the numbers 10 n, 10 n + 1 …
pub(crate) fn owner(number: u128, name: &str, values: &[&str]) -> Owner {
    let points = (number.wrapping_mul(10)..).zip(values).map(|(id, key)| point(id, vec![held(key, 0)])).collect();
    people::owner(OwnerId(number), name, points, EARLY)
}

/// An imported move, that everyone may learn.
pub(crate) fn moved(number: u128, old: &str, new: &str, when: Time) -> Moved {
    Moved {
        owner: OwnerId(number),
        name: "Moved".into(),
        key: name::key("Moved").expect("a name"),
        old: address(old),
        new: address(new),
        at: when,
        grant: ForEveryone::Reveal,
        source: "list".into(),
        created: EARLY,
    }
}

pub(crate) fn book(owner: u128, number: u128) -> Book {
    Book { id: BookId(number), owner: OwnerId(owner), name: "Private".into(), default_group: None }
}

pub(crate) fn group(owner: u128, book: u128, number: u128, grants: Vec<Grant>) -> Group {
    Group {
        introduce: false,
        id: GroupId(number),
        book: BookId(book),
        owner: OwnerId(owner),
        name: "Friends".into(),
        told: Told::AtOnce,
        channels: vec![Channel::Sms, Channel::Email],
        quiet: None,
        grants,
    }
}

pub(crate) fn contact(owner: u128, book: u128, number: u128, name: &str, addresses: &[&str]) -> Contact {
    Contact {
        id: ContactId(number),
        book: BookId(book),
        owner: OwnerId(owner),
        uid: format!("uid-{number}").into(),
        version: 1,
        card: format!("BEGIN:VCARD\r\nFN:{name}\r\nEND:VCARD\r\n").into_bytes(),
        name: name.into(),
        names: names(&[name]),
        addresses: addresses.iter().map(|key| address(key)).collect(),
        linked: None,
        language: Some("en".into()),
    }
}

pub(crate) fn member(owner: u128, group: u128, member: Member) -> Effect {
    Effect::MemberAdded(OwnerId(owner), Membership { group: GroupId(group), member })
}

pub(crate) fn fanout(number: u128, owner: u128, due: Time) -> Fanout {
    Fanout { id: FanoutId(number), owner: OwnerId(owner), at: due, only: Vec::new(), silent: false, cursor: None }
}

pub(crate) fn notice(number: u128, owner: u128, contact: u128, due: Time) -> Notice {
    Notice {
        id: NoticeId(number),
        owner: OwnerId(owner),
        recipient: Recipient::Contact(ContactId(contact)),
        state: NoticeState::Open,
        first: EARLY,
        due,
        since: due,
        attempts: 0,
        reason: "".into(),
        settled: None,
    }
}

pub(crate) fn attempt(notice: &Notice, number: u32, key: &str) -> Attempt {
    Attempt {
        notice: notice.id,
        owner: notice.owner,
        number,
        account: "sms".into(),
        channel: Channel::Sms,
        address: address(key),
        at: EARLY,
        outcome: None,
        foreign_id: None,
        detail: "".into(),
        reported: None,
    }
}

pub(crate) fn substitution(number: u128, connected: &str, sender: Option<&str>, when: i64) -> Substitution {
    Substitution {
        id: SubstitutionId(number),
        account: "twilio".into(),
        channel: "message".into(),
        owner: OwnerId(1),
        used: Address::stored("+525512345678", "+5215512345678"),
        used_text: "521 55 1234 5678".into(),
        connected: address(connected),
        sender: sender.map(address),
        callback: Some("https://example.com/status".into()),
        foreign_id: None,
        query: QueryId(number + 100),
        at: at(when),
    }
}

/// Writes effects that no version is expected for.
pub(crate) async fn write(store: &SharedStore, effects: Vec<Effect>) {
    store.commit(Commit { effects, ..Commit::default() }).await.expect("the effects are written");
}

/// Writes effects that are refused, and says how.
pub(crate) async fn refused(store: &SharedStore, effects: Vec<Effect>) -> StoreError {
    store.commit(Commit { effects, ..Commit::default() }).await.expect_err("the effects are refused")
}
