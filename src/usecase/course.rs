//! The course of a request that nobody vouches for: proved by codes or a passkey, held, stopped or delayed, and carried out
//! by the worker when its time has come (rules C2, C3, C9, C11).
//!
//! Every step expects the owner's version. Of two devices that act at once one wins, and the other reads again what there is
//! then; the end of a hold checks everything anew and is one commit.

mod draft;
mod end;

pub use draft::{choose, decide, draft};
pub(super) use end::vetoed;
pub use end::{Kept, Settled, settle};

use super::{
    Env, accepted, letters,
    letters::What,
    requests::{self, Decided},
    wanted::{self, Wanted, impossible},
    write::{Actor, Plan, Refused, audited, read_owner},
};
use crate::{
    clock::Time,
    domain::{
        address::Address,
        change::{
            self, Request, RequestState, Wish,
            hold::{self, By, Evidence, Standing, Verdict, Why},
        },
        code::{Code, Purpose},
        id::{CodeId, OwnerId, RequestId},
        owner::{Owner, Point, Proof},
        query::Holder,
    },
    store::{Commit, Effect, StoreError},
};
use serde_json::json;

/// Most requests of one owner that wait for a proof at once.
const WAITING_MOST: usize = 20;

/// What a request comes to, on the facts of this moment.
pub(super) struct Stand {
    pub(super) wish: Wish,
    /// The values that it needs proofs of.
    pub(super) introduced: Vec<Address>,
    pub(super) standing: Standing,
}

/// Reads the facts that decide about a request.
pub(super) async fn stand(env: &Env, owner: &Owner, wanted: &Wanted) -> Result<Stand, Refused> {
    let wish = wanted::wish(env, owner, wanted).await?;
    let introduced = change::introduced(owner, &wish).map_err(|why| impossible(wanted, &why))?;
    let done = change::accept(owner, &wish, &Proof::None, Time::default()).map_err(|why| impossible(wanted, &why))?;
    let keys: Vec<Box<str>> = introduced.iter().map(|address| address.key().into()).collect();
    let mut held_by_another = false;
    if !keys.is_empty() {
        let holders = env.store.holders(&keys).await?;
        // Who lost it and never left it takes nothing that is new to them.
        let own = |key: &str| owner.points.iter().filter_map(Point::current).any(|held| held.address.key() == key);
        let other = |key: &str, holder: &Holder| {
            holder.owner != owner.id && holder.until.is_none() && holder.believed && !own(key)
        };
        let mut others: Vec<OwnerId> =
            holders.iter().filter(|(key, holder)| other(key, holder)).map(|(_, holder)| holder.owner).collect();
        // Whether somebody has the value is not told by the time of the answer: nobody is looked up like somebody.
        if others.is_empty() {
            others.push(OwnerId(0));
        }
        for other in others {
            held_by_another |= env.store.owner(other).await?.is_some_and(|other| other.claimed);
        }
    }
    let passkeys = !env.store.passkeys(owner.id).await?.is_empty();
    let standing = Standing {
        introduced: keys,
        held_by_another,
        takes_away: done.takes_away(owner) || wanted.end_panic || wanted.erase || !wanted.passkeys.is_empty(),
        dead: dead(env, owner).await?,
        passkeys,
    };
    Ok(Stand { wish, introduced, standing })
}

/// Keys of present values that a report has called dead since they were proved.
async fn dead(env: &Env, owner: &Owner) -> Result<Vec<Box<str>>, StoreError> {
    let held: Vec<_> = owner.points.iter().filter_map(Point::current).collect();
    let keys: Vec<Box<str>> = held.iter().map(|held| held.address.key().into()).collect();
    let mut said = env.store.unreachable(&keys).await?;
    let proved = |key: &str| held.iter().find(|held| held.address.key() == key).map(|held| held.proved);
    said.retain(|dead| proved(dead.address.key()).is_some_and(|proved| dead.at > proved));
    Ok(said.iter().map(|dead| dead.address.key().into()).collect())
}

/// The values for which a request needs a code of their own. None where it cannot be carried out any more.
///
/// # Errors
/// The store could not be reached.
pub async fn introduced(env: &Env, owner: &Owner, request: &Request) -> Result<Vec<Address>, StoreError> {
    match stand(env, owner, &wanted_of(request)?).await {
        Ok(stand) => Ok(stand.introduced),
        Err(Refused::Store(error)) => Err(error),
        Err(_) => Ok(Vec::new()),
    }
}

