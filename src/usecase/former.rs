//! A former number proved once more is answered for longer (rule Q3): by a code to it, together with another proof.

use super::{
    Env, codes,
    codes::{Issued, Requester},
    history, letters,
    write::{Actor, Plan, Refused, audited, read_owner},
};
use crate::{
    domain::{
        address::Address,
        change::hold::{self, By},
        code::{Code, Purpose},
        id::CodeId,
        owner::{Held, Owner, Point, Proof},
    },
    store::{Effect, Session},
};
use serde_json::json;

/// The point that had this value last.
fn point_of<'a>(owner: &'a Owner, key: &str) -> Option<(&'a Point, &'a Held)> {
    let had = owner.points.iter().filter(|point| point.removed.is_none());
    had.filter_map(|point| {
        let last = point.values.iter().rev().find(|held| held.address.key() == key)?;
        (last.until.is_some() && last.proof != Proof::None).then_some((point, last))
    })
    .max_by_key(|(_, held)| held.until)
}

/// Asks for a code to a former value of one of the owner's points.
pub async fn begin(env: &Env, session: &Session, to: &Address, requester: Requester<'_>) -> Result<Issued, Refused> {
    let owner = read_owner(env, session.owner, None).await?;
    // The answer would tell what they had.
    history::is_shown(&owner)?;
    let Some((point, _)) = point_of(&owner, to.key()) else {
        return Err(Refused::invalid("/to", "no point of yours had this value and has another now"));
    };
    codes::issue(env, Purpose::Former { owner: owner.id, point: point.id }, to, requester).await
}

/// Compares the answer.
pub async fn answered(env: &Env, session: &Session, challenge: CodeId, typed: &str) -> Result<Code, Refused> {
    let owner = session.owner;
    codes::answered(
        env,
        challenge,
        typed,
        |purpose| matches!(purpose, Purpose::Former { owner: of, .. } if *of == owner),
    )
    .await
}

/// The window of the former number begins anew. Somebody who has only that number shows nothing by it; and one that
/// another owner has proved since stays theirs.
pub async fn renew(env: &Env, session: &Session, code: &Code) -> Result<Plan<Owner>, Refused> {
    let owner = read_owner(env, session.owner, None).await?;
    let now = env.store.now().await?;
    let key: Box<str> = code.address.key().into();
    let (point, held) = point_of(&owner, &key).ok_or(Refused::NotFound("former number"))?;
    let fresh = env.rules().holds.fresh;
    let other = |by: &By| match by {
        By::Passkey => true,
        By::Code(from) => **from != *key && hold::proves(&owner, from, &[]).is_some(),
    };
    if !session.evidence.iter().any(|shown| now.since(shown.at) < fresh && other(&shown.by)) {
        let why = "sign in with another number or address of yours, or a passkey: the old number alone proves nothing";
        return Err(Refused::Conflict(why.into()));
    }
    let left = held.until.unwrap_or(held.from);
    for (_, holder) in env.store.holders(std::slice::from_ref(&key)).await? {
        if holder.owner != owner.id && holder.believed && holder.proved >= left {
            return Err(Refused::Taken);
        }
    }
    let actor = Actor::person(session.evidence.clone());
    let renewed = Held { proof: Proof::Code, proved: now, ..held.clone() };
    let mut effects = vec![
        Effect::ValueProved { owner: owner.id, point: point.id, key, proof: Proof::Code, at: now },
        codes::used(code, now),
        audited(env, owner.id, &actor.by, now, "value_proved", &json!({"point": point.id})),
    ];
    effects.extend(letters::lapsing(env, &owner, point, &renewed, now));
    let after = Owner { version: owner.version + 1, ..owner.clone() };
    Ok(Plan::on(&owner, effects, after))
}
