//! Passkeys of owners (rule C3): added and removed by requests that are held like any other, and then a proof of their own.
//!
//! A challenge is sealed and carries what it is for, so that a ceremony may begin on one node and end on another; it counts once
//! and for five minutes.

use super::{
    Env,
    requests::Decided,
    seal, sessions,
    sessions::Token,
    wanted::{NewPasskey, Wanted, WantedPasskey},
    write::{Actor, Plan, Refused, carry_out, read_owner},
};
use crate::{
    clock::Time,
    domain::{
        change::hold::{By, Evidence},
        code::Count,
        id::{OwnerId, RequestId},
        passkey::{self, ALGORITHMS, Known, Relying},
    },
    store::{Admitted, Commit, Effect, Passkey, Session, StoreError},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::time::Duration;

/// How long a ceremony may take.
const PATIENCE: Duration = Duration::from_mins(5);
/// Most passkeys of one owner.
const MOST: usize = 20;

/// What a challenge is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ceremony {
    /// A new passkey of this owner.
    Create(OwnerId),
    /// Any passkey that is known.
    Get,
}

impl Ceremony {
    fn bytes(self) -> [u8; 17] {
        let (kind, owner) = match self {
            Ceremony::Create(owner) => (1, owner),
            Ceremony::Get => (2, OwnerId(0)),
        };
        let mut bytes = [kind; 17];
        bytes[1..].copy_from_slice(&owner.to_bytes());
        bytes
    }
}

fn relying(env: &Env) -> Result<Relying, Refused> {
    let known = env.rules().relying.clone();
    known.ok_or_else(|| Refused::Conflict("passkeys need a public_url of https://".into()))
}

async fn challenge(env: &Env, ceremony: Ceremony) -> Result<String, Refused> {
    let until = env.store.now().await?.after(PATIENCE);
    let mut nonce = [0; 16];
    env.random.fill(&mut nonce);
    let body = [&ceremony.bytes()[..], &until.0.to_be_bytes(), &nonce].concat();
    let mac = env.mac(&[b"passkey", &body]).await?;
    Ok(URL_SAFE_NO_PAD.encode([&body, &mac[..16]].concat()))
}

/// The challenge that an answer names, where it is ours, for this, in time, and was not answered before.
async fn answered(env: &Env, client_data: &[u8], ceremony: Ceremony) -> Result<String, Refused> {
    let named: Value = serde_json::from_slice(client_data).map_err(|_| Refused::WrongCode)?;
    let text = named["challenge"].as_str().unwrap_or_default().trim_end_matches('=').to_owned();
    let bytes = URL_SAFE_NO_PAD.decode(&text).map_err(|_| Refused::WrongCode)?;
    let (body, _) = bytes.split_at_checked(41).ok_or(Refused::WrongCode)?;
    let mac = env.mac(&[b"passkey", body]).await?;
    let ours = seal::same(&URL_SAFE_NO_PAD.encode([body, &mac[..16]].concat()), &text);
    let until = body[17..25].try_into().map(i64::from_be_bytes).map_err(|_| Refused::WrongCode)?;
    let now = env.store.now().await?;
    if !ours || body[..17] != ceremony.bytes() || now >= Time(until) {
        return Err(Refused::WrongCode);
    }
    let count = Count { key: format!("passkey {text}").into(), until: Time(until), most: 1 };
    let effects = vec![Effect::Admitted(Admitted::Counted { count, now })];
    match env.store.commit(Commit { effects, ..Commit::default() }).await {
        Ok(_) => Ok(text),
        Err(StoreError::Spent) => Err(Refused::WrongCode),
        Err(error) => Err(error.into()),
    }
}

/// What `navigator.credentials.create` is asked with, as its `publicKey` in JSON; bytes are base64url.
pub async fn options(env: &Env, owner: OwnerId) -> Result<Value, Refused> {
    let (relying, owner) = (relying(env)?, read_owner(env, owner, None).await?);
    let known = env.store.passkeys(owner.id).await?;
    if known.len() >= MOST {
        return Err(Refused::Conflict("there are too many passkeys; remove some".into()));
    }
    let id = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let excluded: Vec<Value> = known.iter().map(|key| json!({"type": "public-key", "id": id(&key.id)})).collect();
    let taken = ALGORITHMS.map(|algorithm| json!({"type": "public-key", "alg": algorithm}));
    Ok(json!({
        "challenge": challenge(env, Ceremony::Create(owner.id)).await?,
        "rp": {"id": relying.id, "name": "Redial"},
        "user": {"id": id(&owner.id.to_bytes()), "name": owner.profile.name, "displayName": owner.profile.name},
        "pubKeyCredParams": taken,
        "excludeCredentials": excluded,
        "authenticatorSelection": {"residentKey": "required", "userVerification": "required"},
        "attestation": "none",
        "timeout": PATIENCE.as_millis(),
    }))
}

/// What the browser made of it.
#[derive(Clone, Debug)]
pub struct Creation {
    /// The owner's own word for it.
    pub label: String,
    /// `response.clientDataJSON`.
    pub client_data: Vec<u8>,
    /// `response.attestationObject`.
    pub attestation: Vec<u8>,
}

