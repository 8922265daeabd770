//! Credentials: what Redial shows a provider, and what senders show at a drop-in endpoint. A new kind is a variant here
//! and of `file/auth.rs`.

mod shown;
mod sigv4;
mod token;

pub(super) use shown::{CredentialPart, after_scheme, basic};
pub(super) use token::Tokens;
pub use token::{Moment, NoToken, Step};

use super::{
    Account, FileError, ParameterError, Parameters, Provider,
    file::{AuthFile, GoogleFile, JwtAuthFile, OAuth2File, SigV4File, Use, Written},
    form,
    jwt::{Algorithm, Key},
    load::Loader,
    text::{Escape, Text},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};
use toml::Spanned;

/// `[[auth]]`.
#[derive(Debug)]
pub(super) struct Auth {
    pub(super) send: bool,
    pub(super) via: bool,
    pub(super) kind: Kind,
}

/// How credentials are shown; numbers are positions of parameters.
#[derive(Debug)]
pub(super) enum Kind {
    Basic {
        user: usize,
        password: usize,
    },
    Header {
        name: http::HeaderName,
        prefix: Box<str>,
        value: usize,
    },
    Headers(Pairs),
    Query(Pairs),
    Body(Pairs),
    /// In elements of an XML body, by their paths: what senders show at drop-in endpoints.
    Xml(Pairs),
    Jwt(Arc<token::Jwt>),
    OAuth2(Arc<token::OAuth2>),
    Google(Arc<token::Google>),
    SigV4(Arc<sigv4::SigV4>),
}

/// Names and parameters, one of which is a secret.
#[derive(Debug)]
pub(super) struct Pairs {
    pub(super) all: Vec<(Box<str>, usize)>,
    /// Position of the secret in `all`.
    pub(super) secret: usize,
}

/// An account's credentials, ready to be shown.
#[derive(Clone)]
pub(super) enum Credentials {
    Header(http::HeaderName, http::HeaderValue),
    Headers(Vec<(http::HeaderName, http::HeaderValue)>),
    Query(Vec<(Box<str>, Box<str>)>),
    Body(Vec<(Box<str>, Box<str>)>),
    Jwt(Arc<token::Jwt>, Arc<Key>),
    OAuth2(Arc<token::OAuth2>),
    Google(Arc<token::Google>, Arc<token::ServiceAccount>),
    SigV4(Arc<sigv4::SigV4>),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(•••)")
    }
}

