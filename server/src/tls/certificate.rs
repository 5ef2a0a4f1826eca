//! A chain with its key, and how long it may be shown.

use core::time::Duration;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use httpdate::HttpDate;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;

use crate::limits;

/// The one provider of cryptography for TLS.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// A certificate that cannot be used. Says which.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("{path} cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no certificate in it.
    #[error("{0} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)")]
    NoCertificate(String),
    /// There is no key in it.
    #[error("{0} holds no private key in PEM form that is not encrypted")]
    NoKey(String),
    /// Key and certificate are not of one pair, or of a kind that is not known.
    #[error("the key is not the certificate's, or of an unknown kind: {0}")]
    Pair(rustls::Error),
    /// The certificate cannot be parsed.
    #[error("the certificate cannot be parsed")]
    Malformed,
    /// The certificate is somebody else's.
    #[error("the certificate is not for {0}, the host that devices reach this relay at")]
    Name(String),
}

/// A chain and its key, checked to belong together.
#[derive(Debug, Clone)]
pub struct Certificate {
    pub(crate) key: Arc<CertifiedKey>,
    /// When it may be shown.
    pub validity: Validity,
}

impl Certificate {
    /// From PEM, first the relay's own certificate, then those that sign it. `from` names the sources.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn parse(chain: &[u8], key: &[u8], from: [&str; 2]) -> Result<Self, CertificateError> {
        let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<_, _>>()
            .map_err(|_| CertificateError::NoCertificate(from[0].to_owned()))?;
        let Some(first) = certificates.first() else {
            return Err(CertificateError::NoCertificate(from[0].to_owned()));
        };
        let validity = Validity::of(first).ok_or(CertificateError::Malformed)?;
        let key =
            PrivateKeyDer::from_pem_slice(key).map_err(|_| CertificateError::NoKey(from[1].to_owned()))?;
        let key = CertifiedKey::from_der(certificates, key, &provider()).map_err(CertificateError::Pair)?;
        Ok(Self { key: Arc::new(key), validity })
    }

    /// Whether it is for this host.
    ///
    /// # Errors
    /// [`CertificateError::Name`] if not.
    pub fn is_for(&self, host: &str) -> Result<(), CertificateError> {
        let wrong = || CertificateError::Name(host.to_owned());
        let name = ServerName::try_from(host).map_err(|_| wrong())?;
        let certificate = ParsedCertificate::try_from(self.own()).map_err(|_| CertificateError::Malformed)?;
        rustls::client::verify_server_name(&certificate, &name).map_err(|_| wrong())
    }

    /// The relay's own certificate, without those that sign it.
    pub(crate) fn own(&self) -> &CertificateDer<'static> {
        // `parse` takes no empty chain.
        &self.key.cert[0]
    }
}

/// From when to when a certificate is valid, Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Validity {
    /// The first second.
    pub from: u64,
    /// The last second.
    pub to: u64,
}

impl Validity {
    fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
        let validity = parsed.validity();
        let seconds = |time: x509_parser::time::ASN1Time| u64::try_from(time.timestamp()).unwrap_or(0);
        Some(Self { from: seconds(validity.not_before), to: seconds(validity.not_after) })
    }

    /// The last second, for people.
    pub(crate) fn end(self) -> HttpDate {
        HttpDate::from(UNIX_EPOCH + Duration::from_secs(self.to))
    }

    fn lifetime(self) -> u64 {
        self.to.saturating_sub(self.from)
    }

    /// When a new one is due: with a third of its life left, as authorities ask.
    pub(crate) fn due(self) -> u64 {
        self.to.saturating_sub(self.lifetime() / limits::CERTIFICATE_RENEWED_PART)
    }

    /// Whether it ends so soon that somebody has to look: it should have been renewed long before.
    pub(crate) fn expiring(self, now: u64) -> bool {
        let part = self.lifetime() / limits::CERTIFICATE_EXPIRING_PART;
        now >= self.to.saturating_sub(part.min(limits::CERTIFICATE_EXPIRING_SECONDS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400;

    #[test]
    fn a_new_one_is_due_long_before_somebody_has_to_look() {
        for days in [6, 47, 90, 365] {
            let validity = Validity { from: 1_000 * DAY, to: (1_000 + days) * DAY };
            assert!(!validity.expiring(validity.due()), "{days}");
            assert!(validity.due() > validity.from);
            assert!(validity.expiring(validity.to - DAY / 2), "{days}");
        }
        let of_let_us_encrypt = Validity { from: 0, to: 90 * DAY };
        assert_eq!(of_let_us_encrypt.due(), 60 * DAY);
        assert!(of_let_us_encrypt.expiring(76 * DAY) && !of_let_us_encrypt.expiring(75 * DAY));
    }

    fn pair(name: &str) -> (String, String) {
        let key = rcgen::KeyPair::generate().expect("a key");
        let params = rcgen::CertificateParams::new(vec![name.to_owned()]).expect("a name");
        (params.self_signed(&key).expect("signed").pem(), key.serialize_pem())
    }

    #[test]
    fn each_thing_that_is_wrong_has_its_sentence() {
        let (certificate, key) = pair("relay.example");
        let (_, another) = pair("relay.example");
        let parse = |chain: &str, key: &str| {
            Certificate::parse(chain.as_bytes(), key.as_bytes(), ["cert.pem", "key.pem"])
        };
        let error = |chain: &str, key: &str| parse(chain, key).expect_err("refused").to_string();
        assert!(error("", &key).contains("cert.pem holds no certificate"));
        assert!(error(&key, &key).contains("cert.pem holds no certificate"));
        assert!(error(&certificate, &certificate).contains("key.pem holds no private key"));
        assert!(error(&certificate, &another).contains("not the certificate's"));
        let good = parse(&certificate, &key).expect("a pair");
        good.is_for("relay.example").expect("its name");
        assert!(good.is_for("other.example").expect_err("another's").to_string().contains("other.example"));
        assert!(good.is_for("192.168.1.5").is_err() && good.is_for("").is_err());
    }
}