/// Checks a new passkey; what is wanted by it, for a request. It counts when that is accepted.
pub async fn created(env: &Env, owner: OwnerId, creation: &Creation) -> Result<Wanted, Refused> {
    let (relying, label) = (relying(env)?, creation.label.trim());
    if label.is_empty() || label.chars().count() > 64 || label.chars().any(char::is_control) {
        return Err(Refused::invalid("/label", "a passkey has a label of 1 to 64 letters"));
    }
    let challenge = answered(env, &creation.client_data, Ceremony::Create(owner)).await?;
    let made = passkey::made(&creation.client_data, &creation.attestation, &challenge, &relying)
        .map_err(|why| Refused::invalid("", why.to_string()))?;
    if env.store.passkey(&made.id).await?.is_some() {
        return Err(Refused::Conflict("this passkey is known already".into()));
    }
    let new = NewPasskey {
        id: URL_SAFE_NO_PAD.encode(&made.id),
        algorithm: made.algorithm,
        public: URL_SAFE_NO_PAD.encode(&made.public),
        count: made.count,
        label: label.to_owned(),
    };
    Ok(Wanted { passkeys: vec![WantedPasskey::Add(new)], ..Wanted::default() })
}

/// What `navigator.credentials.get` is asked with.
pub async fn ask(env: &Env) -> Result<Value, Refused> {
    let relying = relying(env)?;
    Ok(json!({
        "challenge": challenge(env, Ceremony::Get).await?,
        "rpId": relying.id,
        "userVerification": "required",
        "timeout": PATIENCE.as_millis(),
    }))
}

/// What the browser answered.
#[derive(Clone, Debug)]
pub struct Assertion {
    /// The credential's id.
    pub id: Vec<u8>,
    /// `response.clientDataJSON`.
    pub client_data: Vec<u8>,
    /// `response.authenticatorData`.
    pub authenticator: Vec<u8>,
    /// `response.signature`.
    pub signature: Vec<u8>,
}

/// The passkey that gave this answer, with its counter as it is now, and the write of it. What is wrong, and what is not
/// known, are one answer.
async fn shown(env: &Env, assertion: &Assertion) -> Result<(Passkey, Effect), Refused> {
    let relying = relying(env)?;
    let challenge = answered(env, &assertion.client_data, Ceremony::Get).await?;
    let Some(key) = env.store.passkey(&assertion.id).await? else { return Err(Refused::WrongCode) };
    let known = Known { algorithm: key.algorithm, public: &key.public, count: key.count };
    let Assertion { client_data, authenticator, signature, .. } = assertion;
    let count =
        passkey::checked(known, client_data, authenticator, signature, &challenge, &relying).map_err(|why| {
            tracing::warn!(owner = %key.owner, %why, "a passkey was refused");
            Refused::WrongCode
        })?;
    let key = Passkey { count, used: Some(env.store.now().await?), ..key };
    let effect = Effect::Admitted(Admitted::PasskeySet(key.clone()));
    Ok((key, effect))
}

/// Signs in with a passkey.
pub async fn sign_in(env: &Env, assertion: &Assertion, device: &str) -> Result<(Session, Token), Refused> {
    let (key, effect) = shown(env, assertion).await?;
    let evidence = Evidence { by: By::Passkey, at: env.store.now().await? };
    sessions::open(env, key.owner, device, evidence, Some(effect)).await
}

/// Proves an open request with a passkey of its owner.
pub async fn prove(
    env: &Env,
    actor: &Actor,
    owner: OwnerId,
    request: RequestId,
    assertion: &Assertion,
) -> Result<Decided, Refused> {
    let (key, effect) = shown(env, assertion).await?;
    if key.owner != owner {
        return Err(Refused::WrongCode);
    }
    let evidence = Evidence { by: By::Passkey, at: env.store.now().await? };
    carry_out(env, || super::course::prove(env, actor, owner, request, evidence.clone(), Some(effect.clone()))).await
}

/// Those of an owner, oldest first.
pub async fn list(env: &Env, owner: OwnerId) -> Result<Vec<Passkey>, Refused> {
    Ok(env.store.passkeys(owner).await?)
}

/// Asks to remove one; a request that is held.
pub async fn remove(env: &Env, actor: &Actor, owner: OwnerId, id: &str) -> Result<Plan<Decided>, Refused> {
    let bytes = URL_SAFE_NO_PAD.decode(id).map_err(|_| Refused::NotFound("passkey"))?;
    if env.store.passkey(&bytes).await?.is_none_or(|key| key.owner != owner) {
        return Err(Refused::NotFound("passkey"));
    }
    let wanted = Wanted { passkeys: vec![WantedPasskey::Remove(id.to_owned())], ..Wanted::default() };
    super::requests::make(env, actor, owner, None, &wanted).await
}

/// Refuses passkeys that another owner has added since they were wanted: no try of the request would ever succeed.
pub(super) async fn are_nobody_elses(env: &Env, owner: OwnerId, wanted: &Wanted) -> Result<(), Refused> {
    for effect in effects(owner, wanted, Time(0))? {
        let Effect::Admitted(Admitted::PasskeySet(new)) = effect else { continue };
        if env.store.passkey(&new.id).await?.is_some_and(|known| known.owner != owner) {
            return Err(Refused::Conflict("another owner has this passkey".into()));
        }
    }
    Ok(())
}

/// What an accepted request writes of passkeys.
pub(super) fn effects(owner: OwnerId, wanted: &Wanted, at: Time) -> Result<Vec<Effect>, Refused> {
    let bytes = |text: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| (1..=1_100).contains(&bytes.len()));
        bytes.ok_or_else(|| Refused::invalid("/passkeys", "base64url of 1 to 1100 bytes is needed"))
    };
    let one = |wanted: &WantedPasskey| {
        Ok(Effect::Admitted(match wanted {
            WantedPasskey::Add(new) => Admitted::PasskeySet(Passkey {
                id: bytes(&new.id)?,
                owner,
                label: new.label.as_str().into(),
                algorithm: new.algorithm,
                public: bytes(&new.public)?,
                count: new.count,
                made: at,
                used: None,
            }),
            WantedPasskey::Remove(id) => Admitted::PasskeyRemoved(owner, bytes(id)?),
        }))
    };
    wanted.passkeys.iter().map(one).collect()
}
