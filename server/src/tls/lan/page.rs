//! What a phone reads before it trusts the relay's authority: plain HTTP, no script, two languages.
//!
//! Whoever is on the same Wi-Fi could change this page on its way. The fingerprint that the relay prints on
//! its own screen is what the phone's owner compares.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use super::Lan;

const SPANISH: &str = include_str!("page.es.html");
const ENGLISH: &str = include_str!("page.en.html");

#[derive(Debug)]
struct Shown {
    authority: Vec<u8>,
    spanish: String,
    english: String,
}

/// The page and the authority's certificate.
pub(crate) fn router(lan: &Lan, public_url: &str) -> Router {
    let fill = |page: &str| {
        let url = public_url.trim_end_matches('/');
        page.replace("{url}", url).replace("{fingerprint}", &lan.fingerprint())
    };
    let shown = Shown { authority: lan.authority.clone(), spanish: fill(SPANISH), english: fill(ENGLISH) };
    Router::new()
        .route("/", get(page))
        .route("/es", get(async |State(shown): State<Arc<Shown>>| guarded(shown.spanish.clone())))
        .route("/en", get(async |State(shown): State<Arc<Shown>>| guarded(shown.english.clone())))
        .route("/campana.crt", get(certificate))
        .with_state(Arc::new(shown))
}

async fn page(State(shown): State<Arc<Shown>>, headers: HeaderMap) -> Response {
    let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    guarded(if prefers_spanish(wanted.unwrap_or_default()) {
        shown.spanish.clone()
    } else {
        shown.english.clone()
    })
}

/// Whether Spanish comes before English. Browsers list what their owner reads in order.
fn prefers_spanish(wanted: &str) -> bool {
    let mut known =
        wanted.split(',').map(str::trim).filter(|tag| tag.starts_with("es") || tag.starts_with("en"));
    known.next().is_some_and(|tag| tag.starts_with("es"))
}

fn guarded(page: String) -> Response {
    const POLICY: (HeaderName, &str) = (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    ([POLICY, (header::CACHE_CONTROL, "no-store")], Html(page)).into_response()
}

/// The kind of file that phones offer to install.
async fn certificate(State(shown): State<Arc<Shown>>) -> Response {
    let about = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/x-x509-ca-cert")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"campana.crt\"")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (about, shown.authority.clone()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_phone_reads_its_language() {
        for (wanted, spanish) in [
            ("es-MX,es;q=0.9,en;q=0.8", true),
            ("en-US,en;q=0.9,es;q=0.8", false),
            ("ca,es;q=0.9", true),
            ("de", false),
            ("", false),
        ] {
            assert_eq!(prefers_spanish(wanted), spanish, "{wanted}");
        }
    }

    #[test]
    fn both_say_the_same_steps() {
        for part in ["{url}", "{fingerprint}", "campana.crt", "<li", "<h2"] {
            assert_eq!(SPANISH.matches(part).count(), ENGLISH.matches(part).count(), "{part}");
            assert_ne!(ENGLISH.matches(part).count(), 0, "{part}");
        }
    }
}
