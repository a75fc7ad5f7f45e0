//! Events in the address of a picture, for pages and mails that run no script: RudderStack's
//! `GET /pixel/v1/track?writeKey=KEY&anonymousId=…&event=…&properties.plan=pro`, where dots lead into objects, and Segment's
//! `GET /v1/pixel/track?data=BASE64`, where one JSON object stands. Both become one event of [`super::segment`].

use super::super::{Delivery, Reason};
use super::request::{Incoming, from_base64};
use super::{Door, Format, Scene, json, segment, snowplow, way_of};
use crate::tell;
use axum::Router;
use axum::routing::MethodFilter;
use serde::Deserialize;
use serde_json::{Map, Value};

/// What is refused is an event of the Segment protocol, and is read again as one.
static FORMAT: Format = Format { keys, read, answer: |_| snowplow::pixel(), ..segment::FORMAT };

/// More parameters than this fit into no address that anybody writes.
const PARAMETERS_MAX: usize = 200;
/// So deep a parameter leads into objects: `context.page.url` is three.
const STEPS_MAX: usize = 8;

/// Returns the routes.
pub(super) fn routes() -> Router<Door> {
    let rudderstack = ["page", "track"].map(|kind| format!("/pixel/v1/{kind}"));
    let segment = ["identify", "track", "page", "screen", "group", "alias"].map(|kind| format!("/v1/pixel/{kind}"));
    let paths = rudderstack.into_iter().chain(segment);
    paths.fold(Router::new(), |router, path| router.route(&path, way_of(&FORMAT, MethodFilter::GET)))
}

fn keys(incoming: &Incoming) -> Vec<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Keyed {
        write_key: String,
    }
    let event = event(incoming).ok();
    event.and_then(|event| serde_json::from_str::<Keyed>(&event).ok()).map(|keyed| keyed.write_key).into_iter().collect()
}

fn read(incoming: &Incoming, scene: &Scene<'_>) -> Result<Delivery, Reason> {
    let event = event(incoming)?;
    segment::read(&Incoming { body: event.into_bytes().into(), uri: incoming.uri.clone(), ..Incoming::default() }, scene)
}

/// Returns the event as JSON.
fn event(incoming: &Incoming) -> Result<String, Reason> {
    match incoming.asked("data") {
        None => Ok(Value::Object(nested(incoming.uri.query().unwrap_or_default())).to_string()),
        Some(data) if data.trim_start().starts_with('{') => Ok(data.into_owned()),
        Some(data) => from_base64(&data)
            .ok_or_else(|| tell!(data_unreadable, "The parameter `{field}` is no JSON, plain or in base64", field = "data")),
    }
    .map(|event| json::text(event.as_bytes()).into_owned())
}

/// Makes an object of parameters whose names lead into objects. Where one name is a value and an object, the first counts.
fn nested(query: &str) -> Map<String, Value> {
    let mut event = Map::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()).take(PARAMETERS_MAX) {
        let steps: Vec<&str> = name.split('.').collect();
        let Some((last, above)) = steps.split_last().filter(|_| steps.len() <= STEPS_MAX) else { continue };
        let place = above.iter().try_fold(&mut event, |object, step| {
            object.entry(*step).or_insert_with(|| Value::Object(Map::new())).as_object_mut()
        });
        if let Some(object) = place {
            object.entry(*last).or_insert_with(|| Value::from(value.into_owned()));
        }
    }
    event
}

#[cfg(test)]
mod tests {
    use super::super::super::SourceKind;
    use super::super::testing::{arrived, scene_of, told};
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    #[track_caller]
    fn check(address: &str, expected: &[&str]) {
        let delivery = read(&arrived(address, b""), &scene_of(SourceKind::Site).scene()).expect("is read");
        assert_eq!(told(&delivery), expected, "{address}");
    }

    #[test]
    fn parameters_lead_into_objects() {
        check(
            "/pixel/v1/page?writeKey=k&anonymousId=a&name=Home&context.page.url=https%3A%2F%2Fshop.example%2Ftea%3Fx&context.locale=fr",
            &["visit inbound page (direct) / (none) shop.example/tea at 0 by anonymous {\"context\":{\"locale\":\"fr\"}}"],
        );
        check(
            "/pixel/v1/track?writeKey=k&userId=u&event=Order+Completed&properties.revenue=39.95&properties.currency=EUR",
            &[
                "purchase inbound Order Completed at 0 by user worth 3995 EUR {\"properties\":{\"currency\":\"EUR\",\"revenue\":\"39.95\"}}",
            ],
        );
        check("/pixel/v1/track?anonymousId=a", &["refused 0 no_event"]);
        check("/pixel/v1/track?event=x&event.y=1&anonymousId=a", &["other inbound x at 0 by anonymous"]);
        check(&format!("/pixel/v1/track?anonymousId=a&event=x&{}=1", "a.".repeat(500)), &["other inbound x at 0 by anonymous"]);
    }

    #[test]
    fn one_object_stands_in_data() {
        let event = r#"{"userId":"u","event":"Email Opened","writeKey":"k"}"#;
        for data in [STANDARD.encode(event), event.to_owned()] {
            let data: String = url::form_urlencoded::byte_serialize(data.as_bytes()).collect();
            let address = format!("/v1/pixel/track?data={data}");
            check(&address, &["view inbound Email Opened at 0 by user"]);
            assert_eq!(keys(&arrived(&address, b"")), ["k"]);
        }
        assert!(read(&arrived("/v1/pixel/track?data=%00", b""), &scene_of(SourceKind::Site).scene()).is_err());
    }

    #[test]
    fn what_is_refused_is_an_event_of_segment() {
        let scene = scene_of(SourceKind::Site);
        let first = read(&arrived("/pixel/v1/track?anonymousId=a", b""), &scene.scene()).expect("is read");
        let mended = String::from_utf8(first.refused[0].raw.clone())
            .expect("text")
            .replace("\"anonymousId\"", "\"event\":\"x\",\"anonymousId\"");
        let again = (FORMAT.again)(scene.scene().source, mended.as_bytes(), scene.scene().received);
        assert_eq!(told(&again), ["other inbound x at 0 by anonymous"]);
    }
}
