//! One-time codes: asked for, sent, compared (rule C1).
//!
//! Asking does the same for every address, known or not, and answers the same: whether anybody is behind it is looked up
//! when the message is about to be sent. An answer is counted before it is compared, so that many at once get no more
//! tries than one after the other.

use super::{
    Env, letters,
    letters::What,
    seal,
    write::{Fault, Refused},
};
use crate::{
    clock::Time,
    domain::{
        address::Address,
        code::{self, Code, Purpose, TRIES},
        id::{CodeId, OwnerId},
    },
    store::{Admitted, Commit, Effect, Result, StoreError},
};

/// A code that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issued {
    /// Shown with the answer.
    pub challenge: CodeId,
    /// Until when it counts.
    pub expires: Time,
}

/// Who asks, for the limits: `ip 192.0.2.1`, `app_…`; and the language of the message, where it is known.
#[derive(Clone, Copy, Debug)]
pub struct Requester<'a> {
    /// One who is counted as one.
    pub who: &'a str,
    /// A language tag.
    pub language: Option<&'a str>,
}

/// Asks for a code. Known and unknown addresses are one. `own`: who is signed in and has the address at present.
pub(super) async fn issue(
    env: &Env,
    purpose: Purpose,
    to: &Address,
    own: Option<OwnerId>,
    requester: Requester<'_>,
) -> std::result::Result<Issued, Refused> {
    let now = env.store.now().await?;
    let counts = code::counts(to, requester.who, own, &env.rules().codes, now);
    let mut effects: Vec<Effect> =
        counts.into_iter().map(|count| Effect::Admitted(Admitted::Counted { count, now })).collect();
    let code =
        Code { id: CodeId::fresh(now, &*env.random), address: to.clone(), purpose, made: now, tries: 0, used: None };
    let issued = Issued { challenge: code.id, expires: code.expires() };
    let what = What::Code { code: code.id };
    effects.push(letters::due(env, to, &what, requester.language, now, letters::CODE_LIFE));
    effects.push(Effect::Admitted(Admitted::CodeMade(code)));
    match env.store.commit(Commit { effects, ..Commit::default() }).await {
        Ok(_) => Ok(issued),
        Err(StoreError::Spent) => Err(Refused::TooMany),
        Err(error) => Err(error.into()),
    }
}

/// The code with this id where these are its digits and it counts for what `fits` says. It is not used up yet:
/// [`used`] belongs into the commit of what it is for. Wrong, used, expired, unknown and for something else are one answer.
pub(super) async fn answered(
    env: &Env,
    challenge: CodeId,
    typed: &str,
    fits: impl Fn(&Purpose) -> bool,
) -> std::result::Result<Code, Refused> {
    let Some(typed) = code::typed(typed) else {
        return Err(Refused::Invalid(vec![Fault::at("/code", "a code has six digits")]));
    };
    let now = env.store.now().await?;
    let Some(code) = env.store.code(challenge).await? else { return Err(Refused::WrongCode) };
    let tried = Effect::Admitted(Admitted::CodeTried { id: code.id, most: TRIES });
    match env.store.commit(Commit { effects: vec![tried], ..Commit::default() }).await {
        Ok(_) => {}
        Err(StoreError::Conflict) => return Err(Refused::WrongCode),
        Err(error) => return Err(error.into()),
    }
    // By what it was before this answer.
    let right = seal::same(&digits(env, &code).await?, &typed) && fits(&code.purpose) && code.counts(now);
    if right { Ok(code) } else { Err(Refused::WrongCode) }
}

/// Where the code with this id was sent, while it is not used up and counts for what `fits` says.
pub(super) async fn address(env: &Env, challenge: CodeId, fits: impl Fn(&Purpose) -> bool) -> Result<Option<Address>> {
    let code = env.store.code(challenge).await?;
    Ok(code.filter(|code| fits(&code.purpose) && code.used.is_none()).map(|code| code.address))
}

/// Ends a code: it counts once.
pub(super) fn used(code: &Code, at: Time) -> Effect {
    Effect::Admitted(Admitted::CodeUsed { id: code.id, at })
}

/// The digits of a code.
pub(super) async fn digits(env: &Env, code: &Code) -> Result<String> {
    let (id, key) = (code.id.to_bytes(), code.address.key().as_bytes());
    Ok(code::digits(&env.mac(&[b"code", &id, key]).await?))
}
