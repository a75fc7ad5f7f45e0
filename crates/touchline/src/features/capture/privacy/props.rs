//! The properties of an interaction, a JSON object as text, with small changes. Where nothing changes, nothing is read.

use serde_json::{Map, Value};
use std::net::IpAddr;

/// Keys under which clients send network addresses.
const ADDRESSES: [&str; 6] = ["ip", "$ip", "ip_address", "ipAddress", "client_ip", "remote_addr"];

/// Every key above ends in one of these; they are looked for in each interaction, so they are few.
const ADDRESSES_END: [&str; 3] = ["ip\"", "ddress\"", "_addr\""];

/// Keys under which clients send names of people and devices; day visitors have none.
const NAMES: [&str; 24] = [
    "userId",
    "user_id",
    "anonymousId",
    "anonymous_id",
    "distinct_id",
    "$device_id",
    "deviceId",
    "device_id",
    "sessionId",
    "session_id",
    "$session_id",
    "$user_id",
    "uid",
    "duid",
    "externalIds",
    "traits",
    "email",
    "phone",
    "name",
    "firstName",
    "lastName",
    "first_name",
    "last_name",
    "username",
];

/// Deeper than this nobody looks for addresses; the wire formats refuse deeper objects anyway.
const DEPTH_MAX: usize = 64;

/// Is properties that are being changed.
pub(super) struct Props {
    text: Option<String>,
    /// Read when a change needs it.
    read: Option<Map<String, Value>>,
}

impl Props {
    pub(super) const fn new(text: Option<String>) -> Self {
        Self { text, read: None }
    }

    /// Sets a property; one of that name is replaced.
    pub(super) fn put(&mut self, key: &str, value: impl Into<Value>) {
        let value = value.into();
        if let Some(text) = self.text.as_deref().filter(|_| !self.mentions(&[key])).and_then(|text| extended(text, key, &value)) {
            self.text = Some(text);
        } else {
            self.map().insert(key.to_owned(), value);
        }
    }

    /// Takes away a property.
    pub(super) fn remove(&mut self, key: &str) {
        if self.mentions(&[key]) {
            self.map().remove(key);
        }
    }

    /// Replaces every address by what `keep` makes of it, or takes it away.
    pub(super) fn each_address(&mut self, keep: impl Fn(IpAddr) -> Option<IpAddr>) {
        if self.mentions(&ADDRESSES_END) {
            clean(self.map(), &keep, DEPTH_MAX);
        }
    }

    /// Takes away what names a person or a device.
    pub(super) fn forget_names(&mut self) {
        if self.mentions(&NAMES) {
            forget(self.map(), DEPTH_MAX);
        }
    }

    /// Returns the text of the properties; none where there are none.
    pub(super) fn finish(self) -> Option<String> {
        match self.read {
            None => self.text,
            Some(map) if map.is_empty() => None,
            Some(map) => Some(Value::Object(map).to_string()),
        }
    }

    /// Tells whether one of some keys may be in it: quickly, and rather too often than too seldom.
    fn mentions(&self, keys: &[&str]) -> bool {
        if self.read.is_some() {
            return true;
        }
        let text = self.text.as_deref().unwrap_or_default();
        // A key may be written with escapes; those texts are read in full.
        text.contains('\\') || keys.iter().any(|key| text.contains(key))
    }

    fn map(&mut self) -> &mut Map<String, Value> {
        let text = self.text.take();
        self.read.get_or_insert_with(|| match text.as_deref().map(serde_json::from_str) {
            Some(Ok(Value::Object(map))) => map,
            // Something that is no object has no keys to change: it is kept under one.
            Some(Ok(other)) => Map::from_iter([("value".to_owned(), other)]),
            _ => Map::new(),
        })
    }
}

/// Writes one more property at the end of an object; `None` where the text is none.
fn extended(text: &str, key: &str, value: &Value) -> Option<String> {
    let inside = text.trim().strip_prefix('{')?.strip_suffix('}')?.trim_end();
    let comma = if inside.is_empty() { "" } else { "," };
    Some(format!("{{{inside}{comma}{}:{value}}}", Value::from(key)))
}

fn clean(map: &mut Map<String, Value>, keep: &impl Fn(IpAddr) -> Option<IpAddr>, depth: usize) {
    map.retain(|key, value| {
        if ADDRESSES.contains(&key.as_str()) {
            let kept = value.as_str().and_then(|text| text.trim().parse().ok()).and_then(keep);
            *value = Value::from(kept.map(|address| address.to_string()));
            return kept.is_some();
        }
        within(value, depth, &mut |map, depth| clean(map, keep, depth));
        true
    });
}

fn forget(map: &mut Map<String, Value>, depth: usize) {
    map.retain(|key, value| {
        within(value, depth, &mut forget);
        !NAMES.contains(&key.as_str())
    });
}

/// Does something to every object directly inside a value.
fn within(value: &mut Value, depth: usize, each: &mut dyn FnMut(&mut Map<String, Value>, usize)) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match value {
        Value::Object(map) => each(map, depth),
        Value::Array(list) => list.iter_mut().for_each(|value| within(value, depth, each)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, change: impl Fn(&mut Props), expected: &str) {
        let mut props = Props::new((!text.is_empty()).then(|| text.to_owned()));
        change(&mut props);
        assert_eq!(props.finish().unwrap_or_default(), expected, "{text}");
    }

    #[test]
    fn properties_are_put() {
        check("", |_| (), "");
        check("", |props| props.put("bot", "tool"), r#"{"bot":"tool"}"#);
        check(r#"{"a":1}"#, |props| props.put("bot", "tool"), r#"{"a":1,"bot":"tool"}"#);
        check("{ }", |props| props.put("b", 2), r#"{"b":2}"#);
        check(r#"{"n":1e400}"#, |props| props.put("b", 2), r#"{"n":1e400,"b":2}"#);
        check(r#"{"bot":"no","a":1}"#, |props| props.put("bot", "tool"), r#"{"a":1,"bot":"tool"}"#);
        check("[1]", |props| props.put("b", 2), r#"{"b":2,"value":[1]}"#);
        // What nobody changes stays as it was sent, to the blank.
        check(r#"{ "b": 1, "a": 2 }"#, |props| props.each_address(|_| None), r#"{ "b": 1, "a": 2 }"#);
    }

    #[test]
    fn addresses_are_found_wherever_they_are() {
        let text = r#"{"a":[{"ip":"203.0.113.7"}],"context":{"ip":"203.0.113.7","x":1},"$ip":"nonsense"}"#;
        check(text, |props| props.each_address(|_| None), r#"{"a":[{}],"context":{"x":1}}"#);
        let other = "192.0.2.1".parse().ok();
        check(r#"{"ip":"203.0.113.7"}"#, |props| props.each_address(|_| other), r#"{"ip":"192.0.2.1"}"#);
        check(r#"{"\u0069p":"203.0.113.7","b":1}"#, |props| props.each_address(|_| None), r#"{"b":1}"#);
    }

    #[test]
    fn no_address_is_overlooked_by_the_quick_look() {
        for key in ADDRESSES {
            assert!(ADDRESSES_END.iter().any(|end| format!("{key}\"").ends_with(end)), "{key}");
        }
    }

    #[test]
    fn names_are_forgotten() {
        let text = r#"{"plan":"gold","userId":"7","traits":{"email":"ada@example.org"},"cart":{"email":"x","sum":3}}"#;
        check(text, Props::forget_names, r#"{"cart":{"sum":3},"plan":"gold"}"#);
    }
}