/// What a stored request wants.
pub(super) fn wanted_of(request: &Request) -> Result<Wanted, StoreError> {
    serde_json::from_str(&request.wanted)
        .map_err(|error| StoreError::Damaged(format!("what a request wants: {error}").into()))
}

/// What an open request would come to with what was shown so far.
pub async fn outlook(env: &Env, owner: &Owner, request: &Request) -> Result<Verdict, Refused> {
    let stand = stand(env, owner, &wanted_of(request)?).await?;
    let now = env.store.now().await?;
    Ok(hold::verdict(owner, &request.course, &stand.standing, &env.rules().holds, now))
}

/// What, shown besides, would make the wait of an open request shorter (rule C3).
pub async fn shortens(env: &Env, owner: &Owner, request: &Request) -> Result<Vec<By>, Refused> {
    let stand = stand(env, owner, &wanted_of(request)?).await?;
    let now = env.store.now().await?;
    Ok(hold::shortens(owner, &request.course, &stand.standing, &env.rules().holds, now))
}

/// What was shown in the session lately counts for a request.
fn shown_lately(env: &Env, actor: &Actor, wanted: &Wanted, request: &mut Request, now: Time) {
    let (holds, of_its_own) = (env.rules().holds, wanted.end_panic || wanted.erase);
    for shown in hold::carried(&actor.evidence, of_its_own, &holds, now) {
        request.course.show(shown.by.clone(), shown.at);
    }
}

/// A new request of somebody whose word is no proof.
pub(super) async fn begin(
    env: &Env,
    actor: &Actor,
    owner: Owner,
    wanted: &Wanted,
    now: Time,
) -> Result<Plan<Decided>, Refused> {
    let wanted = &wanted::pinned(&owner, wanted);
    let mut request = accepted::request(env, owner.id, wanted, actor, RequestState::AwaitingProof, now);
    shown_lately(env, actor, wanted, &mut request, now);
    advance(env, actor, owner, request, now, "change_requested").await
}

/// Asks for a code for a request: to a value that it wants, or to another point of its owner's.
pub async fn code(
    env: &Env,
    owner: OwnerId,
    request: RequestId,
    to: &Address,
    requester: super::codes::Requester<'_>,
) -> Result<super::codes::Issued, Refused> {
    let owner = read_owner(env, owner, None).await?;
    let request = requests::open(env, owner.id, request).await?;
    let stand = stand(env, &owner, &wanted_of(&request)?).await?;
    let own = owner.points.iter().filter_map(Point::current).any(|held| held.address.key() == to.key());
    if !own && !stand.introduced.iter().any(|value| value.key() == to.key()) {
        let why = "neither a value of this request nor a number or address of its owner";
        return Err(Refused::invalid("/to", why));
    }
    let purpose = Purpose::Request { owner: owner.id, request: request.id };
    super::codes::issue(env, purpose, to, own.then_some(owner.id), requester).await
}

/// Where the code of this challenge was sent, for the page that asks for it.
///
/// # Errors
/// The store could not be reached.
pub async fn asked(
    env: &Env,
    owner: OwnerId,
    request: RequestId,
    challenge: CodeId,
) -> Result<Option<Address>, StoreError> {
    let wanted = Purpose::Request { owner, request };
    super::codes::address(env, challenge, |purpose| *purpose == wanted).await
}

/// Compares the answer to a code of a request. Counted as a try; what it proves is written by [`prove`].
pub async fn answered(
    env: &Env,
    owner: OwnerId,
    request: RequestId,
    challenge: CodeId,
    typed: &str,
) -> Result<Code, Refused> {
    let wanted = Purpose::Request { owner, request };
    super::codes::answered(env, challenge, typed, |purpose| *purpose == wanted).await
}

/// That a code of a request was answered rightly, for [`prove`]: the code counts once.
pub fn shown_by(code: &Code, at: Time) -> (Evidence, Effect) {
    (Evidence { by: By::Code(code.address.key().into()), at }, super::codes::used(code, at))
}

