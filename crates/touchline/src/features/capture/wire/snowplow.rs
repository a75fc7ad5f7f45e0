//! What Snowplow's trackers send: `POST /com.snowplowanalytics.snowplow/tp2` with a list of events, or `GET /i` with one
//! in the query of a pixel. All members are short names with texts; longer things are JSON in a text, plain or base64.
//!
//! The key is the application id, `aid`. `uid` is the user, `duid` the device. A self-describing event (`ue`) is named by
//! its schema; of its contexts those that say what a purchase was worth are read.

use super::answer::Outcome;
use super::request::{Incoming, decode_base64};
use super::told::{Object, Story, Told, copied, each, events, moment, name, names, object, scalar, text};
use super::{Door, Format, Scene, collect, json, way};
use crate::features::capture::{Delivery, Reason};
use crate::tell;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use model::Form;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;

pub(super) static FORMAT: Format =
    Format { name: "snowplow", keys, read, again: |source, raw, at| super::again(&FORMAT, source, raw, at), answer: taken };
/// The same events, one in the query of an image.
static PIXEL: Format = Format { answer: |_| pixel(), ..FORMAT };

/// Returns the routes.
pub(super) fn routes() -> Router<Door> {
    let image = async |State(door): State<Door>, request: Request| collect(door, &PIXEL, request).await;
    Router::new().route("/com.snowplowanalytics.snowplow/tp2", way(&FORMAT)).route("/i", get(image))
}

fn taken(_: &Outcome) -> Response {
    "ok".into_response()
}

/// Answers with an image of one clear point.
pub(super) fn pixel() -> Response {
    const GIF: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";
    ([(header::CONTENT_TYPE, "image/gif"), (header::CACHE_CONTROL, "no-store")], Bytes::from_static(GIF)).into_response()
}

/// Returns the events as JSON: the body, or the query of the pixel as an object of texts.
fn body(incoming: &Incoming) -> Cow<'_, str> {
    match incoming.uri.query() {
        Some(query) if incoming.body.is_empty() => {
            let members = url::form_urlencoded::parse(query.as_bytes());
            let event: Object = members.map(|(key, value)| (key.into_owned(), Value::from(value.into_owned()))).collect();
            Cow::Owned(Value::Object(event).to_string())
        }
        _ => json::text(&incoming.body),
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    data: &'a RawValue,
}

