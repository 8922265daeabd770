//! What is written once and only looked for afterwards: by whom it goes with an erasure, and how to see whether it is there.

use super::state::Refusal::{self, Conflict};
use redial::{
    domain::{
        id::{OwnerId, SubstitutionId},
        notice::Recipient,
    },
    store::{Admitted, Effect, Exchanged, Extent, OfDevice, Passing, Returned, SharedStore},
};
use std::collections::{BTreeMap, BTreeSet};

/// All that was written, by what it is and where: whatever is written there again takes its place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traces(BTreeMap<String, Trace>);

#[derive(Clone, Debug)]
struct Trace {
    effect: Effect,
    /// With each of these it goes.
    of: Vec<OwnerId>,
    /// What is kept about an address goes with the last who had it.
    at: Option<Box<str>>,
    stands: bool,
}

impl Traces {
    /// Writes one; `gone`: owners who were erased.
    pub(crate) fn write(&mut self, effect: &Effect, gone: &BTreeSet<OwnerId>) -> Result<(), Refusal> {
        let (place, of, at) = subject(effect);
        let late = of.iter().any(|owner| gone.contains(owner));
        match effect {
            Effect::Substituted(_) if late => return Err(Conflict),
            Effect::SubstitutionNamed(id, name) => return self.name(&format!("substitution {id}"), name),
            _ => {}
        }
        // Of a query that is late nothing is written, and nobody is told.
        self.0.insert(place, Trace { effect: effect.clone(), of, at: at.map(Into::into), stands: !late });
        Ok(())
    }

    fn name(&mut self, place: &str, name: &str) -> Result<(), Refusal> {
        let known = self.0.get_mut(place).filter(|trace| trace.stands).ok_or(Conflict)?;
        if let Effect::Substituted(row) = &mut known.effect {
            row.foreign_id = Some(name.into());
        }
        Ok(())
    }

    /// Everything of this owner is gone, and what is kept about these addresses.
    pub(crate) fn erase(&mut self, owner: OwnerId, keys: &BTreeSet<Box<str>>) {
        for trace in self.0.values_mut() {
            let by_address = trace.at.as_ref().is_some_and(|key| keys.contains(key));
            trace.stands &= !by_address && !trace.of.contains(&owner);
        }
    }

    /// Those that were ever written.
    pub(crate) fn substitutions(&self) -> Vec<SubstitutionId> {
        let written = self.0.values().filter_map(|trace| match &trace.effect {
            Effect::Substituted(row) => Some(row.id),
            _ => None,
        });
        written.collect()
    }

    /// An owner's substitutions.
    pub(crate) fn extent(&self, owner: OwnerId) -> Extent {
        Extent::of(self.0.values().filter(|trace| trace.stands).filter_map(|trace| match &trace.effect {
            Effect::Substituted(row) if row.owner == owner => Some(row),
            _ => None,
        }))
    }

    /// The store has what stands, and nothing that is gone.
    pub(crate) async fn check(&self, store: &SharedStore) {
        for (place, trace) in &self.0 {
            assert_eq!(is_there(store, &trace.effect).await, trace.stands, "{place}: {:?}", trace.effect);
        }
    }
}

