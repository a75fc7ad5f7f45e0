//! Text that a person reads, in one or more of the product's languages.

use serde::{Deserialize, Serialize};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Holds a text in English and, where known, in French and Russian. A plain string reads as English.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Text {
    /// English, or whatever language the organisation writes in.
    pub en: String,
    /// French.
    pub fr: Option<String>,
    /// Russian.
    pub ru: Option<String>,
}

/// Is how a text stands in a file: a plain string, or an object by language.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
enum Written {
    Plain(String),
    ByLanguage {
        en: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fr: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ru: Option<String>,
    },
}

impl Text {
    /// Tells whether these are its words, in any language.
    #[must_use]
    pub fn says(&self, words: &str) -> bool {
        [Some(&self.en), self.fr.as_ref(), self.ru.as_ref()].into_iter().flatten().any(|text| text == words)
    }
}

impl PartialSchema for Text {
    fn schema() -> RefOr<Schema> {
        Written::schema()
    }
}

impl ToSchema for Text {}

impl From<Written> for Text {
    fn from(written: Written) -> Self {
        match written {
            Written::Plain(en) => Self { en, fr: None, ru: None },
            Written::ByLanguage { en, fr, ru } => Self { en, fr, ru },
        }
    }
}

impl From<Text> for Written {
    fn from(text: Text) -> Self {
        if text.fr.is_none() && text.ru.is_none() {
            Self::Plain(text.en)
        } else {
            Self::ByLanguage { en: text.en, fr: text.fr, ru: text.ru }
        }
    }
}

impl From<&str> for Text {
    fn from(en: &str) -> Self {
        Self { en: en.to_owned(), fr: None, ru: None }
    }
}

impl From<String> for Text {
    fn from(en: String) -> Self {
        Self { en, fr: None, ru: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_and_translated_survive_a_round_trip() {
        for json in [r#""Shop""#, r#"{"en":"Shop","fr":"Magasin","ru":"Магазин"}"#] {
            let text: Text = serde_json::from_str(json).expect("valid");
            assert_eq!(serde_json::to_string(&text).expect("serialises"), json);
        }
    }
}
