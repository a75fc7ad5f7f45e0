//! Lets browsers on other sites send here and read the answer.
//!
//! Origin and headers are reflected rather than listed: clients invent headers (`AnonymousId`, `SentAt`, `X-Retry-Count`
//! …), and the key decides who may send, not the browser. What is answered here holds nothing of anybody.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Browsers ask again after a day, the longest that any of them keeps.
const ASK_AGAIN_S: &str = "86400";

/// What a client may read of the answer.
const READABLE: &str = "retry-after";

/// Answers the question before a request, and marks every other answer as readable by the site that asked.
pub(crate) async fn across_sites(request: Request, next: Next) -> Response {
    let [origin, headers] =
        [header::ORIGIN, header::ACCESS_CONTROL_REQUEST_HEADERS].map(|name| request.headers().get(name).cloned());
    if request.method() != Method::OPTIONS {
        let mut response = next.run(request).await;
        readable(response.headers_mut(), origin);
        return response;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    let answer = response.headers_mut();
    readable(answer, origin);
    answer.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, PUT, OPTIONS"));
    answer.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(ASK_AGAIN_S));
    if let Some(headers) = headers {
        answer.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, headers);
    }
    response
}

/// Credentials need the very origin: `*` does not do for beacons, which bring cookies.
fn readable(answer: &mut HeaderMap, origin: Option<HeaderValue>) {
    answer.insert(header::VARY, HeaderValue::from_static("origin, access-control-request-headers"));
    // Another site's page may load what is answered here, such as the pixel.
    answer.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    answer.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let Some(origin) = origin else {
        answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        return;
    };
    answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    answer.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(READABLE));
}

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
