//! Who is signed in.

use super::{Console, NotAHash, guesses::Place, password, tries};
use crate::{clock::Time, store::StoreError, usecase::seal::same};
use ring::digest::{SHA256, digest};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

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
/// How long a device is known.
const KNOWN: Duration = Duration::from_hours(180 * 24);
/// So many sessions are open.
const OPEN_MOST: usize = 1_000;

#[derive(Debug)]
struct Open {
    name: Box<str>,
    operator: Operator,
    form: Box<str>,
    origin: Box<str>,
    since: Time,
    used: Time,
}

/// Open sessions, by digest of the token.
#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<BTreeMap<[u8; 32], Open>>);

impl Sessions {
    fn all(&self) -> MutexGuard<'_, BTreeMap<[u8; 32], Open>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
    /// With a token for the session's cookie, and one by which this device is known from now on.
    As {
        /// The session's.
        token: Box<str>,
        /// The device's, for [`Console::sign_in`].
        device: Box<str>,
    },
    /// The name or the password is wrong, or the name is refused for now: one answer.
    No,
    /// Too many sign in at once; nothing was looked at.
    Busy,
}

impl Console {
    /// Whether there is anybody who can sign in.
    pub fn is_on(&self) -> bool {
        !self.operators.now().is_empty()
    }

    /// Checks a password, given from a network address, on a device that is perhaps known. A name that nobody has takes as
    /// long.
    pub async fn sign_in(&self, name: &str, given: &str, origin: &str, device: Option<&str>) -> SignedIn {
        let now = self.env.clock.now();
        let device = self.known_device(name, device.unwrap_or_default(), now).await;
        let Some(place_in_line) = self.guesses.line(device.is_some()) else { return SignedIn::Busy };
        let place = device.clone().map_or_else(|| Place::network(origin), Place::Device);
        let locked = tries::locked(&self.env, name, &place, now).await.unwrap_or_else(|error| unanswered(&error));
        let locked = locked || self.guesses.is_locked(name, &place, now);
        let operators = self.operators.kept();
        let known = operators.get(name).cloned();
        let any = operators.values().next().map(|other| other.hash.clone()).unwrap_or_default();
        let (hash, given) = (known.as_ref().map_or(any, |known| known.hash.clone()), given.to_owned());
        let turn = self.guesses.turn().await;
        let right = tokio::task::spawn_blocking(move || password::matches(&given, &hash)).await.unwrap_or(false);
        drop((turn, place_in_line));
        let Some(operator) = known.filter(|_| right && !locked) else {
            let is_known = operators.contains_key(name);
            self.guesses.note_wrong(name, &place, is_known, now);
            tries::note(&self.env, name, &place, now).await.unwrap_or_else(|error| unanswered(&error));
            tracing::warn!(known = is_known, locked, origin, "a sign-in to the console was refused");
            let why = match (locked, is_known) {
                (true, _) => "after too many wrong passwords",
                (false, true) => "wrong password",
                (false, false) => "nobody has this name",
            };
            // A name that nobody has may be a password in the wrong field.
            self.refused(if is_known { name } else { "" }, origin, why).await;
            return SignedIn::No;
        };
        tries::forget(&self.env, name, &place).await.unwrap_or_else(|error| unanswered(&error));
        self.guesses.forget(name, place);
        let (token, form) = (self.secret(), self.secret());
        let id = device.unwrap_or_else(|| format!("{:032x}", self.env.random.bits()).into());
        let device = self.device(name, &operator, &id, now).await.unwrap_or_default();
        {
            let mut open = self.sessions.all();
            open.retain(|_, open| open.counts(now));
            if open.len() >= OPEN_MOST {
                return SignedIn::No;
            }
            let session = Open { name: name.into(), operator, form, origin: origin.into(), since: now, used: now };
            open.insert(hashed(&token), session);
        }
        tracing::info!(operator = name, origin, "signed in to the console");
        self.came_or_went(name, origin, "signed_in", "").await;
        SignedIn::As { token, device }
    }

    /// The id of a device on which this operator has signed in, from what it shows.
    async fn known_device(&self, name: &str, shown: &str, now: Time) -> Option<Box<str>> {
        let (since, id) = shown.split_once('.').and_then(|(since, rest)| Some((since, rest.split_once('.')?.0)))?;
        let at = Time(since.parse().ok()?);
        let operator = self.operators.kept().get(name).cloned()?;
        let known = at <= now && now.since(at) < KNOWN;
        let own = self.device(name, &operator, id, at).await?;
        (known && same(&own, shown)).then(|| id.into())
    }

    /// What a device shows to be known: since when, its id, and a code over both, the name and the password's hash, so that
    /// another password makes it a stranger. Nothing, where the store does not answer.
    async fn device(&self, name: &str, operator: &Operator, id: &str, at: Time) -> Option<Box<str>> {
        let shown = format!("{}.{id}", at.0);
        let parts = ["operator's device", name, &operator.hash, &shown].map(str::as_bytes);
        let mac = self.env.mac(&parts).await.ok()?;
        let halves: [u128; 2] = [mac.first_chunk()?, mac.last_chunk()?].map(|half| u128::from_be_bytes(*half));
        Some(format!("{shown}.{:032x}{:032x}", halves[0], halves[1]).into())
    }

    /// The session of a cookie, where it still counts: its operator is known, with the same password and role.
    pub fn session(&self, token: &str) -> Option<Session> {
        let now = self.env.clock.now();
        let operators = self.operators.now();
        let mut sessions = self.sessions.all();
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
        let ended = self.sessions.all().remove(&hashed(token));
        if let Some(ended) = ended {
            tracing::info!(operator = &*ended.name, "signed out of the console");
            self.came_or_went(&ended.name, &ended.origin, "signed_out", "").await;
        }
    }

    fn secret(&self) -> Box<str> {
        format!("{:032x}{:032x}", self.env.random.bits(), self.env.random.bits()).into()
    }
}

/// The memory of this process counts by itself then.
fn unanswered<T: Default>(error: &StoreError) -> T {
    tracing::warn!(%error, "wrong passwords are counted by this process alone: the store does not answer");
    T::default()
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
