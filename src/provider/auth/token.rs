//! Credentials that hold for a time: tokens that Redial signs, and tokens that a provider gives out.
//!
//! This is the pure part: what to ask for, how to read the answer, when it ends. The account remembers what it has.

use super::{Credentials, sigv4};
use crate::{
    clock::Time,
    provider::{
        Account, NotWritten, ParameterError, Parameters, Request, form,
        jwt::{Algorithm, Key},
        signature,
        text::{Text, Values},
    },
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use std::{collections::HashMap, fmt, sync::Mutex, sync::PoisonError, time::Duration};

/// A token that its giver gives no end to is asked for again after this.
const USUAL_LIFE: Duration = Duration::from_mins(30);
/// A token is renewed this long before its end, or when a tenth of its life is left, whichever is sooner to the end.
const MARGIN: Duration = Duration::from_mins(1);
/// How many tokens one account keeps: one for each origin that it sends to.
const MOST_TOKENS: usize = 1_000;

/// `jwt`: a token that Redial signs.
#[derive(Debug)]
pub(in crate::provider) struct Jwt {
    pub(in crate::provider) algorithm: Algorithm,
    pub(in crate::provider) key: usize,
    pub(in crate::provider) header: Vec<(Box<str>, Text)>,
    pub(in crate::provider) claims: Vec<(Box<str>, Text)>,
    /// Until the claim `exp`; `None`: the token has none.
    pub(in crate::provider) expires: Option<Duration>,
    /// How long one token is used.
    pub(in crate::provider) renew: Duration,
    pub(in crate::provider) shown: Shown,
    /// Whether there is one for each origin (VAPID's `aud`).
    pub(in crate::provider) by_origin: bool,
}

/// Where a token is shown, and how.
#[derive(Debug)]
pub(in crate::provider) struct Shown {
    pub(in crate::provider) name: http::HeaderName,
    /// A text with `token`.
    pub(in crate::provider) value: Text,
}

/// `oauth2`: client credentials (RFC 6749, 4.4).
#[derive(Debug)]
pub(in crate::provider) struct OAuth2 {
    pub(in crate::provider) url: Text,
    pub(in crate::provider) id: usize,
    pub(in crate::provider) secret: usize,
    /// Whether id and secret stand in the body, and not in basic authentication.
    pub(in crate::provider) in_body: bool,
    /// What else is asked: `scope`, `audience`.
    pub(in crate::provider) fields: Vec<(Box<str>, Text)>,
}

/// `google`: a service account's signed assertion (RFC 7523).
#[derive(Debug)]
pub(in crate::provider) struct Google {
    /// The parameter that holds the account's JSON file.
    pub(in crate::provider) account: usize,
    pub(in crate::provider) scope: Box<str>,
}

/// What a Google service account's file says.
pub(in crate::provider) struct ServiceAccount {
    email: Box<str>,
    url: Box<str>,
    key: Key,
}

impl Google {
    /// Reads the file.
    pub(super) fn read(&self, parameters: &Parameters) -> Result<ServiceAccount, ParameterError> {
        #[derive(serde::Deserialize)]
        struct File {
            client_email: Box<str>,
            private_key: String,
            token_uri: Box<str>,
        }
        let wrong =
            |wanted: &str| ParameterError { name: parameters.name(self.account).to_owned(), wanted: wanted.to_owned() };
        let file: File = serde_json::from_str(parameters.first(self.account)).map_err(|_| {
            wrong("a service account's JSON file with client_email, private_key and token_uri is needed")
        })?;
        let key = Key::read(Algorithm::Rs256, &file.private_key).map_err(wrong)?;
        Ok(ServiceAccount { email: file.client_email, url: file.token_uri, key })
    }
}

/// The tokens that an account has.
#[derive(Default)]
pub(in crate::provider) struct Tokens(Mutex<HashMap<Box<str>, Held>>);

#[derive(Clone)]
struct Held {
    token: Box<str>,
    until: Time,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens(•••)")
    }
}

impl Tokens {
    fn get(&self, name: &str, now: Time) -> Option<Box<str>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(name).filter(|held| now < held.until).map(|held| held.token.clone())
    }

    fn put(&self, name: &str, token: &str, until: Time) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST_TOKENS {
            all.clear();
        }
        all.insert(name.into(), Held { token: token.into(), until });
    }
}

/// What a request needs before it may leave.
#[derive(Debug)]
pub enum Step {
    /// Nothing: its credentials are in it.
    Ready,
    /// A token, which this request asks for; [`Account::keep_token`] reads the answer.
    Fetch(Request),
}

