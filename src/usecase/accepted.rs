//! Everything that one accepted request writes: revision, number history, fan-out and audit in one commit (rule C6).

use super::{
    Env,
    course::Stand,
    erase,
    letters::{self, What},
    link_contacts, passkeys,
    requests::Decided,
    wanted::{self, Wanted, WantedPasskey, WantedPoint},
    write::{Actor, Plan, Refused, audited, fanout, read_owner},
};
use crate::{
    clock::Time,
    domain::{
        address::Address,
        change::{self, Accepted, PointWish, Request, RequestState, Rival, Snapshot, Step, Wish, hold::Course},
        former, group,
        id::{OwnerId, PointId, RequestId},
        name,
        owner::{Change, Group, Owner, Point, Proof},
    },
    store::{Commit, Effect},
};
use serde_json::json;

/// Versions and effects of one or more owners.
#[derive(Debug, Default)]
pub struct Written {
    /// Owners beside the one whose request it is, with the versions that were read.
    pub others: Vec<(OwnerId, u64)>,
    /// What is written.
    pub effects: Vec<Effect>,
    /// Addresses that were another person's until now.
    pub won: Vec<Address>,
}

/// Ends the imported moves that give way to these proofs (rule C10), and takes the proof from others who hold a value by an
/// older one (C9); or finds that a value is somebody else's. The newest proof counts: `course` knows when each was given.
pub async fn contested(
    env: &Env,
    owner: OwnerId,
    values: &[Address],
    proof: &Proof,
    course: &Course,
    at: Time,
) -> Result<Written, Refused> {
    let mut written = Written::default();
    if values.is_empty() {
        return Ok(written);
    }
    let keys: Vec<Box<str>> = values.iter().map(|address| address.key().into()).collect();
    let mut ended: Vec<(Owner, Vec<PointId>)> = Vec::new();
    let mut lost: Vec<(Owner, PointId, Box<str>)> = Vec::new();
    let holders = env.store.holders(&keys).await?;
    for (key, holder) in holders.into_iter().filter(|(_, holder)| holder.owner != owner) {
        let other = read_owner(env, holder.owner, None).await?;
        let rival = Rival {
            owner: holder.owner,
            point: holder.point,
            claimed: other.claimed,
            present: holder.until.is_none(),
            believed: holder.believed,
            proved: holder.proved,
        };
        for (_, point) in change::contest(&[rival], proof, course.shown(&key)).map_err(|_| Refused::Taken)? {
            if other.claimed {
                lost.push((other.clone(), point, key.clone()));
                continue;
            }
            match ended.iter_mut().find(|(one, _)| one.id == other.id) {
                Some((_, points)) => points.push(point),
                None => ended.push((other.clone(), vec![point])),
            }
        }
    }
    for (other, points) in &ended {
        let effects = end(env, other, points, at);
        if !effects.is_empty() {
            written.others.push((other.id, other.version));
            written.effects.extend(effects);
        }
    }
    for (other, point, key) in &lost {
        if !written.others.iter().any(|(known, _)| *known == other.id) {
            written.others.push((other.id, other.version));
            written.effects.push(fanout(env, other.id, at, Vec::new(), true));
        }
        written.effects.extend(unprove(env, other, *point, key, at));
        let won = values.iter().find(|address| address.key() == &**key);
        written.won.extend(won.filter(|won| !written.won.contains(won)).cloned());
    }
    Ok(written)
}

/// A value of this owner was proved by somebody else: it is believed no more, and the owner is told at every other point
/// (rule C9). Its former values stay, and lead nowhere until the point has a proved value again.
fn unprove(env: &Env, other: &Owner, point: PointId, key: &str, at: Time) -> Vec<Effect> {
    let held = other.points.iter().filter(|one| one.id == point).filter_map(Point::current);
    let Some(held) = held.into_iter().find(|held| held.address.key() == key) else { return Vec::new() };
    let mut effects = vec![
        Effect::ValueProved { owner: other.id, point, key: key.into(), proof: Proof::None, at: held.proved },
        audited(env, other.id, "system", at, "value_lost", &json!({"point": point})),
    ];
    let what = What::Unproved { key: key.into(), wire: held.address.wire().into() };
    effects.extend(letters::to_points(env, other, &[key.into()], &what, at, letters::LIFE));
    effects
}

