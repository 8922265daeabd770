//! Who is signed in.

use super::{Console, NotAHash, password, tries};
use crate::{clock::Time, store::StoreError, usecase::seal::same};
use ring::digest::{SHA256, digest};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::{Semaphore, SemaphorePermit};

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
/// After so many wrong passwords for a name from one network address, or on one known device, it is refused there for a
/// while.
const WRONG_MOST: u32 = 5;
/// And after so many from all over, everywhere but on devices on which this operator has signed in before: who tries
/// passwords from many addresses keeps nobody out who was there.
const WRONG_ANYWHERE: u32 = 50;
/// How long a device is known.
const KNOWN: Duration = Duration::from_hours(180 * 24);
/// That while.
pub(super) const LOCKED: Duration = Duration::from_mins(15);
/// Passwords are checked so many at once, for each check takes memory; so many more from anywhere wait for that, and so many from
/// devices on which somebody has signed in before: a crowd of strangers does not take their places.
const CHECKS: usize = 2;
const WAITING: usize = 8;
const WAITING_KNOWN: usize = 4;
/// So many places are remembered with wrong passwords, and so many sessions are open.
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

/// For which name passwords are tried, and from where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Tried(Box<str>, Place);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Anywhere,
    /// A network address; of IPv6 the half that one customer has.
    Network(Box<str>),
    /// By its cookie's id.
    Device(Box<str>),
}

impl Place {
    /// Where a wrong password given here counts, and how many may be.
    pub(super) fn counts(&self) -> Vec<(Place, u32)> {
        let mut counts = vec![(self.clone(), WRONG_MOST)];
        if !matches!(self, Place::Device(_)) {
            counts.push((Place::Anywhere, WRONG_ANYWHERE));
        }
        counts
    }

    pub(super) fn network(origin: &str) -> Self {
        Self::Network(match origin.parse() {
            Ok(std::net::IpAddr::V6(address)) => format!("{:x?}", &address.segments()[..4]).into(),
            _ => origin.into(),
        })
    }
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
    wrong: Mutex<BTreeMap<Tried, Wrong>>,
    checks: Semaphore,
    waiting: Semaphore,
    waiting_known: Semaphore,
}

impl Default for Doors {
    fn default() -> Self {
        Self {
            open: Mutex::default(),
            wrong: Mutex::default(),
            checks: Semaphore::new(CHECKS),
            waiting: Semaphore::new(WAITING),
            waiting_known: Semaphore::new(WAITING_KNOWN),
        }
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
        let Some(place_in_line) = self.doors.line(device.is_some()) else { return SignedIn::Busy };
        let place = device.clone().map_or_else(|| Place::network(origin), Place::Device);
        let locked = tries::locked(&self.env, name, &place, now).await.unwrap_or_else(unanswered);
        let locked = locked || self.doors.is_locked(name, &place, now);
        let operators = self.operators.kept();
        let known = operators.get(name).cloned();
        let any = operators.values().next().map(|other| other.hash.clone()).unwrap_or_default();
        let (hash, given) = (known.as_ref().map_or(any, |known| known.hash.clone()), given.to_owned());
        let turn = self.doors.checks.acquire().await;
        let right = tokio::task::spawn_blocking(move || password::matches(&given, &hash)).await.unwrap_or(false);
        drop((turn, place_in_line));
        let Some(operator) = known.filter(|_| right && !locked) else {
            let is_known = operators.contains_key(name);
            self.doors.note_wrong(name, &place, is_known, now);
            tries::note(&self.env, name, &place, now).await.unwrap_or_else(unanswered);
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
        tries::forget(&self.env, name, &place).await.unwrap_or_else(unanswered);
        self.doors.wrong.lock().unwrap_or_else(PoisonError::into_inner).remove(&Tried(name.into(), place));
        let (token, form) = (self.secret(), self.secret());
        let id = device.unwrap_or_else(|| format!("{:032x}", self.env.random.bits()).into());
        let device = self.device(name, &operator, &id, now).await.unwrap_or_default();
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

/// The memory of this process counts by itself then.
fn unanswered<T: Default>(error: StoreError) -> T {
    tracing::warn!(%error, "wrong passwords are counted by this process alone: the store does not answer");
    T::default()
}

impl Doors {
    /// A place among those whose passwords are checked, until it is dropped.
    fn line(&self, is_known: bool) -> Option<SemaphorePermit<'_>> {
        if is_known { &self.waiting_known } else { &self.waiting }.try_acquire().ok()
    }

    fn is_locked(&self, name: &str, place: &Place, now: Time) -> bool {
        let wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        place.counts().into_iter().any(|(place, most)| {
            let tried = wrong.get(&Tried(name.into(), place));
            tried.is_some_and(|tried| tried.times >= most && now.since(tried.last) < LOCKED)
        })
    }

    fn note_wrong(&self, name: &str, place: &Place, is_known: bool, now: Time) {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        wrong.retain(|_, wrong| now.since(wrong.last) < LOCKED);
        for (place, most) in place.counts() {
            // Where a crowd tries names, those that are known are still counted, by name.
            if wrong.len() < KEPT_MOST || (is_known && !matches!(place, Place::Network(_))) {
                let entry = wrong.entry(Tried(name.into(), place)).or_insert(Wrong { times: 0, last: now });
                // What is refused already does not keep it refused.
                entry.last = if entry.times >= most { entry.last } else { now };
                entry.times += 1;
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_tried_from_one_place_five_times_and_from_all_over_fifty_times() {
        let (doors, now) = (Doors::default(), Time(0));
        let at = |place: &str| Place::network(place);
        let known = Place::Device("d".into());
        for _ in 0..WRONG_MOST {
            assert!(!doors.is_locked("ann", &at("192.0.2.1"), now));
            doors.note_wrong("ann", &at("192.0.2.1"), true, now);
        }
        for (place, locked) in [("192.0.2.1", true), ("192.0.2.2", false)] {
            assert_eq!(doors.is_locked("ann", &at(place), now), locked, "{place}");
            assert!(!doors.is_locked("bob", &at(place), now));
        }
        for _ in 0..WRONG_MOST {
            doors.note_wrong("ann", &at("2001:db8::1"), true, now);
        }
        assert!(doors.is_locked("ann", &at("2001:db8::ffff"), now), "one customer's");
        for number in 0..WRONG_ANYWHERE {
            doors.note_wrong("ann", &at(&format!("198.51.100.{number}")), true, now);
        }
        assert!(doors.is_locked("ann", &at("203.0.113.1"), now));
        assert!(!doors.is_locked("ann", &known, now), "who was there before gets in");
        assert!(!doors.is_locked("ann", &at("203.0.113.1"), now.after(LOCKED)), "and everybody after a while");
    }

    #[test]
    fn a_crowd_of_strangers_fills_its_own_line_only() {
        let doors = Doors::default();
        let crowd: Vec<_> = (0..99).filter_map(|_| doors.line(false)).collect();
        assert_eq!(crowd.len(), WAITING);
        assert!(doors.line(true).is_some());
        drop(crowd);
        assert!(doors.line(false).is_some());
    }

    #[test]
    fn a_crowd_fills_no_memory() {
        let (doors, now) = (Doors::default(), Time(0));
        for number in 0..2 * KEPT_MOST {
            doors.note_wrong(&format!("x{number}"), &Place::network(&number.to_string()), false, now);
            doors.note_wrong("ann", &Place::network(&number.to_string()), true, now);
        }
        assert!(doors.wrong.lock().unwrap().len() <= KEPT_MOST + 2);
        assert!(doors.is_locked("ann", &Place::network("new"), now));
    }
}
