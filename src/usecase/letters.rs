//! Messages to one address that are about no change: written with what causes them in one commit, sent by the worker.

use super::{Env, codes, heard, keep, sign_in};
use crate::{
    clock::Time,
    domain::{
        address::{Address, Kind},
        change::{RequestState, hold},
        code::{self, Purpose},
        former,
        id::{CodeId, LetterId, OwnerId, PointId, RequestId},
        owner::{Held, Owner, Point, Proof},
        query::Holder,
        schedule,
    },
    store::{Effect, Letter, Posted, Result},
    template::{Code, Contested, Facts, Hold, Kept, Lapsing, Letterhead, Moment, Unproved, Won},
};
use jiff::tz::TimeZone;
use std::time::Duration;

/// What a letter says. No secret stands in it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// A one-time code (rule C1).
    Code {
        /// Which.
        code: CodeId,
    },
    /// A change waits, and how to stop it (rule C3).
    Hold {
        /// Whose.
        owner: OwnerId,
        /// Which.
        request: RequestId,
    },
    /// The answer to the word and code.
    Kept {
        /// Whose.
        #[serde(default)]
        owner: Option<OwnerId>,
        /// Until when the change is delayed; none where it is over.
        until: Option<Time>,
    },
    /// An address of the reader was proved by somebody else (rule C9).
    Unproved {
        /// Its key.
        key: Box<str>,
        /// As it is written.
        wire: Box<str>,
    },
    /// To nobody: where somebody else has the address that it is for, they are told at their other points that a request
    /// wants it (rule C9).
    Contest {
        /// Whose request.
        owner: OwnerId,
        /// Which.
        request: RequestId,
    },
    /// An address of the reader was proved for a request of somebody else's, which is held (rule C9).
    Contested {
        /// Whose request.
        owner: OwnerId,
        /// Which.
        request: RequestId,
        /// The address's key.
        key: Box<str>,
        /// As it is written.
        wire: Box<str>,
    },
    /// The reader has proved an address that was somebody else's until then (rule C9).
    Won {
        /// Its key.
        key: Box<str>,
        /// As it is written.
        wire: Box<str>,
    },
    /// A former number is answered for no longer soon, unless it is proved again (rule Q3).
    Lapsing {
        /// Whose.
        owner: OwnerId,
        /// At which point.
        point: PointId,
        /// The number's key.
        key: Box<str>,
    },
    /// To STOP, START or HELP (rule N6).
    Answer {
        /// The account that the word came to, by its name in the configuration; it leaves by no other.
        account: Box<str>,
        /// What is said.
        due: heard::Due,
    },
}

impl What {
    /// Whom it is written to, where it is about something of theirs.
    fn owner(&self) -> Option<OwnerId> {
        match self {
            Self::Hold { owner, .. } | Self::Lapsing { owner, .. } => Some(*owner),
            Self::Kept { owner, .. } => *owner,
            // Whose request it is that is contested is not the reader's to know, nor where they live.
            Self::Contest { .. }
            | Self::Contested { .. }
            | Self::Code { .. }
            | Self::Unproved { .. }
            | Self::Won { .. }
            | Self::Answer { .. } => None,
        }
    }

    /// The only account by which it may leave, where there is one.
    pub(super) fn only_by(&self) -> Option<&str> {
        if let Self::Answer { account, .. } = self { Some(account) } else { None }
    }
}

/// The zone that the reader has chosen.
pub(super) async fn zone(env: &Env, what: &What) -> Result<Option<TimeZone>> {
    let Some(owner) = what.owner() else { return Ok(None) };
    Ok(env.store.owner(owner).await?.and_then(|owner| owner.zone).and_then(|zone| schedule::zone(&zone)))
}

/// The question whether a former number is still its owner's, some days before it is answered for no longer; none where the
/// time is too short for a question. It goes to the value that the point has now.
pub(super) fn lapsing(env: &Env, owner: &Owner, point: &Point, former: &Held, now: Time) -> Option<Effect> {
    let (to, (asked, until)) = (point.current()?, former::asked(former, &env.rules().windows, now)?);
    let what = What::Lapsing { owner: owner.id, point: point.id, key: former.address.key().into() };
    let mut effect = due(env, &to.address, &what, Some(&owner.language), now, until.since(now));
    if let Effect::Posted(Posted::Due(letter)) = &mut effect {
        letter.due = asked;
    }
    Some(effect)
}

/// What a question of that kind is about, where it is still one: the number is former, its window has not begun anew, nobody
/// else has proved it, and the reader is still who is asked.
async fn lapses(
    env: &Env,
    letter: &Letter,
    owner: OwnerId,
    point: PointId,
    key: &str,
) -> Result<Option<(Address, Time)>> {
    let Some(owner) = env.store.owner(owner).await?.filter(|owner| !owner.silenced) else { return Ok(None) };
    let Some(point) = owner.points.iter().find(|one| one.id == point) else { return Ok(None) };
    let reads = point.current().is_some_and(|held| held.address.key() == letter.to.key() && held.proof != Proof::None);
    let last = former::values(&owner).find(|(at, held)| reads && at.id == point.id && held.address.key() == key);
    let Some((_, held)) = last else { return Ok(None) };
    let Some(until) = former::lapses(held, &env.rules().windows, letter.due) else { return Ok(None) };
    let holders: Vec<Holder> = env.store.holders(&[key.into()]).await?.into_iter().map(|(_, holder)| holder).collect();
    Ok((!former::taken(owner.id, held, &holders)).then(|| (held.address.clone(), until)))
}