/// A provider that gives no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoToken {
    /// It refuses our credentials (RFC 6749, 5.2).
    #[error("the provider refuses to give a token: {0}")]
    Refused(Box<str>),
    /// It did not answer as it should; another try may do.
    #[error("the provider gave no token (status {0})")]
    Failed(u16),
}

/// The moment of a request, and bits for what must be unique.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Now.
    pub now: Time,
    /// 128 random bits.
    pub bits: u128,
}

impl Account {
    /// Puts credentials that hold for a time, or that depend on the whole request, into a request of our own. Those that
    /// never change are in it already.
    pub fn authorize(&self, request: &mut Request, moment: Moment) -> Result<Step, NotWritten> {
        let found = self.credentials.as_ref();
        self.authorize_with(found, request, moment)
    }

    /// The same for a request that goes on from a drop-in endpoint, in the operator's custody.
    pub fn authorize_relayed(&self, request: &mut Request, moment: Moment) -> Result<Step, NotWritten> {
        let found =
            self.via_credentials.as_ref().filter(|_| self.settings().custody == super::super::Custody::Operator);
        self.authorize_with(found, request, moment)
    }

    /// Whether requests that go on from a drop-in endpoint need [`Account::authorize_relayed`].
    pub fn authorizes(&self) -> bool {
        let late = |credentials: &Credentials| {
            matches!(
                credentials,
                Credentials::Jwt(..) | Credentials::OAuth2(_) | Credentials::Google(..) | Credentials::SigV4(_)
            )
        };
        self.settings().custody == super::super::Custody::Operator && self.via_credentials.as_ref().is_some_and(late)
    }

    fn authorize_with(
        &self,
        credentials: Option<&Credentials>,
        request: &mut Request,
        moment: Moment,
    ) -> Result<Step, NotWritten> {
        match credentials {
            Some(Credentials::Jwt(jwt, key)) => {
                let origin = signature::split(&request.url).0.to_owned();
                let name = if jwt.by_origin { &*origin } else { "" };
                let token = if let Some(token) = self.tokens.get(name, moment.now) {
                    token
                } else {
                    let token = self.sign_token(jwt, key, moment, &origin)?;
                    self.tokens.put(name, &token, moment.now.after(jwt.renew));
                    token.into()
                };
                self.show_token(&jwt.shown, &token, request)
            }
            Some(Credentials::OAuth2(oauth)) => match self.tokens.get("", moment.now) {
                Some(token) => bearer(&token, request),
                None => Ok(Step::Fetch(self.ask(oauth)?)),
            },
            Some(Credentials::Google(google, account)) => match self.tokens.get("", moment.now) {
                Some(token) => bearer(&token, request),
                None => Ok(Step::Fetch(assertion(google, account, moment)?)),
            },
            Some(Credentials::SigV4(keys)) => {
                sigv4::sign(keys, self.parameters(), request, moment.now)?;
                Ok(Step::Ready)
            }
            _ => Ok(Step::Ready),
        }
    }

    /// Reads the answer to [`Step::Fetch`] and keeps the token.
    pub fn keep_token(&self, status: http::StatusCode, body: &[u8], now: Time) -> Result<(), NoToken> {
        let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |name: &str| body.get(name).and_then(serde_json::Value::as_str).filter(|text| !text.is_empty());
        if let (true, Some(token)) = (status.is_success(), text("access_token")) {
            let expires = body.get("expires_in").and_then(super::super::json::scalar);
            let life = expires.and_then(|seconds| seconds.parse().ok()).map_or(USUAL_LIFE, Duration::from_secs);
            let life = life.min(Duration::from_hours(24 * 365));
            self.tokens.put("", token, now.after(life.saturating_sub(MARGIN.min(life / 10))));
            return Ok(());
        }
        let refused = status.is_client_error() && !matches!(status.as_u16(), 408 | 425 | 429);
        if refused {
            Err(NoToken::Refused(text("error").unwrap_or("no reason given").into()))
        } else {
            Err(NoToken::Failed(status.as_u16()))
        }
    }

