//! Which addresses a request may go to (rule W2): checked on the address that is really connected to, after the name
//! look-up, so that a name cannot lead into the operator's own network.

use super::Failure;
use http::Uri;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Which addresses may be connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Reach {
    /// https to public addresses: for URLs that came from outside.
    #[default]
    Public,
    /// Everything, http too: for URLs that the operator wrote into the configuration, and where the operator allows it.
    Anywhere,
}

/// What is said of a refused address; which one it is would tell an outsider about the inside.
pub(super) const NOT_PUBLIC: &str = "its host is not a public address";

/// The look-up found no address that may be used.
#[derive(Debug, thiserror::Error)]
#[error("{NOT_PUBLIC}")]
pub(super) struct NotPublic;

impl Reach {
    /// Refuses what can be refused before the look-up: the scheme, userinfo, and hosts that are addresses themselves.
    pub fn check(self, uri: &Uri) -> Result<(), Failure> {
        let host = uri.host().filter(|host| !host.is_empty()).ok_or(Failure::Forbidden("it has no host"))?;
        match (uri.scheme_str(), self) {
            (Some("https"), _) | (Some("http"), Reach::Anywhere) => {}
            (Some("http"), Reach::Public) => return Err(Failure::Forbidden("it is not https")),
            _ => return Err(Failure::Forbidden("it is neither https nor http")),
        }
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(Failure::Forbidden("it holds a user name"));
        }
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        if self == Reach::Public && literal.is_ok_and(|address| !is_public(address)) {
            return Err(Failure::Forbidden(NOT_PUBLIC));
        }
        Ok(())
    }
}

/// Looks names up and leaves out what may not be connected to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resolver(pub(super) Reach);

impl reqwest::dns::Resolve for Resolver {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let reach = self.0;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let usable: Vec<SocketAddr> =
                found.filter(|found| reach == Reach::Anywhere || is_public(found.ip())).collect();
            if usable.is_empty() {
                return Err(NotPublic.into());
            }
            Ok(Box::new(usable.into_iter()) as reqwest::dns::Addrs)
        })
    }
}

/// Whether an address is reachable from the internet at large. What is in doubt is not public.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// The IANA special-purpose registry for IPv4, as far as it is not globally reachable.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || a >= 224
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_documentation()
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19)))
}

/// Global unicast only, and where an IPv4 address is embedded (mapped, 6to4, NAT64) that one must be public too.
fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => is_public_v4(embedded(high, low)),
        // Teredo, benchmarking, ORCHID, documentation.
        [0x2001, second, ..] => second > 0x01ff && second != 0x0db8,
        [0x3fff, second, ..] => second > 0x0fff,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}
