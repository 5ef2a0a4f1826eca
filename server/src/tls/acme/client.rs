//! Requests to an ACME authority: https by the public authorities and those the operator names.

use core::pin::Pin;
use core::time::Duration;
use std::path::Path;

use bytes::Bytes;
use http_body_util::Limited;
use hyper::Request;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::limits;
use crate::tls::TlsError;
use crate::tls::certificate::provider;

/// A pool of connections to one authority.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pool: Pool<HttpsConnector<HttpConnector>, BodyWrapper<Bytes>>,
}

impl Client {
    /// Trusts the public authorities and those in the file `more`.
    pub(crate) fn new(more: Option<&Path>) -> Result<Self, TlsError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(path) = more {
            let found = CertificateDer::pem_file_iter(path).ok();
            let before = roots.len();
            roots.add_parsable_certificates(found.into_iter().flatten().filter_map(Result::ok));
            if roots.len() == before {
                return Err(TlsError::Trust { path: path.to_path_buf() });
            }
        }
        let tls = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_connect_timeout(Some(Duration::from_millis(limits::ACME_CONNECT_MS)));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_only()
            .enable_http1()
            .wrap_connector(connector);
        Ok(Self { pool: Pool::builder(TokioExecutor::new()).pool_max_idle_per_host(1).build(connector) })
    }
}

impl HttpClient for Client {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let answer = self.pool.request(request);
        Box::pin(async move {
            let answer = answer.await.map_err(|error| Error::Other(Box::new(error)))?;
            Ok(BytesResponse::from(answer.map(|body| Limited::new(body, limits::ACME_ANSWER_BYTES))))
        })
    }
}
