//! E-mail over SMTP: connections kept, TLS by rustls, and what is known of a message that failed (rule N3).

use super::{delivery::Delivery, mail::Written};
use crate::domain::notice::AttemptOutcome;
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor,
    transport::smtp::{
        Error, PoolConfig,
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
        extension::ClientId,
    },
};
use std::time::Duration;

/// Where and how.
#[derive(Clone)]
pub struct Settings {
    /// `smtp://host:25` without TLS, `smtp+starttls://host:587`, `smtps://host:465`; the port may be left out.
    pub url: String,
    /// Who signs in and with what.
    pub credentials: Option<(String, String)>,
    /// The name given in EHLO; the machine's own where there is none.
    pub hello: Option<String>,
    /// For connecting, and for each answer.
    pub timeout: Duration,
    /// Connections at once.
    pub connections: u32,
    /// Certificates that are trusted beside the system's, DER.
    pub extra_roots: Vec<Vec<u8>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            url: String::new(),
            credentials: None,
            hello: None,
            timeout: Duration::from_secs(30),
            connections: 4,
            extra_roots: Vec::new(),
        }
    }
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Settings that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSettings {
    /// The URL's form.
    #[error("`{0}` is no mail server; write smtp://host:25, smtp+starttls://host:587 or smtps://host:465")]
    Url(String),
    /// TLS.
    #[error("TLS could not be set up: {0}")]
    Tls(String),
    /// A password would travel in the open.
    #[error("a user and a password need TLS: write smtp+starttls:// or smtps://")]
    Open,
}

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Security {
    None,
    StartTls,
    Implicit,
}

/// A mail server. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Smtp {
    inner: AsyncSmtpTransport<Tokio1Executor>,
}

impl Smtp {
    /// Connects at the first message.
    pub fn new(settings: &Settings) -> Result<Self, BadSettings> {
        let (security, host, port) = read_url(&settings.url).ok_or_else(|| BadSettings::Url(settings.url.clone()))?;
        let local = matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1");
        if settings.credentials.is_some() && security == Security::None && !local {
            return Err(BadSettings::Open);
        }
        let tls = match security {
            Security::None => Tls::None,
            Security::StartTls => Tls::Required(parameters(&host, settings)?),
            Security::Implicit => Tls::Wrapper(parameters(&host, settings)?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(port)
            .tls(tls)
            .timeout(Some(settings.timeout))
            .pool_config(PoolConfig::new().max_size(settings.connections.max(1)));
        if let Some(name) = &settings.hello {
            builder = builder.hello_name(ClientId::Domain(name.clone()));
        }
        if let Some((user, password)) = &settings.credentials {
            builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
        }
        Ok(Self { inner: builder.build() })
    }

    /// Hands one e-mail over. *Sent* means that the server has taken it, not that it has arrived.
    pub async fn deliver(&self, mail: &Written) -> Delivery {
        match self.inner.send_raw(&mail.envelope, &mail.bytes).await {
            Ok(response) => Delivery::new(AttemptOutcome::Sent, &response.message().collect::<Vec<_>>().join(" ")),
            Err(error) => failed(&error),
        }
    }
}

fn parameters(host: &str, settings: &Settings) -> Result<TlsParameters, BadSettings> {
    let bad = |error: Error| BadSettings::Tls(error.to_string());
    let mut builder = TlsParameters::builder(host.to_owned());
    for der in &settings.extra_roots {
        builder = builder.add_root_certificate(Certificate::from_der(der.clone()).map_err(bad)?);
    }
    builder.build().map_err(bad)
}

/// Scheme, host and port; IPv6 addresses stand in brackets.
fn read_url(url: &str) -> Option<(Security, String, u16)> {
    let (scheme, rest) = url.split_once("://")?;
    let (security, usual) = match scheme {
        "smtp" => (Security::None, 25),
        "smtp+starttls" => (Security::StartTls, 587),
        "smtps" => (Security::Implicit, 465),
        _ => return None,
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, "")) => (host, None),
        Some((host, port)) => (host, Some(port.strip_prefix(':')?)),
        None => rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port))),
    };
    let port = port.map_or(Some(usual), |port| port.parse().ok().filter(|&port| port > 0))?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    (!host.is_empty() && host.chars().all(plain)).then(|| (security, host.to_owned(), port))
}

/// What a failure says about the message.
///
/// A refusal with 4xx, a full mailbox (5.2.2), a refused sign-in or a policy against this server (5.7.x) can be another
/// matter later; the rest of 5xx is final for this address. Where no connection was made nothing was sent; where one
/// broke it may have been.
fn failed(error: &Error) -> Delivery {
    let words = error.to_string();
    let outcome = if let Some(code) = error.status() {
        let code = u16::from(code);
        let enhanced = words.split_whitespace().find(|word| word.starts_with("5.") && word.matches('.').count() == 2);
        let ours = matches!(code, 530 | 534 | 535 | 538) || enhanced.is_some_and(|status| status.starts_with("5.7."));
        if error.is_transient() || code == 552 || enhanced == Some("5.2.2") || ours {
            AttemptOutcome::TryAgain
        } else {
            AttemptOutcome::Never
        }
    } else if words.starts_with("Connection error") || error.is_tls() || error.is_transport_shutdown() {
        AttemptOutcome::TryAgain
    } else if error.is_client() {
        // The library would not go on: the address needs what the server cannot do, or the settings do not fit.
        let settings = ["STARTTLS", "mechanism", "challenge"].iter().any(|word| words.contains(word));
        if settings { AttemptOutcome::TryAgain } else { AttemptOutcome::Never }
    } else {
        AttemptOutcome::Unknown
    };
    Delivery::new(outcome, &words)
}

#[cfg(test)]
mod tests;
