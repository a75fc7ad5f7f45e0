//! The signature by which an interaction is recognised: where it came from, not what it means.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Is what identifies a kind of signal. Map rules bind signatures to touchpoints when reading.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Signature {
    /// The source: a file set, a site, a till.
    pub source: String,
    /// The name of the event as the source gives it.
    pub event: String,
    /// The channel as the source hints at it; empty when unknown.
    pub channel: String,
    /// The place: host and path template, telephone number, shop, code.
    pub place: String,
    /// The campaign tag.
    pub campaign: String,
    /// The touchpoint, when the source names it itself. A map rule overrides it.
    pub touchpoint: String,
}

impl std::fmt::Display for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.source)?;
        let parts = [&self.event, &self.channel, &self.place, &self.campaign, &self.touchpoint];
        for part in parts.into_iter().filter(|part| !part.is_empty()) {
            write!(f, " · {part}")?;
        }
        Ok(())
    }
}

/// Binds signatures to a touchpoint. Empty fields match anything; `*` in a field matches any run of characters.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SignalMatch {
    /// Pattern for [`Signature::source`].
    #[serde(skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// Pattern for [`Signature::event`].
    #[serde(skip_serializing_if = "String::is_empty")]
    pub event: String,
    /// Pattern for [`Signature::channel`], as the source hints at it or as the channel rules read it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub channel: String,
    /// Pattern for [`Signature::place`].
    #[serde(skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// Pattern for [`Signature::campaign`].
    #[serde(skip_serializing_if = "String::is_empty")]
    pub campaign: String,
}

impl SignalMatch {
    /// Tells whether a signature fits every field of this rule. A channel fits by the hint as the source gave it, or by
    /// what the hint means, which `channel` tells when asked.
    pub(crate) fn fits<'a>(&self, signature: &Signature, channel: &dyn Fn() -> &'a str) -> bool {
        let own = [
            (&self.source, &signature.source),
            (&self.event, &signature.event),
            (&self.place, &signature.place),
            (&self.campaign, &signature.campaign),
        ];
        own.into_iter().all(|(pattern, text)| pattern.is_empty() || glob(pattern, text))
            && (self.channel.is_empty() || glob(&self.channel, &signature.channel) || glob(&self.channel, channel()))
    }

    /// Returns the fields that are set, by name: for display and for finding empty rules.
    #[must_use]
    pub fn fields(&self) -> BTreeMap<&'static str, &str> {
        [
            ("source", &self.source),
            ("event", &self.event),
            ("channel", &self.channel),
            ("place", &self.place),
            ("campaign", &self.campaign),
        ]
        .into_iter()
        .filter(|(_, pattern)| !pattern.is_empty())
        .map(|(name, pattern)| (name, pattern.as_str()))
        .collect()
    }
}

/// Matches `text` against a pattern whose only special sign is `*`. Linear in both lengths: no backtracking bomb.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(rest) = parts.next().and_then(|head| text.strip_prefix(head)) else {
        return false;
    };
    let mut rest = rest;
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, text: &str, expected: bool) {
        assert_eq!(glob(pattern, text), expected, "{pattern} on {text}");
    }

    #[test]
    fn star_matches_any_run() {
        check("shop.example/p/*", "shop.example/p/42", true);
        check("shop.example/p/*", "shop.example/q/42", false);
        check("*", "", true);
        check("a*a", "a", false);
        check("a*b*c", "a-b-b-c", true);
        check("exact", "exactly", false);
        check("*mail", "e-mail", true);
    }

    #[test]
    fn empty_fields_match_anything() {
        let rule = SignalMatch { channel: "e-mail".into(), ..SignalMatch::default() };
        let signature = Signature { source: "crm".into(), channel: "e-mail".into(), ..Signature::default() };
        assert!(rule.fits(&signature, &|| "unassigned"));
        let read = Signature { channel: "crm / email".into(), ..signature };
        assert!(rule.fits(&read, &|| "e-mail") && !rule.fits(&read, &|| "sms"));
    }
}
