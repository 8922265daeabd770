//! Sessions of owners: opened by a proof, rotated when they gain one, listed and ended by their owner (rule C1).

use super::{
    Env, codes,
    codes::{Issued, Requester},
    keys::digest,
    write::{Actor, Refused, audited},
};
use crate::{
    clock::Time,
    domain::{
        address::Address,
        change::hold::{By, Evidence},
        code::Purpose,
        id::{CodeId, OwnerId, SessionId},
        owner::Point,
    },
    store::{Admitted, Commit, Effect, Session},
};
use serde_json::json;
use std::{fmt, time::Duration};

/// Ends a session in which nothing happens.
pub const IDLE: Duration = Duration::from_hours(14 * 24);
/// Ends any session.
pub const LONGEST: Duration = Duration::from_hours(90 * 24);
/// That a session is in use is written no more often.
const NOTED: Duration = Duration::from_mins(5);
/// Most open sessions of one owner; the oldest ends for a further one.
const MOST: usize = 50;
/// Longest name of a device, in letters.
const LONGEST_LABEL: usize = 100;

/// What a token begins with.
pub const PREFIX: &str = "rds_";

const LETTERS: usize = 52;
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The secret of a session: 260 random bits. It leaves only by [`Token::reveal`].
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    fn fresh(env: &Env) -> Self {
        let mut bytes = [0_u8; LETTERS];
        env.random.fill(&mut bytes);
        let letters = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
        Self(PREFIX.chars().chain(letters).collect())
    }

    /// Reads what a caller sent; `None` where the form is wrong.
    pub fn parse(text: &str) -> Option<Self> {
        let body = text.strip_prefix(PREFIX)?;
        (body.len() == LETTERS && body.bytes().all(|b| ALPHABET.contains(&b))).then(|| Self(text.to_owned()))
    }

    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    fn hash(&self) -> [u8; 32] {
        digest(self.0.as_bytes())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rds_•••")
    }
}

/// Opens a session with what was shown; `with` is written in the same commit.
pub(super) async fn open(
    env: &Env,
    owner: OwnerId,
    device: &str,
    evidence: Evidence,
    with: Option<Effect>,
) -> Result<(Session, Token), Refused> {
    let now = env.store.now().await?;
    let token = Token::fresh(env);
    let label: String = device.chars().filter(|letter| !letter.is_control()).take(LONGEST_LABEL).collect();
    let session = Session {
        id: SessionId::fresh(now, &*env.random),
        owner,
        hash: token.hash(),
        label: label.trim().into(),
        evidence: vec![evidence],
        made: now,
        used: now,
        ended: None,
    };
    let mut effects = Vec::from_iter(with);
    let open: Vec<Session> = list(env, owner).await?;
    let many = (open.len() + 1).saturating_sub(MOST);
    effects.extend(open.into_iter().take(many).map(|old| ended(old, now)));
    let actor = Actor::person(session.evidence.clone());
    effects.push(Effect::Admitted(Admitted::SessionSet(session.clone())));
    effects.push(audited(env, owner, &actor.by, now, "signed_in", &json!({"session": session.id})));
    match env.store.commit(Commit { effects, ..Commit::default() }).await {
        Ok(_) => Ok((session, token)),
        // The code was used meanwhile.
        Err(crate::store::StoreError::Conflict) => Err(Refused::WrongCode),
        Err(error) => Err(error.into()),
    }
}

fn ended(session: Session, at: Time) -> Effect {
    Effect::Admitted(Admitted::SessionSet(Session { ended: Some(at), ..session }))
}

fn counts(session: &Session, now: Time) -> bool {
    session.ended.is_none() && now.since(session.used) < IDLE && now.since(session.made) < LONGEST
}

/// The session of a token, where it counts.
pub async fn authenticate(env: &Env, token: &str) -> Result<Option<Session>, Refused> {
    let Some(token) = Token::parse(token) else { return Ok(None) };
    let now = env.store.now().await?;
    let Some(session) = env.store.session(&token.hash()).await?.filter(|session| counts(session, now)) else {
        return Ok(None);
    };
    if now.since(session.used) >= NOTED {
        let effects = vec![Effect::Admitted(Admitted::SessionUsed(session.id, now))];
        env.store.commit(Commit { effects, ..Commit::default() }).await?;
    }
    Ok(Some(session))
}

