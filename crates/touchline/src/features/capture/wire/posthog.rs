//! What PostHog's clients send: events to `/batch/`, `/e/`, `/capture/` and `/i/v0/e/`, and questions for settings.
//!
//! A `distinct_id` may be a device or a user, and the same one is sent by browsers and servers that know differently
//! much about it. So it has a namespace of its own, and is joined to `user` where PostHog's clients say who it is:
//! `$identify` and `$user_id`. Statements about people become claims and traits, and no interaction.

use super::answer::Outcome;
use super::json::{Maybe, Word};
use super::request::Incoming;
use super::told::{Object, Story, Told, copied, each, events, moment, name, names, object, text};
use super::{Door, Format, Scene, clock, json, way};
use crate::features::capture::{Delivery, Reason};
use crate::tell;
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use model::{Form, Identity, Instant, Link};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// Is the namespace of ids of which only PostHog knows what they name.
const DISTINCT: &str = "distinct_id";

/// Events by which a client tells of itself, or of a group. They touch no customer.
const OF_ITSELF: [&str; 9] = [
    "$$client_ingestion_warning",
    "$$heatmap",
    "$exception",
    "$groupidentify",
    "$opt_in",
    "$performance_event",
    "$snapshot",
    "$snapshot_items",
    "$web_vitals",
];

pub(super) static FORMAT: Format =
    Format { name: "posthog", keys, read, again: |source, raw, at| super::again(&FORMAT, source, raw, at), answer };

/// Returns the routes: those that bring events, and those that ask.
pub(super) fn routes() -> Router<Door> {
    let paths = ["/batch", "/batch/", "/e", "/e/", "/capture", "/capture/", "/i/v0/e", "/i/v0/e/"];
    let bringing = paths.into_iter().fold(Router::new(), |router, path| router.route(path, way(&FORMAT)));
    let asking = ["/flags", "/flags/", "/decide", "/decide/"];
    let asking = asking.into_iter().fold(bringing, |router, path| router.route(path, any(async || Json(settings("")))));
    asking
        .route("/array/{key}/config", get(async |Path(key): Path<String>| Json(settings(&key))))
        // The script may set the same things; an empty one leaves that to `config`.
        .route("/array/{key}/config.js", get(async || ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], "")))
        // Recordings of screens are not taken: they hold whatever stood on the page.
        .route("/s/", any(async || Json(json!({ "status": 1 }))))
}

/// Is what stands around the events of a batch.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Envelope<'a> {
    #[serde(borrow)]
    batch: Option<&'a RawValue>,
    #[serde(borrow)]
    api_key: Word<'a>,
    #[serde(borrow)]
    token: Word<'a>,
    #[serde(borrow)]
    sent_at: Word<'a>,
    #[serde(borrow)]
    properties: Maybe<Token<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Token<'a> {
    #[serde(borrow)]
    token: Word<'a>,
}

/// Finds the key in the body, or in its first event.
fn keys(incoming: &Incoming) -> Vec<String> {
    let body = json::text(&incoming.body);
    let Ok(raw) = serde_json::from_str::<&RawValue>(&body) else { return Vec::new() };
    let first = events(raw).first().copied().unwrap_or(raw);
    let envelope: Envelope = serde_json::from_str(first.get()).unwrap_or_default();
    let in_properties = envelope.properties.0.unwrap_or_default();
    [envelope.api_key, envelope.token, in_properties.token].iter().filter_map(Word::get).map(str::to_owned).collect()
}

/// Reads a batch, a list, or one event.
fn read(incoming: &Incoming, scene: &Scene<'_>) -> Result<Delivery, Reason> {
    let body = json::text(&incoming.body);
    let raw: &RawValue = serde_json::from_str(&body).map_err(|error| json::unreadable(&error))?;
    let envelope: Envelope = serde_json::from_str(raw.get()).unwrap_or_default();
    let sent = envelope.sent_at.get().and_then(clock::instant);
    let list = events(envelope.batch.unwrap_or(raw));
    let mut delivery = each(incoming, scene, &list, |story, event| read_event(story, event, sent));
    // What is refused is read again by itself: the time of sending goes with it.
    if let Some(sent) = envelope.batch.and(envelope.sent_at.get()) {
        for refused in &mut delivery.refused {
            let event = String::from_utf8_lossy(&refused.raw);
            refused.raw = format!("{{\"sent_at\":{},\"batch\":[{event}]}}", Value::from(sent)).into_bytes();
        }
    }
    Ok(delivery)
}

fn answer(_: &Outcome) -> Response {
    Json(json!({ "status": 1 })).into_response()
}