/// Writes what was shown for an open request, `with` what belongs to it, and what follows: it waits for more, is held, or
/// takes effect.
pub async fn prove(
    env: &Env,
    actor: &Actor,
    owner: OwnerId,
    request: RequestId,
    shown: Evidence,
    with: Option<Effect>,
) -> Result<Plan<Decided>, Refused> {
    let owner = read_owner(env, owner, None).await?;
    let mut request = requests::open(env, owner.id, request).await?;
    let now = env.store.now().await?;
    request.course.show(shown.by, shown.at);
    let mut plan = advance(env, actor, owner, request, now, "proof_given").await?;
    plan.commit.effects.extend(with);
    Ok(plan)
}

async fn advance(
    env: &Env,
    actor: &Actor,
    owner: Owner,
    mut request: Request,
    now: Time,
    what: &str,
) -> Result<Plan<Decided>, Refused> {
    let wanted = wanted_of(&request)?;
    let stand = stand(env, &owner, &wanted).await?;
    let holds = env.rules().holds;
    let verdict = hold::verdict(&owner, &request.course, &stand.standing, &holds, now);
    if !stand.introduced.is_empty() || stand.standing.takes_away {
        alone(env, &owner, &request, now).await?;
    }
    let mut effects = Vec::new();
    match verdict {
        _ if request.course.choosing => request.due = Some(request.created.after(holds.patience)),
        Verdict::Now => {
            let proof = if stand.introduced.is_empty() { Proof::None } else { Proof::Code };
            return accepted::complete(env, actor, owner, (&wanted, &stand), request, &proof, now).await;
        }
        Verdict::Waits => {
            request.due = Some(request.created.after(holds.patience));
        }
        Verdict::Holds(why, length) => {
            effects.extend(held(env, &owner, &mut request, &stand, (why, now.after(length)), now));
        }
    }
    let detail =
        json!({"request": request.id, "state": request.state, "until": request.due, "why": request.course.why});
    effects.push(Effect::RequestSet(request.clone()));
    effects.push(audited(env, owner.id, &actor.by, now, what, &detail));
    let commit = Commit { expect: vec![(owner.id, owner.version)], once: None, effects };
    let owner = Owner { version: owner.version + 1, ..owner };
    Ok(Plan { commit, outcome: Decided { request, owner } })
}

/// The request is held from now on, and all points are told, and whoever else has its values (rule C9); one that is held already ends sooner by a further proof, unless
/// somebody spoke against it.
fn held(
    env: &Env,
    owner: &Owner,
    request: &mut Request,
    stand: &Stand,
    (why, until): (Why, Time),
    now: Time,
) -> Vec<Effect> {
    if request.state == RequestState::Held {
        if request.course.delays == 0 && request.due.is_none_or(|due| until < due) {
            request.due = Some(until);
            request.course.why = Some(why);
        }
        return Vec::new();
    }
    request.state = RequestState::Held;
    request.due = Some(until);
    request.course.why = Some(why);
    let what = What::Hold { owner: owner.id, request: request.id };
    let life = until.since(now).max(letters::LIFE);
    let mut told = letters::to_points(env, owner, &stand.standing.introduced, &what, now, life);
    // For every value alike: whether somebody has it is looked up when nobody waits for an answer.
    let what = What::Contest { owner: owner.id, request: request.id };
    told.extend(stand.introduced.iter().map(|value| letters::due(env, value, &what, None, now, letters::LIFE)));
    told
}

/// One change of points at a time: while one is held, no other begins. And nobody fills the store with requests.
async fn alone(env: &Env, owner: &Owner, request: &Request, now: Time) -> Result<(), Refused> {
    let (mut last, mut waiting) = (None, 0);
    let holds = env.rules().holds;
    let oldest = now.before(holds.patience + holds.long * 4);
    loop {
        let page = env.store.requests(owner.id, last, 50).await?;
        for other in page.items.iter().filter(|other| other.id != request.id) {
            match other.state {
                RequestState::Held => {
                    let text = format!("another change is held: {}; stop it, or wait for its end", other.id);
                    return Err(Refused::Conflict(text.into()));
                }
                RequestState::AwaitingProof => waiting += 1,
                RequestState::Accepted | RequestState::Cancelled | RequestState::Expired => {}
            }
        }
        last = page.items.last().map(|request| request.id);
        if !page.more || page.items.last().is_some_and(|request| request.created < oldest) {
            break;
        }
    }
    if waiting >= WAITING_MOST {
        return Err(Refused::Conflict("too many changes wait for a proof; cancel some".into()));
    }
    Ok(())
}
