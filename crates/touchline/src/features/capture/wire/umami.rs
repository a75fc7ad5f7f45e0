//! What Umami's clients send: `POST /api/send` with `{type, payload}`, or a list of those to `/api/batch`.
//!
//! The key is `website`. A visitor has a name where `identify` gave one (`id`, a user) or the script keeps one (`vid`, a
//! device); else the source's own rule for visitors without a name decides. There is no id of an event, so that an event
//! is an event each time it comes.

use super::answer::Outcome;
use super::request::Incoming;
use super::told::{Object, Story, Told, copied, each, events, moment, name, names, object, text};
use super::{Door, Format, Scene, json, way};
use crate::features::capture::{Delivery, Reason};
use crate::tell;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use model::{Form, Link};
use serde_json::value::RawValue;

pub(super) static FORMAT: Format =
    Format { name: "umami", keys, read, again: |source, raw, at| super::again(&FORMAT, source, raw, at), answer };

/// Returns the routes.
pub(super) fn routes() -> Router<Door> {
    Router::new().route("/api/send", way(&FORMAT)).route("/api/batch", way(&FORMAT))
}

/// The script sends `cache` back with the next event, to spare Umami a look-up that we do not need.
fn answer(_: &Outcome) -> Response {
    Json(serde_json::json!({ "cache": "", "disabled": false })).into_response()
}

fn keys(incoming: &Incoming) -> Vec<String> {
    let body = json::text(&incoming.body);
    let Ok(raw) = serde_json::from_str::<&RawValue>(&body) else { return Vec::new() };
    let first = events(raw).first().and_then(|event| serde_json::from_str::<Object>(event.get()).ok()).unwrap_or_default();
    object(&first, "payload").map(|payload| copied(payload, "website")).into_iter().collect()
}

fn read(incoming: &Incoming, scene: &Scene<'_>) -> Result<Delivery, Reason> {
    let body = json::text(&incoming.body);
    let raw: &RawValue = serde_json::from_str(&body).map_err(|error| json::unreadable(&error))?;
    Ok(each(incoming, scene, &events(raw), read_event))
}

fn read_event(story: &mut Story<'_>, event: &Object) -> Result<(), Reason> {
    let payload = object(event, "payload").ok_or_else(|| tell!(no_event, "`payload` is missing", fields = ["payload"]))?;
    let stamps = (payload.get("timestamp").and_then(moment), None);
    let (user, device) = (name("user", payload, "id"), name("device", payload, "vid"));
    let data = object(payload, "data").cloned().unwrap_or_default();
    let at = story.at(stamps);
    match text(event, "type") {
        Some("identify") => {
            story.known(user.as_ref().or(device.as_ref()), &data, at);
            story.same([user, device], Link::Together, at);
            Ok(())
        }
        // How fast a page was: nobody was met.
        Some("performance") => Ok(()),
        Some("event") | None => {
            let (event, form) = match text(payload, "name") {
                Some(name) => (name.to_owned(), data.contains_key("revenue").then_some(Form::Purchase)),
                None => ("page".to_owned(), Some(Form::Visit)),
            };
            let referrer = copied(payload, "referrer");
            let identities = names([user, device]);
            story.happened(Told {
                identities,
                event,
                form,
                stamps,
                url: address(payload),
                referrer,
                props: data,
                ..Told::default()
            })
        }
        Some(_) => Err(tell!(unknown_type, "`{field}` is none of {known}", field = "type", known = ["event", "identify"])),
    }
}

/// Returns the address of the page: servers send a path, and the host beside it.
fn address(payload: &Object) -> String {
    match (copied(payload, "url"), text(payload, "hostname")) {
        (url, Some(host)) if url.starts_with('/') => format!("https://{host}{url}"),
        (url, _) => url,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{arrived, scene_of, told};
    use super::*;
    use crate::features::capture::SourceKind;
    use serde_json::{Value, json};

    #[track_caller]
    fn check(body: &Value, expected: &[&str]) {
        let delivery = read(&arrived("/api/send", body.to_string().as_bytes()), &scene_of(SourceKind::Site).scene());
        assert_eq!(told(&delivery.expect("is read")), expected, "{body}");
    }

    #[test]
    fn what_each_event_becomes() {
        let script = json!({ "website": "k", "hostname": "shop.example.org", "url": "https://shop.example.org/p", "vid": "d", "title": "P" });
        check(
            &json!({ "type": "event", "payload": script }),
            &["visit inbound page (direct) / (none) shop.example.org/p at 0 by device"],
        );
        let server = json!({ "website": "k", "hostname": "shop.example.org", "url": "/p", "name": "Order", "timestamp": 1_699_999_990,
            "id": "u", "data": { "revenue": 42.5, "currency": "EUR" } });
        check(
            &json!({ "type": "event", "payload": server }),
            &["purchase inbound Order (direct) / (none) shop.example.org/p at -10 by user worth 4250 EUR \
               {\"properties\":{\"currency\":\"EUR\",\"revenue\":42.5}}"],
        );
        let identify = json!({ "website": "k", "id": "u", "vid": "d", "data": { "plan": "pro" } });
        check(
            &json!({ "type": "identify", "payload": identify }),
            &["claim user device Together at 0", "trait of user plan at 0"],
        );
        check(&json!({ "type": "identify", "payload": { "website": "k", "data": { "plan": "pro" } } }), &[]);
        check(&json!([{ "type": "performance", "payload": {} }, { "type": "odd", "payload": {} }]), &["refused 1 unknown_type"]);
    }
}
