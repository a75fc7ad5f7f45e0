//! The browser application, embedded in the binary.
//!
//! A binary built without it (no Node at hand) still serves the interface; its page then says how to build the rest.
//! Unknown paths answer with the application itself, which has its own router.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use std::borrow::Cow;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Built;

/// Is one embedded file.
struct File {
    data: Cow<'static, [u8]>,
    hash: [u8; 32],
}

const UNBUILT: &str = "<!doctype html><html lang=\"en\"><title>Touchline</title><h1>Touchline</h1>\
<p>This binary was built without the browser application. Run <code>npm ci &amp;&amp; npm run build</code> in \
<code>web/</code>, then build the binary again.</p><p>The interface itself works: see <code>/api/openapi.json</code>.</p>";

/// Answers a request for a page or a file of the browser application.
pub async fn page(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    answer(uri.path(), &headers, |path| Built::get(path).map(|file| File { hash: file.metadata.sha256_hash(), data: file.data }))
}

fn answer(path: &str, headers: &HeaderMap, find: impl Fn(&str) -> Option<File>) -> Response {
    let path = path.trim_start_matches('/');
    let (name, file) = match find(path) {
        Some(file) if !path.is_empty() => (path, file),
        // A missing script must not become a page: the browser would show the wrong error.
        _ if path.starts_with("assets/") => return StatusCode::NOT_FOUND.into_response(),
        _ => match find("index.html") {
            Some(index) => ("index.html", index),
            None => return ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], UNBUILT).into_response(),
        },
    };
    // Weak: the same file may go out compressed.
    let tag = format!("W/\"{}\"", &blake3::Hash::from_bytes(file.hash).to_hex()[..32]);
    // The names of files under assets/ contain a hash of their content, so they never change.
    let cache = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let status = if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let mut response = if known { Body::empty() } else { Body::from(file.data.into_owned()) }.into_response();
    *response.status_mut() = status;
    let kind = content_type(name);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// Names the type of the few kinds of files that a build writes.
fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("json" | "map") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(path: &str) -> Option<File> {
        let known = ["index.html", "assets/index-3f2a.js"].contains(&path);
        known.then(|| File { data: Cow::Owned(path.as_bytes().to_vec()), hash: [7; 32] })
    }

    #[track_caller]
    fn check(path: &str, status: StatusCode, kind: &str, cache: &str) {
        let response = answer(path, &HeaderMap::new(), built);
        let header = |name| response.headers().get(name).map_or("", |value| value.to_str().expect("text"));
        assert_eq!((response.status(), header(header::CONTENT_TYPE), header(header::CACHE_CONTROL)), (status, kind, cache));
    }

    #[test]
    fn files_pages_and_gaps() {
        let html = "text/html; charset=utf-8";
        check("/", StatusCode::OK, html, "no-cache");
        check("/map/newsletter", StatusCode::OK, html, "no-cache");
        let forever = "public, max-age=31536000, immutable";
        check("/assets/index-3f2a.js", StatusCode::OK, "text/javascript; charset=utf-8", forever);
        check("/assets/index-gone.js", StatusCode::NOT_FOUND, "", "");
    }

    #[test]
    fn a_known_file_is_not_sent_again() {
        let first = answer("/", &HeaderMap::new(), built);
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, first.headers()[header::ETAG].clone());
        assert_eq!(answer("/", &headers, built).status(), StatusCode::NOT_MODIFIED);
    }

    #[test]
    fn a_binary_without_the_application_says_how_to_build_it() {
        assert_eq!(answer("/map", &HeaderMap::new(), |_| None).status(), StatusCode::OK);
    }
}
