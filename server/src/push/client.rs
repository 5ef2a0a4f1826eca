//! One request to a push service and what its answer means. No redirect is followed, no proxy is
//! used, little of an answer is read, and nothing is waited for long.

use core::time::Duration;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::header::{DATE, RETRY_AFTER};
use hyper::{HeaderMap, Request, StatusCode, Version};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;

use super::resolve::Resolver;
use crate::limits::{
    ANSWER_BUFFER, CONNECTION_BUFFER, MAX_ANSWER, MAX_RETRY_AFTER_MS, PUSH_CONNECT_MS, PUSH_IDLE_MS,
    PUSH_PING_MS, PUSH_PONG_MS, PUSH_REQUEST_MS,
};

/// What became of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The service has it.
    Delivered,
    /// There is no such subscription any more.
    Gone,
    /// Not now; `after`: not before that.
    Later { after: Option<Duration> },
    /// The service has been asked too often, most likely for this device; `after`: not before that.
    Throttled { after: Option<Duration> },
    /// The service does not accept this relay's token (401, 403): about the relay, not the registration.
    Unauthorised,
    /// The service will not have it.
    Refused(StatusCode),
}

/// What became of a push, and how it travelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) outcome: Outcome,
    /// Whether one connection carries many requests (`None`: none answered).
    pub(super) multiplexed: Option<bool>,
    /// The service's clock, Unix milliseconds, if it said what it is.
    pub(super) date: Option<u64>,
}

/// A pool of connections to push services.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pool: Pool<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>,
}

/// Certificates that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// The file cannot be read.
    #[error("the file of --push-ca, {path}, cannot be read as PEM certificates: {reason}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

impl Client {
    /// Trusts the public authorities and those in the file `more`.
    pub(super) fn new(resolver: Resolver, more: Option<&Path>) -> Result<Self, TrustError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(path) = more {
            let failed = |reason: String| TrustError::Unreadable { path: path.to_path_buf(), reason };
            let certificates =
                CertificateDer::pem_file_iter(path).map_err(|error| failed(error.to_string()))?;
            let before = roots.len();
            for certificate in certificates {
                let certificate = certificate.map_err(|error| failed(error.to_string()))?;
                roots.add(certificate).map_err(|error| failed(error.to_string()))?;
            }
            if roots.len() == before {
                return Err(failed("it holds none".to_owned()));
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut connector = HttpConnector::new_with_resolver(resolver);
        // https only: the outer connector sees to it.
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_recv_buffer_size(Some(CONNECTION_BUFFER as usize));
        connector.set_connect_timeout(Some(Duration::from_millis(PUSH_CONNECT_MS)));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_only()
            .enable_all_versions()
            .wrap_connector(connector);
        let pool = Pool::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_millis(PUSH_IDLE_MS))
            .http1_max_buf_size(ANSWER_BUFFER as usize)
            .http2_max_header_list_size(ANSWER_BUFFER)
            .http2_initial_stream_window_size(ANSWER_BUFFER)
            .http2_initial_connection_window_size(CONNECTION_BUFFER)
            .http2_max_frame_size(ANSWER_BUFFER)
            .http2_keep_alive_interval(Duration::from_millis(PUSH_PING_MS))
            .http2_keep_alive_timeout(Duration::from_millis(PUSH_PONG_MS))
            .build(connector);
        Ok(Self { pool })
    }

    pub(super) async fn post(&self, request: Request<Full<Bytes>>) -> Answer {
        let limit = Duration::from_millis(PUSH_REQUEST_MS);
        let Ok(Ok(response)) = timeout(limit, self.pool.request(request)).await else {
            return Answer { outcome: Outcome::Later { after: None }, multiplexed: None, date: None };
        };
        let outcome = outcome(response.status(), response.headers());
        let multiplexed = Some(response.version() == Version::HTTP_2);
        let date = date(response.headers());
        drain(response.into_body()).await;
        Answer { outcome, multiplexed, date }
    }
}

/// So that the connection can be used again; one with much to say is given up instead.
async fn drain(mut body: Incoming) {
    let reading = async {
        let mut read = 0;
        while !body.is_end_stream() && read < MAX_ANSWER {
            match body.frame().await {
                Some(Ok(frame)) => read += frame.data_ref().map_or(1, Bytes::len),
                Some(Err(_)) | None => break,
            }
        }
    };
    let _ = timeout(Duration::from_secs(1), reading).await;
}

fn outcome(status: StatusCode, headers: &HeaderMap) -> Outcome {
    match status.as_u16() {
        200..=299 => Outcome::Delivered,
        401 | 403 => Outcome::Unauthorised,
        404 | 410 => Outcome::Gone,
        429 => Outcome::Throttled { after: retry_after(headers) },
        500..=599 => Outcome::Later { after: retry_after(headers) },
        _ => Outcome::Refused(status),
    }
}

fn date(headers: &HeaderMap) -> Option<u64> {
    let at = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    u64::try_from(at.duration_since(std::time::UNIX_EPOCH).ok()?.as_millis()).ok()
}

/// Seconds or a date; never longer than the relay is willing to wait.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let after = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let at = httpdate::parse_http_date(text).ok()?;
            at.duration_since(std::time::SystemTime::now()).unwrap_or_default()
        }
    };
    Some(after.min(Duration::from_millis(MAX_RETRY_AFTER_MS)))
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    fn only_404_and_410_end_a_registration() {
        let none = HeaderMap::new();
        for status in 100..600u16 {
            let status = StatusCode::from_u16(status).expect("a status");
            let gone = outcome(status, &none) == Outcome::Gone;
            assert_eq!(gone, matches!(status.as_u16(), 404 | 410), "{status}");
            let again = matches!(outcome(status, &none), Outcome::Later { .. });
            assert_eq!(again, status.is_server_error(), "{status}");
            let often = matches!(outcome(status, &none), Outcome::Throttled { .. });
            assert_eq!(often, status.as_u16() == 429, "{status}");
            let unauthorised = outcome(status, &none) == Outcome::Unauthorised;
            assert_eq!(unauthorised, matches!(status.as_u16(), 401 | 403), "{status}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_bounded() {
        let after = |text: &str| {
            let value = HeaderValue::from_str(text).expect("a value");
            outcome(StatusCode::TOO_MANY_REQUESTS, &HeaderMap::from_iter([(RETRY_AFTER, value)]))
        };
        let later = |seconds| Outcome::Throttled { after: Some(Duration::from_secs(seconds)) };
        assert_eq!(after("7"), later(7));
        assert_eq!(after("99999999999"), later(600));
        assert_eq!(after("Wed, 21 Oct 2015 07:28:00 GMT"), later(0));
        assert_eq!(after("Fri, 31 Dec 2100 23:59:59 GMT"), later(600));
        assert_eq!(after("soon"), Outcome::Throttled { after: None });
    }
}
