//! What the accept loop knows of a request and warp's filters do not give: the peer, the exact target, the host.

use http::{HeaderMap, Request, Uri, uri::PathAndQuery};
use std::net::{IpAddr, SocketAddr};

/// Put into each request's extensions by [`super::serve`]; `warp::ext::get::<Arrival>()` takes it out.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Who connected; behind a proxy, the proxy.
    pub peer: SocketAddr,
    /// Path and query exactly as they came.
    pub target: PathAndQuery,
    /// `http` or `https`, as far as our own listener knows.
    pub scheme: &'static str,
    /// The host that the request names, with its port where there is one, lower case; empty when it names none.
    pub authority: Box<str>,
}

impl Arrival {
    /// Reads it off a request.
    pub(super) fn of<B>(request: &Request<B>, peer: SocketAddr, encrypted: bool) -> Self {
        Self::read(request.uri(), request.headers(), peer, encrypted)
    }

    /// Reads it off a request's parts.
    pub(super) fn read(uri: &Uri, headers: &HeaderMap, peer: SocketAddr, encrypted: bool) -> Self {
        let named = uri.authority().map(http::uri::Authority::as_str);
        let header = || headers.get(http::header::HOST).and_then(|host| host.to_str().ok());
        Self {
            peer,
            target: uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/")),
            scheme: if encrypted { "https" } else { "http" },
            authority: named.or_else(header).unwrap_or_default().to_ascii_lowercase().into(),
        }
    }

    /// The host without its port.
    pub fn host(&self) -> &str {
        match self.authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => &self.authority,
        }
    }

    /// `https://host[:port]`, as the request says.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.authority)
    }

    /// The peer's address without its port.
    pub fn ip(&self) -> IpAddr {
        self.peer.ip()
    }
}
