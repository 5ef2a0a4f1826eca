//! A TCP connection to the relay: addresses raced (RFC 8305), or through a proxy (HTTP CONNECT, SOCKS5).

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::sleep;

use crate::limits::{PROXY_ANSWER, STAGGER};
use crate::socket::Lost;

/// What stands between this device and the relay.
/// Not `Debug`: it may hold a password.
pub(crate) struct Proxy {
    kind: Kind,
    host: String,
    port: u16,
    user: Option<(String, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Connect,
    Socks5,
}

impl Proxy {
    /// From `http://host:port`, `socks5://host:port` or `socks5h://host:port`, with `user:password@` if need
    /// be. The proxy resolves the relay's name, under either scheme: a name asked for here would give away
    /// to the local network what Tor is to hide.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let (kind, default) = match scheme {
            "http" => (Kind::Connect, 8080),
            "socks5" | "socks5h" => (Kind::Socks5, 1080),
            _ => return None,
        };
        let rest = rest.trim_end_matches('/');
        let (user, place) = match rest.rsplit_once('@') {
            Some((user, place)) => {
                let (name, secret) = user.split_once(':').unwrap_or((user, ""));
                (Some((name.to_owned(), secret.to_owned())), place)
            }
            None => (None, rest),
        };
        let (host, port) = host_and_port(place, default)?;
        Some(Self { kind, host, port, user })
    }

    /// A connection through it.
    async fn reach(&self, host: &str, port: u16) -> Result<TcpStream, Lost> {
        let failed = |error: io::Error| Lost::Proxy(error.to_string());
        let mut stream = direct(&self.host, self.port).await.map_err(failed)?;
        match self.kind {
            Kind::Connect => self.connect(&mut stream, host, port).await,
            Kind::Socks5 => self.socks(&mut stream, host, port).await,
        }
        .map_err(failed)?;
        Ok(stream)
    }

    async fn connect(&self, stream: &mut TcpStream, host: &str, port: u16) -> io::Result<()> {
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let user = self.user.as_ref().map_or_else(String::new, |(name, secret)| {
            format!("Proxy-Authorization: Basic {}\r\n", STANDARD.encode(format!("{name}:{secret}")))
        });
        let request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n{user}\r\n");
        stream.write_all(request.as_bytes()).await?;
        // One byte at a time: what follows the answer is the relay's.
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            if answer.len() >= PROXY_ANSWER {
                return Err(io::Error::other("its answer is too long"));
            }
            answer.push(stream.read_u8().await?);
        }
        let text = String::from_utf8_lossy(&answer);
        let status = text.split_whitespace().nth(1).unwrap_or_default();
        if status.len() == 3 && status.starts_with('2') {
            return Ok(());
        }
        Err(io::Error::other(text.lines().next().unwrap_or_default().to_owned()))
    }

    /// RFC 1928, with RFC 1929's user name and password.
    async fn socks(&self, stream: &mut TcpStream, host: &str, port: u16) -> io::Result<()> {
        let refused = |why: &str| io::Error::other(why.to_owned());
        let method = if self.user.is_some() { 2 } else { 0 };
        stream.write_all(&[5, 1, method]).await?;
        let mut answer = [0; 2];
        stream.read_exact(&mut answer).await?;
        if answer != [5, method] {
            return Err(refused("it is no SOCKS5 proxy, or wants another way to log in"));
        }
        if let Some((name, secret)) = &self.user {
            let mut login = vec![1];
            for text in [name, secret] {
                login.push(u8::try_from(text.len()).map_err(|_| refused("its password is too long"))?);
                login.extend(text.as_bytes());
            }
            stream.write_all(&login).await?;
            stream.read_exact(&mut answer).await?;
            if answer[1] != 0 {
                return Err(refused("it does not take this user name and password"));
            }
        }
        let mut request = vec![5, 1, 0];
        match host.parse() {
            Ok(IpAddr::V4(address)) => {
                request.push(1);
                request.extend(address.octets());
            }
            Ok(IpAddr::V6(address)) => {
                request.push(4);
                request.extend(address.octets());
            }
            Err(_) => {
                request.push(3);
                request.push(u8::try_from(host.len()).map_err(|_| refused("the relay's name is too long"))?);
                request.extend(host.as_bytes());
            }
        }
        request.extend(port.to_be_bytes());
        stream.write_all(&request).await?;
        let mut answer = [0; 4];
        stream.read_exact(&mut answer).await?;
        if answer[1] != 0 {
            return Err(refused(match answer[1] {
                2 => "it does not allow the connection",
                3 | 4 => "it can't reach the relay",
                5 => "the relay refused its connection",
                _ => "it could not connect",
            }));
        }
        let length = match answer[3] {
            1 => 4,
            4 => 16,
            _ => usize::from(stream.read_u8().await?),
        };
        stream.read_exact(&mut vec![0; length + 2]).await.map(drop)
    }
}

