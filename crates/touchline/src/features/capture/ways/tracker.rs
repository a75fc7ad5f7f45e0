//! Our own script for web pages: handing it out (`GET /t.js?k=KEY`, `GET /t/KEY.js`), and reading what it sends (`POST /t`).
//!
//! The script itself is `tracker/src/touchline.js`, built into the binary. It learns the source's wishes when it is
//! handed out; they are applied here again, because a script can be old or forged.

use super::Ways;
use crate::features::capture::import::amount::minor_units;
use crate::features::capture::signature::Web;
use crate::features::capture::wire::answer::{Outcome, taken};
use crate::features::capture::wire::clock::Stamps;
use crate::features::capture::wire::json::unreadable;
use crate::features::capture::wire::request::Incoming;
use crate::features::capture::wire::{Door, Format, again, way};
use crate::features::capture::{Delivery, Reason, Refused, SignalPolicy, Source};
use crate::tell;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use model::time::SECOND;
use model::{Arrival, Currency, Direction, Form, Identity, Instant, Link};
use rust_embed::RustEmbed;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tower_http::compression::CompressionLayer;

/// The script sends 25 at a time, and 100 when a page is left.
const EVENTS_MAX: usize = 100;
/// An id is a word, not a text.
const ID_MAX: usize = 64;
/// Names of events become signatures.
const NAME_MAX: usize = 100;
/// What a page may say of one event.
const PROPS_BYTES_MAX: usize = 4_000;
/// What a page may say of a person.
const TRAITS_MAX: usize = 50;
/// One value of it.
const VALUE_MAX: usize = 1_000;
/// A page asks for the script again after an hour, so that changed settings reach it.
const CACHE: &str = "public, max-age=3600";

/// What the script sends, beside the formats of other people's clients: received, limited and answered as they are.
pub(in crate::features::capture) static FORMAT: Format = Format {
    name: "tracker",
    keys,
    read: |incoming, scene| {
        let beacon = serde_json::from_slice(&incoming.body).map_err(|error| unreadable(&error))?;
        Ok(read(beacon, scene.source, scene.received))
    },
    again: |source, raw, at| again(&FORMAT, source, raw, at),
    answer: told,
};

#[derive(RustEmbed)]
#[folder = "../../tracker/dist"]
#[allow_missing = true]
struct Built;

/// Returns the routes that everybody reaches.
pub(super) fn routes() -> Router<Ways> {
    Router::new().route("/t.js", get(by_query)).route("/t/{key}", get(by_name)).layer(CompressionLayer::new())
}

/// Returns the route that the script sends to.
pub(in crate::features::capture) fn collecting() -> Router<Door> {
    Router::new().route("/t", way(&FORMAT))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    k: String,
}

async fn by_query(State(ways): State<Ways>, Query(asked): Query<Asked>, headers: HeaderMap) -> Response {
    script(&ways, &asked.k, "t", &headers)
}

async fn by_name(State(ways): State<Ways>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    script(&ways, name.strip_suffix(".js").unwrap_or(&name), "../t", &headers)
}

/// Hands out the script, with what it must know of its source. `to` is the way from its address to ours.
fn script(ways: &Ways, key: &str, to: &str, headers: &HeaderMap) -> Response {
    let Some(source) = ways.sources.of_key(key) else {
        return (StatusCode::NOT_FOUND, "// There is no source with this key: see `touchline source list`.\n").into_response();
    };
    let Some(built) = Built::get("t.js") else {
        let says = "// This binary was built without the tracker: run `make tracker`, then build it again.\n";
        return (StatusCode::SERVICE_UNAVAILABLE, says).into_response();
    };
    let built = String::from_utf8_lossy(&built.data).replacen("SETTINGS", &settings(&source, to), 1);
    // Weak: the same script goes out compressed.
    let tag = format!("W/\"{}\"", &blake3::hash(built.as_bytes()).to_hex()[..32]);
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, CACHE),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ETAG, &tag),
    ];
    let resource = [("cross-origin-resource-policy", "cross-origin")];
    match known {
        true => (StatusCode::NOT_MODIFIED, headers, resource).into_response(),
        false => (headers, resource, built).into_response(),
    }
}