fn read_event(story: &mut Story<'_>, event: &Object, sent: Option<Instant>) -> Result<(), Reason> {
    let kind =
        text(event, "event").ok_or_else(|| tell!(no_event, "`event`, the name of the event, is missing", fields = ["event"]))?;
    if OF_ITSELF.contains(&kind) {
        return Ok(());
    }
    let nothing = Object::new();
    let props = object(event, "properties").unwrap_or(&nothing);
    let stamps = (event.get("timestamp").or_else(|| props.get("$time")).and_then(moment), sent);
    let at = story.at(stamps);
    let distinct = name(DISTINCT, event, "distinct_id").or_else(|| name(DISTINCT, props, "distinct_id"));
    let user = match (kind, &distinct) {
        ("$identify", Some(id)) => Identity::new("user", &id.value),
        _ => name("user", props, "$user_id"),
    };
    // What is set once was so from the beginning: whatever is set later wins over it.
    for (key, since) in [("$set_once", Instant(0)), ("$set", at)] {
        for traits in [object(event, key), object(props, key)].into_iter().flatten() {
            story.known(user.as_ref().or(distinct.as_ref()), traits, since);
        }
    }
    match kind {
        "$set" => {}
        "$identify" => story.same([user, distinct, name(DISTINCT, props, "$anon_distinct_id")], Link::Together, at),
        "$create_alias" | "$merge_dangerously" => {
            let one = name(DISTINCT, props, "distinct_id").or(distinct);
            story.same([one, name(DISTINCT, props, "alias")], Link::Renamed, at);
        }
        _ => {
            let Some(distinct) = distinct else {
                return Err(tell!(no_identity, "`{field}` is missing", field = "distinct_id"));
            };
            let identities = if is_nobody(&distinct, props) {
                Vec::new()
            } else {
                names([user, Some(distinct), name(DISTINCT, props, "$device_id")])
            };
            let id = text(event, "uuid").or_else(|| text(props, "$insert_id")).unwrap_or_default().to_owned();
            return story.happened(Told { id, identities, stamps, ..what(kind, props) });
        }
    }
    Ok(())
}

/// Tells whether an id was made for this one event, so that it names nobody: the client keeps nothing of the visitor,
/// or a server had nobody to name.
fn is_nobody(distinct: &Identity, props: &Object) -> bool {
    let is = |key: &str, expected: bool| props.get(key).and_then(Value::as_bool) == Some(expected);
    distinct.value.starts_with("$posthog_cookieless") || (is("$process_person_profile", false) && is("$is_server", true))
}

/// Reads what happened.
fn what(kind: &str, props: &Object) -> Told {
    let form = match kind {
        "$pageview" | "$screen" => Some(Form::Visit),
        "survey shown" => Some(Form::View),
        "$autocapture" => match text(props, "$event_type") {
            Some("submit") => Some(Form::Submission),
            Some("change") => Some(Form::Other),
            _ => Some(Form::Click),
        },
        "$rageclick" | "$dead_click" => Some(Form::Click),
        "survey sent" => Some(Form::SurveyAnswer),
        "survey dismissed" => Some(Form::Close),
        // Names of the client's own are no English: `$feature_flag_called` is no call.
        kind if kind.starts_with('$') => Some(Form::Other),
        _ => None,
    };
    let mut kept = own(props);
    if let Some(variant) = props.get("$feature_flag_response") {
        kept.insert("variation_name".to_owned(), format!("{}={}", copied(props, "$feature_flag"), bare(variant)).into());
    }
    if let Some(answer) = props.get("$survey_response") {
        kept.insert("answer_text".to_owned(), answer.clone());
    }
    let event = match kind {
        "$pageview" => "page",
        "$screen" => "screen",
        kind => kind,
    };
    let referrer = copied(props, "$referrer");
    Told { event: event.to_owned(), form, url: copied(props, "$current_url"), referrer, props: kept, ..Told::default() }
}

fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Keeps the properties of the site itself: names with `$` are what the client found out about the browser.
fn own(props: &Object) -> Object {
    let is_own = |key: &str| !key.starts_with('$') && !["distinct_id", "token", "title"].contains(&key);
    let mut own = props.clone();
    own.retain(|key, value| is_own(key) && !value.is_null());
    own
}

