//! Writes numbers and fills sentences in one language.

use super::words::sentence;
use crate::features::conversations::Language;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::{Currency, Figure, Text, TouchpointMap, Unit};
use std::collections::BTreeMap;

/// A narrow space that does not break, as French groups digits; Russian has a wide one.
const NARROW: char = '\u{202f}';
const WIDE: char = '\u{a0}';

/// Is what fills a place of a sentence.
pub(in super::super) enum Value {
    Number(f64),
    Words(String),
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<String> for Value {
    fn from(words: String) -> Self {
        Self::Words(words)
    }
}

impl From<&str> for Value {
    fn from(words: &str) -> Self {
        Self::Words(words.to_owned())
    }
}

/// Speaks one language, of one organisation.
#[derive(Clone)]
pub(in super::super) struct Speaker {
    pub(in super::super) language: Language,
    currency: Currency,
    zone: TimeZone,
}

impl Speaker {
    pub(in super::super) fn new(language: &str, map: &TouchpointMap) -> Self {
        let language = match language {
            "fr" => Language::Fr,
            "ru" => Language::Ru,
            _ => Language::En,
        };
        let zone = TimeZone::get(&map.time_zone).unwrap_or(TimeZone::UTC);
        Self { language, currency: map.currency, zone }
    }

    /// Says a sentence with its values; a key that nobody has written a sentence for is shown as it is.
    pub(in super::super) fn say<const COUNT: usize>(&self, key: &str, values: [(&str, Value); COUNT]) -> String {
        self.say_all(key, &values.into_iter().collect())
    }

    /// Says a sentence whose values are numbers.
    pub(in super::super) fn say_numbers(&self, key: &str, numbers: &BTreeMap<String, f64>) -> String {
        self.say_all(key, &numbers.iter().map(|(name, number)| (name.as_str(), Value::Number(*number))).collect())
    }

    fn say_all(&self, key: &str, values: &BTreeMap<&str, Value>) -> String {
        let Some([en, fr, ru]) = sentence(key) else { return key.to_owned() };
        let said = self.filled(self.language.pick(en, fr, ru), values, None);
        if self.language != Language::Fr {
            return said;
        }
        // A line must not break before these signs.
        [":", ";", "?", "!", "»", "%"].iter().fold(said, |said, sign| said.replace(&format!(" {sign}"), &format!("{WIDE}{sign}")))
    }

