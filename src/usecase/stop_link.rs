//! The link by which a recipient ends messages with one click (RFC 8058), and the page behind it (rule N6). Opening the
//! page changes nothing: mail scanners open links too.

use super::Env;
use crate::{
    domain::{address::Address, id::OwnerId},
    store::{Commit, Effect, OptOut, Result, Returned, StopLink},
};

/// What somebody wants with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Click {
    /// No more about this owner: what a mail program's own button says.
    StopOwner,
    /// No more about anybody.
    StopAll,
    /// About this owner again.
    StartOwner,
    /// About everybody again.
    StartAll,
}

/// The link of a pair; made where there is none. `None` where this service has no address that a reader could reach.
pub(super) async fn of(env: &Env, base: &str, owner: OwnerId, to: &Address, language: &str) -> Result<Option<String>> {
    if base.is_empty() {
        return Ok(None);
    }
    let token = if let Some(link) = env.store.stop_link_of(owner, to.key()).await? {
        link.token
    } else {
        let token: Box<str> = format!("{:032x}", env.random.bits()).into();
        let at = env.store.now().await?;
        let link = StopLink { token: token.clone(), owner, address: to.clone(), language: language.into(), at };
        let effects = vec![Effect::Returned(Returned::StopLinkMade(link))];
        env.store.commit(Commit { effects, ..Commit::default() }).await?;
        // Somebody else may have been faster, and then theirs is the pair's.
        env.store.stop_link_of(owner, to.key()).await?.map_or(token, |link| link.token)
    };
    Ok(Some(format!("{base}/c/{token}/stop")))
}

/// The link and the shown name of its owner; `None`: there is no such link, or not any more.
pub async fn read(env: &Env, token: &str) -> Result<Option<(StopLink, String)>> {
    let Some(link) = env.store.stop_link(token).await? else { return Ok(None) };
    let owner = env.store.owner(link.owner).await?;
    Ok(owner.map(|owner| (link, owner.profile.name)))
}

/// Does what was wanted. Said twice it counts once.
pub async fn click(env: &Env, link: &StopLink, click: Click) -> Result<()> {
    let at = env.store.now().await?;
    let (address, key) = (link.address.clone(), Box::<str>::from(link.address.key()));
    let out = |owner| Effect::OptedOut(OptOut { address, owner, at, way: "link".into() });
    let effects = match click {
        Click::StopOwner => vec![out(Some(link.owner))],
        Click::StopAll => vec![out(None)],
        Click::StartOwner => vec![Effect::OptedIn { key, owner: Some(link.owner) }],
        Click::StartAll => vec![Effect::OptedIn { key, owner: None }],
    };
    env.store.commit(Commit { effects, ..Commit::default() }).await.map(|_| ())
}
