//! An operator's use of a provider: parameters, custody, URLs. Pure data with everything prepared at load.

use super::{
    Declared, Document, ParameterError, Provider,
    compiled::{Auth, DocumentText},
    signature::{Keys, origins},
    text::Values,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use std::{fmt, sync::Arc};

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<str>);

impl Secret {
    /// Takes it in.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The plain text: for signing and comparing only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

/// An account's values, checked against the file's declared parameters. In the file's order of names.
#[derive(Clone, PartialEq, Eq)]
pub struct Parameters {
    pub(super) values: Vec<(Declared, Vec<Box<str>>)>,
}

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |(declared, values): &(Declared, Vec<Box<str>>)| {
            let values = if declared.secret { "•••".to_owned() } else { values.join(", ") };
            (declared.name.clone(), values)
        };
        f.debug_map().entries(self.values.iter().map(shown)).finish()
    }
}

impl Parameters {
    /// The value of a parameter by its position; empty where it has none.
    pub(super) fn first(&self, index: usize) -> &str {
        self.all(index).first().map_or("", |value| value)
    }

    /// All values of a parameter by its position.
    pub(super) fn all(&self, index: usize) -> &[Box<str>] {
        self.values.get(index).map_or(&[], |(_, values)| values)
    }

    /// The name of a parameter by its position.
    pub(super) fn name(&self, index: usize) -> &str {
        self.values.get(index).map_or("", |(declared, _)| &declared.name)
    }

    #[cfg(test)]
    pub(super) fn of(values: &[(&str, &str)]) -> Self {
        let one = |(name, value): &(&str, &str)| {
            let name = (*name).into();
            let (about, secret, required, several) = (Box::default(), false, false, true);
            (Declared { name, about, secret, required, several, default: None }, vec![(*value).into()])
        };
        Self { values: values.iter().map(one).collect() }
    }
}

/// Who holds the provider's own credentials (rule Q5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Custody {
    /// The sender: they could see the new number by going round Redial, so forward-only passes unchanged.
    Sender,
    /// The operator: senders have credentials of Redial's ([`SenderKey`]), replaced on the way out.
    Operator,
}

/// Credentials that Redial gave to a sender, for accounts in the operator's custody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenderKey {
    /// The user name of basic authentication; unused where the provider has only a token.
    pub user: Box<str>,
    /// The password or token; also signs callbacks to this sender.
    pub secret: Secret,
}

/// What the operator's configuration says of an account.
#[derive(Clone, Debug)]
pub struct AccountSettings {
    /// Its name: a part of webhook paths and of records.
    pub name: Box<str>,
    /// Its file.
    pub provider: Arc<Provider>,
    /// Its values, from [`Provider::parameters`].
    pub parameters: Parameters,
    /// Who holds the credentials.
    pub custody: Custody,
    /// What the senders of an account in the operator's custody show.
    pub senders: Vec<SenderKey>,
    /// `https://host[:port]` under which providers reach Redial, as configured with them; empty: as the request says,
    /// which is right only without a proxy in front.
    pub public_urls: Vec<Box<str>>,
    /// Where requests go instead of to the provider (another region, a test): `https://host[:port]`.
    pub upstream: Option<Box<str>>,
    /// The customer's own voice application, to which unchanged calls are handed.
    pub application: Option<Box<str>>,
}

/// An operator's use of a provider, with its keys prepared.
#[derive(Debug)]
pub struct Account {
    settings: AccountSettings,
    pub(super) origins: Vec<Box<str>>,
    pub(super) keys: Keys,
    /// Our own credentials, ready to be sent.
    pub(super) credentials: Option<(http::HeaderName, http::HeaderValue)>,
}

impl Account {
    /// Prepares keys; errors name the parameter (a key that does not decode, a URL that is none).
    pub fn new(settings: AccountSettings) -> Result<Self, ParameterError> {
        let url = |name: &str, url: &str| {
            let wanted = || format!("`{url}` is not an address like https://redial.example.com");
            if is_origin(url) { Ok(()) } else { Err(ParameterError { name: name.to_owned(), wanted: wanted() }) }
        };
        let base = |name: &str, base: &str| {
            let wanted = || format!("`{base}` has a query; the request's own path and query follow it");
            let without = !base.contains('?');
            url(name, base)?;
            if without { Ok(()) } else { Err(ParameterError { name: name.to_owned(), wanted: wanted() }) }
        };
        settings.public_urls.iter().try_for_each(|one| base("public_urls", one))?;
        settings.upstream.iter().try_for_each(|one| base("upstream", one))?;
        settings.application.iter().try_for_each(|one| url("application", one))?;
        let keys = settings.provider.scheme.prepare(&settings.parameters)?;
        let credentials = settings.provider.auth.iter().find_map(|auth| credentials(auth, &settings.parameters));
        Ok(Self {
            origins: settings.public_urls.iter().flat_map(|url| origins(url)).collect(),
            keys,
            credentials: credentials.transpose()?,
            settings,
        })
    }

