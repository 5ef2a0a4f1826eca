//! Where pushes may go. An endpoint is an address that a device names: without this list the
//! relay would send to whatever its members like.

use hyper::Uri;

/// The push services of the browsers. Those with one well-known host are named: each of them is a
/// service by itself, while all other hosts under a wildcard are one together.
const SERVICES: [&str; 7] = [
    "fcm.googleapis.com",
    "jmt17.google.com",
    "updates.push.services.mozilla.com",
    "web.push.apple.com",
    "*.push.services.mozilla.com",
    "*.push.apple.com",
    "*.notify.windows.com",
];

/// A host name, or `*.` and the end of host names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern(String);

/// Hosts that are sent to.
#[derive(Debug, Clone)]
pub struct Policy {
    hosts: Vec<HostPattern>,
}

/// An endpoint that may be sent to.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) uri: Uri,
    /// In lower case.
    pub(super) host: String,
    pub(super) service: Service,
}

/// What a [`Policy`] has a line for: one host, or all hosts under a wildcard that have no line of
/// their own. There are few, and nobody can add one by registering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Service {
    pub(super) line: usize,
    /// Its hosts are the devices' to choose.
    pub(super) wild: bool,
}

/// Not an endpoint that is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an endpoint of a push service that this relay sends to")]
pub(super) struct Refused;

impl HostPattern {
    /// `None`: not a host name (an address, a port, an empty label).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        is_name(text.strip_prefix("*.").unwrap_or(&text)).then_some(Self(text))
    }

    fn wild(&self) -> bool {
        self.0.starts_with('*')
    }

    fn matches(&self, host: &str) -> bool {
        match self.0.strip_prefix('*') {
            Some(end) => host.len() > end.len() && host.ends_with(end),
            None => host == self.0,
        }
    }
}

impl Policy {
    /// The browsers' services and `more`.
    #[must_use]
    pub fn new(more: &[HostPattern]) -> Self {
        let known = SERVICES.iter().map(|text| HostPattern((*text).to_owned()));
        Self { hosts: known.chain(more.iter().cloned()).collect() }
    }

    pub(super) fn judge(&self, endpoint: &str) -> Result<Target, Refused> {
        let uri: Uri = endpoint.parse().map_err(|_| Refused)?;
        let authority = uri.authority().ok_or(Refused)?;
        // A name and nothing else: no user, no port, not even the default one.
        if uri.scheme_str() != Some("https") || authority.as_str() != authority.host() {
            return Err(Refused);
        }
        let host = authority.host().to_ascii_lowercase();
        if !is_name(&host) {
            return Err(Refused);
        }
        let service = self.service(&host).ok_or(Refused)?;
        Ok(Target { uri, host, service })
    }

    /// The line of a host's own before that of a wildcard.
    fn service(&self, host: &str) -> Option<Service> {
        let find = |wild| {
            let line = self.hosts.iter().position(|line| line.wild() == wild && line.matches(host))?;
            Some(Service { line, wild })
        };
        find(false).or_else(|| find(true))
    }

    pub(super) fn all_services(&self) -> impl Iterator<Item = Service> + use<> {
        let wild: Vec<_> = self.hosts.iter().map(HostPattern::wild).collect();
        wild.into_iter().enumerate().map(|(line, wild)| Service { line, wild })
    }

    /// How many services there are.
    pub(super) fn services(&self) -> usize {
        self.hosts.len()
    }

    /// A service's line.
    pub(super) fn line(&self, service: Service) -> &str {
        self.hosts.get(service.line).map_or("", |pattern| &pattern.0)
    }
}