impl Loader<'_> {
    pub(super) fn auth(&self, file: &Spanned<AuthFile>, secret: &dyn Fn(usize) -> bool) -> Result<Auth, FileError> {
        let (span, file) = (file.span(), file.get_ref());
        let mut kinds = Vec::new();
        if let Some(basic) = &file.basic {
            kinds.push(Kind::Basic { user: self.parameter(&basic.user)?, password: self.parameter(&basic.password)? });
        }
        if let Some(bearer) = &file.bearer {
            let value = self.parameter(&bearer.token)?;
            kinds.push(Kind::Header { name: http::header::AUTHORIZATION, prefix: "Bearer ".into(), value });
        }
        if let Some(header) = &file.header {
            kinds.push(Kind::Header {
                name: self.header(&header.name)?,
                prefix: header.prefix.as_str().into(),
                value: self.parameter(&header.value)?,
            });
        }
        if let Some(pairs) = &file.headers {
            if pairs.keys().any(|name| name.parse::<http::HeaderName>().is_err()) {
                return Err(self.wrong(span, "a name of a header is needed"));
            }
            kinds.push(Kind::Headers(self.pairs(pairs, &span, secret)?));
        }
        if let Some(pairs) = &file.query {
            kinds.push(Kind::Query(self.pairs(pairs, &span, secret)?));
        }
        if let Some(pairs) = &file.body {
            kinds.push(Kind::Body(self.pairs(pairs, &span, secret)?));
        }
        if let Some(pairs) = &file.xml {
            if file.uses.as_deref() != Some(&[Use::Via]) || pairs.keys().any(|path| !path.starts_with('/')) {
                let wanted = "credentials in XML are elements of a sender's body, `xml = { \"/a/user\" = … }` and `for = [\"via\"]`";
                return Err(self.wrong(span, wanted));
            }
            kinds.push(Kind::Xml(self.pairs(pairs, &span, secret)?));
        }
        kinds.extend(file.jwt.as_ref().map(|jwt| self.jwt_auth(jwt)).transpose()?);
        kinds.extend(file.oauth2.as_ref().map(|oauth| self.oauth2(oauth)).transpose()?);
        kinds.extend(file.google.as_ref().map(|google| self.google(google)).transpose()?);
        kinds.extend(file.sigv4.as_ref().map(|sigv4| self.sigv4(sigv4)).transpose()?);
        let used = |one: Use| file.uses.as_ref().is_none_or(|all| all.contains(&one));
        match (kinds.pop(), kinds.is_empty()) {
            (Some(kind), true) => Ok(Auth { send: used(Use::Send), via: used(Use::Via), kind }),
            _ => Err(self.wrong(
                span,
                "one kind of credentials is needed: basic, bearer, header, headers, query, body, xml, jwt, oauth2, google or sigv4",
            )),
        }
    }

    fn texts(
        &self,
        all: &BTreeMap<String, Written>,
        names: &[&'static str],
    ) -> Result<Vec<(Box<str>, Text)>, FileError> {
        let one =
            |(name, text): (&String, &Written)| Ok((name.as_str().into(), self.text(text, names, Escape::Plain)?));
        all.iter().map(one).collect()
    }

    fn jwt_auth(&self, file: &JwtAuthFile) -> Result<Kind, FileError> {
        /// How long a token is used that has no end of its own: most providers ask for a new one within the hour.
        const USUAL: u32 = 2_400;
        let wrong = || self.wrong(file.algorithm.span(), "RS256, ES256, HS256, HS384 or HS512 is needed");
        let names = &["now", "id", "origin"];
        let origin = |text: &Written| text.get_ref().contains("origin");
        // Nine tenths of its life, so that it never ends on its way.
        let renew = file.renew_seconds.or(file.expires_seconds.map(|seconds| seconds / 10 * 9)).unwrap_or(USUAL);
        let token = &["token"];
        let value = match &file.value {
            Some(value) => self.text(value, token, Escape::Plain)?,
            None => self.text_of("Bearer {{ token }}", file.algorithm.span(), token, Escape::Plain)?,
        };
        let name = file.name.as_ref().map_or(Ok(http::header::AUTHORIZATION), |name| self.header(name))?;
        let seconds = |seconds: u32| Duration::from_secs(seconds.into());
        Ok(Kind::Jwt(Arc::new(token::Jwt {
            algorithm: Algorithm::named(file.algorithm.get_ref()).ok_or_else(wrong)?,
            key: self.parameter(&file.key)?,
            header: self.texts(&file.header, names)?,
            claims: self.texts(&file.claims, names)?,
            expires: file.expires_seconds.map(seconds),
            renew: seconds(renew),
            shown: token::Shown { name, value },
            by_origin: file.claims.values().any(origin),
        })))
    }

    fn oauth2(&self, file: &OAuth2File) -> Result<Kind, FileError> {
        Ok(Kind::OAuth2(Arc::new(token::OAuth2 {
            url: self.upstream(&file.url)?,
            id: self.parameter(&file.id)?,
            secret: self.parameter(&file.secret)?,
            in_body: file.in_body,
            fields: self.texts(&file.fields, &[])?,
        })))
    }

    fn google(&self, file: &GoogleFile) -> Result<Kind, FileError> {
        let (account, scope) = (self.parameter(&file.account)?, file.scope.as_str().into());
        Ok(Kind::Google(Arc::new(token::Google { account, scope })))
    }

    fn sigv4(&self, file: &SigV4File) -> Result<Kind, FileError> {
        Ok(Kind::SigV4(Arc::new(sigv4::SigV4 {
            access_key: self.parameter(&file.access_key)?,
            secret_key: self.parameter(&file.secret_key)?,
            session_token: file.session_token.as_ref().map(|name| self.parameter(name)).transpose()?,
            service: file.service.as_str().into(),
            region: self.text(&file.region, &[], Escape::Plain)?,
        })))
    }

    /// Names in a query or body, and the parameters that stand there; one of them is the secret.
    pub(super) fn pairs(
        &self,
        file: &BTreeMap<String, Written>,
        span: &std::ops::Range<usize>,
        secret: &dyn Fn(usize) -> bool,
    ) -> Result<Pairs, FileError> {
        let one = |(name, parameter): (&String, &Written)| Ok((name.as_str().into(), self.parameter(parameter)?));
        let all: Vec<(Box<str>, usize)> = file.iter().map(one).collect::<Result<_, FileError>>()?;
        let mut secrets = all.iter().enumerate().filter(|(_, (_, parameter))| secret(*parameter));
        match (secrets.next(), secrets.next()) {
            (Some((index, _)), None) if all.len() <= 2 => Ok(Pairs { secret: index, all }),
            _ => Err(self.wrong(span.clone(), "a name for a secret parameter is needed, and perhaps one for a user")),
        }
    }
}