/// What it is and where it stands; whose it is; at which address.
fn subject(effect: &Effect) -> (String, Vec<OwnerId>, Option<&str>) {
    let of = |owner: OwnerId, place: String| (place, vec![owner], None);
    match effect {
        Effect::Queried(records) => of(records[0].owner, format!("query {}", records[0].id)),
        Effect::Substituted(row) => of(row.owner, format!("substitution {}", row.id)),
        Effect::SubstitutionNamed(id, _) => (format!("substitution {id}"), vec![], None),
        Effect::Changed(change) => of(change.owner, format!("change {} {}", change.owner, change.revision)),
        Effect::Audited(line) => of(line.owner, format!("audit {}", line.id)),
        Effect::AttemptBegun { attempt, .. } => {
            of(attempt.owner, format!("attempt {} {}", attempt.notice, attempt.number))
        }
        Effect::KeySet(key) => (format!("key {}", key.id), key.owner.into_iter().collect(), None),
        Effect::FellAsleep(asleep) => of(asleep.owner, format!("asleep {} {}", asleep.owner, asleep.address.key())),
        // Where it is kept as a hash it is found all the same.
        Effect::OptedOut(out) => {
            let whom = out.owner.map(|owner| owner.to_string()).unwrap_or_default();
            (format!("opt-out {} {whom}", out.address.key()), out.owner.into_iter().collect(), None)
        }
        Effect::OfDevice(OfDevice::Set(device)) => of(device.owner, format!("device {}", device.id)),
        Effect::Passing(Passing::Began(row)) => (format!("passed {}", row.id), vec![], Some(row.used.key())),
        Effect::Admitted(Admitted::SessionSet(session)) => of(session.owner, format!("session {}", session.id)),
        Effect::Admitted(Admitted::PasskeySet(key)) => of(key.owner, format!("passkey {:?}", key.id)),
        Effect::Admitted(Admitted::CodeMade(code)) => (format!("code {}", code.id), vec![], Some(code.address.key())),
        // It is also the recipient's who is registered.
        Effect::Returned(Returned::CardLinked(link)) => {
            let reader = link.recipient.and_then(|recipient| match recipient {
                Recipient::Owner(owner) => Some(owner),
                Recipient::Contact(_) => None,
            });
            (format!("card link {}", link.token), [link.owner].into_iter().chain(reader).collect(), None)
        }
        Effect::Returned(Returned::Unreachable(dead)) => {
            (format!("unreachable {}", dead.address.key()), vec![], Some(dead.address.key()))
        }
        Effect::Returned(Returned::Confirmed { key, .. }) => (format!("confirmed {key}"), vec![], Some(key)),
        Effect::Returned(Returned::Preferred(one)) => {
            (format!("preference {}", one.address.key()), vec![], Some(one.address.key()))
        }
        Effect::Exchanged(Exchanged::Introduced(new, _)) => {
            of(new.owner, format!("introduction {} {}", new.owner, new.contact))
        }
        Effect::Exchanged(Exchanged::Trayed(card)) => {
            (format!("tray {} {}", card.holder, card.from), vec![card.holder, card.from], None)
        }
        Effect::Exchanged(Exchanged::BookUpdated(update)) => {
            (format!("update {}", update.id), vec![update.viewer, update.from], None)
        }
        other => panic!("the model does not know {other:?}"),
    }
}

async fn is_there(store: &SharedStore, effect: &Effect) -> bool {
    match effect {
        Effect::Queried(records) => store.query(records[0].id).await.unwrap().is_some(),
        Effect::Substituted(row) => {
            store.substitution(row.id).await.unwrap().inspect(|found| assert_eq!(found, row)).is_some()
        }
        Effect::Changed(change) => {
            store.changes(change.owner, change.revision - 1, 1).await.unwrap().items.contains(change)
        }
        Effect::Audited(line) => {
            let lines = store.audit(line.owner, None, 10_000).await.unwrap().items;
            lines.iter().any(|found| found.id == line.id && found.what == line.what)
        }
        Effect::AttemptBegun { attempt, .. } => {
            let found = store.attempts(attempt.notice).await.unwrap();
            found.iter().any(|found| found.number == attempt.number)
        }
        Effect::KeySet(key) => store.key(&key.hash).await.unwrap().is_some(),
        Effect::FellAsleep(asleep) => {
            let key = asleep.address.key().into();
            !store.asleep_at(asleep.owner, &[key]).await.unwrap().is_empty()
        }
        Effect::OptedOut(out) => {
            let key = out.address.key().into();
            let found = store.opt_outs(&[key]).await.unwrap();
            found.iter().any(|found| (&found.address, found.owner) == (&out.address, out.owner))
        }
        Effect::OfDevice(OfDevice::Set(device)) => store.device(device.id).await.unwrap().is_some(),
        Effect::Passing(Passing::Began(row)) => store.passed(row.id).await.unwrap().is_some(),
        Effect::Admitted(Admitted::SessionSet(session)) => store.session(&session.hash).await.unwrap().is_some(),
        Effect::Admitted(Admitted::PasskeySet(key)) => store.passkey(&key.id).await.unwrap().is_some(),
        Effect::Admitted(Admitted::CodeMade(code)) => store.code(code.id).await.unwrap().is_some(),
        Effect::Returned(Returned::CardLinked(link)) => store.card_link(&link.token).await.unwrap().is_some(),
        Effect::Returned(Returned::Unreachable(dead)) => {
            !store.unreachable(&[dead.address.key().into()]).await.unwrap().is_empty()
        }
        Effect::Returned(Returned::Confirmed { key, .. }) => store.confirmed(key).await.unwrap().is_some(),
        Effect::Returned(Returned::Preferred(one)) => {
            !store.preferences(&[one.address.key().into()]).await.unwrap().is_empty()
        }
        Effect::Exchanged(Exchanged::Introduced(new, keys)) => {
            let remembered = store.introduced(new.owner, keys).await.unwrap();
            let known = store.introduction(new.owner, new.contact).await.unwrap().is_some();
            assert_eq!(known, !remembered.is_empty());
            known
        }
        Effect::Exchanged(Exchanged::Trayed(card)) => store.tray_card(card.holder, card.from).await.unwrap().is_some(),
        Effect::Exchanged(Exchanged::BookUpdated(update)) => {
            store.book_update(update.viewer, update.id).await.unwrap().is_some()
        }
        other => panic!("the model does not know {other:?}"),
    }
}
