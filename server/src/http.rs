//! The relay's own addresses, and the app's; its metrics, on a listener of their own.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use campana_protocol::limits::MAX_FRAME;

use crate::app::guard;
use crate::metrics::line;
use crate::places::Place;
use crate::serve::{Server, now};
use crate::socket;
use crate::store::{Health, Store};
use crate::tls::plain;

/// Read and write buffers of a connection: frames are small, connections are many. Large frames
/// go through without being gathered first.
const READ_BUFFER: usize = 1_024;

/// `strict`: with the header that keeps browsers on https.
pub(crate) fn router<S: Store>(server: Arc<Server<S>>, strict: bool) -> Router {
    let router = Router::new()
        .route("/v1/relay", get(relay::<S>))
        .route("/healthz", get(healthz::<S>))
        .fallback(app::<S>)
        .layer(map_response(guard));
    let router = if strict { router.layer(map_response(plain::strict)) } else { router };
    router.with_state(server)
}

/// What the operator's own listener serves.
pub(crate) fn metrics_router<S: Store>(server: Arc<Server<S>>) -> Router {
    // The monitor's question too: without a certificate it cannot be asked by https.
    Router::new().route("/metrics", get(metrics::<S>)).route("/healthz", get(healthz::<S>)).with_state(server)
}

async fn app<S: Store>(
    State(server): State<Arc<Server<S>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    server.app.answer(&method, &uri, &headers)
}

async fn relay<S: Store>(
    State(server): State<Arc<Server<S>>>,
    Extension(place): Extension<Arc<Place>>,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_message_size(MAX_FRAME)
        .max_frame_size(MAX_FRAME)
        .on_upgrade(move |socket| socket::serve(socket, server, place))
}

/// Reads are served whatever this says; "degraded", with 503, means that nothing new is stored, or soon nobody
/// will come in: the certificate ends and was not renewed.
async fn healthz<S: Store>(State(server): State<Arc<Server<S>>>) -> impl IntoResponse {
    const JSON: (HeaderName, &str) = (header::CONTENT_TYPE, "application/json");
    let (status, body) = match server.shared.store.health() {
        Health::Writable if server.shared.witnesses.far() => {
            (StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"degraded","clock":"far"}"#)
        }
        Health::Writable if server.held.as_ref().is_some_and(|held| held.expiring(now())) => {
            (StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"degraded","certificate":"expiring"}"#)
        }
        Health::Writable => (StatusCode::OK, r#"{"status":"ok"}"#),
        Health::Full => (StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"degraded","store":"full"}"#),
        Health::Failed => (StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"degraded","store":"failed"}"#),
    };
    (status, [JSON], body)
}

async fn metrics<S: Store>(State(server): State<Arc<Server<S>>>) -> impl IntoResponse {
    const TEXT: (HeaderName, &str) = (header::CONTENT_TYPE, "text/plain; version=0.0.4");
    let shared = &server.shared;
    let mut text = shared.metrics.text();
    let writable = u64::from(shared.store.health() == Health::Writable);
    line(&mut text, "store_writable", "gauge", "1 if writes are accepted.", writable);
    let far = u64::from(shared.witnesses.far());
    line(&mut text, "clock_far", "gauge", "1 if others say that the clock is more than 12 h off.", far);
    line(&mut text, "corrupt_rows", "gauge", "Damaged rows left out.", shared.store.corrupt_rows());
    let restored = shared.store.run().ok().flatten().map_or(0, |run| run.restored);
    line(&mut text, "restored", "gauge", "Times the store was restored from a backup.", restored);
    if let Some(held) = &server.held {
        let ends = held.validity().map_or(0, |validity| validity.to);
        let help = "Unix time of the certificate's end; 0 without one.";
        line(&mut text, "certificate_not_after_seconds", "gauge", help, ends);
        let expiring = u64::from(held.expiring(now()));
        line(&mut text, "certificate_expiring", "gauge", "1 if it should have been renewed.", expiring);
    }
    line(&mut text, "topics", "gauge", "Channels and mailboxes followed now.", shared.hub.topics() as u64);
    ([TEXT], text)
}
