//! What waits for its time beside notices: letters, and requests for a change.

use super::state::Refusal::{self, Conflict};
use redial::{
    clock::Time,
    domain::{
        change::Request,
        id::{LetterId, OwnerId, RequestId},
    },
    store::{ClaimedLetter, Letter, Posted},
};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug)]
struct Kept {
    letter: Letter,
    ready: Time,
    fence: u64,
}

/// Letters and requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waiting {
    letters: BTreeMap<u128, Kept>,
    requests: BTreeMap<(OwnerId, RequestId), (Request, Option<Time>)>,
    /// Every claim of a letter that was ever made.
    pub(crate) claims: Vec<(LetterId, u64)>,
}

impl Waiting {
    pub(crate) fn post(&mut self, posted: &Posted) -> Result<(), Refusal> {
        let claimed = |this: &mut Self, id: &LetterId, fence: u64| {
            let held = this.letters.get(&id.0).is_some_and(|kept| kept.fence == fence);
            if held { Ok(()) } else { Err(Conflict) }
        };
        match posted {
            Posted::Due(letter) => {
                let kept = Kept { letter: letter.clone(), ready: letter.due, fence: 0 };
                if self.letters.insert(letter.id.0, kept).is_some() { Err(Conflict) } else { Ok(()) }
            }
            Posted::Begun { id, fence, account } => {
                claimed(self, id, *fence)?;
                let kept = self.letters.get_mut(&id.0).ok_or(Conflict)?;
                kept.letter.account = Some(account.clone());
                Ok(())
            }
            Posted::Later { id, fence, due, attempts, account } => {
                claimed(self, id, *fence)?;
                let kept = self.letters.get_mut(&id.0).ok_or(Conflict)?;
                (kept.letter.due, kept.letter.attempts, kept.ready) = (*due, *attempts, *due);
                kept.letter.account.clone_from(account);
                kept.fence += 1;
                Ok(())
            }
            Posted::Ended { id, fence } => {
                claimed(self, id, *fence)?;
                self.letters.remove(&id.0);
                Ok(())
            }
        }
    }

    /// Requests of this owner are gone, and letters to these addresses or about the owner.
    pub(crate) fn erase(&mut self, owner: OwnerId, keys: &BTreeSet<Box<str>>) {
        let about = owner.to_string();
        self.letters.retain(|_, kept| !keys.contains(kept.letter.to.key()) && !kept.letter.what.contains(&about));
        self.requests.retain(|(of, _), _| *of != owner);
    }

    pub(crate) fn set(&mut self, request: &Request) {
        self.requests.insert((request.owner, request.id), (request.clone(), request.due));
    }

    pub(crate) fn letters(&self) -> impl Iterator<Item = &Letter> {
        self.letters.values().map(|kept| &kept.letter)
    }

    /// Letters that are gone.
    pub(crate) fn gone(&self) -> impl Iterator<Item = LetterId> {
        self.claims.iter().map(|(id, _)| *id).filter(|id| !self.letters.contains_key(&id.0))
    }

    pub(crate) fn requests(&self) -> impl Iterator<Item = &Request> {
        self.requests.values().map(|(request, _)| request)
    }

    pub(crate) fn claimable(&self, urgent: bool, now: Time) -> Vec<LetterId> {
        let free = |kept: &&Kept| kept.letter.urgent == urgent && kept.ready <= now;
        self.letters.values().filter(free).map(|kept| kept.letter.id).collect()
    }

    pub(crate) fn claimed(&mut self, claimed: &ClaimedLetter, until: Time) {
        let kept = self.letters.get_mut(&claimed.letter.id.0).expect("it was claimable");
        assert!(claimed.fence > kept.fence, "a fence that was used before");
        assert_eq!(claimed.letter, kept.letter);
        (kept.fence, kept.ready) = (claimed.fence, until);
        self.claims.push((claimed.letter.id, claimed.fence));
    }

    pub(crate) fn due_requests(&self, now: Time) -> Vec<RequestId> {
        let due = |(_, ready): &&(Request, Option<Time>)| ready.is_some_and(|ready| ready <= now);
        self.requests.values().filter(due).map(|(request, _)| request.id).collect()
    }

    pub(crate) fn request_claimed(&mut self, claimed: &Request, until: Time) {
        let (request, ready) = self.requests.get_mut(&(claimed.owner, claimed.id)).expect("it was claimable");
        assert_eq!(claimed, request);
        *ready = Some(until);
    }

    pub(crate) fn next(&self) -> impl Iterator<Item = Time> {
        let requests = self.requests.values().filter_map(|(_, ready)| *ready);
        self.letters.values().map(|kept| kept.ready).chain(requests)
    }
}
