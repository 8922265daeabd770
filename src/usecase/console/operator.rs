//! Who is signed in.

use super::{Console, NotAHash, password};
use crate::clock::Time;
use ring::digest::{SHA256, digest};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::Semaphore;

/// What an operator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Look at what is measured, at notices and explanations.
    Look,
    /// Also replay notices and search by number.
    Act,
}

/// Somebody who may sign in.
#[derive(Clone, PartialEq, Eq)]
pub struct Operator {
    /// What they may do.
    pub role: Role,
    hash: Box<str>,
}

impl std::fmt::Debug for Operator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operator").field("role", &self.role).finish_non_exhaustive()
    }
}

impl Operator {
    /// With the hash of a password.
    pub fn new(role: Role, hash: &str) -> Result<Self, NotAHash> {
        password::check(hash)?;
        Ok(Self { role, hash: hash.into() })
    }
}

/// By name. Without any there is no console.
pub type Operators = BTreeMap<Box<str>, Operator>;

/// Ends a session in which nothing happens.
const IDLE: Duration = Duration::from_mins(30);
/// Ends any session.
const LONGEST: Duration = Duration::from_hours(12);
/// After so many wrong passwords a name is refused for a while.
const WRONG_MOST: u32 = 5;
/// That while.
const LOCKED: Duration = Duration::from_mins(15);
/// So many names are remembered with wrong passwords, and so many sessions are open.
const KEPT_MOST: usize = 1_000;

#[derive(Debug)]
struct Open {
    name: Box<str>,
    operator: Operator,
    form: Box<str>,
    origin: Box<str>,
    since: Time,
    used: Time,
}

#[derive(Debug)]
struct Wrong {
    times: u32,
    last: Time,
}

/// Sessions, and names that somebody tries passwords for.
#[derive(Debug)]
pub(super) struct Doors {
    /// By digest of the token.
    open: Mutex<BTreeMap<[u8; 32], Open>>,
    wrong: Mutex<BTreeMap<Box<str>, Wrong>>,
    /// Each check takes memory.
    checks: Semaphore,
}

impl Default for Doors {
    fn default() -> Self {
        Self { open: Mutex::default(), wrong: Mutex::default(), checks: Semaphore::new(2) }
    }
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Who.
    pub name: Box<str>,
    /// What they may do.
    pub role: Role,
    /// Stands in every form of the session, so that no other site can send one.
    pub form: Box<str>,
    /// From where they signed in.
    pub origin: Box<str>,
}

/// How signing in ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignedIn {
    /// With a token for the cookie.
    As(Box<str>),
    /// The name or the password is wrong, or the name is refused for now: one answer.
    No,
}

impl Console {
    /// Whether there is anybody who can sign in.
    pub fn is_on(&self) -> bool {
        !self.operators.now().is_empty()
    }

    /// Checks a password, given from a network address. A name that nobody has takes as long.
    pub async fn sign_in(&self, name: &str, given: &str, origin: &str) -> SignedIn {
        let now = self.env.clock.now();
        let locked = {
            let wrong = self.doors.wrong.lock().unwrap_or_else(PoisonError::into_inner);
            wrong.get(name).is_some_and(|wrong| wrong.times >= WRONG_MOST && now.since(wrong.last) < LOCKED)
        };
        let operators = self.operators.kept();
        let known = operators.get(name).cloned();
        let any = operators.values().next().map(|other| other.hash.clone()).unwrap_or_default();
        let (hash, given) = (known.as_ref().map_or(any, |known| known.hash.clone()), given.to_owned());
        let place = self.doors.checks.acquire().await;
        let right = tokio::task::spawn_blocking(move || password::matches(&given, &hash)).await.unwrap_or(false);
        drop(place);
        let Some(operator) = known.filter(|_| right && !locked) else {
            let is_known = operators.contains_key(name);
            self.doors.note_wrong(name, is_known, locked, now);
            tracing::warn!(known = is_known, locked, origin, "a sign-in to the console was refused");
            let why = match (locked, is_known) {
                (true, _) => "after five wrong passwords",
                (false, true) => "wrong password",
                (false, false) => "nobody has this name",
            };
            // A name that nobody has may be a password in the wrong field.
            self.refused(if is_known { name } else { "" }, origin, why).await;
            return SignedIn::No;
        };
        self.doors.wrong.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        let (token, form) = (self.secret(), self.secret());
        {
            let mut open = self.doors.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.retain(|_, open| open.counts(now));
            if open.len() >= KEPT_MOST {
                return SignedIn::No;
            }
            let session = Open { name: name.into(), operator, form, origin: origin.into(), since: now, used: now };
            open.insert(hashed(&token), session);
        }
        tracing::info!(operator = name, origin, "signed in to the console");
        self.came_or_went(name, origin, "signed_in", "").await;
        SignedIn::As(token)
    }

    /// The session of a cookie, where it still counts: its operator is known, with the same password and role.
    pub fn session(&self, token: &str) -> Option<Session> {
        let now = self.env.clock.now();
        let operators = self.operators.now();
        let mut sessions = self.doors.open.lock().unwrap_or_else(PoisonError::into_inner);
        let key = hashed(token);
        let open = sessions.get_mut(&key)?;
        if !open.counts(now) || operators.get(&open.name) != Some(&open.operator) {
            sessions.remove(&key);
            return None;
        }
        open.used = now;
        Some(Session {
            name: open.name.clone(),
            role: open.operator.role,
            form: open.form.clone(),
            origin: open.origin.clone(),
        })
    }

    /// Ends a session.
    pub async fn sign_out(&self, token: &str) {
        let ended = self.doors.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&hashed(token));
        if let Some(ended) = ended {
            tracing::info!(operator = &*ended.name, "signed out of the console");
            self.came_or_went(&ended.name, &ended.origin, "signed_out", "").await;
        }
    }

    fn secret(&self) -> Box<str> {
        format!("{:032x}{:032x}", self.env.random.bits(), self.env.random.bits()).into()
    }
}

impl Doors {
    fn note_wrong(&self, name: &str, is_known: bool, locked: bool, now: Time) {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        wrong.retain(|_, wrong| now.since(wrong.last) < LOCKED);
        // Where a crowd tries names, those that are known are still counted.
        if wrong.len() < KEPT_MOST || is_known {
            let entry = wrong.entry(name.into()).or_insert(Wrong { times: 0, last: now });
            entry.times += 1;
            entry.last = if locked { entry.last } else { now };
        }
    }
}

impl Open {
    fn counts(&self, now: Time) -> bool {
        now.since(self.used) < IDLE && now.since(self.since) < LONGEST
    }
}

/// Only digests are kept and compared: neither memory nor time tells a token.
fn hashed(token: &str) -> [u8; 32] {
    let mut key = [0; 32];
    key.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    key
}
