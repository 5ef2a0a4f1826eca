//! A certificate in files that another program renews.

use core::time::Duration;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tokio::sync::Notify;
use tokio::time::sleep;

use super::certificate::{Certificate, CertificateError};
use super::held::Held;
use super::settings::host;
use crate::limits;

/// Where the certificate and its key are.
#[derive(Debug)]
pub struct Files {
    certificate: PathBuf,
    key: PathBuf,
    host: String,
}

/// What two files held, without keeping a key in memory twice.
type Seen = [u8; 32];

impl Files {
    pub(crate) fn new(certificate: &Path, key: &Path, public_url: &str) -> Self {
        Self { certificate: certificate.into(), key: key.into(), host: host(public_url) }
    }

    pub(crate) fn read(&self) -> Result<Certificate, CertificateError> {
        let read = |path: &Path| {
            std::fs::read(path)
                .map_err(|source| CertificateError::Unreadable { path: path.to_path_buf(), source })
        };
        let names = [self.certificate.display().to_string(), self.key.display().to_string()];
        let from = [names[0].as_str(), names[1].as_str()];
        let certificate = Certificate::parse(&read(&self.certificate)?, &read(&self.key)?, from)?;
        certificate.is_for(&self.host)?;
        Ok(certificate)
    }

    /// What is in the files. A file that is being replaced may be missing for a moment.
    fn look(&self) -> io::Result<Seen> {
        let mut digest = Sha256::new();
        for path in [&self.certificate, &self.key] {
            digest.update(std::fs::read(path)?);
        }
        Ok(digest.finalize().into())
    }

    /// Shows what is put into the files, once it has lain there for two looks: whoever replaces them does so
    /// one after the other. `again` has them read at once. What cannot be used is logged, and the certificate
    /// of before is shown on.
    pub(crate) async fn watch(self, held: &Held, again: &Notify) {
        let mut taken = self.look().ok();
        let mut before = taken;
        loop {
            let asked = tokio::select! {
                () = again.notified() => true,
                () = sleep(Duration::from_millis(limits::CERTIFICATE_LOOK_MS)) => false,
            };
            let seen = self.look().ok();
            let settled = asked || seen == before;
            before = seen;
            if !settled || seen.is_none() || (seen == taken && !asked) {
                continue;
            }
            taken = seen;
            match self.read() {
                Ok(certificate) => {
                    tracing::info!(valid_to = %certificate.validity.end(), "the certificate was read again");
                    held.show(certificate);
                }
                Err(error) => {
                    tracing::error!(%error, "the new certificate cannot be used; the one before is shown on");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn put(root: &Path, name: &str) -> Vec<u8> {
        let key = rcgen::KeyPair::generate().expect("a key");
        let params = rcgen::CertificateParams::new(vec![name.to_owned()]).expect("a name");
        let certificate = params.self_signed(&key).expect("signed");
        std::fs::write(root.join("cert.pem"), certificate.pem()).expect("written");
        std::fs::write(root.join("key.pem"), key.serialize_pem()).expect("written");
        certificate.der().to_vec()
    }

    fn shown(held: &Held) -> Vec<u8> {
        held.shown().expect("one").own().to_vec()
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_put_there_is_shown_and_what_cannot_be_used_is_not() {
        let root = tempfile::tempdir().expect("a directory");
        let first = put(root.path(), "relay.example");
        let files = || {
            let [certificate, key] = ["cert.pem", "key.pem"].map(|name| root.path().join(name));
            Files::new(&certificate, &key, "https://relay.example:8443/")
        };
        let held = Arc::new(Held::default());
        held.show(files().read().expect("a pair"));
        let again = Arc::new(Notify::new());
        let watching = {
            let (held, again, files) = (Arc::clone(&held), Arc::clone(&again), files());
            tokio::spawn(async move { files.watch(&held, &again).await })
        };
        let looks = |times: u64| sleep(Duration::from_millis(limits::CERTIFICATE_LOOK_MS * times + 1));
        looks(3).await;
        assert_eq!(shown(&held), first);

        let second = put(root.path(), "relay.example");
        looks(2).await;
        assert_eq!(shown(&held), second);

        // Half of a pair, another's certificate, nothing.
        std::fs::write(root.path().join("cert.pem"), "half").expect("written");
        looks(3).await;
        put(root.path(), "other.example");
        looks(3).await;
        std::fs::remove_file(root.path().join("key.pem")).expect("removed");
        looks(3).await;
        assert_eq!(shown(&held), second);

        let third = put(root.path(), "relay.example");
        again.notify_one();
        tokio::task::yield_now().await;
        sleep(Duration::from_millis(1)).await;
        assert_eq!(shown(&held), third);
        watching.abort();
    }
}
