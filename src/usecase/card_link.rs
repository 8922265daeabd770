//! The links by which recipients open the card that they may see, choose how they are told, and stop it (rules N6, C7).
//!
//! One for each owner and address. It is renewed with each notice; after [`FRESH`] the next notice carries a new one, so
//! that one which got into other hands counts no longer than [`LIFE`]. An old one still stops messages: who has it got one.

use super::Env;
use crate::{
    domain::{address::Address, id::OwnerId, notice::Recipient},
    store::{CardLink, Commit, Effect, OptOut, Result, Returned},
};
use std::time::Duration;

/// For how long a link shows the card since its last notice.
pub const LIFE: Duration = Duration::from_hours(90 * 24);
/// For how long notices carry the same link.
const FRESH: Duration = Duration::from_hours(30 * 24);
/// A link that counts nearly as long as a new one is not written anew.
const NEARLY: Duration = Duration::from_hours(24);

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

/// The address of a recipient's page, to which `/stop` and `.vcf` can be added. `None` where this service has no address
/// that a reader could reach.
pub(super) async fn of(
    env: &Env,
    base: &str,
    (owner, recipient): (OwnerId, Recipient),
    to: &Address,
    language: &str,
) -> Result<Option<String>> {
    if base.is_empty() {
        return Ok(None);
    }
    let at = env.store.now().await?;
    let until = at.after(LIFE);
    let known = env.store.card_link_of(owner, to.key()).await?;
    let link = match known.filter(|link| link.until > at && at.since(link.at) < FRESH) {
        Some(link) => {
            let same = link.recipient == Some(recipient) && *link.language == *language;
            if same && link.until.after(NEARLY) >= until {
                return Ok(Some(page(base, &link)));
            }
            CardLink { recipient: Some(recipient), language: language.into(), until, ..link }
        }
        None => CardLink {
            token: format!("{:032x}", env.random.bits()).into(),
            owner,
            recipient: Some(recipient),
            address: to.clone(),
            language: language.into(),
            at,
            until,
        },
    };
    let address = page(base, &link);
    let effects = vec![Effect::Returned(Returned::CardLinked(link))];
    env.store.commit(Commit { effects, ..Commit::default() }).await?;
    Ok(Some(address))
}

fn page(base: &str, link: &CardLink) -> String {
    format!("{base}/c/{}", link.token)
}

/// The link of a token, whether or not it still shows a card, and the shown name of its owner.
pub async fn read(env: &Env, token: &str) -> Result<Option<(CardLink, String)>> {
    let Some(link) = env.store.card_link(token).await? else { return Ok(None) };
    let owner = env.store.owner(link.owner).await?;
    Ok(owner.map(|owner| (link, owner.profile.name)))
}

/// Does what was wanted. Said twice it counts once.
pub async fn click(env: &Env, link: &CardLink, click: Click) -> Result<()> {
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

/// What ends links for good: all of an owner's, or those to one address. The next notice makes new ones.
pub fn ended(owner: OwnerId, key: Option<&str>) -> Effect {
    Effect::Returned(Returned::CardLinksEnded { owner, key: key.map(Into::into) })
}
