//! What Plausible's tracker sends: `POST /api/event`, one event as `text/plain`, and nothing that names anybody. Who a
//! visitor is, is left to the source's own rule for visitors without a name.
//!
//! The key is the domain, `d`; of several with commas between them the first that is known. There is no id and no time: an
//! event is an event each time it comes.

use super::answer::Outcome;
use super::request::Incoming;
use super::told::{Object, Story, Told, each, object, text};
use super::{Door, Format, Scene, json, way};
use crate::features::capture::{Delivery, Reason};
use crate::tell;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use model::Form;
use serde_json::Value;
use serde_json::value::RawValue;

pub(super) static FORMAT: Format =
    Format { name: "plausible", keys, read, again: |source, raw, at| super::again(&FORMAT, source, raw, at), answer };

/// Returns the route.
pub(super) fn routes() -> Router<Door> {
    Router::new().route("/api/event", way(&FORMAT))
}

/// The script looks at the status alone; others wait for these very letters.
fn answer(_: &Outcome) -> Response {
    (StatusCode::ACCEPTED, "ok").into_response()
}

fn keys(incoming: &Incoming) -> Vec<String> {
    let event: Object = serde_json::from_str(&json::text(&incoming.body)).unwrap_or_default();
    let domains = either(&event, "d", "domain").unwrap_or_default();
    domains.split(',').map(|domain| domain.trim().to_owned()).filter(|domain| !domain.is_empty()).collect()
}

fn read(incoming: &Incoming, scene: &Scene<'_>) -> Result<Delivery, Reason> {
    let body = json::text(&incoming.body);
    let raw: &RawValue = serde_json::from_str(&body).map_err(|error| json::unreadable(&error))?;
    Ok(each(incoming, scene, &[raw], read_event))
}

fn read_event(story: &mut Story<'_>, event: &Object) -> Result<(), Reason> {
    let kind =
        either(event, "n", "name").ok_or_else(|| tell!(no_event, "`n`, the name of the event, is missing", fields = ["n"]))?;
    let (event_name, form) = match kind {
        "pageview" => ("page", Some(Form::Visit)),
        "Outbound Link: Click" => (kind, Some(Form::Click)),
        "File Download" => (kind, Some(Form::Download)),
        "Form: Submission" => (kind, Some(Form::Submission)),
        // How far and how long a page was read.
        "engagement" | "404" => (kind, Some(Form::Other)),
        _ => (kind, None),
    };
    let mut props = props(event);
    for (key, name) in [("sd", "scroll_percent"), ("e", "engaged_ms")] {
        props.extend(event.get(key).filter(|value| value.is_number()).map(|value| (name.to_owned(), value.clone())));
    }
    let revenue = object(event, "$").or_else(|| object(event, "revenue"));
    let form = form.or_else(|| revenue.map(|_| Form::Purchase));
    for (key, name) in [("amount", "revenue"), ("currency", "currency")] {
        props.extend(revenue.and_then(|revenue| Some((name.to_owned(), revenue.get(key)?.clone()))));
    }
    let url = either(event, "u", "url").unwrap_or_default().to_owned();
    let referrer = either(event, "r", "referrer").unwrap_or_default().to_owned();
    story.happened(Told { event: event_name.to_owned(), form, url, referrer, props, ..Told::default() })
}

/// Returns the properties: an object, or one in a text, as earlier scripts wrote it.
fn props(event: &Object) -> Object {
    let found = ["p", "props", "m", "meta"].into_iter().find_map(|key| event.get(key).filter(|value| !value.is_null()));
    match found {
        Some(Value::Object(props)) => props.clone(),
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        _ => Object::new(),
    }
}

/// Returns a member by its short name, which the script uses, or by its long one, which servers may use.
fn either<'a>(event: &'a Object, short: &str, long: &str) -> Option<&'a str> {
    text(event, short).or_else(|| text(event, long))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{arrived, scene_of, told};
    use super::*;
    use crate::features::capture::SourceKind;
    use serde_json::json;

    #[track_caller]
    fn check(event: Value, expected: &[&str]) {
        let delivery = read(&arrived("/api/event", event.to_string().as_bytes()), &scene_of(SourceKind::Site).scene());
        assert_eq!(told(&delivery.expect("is read")), expected, "{event}");
    }

    #[test]
    fn what_each_event_becomes() {
        let event = |name: &str, more: Value| {
            let mut event = json!({ "n": name, "u": "https://shop.example.org/p?q=1", "d": "k" });
            event.as_object_mut().expect("is one").extend(more.as_object().expect("is one").clone());
            event
        };
        check(
            event("pageview", json!({ "r": null })),
            &["visit inbound page (direct) / (none) shop.example.org/p at 0 by nobody"],
        );
        check(
            event("engagement", json!({ "sd": 80, "e": 3400 })),
            &["other inbound engagement (direct) / (none) shop.example.org/p at 0 by nobody \
               {\"properties\":{\"engaged_ms\":3400,\"scroll_percent\":80}}"],
        );
        check(
            event("Sale", json!({ "p": { "coupon": "A" }, "$": { "amount": "42.50", "currency": "EUR" } })),
            &["purchase inbound Sale (direct) / (none) shop.example.org/p at 0 by nobody worth 4250 EUR offer A \
               {\"properties\":{\"coupon\":\"A\",\"currency\":\"EUR\",\"revenue\":\"42.50\"}}"],
        );
        check(
            event("File Download", json!({ "m": "{\"url\":\"/a.pdf\"}" })),
            &[
                "download inbound File Download (direct) / (none) shop.example.org/p at 0 by nobody {\"properties\":{\"url\":\"/a.pdf\"}}",
            ],
        );
        check(json!({ "u": "x" }), &["refused 0 no_event"]);
    }

    #[test]
    fn of_several_domains_each_may_be_the_key() {
        assert_eq!(keys(&arrived("", br#"{"d":"one.example, two.example"}"#)), ["one.example", "two.example"]);
    }
}
