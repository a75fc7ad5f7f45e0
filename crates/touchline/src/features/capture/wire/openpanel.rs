//! What OpenPanel's clients send: `POST /track` with `{type, payload}`, and the key in a header of their own. By that they
//! are told apart from those of Mixpanel, which post to the same path.
//!
//! `profileId` is the user. The script keeps nothing of a visitor, so that one without a profile is left to the source's
//! own rule for visitors without a name. There is no id of an event: what the script sends again after a lost answer counts
//! again. Times come only with what was held back (`__timestamp`).

use super::answer::Outcome;
use super::request::Incoming;
use super::told::{Object, Story, Told, copied, each, moment, name, names, object, text};
use super::{Format, Scene, json};
use crate::features::capture::{Delivery, Reason};
use crate::tell;
use axum::Json;
use axum::response::{IntoResponse, Response};
use model::Form;
use serde_json::value::RawValue;
use serde_json::{Value, json};

pub(super) static FORMAT: Format =
    Format { name: "openpanel", keys, read, again: |source, raw, at| super::again(&FORMAT, source, raw, at), answer };

/// Is the header with the key.
pub(super) const KEY_HEADER: &str = "openpanel-client-id";

/// The script keeps both for as long as a page is open, and sends neither back.
fn answer(_: &Outcome) -> Response {
    Json(json!({ "deviceId": "", "sessionId": "" })).into_response()
}

fn keys(incoming: &Incoming) -> Vec<String> {
    incoming.header(KEY_HEADER).map(str::to_owned).into_iter().collect()
}

fn read(incoming: &Incoming, scene: &Scene<'_>) -> Result<Delivery, Reason> {
    let body = json::text(&incoming.body);
    let raw: &RawValue = serde_json::from_str(&body).map_err(|error| json::unreadable(&error))?;
    Ok(each(incoming, scene, &[raw], read_event))
}

fn read_event(story: &mut Story<'_>, event: &Object) -> Result<(), Reason> {
    let payload = object(event, "payload").ok_or_else(|| tell!(no_event, "`payload` is missing", fields = ["payload"]))?;
    let user = name("user", payload, "profileId");
    let nothing = Object::new();
    let props = object(payload, "properties").unwrap_or(&nothing);
    let now = story.at((None, None));
    match text(event, "type") {
        Some("track") => {
            let stamps = (props.get("__timestamp").and_then(moment), None);
            let told = what(payload, props)?;
            story.happened(Told { identities: names([user]), stamps, ..told })
        }
        Some("identify") => {
            let own = ["email", "phone", "firstName", "lastName"];
            let own: Object = own.iter().filter_map(|key| Some(((*key).to_owned(), payload.get(*key)?.clone()))).collect();
            for traits in [props, &own] {
                story.known(user.as_ref(), &site_own(traits), now);
            }
            Ok(())
        }
        Some("assign_group") => {
            let group = payload.get("groupIds").and_then(|ids| ids.get(0)).filter(|id| id.is_string());
            let traits = group.map(|id| ("group_id".to_owned(), id.clone())).into_iter().collect();
            story.known(user.as_ref(), &traits, now);
            Ok(())
        }
        // Counters know no "since when", groups are nobody, and recordings hold whatever stood on the page.
        Some("increment" | "decrement" | "group" | "alias" | "replay") => Ok(()),
        _ => Err(tell!(
            unknown_type,
            "`{field}` is none of {known}",
            field = "type",
            known = ["track", "identify", "group", "assign_group", "increment", "decrement"]
        )),
    }
}

/// Reads what happened.
fn what(payload: &Object, props: &Object) -> Result<Told, Reason> {
    let kind =
        text(payload, "name").ok_or_else(|| tell!(no_event, "`name`, the name of the event, is missing", fields = ["name"]))?;
    let (event, form) = match kind {
        "screen_view" => ("page", Some(Form::Visit)),
        "link_out" => (kind, Some(Form::Click)),
        "revenue" => (kind, Some(Form::Purchase)),
        _ => (kind, None),
    };
    let mut kept = site_own(props);
    if let Some(amount) = props.get("__revenue") {
        kept.insert("revenue".to_owned(), amount.clone());
    }
    let (url, referrer) = (copied(props, "__path"), copied(props, "__referrer"));
    Ok(Told { event: event.to_owned(), form, url, referrer, props: kept, ..Told::default() })
}

/// Keeps the properties of the site itself: names with `__` are the script's.
fn site_own(props: &Object) -> Object {
    let own = props.iter().filter(|(key, value)| !key.starts_with("__") && **value != Value::Null);
    own.map(|(key, value)| (key.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{arrived, scene_of, told};
    use super::*;
    use crate::features::capture::SourceKind;

    #[track_caller]
    fn check(kind: &str, payload: Value, expected: &[&str]) {
        let body = json!({ "type": kind, "payload": payload });
        let delivery = read(&arrived("/track", body.to_string().as_bytes()), &scene_of(SourceKind::Site).scene());
        assert_eq!(told(&delivery.expect("is read")), expected, "{body}");
    }

    #[test]
    fn what_each_event_becomes() {
        let props = json!({ "__path": "https://shop.example.org/p", "__title": "P", "__referrer": "" });
        check(
            "track",
            json!({ "name": "screen_view", "properties": props }),
            &["visit inbound page (direct) / (none) shop.example.org/p at 0 by nobody"],
        );
        check(
            "track",
            json!({ "name": "revenue", "profileId": "u", "properties": { "__revenue": 42.5, "currency": "EUR", "coupon": "A", "__timestamp": "2023-11-14T22:13:10Z" } }),
            &["purchase inbound revenue at -10 by user worth 4250 EUR offer A \
               {\"properties\":{\"coupon\":\"A\",\"currency\":\"EUR\",\"revenue\":42.5}}"],
        );
        check(
            "identify",
            json!({ "profileId": "u", "firstName": "A", "email": "ada@example.org", "properties": { "plan": "pro", "__referrer": "x" } }),
            &["trait of user plan at 0", "trait of user email at 0", "trait of user firstName at 0"],
        );
        check("assign_group", json!({ "profileId": "u", "groupIds": ["acme"] }), &["trait of user group_id at 0"]);
        check("increment", json!({ "profileId": "u", "property": "visits", "value": 1 }), &[]);
        check("track", json!({ "properties": {} }), &["refused 0 no_event"]);
        check("odd", json!({}), &["refused 0 unknown_type"]);
    }
}