/// Writes what the script must know; the key is public, and nothing else of the source is told.
fn settings(source: &Source, to: &str) -> String {
    let level = |policy: SignalPolicy| match policy {
        SignalPolicy::Ignore => 0,
        SignalPolicy::Cookieless => 1,
        SignalPolicy::Drop => 2,
    };
    let wishes = &source.settings;
    json!({ "key": source.write_key, "to": to, "cookieless": i32::from(wishes.cookieless), "gpc": level(wishes.gpc), "dnt": level(wishes.dnt) })
        .to_string()
}

/// Is what the script sends at once.
#[derive(Deserialize)]
struct Beacon {
    key: String,
    #[serde(default)]
    sent: Option<i64>,
    #[serde(default)]
    visitor: Option<String>,
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    events: Vec<Value>,
}

/// Is one event.
#[derive(Deserialize)]
struct Event {
    id: String,
    at: i64,
    name: String,
    #[serde(default)]
    form: String,
    #[serde(default)]
    url: String,
    #[serde(default)]
    referrer: String,
    #[serde(default)]
    width: Option<u32>,
    #[serde(default)]
    props: Option<Map<String, Value>>,
    #[serde(default)]
    traits: Option<Map<String, Value>>,
    #[serde(default)]
    outcome: Option<Value>,
    #[serde(default)]
    value: Option<Value>,
    #[serde(default)]
    currency: Option<String>,
    #[serde(default)]
    coupon: Option<String>,
}

/// Finds the key in a body.
fn keys(incoming: &Incoming) -> Vec<String> {
    #[derive(Deserialize)]
    struct Keyed {
        key: String,
    }
    serde_json::from_slice::<Keyed>(&incoming.body).map(|keyed| keyed.key).into_iter().collect()
}

/// Tells what was refused; the script itself asks only for the status.
fn told(outcome: &Outcome) -> Response {
    if outcome.refused.is_empty() { StatusCode::NO_CONTENT.into_response() } else { taken(outcome) }
}

/// Reads what the script has sent. One bad event refuses itself alone.
fn read(beacon: Beacon, source: &Source, received: Instant) -> Delivery {
    let mut delivery = Delivery::default();
    let named = |namespace: &str, name: &Option<String>| {
        name.as_deref().filter(|name| name.len() <= VALUE_MAX).and_then(|name| Identity::new(namespace, name))
    };
    let who: Vec<Identity> = [named("user", &beacon.user), named("anonymous", &beacon.visitor)].into_iter().flatten().collect();
    let sent = beacon.sent.and_then(millis);
    let left = beacon.events.len().saturating_sub(EVENTS_MAX);
    for (position, raw) in beacon.events.into_iter().take(EVENTS_MAX).enumerate() {
        if let Err(reason) = event(&raw, source, &who, sent, received, &mut delivery) {
            let alone = json!({ "key": beacon.key, "sent": beacon.sent, "visitor": beacon.visitor, "user": beacon.user, "events": [raw] });
            delivery.refused.push(Refused { position, reason, raw: alone.to_string().into_bytes() });
        }
    }
    if left > 0 {
        let reason =
            tell!(too_many_events, "{events} events beyond the {limit}th were not read", events = left, limit = EVENTS_MAX);
        delivery.refused.push(Refused { position: EVENTS_MAX, reason, raw: Vec::new() });
    }
    delivery
}

