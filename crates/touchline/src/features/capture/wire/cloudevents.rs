//! CloudEvents 1.0 over HTTP: binary, structured and batched.
//!
//! Whatever the mode, an event is made into its structured form and read from there, so that what is refused can be
//! mended as one JSON document. What becomes of the attributes:
//!
//! | attribute | becomes |
//! |---|---|
//! | `source` and `id` | the id of the message: together they are unique |
//! | `type` | the event; its last words tell the form, as `com.example.order.completed` does |
//! | `source` | the place |
//! | `subject` | who: `NAMESPACE:ID`, such as `email:…`, or the id of a user |
//! | `time` | when; there is no stamp of sending, so that no clock is corrected |
//! | `data` | the properties |
//! | `form`, `direction`, `channel`, `touchpoint`, `campaign` (extensions of ours) | the same of the interaction |
//! | other extensions | kept beside the properties |

use super::super::signature::{Web, label};
use super::super::{Delivery, Reason, Refused, SourceKind};
use super::batch::Batch;
use super::clock::{self, Stamps};
use super::json::{self, Entries, Maybe, Members, Word};
use super::limits::{BATCH_EVENTS_MAX, EVENT_BYTES_MAX, MESSAGE_ID_BYTES_MAX};
use super::properties::Properties;
use super::request::{Incoming, decode_base64};
use super::{Door, Format, Scene, answer, forms, way_of};
use crate::tell;
use axum::Router;
use axum::http::header;
use axum::routing::MethodFilter;
use model::{Arrival, Direction, Form, Identity, Signature};
use serde_json::value::RawValue;
use std::borrow::Cow;

pub(super) static FORMAT: Format = Format {
    name: "cloudevents",
    keys: |_| Vec::new(),
    read,
    again: |source, raw, at| super::again(&FORMAT, source, raw, at),
    answer: answer::taken,
};

/// Returns the route. The binding allows any method that has a body.
pub(super) fn routes() -> Router<Door> {
    Router::new().route("/cloudevents", way_of(&FORMAT, MethodFilter::POST.or(MethodFilter::PUT)))
}

/// Attributes that have a meaning of their own here; the others are kept as they are.
const UNDERSTOOD: &[&str] = &[
    "id",
    "source",
    "specversion",
    "type",
    "time",
    "subject",
    "datacontenttype",
    "dataschema",
    "data",
    "data_base64",
    "form",
    "direction",
    "channel",
    "touchpoint",
    "campaign",
];

fn read(incoming: &Incoming, scene: &Scene<'_>) -> Result<Delivery, Reason> {
    let kind = incoming.header(header::CONTENT_TYPE.as_str()).unwrap_or_default().to_ascii_lowercase();
    let is_binary = incoming.header("ce-specversion").is_some() && !kind.starts_with("application/cloudevents");
    if kind.starts_with("application/cloudevents") && !kind.contains("json") && kind.contains('+') {
        return Err(tell!(unknown_event_format, "Of the formats of events, JSON is the one that is read here"));
    }
    let text = if is_binary { Cow::Owned(structured(incoming, &kind)?) } else { json::text(&incoming.body) };
    let mut delivery = Delivery::default();
    let mut take = |position: usize, raw: &RawValue| match interaction(raw, scene) {
        Ok(arrival) => delivery.arrivals.push(arrival),
        Err(reason) => delivery.refused.push(Refused { position, reason, raw: raw.get().as_bytes().to_vec() }),
    };
    // The type of the content says batch or not; but a list is a list, whatever it is called.
    if !text.trim_start().starts_with('[') {
        take(0, serde_json::from_str(&text).map_err(|error| json::unreadable(&error))?);
        return Ok(delivery);
    }
    let batch: Batch = serde_json::from_str(&text).map_err(|error| json::unreadable(&error))?;
    let (events, surplus) = batch.parts(&text);
    events.into_iter().enumerate().for_each(|(position, raw)| take(position, raw));
    if let Some((reason, rest)) = surplus {
        delivery.refused.push(Refused { position: BATCH_EVENTS_MAX, reason, raw: format!("[{rest}]").into_bytes() });
    }
    Ok(delivery)
}