    /// Reads a name of the map in this language.
    pub(in super::super) fn name<'t>(&self, text: &'t Text) -> &'t str {
        let own = match self.language {
            Language::En => None,
            Language::Fr => text.fr.as_deref(),
            Language::Ru => text.ru.as_deref(),
        };
        own.unwrap_or(&text.en)
    }

    fn filled(&self, template: &str, values: &BTreeMap<&str, Value>, counted: Option<f64>) -> String {
        let mut said = String::with_capacity(template.len() + 16);
        let mut rest = template;
        while let Some(at) = rest.find(['{', '#']) {
            said.push_str(&rest[..at]);
            if rest[at..].starts_with('#') {
                said.push_str(&counted.map_or_else(|| "#".to_owned(), |number| self.count(number)));
                rest = &rest[at + 1..];
                continue;
            }
            let Some(end) = closing(&rest[at..]) else { break };
            said.push_str(&self.place(&rest[at + 1..at + end], values));
            rest = &rest[at + end + 1..];
        }
        said.push_str(rest);
        said
    }

    fn place(&self, place: &str, values: &BTreeMap<&str, Value>) -> String {
        let mut parts = place.splitn(3, ',').map(str::trim);
        let (name, how, forms) = (parts.next().unwrap_or_default(), parts.next().unwrap_or("number"), parts.next());
        let number = match values.get(name) {
            Some(Value::Words(words)) => return words.clone(),
            Some(Value::Number(number)) => *number,
            None => return "–".to_owned(),
        };
        match how {
            "plural" => self.plural(number, forms.unwrap_or_default(), values),
            "percent" => self.share(number),
            "points" => self.points(number),
            "money" => self.money(number),
            "decimal" => self.grouped(number, if number.abs() < 0.1 { 4 } else { 2 }),
            _ => self.count(number),
        }
    }

    fn plural(&self, number: f64, forms: &str, values: &BTreeMap<&str, Value>) -> String {
        let whole = number.round();
        let wanted = self.form(whole);
        let (mut chosen, mut rest) = ("", forms);
        while let Some(at) = rest.find('{') {
            let Some(end) = closing(&rest[at..]) else { break };
            let (form, words) = (rest[..at].trim(), &rest[at + 1..at + end]);
            if form == wanted || (form == "other" && chosen.is_empty()) {
                chosen = words;
            }
            rest = &rest[at + end + 1..];
        }
        self.filled(chosen, values, Some(whole))
    }

    /// Names the plural form of a whole number.
    fn form(&self, whole: f64) -> &'static str {
        let number = whole.abs() as u64;
        match self.language {
            Language::En if number == 1 => "one",
            Language::Fr if number < 2 => "one",
            Language::Fr if number >= 1_000_000 && number.is_multiple_of(1_000_000) => "many",
            Language::Ru => match (number % 10, number % 100) {
                (1, tens) if tens != 11 => "one",
                (2..=4, tens) if !(12..=14).contains(&tens) => "few",
                _ => "many",
            },
            _ => "other",
        }
    }

    /// Writes a number of things: whole, unless it is small and an estimate.
    pub(in super::super) fn count(&self, number: f64) -> String {
        self.grouped(number, usize::from(number.abs() < 10.0 && number.fract() != 0.0))
    }

    pub(in super::super) fn share(&self, share: f64) -> String {
        let percent = share * 100.0;
        let is_whole = (percent - percent.round()).abs() < 1e-9 || percent.abs() >= 99.95;
        let digits = if is_whole { 0 } else { 2 - usize::from(percent.abs() >= 1.0) };
        self.with_sign(&self.grouped(percent, digits), "%")
    }

    fn points(&self, points: f64) -> String {
        let sign = if points > 0.0 { "+" } else { "" };
        format!("{sign}{}{WIDE}{}", self.grouped(points * 100.0, 1), self.language.pick("pt", "pt", "п. п."))
    }

    /// Writes minor units of the currency: cents matter below a hundred, not above.
    pub(in super::super) fn money(&self, minor: f64) -> String {
        let digits = self.currency.digits();
        let major = minor / 10f64.powi(digits.cast_signed());
        let written = self.grouped(major, if major.abs() < 100.0 && major != 0.0 { digits as usize } else { 0 });
        match self.language {
            Language::En => format!("{}{WIDE}{written}", self.currency.code()),
            _ => format!("{written}{WIDE}{}", self.currency.code()),
        }
    }

    fn with_sign(&self, number: &str, sign: &str) -> String {
        if self.language == Language::En { format!("{number}{sign}") } else { format!("{number}{WIDE}{sign}") }
    }

    /// Writes a number with so many digits after the point, and its thousands apart.
    fn grouped(&self, number: f64, digits: usize) -> String {
        if !number.is_finite() {
            return "–".to_owned();
        }
        // Halves go up, as browsers write them on the page; formatting alone would write the nearest even digit.
        let scale = 10f64.powi(i32::try_from(digits).unwrap_or_default());
        let plain = format!("{:.digits$}", (number.abs() * scale).round() / scale);
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        let (between, point) = match self.language {
            Language::En => (',', '.'),
            Language::Fr => (NARROW, ','),
            Language::Ru => (WIDE, ','),
        };
        let mut written = String::new();
        if number < 0.0 && plain.bytes().any(|sign| (b'1'..=b'9').contains(&sign)) {
            written.push('−');
        }
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                written.push(between);
            }
            written.push(digit);
        }
        if !fraction.is_empty() {
            written.push(point);
            written.push_str(fraction);
        }
        written
    }

    /// Writes a number in its own unit.
    pub(in super::super) fn of_unit(&self, number: f64, unit: Unit) -> String {
        match unit {
            Unit::Share => self.share(number),
            Unit::Points => self.points(number),
            Unit::Money => self.money(number),
            Unit::Count => self.count(number),
            Unit::Ratio => self.grouped(number, 2),
        }
    }

    /// Writes a figure with its interval, n and evidence class.
    pub(in super::super) fn figure(&self, figure: &Figure) -> String {
        let n = Value::Number(figure.n as f64);
        let Some(value) = figure.value else { return self.say("figure.none", [("n", n)]) };
        let write = |number: f64| Value::Words(self.of_unit(number, figure.unit));
        let evidence = Value::Words(format!("{:?}", figure.evidence));
        match (figure.low, figure.high) {
            (Some(low), Some(high)) => {
                let values =
                    [("value", write(value)), ("low", write(low)), ("high", write(high)), ("n", n), ("evidence", evidence)];
                self.say("figure", values)
            }
            _ => self.say("figure.exact", [("value", write(value)), ("n", n), ("evidence", evidence)]),
        }
    }

    /// Writes a day in the organisation's zone.
    pub(in super::super) fn day(&self, micros: i64) -> String {
        let at = Timestamp::from_microsecond(micros);
        at.map_or_else(|_| "–".to_owned(), |at| self.date(at.to_zoned(self.zone.clone()).date()))
    }

    /// Writes a day of the calendar; in English so that it cannot be misread.
    pub(in super::super) fn date(&self, day: Date) -> String {
        match self.language {
            Language::En => day.strftime("%Y-%m-%d").to_string(),
            _ => day.strftime("%d.%m.%Y").to_string(),
        }
    }
}