impl Auth {
    /// The credentials, where the account has their values.
    pub(super) fn prepare(&self, parameters: &Parameters) -> Option<Result<Credentials, ParameterError>> {
        let given = |all: &[usize]| all.iter().all(|index| !parameters.first(*index).is_empty());
        let filled = |pairs: &Pairs| -> Option<Vec<(Box<str>, Box<str>)>> {
            let one = |(name, index): &(Box<str>, usize)| (name.clone(), parameters.first(*index).into());
            let all: Vec<usize> = pairs.all.iter().map(|(_, index)| *index).collect();
            given(&all).then(|| pairs.all.iter().map(one).collect())
        };
        let header = |name: &http::HeaderName, value: &str, index| {
            let value = sensitive(value).ok_or_else(|| not_in_header(parameters, index));
            value.map(|value| Credentials::Header(name.clone(), value))
        };
        match &self.kind {
            Kind::Basic { user, password } => given(&[*user, *password]).then(|| {
                let pair = format!("{}:{}", parameters.first(*user), parameters.first(*password));
                header(&http::header::AUTHORIZATION, &format!("Basic {}", BASE64_STANDARD.encode(pair)), *password)
            }),
            Kind::Header { name, prefix, value } => {
                given(&[*value]).then(|| header(name, &format!("{prefix}{}", parameters.first(*value)), *value))
            }
            Kind::Headers(pairs) => filled(pairs).map(|all| {
                let one = |(name, value): &(Box<str>, Box<str>)| Some((name.parse().ok()?, sensitive(value)?));
                let all = all.iter().map(one).collect::<Option<_>>();
                all.map(Credentials::Headers).ok_or_else(|| not_in_header(parameters, pairs.all[pairs.secret].1))
            }),
            Kind::Query(pairs) => filled(pairs).map(|pairs| Ok(Credentials::Query(pairs))),
            Kind::Body(pairs) => filled(pairs).map(|pairs| Ok(Credentials::Body(pairs))),
            // Only what senders show is looked for there.
            Kind::Xml(_) => None,
            Kind::Jwt(jwt) => given(&[jwt.key]).then(|| {
                let name = || parameters.name(jwt.key).to_owned();
                let key = Key::read(jwt.algorithm, parameters.first(jwt.key));
                let key = key.map_err(|wanted: &str| ParameterError { name: name(), wanted: wanted.to_owned() });
                key.map(|key| Credentials::Jwt(Arc::clone(jwt), Arc::new(key)))
            }),
            Kind::OAuth2(oauth) => given(&[oauth.id, oauth.secret]).then(|| Ok(Credentials::OAuth2(Arc::clone(oauth)))),
            Kind::Google(google) => given(&[google.account])
                .then(|| google.read(parameters).map(|read| Credentials::Google(Arc::clone(google), Arc::new(read)))),
            Kind::SigV4(keys) => {
                given(&[keys.access_key, keys.secret_key]).then(|| Ok(Credentials::SigV4(Arc::clone(keys))))
            }
        }
    }
}

fn sensitive(value: &str) -> Option<http::HeaderValue> {
    let mut value = http::HeaderValue::try_from(value).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn not_in_header(parameters: &Parameters, index: usize) -> ParameterError {
    let wanted = "credentials hold no control characters".to_owned();
    ParameterError { name: parameters.name(index).to_owned(), wanted }
}

impl Provider {
    /// The first credentials for a use whose values the account has.
    pub(super) fn credentials(
        &self,
        parameters: &Parameters,
        used: impl Fn(&Auth) -> bool,
    ) -> Result<Option<Credentials>, ParameterError> {
        self.auth.iter().filter(|auth| used(auth)).find_map(|auth| auth.prepare(parameters)).transpose()
    }
}

impl Account {
    /// Puts the credentials for requests of our own into the headers and the URL; those for the body stand in it.
    pub(super) fn show(&self, url: &mut String, headers: &mut http::HeaderMap) {
        match &self.credentials {
            Some(Credentials::Header(name, value)) => {
                headers.insert(name, value.clone());
            }
            Some(Credentials::Headers(pairs)) => {
                for (name, value) in pairs {
                    headers.insert(name, value.clone());
                }
            }
            Some(Credentials::Query(pairs)) => {
                for (name, value) in pairs {
                    url.push(if url.contains('?') { '&' } else { '?' });
                    url.push_str(&form::encode(name));
                    url.push('=');
                    url.push_str(&form::encode(value));
                }
            }
            // Those that stand in the body, and those that `Account::authorize` puts in.
            Some(_) | None => {}
        }
    }
}
