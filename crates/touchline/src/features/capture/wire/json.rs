//! JSON as clients write it, read without trusting it and without copying what need not be copied.
//!
//! Fields are lenient, because one field of the wrong type must not cost the event: an id may be a number, what should
//! be an object may be `null` or `[]`. What is kept as raw JSON is checked instead, so that every program that reads
//! the ledger can parse it: depth, numbers, halves of surrogate pairs.

use super::super::Reason;
use super::limits::DEPTH_MAX;
use crate::tell;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// Returns a body as text: bytes that are no UTF-8 and halves of surrogate pairs become U+FFFD.
///
/// JavaScript cuts strings between the halves of an emoji, so that such halves come from honest clients.
pub(crate) fn text(body: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(body) {
        return mended(text);
    }
    let text = String::from_utf8_lossy(body);
    Cow::Owned(mended(&text).into_owned())
}

/// Replaces escaped halves of surrogate pairs, which are no text and which no strict reader takes.
fn mended(json: &str) -> Cow<'_, str> {
    let unit = |at: usize| {
        let hex = json.get(at..at + 6)?.strip_prefix("\\u")?;
        u32::from_str_radix(hex, 16).ok()
    };
    let (mut mended, mut kept, mut at) = (String::new(), 0, 0);
    while let Some(found) = json.get(at..).and_then(|rest| rest.find('\\')) {
        at += found;
        match unit(at) {
            Some(0xd800..=0xdbff) if matches!(unit(at + 6), Some(0xdc00..=0xdfff)) => at += 12,
            Some(0xd800..=0xdfff) => {
                mended.push_str(&json[kept..at]);
                mended.push_str("\\ufffd");
                at += 6;
                kept = at;
            }
            // The sign behind it is escaped, even when that is another `\`.
            _ => at += 1 + json[at + 1..].chars().next().map_or(0, char::len_utf8),
        }
    }
    if kept == 0 {
        return Cow::Borrowed(json);
    }
    mended.push_str(&json[kept..]);
    Cow::Owned(mended)
}

/// Says where a text stops being JSON, without quoting it.
pub(crate) fn unreadable(error: &serde_json::Error) -> Reason {
    let (line, column) = (error.line(), error.column());
    if error.is_data() {
        let says = "is of another type than expected";
        return tell!(wrong_type, "Something at line {line}, column {column} {says}", line = line, column = column);
    }
    tell!(invalid_json, "This is no JSON from line {line}, column {column} on", line = line, column = column)
}

/// Is a field that should be a text: a string or a whole number; everything else counts as absent.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Word<'a>(pub(crate) Option<Cow<'a, str>>);

impl<'a> Word<'a> {
    /// Returns the text, unless it is absent or blank.
    pub(crate) fn get(&self) -> Option<&str> {
        self.0.as_deref().map(str::trim).filter(|text| !text.is_empty())
    }

    /// Reads a raw value.
    pub(crate) fn of(raw: &'a RawValue) -> Self {
        serde_json::from_str(raw.get()).unwrap_or_default()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Word<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordVisitor).map(Self)
    }
}

struct WordVisitor;

impl<'de> Visitor<'de> for WordVisitor {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(number.to_string())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(number.to_string())))
    }

    /// A fraction names nobody, and a number that needed one has lost its last digits.
    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

/// Is a field that should be an object; everything else counts as absent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Maybe<T>(pub(crate) Option<T>);

impl<T> Default for Maybe<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Maybe<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MaybeVisitor(PhantomData)).map(Self)
    }
}

struct MaybeVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for MaybeVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Some)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

/// Is the entries of an object, in order, the values as they stand.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entries<'a>(pub(crate) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Entries<'a> {
    /// Reads the entries of a raw value; what is no object has none.
    pub(crate) fn of(raw: &'a RawValue) -> Self {
        serde_json::from_str::<Maybe<Self>>(raw.get()).ok().and_then(|entries| entries.0).unwrap_or_default()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Walk;
        impl<'de> Visitor<'de> for Walk {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::with_capacity(8);
                while let Some((key, value)) = map.next_entry::<Word<'de>, &'de RawValue>()? {
                    entries.push((key.0.unwrap_or_default(), value));
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Walk)
    }
}

/// Checks a value that will be kept as it stands: every reader of the ledger must be able to parse it.
pub(crate) fn check(raw: &RawValue) -> Result<(), Reason> {
    let json = raw.get();
    match json.as_bytes()[0] {
        b'"' | b't' | b'f' | b'n' => Ok(()),
        // Whole numbers of moderate length need no look: 308 digits fit into what readers use.
        b'-' | b'0'..=b'9' if json.len() <= 300 && !json.bytes().any(|sign| matches!(sign, b'e' | b'E')) => Ok(()),
        _ => {
            let mut deserializer = serde_json::Deserializer::from_str(json);
            Sound(DEPTH_MAX).deserialize(&mut deserializer).map_err(|error| match error.classify() {
                // The only word of our own is on depth; the parser's own bound lies beyond it.
                Category::Data => tell!(too_deep, "It is nested deeper than {limit} levels", limit = DEPTH_MAX),
                _ => tell!(number_out_of_range, "It holds a number beyond 1.8e308, which programs cannot read"),
            })
        }
    }
}

/// Walks through a value, so many levels deep, and keeps nothing.
struct Sound(usize);