/// A DNS name with a dot and no number at its end: the address of no machine.
fn is_name(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|at| at.is_ascii_alphanumeric() || at == b'-' || at == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.len() <= 253
        && text.contains('.')
        && text.split('.').all(label)
        && last.bytes().any(|at| at.is_ascii_alphabetic())
        && !last.starts_with("0x")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_browsers_services_are_sent_to() {
        let policy = Policy::new(&[HostPattern::parse("Push.Example.org").expect("a name")]);
        for endpoint in [
            "https://fcm.googleapis.com/fcm/send/abc:def",
            "https://updates.push.services.mozilla.com/wpush/v2/gAAA",
            "https://web.push.apple.com/QGuQyavXutnMH",
            "https://wns2-am3p.notify.windows.com/w/?token=BQY%3d",
            "https://push.example.org/UP?x=1",
            "https://FCM.googleapis.com/fcm/send/abc",
        ] {
            assert!(policy.judge(endpoint).is_ok(), "{endpoint}");
        }
    }

    #[test]
    fn nothing_else_is_sent_to() {
        let policy = Policy::new(&[]);
        for endpoint in [
            "",
            "fcm.googleapis.com",
            "/fcm/send/abc",
            "http://fcm.googleapis.com/fcm/send/abc",
            "ftp://fcm.googleapis.com/fcm/send/abc",
            "https://fcm.googleapis.com:443/x",
            "https://fcm.googleapis.com:8443/x",
            "https://fcm.googleapis.com:/x",
            "https://user@fcm.googleapis.com/x",
            "https://user:pass@fcm.googleapis.com/x",
            "https://fcm.googleapis.com@evil.example/x",
            "https://fcm.googleapis.com./x",
            "https://127.0.0.1/x",
            "https://[::1]/x",
            "https://[::ffff:127.0.0.1]/x",
            "https://2130706433/x",
            "https://0x7f.0x1/x",
            "https://localhost/x",
            "https://push.services.mozilla.com/x",
            "https://evil-push.services.mozilla.com.example/x",
            "https://xpush.apple.com/x",
            "https://.push.apple.com/x",
            "https://a..push.apple.com/x",
            "https://fcm.googleapis.com.evil.example/x",
            "https://evilfcm.googleapis.com/x",
            "https://googleapis.com/x",
            "https://fcm.googleapis.com\\@evil.example/x",
            "https://fcm.googleapis.com/a b",
            "https://fcm.googleapis.com/\r\nX-Injected: 1",
        ] {
            assert!(policy.judge(endpoint).is_err(), "{endpoint}");
        }
    }

    #[test]
    fn a_named_host_is_a_service_by_itself_and_no_other_name_joins_it() {
        let more =
            ["*.up.example.org", "one.up.example.org"].map(|text| HostPattern::parse(text).expect("ok"));
        let policy = Policy::new(&more);
        let of = |host: &str| policy.judge(&format!("https://{host}/x")).expect("on the list").service;
        for host in ["fcm.googleapis.com", "web.push.apple.com", "updates.push.services.mozilla.com"] {
            assert!(!of(host).wild);
            assert_eq!(policy.line(of(host)), host);
        }
        assert_eq!(of("one.up.example.org"), of("ONE.up.example.org"));
        assert!(!of("one.up.example.org").wild);
        let junk = of("junk1.push.apple.com");
        assert!(junk.wild && junk == of("junk2.push.apple.com") && junk != of("two.up.example.org"));
        assert!(junk != of("wns2-am3p.notify.windows.com"));
    }

    #[test]
    fn only_names_can_be_added() {
        for text in ["127.0.0.1", "[::1]", "host", "*.host", "*", "a.b:443", "a..b", "https://a.b", "*.*.b.c"]
        {
            assert_eq!(HostPattern::parse(text), None, "{text}");
        }
        assert!(HostPattern::parse("*.push.example.org").is_some());
    }

    proptest! {
        #[test]
        fn any_text_is_judged(text: String, tail in "[a-z0-9.:@\\[\\]/?#%\\\\-]{0,40}") {
            let policy = Policy::new(&[]);
            let _ = policy.judge(&text);
            if let Ok(target) = policy.judge(&format!("https://{tail}")) {
                prop_assert!(policy.hosts.iter().any(|pattern| pattern.matches(&target.host)));
                prop_assert_eq!(target.uri.port_u16(), None);
            }
        }
    }
}
