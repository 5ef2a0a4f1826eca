//! TLS in the relay itself: which certificate it shows, where that comes from, and how a handshake ends.
//!
//! A relay behind a proxy needs none of this. A relay that faces the network has its certificate from
//! files that another program renews ([`files`]), from an ACME authority ([`acme`]), or, for phones on one
//! Wi-Fi, from an authority of its own whose key is gone once it has signed ([`lan`]).

pub mod acme;
pub mod certificate;
pub mod door;
pub mod files;
pub mod held;
pub mod lan;
pub mod plain;
mod private;
pub mod settings;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Notify;

use crate::metrics::Metrics;
use certificate::CertificateError;
use door::Door;
use held::Held;
use settings::TlsConfig;

/// Why TLS cannot be served. Says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A certificate cannot be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A file cannot be written or read.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// An authority or a certificate cannot be made.
    #[error("a certificate cannot be made: {0}")]
    Make(#[from] rcgen::Error),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Setup(#[from] rustls::Error),
    /// The ACME authority's own certificate cannot be checked.
    #[error("the file of --acme-ca, {path}, holds no PEM certificate that can be used")]
    Trust {
        /// The file.
        path: PathBuf,
    },
}

/// TLS that is ready to be served.
#[derive(Debug)]
pub struct Tls {
    held: Arc<Held>,
    door: Door,
    source: Source,
    again: Arc<Notify>,
}

#[derive(Debug)]
enum Source {
    Files(files::Files),
    Acme(Box<acme::Renewal>),
    Lan(lan::Lan),
}

impl Tls {
    /// Reads or makes what `config` names, for a relay that devices reach at `public_url`.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn prepare(config: &TlsConfig, data_dir: &Path, public_url: &str) -> Result<Self, TlsError> {
        let held = Arc::new(Held::default());
        let source = match config {
            TlsConfig::Files { certificate, key } => {
                let files = files::Files::new(certificate, key, public_url);
                held.show(files.read()?);
                Source::Files(files)
            }
            TlsConfig::Acme(acme) => {
                let renewal = acme::Renewal::new(acme, data_dir)?;
                if let Some(certificate) = renewal.kept() {
                    held.show(certificate);
                }
                Source::Acme(Box::new(renewal))
            }
            TlsConfig::Lan { address } => {
                let (lan, certificate) = lan::Lan::open(*address, data_dir)?;
                held.show(certificate);
                Source::Lan(lan)
            }
        };
        let door = Door::new(Arc::clone(&held), matches!(source, Source::Acme(_)))?;
        Ok(Self { held, door, source, again: Arc::default() })
    }

    /// What wakes the renewal: an operator who put new files in place, or set a name right.
    #[must_use]
    pub fn again(&self) -> Arc<Notify> {
        Arc::clone(&self.again)
    }

    /// The authority that phones on the same Wi-Fi have to trust, if the relay has made one.
    #[must_use]
    pub fn lan(&self) -> Option<&lan::Lan> {
        match &self.source {
            Source::Lan(lan) => Some(lan),
            Source::Files(_) | Source::Acme(_) => None,
        }
    }

    /// Browsers are told to use nothing but https for this name (RFC 6797). Not on a local network: the
    /// name or address outlives the authority that was made for an evening.
    pub(crate) fn strict(&self) -> bool {
        self.lan().is_none()
    }

    pub(crate) fn held(&self) -> Arc<Held> {
        Arc::clone(&self.held)
    }

    pub(crate) fn door(&self) -> Door {
        self.door.clone()
    }

    /// Keeps the certificate fresh for as long as it is polled.
    pub(crate) async fn keep_fresh(self, metrics: &Metrics) {
        match self.source {
            Source::Files(files) => files.watch(&self.held, &self.again).await,
            Source::Acme(renewal) => renewal.run(&self.held, &self.again, metrics).await,
            Source::Lan(_) => core::future::pending().await,
        }
    }
}