/// Which proxy the way to a relay takes.
#[derive(Clone, Default)]
pub(crate) struct Way {
    /// `--proxy`, for every relay.
    pub(crate) given: Option<String>,
}

impl fmt::Debug for Way {
    /// Whether a proxy was given, and not which: its address may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Way").field("given", &self.given.is_some()).finish()
    }
}

impl Way {
    /// The proxy for a relay; an error if one is set that is not understood: to go around it would show the
    /// relay, and the network, whom it is to hide.
    fn proxy(&self, secure: bool, host: &str) -> Result<Option<Proxy>, Lost> {
        let set = |name: &str| {
            let value = std::env::var(name).or_else(|_| std::env::var(name.to_lowercase()));
            value.ok().filter(|value| !value.is_empty())
        };
        let text = match &self.given {
            Some(text) => Some(text.clone()),
            None if excepted(set("NO_PROXY").as_deref(), host) => None,
            None if secure => set("HTTPS_PROXY").or_else(|| set("ALL_PROXY")),
            None => set("ALL_PROXY"),
        };
        text.map(|text| Proxy::parse(&text).ok_or(Lost::Proxy("not an address of a proxy".into())))
            .transpose()
    }

    /// Connects to a host.
    pub(crate) async fn reach(&self, secure: bool, host: &str, port: u16) -> Result<TcpStream, Lost> {
        let stream = match self.proxy(secure, host)? {
            Some(proxy) => proxy.reach(host, port).await?,
            None => direct(host, port).await.map_err(|error| Lost::Unreachable(error.to_string()))?,
        };
        // Frames are small and wait for answers; without this they would wait for more of them.
        let _ = stream.set_nodelay(true);
        Ok(stream)
    }
}

/// This machine itself, and what NO_PROXY names.
fn excepted(no_proxy: Option<&str>, host: &str) -> bool {
    let local = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let named = |name: &str| {
        let name = name.trim().trim_start_matches('.');
        let inside = host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        name == "*" || !name.is_empty() && inside
    };
    local || no_proxy.is_some_and(|list| list.split(',').any(named))
}

/// `host`, `host:port`, `[v6]:port`.
pub(crate) fn host_and_port(text: &str, default: u16) -> Option<(String, u16)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            (host, rest.strip_prefix(':'))
        }
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let port = port.map_or(Some(default), |port| port.parse().ok())?;
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

async fn direct(host: &str, port: u16) -> io::Result<TcpStream> {
    race(interleaved(lookup_host((host, port)).await?.collect())).await
}

/// Families in turn, the system's first choice first: one dead family costs one [`STAGGER`].
fn interleaved(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (one, other): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|a| a.is_ipv6() == first);
    let (mut one, mut other) = (one.into_iter(), other.into_iter());
    let mut mixed = Vec::new();
    loop {
        let pair = [one.next(), other.next()];
        if pair == [None, None] {
            return mixed;
        }
        mixed.extend(pair.into_iter().flatten());
    }
}

