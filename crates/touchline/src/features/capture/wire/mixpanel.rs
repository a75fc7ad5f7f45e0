//! What Mixpanel's clients send: events to `/track` and `/import`, people to `/engage`, groups to `/groups`; as JSON, as a
//! form with `data=`, or in the query of a `GET`, plain or in base64.
//!
//! `distinct_id` is `$device:…` for a device and else the user; `$user_id` and `$device_id` say the same more clearly.
//! `$insert_id` is the id of an event. Where it is missing but a time is there, equal events of one time are one, as
//! Mixpanel has it; where both are missing, an event is an event each time it comes.

use super::request::{Incoming, decode_base64};
use super::told::{Object, Story, Told, copied, each, events, moment, name, names, object, scalar, text};
use super::{Door, Format, Scene, collect, json, openpanel};
use crate::features::capture::{Delivery, Reason};
use crate::tell;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Json, Router};
use model::{Form, Identity, Instant, Link};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::borrow::Cow;

pub(super) static FORMAT: Format = Format {
    name: "mixpanel",
    keys,
    read,
    again: |source, raw, at| super::again(&FORMAT, source, raw, at),
    answer: |_| at_length(),
};
/// The same for clients that want a bare number.
static BRIEF: Format = Format { answer: |_| "1".into_response(), ..FORMAT };

/// Events by which a client tells of itself.
const OF_ITSELF: [&str; 3] = ["$mp_session_record", "$session_start", "$session_end"];

/// Returns the routes. `/track` is shared with OpenPanel, whose clients are known by a header.
pub(super) fn routes() -> Router<Door> {
    let paths = ["/track", "/track/", "/engage", "/engage/", "/groups", "/groups/", "/import", "/import/"];
    paths.into_iter().fold(Router::new(), |router, path| router.route(path, any(either)))
}

async fn either(State(door): State<Door>, request: Request) -> Response {
    let asks_for_much = request.method() == Method::POST && !has_parameter(&request, "verbose", "0");
    let format = if request.headers().contains_key(openpanel::KEY_HEADER) {
        &openpanel::FORMAT
    } else if asks_for_much || has_parameter(&request, "verbose", "1") {
        &FORMAT
    } else {
        &BRIEF
    };
    collect(door, format, request).await
}

fn has_parameter(request: &Request, name: &str, value: &str) -> bool {
    let query = request.uri().query().unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes()).any(|(key, found)| key == name && found == value)
}

/// Answers as all of their clients understand it: some look for `status`, some for `code`.
fn at_length() -> Response {
    Json(json!({ "status": 1, "error": null, "code": 200 })).into_response()
}

/// Returns the events as JSON: the body, or `data` in the query. Lines of JSON become a list.
fn body(incoming: &Incoming) -> Cow<'_, str> {
    let said = match incoming.asked("data") {
        Some(data) if incoming.body.is_empty() => {
            let is_plain = data.trim_start().starts_with(['{', '[']);
            let decoded = if is_plain { None } else { decode_base64(data.as_bytes()) };
            Cow::Owned(json::text(&decoded.unwrap_or_else(|| data.as_bytes().to_vec())).into_owned())
        }
        _ => json::text(&incoming.body),
    };
    let is_lines =
        said.trim_start().starts_with('{') && said.trim_end().contains('\n') && serde_json::from_str::<&RawValue>(&said).is_err();
    if is_lines {
        let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
        return Cow::Owned(format!("[{}]", lines.join(",")));
    }
    said
}

/// Finds the token of the first event or person.
fn keys(incoming: &Incoming) -> Vec<String> {
    let body = body(incoming);
    let Ok(raw) = serde_json::from_str::<&RawValue>(&body) else { return Vec::new() };
    let first = events(raw).first().and_then(|event| serde_json::from_str::<Object>(event.get()).ok()).unwrap_or_default();
    let in_event = object(&first, "properties").map(|props| copied(props, "token"));
    in_event.into_iter().chain([copied(&first, "$token")]).filter(|key| !key.is_empty()).collect()
}

fn read(incoming: &Incoming, scene: &Scene<'_>) -> Result<Delivery, Reason> {
    let body = body(incoming);
    let raw: &RawValue = serde_json::from_str(&body).map_err(|error| json::unreadable(&error))?;
    Ok(each(incoming, scene, &events(raw), |story, one| {
        if one.contains_key("event") {
            read_event(story, one)
        } else if one.contains_key("$distinct_id") {
            read_person(story, one)
        } else if one.contains_key("$group_id") {
            Ok(())
        } else {
            Err(tell!(
                no_event,
                "This is no event, no person and no group: `event`, `$distinct_id` and `$group_id` are missing",
                fields = ["event", "$distinct_id", "$group_id"]
            ))
        }
    }))
}

