//! An operator's use of a provider: parameters, custody, URLs. Pure data with everything prepared at load.

use super::{Declared, ParameterError, Provider};
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
}

impl Account {
    /// Prepares keys; errors name the parameter (a key that does not decode, a URL that is none).
    pub fn new(settings: AccountSettings) -> Result<Self, ParameterError> {
        Ok(Self { settings })
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
}
