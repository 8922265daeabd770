//! `[server]`, `[metrics]` and `[log]`: where a process listens, and what it says.

use super::{
    Span,
    bounds::{MINUTE, SECOND, counting, lasting, listening},
    some,
};
use serde::Deserialize;
use std::{net::SocketAddr, num::NonZeroUsize, path::PathBuf};
use toml::Spanned;

/// The listener.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Where it listens; port 0 takes a free one.
    #[serde(deserialize_with = "listening")]
    pub listen: SocketAddr,
    /// How providers and senders reach it, without a slash at the end.
    pub public_url: Spanned<String>,
    /// Connections at once.
    pub connections: NonZeroUsize,
    /// For the head of a request.
    #[serde(deserialize_with = "lasting::<_, SECOND, {10 * MINUTE}>")]
    pub header_timeout: Span,
    /// For its body.
    #[serde(deserialize_with = "lasting::<_, SECOND, {10 * MINUTE}>")]
    pub body_timeout: Span,
    /// Bytes of a body.
    #[serde(deserialize_with = "counting::<_, _, 1024, 1_073_741_824>")]
    pub body_limit: usize,
    /// For what is under way at a stop.
    #[serde(deserialize_with = "lasting::<_, 0, {10 * MINUTE}>")]
    pub stop_timeout: Span,
    /// Certificate and key, both PEM.
    pub tls: Option<Spanned<Tls>>,
    /// Proxies in front: addresses, and networks like `10.0.0.0/8`. Only their `X-Forwarded-For` is believed.
    pub proxies: Vec<Spanned<String>>,
}

/// A certificate chain and its key, PEM files.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The chain, the server's own first.
    pub certificate: PathBuf,
    /// PKCS 8, PKCS 1 or SEC 1.
    pub key: PathBuf,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: Spanned::new(0..0, "http://127.0.0.1:8080".to_owned()),
            connections: some(10_000),
            header_timeout: Span::seconds(10),
            body_timeout: Span::seconds(20),
            body_limit: 1 << 20,
            stop_timeout: Span::seconds(20),
            tls: None,
            proxies: Vec::new(),
        }
    }
}

/// The listener of `/metrics`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// Where it listens.
    #[serde(deserialize_with = "listening")]
    pub listen: SocketAddr,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 9464)) }
    }
}

/// Logs, on standard error.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// Text for people or JSON for programs.
    pub format: LogFormat,
    /// A level, or a list of `target=level`.
    pub level: Spanned<String>,
}

/// Form of the logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: Spanned::new(0..0, "info".to_owned()) }
    }
}

impl Server {
    /// The byte at which something is wrong, and why.
    pub(super) fn check(&self) -> Result<(), (usize, String)> {
        let url = &self.public_url;
        let (scheme, rest) = url.get_ref().split_once("://").unwrap_or_default();
        if !matches!(scheme, "http" | "https")
            || rest.is_empty()
            || rest.ends_with('/')
            || rest.contains(['?', '#', ' '])
        {
            return Err((
                url.span().start,
                format!(
                    "public_url is {:?}; it looks like \"https://redial.example.com\", without a slash at the end",
                    url.get_ref()
                ),
            ));
        }
        Ok(())
    }
}
