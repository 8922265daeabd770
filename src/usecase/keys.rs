//! API keys: made once, shown once, kept as a hash.
//!
//! A secret is `rdl_`, 32 letters or digits (160 random bits) and 7 more that are a CRC-32 of all before them, so that
//! a scanner can tell a real one from a look-alike, and a mistyped one is refused without a look at the store.

use super::{
    Env,
    write::{Fault, Plan, Refused},
};
use crate::{
    domain::id::{AppId, OwnerId},
    store::{ApiKey, Commit, Effect, Session},
};
use std::{fmt, str::FromStr};

/// What a secret begins with.
pub const PREFIX: &str = "rdl_";

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const RANDOM_LETTERS: usize = 32;
const CHECK_LETTERS: usize = 7;

/// What a key may do. Each is needed by itself: none includes another, but `admin` is for what no other covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Ask whether a number has changed.
    Resolve,
    /// State who the sender of a communication is, and be believed (rule Q11).
    AssertSender,
    /// Read owners and all that is theirs.
    OwnersRead,
    /// Register owners and change what is theirs.
    OwnersWrite,
    /// State that a value is proved (rule C1).
    Vouch,
    /// Read notices and their attempts.
    NoticesRead,
    /// Opt-outs, and explanations across owners.
    Admin,
    /// Ask for codes and open sessions, for an app or portal of the operator's own; an owner's sessions and app passwords.
    SignIn,
    /// Address books over `CardDAV`.
    CardDav,
    /// With a key that acts for one owner: all that is this owner's. What it does is no proof.
    Api,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Scope; 10] = [
        Scope::Resolve,
        Scope::AssertSender,
        Scope::OwnersRead,
        Scope::OwnersWrite,
        Scope::Vouch,
        Scope::NoticesRead,
        Scope::Admin,
        Scope::SignIn,
        Scope::CardDav,
        Scope::Api,
    ];

    /// As it is written and stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Resolve => "resolve",
            Scope::AssertSender => "assert_sender",
            Scope::OwnersRead => "owners:read",
            Scope::OwnersWrite => "owners:write",
            Scope::Vouch => "vouch",
            Scope::NoticesRead => "notices:read",
            Scope::Admin => "admin",
            Scope::SignIn => "sign_in",
            Scope::CardDav => "carddav",
            Scope::Api => "api",
        }
    }

    /// What keeps a key from being made with it: it would open nothing.
    fn refused(self, owner: Option<OwnerId>) -> Option<&'static str> {
        match self {
            Scope::CardDav => Some("address books are not served over CardDAV yet: leave the scope `carddav` out"),
            Scope::Api if owner.is_none() => Some(
                "the scope `api` is for a key that acts for one owner: name the owner (--owner), or take owners:read, \
                 owners:write, notices:read and resolve, which are for all owners",
            ),
            _ => None,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// There is no such scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no scope is called `{0}`; there are resolve, assert_sender, owners:read, owners:write, vouch, notices:read, admin, sign_in, carddav, api"
)]
pub struct NoSuchScope(pub String);

impl FromStr for Scope {
    type Err = NoSuchScope;
    fn from_str(text: &str) -> Result<Self, NoSuchScope> {
        Scope::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or_else(|| NoSuchScope(text.to_owned()))
    }
}

/// The secret of a key. It leaves only by [`Secret::reveal`].
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Reads what a caller sent; `None` where the form or its check is wrong.
    pub fn parse(text: &str) -> Option<Self> {
        let body = text.strip_prefix(PREFIX)?;
        let whole = body.len() == RANDOM_LETTERS + CHECK_LETTERS && body.bytes().all(|b| ALPHABET.contains(&b));
        if !whole {
            return None;
        }
        let (stated, check) = text.split_at(PREFIX.len() + RANDOM_LETTERS);
        (check == checksum(stated)).then(|| Self(text.to_owned()))
    }

    fn fresh(env: &Env) -> Self {
        let mut bytes = [0_u8; RANDOM_LETTERS];
        env.random.fill(&mut bytes);
        let letters = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
        let stated: String = PREFIX.chars().chain(letters).collect();
        let check = checksum(&stated);
        Self(stated + &check)
    }

    /// The text itself, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept: SHA-256. A plain hash is enough where nobody can guess 160 random bits.
    pub fn hash(&self) -> [u8; 32] {
        digest(self.0.as_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rdl_•••")
    }
}

/// SHA-256.
pub fn digest(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref());
    out
}

/// CRC-32 (IEEE 802.3) as seven letters.
fn checksum(text: &str) -> String {
    let mut crc = !0_u32;
    for byte in text.bytes() {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
    }
    let crc = !crc;
    let letter = |place: u32| char::from(ALPHABET[usize::from((crc >> (5 * place)).to_be_bytes()[3] & 31)]);
    (0..7).rev().map(letter).collect()
}

/// A key that is wanted.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// The operator's word for it.
    pub label: Box<str>,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The one owner that it may act for, if only one.
    pub owner: Option<OwnerId>,
}

