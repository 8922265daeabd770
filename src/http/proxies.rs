//! Who asks, where proxies stand in front (RFC 7239 tells why their word is believed only where the operator says so).

use http::HeaderMap;
use std::{net::IpAddr, str::FromStr};

/// The header to which each proxy appends the address of whom it got a request from.
const HEADER: &str = "x-forwarded-for";

/// Proxies in front of the listener. Without any, whoever connects is who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(Box<[Network]>);

impl From<Vec<Network>> for Proxies {
    fn from(networks: Vec<Network>) -> Self {
        Self(networks.into())
    }
}

impl Proxies {
    /// Who asks: the last address on the way that is no proxy's. What stands before it is anybody's word.
    pub fn asker(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut asker = peer.to_canonical();
        if !self.have(asker) {
            return asker;
        }
        let lines: Vec<&str> = headers.get_all(HEADER).iter().filter_map(|line| line.to_str().ok()).collect();
        for written in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
            let Some(before) = address(written.trim()) else { break };
            asker = before;
            if !self.have(asker) {
                break;
            }
        }
        asker
    }

    /// Whether this is one of them.
    pub(super) fn have(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.has(address))
    }
}

/// An address as proxies write it: with a port or without.
fn address(text: &str) -> Option<IpAddr> {
    let bare = || text.parse::<IpAddr>().ok();
    let bracketed = || text.strip_prefix('[')?.split_once(']')?.0.parse().ok();
    let with_port = || text.parse::<std::net::SocketAddr>().ok().map(|both| both.ip());
    bare().or_else(with_port).or_else(bracketed).map(|address| address.to_canonical())
}

/// An address, or all that begin like it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    first: u128,
    bits: u32,
    is_v4: bool,
}

/// Neither an address nor a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no address; write one like \"10.0.0.7\", or a network like \"10.0.0.0/8\" or \"fd00::/8\"")]
pub struct NotANetwork(String);

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let wrong = || NotANetwork(text.to_owned());
        let (written, length) = text.split_once('/').map_or((text, None), |(written, length)| (written, Some(length)));
        let (first, width, is_v4) = whole(written.trim().parse().map_err(|_| wrong())?);
        let bits = length.map_or(Ok(width), |length| length.trim().parse().map_err(|_| wrong()))?;
        if bits > width {
            return Err(wrong());
        }
        Ok(Self { first, bits, is_v4 })
    }
}

impl Network {
    fn has(&self, address: IpAddr) -> bool {
        let (address, width, is_v4) = whole(address);
        // Nothing is left to compare where the network is everything.
        let differs = (address ^ self.first).checked_shr(width - self.bits).unwrap_or(0);
        is_v4 == self.is_v4 && differs == 0
    }
}

/// An address as a number, how many bits it has, and whether it is of version 4.
fn whole(address: IpAddr) -> (u128, u32, bool) {
    match address {
        IpAddr::V4(address) => (address.to_bits().into(), 32, true),
        IpAddr::V6(address) => (address.to_bits(), 128, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behind(proxies: &[&str], peer: &str, lines: &[&str]) -> String {
        let networks: Vec<Network> = proxies.iter().map(|text| text.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(HEADER, line.parse().unwrap());
        }
        Proxies::from(networks).asker(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn who_asks_is_whom_the_first_proxy_of_ours_saw() {
        for (why, proxies, peer, lines, asker) in [
            ("no proxy: anybody can write the header", &[][..], "192.0.2.9", &["198.51.100.1"][..], "192.0.2.9"),
            ("not by way of the proxy", &["10.0.0.1"], "192.0.2.9", &["198.51.100.1"], "192.0.2.9"),
            ("by way of it", &["10.0.0.1"], "10.0.0.1", &["192.0.2.9"], "192.0.2.9"),
            (
                "what was there before is anybody's word",
                &["10.0.0.1"],
                "10.0.0.1",
                &["1.1.1.1, 192.0.2.9"],
                "192.0.2.9",
            ),
            ("two proxies", &["10.0.0.0/8"], "10.0.0.1", &["1.1.1.1", "192.0.2.9, 10.7.0.1"], "192.0.2.9"),
            ("with a port", &["10.0.0.1"], "10.0.0.1", &["192.0.2.9:4711"], "192.0.2.9"),
            ("version 6", &["fd00::/8"], "fd00::1", &["[2001:db8::5]:80"], "2001:db8::5"),
            ("version 4 as 6", &["10.0.0.1"], "::ffff:10.0.0.1", &["::ffff:192.0.2.9"], "192.0.2.9"),
            ("nothing was written", &["10.0.0.1"], "10.0.0.1", &[], "10.0.0.1"),
            ("nonsense was written", &["10.0.0.1"], "10.0.0.1", &["192.0.2.9, unknown"], "10.0.0.1"),
            ("only proxies", &["0.0.0.0/0"], "10.0.0.1", &["192.0.2.9"], "192.0.2.9"),
        ] {
            assert_eq!(behind(proxies, peer, lines), asker, "{why}");
        }
    }

    #[test]
    fn a_network_is_an_address_or_what_begins_like_it() {
        for (network, address, has) in [
            ("10.1.0.0/16", "10.1.200.3", true),
            ("10.1.0.0/16", "10.2.0.1", false),
            ("10.1.2.3/16", "10.1.0.1", true),
            ("10.0.0.7", "10.0.0.8", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "10.0.0.1", false),
            ("fd00::/8", "fe00::1", false),
        ] {
            assert_eq!(network.parse::<Network>().unwrap().has(address.parse().unwrap()), has, "{network} {address}");
        }
        for wrong in ["", "10.0.0", "10.0.0.0/33", "::/129", "10.0.0.0/", "host", "10.0.0.0/-1"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_header_is_read_or_left(text in "[ -~]{0,60}") {
            let _no_panic = behind(&["10.0.0.1"], "10.0.0.1", &[&text]);
            let _no_panic = text.parse::<Network>().is_ok();
        }
    }
}
