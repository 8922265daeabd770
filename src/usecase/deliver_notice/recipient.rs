//! Where a recipient is reached, and in which language (rules N1, N3, N6).

use super::{Post, plan::Plan};
use crate::{
    clock::Time,
    domain::{
        address::{Address, Kind},
        device::{self, Device},
        group::{Identity, Viewer},
        id::OwnerId,
        notice::{Notice, Recipient, preferring},
        owner::{Contact, Proof},
        query::Verdict,
        schedule::{self, shared_zone},
        target::{Countries, Targets},
    },
    store::Result,
    usecase::{
        Env,
        card_page::preferred,
        resolve::{self, Ask},
    },
};
use jiff::tz::TimeZone;

impl Plan {
    /// Where the recipient is reached, in which order, and in which languages.
    pub(super) async fn find(
        &mut self,
        env: &Env,
        post: &Post,
        notice: &Notice,
        contacts: &[Contact],
        plain: &[Box<str>],
    ) -> Result<()> {
        let Reachable { addresses, language, zone } = reach(env, notice.recipient, contacts).await?;
        self.zone = zone;
        // Most addresses are nobody's but the contact's, and nothing was said at them.
        let nothing_said = addresses.iter().all(|address| plain.iter().any(|key| **key == *address.key()));
        let moved = match notice.recipient {
            Recipient::Contact(_) if !nothing_said => gone_to(env, notice.owner, contacts, &addresses).await?,
            _ => Vec::new(),
        };
        self.devices = devices_of(env, notice.recipient).await?;
        self.addresses = [addresses, moved].concat();
        let wish = if nothing_said { None } else { preferred(env, &self.addresses).await? };
        let asked = wish.as_ref().map(|wish| wish.language.clone()).filter(|language| !language.is_empty());
        let languages = [asked, language, Some(self.views.owner.language.clone()), Some(post.language.as_str().into())];
        self.languages = languages.into_iter().flatten().collect();
        self.channels = preferring(std::mem::take(&mut self.channels), wish.and_then(|wish| wish.first));
        if let Some(fresh) = &mut self.fresh {
            fresh.nothing_said = nothing_said;
        }
        Ok(())
    }
}

/// Where a recipient has push messages: a registered one, the device that was in use last first.
async fn devices_of(env: &Env, recipient: Recipient) -> Result<Vec<Device>> {
    Ok(match recipient {
        Recipient::Owner(id) => device::live(env.store.devices(id).await?),
        Recipient::Contact(_) => Vec::new(),
    })
}

/// Where those of a contact's addresses have gone that are dead, as far as the owner may know it: a recipient who has moved
/// (rule N6).
async fn gone_to(env: &Env, owner: OwnerId, contacts: &[Contact], addresses: &[Address]) -> Result<Vec<Address>> {
    let keys: Vec<Box<str>> = addresses.iter().map(|address| address.key().into()).collect();
    let mut found: Vec<Address> = Vec::new();
    for dead in env.store.unreachable(&keys).await? {
        let holds = |contact: &&Contact| contact.addresses.iter().any(|one| one.key() == dead.address.key());
        let ask = Ask {
            to: dead.address.clone(),
            name: contacts.iter().find(holds).map(|contact| &*contact.name),
            viewer: Viewer::proved(Identity::Owner(owner)),
            sender: None,
            identity_bound: None,
            // Which countries are written to is the account's to say, as for every notice.
            targets: &Targets { countries: Countries::Any, ..Targets::default() },
            asker: None,
            way: "notice",
        };
        if let Verdict::Moved(new) = Box::pin(resolve::resolve(env, ask)).await?.decision.say
            && !addresses.iter().chain(&found).any(|one| one.key() == new.key())
        {
            found.push(new);
        }
    }
    Ok(found)
}

/// Where a recipient can be reached, and how they read.
pub(in crate::usecase) struct Reachable {
    /// Best first.
    pub(in crate::usecase) addresses: Vec<Address>,
    /// Their language, where it is known.
    language: Option<Box<str>>,
    /// The zone that they have chosen, where they are registered.
    zone: Option<TimeZone>,
}

impl Reachable {
    /// Their zone, where it is known: the one that they have chosen, else that of their numbers.
    pub(in crate::usecase) fn clock(self, now: Time) -> Option<TimeZone> {
        self.zone.or_else(|| shared_zone(self.addresses.iter(), now))
    }
}

/// Where the recipient can be reached.
///
/// A registered recipient is reached at the points that they have proved themselves; a contact at the addresses that the
/// owner has of them.
pub(in crate::usecase) async fn reach(env: &Env, recipient: Recipient, contacts: &[Contact]) -> Result<Reachable> {
    if let Recipient::Owner(id) = recipient {
        let Some(owner) = env.store.owner(id).await? else {
            return Ok(Reachable { addresses: Vec::new(), language: None, zone: None });
        };
        let held = owner.points.iter().filter_map(|point| point.current()).filter(|held| held.proof != Proof::None);
        let addresses = held.map(|held| held.address.clone()).collect();
        let zone = owner.zone.as_deref().and_then(schedule::zone);
        return Ok(Reachable { addresses, language: Some(owner.language), zone });
    }
    let mut addresses: Vec<Address> = Vec::new();
    for address in contacts.iter().flat_map(|contact| &contact.addresses) {
        if matches!(address.kind(), Kind::Phone | Kind::Email) && !addresses.contains(address) {
            addresses.push(address.clone());
        }
    }
    Ok(Reachable { addresses, language: contacts.iter().find_map(|contact| contact.language.clone()), zone: None })
}