/// The one who has proved an address that was another person's is told at every point, as that other one is (rule C9).
fn told_of_won(env: &Env, after: &Owner, won: &[Address], at: Time) -> Vec<Effect> {
    let told = |address: &Address| {
        let what = What::Won { key: address.key().into(), wire: address.wire().into() };
        letters::to_points(env, after, &[], &what, at, letters::LIFE)
    };
    won.iter().flat_map(told).collect()
}

/// Carries a request out: one commit with all that it brings (rules C2, C6). `stand` is what it comes to on the facts of this
/// moment.
pub(super) async fn complete(
    env: &Env,
    actor: &Actor,
    owner: Owner,
    (wanted, stand): (&Wanted, &Stand),
    request: Request,
    proof: &Proof,
    now: Time,
) -> Result<Plan<Decided>, Refused> {
    if wanted.erase {
        return erase::decided(env, actor, owner, request, now).await;
    }
    let (renewed, proved) = former::renewed(&owner, &request.course);
    let mut effects: Vec<Effect> =
        proved.into_iter().map(|(point, held)| written(owner.id, &Step::Proved(point, held), now)).collect();
    let done = change::accept(&renewed, &stand.wish, proof, now).map_err(|why| wanted::impossible(wanted, &why))?;
    let mut done = done.proved_by(&request.course, &stand.introduced);
    done.after.silenced &= !wanted.end_panic;
    let groups = granted(env, &done.after.points, owner.id, wanted).await?;
    let request = Request { state: RequestState::Accepted, decided: Some(now), due: None, ..request };
    let mut commit = Commit { expect: vec![(owner.id, owner.version)], ..Commit::default() };
    let ended = contested(env, owner.id, &stand.introduced, proof, &request.course, now).await?;
    commit.expect.extend(ended.others);
    effects.extend(ended.effects);
    effects.extend(told_of_won(env, &done.after, &ended.won, now));
    effects.extend(self::effects(env, &owner, &done, &request, actor, now));
    effects.extend(passkeys::effects(owner.id, wanted, now)?);
    effects.extend(asked_later(env, &owner, &done.after, now));
    for passkey in &wanted.passkeys {
        let what = match passkey {
            WantedPasskey::Add(_) => "passkey_added",
            WantedPasskey::Remove(_) => "passkey_removed",
        };
        effects.push(audited(env, owner.id, &actor.by, now, what, &json!({"request": request.id})));
    }
    let tells = done.tells(&owner, !groups.is_empty());
    for group in groups {
        let detail = json!({"group": group.id, "request": request.id});
        effects.push(Effect::GroupSet(group));
        effects.push(audited(env, owner.id, &actor.by, now, "granted", &detail));
    }
    effects.push(Effect::RequestSet(request.clone()));
    if tells {
        effects.push(fanout(env, owner.id, now, Vec::new(), false));
    }
    commit.effects = effects;
    let owner = Owner { version: owner.version + 1, ..done.after };
    Ok(Plan { commit, outcome: Decided { request, owner } })
}

/// For each former number that the change is about: the question whether it is still theirs.
fn asked_later(env: &Env, before: &Owner, after: &Owner, now: Time) -> Vec<Effect> {
    former::to_ask(before, after).filter_map(|(point, held)| letters::lapsing(env, after, point, held, now)).collect()
}

/// These points of an imported owner are removed, in a request of its own, and nobody is told.
fn end(env: &Env, owner: &Owner, points: &[PointId], at: Time) -> Vec<Effect> {
    let present = |point: &&Point| point.removed.is_none() && points.contains(&point.id);
    let gone: Vec<PointId> = owner.points.iter().filter(present).map(|point| point.id).collect();
    let wish = Wish { points: gone.iter().map(|&point| PointWish::Remove { point }).collect(), ..Wish::default() };
    let Ok(accepted) = change::accept(owner, &wish, &Proof::None, at) else { return Vec::new() };
    if !accepted.changed {
        return Vec::new();
    }
    let system = Actor::system();
    let removed = gone.iter().map(|point| WantedPoint::Remove(point.to_string())).collect();
    let wanted = Wanted { points: removed, ..Wanted::default() };
    let request = request(env, owner.id, &wanted, &system, RequestState::Accepted, at);
    let mut effects = effects(env, owner, &accepted, &request, &system, at);
    effects.push(Effect::RequestSet(request));
    effects.push(fanout(env, owner.id, at, Vec::new(), true));
    effects
}

