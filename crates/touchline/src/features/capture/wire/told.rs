//! One event as the smaller formats tell it, and how it becomes an arrival.
//!
//! PostHog, Snowplow, Plausible, Umami, OpenPanel and Mixpanel each have their own envelope and their own names for the
//! same things. A format opens the envelope and fills a [`Told`]; from there on they share one road: what form an event
//! has, what it was worth, when it happened, and which properties are kept. None of this is the hot path.

use super::clock::{Stamps, instant};
use super::json::{clean, unreadable};
use super::limits::{
    BATCH_EVENTS_MAX, EVENT_BYTES_MAX, IDENTITY_LETTERS_MAX, MESSAGE_ID_BYTES_MAX, NAME_LETTERS_MAX, TRAIT_LETTERS_MAX,
    TRAITS_MAX,
};
use super::properties::Properties;
use super::request::Incoming;
use super::{Scene, forms};
use crate::features::capture::signature::{Tags, Web};
use crate::features::capture::{Delivery, Reason, Refused};
use crate::tell;
use model::{Arrival, Form, Identity, Instant, Link};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

/// Is a JSON object.
pub(super) type Object = Map<String, Value>;

/// Is one event, with the envelope of its format taken off.
#[derive(Default, Debug)]
pub(super) struct Told {
    /// The client's own id of the event; empty where it has none.
    pub(super) id: String,
    /// Every name of the actor, strongest first.
    pub(super) identities: Vec<Identity>,
    /// The name of the event, as a map rule will see it.
    pub(super) event: String,
    /// What happened, where the format knows better than the name of the event.
    pub(super) form: Option<Form>,
    /// When the client says it happened, and when it says it sent it.
    pub(super) stamps: (Option<Instant>, Option<Instant>),
    /// The address of the page.
    pub(super) url: String,
    /// The address of the page before.
    pub(super) referrer: String,
    /// Everything else that it says. What has a meaning of its own bears its name in the Segment specification, such as
    /// `revenue`, `currency` and `coupon`: [`Properties`] reads those.
    pub(super) props: Object,
}

/// Is where one event of a request puts what it brings.
pub(super) struct Story<'a> {
    incoming: &'a Incoming,
    scene: &'a Scene<'a>,
    position: usize,
    raw: &'a str,
    delivery: Delivery,
}

/// Splits JSON into the events of a list; what is no list is one event.
pub(super) fn events(raw: &RawValue) -> Vec<&RawValue> {
    serde_json::from_str(raw.get()).unwrap_or_else(|_| vec![raw])
}

/// Reads the events of a request one by one: what cannot be read is refused, and the others go on.
pub(super) fn each<'a>(
    incoming: &'a Incoming,
    scene: &'a Scene<'a>,
    events: &[&'a RawValue],
    read: impl Fn(&mut Story<'a>, &Object) -> Result<(), Reason>,
) -> Delivery {
    let mut whole = Delivery::default();
    for (position, raw) in events.iter().enumerate() {
        let raw = raw.get();
        let mut story = Story { incoming, scene, position, raw, delivery: Delivery::default() };
        match object_of(position, raw).and_then(|event| read(&mut story, &event)) {
            Ok(()) => {
                whole.arrivals.append(&mut story.delivery.arrivals);
                whole.claims.append(&mut story.delivery.claims);
                whole.traits.append(&mut story.delivery.traits);
            }
            Err(reason) => whole.refused.push(Refused { position, reason, raw: raw.as_bytes().to_vec() }),
        }
    }
    whole
}

fn object_of(position: usize, raw: &str) -> Result<Object, Reason> {
    if position >= BATCH_EVENTS_MAX {
        return Err(tell!(batch_too_long, "Only the first {limit} events of a request are read", limit = BATCH_EVENTS_MAX));
    }
    if raw.len() > EVENT_BYTES_MAX {
        return Err(tell!(event_too_large, "An event has at most {limit} bytes", limit = EVENT_BYTES_MAX));
    }
    match serde_json::from_str(raw) {
        Ok(Value::Object(event)) => Ok(event),
        Ok(_) => Err(tell!(wrong_shape, "An event is a JSON object")),
        Err(error) => Err(unreadable(&error)),
    }
}

impl Story<'_> {
    /// Takes an interaction.
    pub(super) fn happened(&mut self, mut told: Told) -> Result<(), Reason> {
        if !told.referrer.is_empty() {
            told.props.insert("referrer".to_owned(), told.referrer.into());
        }
        let raw = to_raw_value(&told.props).map_err(|error| unreadable(&error))?;
        let properties = Properties::read(Some(&raw))?;
        let named = forms::of(&told.event);
        let (form, direction) = told.form.map_or(named, |form| (form, named.1));
        let tag = |name: &str| told.props.get(name).and_then(Value::as_str).unwrap_or_default();
        let campaign = Tags { source: tag("utm_source"), medium: tag("utm_medium"), name: tag("utm_campaign") };
        let web = Web { url: &told.url, referrer: tag("referrer"), campaign, ..Web::default() };
        let mut signature = web.signature(&self.scene.source.name, &told.event);
        signature.touchpoint = properties.touchpoint();
        let mut arrival = Arrival {
            identities: told.identities,
            received: Some(self.scene.received),
            original: told.stamps.0,
            sent: told.stamps.1,
            props: properties.kept(""),
            ..Arrival::new(self.message_id(&told.id), signature, self.at(told.stamps), form, direction)
        };
        properties.tell(&mut arrival, self.scene.source.settings.currency)?;
        self.delivery.arrivals.push(arrival);
        Ok(())
    }

    /// Takes a statement that the first of these names and each of the others are one person.
    pub(super) fn same<const N: usize>(&mut self, names: [Option<Identity>; N], link: Link, at: Instant) {
        let mut names = names.into_iter().flatten();
        let Some(first) = names.next() else { return };
        let others = names.filter(|other| *other != first);
        self.delivery.claims.extend(others.map(|other| (first.clone(), other, link, at)));
    }

    /// Takes what is known of somebody: texts, numbers and truth values. Names with `$` are what a client found out by
    /// itself, such as the browser, except the few that Mixpanel reserves for people.
    pub(super) fn known(&mut self, who: Option<&Identity>, traits: &Object, at: Instant) {
        let Some(who) = who else { return };
        for (key, value) in traits.iter().take(TRAITS_MAX) {
            let key = match key.strip_prefix('$') {
                None => key.as_str(),
                Some(reserved @ ("email" | "name" | "phone" | "first_name" | "last_name")) => reserved,
                Some(_) => continue,
            };
            if let Some(value) = scalar(value) {
                let value = clean(&value, TRAIT_LETTERS_MAX);
                self.delivery.traits.push((who.clone(), clean(key, NAME_LETTERS_MAX), value, at));
            }
        }
    }

    /// Returns when something happened, given when the client says it happened and when it says it sent it.
    pub(super) fn at(&self, (original, sent): (Option<Instant>, Option<Instant>)) -> Instant {
        Stamps { received: self.scene.received, sent, original }.happened(self.scene.source.kind)
    }

    /// Returns the client's own id or, where it has none, one of this very event: who sent what, when.
    ///
    /// Such a client cannot be told from itself: what it sends again after a lost answer counts again.
    fn message_id(&self, own: &str) -> Vec<u8> {
        match own.len() {
            0 => {}
            1..=MESSAGE_ID_BYTES_MAX => return own.as_bytes().to_vec(),
            _ => return blake3::hash(own.as_bytes()).as_bytes()[..16].to_vec(),
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.scene.received.0.to_le_bytes());
        hasher.update(&(self.position as u64).to_le_bytes());
        hasher.update(format!("{:?}", self.incoming.caller.address).as_bytes());
        hasher.update(self.incoming.caller.user_agent.as_bytes());
        hasher.update(self.raw.as_bytes());
        hasher.finalize().as_bytes()[..16].to_vec()
    }
}

