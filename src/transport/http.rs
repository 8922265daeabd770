//! Requests out over HTTP: time-outs, no redirects, a size limit, and what is known of a request that failed (rule N3).
//!
//! [`Client`] sends a whole request and reads a whole reply; [`relay::Relay`] passes on a request whose target and
//! bytes must stay exactly as they came.

pub mod reach;
pub mod relay;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use http::{Request, Response};
use reach::{Reach, Resolver};
use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer};
use std::{sync::Arc, time::Duration};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Limits of one client.
#[derive(Clone, Debug)]
pub struct Settings {
    /// For name look-up, TCP and TLS together.
    pub connect_timeout: Duration,
    /// For the whole exchange.
    pub timeout: Duration,
    /// The largest reply body that is read, in bytes.
    pub reply_limit: usize,
    /// Which version of the protocol is spoken.
    pub version: Version,
    /// Which addresses may be connected to.
    pub reach: Reach,
    /// Certificates that are trusted beside the system's, DER.
    pub extra_roots: Vec<CertificateDer<'static>>,
}

/// Which version of the protocol a client speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Version {
    /// HTTP/1.1.
    #[default]
    One,
    /// HTTP/2 where the far end takes it at the handshake of TLS (ALPN, RFC 7301), else HTTP/1.1.
    OneOrTwo,
    /// HTTP/2 alone; without TLS too, with prior knowledge (RFC 9113, 3.3).
    Only2,
}

impl Version {
    /// What is offered at the handshake.
    fn protocols(self) -> Vec<Vec<u8>> {
        match self {
            Version::One => Vec::new(),
            Version::OneOrTwo => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            Version::Only2 => vec![b"h2".to_vec()],
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(15),
            reply_limit: 1 << 20,
            version: Version::One,
            reach: Reach::Public,
            extra_roots: Vec::new(),
        }
    }
}

/// Why there is no reply, and what that says about the request (rule N3).
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The URL or the address behind it may not be used (rule W2). Nothing was sent, and nothing ever will be.
    #[error("this URL may not be used: {0}")]
    Forbidden(&'static str),
    /// No connection: name, TCP or TLS failed. Nothing was sent.
    #[error("no connection")]
    NotSent(#[source] BoxError),
    /// The request left, and no whole reply came: it may have been carried out.
    #[error("the request was sent, but no whole reply came")]
    Unknown(#[source] BoxError),
}

/// Sends whole requests and reads whole replies. Clones share one pool of connections.
#[derive(Clone, Debug)]
pub struct Client {
    inner: reqwest::Client,
    reach: Reach,
    reply_limit: usize,
}

impl Client {
    /// Builds it; fails only where TLS cannot be set up.
    pub fn new(settings: &Settings) -> Result<Self, Failure> {
        let mut tls = tls(&settings.extra_roots)?;
        tls.alpn_protocols = settings.version.protocols();
        let builder = match settings.version {
            Version::One => reqwest::Client::builder().http1_only(),
            Version::OneOrTwo => reqwest::Client::builder(),
            Version::Only2 => reqwest::Client::builder().http2_prior_knowledge(),
        };
        let inner = builder
            .tls_backend_preconfigured(tls)
            .dns_resolver(Arc::new(Resolver(settings.reach)))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .connect_timeout(settings.connect_timeout)
            .timeout(settings.timeout)
            .pool_idle_timeout(Duration::from_secs(30))
            .user_agent(concat!("redial/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Failure::NotSent(error.into()))?;
        Ok(Self { inner, reach: settings.reach, reply_limit: settings.reply_limit })
    }

    /// One exchange. Every status is a reply, also 500; redirects are not followed.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Failure> {
        self.reach.check(request.uri())?;
        let request =
            reqwest::Request::try_from(request).map_err(|_| Failure::Forbidden("it is not an absolute http URL"))?;
        let reply = self.inner.execute(request).await.map_err(classify)?;
        let mut parts = Response::new(Bytes::new());
        *parts.status_mut() = reply.status();
        *parts.headers_mut() = reply.headers().clone();
        let mut body = BytesMut::new();
        let mut stream = reply.bytes_stream();
        while let Some(piece) = stream.next().await {
            let piece = piece.map_err(|error| Failure::Unknown(error.without_url().into()))?;
            if body.len() + piece.len() > self.reply_limit {
                return Err(Failure::Unknown(format!("the reply is larger than {} bytes", self.reply_limit).into()));
            }
            body.extend_from_slice(&piece);
        }
        *parts.body_mut() = body.freeze();
        Ok(parts)
    }
}

/// A refused name look-up reaches us as a cause of reqwest's error.
fn classify(error: reqwest::Error) -> Failure {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(one) = cause {
        if one.downcast_ref::<reach::NotPublic>().is_some() {
            return Failure::Forbidden(reach::NOT_PUBLIC);
        }
        cause = one.source();
    }
    if error.is_connect() || error.is_builder() {
        Failure::NotSent(error.without_url().into())
    } else {
        Failure::Unknown(error.without_url().into())
    }
}

/// Certificates of the system and `extra`, on ring, which both clients use.
fn tls(extra: &[CertificateDer<'static>]) -> Result<ClientConfig, Failure> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "a trusted certificate of this system could not be read");
    }
    roots.add_parsable_certificates(found.certs);
    for certificate in extra {
        roots.add(certificate.clone()).map_err(|error| Failure::NotSent(error.into()))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::NotSent(error.into()))?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

#[cfg(test)]
mod tests;