fn event(
    raw: &Value,
    source: &Source,
    who: &[Identity],
    sent: Option<Instant>,
    received: Instant,
    delivery: &mut Delivery,
) -> Result<(), Reason> {
    let event = Event::deserialize(raw).map_err(|_| {
        let fields = ["id", "at", "name"];
        tell!(event_unreadable, "`id`, `at` and `name` are needed, and of the right kind", fields = fields)
    })?;
    if event.id.is_empty() || event.id.len() > ID_MAX {
        return Err(tell!(field_unfit, "`{field}` has 1 to {limit} bytes of plain text", field = "id", limit = ID_MAX));
    }
    let name = event.name.trim();
    if name.is_empty() || name.len() > NAME_MAX || name.chars().any(char::is_control) {
        return Err(tell!(field_unfit, "`{field}` has 1 to {limit} bytes of plain text", field = "name", limit = NAME_MAX));
    }
    let original = millis(event.at);
    let original = original.ok_or_else(|| tell!(event_unreadable, "`at` is no time in milliseconds", fields = ["at"]))?;
    let at = Stamps { received, sent, original: Some(original) }.happened(source.kind);
    if name == "identify" {
        let Some(user) = who.iter().find(|name| name.namespace == "user") else {
            return Err(tell!(no_identity, "`identify` needs the id of somebody: a `{field}`", field = "user"));
        };
        let others = who.iter().filter(|other| *other != user);
        delivery.claims.extend(others.map(|other| (user.clone(), other.clone(), Link::Together, at)));
        let traits = event.traits.unwrap_or_default().into_iter().take(TRAITS_MAX);
        delivery.traits.extend(traits.filter_map(|(key, value)| Some((user.clone(), key, plain(&value)?, at))));
        return Ok(());
    }
    let (value, currency) = worth(&event)?;
    let seen = Web { url: &event.url, referrer: &event.referrer, ..Web::default() }.signature(&source.name, name);
    let no_text = || tell!(event_unreadable, "the id of an outcome is a text", fields = ["outcome"]);
    let id = match &event.outcome {
        // The same order told by every reload of its page is one.
        Some(id) => format!("outcome:{name}:{}", plain(id).ok_or_else(no_text)?),
        None => event.id.clone(),
    };
    let form = Form::parse(&event.form).unwrap_or(Form::Other);
    delivery.arrivals.push(Arrival {
        identities: who.to_vec(),
        sent,
        original: Some(original),
        value,
        currency,
        offer: event.coupon.filter(|coupon| !coupon.is_empty() && coupon.len() <= NAME_MAX),
        props: props(event.props, event.width)?,
        ..Arrival::new(id.into_bytes(), seen, at, form, Direction::Inbound)
    });
    Ok(())
}

/// Reads the worth of an outcome, exactly.
fn worth(event: &Event) -> Result<(Option<i64>, Option<Currency>), Reason> {
    let Some(value) = &event.value else {
        return Ok((None, None));
    };
    let fields = ["value", "currency"];
    let wrong = || tell!(value_unreadable, "`value` is a number, and `currency` three letters", fields = fields);
    let currency = Currency::parse(event.currency.as_deref().unwrap_or_default()).map_err(|_| wrong())?;
    let minor = plain(value).and_then(|text| minor_units(&text, currency)).ok_or_else(wrong)?;
    Ok((Some(minor), Some(currency)))
}

/// Keeps simple values of what a page says, beside what the browser says.
fn props(said: Option<Map<String, Value>>, width: Option<u32>) -> Result<Option<String>, Reason> {
    let simple =
        said.unwrap_or_default().into_iter().filter(|(_, value)| !value.is_null() && !value.is_object() && !value.is_array());
    let mut kept: Map<String, Value> = simple.collect();
    if let Some(width) = width {
        kept.insert("width".to_owned(), width.into());
    }
    if kept.is_empty() {
        return Ok(None);
    }
    let text = Value::Object(kept).to_string();
    if text.len() > PROPS_BYTES_MAX {
        return Err(tell!(props_too_large, "The properties are larger than {limit} bytes", limit = PROPS_BYTES_MAX));
    }
    Ok(Some(text))
}

/// Returns a simple value as text.
fn plain(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        _ => return None,
    };
    (!text.is_empty() && text.len() <= VALUE_MAX).then_some(text)
}