/// Reads a moment: a text in ISO 8601, or a count since 1970 whose size tells its unit; a fraction is kept.
pub(super) fn moment(value: &Value) -> Option<Instant> {
    match value {
        Value::String(text) => instant(text),
        Value::Number(number) if number.is_f64() => {
            let number = number.as_f64()?;
            let unit = if number.abs() < 1e11 { 1e6 } else { 1e3 };
            instant(&format!("{:.0}", number * unit))
        }
        Value::Number(number) => instant(&number.to_string()),
        _ => None,
    }
}

/// Returns a value as text; `None` for what is no single value, or says nothing.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// Returns a member that is a text, unless it is empty.
pub(super) fn text<'a>(object: &'a Object, key: &str) -> Option<&'a str> {
    object.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
}

/// Returns a member that is a text, as a text of our own; an empty one where it is missing.
pub(super) fn copied(object: &Object, key: &str) -> String {
    text(object, key).unwrap_or_default().to_owned()
}

/// Returns a member that is an object.
pub(super) fn object<'a>(object: &'a Object, key: &str) -> Option<&'a Object> {
    object.get(key).and_then(Value::as_object)
}

/// Returns a member that names somebody: clients send ids as texts and as numbers.
pub(super) fn name(namespace: &str, object: &Object, key: &str) -> Option<Identity> {
    let value = scalar(object.get(key)?).filter(|value| value.chars().count() <= IDENTITY_LETTERS_MAX)?;
    Identity::new(namespace, &value)
}

/// Returns the names that are there, each once, in their order.
pub(super) fn names<const N: usize>(names: [Option<Identity>; N]) -> Vec<Identity> {
    let mut found = Vec::with_capacity(N);
    for name in names.into_iter().flatten() {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn moments_in_every_unit() {
        let expected = Some(Instant(1_700_000_000_500_000));
        for told in [
            json!("2023-11-14T22:13:20.5Z"),
            json!("1700000000500"),
            json!(1_700_000_000_500_i64),
            json!(1_700_000_000.5),
            json!(1_700_000_000_500.0),
        ] {
            assert_eq!(moment(&told), expected, "{told}");
        }
        for nothing in [json!(null), json!("soon"), json!({}), json!(1e300), json!("")] {
            assert_eq!(moment(&nothing), None, "{nothing}");
        }
    }

    #[test]
    fn names_are_short_and_single() {
        let object = json!({ "a": "ada", "n": 7, "o": {}, "blank": " ", "long": "x".repeat(300) });
        let object = object.as_object().expect("is one");
        assert_eq!(name("user", object, "n").map(|name| name.value).as_deref(), Some("7"));
        for key in ["o", "blank", "long", "missing"] {
            assert_eq!(name("user", object, key), None, "{key}");
        }
        let ada = || name("user", object, "a");
        assert_eq!(names([ada(), None, ada()]).len(), 1);
    }
}
