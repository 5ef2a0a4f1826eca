//! A certificate authority for one address, whose key is gone once it has signed.
//!
//! Whoever installs it on a phone trusts it for this one address and for no other name (RFC 5280, section
//! 4.2.1.10), for a month, and nobody can sign with it again: its key was never written anywhere.

use core::net::IpAddr;

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SanType,
};
use time::{Duration, OffsetDateTime};

use crate::limits;
use crate::tls::TlsError;

/// No host has this name. An authority that permits it alone permits no host name at all.
const NO_HOST: &str = "campana.invalid";

/// An authority while it can sign.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    from: OffsetDateTime,
}

impl core::fmt::Debug for Authority {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Authority(..)")
    }
}

/// A certificate that an authority has signed.
#[derive(Debug)]
#[non_exhaustive]
pub struct Signed {
    /// The certificate, PEM.
    pub certificate: String,
    /// Its key, PEM.
    pub key: String,
}

impl Authority {
    /// One for `address` alone, by a clock at `now` (Unix seconds).
    ///
    /// # Errors
    /// If there is no randomness.
    pub fn new(address: IpAddr, now: u64) -> Result<Self, TlsError> {
        let now = OffsetDateTime::from_unix_timestamp(i64::try_from(now).unwrap_or(0));
        // A phone's clock may be behind.
        let from = now.unwrap_or(OffsetDateTime::UNIX_EPOCH) - Duration::DAY;
        let to = from + Duration::days(limits::LAN_CERTIFICATE_DAYS);
        let mut params = CertificateParams::new(Vec::new())?;
        (params.not_before, params.not_after) = (from, to);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let all = match address {
            IpAddr::V4(_) => 32,
            IpAddr::V6(_) => 128,
        };
        params.name_constraints = Some(NameConstraints {
            // What is not named is not constrained: one of each kind.
            permitted_subtrees: vec![
                GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address, all)),
                GeneralSubtree::DnsName(NO_HOST.to_owned()),
                GeneralSubtree::Rfc822Name(NO_HOST.to_owned()),
            ],
            excluded_subtrees: Vec::new(),
        });
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, "Campana");
        // The name by which its owner finds it among a phone's certificates, to remove it.
        params.distinguished_name.push(DnType::CommonName, format!("Campana {address} ({})", from.date()));
        let key = KeyPair::generate()?;
        let pem = params.self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), pem, from })
    }

    /// The authority's own certificate, which phones install, PEM.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Signs a certificate for an address or a host name.
    ///
    /// # Errors
    /// If `name` is neither, or there is no randomness.
    pub fn sign(&self, name: &str) -> Result<Signed, TlsError> {
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![match name.parse::<IpAddr>() {
            Ok(address) => SanType::IpAddress(address),
            Err(_) => SanType::DnsName(name.try_into()?),
        }];
        (params.not_before, params.not_after) =
            (self.from, self.from + Duration::days(limits::LAN_CERTIFICATE_DAYS));
        params.distinguished_name = DistinguishedName::new();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Signed { certificate: certificate.pem(), key: key.serialize_pem() })
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::sync::Arc;

    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::ServerCertVerifier;
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
    use rustls::{CertificateError, Error, RootCertStore};

    use super::*;
    use crate::tls::certificate::{Certificate, provider};

    const NOW: u64 = 1_800_000_000;

    fn verify(authority: &Authority, name: &str, now: u64) -> Result<(), Error> {
        let signed = authority.sign(name).expect("signed");
        let (chain, key) = (signed.certificate.as_bytes(), signed.key.as_bytes());
        let certificate = Certificate::parse(chain, key, ["leaf", "leaf"]).expect("a pair");
        certificate.is_for(name).expect("its own name");
        let mut roots = RootCertStore::empty();
        let root = CertificateDer::from_pem_slice(authority.pem().as_bytes()).expect("a certificate");
        roots.add(root).expect("a root");
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider());
        let name = ServerName::try_from(name).expect("a name");
        let at = UnixTime::since_unix_epoch(Duration::from_secs(now));
        let verifier = verifier.build().expect("a verifier");
        verifier.verify_server_cert(certificate.own(), &[], &name, &[], at).map(drop)
    }

    #[test]
    fn it_is_believed_for_its_address_and_for_nothing_else() {
        for (address, others) in [
            ("192.168.1.5", ["192.168.1.6", "10.0.0.1", "8.8.8.8", "fd00::5"]),
            ("fd00::5", ["fd00::6", "::1", "192.168.1.5", "2001:db8::5"]),
        ] {
            let authority = Authority::new(address.parse().expect("an address"), NOW).expect("made");
            verify(&authority, address, NOW).expect("its address");
            let names = ["relay.example", "campana.example", "localhost", "bank.example.org"];
            for other in others.into_iter().chain(names) {
                let error = verify(&authority, other, NOW).expect_err(other);
                assert!(matches!(error, Error::InvalidCertificate(_)), "{other}: {error}");
                assert!(error.to_string().contains("NameConstraint"), "{other}: {error}");
            }
        }
    }

    #[test]
    fn it_is_over_after_a_month_and_a_phone_may_be_a_day_behind() {
        const DAY: u64 = 86_400;
        let authority = Authority::new("10.0.0.7".parse().expect("an address"), NOW).expect("made");
        verify(&authority, "10.0.0.7", NOW - DAY + 60).expect("a clock behind");
        verify(&authority, "10.0.0.7", NOW + 28 * DAY).expect("within the month");
        let over = verify(&authority, "10.0.0.7", NOW + 31 * DAY).expect_err("over");
        assert!(matches!(
            over,
            Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. })
        ));
    }
}
