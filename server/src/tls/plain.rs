//! What is answered to those who come without TLS: the way to https, and nothing else.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

/// Browsers use https alone for so long (RFC 6797): a year. Subdomains are not the relay's to speak for.
const STRICT: (HeaderName, &str) = (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");

/// Sends everybody to `public_url`, whatever host they asked for: an answer made from a request's own
/// header could be made to lead elsewhere.
pub(crate) fn redirecting(public_url: &str) -> Router {
    let to = public_url.trim_end_matches('/').to_owned();
    Router::new().fallback(redirect).with_state(to)
}

async fn redirect(State(to): State<String>, method: Method, uri: Uri) -> Response {
    // What a POST or a WebSocket's secret has told the network in the clear is not to be told again.
    if method != Method::GET && method != Method::HEAD {
        return StatusCode::FORBIDDEN.into_response();
    }
    let rest = uri.path_and_query().map_or("/", |rest| rest.as_str());
    let rest = if rest.starts_with('/') { rest } else { "/" };
    let headers = [
        (header::LOCATION, format!("{to}{rest}")),
        // An operator who gives up https must be able to.
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::CONNECTION, "close".to_owned()),
    ];
    (StatusCode::PERMANENT_REDIRECT, headers).into_response()
}

/// Adds the header that keeps browsers on https.
pub(crate) async fn strict(mut response: Response) -> Response {
    let (name, value) = STRICT;
    response.headers_mut().insert(name, axum::http::HeaderValue::from_static(value));
    response
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use tower_service::Service;

    use super::*;

    async fn answer(method: &str, uri: &str) -> (StatusCode, Option<String>) {
        let mut router = redirecting("https://relay.example/");
        let request = Request::builder().method(method).uri(uri).header("host", "evil.example");
        let request = request.body(Body::empty()).expect("a request");
        let answer = router.call(request).await.expect("an answer");
        let to = answer.headers().get(header::LOCATION);
        (answer.status(), to.map(|to| to.to_str().expect("text").to_owned()))
    }

    #[tokio::test]
    async fn everybody_is_sent_to_the_relays_own_name() {
        for (uri, to) in [
            ("/", "https://relay.example/"),
            ("/?fbclid=x", "https://relay.example/?fbclid=x"),
            ("/v1/relay", "https://relay.example/v1/relay"),
            ("//evil.example/", "https://relay.example//evil.example/"),
            ("http://evil.example/x", "https://relay.example/x"),
        ] {
            assert_eq!(answer("GET", uri).await, (StatusCode::PERMANENT_REDIRECT, Some(to.to_owned())));
        }
        assert_eq!(answer("HEAD", "/").await.0, StatusCode::PERMANENT_REDIRECT);
        assert_eq!(answer("POST", "/").await, (StatusCode::FORBIDDEN, None));
    }
}