/// The first connection that stands; the next address is tried when one fails or is slow.
async fn race(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut left = addresses.into_iter();
    let mut attempts = FuturesUnordered::new();
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    loop {
        if let Some(address) = left.next() {
            attempts.push(TcpStream::connect(address));
        } else if attempts.is_empty() {
            return Err(last);
        }
        let more = left.len() > 0;
        tokio::select! {
            Some(result) = attempts.next() => match result {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            },
            () = sleep(STAGGER), if more => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn proxies_are_read_as_curl_reads_them() {
        let read = |text| Proxy::parse(text).map(|proxy| (proxy.kind, proxy.host, proxy.port, proxy.user));
        let user = Some(("u".to_owned(), "p:w".to_owned()));
        assert_eq!(read("socks5h://127.0.0.1:9050"), Some((Kind::Socks5, "127.0.0.1".into(), 9050, None)));
        assert_eq!(read("http://u:p:w@proxy:3128/"), Some((Kind::Connect, "proxy".into(), 3128, user)));
        assert_eq!(read("socks5://[::1]"), Some((Kind::Socks5, "::1".into(), 1080, None)));
        for wrong in ["", "https://proxy:1", "http://", "http://proxy:x", "socks4://proxy"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_proxys_password_is_in_no_debug_output() {
        let way = Way { given: Some("socks5://user:secret@proxy".to_owned()) };
        assert_eq!(format!("{way:?}"), "Way { given: true }");
    }

    #[test]
    fn only_what_is_named_goes_around_a_proxy() {
        for (list, host, around) in [
            (None, "localhost", true),
            (None, "127.0.0.1", true),
            (None, "relay.example", false),
            (Some(".example, other"), "relay.example", true),
            (Some("lay.example"), "relay.example", false),
            (Some("*"), "relay.example", true),
            (Some(""), "relay.example", false),
        ] {
            assert_eq!(excepted(list, host), around, "{list:?} {host}");
        }
    }

    /// 2001:db8::/32 and 192.0.2.0/24 lead nowhere, by decree.
    #[tokio::test]
    async fn a_dead_route_does_not_keep_the_live_one_waiting() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let live = listener.local_addr().expect("an address");
        let dead =
            ["[2001:db8::1]:9", "[2001:db8::2]:9", "192.0.2.1:9"].map(|text| text.parse().expect("one"));
        let addresses = interleaved([&dead[..], &[live]].concat());
        assert_eq!(addresses[1], dead[2], "families in turn");
        let stream = tokio::time::timeout(STAGGER * 8, race(addresses)).await.expect("in time").expect("one");
        assert_eq!(stream.peer_addr().expect("connected"), live);
    }

    async fn proxied(
        proxy: &str,
        answers: &'static [(&'static [u8], &'static [u8])],
    ) -> Result<TcpStream, Lost> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let at = listener.local_addr().expect("an address");
        let served = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a client");
            for (asked, answer) in answers {
                let mut read = vec![0; asked.len()];
                stream.read_exact(&mut read).await.expect("a question");
                assert_eq!(read, *asked, "{}", String::from_utf8_lossy(&read));
                stream.write_all(answer).await.expect("an answer");
            }
        });
        let way = Way { given: Some(proxy.replace("AT", &at.to_string())) };
        let reached = way.reach(true, "relay.example", 443).await;
        served.await.expect("as expected");
        reached
    }

    #[tokio::test]
    async fn a_proxy_is_asked_for_the_relay_by_its_name() {
        const CONNECT: &[u8] = b"CONNECT relay.example:443 HTTP/1.1\r\nHost: relay.example:443\r\n\r\n";
        const NAMED: &[u8] = b"\x05\x01\x00\x03\x0drelay.example\x01\xbb";
        const DONE: &[u8] = b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00";
        const LET_THROUGH: &[(&[u8], &[u8])] = &[(CONNECT, b"HTTP/1.1 200 OK\r\nVia: x\r\n\r\n")];
        const DENIED: &[(&[u8], &[u8])] = &[(CONNECT, b"HTTP/1.1 407 Log in first\r\n\r\n")];
        const OPEN: &[(&[u8], &[u8])] = &[(b"\x05\x01\x00", b"\x05\x00"), (NAMED, DONE)];
        const LOGIN: &[(&[u8], &[u8])] =
            &[(b"\x05\x01\x02", b"\x05\x02"), (b"\x01\x01u\x01p", b"\x01\x00"), (NAMED, DONE)];
        assert!(proxied("http://AT", LET_THROUGH).await.is_ok());
        assert!(matches!(proxied("http://AT", DENIED).await, Err(Lost::Proxy(why)) if why.contains("407")));
        assert!(proxied("socks5h://AT", OPEN).await.is_ok());
        assert!(proxied("socks5://u:p@AT", LOGIN).await.is_ok());
        let way = Way { given: Some("gopher://x".into()) };
        assert!(matches!(way.reach(true, "relay.example", 443).await, Err(Lost::Proxy(_))));
    }
}
