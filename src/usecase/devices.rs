//! An owner's devices: where push messages about others reach them (rules N3, N6, W2).

use super::{
    Env,
    write::{Actor, Fault, Plan, Refused, audited, read_owner},
};
use crate::{
    clock::Time,
    domain::{
        address::{Address, Kind},
        device::{self, Device, LONGEST_LABEL, NotAPlace, Place, PushKeys, Wanted},
        id::{DeviceId, OwnerId},
    },
    provider::{self, is_point},
    store::{Commit, Effect, OfDevice, StoreError},
    transport::http::reach::Reach,
};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use utoipa::ToSchema;

/// An account that pushes, as applications need to know it.
#[derive(Clone, Debug)]
pub struct PushAccount {
    /// Its name in the configuration.
    pub name: Box<str>,
    /// Its provider's name; `folder` for messages that become files.
    pub kind: Box<str>,
    /// The account with its provider's file; `None` for files.
    pub account: Option<Arc<provider::Account>>,
    /// Which endpoints it may write to (rule W2).
    pub reach: Reach,
}

/// The accounts that push, in the operator's order.
pub type PushAccounts = Arc<[PushAccount]>;

impl PushAccount {
    /// Whether its devices are endpoints with keys (RFC 8030, RFC 8291) and not tokens.
    pub fn endpoints(&self) -> bool {
        self.form().is_some_and(|form| form.endpoint)
    }

    /// What a device tells, for a reader.
    pub fn about(&self) -> &str {
        self.form().map_or("any name, for the file of each message", |form| form.about)
    }

    /// With what applications subscribe (RFC 8292), where the account has it.
    pub fn public_key(&self) -> Option<&str> {
        self.account.as_ref()?.shown("public_key").filter(|_| self.endpoints())
    }

    fn form(&self) -> Option<provider::DeviceForm<'_>> {
        self.account.as_ref()?.provider().device()
    }

    /// Where a device is, from what its application tells.
    fn place(&self, new: &NewDevice) -> Result<Place, Fault> {
        match (&new.token, &new.subscription, self.endpoints()) {
            (Some(token), None, false) => self.token(token),
            (None, Some(subscription), true) => self.endpoint(subscription),
            (_, _, true) => Err(Fault::at(
                "/subscription",
                "this account needs `subscription` and no `token`: an endpoint and its keys",
            )),
            (_, _, false) => {
                let needed = format!("this account needs `token` and no `subscription`: {}", self.about());
                Err(Fault::at("/token", needed))
            }
        }
    }

    fn token(&self, token: &str) -> Result<Place, Fault> {
        let place = Place::token(token).map_err(|why| Fault::at("/token", why.to_string()))?;
        if self.form().is_none_or(|form| form.fits(token)) {
            Ok(place)
        } else {
            Err(Fault::at("/token", format!("it does not look like {}", self.about())))
        }
    }

    fn endpoint(&self, written: &Subscription) -> Result<Place, Fault> {
        let at = |why: NotAPlace| {
            let pointer = match why {
                NotAPlace::PublicKey => "/subscription/keys/p256dh",
                NotAPlace::Secret => "/subscription/keys/auth",
                NotAPlace::Endpoint | NotAPlace::Token => "/subscription/endpoint",
            };
            Fault::at(pointer, why.to_string())
        };
        let keys = PushKeys::read(&written.keys.p256dh, &written.keys.auth).map_err(at)?;
        if !is_point(&keys.p256dh) {
            return Err(Fault::at("/subscription/keys/p256dh", "the point does not lie on the curve P-256"));
        }
        let place = Place::endpoint(&written.endpoint, keys).map_err(at)?;
        let uri = written.endpoint.parse::<http::Uri>();
        let allowed = uri.ok().map(|uri| self.reach.check(&uri).map_err(|failure| failure.to_string()));
        match allowed {
            Some(Ok(())) => Ok(place),
            Some(Err(why)) => Err(Fault::at("/subscription/endpoint", why)),
            None => Err(at(NotAPlace::Endpoint)),
        }
    }
}

/// A device as its application registers it, again at each start.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDevice {
    /// Which account writes to it: one of `GET /v1/push-accounts`.
    pub account: String,
    /// The token that the system gave the application, where the account's devices have tokens.
    pub token: Option<String>,
    /// A browser's subscription as it writes itself as JSON, or what a `UnifiedPush` distributor gave.
    pub subscription: Option<Subscription>,
    /// The owner's word for it, like `Pixel 9`; left out: as it was.
    pub label: Option<String>,
}

/// Where a push service takes messages for one device (RFC 8030), and with what they are sealed (RFC 8291).
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// An https address.
    #[schema(example = "https://updates.push.services.example/wpush/v2/…")]
    pub endpoint: String,
    /// The device's keys.
    pub keys: SubscriptionKeys,
    /// Not used: when it ends the push service says so.
    #[serde(default, rename = "expirationTime")]
    pub expiration_time: Option<f64>,
}

/// A device's keys.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionKeys {
    /// An uncompressed P-256 point in base64url.
    pub p256dh: String,
    /// 16 bytes in base64url.
    pub auth: String,
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Subscription(•••)")
    }
}

/// What came of a registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The device.
    pub device: Device,
    /// Whether it was not this owner's before.
    pub new: bool,
}

