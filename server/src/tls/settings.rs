//! Which of the ways to a certificate was chosen, checked.

use std::net::IpAddr;
use std::path::PathBuf;

use axum::http::Uri;

/// Let's Encrypt.
pub const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// Where the relay's certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "the ways there are")]
pub enum TlsConfig {
    /// From files that another program renews.
    Files {
        /// The chain, PEM.
        certificate: PathBuf,
        /// Its key, PEM.
        key: PathBuf,
    },
    /// From an ACME authority.
    Acme(AcmeConfig),
    /// From an authority that the relay makes for phones on the same network.
    Lan {
        /// Where those phones reach it.
        address: IpAddr,
    },
}

/// What an ACME authority is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AcmeConfig {
    /// The names, the first of them the relay's.
    pub names: Vec<String>,
    /// Whom the authority may write to.
    pub contact: Option<String>,
    /// The authority's directory.
    pub directory: String,
    /// PEM file of those whose certificates the authority's own server may have, beside the public ones.
    pub ca: Option<PathBuf>,
}

/// What was given.
#[derive(Debug, Default)]
pub(crate) struct Given {
    pub(crate) certificate: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
    pub(crate) acme: Vec<String>,
    pub(crate) contact: Option<String>,
    pub(crate) directory: Option<String>,
    pub(crate) ca: Option<PathBuf>,
    pub(crate) public_url: Option<String>,
}

/// A setting that cannot be used, and what is wrong with it.
type Problem = (&'static str, &'static str);

impl Given {
    /// `None`: plain HTTP.
    pub(crate) fn checked(self) -> Result<Option<TlsConfig>, Problem> {
        let acme = !self.acme.is_empty();
        if !acme && (self.contact.is_some() || self.directory.is_some() || self.ca.is_some()) {
            return Err(("acme", "must name the relay's host where another setting of ACME is given"));
        }
        if self.public_url.as_deref().is_some_and(|url| !url.starts_with("https://"))
            && (acme || self.certificate.is_some())
        {
            return Err(("public_url", "must begin with https:// where the relay has a certificate"));
        }
        match (self.certificate, self.key) {
            (Some(_), Some(_)) | (None, Some(_)) | (Some(_), None) if acme => {
                Err(("acme", "gets a certificate by itself: leave out tls_cert and tls_key"))
            }
            (Some(certificate), Some(key)) => {
                if self.public_url.is_none() {
                    return Err((
                        "public_url",
                        "must be given with tls_cert, with a host in the certificate",
                    ));
                }
                Ok(Some(TlsConfig::Files { certificate, key }))
            }
            (Some(_), None) => Err(("tls_key", "must be given with tls_cert")),
            (None, Some(_)) => Err(("tls_cert", "must be given with tls_key")),
            (None, None) if !acme => Ok(None),
            (None, None) => {
                let names: Vec<String> = self.acme.iter().map(|name| name.to_ascii_lowercase()).collect();
                if !names.iter().all(|name| is_public_name(name)) {
                    return Err((
                        "acme",
                        "must be a host name that the whole internet can look up, as relay.example.org: no \
                         address, no scheme, no port, no *; letters beyond a to z in their xn-- form",
                    ));
                }
                if self.public_url.as_deref().is_some_and(|url| !names.contains(&host(url))) {
                    return Err(("public_url", "must have one of the names in acme as its host"));
                }
                let directory = self.directory.unwrap_or_else(|| LETS_ENCRYPT.to_owned());
                if !directory.starts_with("https://") || host(&directory).is_empty() {
                    return Err(("acme_directory", "must be the https:// address of an ACME directory"));
                }
                let contact = self.contact;
                if contact.as_deref().is_some_and(|contact| !contact.starts_with("mailto:")) {
                    return Err(("acme_contact", "must be mailto: and an address"));
                }
                Ok(Some(TlsConfig::Acme(AcmeConfig { names, contact, directory, ca: self.ca })))
            }
        }
    }
}

/// The host of a URL that has been checked, without brackets; empty if there is none.
pub(crate) fn host(url: &str) -> String {
    let uri = url.parse::<Uri>().ok();
    let host = uri.as_ref().and_then(Uri::host).unwrap_or_default();
    host.trim_matches(['[', ']']).to_ascii_lowercase()
}

/// A name that an authority on the internet can look up.
fn is_public_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= 253
        && name.contains('.')
        && name.split('.').all(label)
        && !last.bytes().all(|byte| byte.is_ascii_digit())
        && !["local", "localhost", "internal", "home", "lan", "onion"].contains(&last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acme(names: &[&str]) -> Given {
        Given { acme: names.iter().map(|name| (*name).to_owned()).collect(), ..Given::default() }
    }

    #[test]
    fn a_name_that_no_authority_can_look_up_is_refused() {
        for name in ["relay.example", "xn--rel-kla.example.org", "RELAY.example"] {
            assert!(acme(&[name]).checked().is_ok(), "{name}");
        }
        for name in [
            "relay",
            "https://relay.example",
            "relay.example:443",
            "*.example.org",
            "192.168.1.5",
            "2001:db8::1",
            "relay.local",
            "relay.lan",
            "relay..example",
            ".example",
            "-relay.example",
            "relé.example",
            "",
        ] {
            assert_eq!(acme(&[name]).checked().expect_err(name).0, "acme", "{name}");
        }
    }

    #[test]
    fn settings_that_do_not_go_together_are_named() {
        let path = || Some(PathBuf::from("x.pem"));
        let url = |url: &str| Some(url.to_owned());
        let key = |given: Given| given.checked().expect_err("refused").0;
        assert_eq!(key(Given { certificate: path(), ..Given::default() }), "tls_key");
        assert_eq!(key(Given { key: path(), ..Given::default() }), "tls_cert");
        assert_eq!(key(Given { certificate: path(), key: path(), ..Given::default() }), "public_url");
        assert_eq!(key(Given { certificate: path(), key: path(), ..acme(&["relay.example"]) }), "acme");
        assert_eq!(key(Given { ca: path(), ..Given::default() }), "acme");
        let plain = url("http://relay.example");
        assert_eq!(key(Given { public_url: plain, ..acme(&["relay.example"]) }), "public_url");
        let other = url("https://other.example");
        assert_eq!(key(Given { public_url: other, ..acme(&["relay.example"]) }), "public_url");
        let directory = url("http://127.0.0.1/dir");
        assert_eq!(key(Given { directory, ..acme(&["relay.example"]) }), "acme_directory");
        let contact = url("me@example.org");
        assert_eq!(key(Given { contact, ..acme(&["relay.example"]) }), "acme_contact");
        assert_eq!(Given::default().checked(), Ok(None));
    }

    #[test]
    fn a_host_has_no_port_and_no_brackets() {
        for (url, expected) in [
            ("https://Relay.example:8443/", "relay.example"),
            ("https://[2001:db8::1]:8443", "2001:db8::1"),
            ("https://192.168.1.5", "192.168.1.5"),
            ("nothing at all", ""),
        ] {
            assert_eq!(host(url), expected);
        }
    }
}