/// Makes the structured form of a binary event: attributes from headers, data from the body.
fn structured(incoming: &Incoming, kind: &str) -> Result<String, Reason> {
    let mut written = Members::default();
    for (name, value) in &incoming.headers {
        let Some(name) = name.as_str().strip_prefix("ce-").filter(|name| name.bytes().all(|sign| sign.is_ascii_alphanumeric()))
        else {
            continue;
        };
        let value = attribute(value.as_bytes()).ok_or_else(|| {
            tell!(
                bad_header,
                "The header `{header}` is no UTF-8 once its percent signs are decoded",
                header = format!("ce-{name}")
            )
        })?;
        written.push(name, &json::quoted(&value));
    }
    if !kind.is_empty() {
        written.push("datacontenttype", &json::quoted(kind));
    }
    let body = json::text(&incoming.body);
    let is_json = kind.is_empty() || kind.contains("json");
    match serde_json::from_str::<&RawValue>(&body) {
        Ok(data) if is_json => written.push("data", data.get()),
        _ if body.is_empty() => {}
        _ => written.push("data", &json::quoted(&body)),
    }
    Ok(written.finish())
}

/// Reads the value of a header: quotation marks off, then one round of percent-decoding.
fn attribute(value: &[u8]) -> Option<String> {
    let value = value.trim_ascii();
    let value = match value {
        [b'"', inner @ .., b'"'] => unescaped(inner),
        plain => plain.to_vec(),
    };
    let (mut decoded, mut at) = (Vec::with_capacity(value.len()), 0);
    while at < value.len() {
        let hex = value.get(at + 1..at + 3).filter(|hex| value[at] == b'%' && hex.iter().all(u8::is_ascii_hexdigit));
        let byte = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        decoded.push(byte.unwrap_or(value[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8(decoded).ok()
}

/// Takes the backslash from before the sign that it protects.
fn unescaped(quoted: &[u8]) -> Vec<u8> {
    let mut is_protected = false;
    let kept = quoted.iter().filter(|sign| {
        is_protected = **sign == b'\\' && !is_protected;
        !is_protected
    });
    kept.copied().collect()
}

fn interaction(raw: &RawValue, scene: &Scene<'_>) -> Result<Arrival, Reason> {
    if raw.get().len() > EVENT_BYTES_MAX {
        return Err(tell!(event_too_large, "An event has at most {limit} bytes", limit = EVENT_BYTES_MAX));
    }
    let Some(attributes) = serde_json::from_str::<Maybe<Entries<'_>>>(raw.get()).ok().and_then(|entries| entries.0) else {
        return Err(tell!(wrong_shape, "An event must be an object"));
    };
    let find = |name: &str| attributes.0.iter().rev().find(|(key, _)| key == name).map(|(_, value)| *value);
    let word = |name: &str| find(name).and_then(|raw| Word::of(raw).0).filter(|word| !word.trim().is_empty());
    let required = |name: &str| {
        word(name).ok_or_else(|| tell!(missing_attribute, "An event needs the attribute `{attribute}`", attribute = name))
    };
    let name = |name: &str| word(name).map(|word| label(&word)).unwrap_or_default();
    if !["1.0", "0.3"].contains(&&*required("specversion")?) {
        return Err(tell!(unknown_specversion, "The `{field}` of the event is not 1.0", field = "specversion"));
    }
    let (id, origin, event) = (required("id")?, required("source")?, required("type")?);
    let original = word("time").map(|time| {
        clock::instant(&time).ok_or_else(|| {
            tell!(
                bad_timestamp,
                "The `{field}` of the event is no time: write RFC 3339, such as 2024-05-01T12:34:56Z",
                field = "time"
            )
        })
    });
    let stamps = Stamps { received: scene.received, sent: None, original: original.transpose()? };
    let (form, direction) = said_or_told(&event, word("form").as_deref(), word("direction").as_deref())?;
    let signature = Signature {
        source: scene.source.name.clone(),
        event: label(&event),
        channel: name("channel"),
        place: place(&origin),
        campaign: name("campaign"),
        touchpoint: name("touchpoint"),
    };
    let data = find("data");
    let packed = word("data_base64").filter(|_| data.is_none()).and_then(|text| decode_base64(text.as_bytes()));
    let packed = packed.map(|bytes| json::text(&bytes).into_owned()).unwrap_or_default();
    let data = data.or_else(|| serde_json::from_str(&packed).ok());
    let properties = Properties::read(data.filter(|raw| raw.get().starts_with('{')))?;
    let mut around = Members::default();
    for (key, value) in attributes.0.iter().filter(|(key, _)| !UNDERSTOOD.contains(&&**key)) {
        json::check(value)?;
        around.push_any(key, value.get());
    }
    let mut arrival = Arrival {
        identities: who(word("subject").as_deref(), scene.source.kind).into_iter().collect(),
        received: Some(stamps.received),
        original: stamps.original,
        props: properties.kept(&around.finish()),
        ..Arrival::new(message_id(&origin, &id), signature, stamps.happened(scene.source.kind), form, direction)
    };
    properties.tell(&mut arrival, scene.source.settings.currency)?;
    // Data that are a text and not an object are what somebody wrote.
    arrival.text = arrival.text.or_else(|| Word::of(data?).0.map(Cow::into_owned));
    Ok(arrival)
}

/// Returns form and direction: what the event says, or what its type tells.
fn said_or_told(event: &str, form: Option<&str>, direction: Option<&str>) -> Result<(Form, Direction), Reason> {
    let told = forms::of_type(event);
    let unknown = |name: &str| tell!(unknown_word, "The attribute `{attribute}` is none of the known words", attribute = name);
    let form = form.map_or(Ok(told.0), |word| Form::parse(word.trim()).ok_or_else(|| unknown("form")))?;
    let direction = direction.map_or(Ok(told.1), |word| Direction::parse(word.trim()).ok_or_else(|| unknown("direction")))?;
    Ok((form, direction))
}

/// Returns who a subject is. The key of a site is public, so that its events name users and devices only.
fn who(subject: Option<&str>, kind: SourceKind) -> Option<Identity> {
    let subject = subject?.trim();
    let pair = subject.split_once(':').filter(|(namespace, value)| {
        let is_name = !namespace.is_empty() && namespace.bytes().all(|sign| sign.is_ascii_lowercase() || sign == b'_');
        is_name && !value.trim().is_empty() && !value.starts_with("//")
    });
    let (namespace, value) = match pair {
        Some((namespace, value)) if kind == SourceKind::Server || ["user", "anonymous"].contains(&namespace) => {
            (namespace, value)
        }
        _ => ("user", subject),
    };
    Identity::new(namespace, &json::clean(value, super::limits::IDENTITY_LETTERS_MAX))
}

/// Returns the place of a source: host and path template of an address, or the text itself.
fn place(origin: &str) -> String {
    let web = Web { url: origin, ..Web::default() };
    let is_address = origin.contains("://") || origin.starts_with('/');
    if is_address { web.signature("", "").place } else { label(origin) }
}

/// Makes the id of the message. The length keeps `("a", "bc")` and `("ab", "c")` apart.
fn message_id(origin: &str, id: &str) -> Vec<u8> {
    let message = format!("{}:{origin}{id}", origin.len()).into_bytes();
    if message.len() <= MESSAGE_ID_BYTES_MAX { message } else { blake3::hash(&message).as_bytes().to_vec() }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{arrived, scene_of, told};
    use super::*;

    /// Reads a request with headers.
    fn sent(headers: &[(&'static str, &[u8])], body: &[u8]) -> Result<Delivery, Reason> {
        let mut incoming = arrived("/cloudevents", body);
        for (name, value) in headers {
            incoming.headers.insert(*name, axum::http::HeaderValue::from_bytes(value).expect("is a value"));
        }
        read(&incoming, &scene_of(SourceKind::Server).scene())
    }

    #[track_caller]
    fn check(headers: &[(&'static str, &[u8])], body: &str, expected: &[&str]) {
        assert_eq!(told(&sent(headers, body.as_bytes()).expect("is read")), expected, "{body}");
    }

    const ORDER: &str = r#"{"specversion":"1.0","id":"1","source":"https://shop.example.org/till?x=1","type":"org.example.order.completed.v1",
        "subject":"email:ada@example.org","time":"2023-11-14T22:13:10Z","traceparent":"00-1","data":{"total":12.5,"currency":"EUR"}}"#;
    const BECOMES: &str = "purchase inbound org.example.order.completed.v1 shop.example.org/till at -10 by email worth 1250 EUR \
        {\"properties\":{\"total\":12.5,\"currency\":\"EUR\"},\"context\":{\"traceparent\":\"00-1\"}}";

    #[test]
    fn structured_and_in_batches() {
        check(&[("content-type", b"application/cloudevents+json; charset=utf-8")], ORDER, &[BECOMES]);
        check(&[], ORDER, &[BECOMES]);
        let batch = format!(
            r#"[{ORDER},{{"id":"2"}},7,{{"specversion":"1.0","id":"3","source":"/crm","type":"call","form":"call","channel":"phone","data":"rang twice"}}]"#
        );
        let expected =
            [BECOMES, "call inbound call phone /crm at 0 by nobody", "refused 1 missing_attribute", "refused 2 wrong_shape"];
        check(&[("content-type", b"application/cloudevents-batch+json")], &batch, &expected);
        check(&[("content-type", b"application/cloudevents-batch+json")], "[]", &[]);
    }

    #[test]
    fn binary_as_clients_send_it() {
        let attributes: &[(&str, &[u8])] = &[
            ("ce-specversion", b"1.0"),
            ("ce-id", b"a"),
            ("ce-source", b"/shop"),
            ("ce-type", b"brochure_downloaded"),
            ("ce-subject", b"%D0%B0%D0%B4%D0%B0"),
            ("ce-title", b"\"a \\\"b\\\" %20\""),
        ];
        // Without a type of its content, as the Python client sends it.
        let expected = "download inbound brochure_downloaded /shop at 0 by user \
            {\"properties\":{\"n\":1},\"context\":{\"title\":\"a \\\"b\\\"  \"}}";
        check(attributes, r#"{"n":1}"#, &[expected]);
        let delivery = sent(attributes, b"").expect("is read");
        assert_eq!(delivery.arrivals[0].identities[0].value, "ада");
        let bad = [attributes, &[("ce-subject", b"%ff%fe" as &[u8])]].concat();
        assert_eq!(sent(&bad, b"").expect_err("is refused").code, "bad_header");
    }

    #[test]
    fn only_servers_name_people_in_any_way() {
        let name = |subject: &str, kind| who(Some(subject), kind).map(|name| format!("{}={}", name.namespace, name.value));
        assert_eq!(name("email:a@example.org", SourceKind::Server).as_deref(), Some("email=a@example.org"));
        assert_eq!(name("email:a@example.org", SourceKind::Site).as_deref(), Some("user=email:a@example.org"));
        assert_eq!(name("anonymous:7", SourceKind::Site).as_deref(), Some("anonymous=7"));
        assert_eq!(name("https://example.org/7", SourceKind::Server).as_deref(), Some("user=https://example.org/7"));
        assert_eq!(name(" ", SourceKind::Server), None);
    }

    #[test]
    fn what_is_refused_stands_alone() {
        let first = sent(&[("ce-specversion", b"1.0"), ("ce-source", b"/s"), ("ce-type", b"t")], br#"{"n":1}"#).expect("is read");
        let mended = String::from_utf8(first.refused[0].raw.clone()).expect("text").replacen('{', r#"{"id":"7","#, 1);
        check(&[], &mended, &[r#"other inbound t /s at 0 by nobody {"properties":{"n":1}}"#]);
        let same = |origin: &str, id: &str| message_id(origin, id);
        assert_ne!(same("a", "bc"), same("ab", "c"));
    }

    #[test]
    fn packed_data_and_plain_texts() {
        let packed = r#"{"specversion":"1.0","id":"1","source":"s","type":"t","data_base64":"eyJuIjoxfQ=="}"#;
        check(&[], packed, &[r#"other inbound t s at 0 by nobody {"properties":{"n":1}}"#]);
        let text = r#"{"specversion":"1.0","id":"1","source":"s","type":"t","datacontenttype":"text/plain","data":"hello"}"#;
        let delivery = sent(&[], text.as_bytes()).expect("is read");
        assert_eq!((delivery.arrivals[0].text.as_deref(), delivery.arrivals[0].props.as_deref()), (Some("hello"), None));
    }
}
