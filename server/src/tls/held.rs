//! The certificate that handshakes are answered with, which may change at any time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::certificate::{Certificate, Validity};

/// The protocol by which an ACME authority asks whether a name is ours (RFC 8737).
pub(crate) const ACME_PROTOCOL: &[u8] = b"acme-tls/1";

/// What is shown now.
#[derive(Debug, Default)]
pub struct Held {
    shown: RwLock<Option<Certificate>>,
    /// Answers to an authority, by name, while it asks.
    answers: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

impl Held {
    /// Shows `certificate` from the next handshake on.
    pub fn show(&self, certificate: Certificate) {
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = Some(certificate);
    }

    pub(crate) fn shown(&self) -> Option<Certificate> {
        self.shown.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn validity(&self) -> Option<Validity> {
        self.shown().map(|certificate| certificate.validity)
    }

    /// Whether there is none, or one that should have been renewed long ago. `now` in Unix milliseconds.
    pub(crate) fn expiring(&self, now: u64) -> bool {
        self.validity().is_none_or(|validity| validity.expiring(now / 1_000))
    }

    pub(crate) fn answer(&self, name: String, key: Arc<CertifiedKey>) {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).insert(name, key);
    }

    pub(crate) fn forget_answers(&self) {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl ResolvesServerCert for Held {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        if hello.alpn().is_some_and(|mut offered| offered.any(|protocol| protocol == ACME_PROTOCOL)) {
            let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            return hello.server_name().and_then(|name| answers.get(name).cloned());
        }
        self.shown().map(|certificate| certificate.key)
    }
}
