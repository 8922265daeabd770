//! Signing in by a code (rule C1).

use super::{
    Env, codes,
    codes::{Issued, Requester},
    course, owners,
    owners::NewOwner,
    sessions::{self, Token},
    wanted::NewPoint,
    write::{Actor, Refused, carry_out},
};
use crate::{
    domain::{
        address::Address,
        change::hold::{By, Evidence},
        code::{Code, Purpose},
        id::{CodeId, OwnerId},
    },
    store::{Result, Session},
};

/// How an answer to a code ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignedIn {
    /// Somebody is signed in.
    As {
        /// The session.
        session: Session,
        /// For the cookie or the header; nowhere else.
        token: Token,
    },
    /// The code is right and nobody has the address: with a name it becomes a new owner. The code still counts.
    Newcomer,
}

/// Asks for a code to sign in with. The answer is the same whether or not anybody has the address.
pub async fn begin(env: &Env, to: &Address, requester: Requester<'_>) -> std::result::Result<Issued, Refused> {
    codes::issue(env, Purpose::SignIn, to, None, requester).await
}

/// Where the code of this challenge was sent, for the page that asks for it.
///
/// # Errors
/// The store could not be reached.
pub async fn asked(env: &Env, challenge: CodeId) -> Result<Option<Address>> {
    codes::address(env, challenge, |purpose| *purpose == Purpose::SignIn).await
}

/// Answers the code. `name` is for somebody new, where the operator lets people register themselves.
pub async fn finish(
    env: &Env,
    challenge: CodeId,
    typed: &str,
    device: &str,
    newcomer: Option<&NewcomerName>,
) -> std::result::Result<SignedIn, Refused> {
    let code = codes::answered(env, challenge, typed, |purpose| *purpose == Purpose::SignIn).await?;
    let now = env.store.now().await?;
    let evidence = Evidence { by: By::Code(code.address.key().into()), at: now };
    let mut used = Some(codes::used(&code, now));
    let owner = match whose(env, &code.address).await? {
        Some(owner) => owner,
        None if !env.rules().registration => return Err(Refused::WrongCode),
        None => match newcomer {
            Some(name) => {
                used = None;
                register(env, &code, name, &evidence).await?
            }
            None => return Ok(SignedIn::Newcomer),
        },
    };
    let (session, token) = sessions::open(env, owner, device, evidence, used).await?;
    Ok(SignedIn::As { session, token })
}

/// What somebody new is called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewcomerName {
    /// As it is shown.
    pub name: String,
    /// A language tag.
    pub language: Option<String>,
}

/// Registers somebody new whose address has just been proved. Where another owner holds the address it is held like any
/// other change (rule C9). The code is used in the commit that makes the owner: many answers at once are one newcomer.
async fn register(
    env: &Env,
    code: &Code,
    name: &NewcomerName,
    evidence: &Evidence,
) -> std::result::Result<OwnerId, Refused> {
    let address = &code.address;
    let mut profile = serde_json::Map::new();
    profile.insert("name".into(), name.name.clone().into());
    let label = match address.kind() {
        crate::domain::address::Kind::Email => "home",
        crate::domain::address::Kind::Phone | crate::domain::address::Kind::Device => "mobile",
    };
    let new = NewOwner {
        language: name.language.clone(),
        profile,
        points: vec![NewPoint { label: label.into(), value: address.wire().into() }],
    };
    let actor = Actor::person(Vec::new());
    let plan = async || {
        if env.store.code(code.id).await?.is_none_or(|code| code.used.is_some()) {
            return Err(Refused::WrongCode);
        }
        let mut plan = owners::register(env, &actor, &new).await?;
        plan.commit.effects.push(codes::used(code, evidence.at));
        Ok(plan)
    };
    let registered = carry_out(env, plan).await?;
    let (owner, request) = (registered.owner.id, registered.request.id);
    carry_out(env, || course::prove(env, &actor, owner, request, evidence.clone(), None)).await?;
    Ok(owner)
}

/// The owner who signs in with this address: it is their believed present value, and no report has called it dead since it
/// was proved. An imported owner is nobody yet (rule C10).
pub(super) async fn whose(env: &Env, address: &Address) -> Result<Option<OwnerId>> {
    let key: Box<str> = address.key().into();
    let keys = std::slice::from_ref(&key);
    let held = env.store.holders(keys).await?.into_iter().map(|(_, holder)| holder);
    let Some(holder) = held.into_iter().find(|holder| holder.until.is_none() && holder.believed) else {
        return Ok(None);
    };
    let dead = env.store.unreachable(keys).await?.iter().any(|dead| dead.at > holder.proved);
    let owner = env.store.owner(holder.owner).await?;
    Ok(owner.filter(|owner| owner.claimed && !dead).map(|owner| owner.id))
}

/// Whether a code to this address is of use to anybody.
pub(super) async fn welcomes(env: &Env, address: &Address) -> Result<bool> {
    Ok(env.rules().registration || whose(env, address).await?.is_some())
}
