//! Short messages through any provider that speaks HTTP: the names of its fields are part of the setting.

use super::adapter::{Adapter, Capability, Counted, Heard, Outcome, Parcel, Said, by_status};
use super::proof;
use super::setup::ChannelSetup;
use super::webhook::header;
use crate::platform::calls::{Answered, Call};
use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::{Identity, Instant};
use serde_json::{Map, Value};
use std::collections::HashMap;

pub(super) struct Sms;

/// Writes a telephone number in one way: `+` and digits. Providers leave the `+` out or not, as they like.
pub(super) fn phone(text: &str) -> String {
    phone_beside(text, "")
}

/// As [`phone`], where it wrote to a number of ours: with that, what has ten digits can be told too.
fn phone_beside(text: &str, ours: &str) -> String {
    let text = text.trim();
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if digits.is_empty() {
        return String::new();
    }
    if text.starts_with('+') {
        return format!("+{digits}");
    }
    if let Some(rest) = digits.strip_prefix("00") {
        return format!("+{rest}");
    }
    // No country begins with 0, and no number within a country has more digits than these.
    let is_whole = !digits.starts_with('0') && (11..=15).contains(&digits.len());
    let ours = if ours.is_empty() { String::new() } else { phone(ours) };
    match (digits.len(), ours.strip_prefix('+')) {
        _ if is_whole => format!("+{digits}"),
        // In North America people write ten digits, and mean those after the 1.
        (10, Some(ours)) if ours.len() == 11 && ours.starts_with('1') => format!("+1{digits}"),
        (10, Some(_)) if !digits.starts_with('0') => format!("+{digits}"),
        // A short number or the number of a country: nobody can tell which.
        _ => digits,
    }
}

fn fields(headers: &HeaderMap, body: &[u8]) -> Option<HashMap<String, String>> {
    if header(headers, "content-type").starts_with("application/json") {
        let object: Map<String, Value> = serde_json::from_slice(body).ok()?;
        let text = |value: Value| match value {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        return Some(object.into_iter().filter_map(|(name, value)| Some((name, text(value)?))).collect());
    }
    Some(url::form_urlencoded::parse(body).take(100).map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
}

impl Adapter for Sms {
    fn capability(&self) -> Capability {
        Capability {
            text_max: 10,
            counted: Counted::Sms,
            files: None,
            buttons: 0,
            button_max: 0,
            window_hours: None,
            templates: false,
            receipts: false,
        }
    }

    /// Providers prove themselves with a secret in a header, or as the password of their request.
    fn is_proved(&self, setup: &ChannelSetup, headers: &HeaderMap, _: &[u8], _: Instant) -> bool {
        let authorization = header(headers, "authorization");
        let password = authorization.strip_prefix("Basic ").and_then(|text| STANDARD.decode(text.trim()).ok());
        let password = password.and_then(|text| String::from_utf8(text).ok());
        let password = password.as_deref().and_then(|text| Some(text.split_once(':')?.1)).unwrap_or_default();
        let told = [authorization.strip_prefix("Bearer ").unwrap_or_default(), header(headers, "x-touchline-token"), password];
        told.into_iter().any(|told| proof::is_same(&setup.secret, told))
    }

    fn read(&self, setup: &ChannelSetup, headers: &HeaderMap, body: &[u8]) -> Option<Vec<Heard>> {
        let told = fields(headers, body)?;
        let take = |name: &String| told.get(name).cloned().unwrap_or_default();
        let from = phone_beside(&take(&setup.fields.from), &setup.sender);
        let (text, id) = (take(&setup.fields.text), take(&setup.fields.id));
        let Some(who) = Identity::new("phone", &from) else { return Some(Vec::new()) };
        // Reports of delivery come the same way, without a text.
        if text.trim().is_empty() {
            return Some(Vec::new());
        }
        let said = Said {
            thread: from.clone(),
            id,
            who,
            known_as: Vec::new(),
            name: String::new(),
            address: from,
            language: String::new(),
            text,
            button: None,
            begins: false,
            files: Vec::new(),
        };
        Some(vec![Heard::Said(Box::new(said))])
    }

    fn write(&self, setup: &ChannelSetup, parcel: &Parcel) -> Call {
        let (text, _) = self.capability().fitted(&parcel.text, &parcel.buttons);
        let told = [(&setup.fields.to, &parcel.to), (&setup.fields.from, &setup.sender), (&setup.fields.text, &text)];
        let told = told.into_iter().filter(|(name, value)| !name.is_empty() && !value.is_empty());
        let (kind, body) = if setup.as_json {
            let object: Map<String, Value> = told.map(|(name, value)| (name.clone(), Value::from(value.clone()))).collect();
            ("application/json", Value::from(object).to_string())
        } else {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            for (name, value) in told {
                form.append_pair(name, value);
            }
            ("application/x-www-form-urlencoded", form.finish())
        };
        let mut headers = vec![("content-type".to_owned(), kind.to_owned())];
        if !setup.token.is_empty() {
            headers.push((setup.token_header.clone(), setup.token.clone()));
        }
        Call { method: "POST", url: setup.send_to.clone(), headers, body: body.into_bytes() }
    }

    fn outcome(&self, answered: &Answered) -> Outcome {
        let body: Value = serde_json::from_slice(&answered.body).unwrap_or_default();
        let id = ["id", "sid", "message_id", "messageId"].into_iter().find_map(|name| body[name].as_str());
        by_status(answered, id.unwrap_or_default().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_in_one_way() {
        for (text, expected) in [
            ("+33 1 99-00 (12) 34", "+33199001234"),
            ("0033199001234", "+33199001234"),
            ("33199001234", "+33199001234"),
            ("(1) 202-555-0123", "+12025550123"),
            ("0199001234", "0199001234"),
            ("01990012345", "01990012345"),
            ("2025550123", "2025550123"),
            ("36180", "36180"),
            ("SHOP", ""),
            ("", ""),
        ] {
            assert_eq!(phone(text), expected, "{text}");
        }
        for (text, ours, expected) in [
            ("2025550123", "+1 415 555 0100", "+12025550123"),
            ("2025550123", "14155550100", "+12025550123"),
            ("4512345678", "+4511112222", "+4512345678"),
            ("0199001234", "+33199000000", "0199001234"),
            ("2025550123", "SHOP", "2025550123"),
            ("36180", "+33199000000", "36180"),
        ] {
            assert_eq!(phone_beside(text, ours), expected, "{text} beside {ours}");
        }
    }
}