    /// Its settings.
    pub fn settings(&self) -> &AccountSettings {
        &self.settings
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// Its file.
    pub fn provider(&self) -> &Provider {
        &self.settings.provider
    }

    /// Its values.
    pub fn parameters(&self) -> &Parameters {
        &self.settings.parameters
    }

    /// Where its requests go, without a slash at the end.
    pub(super) fn upstream(&self) -> &str {
        self.settings.upstream.as_deref().unwrap_or(&self.provider().upstream).trim_end_matches('/')
    }

    /// A document, filled in. One whose expression fails at run time, which no sample foresaw, is an empty 500: the
    /// provider then does what it does when Redial is down.
    pub(super) fn document(&self, document: &DocumentText, names: &[(&'static str, &str)]) -> Document {
        let values = Values { section: names, parameters: self.parameters() };
        let failed =
            |_| Document { status: http::StatusCode::INTERNAL_SERVER_ERROR, content_type: None, body: Bytes::new() };
        document.render(&values).unwrap_or_else(failed)
    }
}

/// The header that shows our credentials, where the account has their values.
fn credentials(
    auth: &Auth,
    parameters: &Parameters,
) -> Option<Result<(http::HeaderName, http::HeaderValue), ParameterError>> {
    let (name, value, index) = match auth {
        Auth::Basic { user, password } => {
            let (user, secret) = (parameters.first(*user), parameters.first(*password));
            if user.is_empty() || secret.is_empty() {
                return None;
            }
            let pair = BASE64_STANDARD.encode(format!("{user}:{secret}"));
            (http::header::AUTHORIZATION, format!("Basic {pair}"), *password)
        }
        Auth::Header { name, prefix, value } => {
            let secret = parameters.first(*value);
            if secret.is_empty() {
                return None;
            }
            (name.clone(), format!("{prefix}{secret}"), *value)
        }
    };
    let wrong = |_| ParameterError {
        name: parameters.name(index).to_owned(),
        wanted: "credentials hold no control characters".to_owned(),
    };
    Some(http::HeaderValue::try_from(value).map_err(wrong).map(|mut value| {
        value.set_sensitive(true);
        (name, value)
    }))
}

/// Whether it is `http://` or `https://`, a host, perhaps a port and a path, and nothing else.
pub(super) fn is_origin(url: &str) -> bool {
    let known = url.starts_with("https://") || url.starts_with("http://");
    let parsed: Option<http::Uri> = url.parse().ok();
    known && !url.contains('#') && parsed.is_some_and(|url| url.host().is_some_and(|host| !host.is_empty()))
}

impl Provider {
    /// The name by which `config.toml` refers to it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its name for a reader.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The provider's own host names, for accounts that are reached by host name.
    pub fn hosts(&self) -> &[Box<str>] {
        &self.hosts
    }

    /// The parameters that an account may or must have, in the order of their names.
    pub fn declared(&self) -> &[Declared] {
        &self.declared
    }

    /// Checks an account's values against the declared parameters: missing, unknown, malformed ones are errors.
    pub fn parameters(&self, values: Vec<(String, Vec<String>)>) -> Result<Parameters, Vec<ParameterError>> {
        let mut wrong = Vec::new();
        let mut all: Vec<(Declared, Vec<Box<str>>)> =
            self.declared.iter().map(|declared| (declared.clone(), Vec::new())).collect();
        let mut refuse = |name: &str, wanted: String| wrong.push(ParameterError { name: name.to_owned(), wanted });
        for (name, given) in values {
            let Some(index) = all.iter().position(|(declared, _)| *declared.name == *name) else {
                let known: Vec<&str> = self.declared.iter().map(|declared| &*declared.name).collect();
                refuse(&name, format!("unknown; {} takes {}", self.name, known.join(", ")));
                continue;
            };
            let (declared, held) = &mut all[index];
            if given.len() > 1 && !declared.several {
                refuse(&name, "takes one value".to_owned());
            }
            if given.iter().any(|value| value.is_empty() || value.contains(|letter: char| letter.is_control())) {
                refuse(&name, "is empty or holds control characters".to_owned());
            }
            if let Some(pattern) = &self.patterns[index]
                && given.iter().any(|value| !pattern.is_match(value))
            {
                refuse(&name, format!("does not look right: {} (pattern {pattern})", declared.about));
            }
            held.extend(given.into_iter().map(Into::into));
        }
        for (declared, held) in &mut all {
            if held.is_empty() {
                held.extend(declared.default.clone());
            }
            if held.is_empty() && declared.required {
                refuse(&declared.name, format!("is missing: {}", declared.about));
            }
        }
        if wrong.is_empty() { Ok(Parameters { values: all }) } else { Err(wrong) }
    }
}
