//! What the organisation wishes its pages to be like: language, wording, colour, logo. Its name, currency and time zone
//! are facts of the map, where figures are computed from them.

use super::store::failed;
use super::{Accounts, Who, audit};
use crate::failure::{Failure, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A logo travels with every first page: a greater one would slow it.
pub(super) const LOGO_MAX: usize = 48 * 1024;

/// Is what the people whom the organisation serves are called.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Wording {
    /// Customers.
    #[default]
    Customer,
    /// Students.
    Student,
    /// Patients.
    Patient,
    /// Citizens.
    Citizen,
    /// Members.
    Member,
}

/// Is what the pages of the organisation are like.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Organisation {
    /// The language of whoever has not chosen one: `en`, `fr`, `ru`, or empty for that of the browser.
    pub language: String,
    /// What people are called.
    pub wording: Wording,
    /// The colour of the brand, such as `#1c5799`; empty: ours.
    pub colour: String,
    /// The logo as a `data:` address of a PNG, JPEG or WebP; empty: ours.
    pub logo: String,
}

impl Organisation {
    /// Says what is wrong with it, or nothing.
    #[must_use]
    pub fn fault(&self) -> Option<&'static str> {
        if !["", "en", "fr", "ru"].contains(&self.language.as_str()) {
            Some("The language is en, fr or ru")
        } else if !(self.colour.is_empty() || is_colour(&self.colour)) {
            Some("The colour is written as #1c5799")
        } else if self.logo.len() > LOGO_MAX {
            Some("The logo is larger than 48 kB")
        } else if !(self.logo.is_empty() || is_picture(&self.logo)) {
            Some("The logo is a PNG, JPEG or WebP picture")
        } else {
            None
        }
    }
}

fn is_colour(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|sign| sign.is_ascii_hexdigit()))
}

/// Looks at the bytes themselves: what a file says of itself is no proof, and drawings in SVG may hold scripts.
fn is_picture(address: &str) -> bool {
    let picture = ["data:image/png;base64,", "data:image/jpeg;base64,", "data:image/webp;base64,"]
        .iter()
        .find_map(|kind| address.strip_prefix(kind))
        .and_then(|text| STANDARD.decode(text).ok());
    picture.is_some_and(|bytes| {
        bytes.starts_with(b"\x89PNG\r\n\x1a\n")
            || bytes.starts_with(&[0xff, 0xd8, 0xff])
            || (bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"))
    })
}

impl Accounts {
    /// Returns the wishes of the organisation.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn organisation(&self) -> Result<Organisation> {
        let document: Option<String> = sqlx::query_scalar("SELECT document FROM organisation WHERE id = 1")
            .fetch_optional(self.state.reader())
            .await
            .map_err(failed)?;
        let Some(document) = document else { return Ok(Organisation::default()) };
        serde_json::from_str(&document)
            .map_err(|error| Failure::new("Cannot read the settings of the organisation").because(&error))
    }

    /// Changes them.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn set_organisation(&self, who: &Who, organisation: &Organisation) -> Result<()> {
        let document =
            serde_json::to_string(organisation).map_err(|error| Failure::new("Cannot write the settings").because(&error))?;
        let mut transaction = self.state.begin().await.map_err(failed)?;
        sqlx::query(
            "INSERT INTO organisation (id, document) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET document = excluded.document",
        )
        .bind(document)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        audit::note(&mut transaction, who, "organisation.changed", "", (self.clock)()).await?;
        transaction.commit().await.map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_pages_can_show_is_taken() {
        let logo = |kind: &str, bytes: &[u8]| Organisation {
            logo: format!("data:image/{kind};base64,{}", STANDARD.encode(bytes)),
            ..Organisation::default()
        };
        assert_eq!(Organisation::default().fault(), None);
        assert_eq!(logo("png", b"\x89PNG\r\n\x1a\n....").fault(), None);
        assert!(logo("svg+xml", b"<svg onload='x()'/>").fault().is_some());
        assert!(logo("png", b"<svg onload='x()'/>").fault().is_some(), "whatever it calls itself");
        assert!(logo("png", &[b'x'; LOGO_MAX]).fault().is_some());
        for (colour, is_good) in [("#1c5799", true), ("red;}", false), ("#12345", false), ("", true)] {
            let settings = Organisation { colour: colour.into(), ..Organisation::default() };
            assert_eq!(settings.fault().is_none(), is_good, "{colour}");
        }
    }
}
