//! Addresses that take no more messages (rule Q9): as an operator's system states them, and as they hold for a recipient.

use super::{
    Env,
    write::{Actor, Plan, Refused},
};
use crate::{
    clock::Time,
    domain::{
        address::Address,
        id::OwnerId,
        notice::Recipient,
        opt_out::{self, Said, Tenure},
        owner::Contact,
        query::Holder,
    },
    store::{Commit, Effect, OptOut, StoreError, Unreachable},
};
use std::collections::HashMap;

/// What is said of an address, newest word last.
pub async fn read(env: &Env, address: &Address) -> Result<Vec<OptOut>, Refused> {
    Ok(env.store.opt_outs(&[address.key().into()]).await?)
}

/// Ends messages to an address, from `owner` alone or from everybody. Said twice it counts once.
pub async fn add(env: &Env, actor: &Actor, address: &Address, owner: Option<OwnerId>) -> Result<Plan<OptOut>, Refused> {
    known(env, owner).await?;
    let same = |said: &OptOut| said.owner == owner;
    if let Some(said) = read(env, address).await?.into_iter().find(same) {
        return Ok(Plan::nothing(said));
    }
    let at = env.store.now().await?;
    let way = format!("api:{}", actor.by).into();
    let said = OptOut { address: address.clone(), owner, at, way };
    let commit = Commit { effects: vec![Effect::OptedOut(said.clone())], ..Commit::default() };
    Ok(Plan { commit, outcome: said })
}

/// Lets an address have messages again; without an owner from everybody, whatever was said before.
pub async fn remove(env: &Env, address: &Address, owner: Option<OwnerId>) -> Result<Plan<()>, Refused> {
    known(env, owner).await?;
    let effects = vec![Effect::OptedIn { key: address.key().into(), owner }];
    Ok(Plan { commit: Commit { effects, ..Commit::default() }, outcome: () })
}

async fn known(env: &Env, owner: Option<OwnerId>) -> Result<(), Refused> {
    match owner {
        Some(id) if env.store.owner(id).await?.is_none() => Err(Refused::NotFound("owner")),
        _ => Ok(()),
    }
}

/// What was said at the addresses of one recipient, and at every other address of whoever is behind them.
#[derive(Debug)]
pub(super) struct Stopped {
    /// From whom no message is wanted, `None`: from everybody.
    said: Vec<(Option<OwnerId>, Said)>,
    /// Who is behind an address now, by its key.
    behind: HashMap<Box<str>, OwnerId>,
    /// Keys of addresses that are dead.
    dead: Vec<Box<str>>,
    /// Keys of addresses through which rights sleep at this owner (rule C8).
    asleep: Vec<Box<str>>,
    /// Messages about whom.
    owner: OwnerId,
}

/// Why nothing may be sent to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Whoever is behind it wants no messages.
    OptedOut,
    /// It was said that it is dead.
    Dead,
    /// Rights through it sleep until the owner confirms (rule C8).
    Asleep,
}

impl Stopped {
    /// Where it is known that nothing was said.
    pub(super) fn nobody(owner: OwnerId) -> Self {
        Self { said: Vec::new(), behind: HashMap::new(), dead: Vec::new(), asleep: Vec::new(), owner }
    }

    /// Reads the facts.
    pub(super) async fn read(
        env: &Env,
        owner: OwnerId,
        recipient: Recipient,
        addresses: &[Address],
    ) -> Result<Self, StoreError> {
        let mut keys: Vec<Box<str>> = addresses.iter().map(|address| address.key().into()).collect();
        let asleep = match recipient {
            Recipient::Owner(_) => Vec::new(),
            Recipient::Contact(_) => env.store.asleep_at(owner, &keys).await?,
        };
        let asleep = asleep.iter().map(|asleep| asleep.address.key().into()).collect();
        let behind: HashMap<Box<str>, OwnerId> = match recipient {
            Recipient::Owner(owner) => keys.iter().map(|key| (key.clone(), owner)).collect(),
            Recipient::Contact(_) => {
                let held = env.store.holders(&keys).await?.into_iter();
                let present = held.filter(|(_, holder)| holder.believed && holder.until.is_none());
                present.map(|(key, holder)| (key, holder.owner)).collect()
            }
        };
        let mut persons: Vec<OwnerId> = behind.values().copied().collect();
        persons.sort_unstable();
        persons.dedup();
        for person in persons {
            let points = env.store.owner(person).await?.map(|owner| owner.points).unwrap_or_default();
            let values = points.iter().flat_map(|point| &point.values);
            keys.extend(values.map(|held| held.address.key().into()));
        }
        keys.sort_unstable();
        keys.dedup();
        let dead = dead(env, addresses).await?;
        let outs = env.store.opt_outs(&keys).await?;
        if outs.is_empty() {
            return Ok(Self { said: Vec::new(), behind, dead, asleep, owner });
        }
        let mut keys: Vec<Box<str>> = outs.iter().map(|out| out.address.key().into()).collect();
        keys.dedup();
        let holders = env.store.holders(&keys).await?;
        let said = outs.into_iter().map(|out| {
            let of_key = holders.iter().filter(|(key, holder)| **key == *out.address.key() && holder.believed);
            let tenures = of_key.map(|(_, holder)| tenure(holder)).collect();
            (out.owner, Said { address: out.address, at: out.at, tenures })
        });
        Ok(Self { said: said.collect(), behind, dead, asleep, owner })
    }

