//! Credentials: what Redial shows a provider, and what senders show at a drop-in endpoint. A new kind is a variant here
//! and of `file/auth.rs`.

mod shown;

pub(super) use shown::{after_scheme, basic};

use super::{
    Account, FileError, ParameterError, Parameters, Provider,
    file::{AuthFile, Use, Written},
    form,
    load::Loader,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use std::{collections::BTreeMap, fmt};
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
    Basic { user: usize, password: usize },
    Header { name: http::HeaderName, prefix: Box<str>, value: usize },
    Query(Pairs),
    Body(Pairs),
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
    Query(Vec<(Box<str>, Box<str>)>),
    Body(Vec<(Box<str>, Box<str>)>),
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
        if let Some(pairs) = &file.query {
            kinds.push(Kind::Query(self.pairs(pairs, &span, secret)?));
        }
        if let Some(pairs) = &file.body {
            kinds.push(Kind::Body(self.pairs(pairs, &span, secret)?));
        }
        let used = |one: Use| file.uses.as_ref().is_none_or(|all| all.contains(&one));
        match (kinds.pop(), kinds.is_empty()) {
            (Some(kind), true) => Ok(Auth { send: used(Use::Send), via: used(Use::Via), kind }),
            _ => Err(self.wrong(span, "one kind of credentials is needed: basic, bearer, header, query or body")),
        }
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
        let filled = |pairs: &Pairs| -> Option<Vec<(Box<str>, Box<str>)>> {
            let one = |(name, index): &(Box<str>, usize)| {
                let value = parameters.first(*index);
                (!value.is_empty()).then(|| (name.clone(), value.into()))
            };
            pairs.all.iter().map(one).collect()
        };
        let (name, value, index) = match &self.kind {
            Kind::Basic { user, password } => {
                let (user, secret) = (parameters.first(*user), parameters.first(*password));
                if user.is_empty() || secret.is_empty() {
                    return None;
                }
                let pair = BASE64_STANDARD.encode(format!("{user}:{secret}"));
                (http::header::AUTHORIZATION, format!("Basic {pair}"), *password)
            }
            Kind::Header { name, prefix, value } => {
                let secret = parameters.first(*value);
                if secret.is_empty() {
                    return None;
                }
                (name.clone(), format!("{prefix}{secret}"), *value)
            }
            Kind::Query(pairs) => return filled(pairs).map(|pairs| Ok(Credentials::Query(pairs))),
            Kind::Body(pairs) => return filled(pairs).map(|pairs| Ok(Credentials::Body(pairs))),
        };
        let wrong = |_| ParameterError {
            name: parameters.name(index).to_owned(),
            wanted: "credentials hold no control characters".to_owned(),
        };
        Some(http::HeaderValue::try_from(value).map_err(wrong).map(|mut value| {
            value.set_sensitive(true);
            Credentials::Header(name, value)
        }))
    }
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
            Some(Credentials::Query(pairs)) => {
                for (name, value) in pairs {
                    url.push(if url.contains('?') { '&' } else { '?' });
                    url.push_str(&form::encode(name));
                    url.push('=');
                    url.push_str(&form::encode(value));
                }
            }
            Some(Credentials::Body(_)) | None => {}
        }
    }
}
