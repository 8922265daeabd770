//! What the accept loop knows of a request and warp's filters do not give: who asks, the exact target, the host.

use http::{HeaderMap, Request, Uri, uri::PathAndQuery};
use std::net::{IpAddr, Ipv6Addr};

/// Put into each request's extensions by [`super::serve`]; `warp::ext::get::<Arrival>()` takes it out.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Who asks; behind a proxy that the configuration does not name, the proxy.
    pub asker: IpAddr,
    /// Path and query exactly as they came.
    pub target: PathAndQuery,
    /// `http` or `https`, as far as our own listener knows.
    pub scheme: &'static str,
    /// [`authority`].
    pub authority: Box<str>,
}

impl Arrival {
    /// Reads it off a request.
    pub(super) fn of<B>(request: &Request<B>, asker: IpAddr, encrypted: bool) -> Self {
        Self::read(request.uri(), request.headers(), asker, encrypted)
    }

    /// Reads it off a request's parts.
    pub(super) fn read(uri: &Uri, headers: &HeaderMap, asker: IpAddr, encrypted: bool) -> Self {
        Self {
            asker,
            target: uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/")),
            scheme: if encrypted { "https" } else { "http" },
            authority: authority(uri, headers),
        }
    }

    /// `https://host[:port]`, as the request says.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.authority)
    }

    /// Who asks, as far as limits go.
    pub fn asking_network(&self) -> IpAddr {
        network_of(self.asker)
    }
}

/// Whose an address is, as far as limits go: of version 6 the first half, since whoever has one has all of those.
pub(super) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        version_4 @ IpAddr::V4(_) => version_4,
    }
}

/// The host that a request names, with its port where there is one, lower case; empty when it names none.
pub(super) fn authority(uri: &Uri, headers: &HeaderMap) -> Box<str> {
    let named = uri.authority().map(http::uri::Authority::as_str);
    let header = || headers.get(http::header::HOST).and_then(|host| host.to_str().ok());
    named.or_else(header).unwrap_or_default().to_ascii_lowercase().into()
}

/// A host without its port.
pub(super) fn host(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c1_whoever_has_one_address_of_version_6_has_its_neighbours_too() {
        for (asker, network) in [("192.0.2.9", "192.0.2.9"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::")] {
            let request = Request::new(());
            let arrival = Arrival::of(&request, asker.parse().unwrap(), false);
            assert_eq!(arrival.asking_network().to_string(), network);
        }
    }
}
