//! The browser app, served beside the relay: files read once, at the start, and the headers that
//! keep a page from running anything or asking anybody else.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

/// The files of an app, by their path in the URL.
#[derive(Debug, Default)]
pub struct App {
    files: BTreeMap<String, File>,
}

#[derive(Debug, Default)]
struct File {
    plain: Bytes,
    brotli: Option<Bytes>,
}

/// The app that was built into this binary.
#[cfg(feature = "app")]
#[derive(rust_embed::RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../pwa/dist"]
struct Embedded;

impl App {
    /// The app built into this binary; without one, nothing is served.
    #[must_use]
    pub fn built_in() -> Self {
        #[cfg(feature = "app")]
        return Self::of(Embedded::iter().filter_map(|name| {
            Embedded::get(&name).map(|file| (name.into_owned(), file.data.into_owned().into()))
        }));
        #[cfg(not(feature = "app"))]
        Self::default()
    }

    /// The app in a directory.
    ///
    /// # Errors
    /// If it or one of its files cannot be read.
    pub fn in_directory(directory: &Path) -> io::Result<Self> {
        let mut files = Vec::new();
        gather(directory, directory, &mut files)?;
        Ok(Self::of(files))
    }

    fn of(all: impl IntoIterator<Item = (String, Bytes)>) -> Self {
        let mut files: BTreeMap<String, File> = BTreeMap::new();
        for (name, bytes) in all {
            match name.strip_suffix(".br") {
                Some(name) => files.entry(name.to_owned()).or_default().brotli = Some(bytes),
                None => files.entry(name).or_default().plain = bytes,
            }
        }
        Self { files }
    }

    /// Whether there is one.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.files.contains_key(PAGE)
    }

    /// The answer to a request that is none of the relay's own.
    pub(crate) fn answer(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Response {
        if method != Method::GET && method != Method::HEAD {
            return StatusCode::METHOD_NOT_ALLOWED.into_response();
        }
        let path = uri.path();
        let path = path.strip_prefix('/').unwrap_or(path);
        if let Some(place) = self.guide(path, headers) {
            let about = [(header::LOCATION, place), (header::CACHE_CONTROL, ASK_AGAIN)];
            let by_language = [(header::VARY, "accept-language")];
            return (StatusCode::TEMPORARY_REDIRECT, about, by_language).into_response();
        }
        let folder = path.strip_prefix(GUIDE).filter(|rest| rest.ends_with('/'));
        let name = match folder {
            Some(language) => &format!("{GUIDE}{language}{PAGE}"),
            None if path.is_empty() => PAGE,
            None => path,
        };
        let Some(file) = self.files.get(name) else {
            let why = if name == PAGE { WITHOUT_APP } else { "" };
            return (StatusCode::NOT_FOUND, why).into_response();
        };
        let cache = if name.starts_with("assets/") { FOREVER } else { ASK_AGAIN };
        let about = [
            (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy(name))),
            (header::CONTENT_TYPE, HeaderValue::from_static(content_type(name))),
            (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
            (header::VARY, HeaderValue::from_static("accept-encoding")),
        ];
        match &file.brotli {
            Some(brotli) if takes_brotli(headers) => {
                (about, [(header::CONTENT_ENCODING, "br")], brotli.clone()).into_response()
            }
            _ => (about, file.plain.clone()).into_response(),
        }
    }

    /// Where an address of the guide without a page leads to: its reader's language, Spanish if in doubt.
    fn guide(&self, path: &str, headers: &HeaderMap) -> Option<&'static str> {
        let place = match path {
            "guide" | GUIDE if reads_english(headers) => "/guide/en/",
            "guide" | GUIDE | "guide/es" => "/guide/es/",
            "guide/en" => "/guide/en/",
            _ => return None,
        };
        let page = format!("{}{PAGE}", place.trim_start_matches('/'));
        self.files.contains_key(&page).then_some(place)
    }
}

const PAGE: &str = "index.html";
/// Pages to read, in several languages.
const GUIDE: &str = "guide/";
const WITHOUT_APP: &str = "This relay runs, and was built without the app. `./setup run` builds one with the app in it; \
    a relay without it serves one from a folder with --app-dir.\n";
/// Names of assets change with their content.
const FOREVER: &str = "public, max-age=31536000, immutable";
const ASK_AGAIN: &str = "no-cache";

fn gather(root: &Path, directory: &Path, files: &mut Vec<(String, Bytes)>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            gather(root, &path, files)?;
        } else if let Some(name) = path.strip_prefix(root).ok().and_then(Path::to_str) {
            files.push((name.to_owned(), fs::read(&path)?.into()));
        }
    }
    Ok(())
}

fn takes_brotli(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|list| {
        list.split(',').any(|coding| coding.split(';').next().is_some_and(|c| c.trim() == "br"))
    })
}

/// Whether English comes before Spanish in what the reader's browser asks for, which is in the order of their wishes.
fn reads_english(headers: &HeaderMap) -> bool {
    let wished = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let mut tags = wished.unwrap_or_default().split(',').map(|tag| tag.trim().get(..2).unwrap_or_default());
    tags.find(|tag| ["en", "es"].contains(tag)) == Some("en")
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("webp") => "image/webp",
        Some("webmanifest") => "application/manifest+json",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// The guide runs no script and sends nothing.
fn policy(name: &str) -> &'static str {
    if name.starts_with(GUIDE) { GUIDE_POLICY } else { HEADERS[0].1 }
}

const GUIDE_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types";

