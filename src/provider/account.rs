//! An operator's use of a provider: parameters, custody, URLs. Pure data with everything prepared at load.

use super::{
    Declared, Document, ParameterError, Provider,
    auth::{Credentials, Tokens},
    compiled::DocumentText,
    signature::{Keys, origins},
    text::{NotRendered, Text, Values},
};
use bytes::Bytes;
use std::{borrow::Cow, fmt, sync::Arc};

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
            let (about, secret, required, several, multiline) = (Box::default(), false, false, true, false);
            (Declared { name, about, secret, required, several, multiline, default: None }, vec![(*value).into()])
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
    /// For each of the provider's schemes; `None`: the account has no secret for it.
    pub(super) keys: Vec<Option<Keys>>,
    /// Our own credentials, ready to be shown, for requests of our own.
    pub(super) credentials: Option<Credentials>,
    /// What it has been given, and may use for a time.
    pub(super) tokens: Tokens,
    /// Those for what goes on from drop-in endpoints, in the operator's custody.
    pub(super) via_credentials: Option<Credentials>,
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
        let keys = settings.provider.schemes.iter().map(|rule| rule.value.prepare(&settings.parameters));
        let keys = keys.collect::<Result<_, _>>()?;
        let (provider, parameters) = (&settings.provider, &settings.parameters);
        if settings.upstream.is_none() {
            provider.check_upstreams(parameters)?;
        }
        Ok(Self {
            origins: settings.public_urls.iter().flat_map(|url| origins(url)).collect(),
            credentials: provider.credentials(parameters, |auth| auth.send)?,
            via_credentials: provider.credentials(parameters, |auth| auth.via)?,
            keys,
            tokens: Tokens::default(),
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

    /// The value of a parameter that is no secret.
    pub fn shown(&self, name: &str) -> Option<&str> {
        let found = self.parameters().values.iter().find(|(declared, _)| *declared.name == *name && !declared.secret);
        found.and_then(|(_, values)| values.first()).map(|value| &**value)
    }

    /// Where requests go, without a slash at the end: as the configuration says, else to a request's own upstream, else
    /// to the provider's.
    pub(super) fn base(&self, own: Option<&Text>) -> Result<Cow<'_, str>, NotRendered> {
        if let Some(upstream) = &self.settings.upstream {
            return Ok(Cow::Borrowed(upstream.trim_end_matches('/')));
        }
        let values = Values { section: &[], parameters: self.parameters() };
        Ok(match own.unwrap_or(&self.settings.provider.upstream).value(&values)? {
            Cow::Owned(text) => Cow::Owned(text.trim_end_matches('/').to_owned()),
            Cow::Borrowed(text) => Cow::Owned(text.trim_end_matches('/').to_owned()),
        })
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

/// Whether it is `http://` or `https://`, a host, perhaps a port and a path, and nothing else.
pub(super) fn is_origin(url: &str) -> bool {
    let known = url.starts_with("https://") || url.starts_with("http://");
    let parsed: Option<http::Uri> = url.parse().ok();
    known && !url.contains('#') && parsed.is_some_and(|url| url.host().is_some_and(|host| !host.is_empty()))
}

impl Provider {
    /// Whether all places that requests go to are addresses with the account's values in them.
    fn check_upstreams(&self, parameters: &Parameters) -> Result<(), ParameterError> {
        let wrong = |wanted: String| ParameterError { name: "upstream".to_owned(), wanted };
        let values = Values { section: &[], parameters };
        let of_routes = self.routes.iter().filter_map(|route| route.upstream.as_ref());
        let of_send = self.send.iter().filter_map(|send| send.endpoint.upstream.as_ref());
        for text in std::iter::once(&self.upstream).chain(of_send).chain(of_routes) {
            let upstream = text.render(&values).map_err(|found| wrong(found.0))?;
            if !is_origin(&upstream) || upstream.contains('?') {
                let wanted = "is not an address like https://api.example.com: check the parameters in it";
                return Err(wrong(format!("`{upstream}` {wanted}")));
            }
        }
        Ok(())
    }

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
            let odd =
                |letter: char| letter.is_control() && !(declared.multiline && matches!(letter, '\n' | '\r' | '\t'));
            if given.iter().any(|value| value.is_empty() || value.contains(odd)) {
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