/// Answers what clients ask before they send: nothing is switched on, and gzip is understood.
fn settings(key: &str) -> Value {
    json!({
        "token": key,
        "supportedCompression": ["gzip", "gzip-js"],
        "hasFeatureFlags": false,
        "flags": {},
        "featureFlags": {},
        "featureFlagPayloads": {},
        "errorsWhileComputingFlags": false,
        "sessionRecording": false,
        "heatmaps": false,
        "surveys": false,
        "capturePerformance": false,
        "captureDeadClicks": false,
        "siteApps": [],
        "toolbarParams": {},
        "isAuthenticated": false,
        "elementsChainAsString": true,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{arrived, scene_of, told};
    use super::*;
    use crate::features::capture::SourceKind;

    /// Checks what a request becomes, told in lines.
    #[track_caller]
    fn check(body: &Value, expected: &[&str]) {
        let delivery = read(&arrived("/batch/", body.to_string().as_bytes()), &scene_of(SourceKind::Server).scene());
        assert_eq!(told(&delivery.expect("is read")), expected, "{body}");
    }

    #[test]
    fn what_each_event_becomes() {
        let event = |event: &str, properties: Value| json!({ "api_key": "k", "event": event, "distinct_id": "u-1", "uuid": "m", "timestamp": "2023-11-14T22:13:10Z", "properties": properties });
        check(
            &event(
                "$pageview",
                json!({ "$current_url": "https://shop.example.org/p?q=1", "$device_id": "d-1", "$lib": "web", "title": "P" }),
            ),
            &["visit inbound page (direct) / (none) shop.example.org/p at -10 by distinct_id distinct_id"],
        );
        check(
            &event(
                "Order Completed",
                json!({ "$user_id": "u-1", "revenue": 42.5, "currency": "EUR", "coupon": "A", "plan": null }),
            ),
            &["purchase inbound Order Completed at -10 by user distinct_id worth 4250 EUR offer A \
               {\"properties\":{\"coupon\":\"A\",\"currency\":\"EUR\",\"revenue\":42.5}}"],
        );
        check(
            &event(
                "$identify",
                json!({ "$anon_distinct_id": "d-1", "$set": { "plan": "pro", "$browser": "x" }, "$set_once": { "first": "2023" } }),
            ),
            &[
                "claim user distinct_id Together at -10",
                "claim user distinct_id Together at -10",
                "trait of user first at -1700000000",
                "trait of user plan at -10",
            ],
        );
        check(
            &event("$create_alias", json!({ "distinct_id": "u-1", "alias": "old" })),
            &["claim distinct_id distinct_id Renamed at -10"],
        );
        check(&event("$create_alias", json!({ "distinct_id": "u-1", "alias": "u-1" })), &[]);
        check(&event("$groupidentify", json!({ "$group_key": "acme" })), &[]);
        check(&event("$web_vitals", json!({})), &[]);
        check(
            &event("$autocapture", json!({ "$event_type": "submit" })),
            &["submission inbound $autocapture at -10 by distinct_id"],
        );
        check(
            &event("$feature_flag_called", json!({ "$feature_flag": "price", "$feature_flag_response": "low" })),
            &["other inbound $feature_flag_called at -10 by distinct_id {\"properties\":{\"variation_name\":\"price=low\"}}"],
        );
        check(
            &event("Ping", json!({ "$process_person_profile": false, "$is_server": true })),
            &["other inbound Ping at -10 by nobody"],
        );
    }

    #[test]
    fn one_bad_event_does_not_refuse_its_batch() {
        let good = json!({ "event": "Ping", "distinct_id": "d", "properties": {} });
        let body = json!({ "api_key": "k", "sent_at": "2023-11-14T22:13:20Z", "batch": [{ "event": 7 }, good, "text", { "event": "x" }] });
        check(
            &body,
            &["other inbound Ping at 0 by distinct_id", "refused 0 no_event", "refused 2 wrong_shape", "refused 3 no_identity"],
        );
        assert_eq!(keys(&arrived("/e/", body.to_string().as_bytes())), ["k"]);
        assert_eq!(keys(&arrived("/e/", br#"[{"properties":{"token":"t"}}]"#)), ["t"]);
    }

    #[test]
    fn what_was_refused_is_read_again_with_the_time_it_was_sent() {
        let body =
            r#"{"api_key":"k","sent_at":"2023-11-14T21:13:20Z","batch":[{"event":"Ping","timestamp":"2023-11-14T21:13:10Z"}]}"#;
        let staged = scene_of(SourceKind::Site);
        let delivery = read(&arrived("/batch/", body.as_bytes()), &staged.scene()).expect("is read");
        let mended = String::from_utf8_lossy(&delivery.refused[0].raw).replace("\"event\"", "\"distinct_id\":\"d\",\"event\"");
        let again = read(&arrived("", mended.as_bytes()), &staged.scene()).expect("is read");
        assert_eq!(told(&again), ["other inbound Ping at -10 by distinct_id"]);
    }
}
