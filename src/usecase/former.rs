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
        code::{Code, Purpose},
        former,
        id::CodeId,
        owner::{Held, Owner, Proof},
        query::Holder,
    },
    store::{Effect, Session},
};
use serde_json::json;

/// Asks for a code to a former value of one of the owner's points.
pub async fn begin(env: &Env, session: &Session, to: &Address, requester: Requester<'_>) -> Result<Issued, Refused> {
    let owner = read_owner(env, session.owner, None).await?;
    // The answer would tell what they had.
    history::is_shown(&owner)?;
    let Some((point, _)) = former::last(&owner, to.key()) else {
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
    history::is_shown(&owner)?;
    let now = env.store.now().await?;
    let key: Box<str> = code.address.key().into();
    let (point, held) = former::last(&owner, &key).ok_or(Refused::NotFound("former number"))?;
    if !former::may_be_renewed(&owner, &key, &session.evidence, &env.rules().holds, now) {
        let why = "sign in with another number or address of yours, or a passkey: the old number alone proves nothing";
        return Err(Refused::Conflict(why.into()));
    }
    let holders = env.store.holders(std::slice::from_ref(&key)).await?;
    let holders: Vec<Holder> = holders.into_iter().map(|(_, holder)| holder).collect();
    if former::taken(owner.id, held, &holders) {
        return Err(Refused::Taken);
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