/// Sessions that count, oldest first.
pub async fn list(env: &Env, owner: OwnerId) -> Result<Vec<Session>, Refused> {
    let now = env.store.now().await?;
    let mut all = env.store.sessions(owner).await?;
    all.retain(|session| counts(session, now));
    Ok(all)
}

/// Ends a session of an owner: this one, or another device's. Ending one twice changes nothing.
pub async fn end(env: &Env, owner: OwnerId, id: SessionId) -> Result<(), Refused> {
    let found = env.store.sessions(owner).await?.into_iter().find(|session| session.id == id);
    let session = found.ok_or(Refused::NotFound("session"))?;
    if session.ended.is_some() {
        return Ok(());
    }
    let now = env.store.now().await?;
    let actor = Actor::person(Vec::new());
    let line = audited(env, owner, &actor.by, now, "signed_out", &json!({"session": id}));
    env.store.commit(Commit { effects: vec![ended(session, now), line], ..Commit::default() }).await?;
    Ok(())
}

/// Effects that end all sessions of an owner but `kept`.
pub(super) async fn end_others(env: &Env, owner: OwnerId, kept: Option<SessionId>) -> Result<Vec<Effect>, Refused> {
    let now = env.store.now().await?;
    let others = list(env, owner).await?.into_iter().filter(|session| Some(session.id) != kept);
    Ok(others.map(|session| ended(session, now)).collect())
}

/// Asks for a code to another of the owner's points, so that the session shows one thing more.
pub async fn step_up_begin(
    env: &Env,
    session: &Session,
    to: &Address,
    requester: Requester<'_>,
) -> Result<Issued, Refused> {
    let owner = super::write::read_owner(env, session.owner, None).await?;
    let own = owner.points.iter().filter_map(Point::current).any(|held| held.address.key() == to.key());
    if !own {
        return Err(Refused::invalid("/to", "this is no number or address of yours"));
    }
    codes::issue(env, Purpose::StepUp { owner: owner.id }, to, Some(owner.id), requester).await
}

/// Answers that code: the session has one proof more, and a new token.
pub async fn step_up_finish(
    env: &Env,
    session: &Session,
    challenge: CodeId,
    typed: &str,
) -> Result<(Session, Token), Refused> {
    let wanted = Purpose::StepUp { owner: session.owner };
    let code = codes::answered(env, challenge, typed, |purpose| *purpose == wanted).await?;
    let now = env.store.now().await?;
    shown(env, session, By::Code(code.address.key().into()), codes::used(&code, now)).await
}

/// What was shown for a request counts for the session that showed it too, and so gives it a new token.
pub async fn strengthened(env: &Env, session: &Session, by: By) -> Result<(Session, Token), Refused> {
    added(env, session, by, Vec::new()).await
}

/// Adds what was shown to a session, which gets a new token: one that was looked at before is of no use to anybody.
pub(super) async fn shown(env: &Env, session: &Session, by: By, with: Effect) -> Result<(Session, Token), Refused> {
    added(env, session, by, vec![with]).await
}

async fn added(env: &Env, session: &Session, by: By, with: Vec<Effect>) -> Result<(Session, Token), Refused> {
    let now = env.store.now().await?;
    let token = Token::fresh(env);
    let mut next = Session { hash: token.hash(), used: now, ..session.clone() };
    next.evidence.retain(|known| known.by != by);
    next.evidence.push(Evidence { by, at: now });
    let mut effects = with;
    effects.push(Effect::Admitted(Admitted::SessionSet(next.clone())));
    match env.store.commit(Commit { effects, ..Commit::default() }).await {
        Ok(_) => Ok((next, token)),
        Err(crate::store::StoreError::Conflict) => Err(Refused::WrongCode),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_whole_or_not_at_all() {
        let good = format!("{PREFIX}{}", "k".repeat(LETTERS));
        assert_eq!(Token::parse(&good).unwrap().reveal(), good);
        for bad in [&good[1..], &good[..good.len() - 1], &good.replace('k', "u"), &format!("{good}k"), ""] {
            assert!(Token::parse(bad).is_none(), "{bad}");
        }
        assert_eq!(format!("{:?}", Token::parse(&good)), "Some(rds_•••)");
    }
}