/// Until when a request is held.
async fn held_until(env: &Env, owner: OwnerId, request: RequestId) -> Result<Option<Time>> {
    let found = env.store.request(owner, request).await?.filter(|found| found.state == RequestState::Held);
    Ok(found.and_then(|found| found.due))
}

/// What leaves in the place of a letter that is to nobody: a word to each other point of whoever else has the address, as long
/// as the request is held. `None`: it is a letter like any other.
pub(super) async fn instead(env: &Env, letter: &Letter, what: &What, now: Time) -> Result<Option<Vec<Effect>>> {
    let What::Contest { owner, request } = what else { return Ok(None) };
    let Some(until) = held_until(env, *owner, *request).await? else { return Ok(Some(Vec::new())) };
    let (key, wire): (Box<str>, Box<str>) = (letter.to.key().into(), letter.to.wire().into());
    let what = What::Contested { owner: *owner, request: *request, key: key.clone(), wire };
    let (mut effects, mut told) = (Vec::new(), vec![*owner]);
    for (_, holder) in env.store.holders(std::slice::from_ref(&key)).await? {
        if holder.until.is_some() || !holder.believed || told.contains(&holder.owner) {
            continue;
        }
        told.push(holder.owner);
        if let Some(other) = env.store.owner(holder.owner).await?.filter(|other| other.claimed) {
            effects.extend(to_points(env, &other, std::slice::from_ref(&key), &what, now, until.since(now).max(LIFE)));
        }
    }
    Ok(Some(effects))
}

/// A letter in the commit of what causes it.
pub(super) fn due(env: &Env, to: &Address, what: &What, language: Option<&str>, at: Time, life: Duration) -> Effect {
    let urgent = !matches!(what, What::Unproved { .. } | What::Won { .. } | What::Lapsing { .. });
    Effect::Posted(Posted::Due(Letter {
        id: LetterId::fresh(at, &*env.random),
        to: to.clone(),
        what: serde_json::json!(what).to_string().into(),
        language: language.map(Into::into),
        urgent,
        due: at,
        expires: at.after(life),
        attempts: 0,
        account: None,
    }))
}

/// The same to every address of an owner where they are told, but those with these keys.
pub(super) fn to_points(
    env: &Env,
    owner: &Owner,
    but: &[Box<str>],
    what: &What,
    at: Time,
    life: Duration,
) -> Vec<Effect> {
    hold::told(owner, but).map(|to| due(env, to, what, Some(&owner.language), at, life)).collect()
}

/// What a letter is rendered from right before it is sent; `None` where it is of no use any more.
pub(super) async fn facts(
    env: &Env,
    letter: &Letter,
    what: &What,
    head: &Letterhead,
    base: &str,
    now: Time,
) -> Result<Option<Box<dyn Facts>>> {
    let zone = zone(env, what).await?;
    let by_clock = |at: Time| Moment { at, zone: zone.clone() };
    Ok(match what {
        What::Code { code: id } => {
            let Some(code) = env.store.code(*id).await?.filter(|code| code.counts(now)) else { return Ok(None) };
            // Whether anybody is behind the address shows only here, where nobody waits for an answer (rule C1).
            if code.purpose == Purpose::SignIn && !sign_in::welcomes(env, &code.address).await? {
                return Ok(None);
            }
            let minutes = code.expires().since(now).as_secs() / 60;
            let digits = codes::digits(env, &code).await?;
            Some(Box::new(Code::new(head, &digits, u32::try_from(minutes).unwrap_or(1).max(1))))
        }
        What::Hold { owner, request } => {
            let Some(until) = held_until(env, *owner, *request).await? else { return Ok(None) };
            let hold = Hold::new(head, &keep::code(env, *request, letter.to.key()).await?, by_clock(until));
            let link = match letter.to.kind() {
                Kind::Email => keep::link(env, base, *owner, *request, letter.to.key()).await?,
                Kind::Phone | Kind::Device => None,
            };
            Some(Box::new(hold.with_page(link.unwrap_or_default())))
        }
        What::Kept { until, .. } => Some(Box::new(Kept::new(head, until.map(by_clock)))),
        What::Lapsing { owner, point, key } => {
            let found = lapses(env, letter, *owner, *point, key).await?;
            found.map(|(number, until)| Box::new(Lapsing::new(head, &number, by_clock(until))) as Box<dyn Facts>)
        }
        What::Answer { due, .. } => {
            let answer = heard::answer(env, &letter.to, *due, head).await?;
            answer.map(|answer| Box::new(answer) as Box<dyn Facts>)
        }
        What::Contest { .. } => None,
        What::Contested { owner, request, key, wire } => {
            let until = held_until(env, *owner, *request).await?;
            let address = Address::stored(key.clone(), wire.clone());
            until.map(|until| Box::new(Contested::new(head, &address, until)) as Box<dyn Facts>)
        }
        What::Unproved { key, wire } => {
            Some(Box::new(Unproved::new(head, &Address::stored(key.clone(), wire.clone()))))
        }
        What::Won { key, wire } => Some(Box::new(Won::new(head, &Address::stored(key.clone(), wire.clone())))),
    })
}

/// For how long letters other than codes are tried.
pub(super) const LIFE: Duration = Duration::from_hours(48);

/// For how long a code is tried: as long as it counts.
pub(super) const CODE_LIFE: Duration = code::LIFE;