/// Returns the list in a payload; an event alone is a list of one.
fn listed(raw: &RawValue) -> Vec<&RawValue> {
    events(serde_json::from_str::<Envelope<'_>>(raw.get()).map_or(raw, |envelope| envelope.data))
}

/// Finds the key: the application id of the first event.
fn keys(incoming: &Incoming) -> Vec<String> {
    let body = body(incoming);
    let Ok(raw) = serde_json::from_str::<&RawValue>(&body) else { return Vec::new() };
    vec![first_key(&listed(raw))]
}

fn first_key(list: &[&RawValue]) -> String {
    let first = list.first().and_then(|event| serde_json::from_str::<Object>(event.get()).ok());
    first.map(|event| copied(&event, "aid")).unwrap_or_default()
}

fn read(incoming: &Incoming, scene: &Scene<'_>) -> Result<Delivery, Reason> {
    let body = body(incoming);
    let raw: &RawValue = serde_json::from_str(&body).map_err(|error| json::unreadable(&error))?;
    let list = listed(raw);
    let key = first_key(&list);
    Ok(each(incoming, scene, &list, |story, event| {
        // A request has one source; an event with another key would be counted for the wrong one. What counts as nothing
        // counts so for everybody.
        if copied(event, "aid") == key || is_line(event) {
            read_event(story, event)
        } else {
            Err(tell!(other_source, "`{field}` is not that of the first event of the request: send them apart", field = "aid"))
        }
    }))
}

/// Tells whether an event is a line of a transaction, which is told as a whole.
fn is_line(event: &Object) -> bool {
    text(event, "e") == Some("ti")
}

fn read_event(story: &mut Story<'_>, event: &Object) -> Result<(), Reason> {
    let told = match text(event, "e") {
        Some("pv") => Told { event: "page".to_owned(), form: Some(Form::Visit), ..Told::default() },
        Some("pp") => Told { event: "page_ping".to_owned(), form: Some(Form::Other), ..Told::default() },
        Some("se") => structured(event),
        Some("tr") => transaction(event),
        _ if is_line(event) => return Ok(()),
        Some("ue") => self_describing(event)?,
        _ => {
            return Err(tell!(
                unknown_type,
                "`{field}` is none of {known}",
                field = "e",
                known = ["pv", "pp", "se", "tr", "ti", "ue"]
            ));
        }
    };
    // A "true" time was known to whoever sent it: no clock stands between.
    let stamps = match event.get("ttm").and_then(moment) {
        Some(at) => (Some(at), None),
        None => (event.get("dtm").and_then(moment), event.get("stm").and_then(moment)),
    };
    story.happened(Told {
        id: copied(event, "eid"),
        identities: names([name("user", event, "uid"), name("device", event, "duid")]),
        stamps,
        url: copied(event, "url"),
        referrer: copied(event, "refr"),
        ..told
    })
}

/// Reads an event of category, action, label, property and value. The value may be anything, so it is no money.
fn structured(event: &Object) -> Told {
    let parts = [("category", "se_ca"), ("label", "se_la"), ("property", "se_pr"), ("number", "se_va")];
    Told { event: copied(event, "se_ac"), props: picked(event, &parts), ..Told::default() }
}

/// Reads the older form of a purchase.
fn transaction(event: &Object) -> Told {
    let parts = [("order_id", "tr_id"), ("affiliation", "tr_af"), ("revenue", "tr_tt"), ("tax", "tr_tx"), ("currency", "tr_cu")];
    Told { event: "transaction".to_owned(), form: Some(Form::Purchase), props: picked(event, &parts), ..Told::default() }
}

fn picked(event: &Object, parts: &[(&str, &str)]) -> Object {
    parts.iter().filter_map(|(name, key)| Some(((*name).to_owned(), event.get(*key)?.clone()))).collect()
}

/// Reads an event that a schema describes, and of its contexts what a purchase was worth.
fn self_describing(event: &Object) -> Result<Told, Reason> {
    let outer = embedded(event, "ue_pr", "ue_px")?.unwrap_or_default();
    let inner = object(&outer, "data").filter(|inner| inner.contains_key("schema"));
    let inner =
        inner.ok_or_else(|| tell!(no_event, "`ue_pr` or `ue_px` holds no self-describing event", fields = ["ue_pr", "ue_px"]))?;
    let schema = schema_name(inner);
    let mut props = object(inner, "data").cloned().unwrap_or_default();
    let action = copied(&props, "type");
    let (event_name, form) = match (schema, action.as_str()) {
        ("snowplow_ecommerce_action", "transaction") => ("transaction", Some(Form::Purchase)),
        ("snowplow_ecommerce_action", "refund") => ("refund", Some(Form::Cancellation)),
        ("snowplow_ecommerce_action", "add_to_cart" | "remove_from_cart" | "checkout_step") => (&*action, Some(Form::Basket)),
        ("snowplow_ecommerce_action", "product_view" | "list_view" | "promo_view") => (&*action, Some(Form::View)),
        ("snowplow_ecommerce_action", "list_click" | "promo_click") => (&*action, Some(Form::Click)),
        ("snowplow_ecommerce_action", action) => (action, None),
        ("link_click", _) => ("link_click", Some(Form::Click)),
        ("submit_form", _) => ("submit_form", Some(Form::Submission)),
        ("focus_form" | "change_form", _) => (schema, Some(Form::Other)),
        ("screen_view", _) => ("screen", Some(Form::Visit)),
        ("ad_impression", _) => ("ad_impression", Some(Form::View)),
        ("ad_click", _) => ("ad_click", Some(Form::Click)),
        (schema, _) => (schema, None),
    };
    let event_name = event_name.to_owned();
    // What people type into forms is theirs: that a field was used is enough.
    if matches!(schema, "submit_form" | "focus_form" | "change_form") {
        props.retain(|key, _| key == "formId" || key == "elementId" || key == "nodeName");
    }
    let contexts = embedded(event, "co", "cx")?.unwrap_or_default();
    for context in contexts.get("data").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object) {
        if matches!(schema_name(context), "transaction" | "refund") {
            let data = object(context, "data").cloned().unwrap_or_default();
            let amount = data.get("refund_amount").or_else(|| data.get("revenue")).cloned();
            let order = data.get("transaction_id").cloned();
            let renamed = [("revenue", amount), ("order_id", order), ("currency", data.get("currency").cloned())];
            props.extend(renamed.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
            if let Some(code) = data.get("discount_code").and_then(scalar) {
                props.insert("coupon".to_owned(), code.into());
            }
        }
    }
    Ok(Told { event: event_name, form, props, ..Told::default() })
}

/// Reads an object that stands in a text, plain under one name or in base64 under the other.
fn embedded(event: &Object, plain: &str, encoded: &str) -> Result<Option<Object>, Reason> {
    let (key, json) = match (text(event, plain), text(event, encoded)) {
        (Some(json), _) => (plain, Some(json.as_bytes().to_vec())),
        (None, Some(code)) => (encoded, decode_base64(code.as_bytes())),
        (None, None) => return Ok(None),
    };
    let found = json.and_then(|json| serde_json::from_str(&json::text(&json)).ok());
    found.map(Some).ok_or_else(|| tell!(unreadable, "`{field}` holds no JSON object", field = key))
}

/// Returns NAME of a schema such as `iglu:vendor/NAME/jsonschema/1-0-0`.
fn schema_name(described: &Object) -> &str {
    text(described, "schema").and_then(|schema| schema.split('/').nth(1)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{arrived, scene_of, told};
    use super::*;
    use crate::features::capture::SourceKind;
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use serde_json::json;

    #[track_caller]
    fn check(path: &str, body: &str, expected: &[&str]) {
        let delivery = read(&arrived(path, body.as_bytes()), &scene_of(SourceKind::Server).scene()).expect("is read");
        assert_eq!(told(&delivery), expected, "{path} {body}");
    }

    /// Makes a payload of one event.
    fn payload(event: &Value) -> String {
        let mut event = event.clone();
        for (key, value) in [("aid", "k"), ("uid", "u"), ("duid", "d"), ("dtm", "1699999990000"), ("stm", "1700000000000")] {
            event[key] = value.into();
        }
        json!({ "schema": "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4", "data": [event] }).to_string()
    }

    fn described(name: &str, data: &Value) -> Value {
        json!({ "schema": format!("iglu:example.org/{name}/jsonschema/1-0-0"), "data": data })
    }

    #[test]
    fn what_each_event_becomes() {
        check(
            "/i?e=pv&url=https%3A%2F%2Fshop.example.org%2Fp&aid=k&duid=d&dtm=1699999990000&stm=1700000000000",
            "",
            &["visit inbound page (direct) / (none) shop.example.org/p at -10 by device"],
        );
        check(
            "",
            &payload(&json!({ "e": "se", "se_ca": "shop", "se_ac": "Brochure Downloaded", "se_va": "42.5" })),
            &[
                "download inbound Brochure Downloaded at -10 by user device {\"properties\":{\"category\":\"shop\",\"number\":\"42.5\"}}",
            ],
        );
        check(
            "",
            &payload(&json!({ "e": "tr", "tr_id": "7", "tr_tt": "42.50", "tr_cu": "EUR" })),
            &["purchase inbound transaction at -10 by user device worth 4250 EUR \
               {\"properties\":{\"currency\":\"EUR\",\"order_id\":\"7\",\"revenue\":\"42.50\"}}"],
        );
        check("", &payload(&json!({ "e": "ti", "ti_id": "7" })), &[]);
        check("", &payload(&json!({ "e": "xx" })), &["refused 0 unknown_type"]);
        check("", &payload(&json!({ "e": "ue", "ue_pr": "{" })), &["refused 0 unreadable"]);
        // A true time needs no correction.
        check("", &payload(&json!({ "e": "pp", "ttm": "1699999000000" })), &["other inbound page_ping at -1000 by user device"]);
    }

    #[test]
    fn events_that_a_schema_describes() {
        let plain = described("unstruct_event", &described("plan_compared", &json!({ "plan": "pro" }))).to_string();
        let expected = ["other inbound plan_compared at -10 by user device {\"properties\":{\"plan\":\"pro\"}}"];
        check("", &payload(&json!({ "e": "ue", "ue_pr": plain })), &expected);
        check("", &payload(&json!({ "e": "ue", "ue_px": BASE64_URL_SAFE_NO_PAD.encode(plain) })), &expected);

        let action =
            described("unstruct_event", &described("snowplow_ecommerce_action", &json!({ "type": "transaction" }))).to_string();
        let data = json!({ "transaction_id": "7", "revenue": 42.5, "currency": "EUR" });
        let contexts =
            described("contexts", &json!([described("web_page", &json!({})), described("transaction", &data)])).to_string();
        check(
            "",
            &payload(&json!({ "e": "ue", "ue_pr": action, "cx": BASE64_URL_SAFE_NO_PAD.encode(contexts) })),
            &["purchase inbound transaction at -10 by user device worth 4250 EUR \
               {\"properties\":{\"currency\":\"EUR\",\"order_id\":\"7\",\"revenue\":42.5,\"type\":\"transaction\"}}"],
        );

        let form = json!({ "formId": "f", "elements": [{ "name": "mail", "value": "ada@example.org" }] });
        let form = described("unstruct_event", &described("submit_form", &form)).to_string();
        check(
            "",
            &payload(&json!({ "e": "ue", "ue_pr": form })),
            &["submission inbound submit_form at -10 by user device {\"properties\":{\"formId\":\"f\"}}"],
        );
    }

    #[test]
    fn a_request_has_one_source() {
        let body = r#"{"data":[{"e":"pp","aid":"one"},{"e":"pp","aid":"other"}]}"#;
        assert_eq!(keys(&arrived("", body.as_bytes())), ["one"]);
        check("", body, &["other inbound page_ping at 0 by nobody", "refused 1 other_source"]);
    }
}
