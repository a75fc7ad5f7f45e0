//! What RudderStack clients ask beside the Segment protocol, which they speak otherwise: the browser client fetches the
//! settings of its source first, and sends by beacon to a path of its own. See [`super::segment`] for the events.

use super::request::Incoming;
use super::{Door, segment, way};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};

/// Returns the routes.
pub(super) fn routes() -> Router<Door> {
    Router::new()
        .route("/beacon/v1/batch", way(&segment::FORMAT))
        .route("/sourceConfig", get(source_config))
        .route("/sourceConfig/", get(source_config))
}

/// Answers with a source that has no destinations but this server. A key that nobody has gets a source that is
/// switched off, so that the client says so on its console instead of sending for nothing.
async fn source_config(State(door): State<Door>, uri: Uri, headers: HeaderMap) -> Response {
    let asked = Incoming { uri, headers, ..Incoming::default() };
    let keys = asked.keys();
    let key = keys.iter().find(|key| door.sources.of_key(key).is_some());
    let no_statistics = serde_json::json!({ "errors": { "enabled": false }, "metrics": { "enabled": false } });
    let config = serde_json::json!({
        "source": {
            "id": "touchline", "name": "Touchline", "writeKey": key.or(keys.first()), "enabled": key.is_some(),
            "workspaceId": "touchline", "destinations": [], "connections": [], "dataplanes": {},
            "config": { "statsCollection": no_statistics },
            "sourceDefinition": { "name": "Javascript", "category": null }, "sourceDefinitionId": "touchline",
            "updatedAt": "2025-01-01T00:00:00.000Z",
        },
        "updatedAt": "2025-01-01T00:00:00.000Z",
    });
    ([(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=300"))], Json(config)).into_response()
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

    /// What rudder-sdk-node, rudder-sdk-python and the browser client send.
    #[test]
    fn what_their_events_become() {
        check(
            SourceKind::Server,
            "/v1/batch",
            r#"{"batch":[{"userId":"u","event":"Test","type":"track","channel":"server","messageId":"m",
                "originalTimestamp":"2023-11-14T22:13:05.000Z","sentAt":"2023-11-14T22:13:10.000Z"}],
                "timestamp":"2023-11-14T22:13:10.000Z","sentAt":"2023-11-14T22:13:10.000Z"}"#,
            &["other inbound Test at -15 by user"],
        );
        check(
            SourceKind::Server,
            "/v1/batch",
            r#"{"batch":[{"userId":"u","anonymousId":null,"type":"identify","messageId":"m","context":{"traits":{"plan":"pro"}},
                "timestamp":"2023-11-14T22:13:10.123456+00:00"}],"sentAt":"2023-11-14T22:13:20.000000+00:00"}"#,
            &["trait of user plan at -9"],
        );
        check(
            SourceKind::Site,
            "/beacon/v1/batch",
            r#"{"batch":[{"type":"page","anonymousId":"a","userId":"","messageId":"m","name":"Home","channel":"web",
                "properties":{"path":"/","referrer":"$direct","initial_referrer":"https://find.example/?q=x","url":"https://shop.example.org/"},
                "originalTimestamp":"2023-11-14T22:13:10Z"}],"sentAt":"2023-11-14T22:13:20Z"}"#,
            &[
                "visit inbound page (direct) / (none) shop.example.org/ at -10 by anonymous {\"properties\":{\"path\":\"/\",\"referrer\":\"$direct\",\
               \"initial_referrer\":\"https://find.example/\",\"url\":\"https://shop.example.org/\"}}",
            ],
        );
    }
}