/// Returns where the brace that opens a text closes.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, sign) in text.char_indices() {
        match sign {
            '{' => depth += 1,
            '}' if depth <= 1 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Evidence;

    fn speaker(language: &str) -> Speaker {
        let map: TouchpointMap = serde_json::from_str(include_str!("../../map/sample.json")).expect("is a map");
        Speaker::new(language, &map)
    }

    #[test]
    fn numbers_are_written_as_each_language_writes_them() {
        for (language, number, share, money) in [
            ("en", "1,204,000", "3.1%", "EUR\u{a0}1,205"),
            ("fr", "1\u{202f}204\u{202f}000", "3,1\u{a0}%", "1\u{202f}205\u{a0}EUR"),
            ("ru", "1\u{a0}204\u{a0}000", "3,1\u{a0}%", "1\u{a0}205\u{a0}EUR"),
        ] {
            let speaker = Speaker { currency: Currency::parse("EUR").expect("is one"), ..speaker(language) };
            assert_eq!(speaker.count(1_204_000.0), number);
            assert_eq!(speaker.share(0.0312), share);
            assert_eq!(speaker.money(120_450.0), money);
            assert_eq!(speaker.count(f64::NAN), "–");
            assert_eq!(speaker.of_unit(-0.0001, Unit::Count), speaker.grouped(0.0, 1));
        }
    }

    #[test]
    fn sentences_choose_their_plural() {
        let days = |language: &str, days: f64| {
            let numbers = BTreeMap::from([("days".to_owned(), days)]);
            speaker(language).say_numbers("dark.silent", &numbers)
        };
        assert!(days("en", 1.0).contains("1 day."), "{}", days("en", 1.0));
        assert!(days("en", 21.0).contains("21 days"));
        assert!(days("fr", 1.0).contains("1 jour."));
        assert!(
            days("ru", 21.0).contains("21 день") && days("ru", 3.0).contains("3 дня") && days("ru", 12.0).contains("12 дней")
        );
    }

    #[test]
    fn every_sentence_can_be_said_in_every_language_and_leaves_no_brace() {
        for language in ["en", "fr", "ru"] {
            let speaker = speaker(language);
            for key in super::super::words::keys() {
                let said = speaker.say_all(key, &BTreeMap::new());
                assert!(!said.is_empty() && !said.contains(['{', '}']), "{language} {key}: {said}");
            }
        }
        assert_eq!(speaker("en").say("no.such.key", []), "no.such.key");
    }

    #[test]
    fn a_figure_says_what_it_stands_on() {
        let figure = Figure { low: Some(0.02), high: Some(0.04), ..Figure::exact(0.03, 1_204, Unit::Share) };
        assert_eq!(speaker("en").figure(&figure), "3% (95% interval 2% to 4%, n = 1,204, evidence E3)");
        let unknown = Figure { evidence: Evidence::E0, ..Figure::unknown(Unit::Share) };
        assert_eq!(speaker("fr").figure(&unknown), "pas encore connu (n = 0)");
    }
}