impl<'de> DeserializeSeed<'de> for Sound {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Sound {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let deeper = self.0.checked_sub(1).ok_or_else(|| A::Error::custom("too deep"))?;
        while seq.next_element_seed(Sound(deeper))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let deeper = self.0.checked_sub(1).ok_or_else(|| A::Error::custom("too deep"))?;
        while map.next_key::<IgnoredAny>()?.is_some() {
            map.next_value_seed(Sound(deeper))?;
        }
        Ok(())
    }
}

/// Writes an object from members that are JSON already.
#[derive(Default)]
pub(crate) struct Members(String);

impl Members {
    /// Adds a member under a name that needs no escaping; an empty value is none.
    pub(crate) fn push(&mut self, name: &str, json: &str) {
        if json.is_empty() {
            return;
        }
        self.0.push_str(if self.0.is_empty() { "{\"" } else { ",\"" });
        self.0.push_str(name);
        self.0.push_str("\":");
        self.0.push_str(json);
    }

    /// Adds a member under any name.
    pub(crate) fn push_any(&mut self, name: &str, json: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        self.0.push_str(&quoted(name));
        self.0.push(':');
        self.0.push_str(json);
    }

    /// Returns the object; empty when it has no member.
    pub(crate) fn finish(mut self) -> String {
        if !self.0.is_empty() {
            self.0.push('}');
        }
        self.0
    }
}

/// Writes a text as JSON.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a text can always be written")
}

/// Returns an address up to its query: what stands behind `?` or `#` may be anything, a person's mail included.
pub(crate) fn without_search(address: &str) -> &str {
    &address[..address.find(['?', '#']).unwrap_or(address.len())]
}

/// Makes a text fit for lists and dictionaries: one line, no control signs, of bounded length.
///
/// NUL is refused by Postgres, and line breaks would forge lines of a log. Everything else stays as it is, right-to-left
/// marks and joiners included: they are part of people's languages.
pub(crate) fn clean(text: &str, letters_max: usize) -> String {
    let text = text.trim();
    if text.len() <= letters_max && text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return text.to_owned();
    }
    text.chars().take(letters_max).map(|sign| if sign.is_control() { ' ' } else { sign }).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn halves_of_pairs_are_mended_and_nothing_else() {
        for (json, expected) in [
            (r#""plain""#, r#""plain""#),
            (r#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
            (r#""\ud83d""#, r#""\ufffd""#),
            (r#""\ude00 \ud83d\ud83d\ude00""#, r#""\ufffd \ufffd\ud83d\ude00""#),
            (r#""\\ud83d""#, r#""\\ud83d""#),
            (r#""\\\ud83d""#, r#""\\\ufffd""#),
            (r#""\u0000\n""#, r#""\u0000\n""#),
            ("\\", "\\"),
            ("\\u12", "\\u12"),
        ] {
            assert_eq!(mended(json), expected);
        }
        assert_eq!(text(b"a\xffb"), "a\u{fffd}b");
    }

    #[test]
    fn words_are_lenient() {
        for (json, expected) in [
            (r#""ada""#, Some("ada")),
            (r#"" ada\t""#, Some("ada")),
            ("42", Some("42")),
            ("-7", Some("-7")),
            ("null", None),
            ("true", None),
            ("1.5", None),
            ("123456789012345678901234567890", None),
            (r#"["a"]"#, None),
            (r#"{"a":1}"#, None),
            (r#""  ""#, None),
        ] {
            let word: Word<'_> = serde_json::from_str(json).expect("reads");
            assert_eq!(word.get(), expected, "{json}");
        }
    }

    #[track_caller]
    fn checked(json: &str, expected: Option<&str>) {
        let raw: &RawValue = serde_json::from_str(json).expect("is JSON");
        assert_eq!(check(raw).err().map(|reason| reason.code).as_deref(), expected, "{json:.80}");
    }

    #[test]
    fn what_is_kept_raw_can_be_read_again() {
        checked(r#"{"a":[1,2.5e3,"x",null,{"b":false}]}"#, None);
        checked("1e300", None);
        checked("1e400", Some("number_out_of_range"));
        checked("[[1e400]]", Some("number_out_of_range"));
        checked(&"9".repeat(400), Some("number_out_of_range"));
        let deep = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        checked(&deep(DEPTH_MAX), None);
        checked(&deep(DEPTH_MAX + 1), Some("too_deep"));
        checked(&deep(10_000), Some("too_deep"));
        checked(&format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000)), Some("too_deep"));
    }

    #[test]
    fn names_are_one_line() {
        assert_eq!(clean(" Order\0Completed\r\n", 200), "Order Completed");
        assert_eq!(clean("שלום \u{202e}x", 200), "שלום \u{202e}x");
        assert_eq!(clean(&"я".repeat(300), 200), "я".repeat(200));
    }

    proptest! {
        #[test]
        fn what_passes_can_be_parsed(json in r#"(\[|\]|\{|\}|"|,|:|\\\\ud83d|\\\\ude00|\\\\|1e4|00|a|null){0,30}"#) {
            let text = text(json.as_bytes());
            let raw = serde_json::from_str::<&RawValue>(&text).ok().filter(|raw| check(raw).is_ok());
            if let Some(raw) = raw {
                prop_assert!(serde_json::from_str::<serde_json::Value>(raw.get()).is_ok(), "{}", raw.get());
            }
        }
    }
}
