//! This machine's address on the local network.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

/// The address that other machines of the network see. Nothing is sent to find it: the system is asked
/// which of its addresses it would send from.
///
/// # Errors
/// If there is none.
pub fn find() -> io::Result<IpAddr> {
    // A documentation network (RFC 5737) for a machine with a way out; the usual networks for one without.
    let targets = [
        "198.51.100.1",
        "192.168.0.1",
        "192.168.1.1",
        "192.168.43.1",
        "10.0.0.1",
        "172.16.0.1",
        "2001:db8::1",
        "fd00::1",
    ];
    let from = |target: &str| {
        let target: IpAddr = target.parse().ok()?;
        let any: IpAddr =
            if target.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let socket = UdpSocket::bind((any, 0)).ok()?;
        socket.connect((target, 9)).ok()?;
        Some(socket.local_addr().ok()?.ip())
    };
    if let Some(address) = targets.iter().find_map(|target| from(target).filter(|found| is_local(*found))) {
        return Ok(address);
    }
    Err(io::Error::other(
        "this machine has no address on a local network: connect it to the Wi-Fi that the phones are on, or say \
         which address it has with --listen ADDRESS:PORT",
    ))
}

/// Whether only machines of one network reach it (RFC 1918, 3927, 4193, 4291, 6598), this one excepted.
pub fn is_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            address.is_private() || address.is_link_local() || (first == 100 && (64..128).contains(&second))
        }
        IpAddr::V6(address) => is_local_v6(address),
    }
}

fn is_local_v6(address: Ipv6Addr) -> bool {
    address.is_unique_local()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_one_network_reaches_is_local() {
        for address in ["192.168.1.5", "10.1.2.3", "172.31.0.1", "169.254.1.1", "100.64.0.1", "fd12::5"] {
            assert!(is_local(address.parse().expect("one")), "{address}");
        }
        for address in [
            "8.8.8.8",
            "172.32.0.1",
            "127.0.0.1",
            "0.0.0.0",
            "100.128.0.1",
            "::",
            "::1",
            "fe80::1",
            "2001:db8::1",
        ] {
            assert!(!is_local(address.parse().expect("one")), "{address}");
        }
    }
}
