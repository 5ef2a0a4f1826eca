//! The account and the certificate of one authority, in the data directory.

use std::path::{Path, PathBuf};

use instant_acme::AccountCredentials;

use crate::tls::certificate::{Certificate, CertificateError};
use crate::tls::{TlsError, private};

/// `acme/<authority>/` in the data directory.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    account: PathBuf,
    certificate: PathBuf,
}

impl Kept {
    /// One folder for each authority: a certificate of a test authority is none of the real one's.
    pub(crate) fn new(data_dir: &Path, directory: &str) -> Self {
        let rest = directory.strip_prefix("https://").unwrap_or(directory);
        let host: String = rest
            .chars()
            .take_while(|letter| *letter != '/')
            .map(|letter| if letter.is_ascii_alphanumeric() || letter == '.' { letter } else { '-' })
            .collect();
        let folder = data_dir.join("acme").join(host.trim_start_matches('.'));
        Self { account: folder.join("account.json"), certificate: folder.join("certificate.pem") }
    }

    /// The account of before. One that is damaged is none: another costs nothing.
    pub(crate) fn account(&self) -> Result<Option<AccountCredentials>, String> {
        let bytes = private::read(&self.account).map_err(|error| error.to_string())?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    pub(crate) fn keep_account(&self, account: &AccountCredentials) -> Result<(), String> {
        let bytes = serde_json::to_vec(account).map_err(|error| error.to_string())?;
        private::write(&self.account, &bytes).map_err(|error| error.to_string())
    }

    /// Chain and key, if they are there.
    pub(crate) fn certificate(&self) -> Result<Option<Certificate>, TlsError> {
        let bytes = private::read(&self.certificate)?;
        Ok(bytes.map(|bytes| parse(&String::from_utf8_lossy(&bytes))).transpose()?)
    }

    pub(crate) fn keep_certificate(&self, pem: &str) -> Result<(), TlsError> {
        private::write(&self.certificate, pem.as_bytes())
    }
}

/// Chain and key in one text: they cannot be of two different orders.
pub(crate) fn parse(pem: &str) -> Result<Certificate, CertificateError> {
    Certificate::parse(pem.as_bytes(), pem.as_bytes(), ["the chain", "the chain"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::settings::LETS_ENCRYPT;

    #[test]
    fn each_authority_has_a_folder_of_its_own() {
        let data = tempfile::tempdir().expect("a directory");
        let kept = Kept::new(data.path(), LETS_ENCRYPT);
        assert!(kept.certificate.ends_with("acme/acme-v02.api.letsencrypt.org/certificate.pem"));
        let other = Kept::new(data.path(), "https://127.0.0.1:14000/../../dir");
        assert!(other.certificate.ends_with("acme/127.0.0.1-14000/certificate.pem"));
        assert!(kept.certificate().expect("none yet").is_none() && kept.account().expect("none").is_none());

        let key = rcgen::KeyPair::generate().expect("a key");
        let params = rcgen::CertificateParams::new(vec!["relay.example".to_owned()]).expect("a name");
        let chain = params.self_signed(&key).expect("signed").pem();
        kept.keep_certificate(&format!("{chain}{}", key.serialize_pem())).expect("kept");
        assert!(kept.certificate().expect("read").is_some_and(|kept| kept.is_for("relay.example").is_ok()));
        assert!(other.certificate().expect("none").is_none());
        std::fs::write(&kept.certificate, "half").expect("written");
        assert!(kept.certificate().is_err());
    }
}