fn millis(millis: i64) -> Option<Instant> {
    // Years 1970 to 9999: nothing else was ever on a clock.
    (0..=253_402_300_799_000).contains(&millis).then(|| Instant(millis * (SECOND / 1_000)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::capture::{SourceKind, SourceSettings};

    const RECEIVED: Instant = Instant(1_764_000_000 * SECOND);

    fn source(settings: SourceSettings) -> Source {
        Source { name: "site".to_owned(), kind: SourceKind::Site, write_key: "k".to_owned(), settings }
    }

    fn delivery(body: Value) -> Delivery {
        read(serde_json::from_value(body).expect("a beacon"), &source(SourceSettings::default()), RECEIVED)
    }

    /// The number of milliseconds on a clock that is right, so many seconds before now.
    fn ago(seconds: i64) -> i64 {
        (RECEIVED.0 - seconds * SECOND) / 1_000
    }

    #[test]
    fn a_page_view_says_where_when_and_who() {
        let page = json!({ "id": "e1", "at": ago(2), "name": "page", "form": "visit", "width": 390,
                           "url": "https://shop.example/offers?utm_campaign=spring", "referrer": "https://search.example/q?x=1" });
        let found = delivery(json!({ "key": "k", "sent": ago(1), "visitor": "v1", "events": [page] }));
        assert!(found.refused.is_empty(), "{:?}", found.refused);
        let arrival = &found.arrivals[0];
        assert_eq!((arrival.form, arrival.signature.event.as_str()), (Form::Visit, "page"));
        assert_eq!((arrival.signature.place.as_str(), arrival.signature.campaign.as_str()), ("shop.example/offers", "spring"));
        assert_eq!(arrival.at, Instant(RECEIVED.0 - SECOND), "sent a second after it happened");
        assert_eq!(arrival.identities, [Identity::new("anonymous", "v1").expect("a name")]);
        assert_eq!(arrival.signature.channel, "search.example / referral", "no query of another site is kept");
    }

    #[test]
    fn a_wrong_clock_is_corrected_or_not_believed() {
        let check = |at: i64, sent: i64, expected: Instant| {
            let event = json!({ "id": "e", "at": at, "name": "page" });
            let found = delivery(json!({ "key": "k", "sent": sent, "events": [event] }));
            assert_eq!(found.arrivals[0].at, expected);
            assert_eq!(found.arrivals[0].original, millis(at));
        };
        check(ago(-3605), ago(-3600), RECEIVED);
        check(ago(-3595), ago(-3600), Instant(RECEIVED.0 - 5 * SECOND));
        check(ago(3605), ago(3600), Instant(RECEIVED.0 - 5 * SECOND));
        check(ago(100_000), ago(99_990), RECEIVED);
    }

    #[test]
    fn identify_links_and_tells_but_is_no_interaction() {
        let event = json!({ "id": "e", "at": ago(0), "name": "identify",
                            "traits": { "plan": "gold", "age": 7, "bad": { "x": 1 }, "none": null } });
        let found = delivery(json!({ "key": "k", "visitor": "v", "user": "42", "events": [event] }));
        assert_eq!((found.arrivals.len(), found.claims.len(), found.traits.len()), (0, 1, 2));
        let nobody = delivery(json!({ "key": "k", "visitor": "v", "events": [{ "id": "e", "at": ago(0), "name": "identify" }] }));
        assert_eq!(nobody.refused[0].reason.code, "no_identity");
    }

    #[test]
    fn an_outcome_counts_once_whatever_the_page_repeats() {
        let outcome = |id: &str| {
            json!({ "id": id, "at": ago(0), "name": "order", "form": "purchase", "outcome": 1001,
                                         "value": 12.5, "currency": "eur", "coupon": "SPRING" })
        };
        let found = delivery(json!({ "key": "k", "events": [outcome("a"), outcome("b")] }));
        let [one, other] = found.arrivals.as_slice() else { panic!("two") };
        assert_eq!(one.id(), other.id());
        assert_eq!((one.value, one.currency, one.offer.as_deref()), (Some(1250), Some(Currency::EUR), Some("SPRING")));
    }

    #[test]
    fn one_bad_event_refuses_itself_alone() {
        let good = json!({ "id": "e", "at": ago(0), "name": "page" });
        let with = |name: &str, value: Value| {
            let mut event = good.clone();
            event[name] = value;
            event
        };
        let events = json!([
            7,
            with("id", json!("")),
            with("at", json!(-5)),
            with("name", json!("a\u{0}b")),
            with("value", json!("x")),
            with("props", json!({ "long": "x".repeat(PROPS_BYTES_MAX) })),
            good
        ]);
        let found = delivery(json!({ "key": "k", "events": events }));
        assert_eq!((found.arrivals.len(), found.refused.len()), (1, 6));
        let many = delivery(json!({ "key": "k", "events": vec![good; EVENTS_MAX + 3] }));
        assert_eq!((many.arrivals.len(), many.refused.len()), (EVENTS_MAX, 1));
    }

    #[test]
    fn the_script_learns_the_wishes_of_its_source() {
        let careful =
            SourceSettings { cookieless: true, gpc: SignalPolicy::Drop, dnt: SignalPolicy::Ignore, ..SourceSettings::default() };
        let told: Value = serde_json::from_str(&settings(&source(careful), "t")).expect("is JSON");
        assert_eq!(told, json!({ "key": "k", "to": "t", "cookieless": 1, "gpc": 2, "dnt": 0 }));
    }
}