/// Registers a device of an owner. The same one registered again is in use, and has the keys that are told now; one of
/// another owner's is this one's from now on.
pub async fn register(
    env: &Env,
    actor: &Actor,
    accounts: &PushAccounts,
    owner: OwnerId,
    new: &NewDevice,
) -> Result<Plan<Done>, Refused> {
    let owner = read_owner(env, owner, None).await?.id;
    let account = find(accounts, &new.account)?;
    let place = account.place(new).map_err(|fault| Refused::Invalid(vec![fault]))?;
    let label = label(new.label.as_deref().unwrap_or_default())?;
    let (own, there) = (env.store.devices(owner).await?, env.store.device_at(&account.name, place.plain()).await?);
    let now = env.store.now().await?;
    let wanted = Wanted { owner, account: account.name.clone(), place, label };
    let done = device::register(&own, there.as_ref(), wanted, DeviceId::fresh(now, &*env.random), now);
    let mut effects = Vec::new();
    for (gone, why) in &done.ended {
        effects.push(end(gone.id, now, why, now));
        effects.push(audited(env, gone.owner, &actor.by, now, "device_ended", &json!({"device": gone.id, "why": why})));
    }
    effects.extend(done.forgotten.iter().map(|id| Effect::OfDevice(OfDevice::Removed(owner, *id))));
    effects.push(Effect::OfDevice(OfDevice::Set(done.device.clone())));
    if done.new {
        let detail = json!({"device": done.device.id, "account": account.name});
        effects.push(audited(env, owner, &actor.by, now, "device_registered", &detail));
    }
    let outcome = Done { device: done.device, new: done.new };
    Ok(Plan { commit: Commit { effects, ..Commit::default() }, outcome })
}

/// An account by its name.
fn find<'a>(accounts: &'a PushAccounts, name: &str) -> Result<&'a PushAccount, Refused> {
    accounts.iter().find(|account| *account.name == *name).ok_or_else(|| {
        let known: Vec<&str> = accounts.iter().map(|account| &*account.name).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        Refused::invalid("/account", format!("no account of this name pushes; there are: {known}"))
    })
}

fn label(text: &str) -> Result<Box<str>, Refused> {
    let text = text.trim();
    if text.chars().count() <= LONGEST_LABEL && !text.chars().any(char::is_control) {
        Ok(text.into())
    } else {
        let needed = format!("a label has at most {LONGEST_LABEL} characters and no line breaks");
        Err(Refused::invalid("/label", needed))
    }
}

fn end(id: DeviceId, at: Time, why: &str, known: Time) -> Effect {
    Effect::OfDevice(OfDevice::Ended { id, at, why: why.into(), known })
}

/// Where a device that nobody has registered is: for a test message.
pub fn place(accounts: &PushAccounts, new: &NewDevice) -> Result<Place, Refused> {
    find(accounts, &new.account)?.place(new).map_err(|fault| Refused::Invalid(vec![fault]))
}

/// A device that is there, with when a message was last taken for it.
pub async fn read(env: &Env, owner: OwnerId, id: DeviceId) -> Result<(Device, Option<Time>), Refused> {
    let device = env.store.device(id).await?.filter(|device| device.owner == owner);
    let device = device.ok_or(Refused::NotFound("device"))?;
    let used = used(env, &device).await?;
    Ok((device, used))
}

/// All of an owner's devices, ended ones too.
pub async fn list(env: &Env, owner: OwnerId) -> Result<Vec<(Device, Option<Time>)>, Refused> {
    let owner = read_owner(env, owner, None).await?;
    let mut all = Vec::new();
    for device in env.store.devices(owner.id).await? {
        let used = used(env, &device).await?;
        all.push((device, used));
    }
    Ok(all)
}

async fn used(env: &Env, device: &Device) -> Result<Option<Time>, StoreError> {
    let address = Address::of_device(device.id);
    Ok(env.store.last_attempt_to(&device.account, address.key()).await?.map(|attempt| attempt.at))
}

/// Forgets a device: nothing goes to it any more.
pub async fn remove(env: &Env, actor: &Actor, owner: OwnerId, id: DeviceId) -> Result<Plan<()>, Refused> {
    let (device, _) = read(env, owner, id).await?;
    let now = env.store.now().await?;
    let effects = vec![
        Effect::OfDevice(OfDevice::Removed(owner, device.id)),
        audited(env, owner, &actor.by, now, "device_removed", &json!({"device": device.id})),
    ];
    Ok(Plan { commit: Commit { effects, ..Commit::default() }, outcome: () })
}

/// What follows from a provider saying that a device is gone (rule N6): it ends, unless its application has registered
/// it since `known`. Nobody but its owner hears of it, and it says nothing of the owner's numbers.
pub(super) async fn gone(
    env: &Env,
    address: &Address,
    why: &str,
    at: Time,
    known: Time,
) -> Result<Vec<Effect>, StoreError> {
    let id =
        Some(address).filter(|address| address.kind() == Kind::Device).and_then(|address| address.key().parse().ok());
    let Some(id) = id else { return Ok(Vec::new()) };
    let found = env.store.device(id).await?;
    let Some(device) = found.filter(|device| device.ended.is_none() && device.seen <= known) else {
        return Ok(Vec::new());
    };
    let detail = json!({"device": id, "why": why});
    Ok(vec![end(id, at, why, known), audited(env, device.owner, "system", at, "device_ended", &detail)])
}
