//! From a name to addresses that may be connected to: the operator's pins, else those of the
//! system's that belong to nobody's own network. Asked anew for each connection, so a name that
//! changes its address changes nothing.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::pin::Pin as Pinned;
use core::task::{Context, Poll};
use std::io;
use std::sync::Arc;
use std::vec::IntoIter;

use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

use super::endpoint::HostPattern;

/// A host whose address the operator says, `HOST=ADDRESS:PORT`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "a setting")]
pub struct Pin {
    /// The host, in lower case.
    pub host: String,
    /// Where it is; any address.
    pub address: SocketAddr,
}

impl Pin {
    /// `None`: not of that form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (host, address) = text.split_once('=')?;
        let host = host.to_ascii_lowercase();
        HostPattern::parse(&host).filter(|_| !host.starts_with('*'))?;
        Some(Self { host, address: address.parse().ok()? })
    }
}

/// Where a name leads.
pub(super) type Found = Pinned<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// The relay's resolver.
#[derive(Clone)]
pub(super) struct Resolver {
    pins: Arc<[Pin]>,
    lookup: fn(String) -> Found,
}

impl core::fmt::Debug for Resolver {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Resolver").field("pins", &self.pins).finish_non_exhaustive()
    }
}

impl Resolver {
    /// Asks the system about all but the operator's pins.
    pub(super) fn new(pins: Vec<Pin>) -> Self {
        Self::asking(pins, system)
    }

    /// Asks `lookup` instead of the system.
    pub(super) fn asking(pins: Vec<Pin>, lookup: fn(String) -> Found) -> Self {
        Self { pins: pins.into(), lookup }
    }

    async fn resolve(self, name: String) -> io::Result<Vec<SocketAddr>> {
        let host = name.to_ascii_lowercase();
        let pins = self.pins.iter().filter(|pin| pin.host == host);
        let pinned: Vec<_> = pins.map(|pin| pin.address).collect();
        if !pinned.is_empty() {
            return Ok(pinned);
        }
        allowed((self.lookup)(host).await?)
    }
}

fn system(host: String) -> Found {
    // Port 0: the connector puts in that of the scheme.
    Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.collect()) })
}

/// Those that may be connected to; an error if there is none.
fn allowed(found: impl IntoIterator<Item = SocketAddr>) -> io::Result<Vec<SocketAddr>> {
    let public: Vec<_> = found.into_iter().filter(|address| is_public(address.ip())).collect();
    if public.is_empty() {
        return Err(io::Error::other("no public address"));
    }
    Ok(public)
}

impl Service<Name> for Resolver {
    type Response = IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pinned<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let resolving = self.clone().resolve(name.as_str().to_owned());
        Box::pin(async move { Ok(resolving.await?.into_iter()) })
    }
}

/// Whether an address is somewhere on the internet, and in nobody's own network.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127, ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            // 6to4 relays, which nobody runs any more.
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
            | (224..=255, ..)
    )
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, _, _, e, f, ..] = address.segments();
    // ISATAP: an interface of a site's own tunnel, with the IPv4 address at its end.
    if e & 0xfdff == 0 && f == 0x5efe {
        return false;
    }
    if let Some(embedded) = embedded_v4(address) {
        return is_public_v4(embedded);
    }
    // Unspecified, loopback, IPv4-compatible, and what else is reserved there.
    let reserved = a == 0 || (a == 0x64 && b == 0xff9b) || a == 0x100;
    let own = a & 0xfe00 == 0xfc00 || a & 0xffc0 == 0xfe80 || a & 0xffc0 == 0xfec0;
    // 2001::/23 is for protocols (Teredo hides an address in it), 2001:db8::/32 and 3fff::/20 for examples.
    let special = a == 0x2001 && (b < 0x200 || b == 0xdb8) || (a == 0x3fff && b < 0x1000) || a == 0x5f00;
    !(reserved || own || special || a & 0xff00 == 0xff00)
}

/// The IPv4 address that a mapped (`::ffff:0:0/96`), NAT64 (`64:ff9b::/96`) or 6to4 (`2002::/16`)
/// address leads to.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let from = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match (a, b) {
        (0, 0) if [c, d, e] == [0, 0, 0] && f == 0xffff => Some(from(g, h)),
        (0x64, 0xff9b) if [c, d, e, f] == [0, 0, 0, 0] => Some(from(g, h)),
        (0x2002, _) => Some(from(b, c)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn own_and_reserved_addresses_are_dropped() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "fc00::1",
            "fdff::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "100::1",
            "3fff::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "2002:c0a8:101::1",
            "192.88.99.1",
            "::ffff:192.88.99.1",
            "2a00:1450:4001:829:0:5efe:7f00:1",
            "2a00:1450:4001:829:200:5efe:101:101",
        ] {
            assert!(!is_public(ip(text)), "{text}");
        }
    }

    #[test]
    fn the_internets_are_kept() {
        for text in [
            "142.250.74.106",
            "17.188.143.34",
            "34.107.243.93",
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.255.255",
            "172.32.0.1",
            "192.0.1.1",
            "192.88.98.1",
            "192.88.100.1",
            "2a00:1450:4001:829:100:5efe:101:101",
            "192.1.2.3",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2a00:1450:4001:829::200a",
            "2620:149:a44::1",
            "2606:4700:4700::1111",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
            "2002:101:101::1",
        ] {
            assert!(is_public(ip(text)), "{text}");
        }
    }

    #[test]
    fn private_ones_are_dropped_among_public_ones() {
        let found = ["10.0.0.1:0", "1.1.1.1:0", "[::1]:0"].map(|text| text.parse().expect("an address"));
        assert_eq!(allowed(found).expect("one"), [found[1]]);
        assert!(allowed([found[0], found[2]]).is_err());
    }

    #[tokio::test]
    async fn the_system_is_asked_and_its_own_network_left_out_while_pins_lead_anywhere() {
        let pin = Pin::parse("Push.example.org=127.0.0.1:4433").expect("a pin");
        let resolver = Resolver::new(vec![pin.clone()]);
        let found = resolver.clone().resolve("push.EXAMPLE.org".to_owned()).await;
        assert_eq!(found.expect("pinned"), [pin.address]);
        // Whatever the second answer for a name is, it is judged like the first.
        for _ in 0..2 {
            let error = resolver.clone().resolve("localhost".to_owned()).await;
            assert_eq!(error.expect_err("loopback").to_string(), "no public address");
        }
    }

    #[test]
    fn only_a_host_and_an_address_is_a_pin() {
        for text in [
            "",
            "a.b",
            "a.b=127.0.0.1",
            "=127.0.0.1:1",
            "*.a.b=127.0.0.1:1",
            "a.b=c.d:1",
            "1.2.3.4=1.2.3.4:1",
        ] {
            assert_eq!(Pin::parse(text), None, "{text}");
        }
        assert!(Pin::parse("a.b=[::1]:443").is_some());
    }

    proptest! {
        #[test]
        fn a_mapped_address_is_judged_as_what_it_leads_to(bytes: [u8; 4]) {
            let v4 = Ipv4Addr::from(bytes);
            let [high, low] = [[bytes[0], bytes[1]], [bytes[2], bytes[3]]].map(u16::from_be_bytes);
            for v6 in [
                v4.to_ipv6_mapped(),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
            ] {
                prop_assert_eq!(is_public(v6.into()), is_public(v4.into()), "{}", v6);
            }
        }
    }
}
