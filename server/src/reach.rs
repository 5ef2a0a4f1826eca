//! Whether devices can reach the relay at an address, as far as the address itself tells.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::tls::settings::host;

/// Who cannot use the address in the links that are printed, and what to do for them.
#[must_use]
pub fn who_cannot(public_url: &str) -> Option<&'static str> {
    let here = host(public_url);
    let loopback = here == "localhost" || here.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if loopback {
        return Some(
            "Only this machine reaches that address. For phones: `campana-relay lan` on the same Wi-Fi, \
             `--acme NAME` on a server with a domain, or a proxy and `--public-url`.",
        );
    }
    // An onion service is a secure context in the browser that opens it.
    (public_url.starts_with("http://") && !here.ends_with(".onion"))
        .then_some("Browsers open the app over https only: at that address, only the native client works.")
}

/// What is wrong with the address that devices are to reach the relay at, as far as can be told from it.
pub(crate) fn unusable(url: &str) -> Option<&'static str> {
    const SCHEME: &str = "must begin with https:// (or http:// for trying out)";
    const HOST: &str = "must name a host that devices can reach, as in https://relay.example.org";
    const PATH: &str = "must end behind the host, or its port: the app works at the root of its host only";
    let Some(rest) = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")) else {
        return Some(SCHEME);
    };
    let Ok(uri) = url.parse::<axum::http::Uri>() else { return Some(HOST) };
    let Some(authority) = uri.authority() else { return Some(HOST) };
    let host = authority.host().trim_matches(['[', ']']);
    let nowhere = match host.parse::<IpAddr>() {
        Ok(address) => address.is_unspecified() || address.is_multicast() || is_of_one_link(address),
        // A browser reads numbers as an address: 0 as 0.0.0.0, 127.1 as 127.0.0.1.
        Err(_) => {
            let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
            last.is_empty() || last.bytes().all(|byte| byte.is_ascii_digit()) || host.contains("..")
        }
    };
    let port = authority.as_str().rsplit_once(':').filter(|_| !authority.as_str().ends_with(']'));
    if host.is_empty() || nowhere || authority.as_str().contains('@') {
        return Some(HOST);
    }
    if port.is_some_and(|(_, port)| port.parse::<u16>().is_err() || port == "0") {
        return Some("must have a port between 1 and 65535, or none");
    }
    (!rest.trim_end_matches('/').eq(authority.as_str())).then_some(PATH)
}

/// An address that means something else on each of a machine's networks, or that nobody has.
fn is_of_one_link(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_broadcast(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

/// Where a relay that listens on all addresses can be tried on its own machine.
pub(crate) fn connectable(mut listening: SocketAddr) -> SocketAddr {
    if listening.ip().is_unspecified() {
        listening.set_ip(match listening.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    listening
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_that_cannot_work_is_refused() {
        for url in [
            "https://relay.example.org",
            "https://relay.example.org/",
            "http://127.0.0.1:7800",
            "https://[2001:db8::1]:8443",
            "https://[2001:db8::1]",
        ] {
            assert_eq!(unusable(url), None, "{url}");
        }
        for url in [
            "relay.example.org",
            "https://",
            "https:///",
            "https://:443",
            "http://0.0.0.0:7800",
            "http://[::]:7800",
            "https://0",
            "https://127.1",
            "https://224.0.0.1",
            "https://255.255.255.255",
            "https://[fe80::1]:8443",
            "https://relay..example",
            "https://relay example.org",
            "https://me@relay.example.org",
            "https://relay.example.org:0",
            "https://relay.example.org:99999",
            "https://relay.example.org/campana",
            "https://relay.example.org/?a",
            "https://relay.example.org#x",
        ] {
            assert!(unusable(url).is_some(), "{url}");
        }
    }

    #[test]
    fn whoever_cannot_use_an_address_is_told_of() {
        let said = |url: &str| who_cannot(url).unwrap_or_default();
        for url in ["http://127.0.0.1:7800", "http://localhost", "http://[::1]:7800"] {
            assert!(said(url).contains("Only this machine"), "{url}");
        }
        assert!(said("http://192.168.1.5:7800").contains("over https only"));
        for url in ["https://relay.example.org", "https://192.168.1.5:7843", "http://abcd.onion"] {
            assert_eq!(said(url), "", "{url}");
        }
    }
}
