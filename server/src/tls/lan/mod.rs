//! https on one Wi-Fi without a domain: an authority of the relay's own, and a page that phones get it from.

pub mod address;
pub mod authority;
mod page;

use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::certificate::{Certificate, CertificateError};
use super::{TlsError, private};
use crate::limits;
use crate::serve::now;
use authority::Authority;
pub(crate) use page::router;

/// What phones need to trust this relay.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Lan {
    /// The authority's certificate, DER.
    pub authority: Vec<u8>,
    /// The last second at which it is valid, Unix.
    pub valid_to: u64,
}

impl Lan {
    /// The authority of an earlier start, if it is for this address and lasts, or a new one.
    pub(crate) fn open(address: IpAddr, data_dir: &Path) -> Result<(Self, Certificate), TlsError> {
        let path = data_dir.join("lan").join("certificate.pem");
        if let Some(pem) = private::read(&path)?
            && let Ok((lan, certificate)) = Self::of(&pem)
            && certificate.is_for(&address.to_string()).is_ok()
            && lan.valid_to > now() / 1_000 + limits::LAN_CERTIFICATE_LEFT_SECONDS
        {
            return Ok((lan, certificate));
        }
        let authority = Authority::new(address, now() / 1_000)?;
        let signed = authority.sign(&address.to_string())?;
        // In one file: they cannot be of two different starts.
        let pem = format!("{}{}{}", signed.certificate, authority.pem(), signed.key);
        // The authority's key goes with it.
        drop(authority);
        private::write(&path, pem.as_bytes())?;
        Self::of(pem.as_bytes())
    }

    fn of(pem: &[u8]) -> Result<(Self, Certificate), TlsError> {
        let certificate = Certificate::parse(pem, pem, ["lan/certificate.pem", "lan/certificate.pem"])?;
        let Some(authority) = certificate.key.cert.get(1) else {
            return Err(CertificateError::Malformed.into());
        };
        Ok((Self { authority: authority.to_vec(), valid_to: certificate.validity.to }, certificate))
    }

    /// What a phone shows of the authority: its digest in hexadecimal, in pairs.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut text = String::new();
        for (number, byte) in Sha256::digest(&self.authority).iter().enumerate() {
            let colon = if number == 0 { "" } else { ":" };
            // Writing to a String cannot fail.
            let _ = write!(text, "{colon}{byte:02X}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_need_not_install_it_again_until_the_address_changes() {
        let data = tempfile::tempdir().expect("a directory");
        let open = |address: &str| Lan::open(address.parse().expect("one"), data.path()).expect("opened").0;
        let first = open("192.168.1.5");
        assert_eq!(open("192.168.1.5").authority, first.authority);
        let moved = open("192.168.1.6");
        assert_ne!(moved.authority, first.authority);
        assert_eq!(first.fingerprint().len(), 32 * 3 - 1);
        // Only certificates and the relay's own key are kept.
        let mut keys = 0;
        for file in std::fs::read_dir(data.path().join("lan")).expect("there") {
            let text = std::fs::read_to_string(file.expect("a file").path()).expect("text");
            keys += text.matches("PRIVATE KEY-----").count();
        }
        assert_eq!(keys, 2, "the beginning and the end of one key");
        std::fs::write(data.path().join("lan/certificate.pem"), "half").expect("written");
        assert_ne!(open("192.168.1.6").authority, moved.authority);
    }
}