    /// Forgets all tokens: the provider has refused one before its end.
    pub fn forget_tokens(&self) {
        self.tokens.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Whether credentials are such that a refused one may be followed by a new one.
    pub fn has_tokens(&self) -> bool {
        matches!(self.credentials, Some(Credentials::Jwt(..) | Credentials::OAuth2(_) | Credentials::Google(..)))
    }

    fn sign_token(&self, jwt: &Jwt, key: &Key, moment: Moment, origin: &str) -> Result<String, NotWritten> {
        let now = moment.now.seconds();
        let (at, unique) = (now.to_string(), format!("{:032x}", moment.bits));
        let section = [("now", &*at), ("id", &*unique), ("origin", origin)];
        let values = Values { section: &section, parameters: self.parameters() };
        let mut claims = serde_json::Map::new();
        claims.insert("iat".to_owned(), now.into());
        if let Some(expires) = jwt.expires {
            let seconds = i64::try_from(expires.as_secs()).unwrap_or(i64::MAX);
            claims.insert("exp".to_owned(), now.saturating_add(seconds).into());
        }
        for (name, text) in &jwt.claims {
            let value = text.value(&values)?;
            if !value.is_empty() {
                claims.insert(name.to_string(), (&*value).into());
            }
        }
        let mut header = Vec::new();
        for (name, text) in &jwt.header {
            header.push((&**name, text.render(&values)?));
        }
        let header: Vec<(&str, &str)> = header.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let token = key.token(&header, &serde_json::Value::Object(claims));
        token.ok_or_else(|| NotWritten("the key does not sign".to_owned()))
    }

    fn show_token(&self, shown: &Shown, token: &str, request: &mut Request) -> Result<Step, NotWritten> {
        let values = Values { section: &[("token", token)], parameters: self.parameters() };
        insert(request, shown.name.clone(), &shown.value.value(&values)?)
    }

    /// The request for a token (RFC 6749, 4.4.2).
    fn ask(&self, oauth: &OAuth2) -> Result<Request, NotWritten> {
        let parameters = self.parameters();
        let values = Values { section: &[], parameters };
        let (id, secret) = (parameters.first(oauth.id), parameters.first(oauth.secret));
        let mut fields = vec![("grant_type".to_owned(), "client_credentials".to_owned())];
        for (name, text) in &oauth.fields {
            fields.push((name.to_string(), text.render(&values)?));
        }
        let mut headers = http::HeaderMap::new();
        if oauth.in_body {
            fields.push(("client_id".to_owned(), id.to_owned()));
            fields.push(("client_secret".to_owned(), secret.to_owned()));
        } else {
            let pair = BASE64_STANDARD.encode(format!("{id}:{secret}"));
            let value = http::HeaderValue::try_from(format!("Basic {pair}"));
            headers
                .insert(http::header::AUTHORIZATION, value.map_err(|_| NotWritten("the credentials are none".into()))?);
        }
        fields.retain(|(_, value)| !value.is_empty());
        Ok(form_request(oauth.url.render(&values)?, headers, &fields))
    }
}

/// The request for a token by a signed assertion (RFC 7523, 2.1).
fn assertion(google: &Google, account: &ServiceAccount, moment: Moment) -> Result<Request, NotWritten> {
    let now = moment.now.seconds();
    let claims = serde_json::json!({
        "iss": account.email, "scope": google.scope, "aud": account.url, "iat": now, "exp": now.saturating_add(3600),
    });
    let token = account.key.token(&[], &claims).ok_or_else(|| NotWritten("the key does not sign".to_owned()))?;
    let fields = [
        ("grant_type".to_owned(), "urn:ietf:params:oauth:grant-type:jwt-bearer".to_owned()),
        ("assertion".to_owned(), token),
    ];
    Ok(form_request(account.url.to_string(), http::HeaderMap::new(), &fields))
}

fn form_request(url: String, mut headers: http::HeaderMap, fields: &[(String, String)]) -> Request {
    let kind = http::HeaderValue::from_static("application/x-www-form-urlencoded");
    headers.insert(http::header::CONTENT_TYPE, kind);
    headers.insert(http::header::ACCEPT, http::HeaderValue::from_static("application/json"));
    let pair = |(name, value): &(String, String)| format!("{}={}", form::encode(name), form::encode(value));
    let body = Bytes::from(fields.iter().map(pair).collect::<Vec<_>>().join("&"));
    Request { method: http::Method::POST, url, headers, body }
}

fn bearer(token: &str, request: &mut Request) -> Result<Step, NotWritten> {
    insert(request, http::header::AUTHORIZATION, &format!("Bearer {token}"))
}

fn insert(request: &mut Request, name: http::HeaderName, value: &str) -> Result<Step, NotWritten> {
    let value = http::HeaderValue::try_from(value);
    let mut value = value.map_err(|_| NotWritten("a token holds control characters".to_owned()))?;
    value.set_sensitive(true);
    request.headers.insert(name, value);
    Ok(Step::Ready)
}