fn read_event(story: &mut Story<'_>, event: &Object) -> Result<(), Reason> {
    let kind =
        text(event, "event").ok_or_else(|| tell!(no_event, "`event`, the name of the event, is no text", fields = ["event"]))?;
    let nothing = Object::new();
    let props = object(event, "properties").unwrap_or(&nothing);
    let stamps = (props.get("time").and_then(moment), None);
    let at = story.at(stamps);
    match kind {
        "$identify" => {
            let user = name("user", props, "$identified_id")
                .or_else(|| name("user", props, "$user_id"))
                .or_else(|| who(props, "distinct_id"));
            let device = ["$anon_id", "$anon_distinct_id", "$device_id"].into_iter().find_map(|key| name("device", props, key));
            let device = device.and_then(|device| Identity::new("device", device.value.trim_start_matches("$device:")));
            story.same([user, device], Link::Together, at);
            Ok(())
        }
        "$create_alias" => {
            story.same([who(props, "distinct_id"), who(props, "alias")], Link::Renamed, at);
            Ok(())
        }
        "$merge" => {
            let ids = props.get("$distinct_ids").and_then(Value::as_array);
            let [one, other] = [0, 1].map(|place| ids.and_then(|ids| id_of(ids.get(place)?)));
            story.same([one, other], Link::Renamed, at);
            Ok(())
        }
        kind if OF_ITSELF.contains(&kind) => Ok(()),
        kind => {
            let user = name("user", props, "$user_id").or_else(|| who(props, "distinct_id"));
            let identities = names([user, name("device", props, "$device_id")]);
            let id = own_id(event, props, stamps.0);
            story.happened(Told { id, identities, stamps, ..what(kind, props) })
        }
    }
}

/// Returns the id of an event: its own, or one of what it says and when.
fn own_id(event: &Object, props: &Object, time: Option<Instant>) -> String {
    match (text(props, "$insert_id"), time) {
        (Some(id), _) => id.to_owned(),
        (None, Some(_)) => blake3::hash(Value::Object(event.clone()).to_string().as_bytes()).to_hex()[..32].to_owned(),
        (None, None) => String::new(),
    }
}

/// Reads what happened.
fn what(kind: &str, props: &Object) -> Told {
    let (event, form) = match kind {
        "$mp_web_page_view" | "mp_page_view" => ("page", Some(Form::Visit)),
        "$mp_click" | "$mp_dead_click" | "$mp_rage_click" => (kind, Some(Form::Click)),
        "$mp_submit" => (kind, Some(Form::Submission)),
        kind if kind.starts_with('$') => (kind, Some(Form::Other)),
        _ => (kind, None),
    };
    let url = ["$current_url", "current_url"].into_iter().find_map(|key| text(props, key)).unwrap_or_default().to_owned();
    let referrer = copied(props, "$referrer");
    let of_client = ["token", "distinct_id", "time", "mp_lib", "mp_sent_by_lib_version", "ip", "current_url"];
    let mut kept = props.clone();
    let is_found_out = |key: &str| key.starts_with('$') || key.starts_with("current_") || of_client.contains(&key);
    kept.retain(|key, value| !is_found_out(key) && !value.is_null());
    if let Some(amount) = props.get("$amount") {
        kept.insert("revenue".to_owned(), amount.clone());
    }
    Told { event: event.to_owned(), form, url, referrer, props: kept, ..Told::default() }
}

/// Reads what is told of a person. What only adds to something, or takes it away, is left to Mixpanel.
fn read_person(story: &mut Story<'_>, person: &Object) -> Result<(), Reason> {
    let time = person.get("$time").and_then(moment);
    let at = story.at((time, None));
    let who = who(person, "$distinct_id");
    for (key, since) in [("$set_once", Instant(0)), ("$set", at)] {
        if let Some(traits) = object(person, key) {
            story.known(who.as_ref(), traits, since);
        }
    }
    // A charge is told as something added to a person; it is a purchase all the same.
    let charge = object(person, "$append").and_then(|append| object(append, "$transactions"));
    if let Some(charge) = charge {
        let stamps = (charge.get("$time").and_then(moment).or(time), None);
        let mut props: Object =
            charge.iter().filter(|(key, _)| !key.starts_with('$')).map(|(key, value)| (key.clone(), value.clone())).collect();
        props.extend(charge.get("$amount").map(|amount| ("revenue".to_owned(), amount.clone())));
        let id = own_id(person, charge, stamps.0);
        let event = "charge".to_owned();
        story.happened(Told {
            id,
            identities: names([who]),
            event,
            form: Some(Form::Purchase),
            stamps,
            props,
            ..Told::default()
        })?;
    }
    Ok(())
}