/// Makes a key. The secret is nowhere else.
pub async fn create(env: &Env, wanted: &NewKey) -> Result<Plan<(ApiKey, Secret)>, Refused> {
    let mut faults = Vec::new();
    if wanted.label.trim().is_empty() || wanted.label.chars().count() > 100 {
        faults.push(Fault::at(
            "/label",
            "a key needs a label of at most 100 letters, so that it can be told from others",
        ));
    }
    if wanted.scopes.is_empty() {
        faults.push(Fault::at("/scopes", "a key without a scope can do nothing; name at least one"));
    }
    let refused = wanted.scopes.iter().filter_map(|scope| scope.refused(wanted.owner));
    faults.extend(refused.map(|why| Fault::at("/scopes", why)));
    if let Some(owner) = wanted.owner
        && env.store.owner(owner).await?.is_none()
    {
        faults.push(Fault::at("/owner", "no such owner"));
    }
    if !faults.is_empty() {
        return Err(Refused::Invalid(faults));
    }
    let now = env.store.now().await?;
    let secret = Secret::fresh(env);
    let mut scopes = wanted.scopes.clone();
    scopes.sort_unstable();
    scopes.dedup();
    let key = ApiKey {
        id: AppId::fresh(now, &*env.random),
        hash: secret.hash(),
        label: wanted.label.clone(),
        scopes: scopes.iter().map(|scope| scope.as_str().into()).collect(),
        owner: wanted.owner,
        created: now,
        revoked: None,
        used: None,
    };
    let commit = Commit { effects: vec![Effect::KeySet(key.clone())], ..Commit::default() };
    Ok(Plan { commit, outcome: (key, secret) })
}

/// All keys, revoked ones too.
pub async fn list(env: &Env) -> Result<Vec<ApiKey>, Refused> {
    Ok(env.store.keys().await?)
}

/// Ends a key. Ending one twice changes nothing.
pub async fn revoke(env: &Env, id: AppId) -> Result<Plan<ApiKey>, Refused> {
    let mut key = env.store.keys().await?.into_iter().find(|key| key.id == id).ok_or(Refused::NotFound("key"))?;
    if key.revoked.is_some() {
        return Ok(Plan::nothing(key));
    }
    key.revoked = Some(env.store.now().await?);
    let commit = Commit { effects: vec![Effect::KeySet(key.clone())], ..Commit::default() };
    Ok(Plan { commit, outcome: key })
}

/// A caller who showed a secret that is known and not revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The application that the key stands for.
    pub app: AppId,
    /// The one owner that it may act for.
    pub owner: Option<OwnerId>,
    /// The session that it is, if it is one.
    pub session: Option<Session>,
    scopes: Vec<Scope>,
}

impl Caller {
    /// What a stored key may do; scopes that this program does not know give nothing.
    pub fn of(key: &ApiKey) -> Self {
        let scopes = key.scopes.iter().filter_map(|scope| scope.parse().ok()).collect();
        Self { app: key.id, owner: key.owner, session: None, scopes }
    }

    /// An owner who is signed in: may do what is theirs.
    pub fn signed_in(session: Session) -> Self {
        let (app, owner) = (AppId(session.id.0), Some(session.owner));
        Self { app, owner, session: Some(session), scopes: vec![Scope::Api, Scope::SignIn] }
    }

    /// Whether the key has the scope.
    pub fn may(&self, scope: Scope) -> bool {
        /// What an owner may do with what is theirs.
        const OWN: [Scope; 4] = [Scope::Resolve, Scope::OwnersRead, Scope::OwnersWrite, Scope::NoticesRead];
        let own = self.owner.is_some() && self.scopes.contains(&Scope::Api) && OWN.contains(&scope);
        own || self.scopes.contains(&scope)
    }
}

/// Who stands behind a secret or the token of a session; `None` for one that is unknown, revoked or not of the right form.
pub async fn authenticate(env: &Env, secret: &str) -> Result<Option<Caller>, Refused> {
    if secret.starts_with(super::sessions::PREFIX) {
        return Ok(super::sessions::authenticate(env, secret).await?.map(Caller::signed_in));
    }
    let Some(secret) = Secret::parse(secret) else { return Ok(None) };
    let key = env.store.key(&secret.hash()).await?.filter(|key| key.revoked.is_none());
    if let Some(key) = key.as_ref().filter(|key| super::app_passwords::is_one(key)) {
        super::app_passwords::used(env, key).await?;
    }
    Ok(key.map(|key| Caller::of(&key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_is_the_well_known_crc_32() {
        // The published check value of CRC-32/ISO-HDLC for "123456789" is CBF43926.
        let value = checksum("123456789")
            .bytes()
            .fold(0_u64, |sum, letter| sum * 32 + ALPHABET.iter().position(|&other| other == letter).unwrap() as u64);
        assert_eq!(value, 0xcbf4_3926);
        assert_eq!(checksum("123456789").len(), CHECK_LETTERS);
    }

    #[test]
    fn a_secret_with_one_wrong_letter_is_no_secret() {
        let stated = format!("{PREFIX}{}", "0123456789abcdefghjkmnpqrstvwxyz");
        let good = format!("{stated}{}", checksum(&stated));
        assert_eq!(Secret::parse(&good).unwrap().reveal(), good);
        for at in 0..good.len() {
            let mut bad = good.clone().into_bytes();
            bad[at] = if bad[at] == b'7' { b'8' } else { b'7' };
            assert!(Secret::parse(std::str::from_utf8(&bad).unwrap()).is_none(), "letter {at}");
        }
        assert!(Secret::parse("").is_none() && Secret::parse("rdl_").is_none() && Secret::parse("rdl_é").is_none());
        assert_eq!(format!("{:?}", Secret::parse(&good)), "Some(rdl_•••)");
    }

    #[test]
    fn scopes_read_back_and_unknown_ones_name_all() {
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
            assert!("x".parse::<Scope>().unwrap_err().to_string().contains(scope.as_str()));
        }
    }
}
