//! What the house says of something that somebody gave it, so that it can be said in any language: which sentence it is, the
//! values in it, and the sentence in English.
//!
//! The command line and programs read the English; the browser has the words for each [`Code`] in every language. A code that a
//! browser does not know, or that an older version of the house has stored, is told in English.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{RefOr, extensions::ExtensionsBuilder};
use utoipa::{PartialSchema, ToSchema};

/// Lists the codes, each with the values of its sentence. A code listed twice is no program.
macro_rules! codes {
    ($($code:ident($($value:ident),*)),* $(,)?) => {
        /// Is which sentence something is. Code, variant and key of the words in the browser are one text.
        #[expect(non_camel_case_types, reason = "a search for a code finds it everywhere")]
        #[expect(missing_docs, reason = "each is said in plain words where it is told, and in the browser's words")]
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Code { $($code),* }

        impl Code {
            /// Is all of them.
            pub const ALL: &[Self] = &[$(Self::$code),*];

            /// Returns the code as it is told.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$code => stringify!($code)),* }
            }

            /// Returns the names of the values in its sentence.
            #[must_use]
            pub const fn values(self) -> &'static [&'static str] {
                match self { $(Self::$code => &[$(stringify!($value)),*]),* }
            }
        }
    };
}

codes! {
    // Rows of a file, and of a body.
    amount_too_large(column), amount_unreadable(column), cells_miscounted(cells, header), count_negative(column),
    count_too_large(column, limit), count_unreadable(column), currencies_differ(), currency_unknown(column), date_impossible(),
    date_part_unreadable(column), direction_unknown(column), form_unknown(column), group_currencies_differ(), group_damaged(),
    group_not_sorted(), group_spoiled(), group_sum_too_large(), id_empty(columns), line_no_object(), month_unreadable(column),
    row_unreadable(), score_out_of_range(column, low, high), time_empty(columns), time_unreadable(columns),
    too_many_rows(rows, limit), too_many_signals(limit), value_not_listed(column), worth_too_large(),

    // Events of programs.
    bad_amount(field), bad_currency(field), bad_header(header), bad_timestamp(field), batch_too_long(limit), cut(),
    data_unreadable(field), event_too_large(limit), event_unreadable(fields), field_unfit(field, limit), id_too_long(limit),
    invalid_json(line, column), missing_attribute(attribute), no_event(fields), no_format(), no_group_id(field),
    no_identity(field), no_previous_id(field), no_source(), no_type(field), no_user_anon_id(fields), no_user_id(field),
    number_out_of_range(), other_source(field), props_too_large(limit), too_deep(limit), too_many_events(events, limit),
    unknown_event_format(), unknown_specversion(field), unknown_type(field, known), unknown_word(attribute), unreadable(field),
    value_unreadable(fields), wrong_type(line, column), wrong_shape(),

    // What a hook answers to its sender.
    body_too_large(limit), body_unreadable(), hook_unknown(), mapping_unsound(), signature_missing(header), signature_wrong(),
    timestamp_out_of_tolerance(header), timestamp_unreadable(header),

    // What an import says of itself.
    chat_undated(file), column_nested(column, file), column_unseen(column, file), currency_foreign(currency, map),
    file_damaged(rows, detail), file_encoded(file, encoding), file_not_as_mapped(file, kind), file_not_as_named(file, kind),
    file_without_rows(), letters_lost(file, cells, encoding),

    // Files that cannot be read.
    archive_crowded(file, members, limit), archive_empty(file), archive_mixed(file), archive_unreadable(file),
    archive_without_members(file), column_type(column, file, kind), delimiter_absent(file, told, found), delimiter_no_ascii(told),
    encoding_unknown(encoding), file_binary(file), file_empty(file), file_foreign(file, kind), file_is_array(file),
    file_is_folder(file), file_is_page(file), file_is_workbook(file), file_is_xml(file), file_no_rows(file),
    file_unreadable(file, detail), groups_damaged(rows), groups_too_many(), group_line_unreadable(line),
    member_unreadable(file), parquet_unreadable(file), unpacked_too_large(file, size),

    // Mappings that do not fit, or contradict themselves.
    amount_choice(table), column_misspelt(column, file, near), column_unknown(column, file, columns), condition_tests(column),
    constant_no_amount(text), direction_misspelt(word, near), direction_no_word(word, known), form_misspelt(word, near),
    form_no_word(word, known), group_alone(), mapping_for_files(part), mapping_key_misspelt(line, key, near),
    mapping_key_missing(key), mapping_key_unknown(line, key), mapping_unreadable(line, detail), rejects_without_year(),
    time_choice(), time_constant(text), time_format(text), year_choice(), zone_unknown(zone),

    // Importing through the browser.
    file_gone(), file_too_long(size), file_vanished(), import_called_off(), import_interrupted(), import_running(),
    import_unknown(), imports_waiting(files), mapping_lookup(), mapping_one_way(), mapping_too_long(limit), upload_broken(),
    upload_crowded(), upload_empty(),

    // Entries by hand.
    hand_amount(), hand_busy(seconds), hand_correction(), hand_early(), hand_future(), hand_id_empty(), hand_name(kind),
    hand_name_kind(), hand_names(limit), hand_note(limit), hand_time(), hand_touchpoint(touchpoint),
    hand_touchpoint_misspelt(touchpoint, near), hand_word(field, limit),

    // Sources, tags, feeds and hooks as they are set up.
    feed_language(), feed_name(limit), feed_text(limit), hook_name(limit), source_days(), source_keys(limit, name), source_name(),
    source_origin(origin), source_settings(detail), source_taken(name), source_weight(limit), sources_many(limit), tag_code(limit),
    tag_code_taken(code), tag_target(), tag_word(limit),
}