/// Returns whom a member names.
fn who(object: &Object, key: &str) -> Option<Identity> {
    id_of(object.get(key)?)
}

/// Returns whom a `distinct_id` names: `$device:…` a device, everything else a user.
fn id_of(value: &Value) -> Option<Identity> {
    let id = scalar(value)?;
    match id.strip_prefix("$device:") {
        Some(device) => Identity::new("device", device),
        None => Identity::new("user", &id),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{arrived, scene_of, told};
    use super::*;
    use crate::features::capture::SourceKind;
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;

    #[track_caller]
    fn check(path: &str, body: &str, expected: &[&str]) {
        let delivery = read(&arrived(path, body.as_bytes()), &scene_of(SourceKind::Server).scene()).expect("is read");
        assert_eq!(told(&delivery), expected, "{path} {body}");
    }

    fn event(name: &str, more: Value) -> String {
        let mut properties = json!({ "token": "k", "distinct_id": "u", "time": 1_699_999_990.25, "$insert_id": "m", "mp_lib": "x", "$browser": "b" });
        properties.as_object_mut().expect("is one").extend(more.as_object().expect("is one").clone());
        json!({ "event": name, "properties": properties }).to_string()
    }

    #[test]
    fn what_each_event_becomes() {
        check(
            "/track",
            &event("Plan Compared", json!({ "plan": "pro" })),
            &["other inbound Plan Compared at -9 by user {\"properties\":{\"plan\":\"pro\"}}"],
        );
        check(
            "/track",
            &event(
                "$mp_web_page_view",
                json!({ "distinct_id": "$device:d", "$device_id": "d", "$current_url": "https://shop.example.org/p" }),
            ),
            &["visit inbound page (direct) / (none) shop.example.org/p at -9 by device"],
        );
        check("/track", &event("$identify", json!({ "$anon_distinct_id": "$device:d" })), &["claim user device Together at -9"]);
        check("/track", &event("$create_alias", json!({ "alias": "old" })), &["claim user user Renamed at -9"]);
        check("/track", &event("$create_alias", json!({ "alias": "u" })), &[]);
        check("/import", &event("$merge", json!({ "$distinct_ids": ["u", "$device:d"] })), &["claim user device Renamed at -9"]);
        check(
            "/engage",
            r#"[{"$token":"k","$distinct_id":"u","$set":{"$email":"ada@example.org","plan":"pro","$os":"x"}},{"$token":"k","$group_id":"acme"}]"#,
            &["trait of user email at 0", "trait of user plan at 0"],
        );
        check(
            "/engage",
            r#"{"$token":"k","$distinct_id":"u","$append":{"$transactions":{"$amount":42.5,"$time":"2023-11-14T22:13:10","currency":"EUR"}}}"#,
            &["purchase inbound charge at -10 by user worth 4250 EUR {\"properties\":{\"currency\":\"EUR\",\"revenue\":42.5}}"],
        );
        check("/track", r#"{"odd":1}"#, &["refused 0 no_event"]);
    }

    #[test]
    fn events_in_every_coat() {
        let one = event("Ping", json!({}));
        let expected = ["other inbound Ping at -9 by user"];
        let query: String = url::form_urlencoded::byte_serialize(BASE64_STANDARD.encode(&one).as_bytes()).collect();
        check(&format!("/track?ip=0&verbose=0&data={query}"), "", &expected);
        check("/import", &format!("{one}\n{one}\n"), &[expected[0], expected[0]]);
        check("/track", &format!("[{one}]"), &expected);
        assert_eq!(keys(&arrived(&format!("/track?data={query}"), b"")), ["k"]);
        assert_eq!(keys(&arrived("/engage", br#"[{"$token":"t"}]"#)), ["t"]);
    }

    #[test]
    fn without_an_id_equal_events_of_one_time_are_one() {
        let ids = |event: &str, received: i64| {
            let staged = scene_of(SourceKind::Server);
            let scene = Scene { received: Instant(received), ..staged.scene() };
            read(&arrived("/track", event.as_bytes()), &scene).expect("is read").arrivals[0].message_id.clone()
        };
        let timed = r#"{"event":"Ping","properties":{"time":1699999990,"distinct_id":"u"}}"#;
        assert_eq!(ids(timed, 1), ids(timed, 2));
        assert_ne!(ids(timed, 1), ids(&timed.replace("Ping", "Pong"), 1));
        let timeless = r#"{"event":"Ping","properties":{"distinct_id":"u"}}"#;
        assert_ne!(ids(timeless, 1), ids(timeless, 2));
        assert_eq!(ids(timeless, 1), ids(timeless, 1));
    }
}