    /// Why no message may go to this address, if none may.
    pub(super) fn why(&self, address: &Address) -> Option<Refusal> {
        let here = self.said.iter().filter(|(from, _)| from.is_none_or(|from| from == self.owner));
        let person = self.behind.get(address.key()).copied();
        let is_in = |keys: &[Box<str>]| keys.iter().any(|key| **key == *address.key());
        if opt_out::stopped(here.map(|(_, said)| said), address, person) {
            return Some(Refusal::OptedOut);
        }
        if is_in(&self.dead) {
            return Some(Refusal::Dead);
        }
        is_in(&self.asleep).then_some(Refusal::Asleep)
    }
}

/// Keys of those addresses that are dead and that nobody has proved since.
async fn dead(env: &Env, addresses: &[Address]) -> Result<Vec<Box<str>>, StoreError> {
    let keys: Vec<Box<str>> = addresses.iter().map(|address| address.key().into()).collect();
    let said = env.store.unreachable(&keys).await?;
    if said.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<Box<str>> = said.iter().map(|dead| dead.address.key().into()).collect();
    let holders = env.store.holders(&keys).await?;
    let proved_since = |dead: &Unreachable| {
        let since = |holder: &Holder| holder.believed && holder.until.is_none() && holder.proved > dead.at;
        holders.iter().any(|(key, holder)| **key == *dead.address.key() && since(holder))
    };
    Ok(said.iter().filter(|dead| !proved_since(dead)).map(|dead| dead.address.key().into()).collect())
}

fn tenure(holder: &Holder) -> Tenure {
    Tenure { owner: holder.owner, from: holder.from, until: holder.until }
}

/// What an edit takes along: where an owner gives an unregistered contact another number, what was said at the one
/// that it replaces holds at the new one too, for messages about this owner. Where the old number is a registered
/// person's, it was that person who said it, and nothing follows.
pub(super) async fn follow(env: &Env, before: &Contact, after: &Contact, now: Time) -> Result<Vec<Effect>, StoreError> {
    let has = |contact: &Contact, address: &Address| contact.addresses.iter().any(|one| one.key() == address.key());
    let gone: Vec<&Address> = before.addresses.iter().filter(|address| !has(after, address)).collect();
    let new: Vec<&Address> = after.addresses.iter().filter(|address| !has(before, address)).collect();
    if after.linked.is_some() || gone.is_empty() || new.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<Box<str>> = gone.iter().map(|address| address.key().into()).collect();
    let mut said = env.store.opt_outs(&keys).await?;
    said.retain(|out| out.owner.is_none_or(|owner| owner == after.owner));
    if said.is_empty() {
        return Ok(Vec::new());
    }
    let held = env.store.holders(&keys).await?;
    let registered = |out: &OptOut| {
        let present = |holder: &Holder| holder.believed && holder.until.is_none();
        held.iter().any(|(key, holder)| **key == *out.address.key() && present(holder))
    };
    said.retain(|out| !registered(out));
    let follows = |address: &&Address| said.iter().any(|out| out.address.kind() == address.kind());
    Ok(new
        .into_iter()
        .filter(follows)
        .map(|address| {
            let (address, owner) = (address.clone(), Some(after.owner));
            Effect::OptedOut(OptOut { address, owner, at: now, way: "contact changed".into() })
        })
        .collect())
}