impl ToSchema for Code {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("TellingCode")
    }
}

impl PartialSchema for Code {
    /// Lists the codes, with the names of the values of each, by which the browser's words are checked.
    fn schema() -> RefOr<Schema> {
        let values: serde_json::Map<_, _> = Self::ALL.iter().map(|code| (code.name().to_owned(), code.values().into())).collect();
        let values: Extensions = ExtensionsBuilder::new().add("x-values", values).build();
        let codes = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("Is which sentence something is. `x-values` names the values of each."))
            .enum_values(Some(Self::ALL.iter().map(|code| code.name())))
            .extensions(Some(values));
        codes.build().into()
    }
}

/// Is what fills a place in a sentence. Never what stands in a cell or an event: that may be personal.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = TellingValue)]
pub enum Filling {
    /// A number.
    Number(i64),
    /// A name or word, as it stands.
    Text(String),
    /// Several of them.
    Texts(Vec<String>),
}

impl fmt::Display for Filling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
            Self::Texts(texts) => f.write_str(&texts.join(", ")),
        }
    }
}

impl From<&str> for Filling {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Filling {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Filling {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<char> for Filling {
    fn from(sign: char) -> Self {
        Self::Text(sign.to_string())
    }
}

impl From<Vec<String>> for Filling {
    fn from(texts: Vec<String>) -> Self {
        Self::Texts(texts)
    }
}

impl<const N: usize> From<[&str; N]> for Filling {
    fn from(texts: [&str; N]) -> Self {
        Self::Texts(texts.map(str::to_owned).to_vec())
    }
}

/// Takes the kinds of numbers that are counted with here; what is beyond is as good as the largest.
macro_rules! numbers {
    ($($kind:ty),*) => {
        $(impl From<$kind> for Filling {
            fn from(number: $kind) -> Self {
                Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
            }
        })*
    };
}
numbers!(i16, i32, u32, i64, u64, usize);

/// Is a sentence with its code and values.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, ToSchema)]
pub struct Telling {
    /// Which sentence it is, such as `no_identity`. What an older version has stored may bear a code that is no more.
    #[schema(value_type = Code)]
    pub code: Cow<'static, str>,
    /// What is wrong, where, and what to do, in English.
    #[schema(value_type = String)]
    pub says: Cow<'static, str>,
    /// The values in it, by their names: with them it can be said in another language.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Filling>)]
    pub values: BTreeMap<Cow<'static, str>, Filling>,
}

impl Telling {
    /// Makes a sentence of its parts: for [`tell`], which knows that they fit.
    pub fn new(code: Code, says: String, values: impl IntoIterator<Item = (&'static str, Filling)>) -> Self {
        let values = values.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect();
        Self { code: Cow::Borrowed(code.name()), says: Cow::Owned(says), values }
    }

    /// Takes up what was stored; `values` is empty where only the sentence was.
    #[must_use]
    pub fn stored(code: String, says: String, values: &str) -> Self {
        Self { code: code.into(), says: says.into(), values: serde_json::from_str(values).unwrap_or_default() }
    }

    /// Writes the values down, for [`Telling::stored`].
    #[must_use]
    pub fn stored_values(&self) -> String {
        serde_json::to_string(&self.values).unwrap_or_default()
    }
}

impl fmt::Display for Telling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.says)
    }
}

/// Tells whether values are those that a code has. Asked while the program is built.
#[must_use]
pub const fn fits(code: Code, values: &[&str]) -> bool {
    let wanted = code.values();
    let mut at = 0;
    while at < wanted.len() && at < values.len() && is_same(wanted[at].as_bytes(), values[at].as_bytes()) {
        at += 1;
    }
    at == wanted.len() && at == values.len()
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

/// Makes a [`Telling`]: its code, the sentence in English, and the values of the code, which the sentence may hold.
///
/// `tell!(count_too_large, "`{column}` is larger than {limit}", column = &place.name, limit = TOUCHES)`
#[macro_export]
macro_rules! tell {
    ($code:ident, $says:literal $(, $value:ident = $from:expr)* $(,)?) => {{
        const { assert!($crate::telling::fits($crate::telling::Code::$code, &[$(stringify!($value)),*]), "the values are not those of the code") };
        let ($($value,)*) = ($($crate::telling::Filling::from($from),)*);
        let says = std::fmt::format(format_args!($says));
        $crate::telling::Telling::new($crate::telling::Code::$code, says, [$((stringify!($value), $value)),*])
    }};
}

/// Makes a [`crate::failure::Failure`] that can be said in any language: as [`tell`], with what to do now as a second sentence.
#[macro_export]
macro_rules! fail {
    ($code:ident, $what:literal, $hint:literal $(, $value:ident = $from:expr)* $(,)?) => {{
        const { assert!($crate::telling::fits($crate::telling::Code::$code, &[$(stringify!($value)),*]), "the values are not those of the code") };
        let ($($value,)*) = ($($crate::telling::Filling::from($from),)*);
        let (what, hint) = (std::fmt::format(format_args!($what)), std::fmt::format(format_args!($hint)));
        let values = [$((stringify!($value), $value)),*];
        $crate::failure::Failure::telling($crate::telling::Telling::new($crate::telling::Code::$code, what, values)).hint(hint)
    }};
    ($code:ident, $what:literal $(, $value:ident = $from:expr)* $(,)?) => {
        $crate::failure::Failure::telling($crate::tell!($code, $what $(, $value = $from)*))
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_holds_its_values() {
        let told =
            tell!(score_out_of_range, "`{column}` is no whole number from {low} to {high}", column = "sum 2", low = 0, high = 10);
        assert_eq!(told.says, "`sum 2` is no whole number from 0 to 10");
        let expected = serde_json::json!({
            "code": "score_out_of_range", "says": told.says, "values": { "column": "sum 2", "low": 0, "high": 10 }
        });
        assert_eq!(serde_json::to_value(&told).expect("is JSON"), expected);
        assert_eq!(serde_json::from_value::<Telling>(expected).expect("is read"), told);
        assert_eq!(Telling::stored(told.code.to_string(), told.says.to_string(), &told.stored_values()), told);
    }

    #[test]
    fn what_was_stored_without_values_is_its_sentence() {
        let told = Telling::stored("of_yore".to_owned(), "It was odd".to_owned(), "");
        assert_eq!((told.to_string(), told.values.len()), ("It was odd".to_owned(), 0));
    }

    #[test]
    fn a_failure_says_what_and_what_to_do() {
        let failure = fail!(
            column_misspelt,
            "`{file}` has no column `{column}`",
            "Did you mean `{near}`?",
            column = "a",
            file = "f",
            near = "b"
        );
        assert_eq!(failure.to_string(), "`f` has no column `a`\n  hint: Did you mean `b`?");
        assert_eq!(failure.telling.expect("is told").code, "column_misspelt");
    }

    /// A code that nothing tells any more would keep words in three languages for nothing.
    #[test]
    fn every_code_is_told_somewhere() {
        fn sources(folder: &std::path::Path, all: &mut String) {
            for entry in std::fs::read_dir(folder).expect("is a folder") {
                let path = entry.expect("is there").path();
                if path.is_dir() {
                    sources(&path, all);
                } else if !path.ends_with("telling.rs") {
                    all.push_str(&std::fs::read_to_string(&path).unwrap_or_default());
                }
            }
        }
        let mut all = String::new();
        sources(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
        let all: String = all.split_whitespace().collect();
        let is_told = |name: &str| ["tell!", "fail!"].iter().any(|how| all.contains(&format!("{how}({name},")));
        let untold: Vec<&str> = Code::ALL.iter().map(|code| code.name()).filter(|name| !is_told(name)).collect();
        assert!(untold.is_empty(), "{untold:?}");
    }

    #[test]
    fn values_fit_by_name_and_order() {
        fn check(values: &[&str], expected: bool) {
            assert_eq!(fits(Code::count_too_large, values), expected, "{values:?}");
        }
        check(&["column", "limit"], true);
        for wrong in [&["limit", "column"][..], &["column"], &["column", "limit", "more"], &["column", "limits"], &[]] {
            check(wrong, false);
        }
    }
}
