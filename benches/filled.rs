//! A store with many owners who have each left one number, and let everybody learn and be connected to the new one.

use redial::{
    clock::{Clock, Random, SystemRandom, Time},
    domain::{
        address::{Address, Kind},
        group::{Grant, Item, Member, Told},
        id::{BookId, GroupId, OwnerId, PointId},
        name,
        owner::{Book, Group, Held, Membership, Owner, Point, Profile, Proof},
    },
    store::{Commit, Effect, SharedStore},
};
use std::time::Duration;

/// The `index`th former number.
pub(crate) fn former(index: usize) -> String {
    format!("+1212{:07}", 2_000_000 + index % 7_000_000)
}

/// Where a process keeps its database of a size.
pub(crate) fn folder(process: u32, size: usize) -> std::path::PathBuf {
    std::env::temp_dir().join(format!("redial-bench-{process}-{size}"))
}

/// Owners who have left one number each and let everybody be connected.
pub(crate) async fn fill(store: &SharedStore, clock: &dyn Clock, numbers: usize) {
    let random = SystemRandom::new();
    let now = clock.now();
    for start in (0..numbers).step_by(1_000) {
        let mut effects = Vec::new();
        for index in start..numbers.min(start + 1_000) {
            // Each at a moment of its own, as owners come.
            one(&mut effects, index, now.after(Duration::from_micros(index as u64)), &random);
        }
        store.commit(Commit { effects, ..Commit::default() }).await.expect("room for it");
    }
}

fn one(effects: &mut Vec<Effect>, index: usize, now: Time, random: &dyn Random) {
    let (owner, point) = (OwnerId::fresh(now, random), PointId::fresh(now, random));
    let (book, group) = (BookId::fresh(now, random), GroupId::fresh(now, random));
    let held = |number: String, until| Held {
        address: Address::stored(number.as_str(), number.as_str()),
        from: Time(0),
        until,
        proof: Proof::Imported("bench".into()),
        proved: now,
    };
    let values = vec![held(former(index), Some(now)), held(format!("+1917{:07}", 2_000_000 + index % 7_000_000), None)];
    let name = format!("Owner {index}");
    effects.push(Effect::OwnerAdded(Owner {
        id: owner,
        version: 0,
        revision: 1,
        claimed: false,
        silenced: false,
        language: "en".into(),
        zone: None,
        profile: Profile { name: name.clone(), ..Profile::default() },
        points: vec![Point { id: point, kind: Kind::Phone, label: "mobile".into(), removed: None, values }],
        created: now,
    }));
    effects.push(Effect::NamesSet(owner, name::key(&name).into_iter().collect()));
    effects.push(Effect::BookSet(Book { id: book, owner, name: "all".into(), default_group: None }));
    effects.push(Effect::GroupSet(Group {
        introduce: false,
        id: group,
        book,
        owner,
        name: "everyone".into(),
        told: Told::OnQuery,
        channels: vec![],
        quiet: None,
        grants: vec![Grant::Reveal(Item::Point(point))],
    }));
    effects.push(Effect::MemberAdded(owner, Membership { group, member: Member::Everyone }));
}
