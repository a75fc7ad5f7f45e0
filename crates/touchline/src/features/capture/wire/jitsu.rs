//! The paths of Jitsu clients. Their events are those of the Segment protocol ([`super::segment`]), one in a request, with
//! the type in the path and the key in the header `X-Write-Key`; in the body it is masked as `***`.

use super::{Door, segment, way};
use axum::Router;

/// Returns the routes: for browsers and for servers.
pub(super) fn routes() -> Router<Door> {
    Router::new().route("/api/s/{type}", way(&segment::FORMAT)).route("/api/s/s2s/{type}", way(&segment::FORMAT))
}

#[cfg(test)]
mod tests {
    use super::super::super::SourceKind;
    use super::super::testing::{arrived, scene_of, told};
    use super::*;

    #[track_caller]
    fn check(kind: SourceKind, path: &str, body: &str, expected: &[&str]) {
        let delivery = segment::read(&arrived(path, body.as_bytes()), &scene_of(kind).scene()).expect("is read");
        assert_eq!(told(&delivery), expected, "{body}");
    }

    #[test]
    fn what_their_events_become() {
        let page = r#"{"type":"page","anonymousId":"a","messageId":"m","writeKey":"***","timestamp":"2023-11-14T22:13:10Z",
            "sentAt":"2023-11-14T22:13:20Z","context":{"page":{"url":"https://shop.example.org/sale"}}}"#;
        check(
            SourceKind::Site,
            "/api/s/page",
            page,
            &["visit inbound page (direct) / (none) shop.example.org/sale at -10 by anonymous"],
        );
        let track = r#"{"event":"Order Completed","userId":"u","messageId":"m","properties":{"total":12,"currency":"EUR"}}"#;
        let expected =
            "purchase inbound Order Completed at 0 by user worth 1200 EUR {\"properties\":{\"total\":12,\"currency\":\"EUR\"}}";
        check(SourceKind::Server, "/api/s/s2s/track", track, &[expected]);
        // An event of one's own: the path names no type that is known, the event does.
        let own = r#"{"type":"track","event":"x","userId":"u"}"#;
        check(SourceKind::Server, "/api/s/s2s/signup", own, &["other inbound x at 0 by user"]);
    }
}