/// A request with a new id.
pub fn request(env: &Env, owner: OwnerId, wanted: &Wanted, actor: &Actor, state: RequestState, at: Time) -> Request {
    Request {
        id: RequestId::fresh(at, &*env.random),
        owner,
        state,
        wanted: json!(wanted).to_string().into(),
        by: actor.by.clone(),
        created: at,
        decided: (!state.is_open()).then_some(at),
        course: Course::default(),
        due: None,
    }
}

/// Revision, history and audit of an accepted request; not the request itself, nor what is to be told.
pub fn effects(
    env: &Env,
    before: &Owner,
    accepted: &Accepted,
    request: &Request,
    actor: &Actor,
    at: Time,
) -> Vec<Effect> {
    let after = &accepted.after;
    let mut effects: Vec<Effect> = accepted.steps.iter().map(|step| written(after.id, step, at)).collect();
    if accepted.changed || after.claimed != before.claimed || after.silenced != before.silenced {
        effects.push(Effect::OwnerSet {
            id: after.id,
            language: after.language.clone(),
            profile: after.profile.clone(),
            claimed: after.claimed,
            silenced: after.silenced,
            revision: after.revision,
        });
    }
    if after.zone != before.zone {
        effects.push(Effect::ZoneSet(after.id, after.zone.clone()));
    }
    if after.profile != before.profile {
        effects.push(Effect::NamesSet(after.id, name::keys(&after.profile)));
    }
    if accepted.changed {
        effects.push(Effect::Changed(revision(after, request.id, at)));
    }
    effects.push(audited(env, after.id, &actor.by, at, accepted.word(before), &detail(accepted, request)));
    effects.extend(link_contacts::due(before, accepted, at));
    effects
}

/// The owner's new revision with its snapshot.
pub fn revision(after: &Owner, request: RequestId, at: Time) -> Change {
    let snapshot = json!(Snapshot::of(after)).to_string();
    Change { owner: after.id, revision: after.revision, at, request, snapshot: snapshot.into() }
}

fn written(owner: OwnerId, step: &Step, at: Time) -> Effect {
    match step {
        Step::Left(point, _) => Effect::ValueLeft(owner, *point, at),
        Step::Point(point) => Effect::PointSet(owner, point.clone()),
        Step::Held(point, held) => Effect::ValueHeld(owner, *point, held.clone()),
        Step::Proved(point, held) => Effect::ValueProved {
            owner,
            point: *point,
            key: held.address.key().into(),
            proof: held.proof.clone(),
            at: held.proved,
        },
    }
}

/// What the audit trail says of it; `Address` shows itself masked.
pub fn detail(accepted: &Accepted, request: &Request) -> serde_json::Value {
    let step = |step: &Step| match step {
        Step::Left(point, address) => json!({"point": point, "left": address.to_string()}),
        Step::Point(point) => json!({"point": point.id, "label": point.label, "removed": point.removed.is_some()}),
        Step::Held(point, held) => json!({"point": point, "value": held.address.to_string()}),
        Step::Proved(point, held) => json!({"point": point, "proved": held.address.to_string()}),
    };
    json!({
        "request": request.id,
        "revision": accepted.after.revision,
        "steps": accepted.steps.iter().map(step).collect::<Vec<_>>(),
    })
}

/// The groups with the rights that a request gives them (rule C2): both take effect together or not at all.
pub async fn granted(env: &Env, after: &[Point], owner: OwnerId, wanted: &Wanted) -> Result<Vec<Group>, Refused> {
    if wanted.grants.is_empty() {
        return Ok(Vec::new());
    }
    let mut groups = env.store.groups(owner).await?;
    let (mut changed, mut faults) = (Vec::new(), Vec::new());
    for (at, asked) in wanted.grants.iter().enumerate() {
        let pointer = format!("/grants/{at}");
        let Some(group) = groups.iter_mut().find(|group| group.id == asked.group) else {
            faults.push(super::write::Fault::at(format!("{pointer}/group"), "the owner has no such group"));
            continue;
        };
        let given = wanted::grants(after, &asked.reveal, &asked.forward, &asked.fields, &pointer);
        let concealed = wanted::grants(after, &[], &asked.conceal, &[], &pointer);
        match given.and_then(|given| Ok((given, concealed?))) {
            Ok((given, concealed)) => {
                group.grants = group::changed(&group.grants, &given, &concealed);
                changed.retain(|other: &Group| other.id != group.id);
                changed.push(group.clone());
            }
            Err(bad) => faults.extend(bad),
        }
    }
    if faults.is_empty() { Ok(changed) } else { Err(Refused::Invalid(faults)) }
}
