//! A former number proved once more is answered for longer (rule Q3): by a code to it, together with another proof.

use super::{
    Env, codes,
    codes::{Issued, Requester},
    history, letters, memory,
    write::{Actor, Plan, Refused, audited, read_owner},
};
use crate::{
    clock::Time,
    domain::{
        address::Address,
        code::{Code, Purpose},
        former,
        id::{CodeId, LetterId},
        owner::{Held, Owner, Proof},
        query::Holder,
    },
    store::{Came, Commit, Effect, Memory, Posted, Session, StoreError},
};
use serde_json::json;

/// Owners in one page of [`ask_about_stated`].
const PAGE: usize = 500;
/// How often an owner whom somebody else changes at the same time is looked at anew.
const TRIES: u32 = 8;

/// Asks for a code to a former value of one of the owner's points.
pub async fn begin(env: &Env, session: &Session, to: &Address, requester: Requester<'_>) -> Result<Issued, Refused> {
    let owner = read_owner(env, session.owner, None).await?;
    // The answer would tell what they had.
    history::is_shown(&owner)?;
    let Some((point, _)) = former::last(&owner, to.key()) else {
        return Err(Refused::invalid("/to", "no point of yours had this value and has another now"));
    };
    codes::issue(env, Purpose::Former { owner: owner.id, point: point.id }, to, None, requester).await
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

/// Has the owners asked, each once, about former numbers whose successor a key has stated, which programs before this one did
/// not. Done once for a database: how many questions were written.
///
/// # Errors
/// The store could not be reached. What was not done is done the next time.
pub async fn ask_about_stated(env: &Env) -> Result<usize, StoreError> {
    let done = memory::key("former numbers of which a key has stated the next", &[]);
    if env.store.came(&[done]).await?.iter().any(Option::is_some) {
        return Ok(0);
    }
    let (mut last, mut asked) = (None, 0);
    loop {
        let page = env.store.owners(last, PAGE).await?;
        last = page.items.last().map(|owner| owner.id);
        for owner in page.items {
            asked += ask_one(env, owner).await?;
        }
        if !page.more {
            break;
        }
    }
    let came = Came { key: done, at: env.store.now().await?, until: Time::MAX, value: Box::default() };
    let effects = vec![Effect::Memory(Memory::Known(came))];
    env.store.commit(Commit { effects, ..Commit::default() }).await?;
    Ok(asked)
}

async fn ask_one(env: &Env, mut owner: Owner) -> Result<usize, StoreError> {
    for _ in 0..TRIES {
        let now = env.store.now().await?;
        let mut effects = Vec::new();
        for (point, held) in former::stated(&owner) {
            let Some(mut question) = letters::lapsing(env, &owner, point, held, now) else { continue };
            if let Effect::Posted(Posted::Due(letter)) = &mut question {
                // The same at each try, also by another node.
                let parts = [&owner.id.to_bytes()[..], &point.id.to_bytes(), held.address.key().as_bytes()];
                letter.id = LetterId(u128::from_be_bytes(memory::key("question", &parts)));
                if env.store.letter(letter.id).await?.is_some() {
                    continue;
                }
            }
            effects.push(question);
        }
        let count = effects.len();
        if count == 0 {
            return Ok(0);
        }
        let commit = Commit { expect: vec![(owner.id, owner.version)], effects, once: None };
        match env.store.commit(commit).await {
            Ok(_) => return Ok(count),
            Err(StoreError::Conflict) => match env.store.owner(owner.id).await? {
                Some(now) => owner = now,
                None => return Ok(0),
            },
            Err(other) => return Err(other),
        }
    }
    Err(StoreError::Conflict)
}