/// Scripts, styles and connections of this origin alone, and nothing inline; no frame around it,
/// no referrer, nothing shared with other origins. On every response, the worker's script too.
const HEADERS: [(HeaderName, &str); 8] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; \
         font-src 'self'; media-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
         trusted-types svelte-trusted-html app-url",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(self), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    ),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// Adds those of [`HEADERS`] that a response has not of its own.
pub(crate) async fn guard(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app() -> (tempfile::TempDir, App) {
        let directory = tempfile::tempdir().expect("a directory");
        fs::create_dir(directory.path().join("assets")).expect("made");
        let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).expect("written");
        write("index.html", "<!doctype html>");
        write("assets/a-1.js", "plain");
        write("assets/a-1.js.br", "small");
        for language in ["es", "en"] {
            fs::create_dir_all(directory.path().join("guide").join(language)).expect("made");
            write(&format!("guide/{language}/index.html"), language);
        }
        let app = App::in_directory(directory.path()).expect("read");
        (directory, app)
    }

    fn get(app: &App, path: &str, encoding: &'static str) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(encoding));
        app.answer(&Method::GET, &path.parse().expect("a path"), &headers)
    }

    fn field(response: &Response, name: HeaderName) -> Option<&str> {
        response.headers().get(name).and_then(|value| value.to_str().ok())
    }

    #[test]
    fn the_page_is_asked_for_again_and_assets_never() {
        let (_directory, app) = app();
        assert!(app.is_there());
        let page = get(&app, "/", "");
        assert_eq!(page.status(), StatusCode::OK);
        assert_eq!(field(&page, header::CACHE_CONTROL), Some("no-cache"));
        assert_eq!(field(&page, header::CONTENT_TYPE), Some("text/html; charset=utf-8"));
        let asset = get(&app, "/assets/a-1.js", "");
        assert!(field(&asset, header::CACHE_CONTROL).is_some_and(|value| value.contains("immutable")));
    }

    #[test]
    fn brotli_goes_to_those_who_take_it() {
        let (_directory, app) = app();
        let coded =
            |accepted| get(&app, "/assets/a-1.js", accepted).headers().contains_key(header::CONTENT_ENCODING);
        assert!(coded("gzip, deflate, br;q=0.9"));
        assert!(!coded("gzip, bread"));
        assert!(!coded(""));
    }

    #[test]
    fn nothing_else_is_served() {
        let (directory, app) = app();
        fs::write(directory.path().join("later.txt"), "x").expect("written");
        for path in ["/later.txt", "/assets/a-1.js.br", "/assets/../index.html", "/nothing", "/v1/other"] {
            assert_eq!(get(&app, path, "").status(), StatusCode::NOT_FOUND, "{path}");
        }
        let post = app.answer(&Method::POST, &Uri::from_static("/"), &HeaderMap::new());
        assert_eq!(post.status(), StatusCode::METHOD_NOT_ALLOWED);
    }

    #[tokio::test]
    async fn the_guide_is_in_its_readers_language_and_runs_nothing() {
        let (_directory, app) = app();
        let wishing = |path: &str, languages: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(languages));
            app.answer(&Method::GET, &path.parse().expect("a path"), &headers)
        };
        for (languages, place) in [
            ("en-US,en;q=0.9,es;q=0.8", "/guide/en/"),
            ("es-MX,es;q=0.9,en;q=0.8", "/guide/es/"),
            ("fr, en", "/guide/en/"),
            ("fr", "/guide/es/"),
            ("", "/guide/es/"),
        ] {
            for path in ["/guide", "/guide/"] {
                let answer = wishing(path, languages);
                assert_eq!(answer.status(), StatusCode::TEMPORARY_REDIRECT, "{path}");
                assert_eq!(field(&answer, header::LOCATION), Some(place), "{languages}");
            }
        }
        assert_eq!(field(&wishing("/guide/en", "es"), header::LOCATION), Some("/guide/en/"));
        for path in ["/guide/en/", "/guide/en/index.html"] {
            let page = guard(wishing(path, "es")).await;
            assert_eq!(page.status(), StatusCode::OK, "{path}");
            let policy = field(&page, header::CONTENT_SECURITY_POLICY).expect("a policy");
            assert!(
                policy.starts_with("default-src 'none'; style-src 'self'") && !policy.contains("script-src")
            );
            let body = axum::body::to_bytes(page.into_body(), 1_024).await.expect("a body");
            assert_eq!(body, "en");
        }
        for path in ["/guide/fr/", "/guide/es/nothing.html", "/guide//", "/guide/es//"] {
            assert_eq!(get(&app, path, "").status(), StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(get(&App::default(), "/guide", "").status(), StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn a_relay_without_the_app_says_so_at_its_first_page() {
        let answer = get(&App::default(), "/", "");
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        let body = axum::body::to_bytes(answer.into_body(), 1_024).await.expect("a body");
        assert_eq!(body, WITHOUT_APP);
        let other = axum::body::to_bytes(get(&App::default(), "/x", "").into_body(), 1_024).await;
        assert!(other.expect("a body").is_empty());
    }

    #[tokio::test]
    async fn every_response_is_guarded() {
        let response = guard(StatusCode::NOT_FOUND.into_response()).await;
        let policy = field(&response, header::CONTENT_SECURITY_POLICY).expect("a policy");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe-inline"));
        assert_eq!(
            response.headers().len(),
            HEADERS.len() + usize::from(response.headers().contains_key("content-length"))
        );
    }
}
