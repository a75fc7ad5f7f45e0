//! The table `tag`, and what a tag must be to stand in it.

use crate::fail;
use crate::failure::{Failure, Result};
use model::{Direction, Form, Instant, Signature};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use state::{State, StateError, Transaction};
use url::Url;
use utoipa::ToSchema;

/// Letters that cannot be taken for each other on paper or over the telephone.
const LETTERS: &[u8; 31] = b"23456789abcdefghjkmnpqrstuvwxyz";
/// So many letters are drawn: 31^7 codes, so that nobody finds one by trying, and a small picture.
const DRAWN: usize = 7;
/// A code is typed by hand and printed small.
const CODE_MAX: usize = 40;
/// Longer addresses make pictures that telephones fail to read, and are cut off by old programs.
const TARGET_MAX: usize = 2_000;
/// Words of a signature: the map shows them.
const WORD_MAX: usize = 200;

/// Is a tag as somebody orders it. What is left out has a default.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewTag {
    /// The code in the address; drawn where none is given.
    pub code: Option<String>,
    /// Where it leads: an address of http or https.
    pub target: String,
    /// The source whose settings say how careful we are with who scans it. The default is `tags`.
    pub source: Option<String>,
    /// What a scan is. The default is a printed piece that was scanned.
    pub form: Option<Form>,
    /// The event in the signature. The default is `scan`.
    pub event: Option<String>,
    /// The channel, such as `print`, `packaging`, `nfc`.
    pub channel: String,
    /// Where it hangs or lies.
    pub place: String,
    /// The campaign.
    pub campaign: String,
    /// The touchpoint, by its id in the map.
    pub touchpoint: String,
    /// Whether the target is told medium, campaign and code, as `utm_…` parameters.
    pub utm: bool,
}

/// Is a registered tag.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Tag {
    /// The code in its address.
    pub code: String,
    /// Where it leads.
    pub target: String,
    /// The source of its interactions.
    pub source: String,
    /// What a scan is.
    pub form: Form,
    /// The event.
    pub event: String,
    /// The channel.
    pub channel: String,
    /// Where it hangs or lies.
    pub place: String,
    /// The campaign.
    pub campaign: String,
    /// The touchpoint.
    pub touchpoint: String,
    /// Whether the target is told where people come from.
    pub utm: bool,
    /// Since when it exists, in microseconds.
    #[schema(value_type = i64)]
    pub created_at: Instant,
    /// Since when it leads nowhere, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub retired_at: Option<Instant>,
}

/// Is every tag ever registered. Clones share them.
#[derive(Clone)]
pub struct Tags {
    state: State,
}

impl NewTag {
    /// Checks it and fills in the defaults.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn checked(self, now: Instant) -> Result<Tag> {
        let word = |what: &str, text: String| {
            if text.len() > WORD_MAX || text.chars().any(char::is_control) {
                return Err(fail!(tag_word, "The {what} of a tag is at most {limit} bytes of plain text", limit = WORD_MAX));
            }
            Ok(text.trim().to_owned())
        };
        Ok(Tag {
            code: match self.code {
                Some(code) => checked_code(&code)?,
                None => drawn_code()?,
            },
            target: checked_target(&self.target)?,
            source: word("source", self.source.unwrap_or_else(|| "tags".to_owned()))?,
            form: self.form.unwrap_or(Form::Brochure),
            event: word("event", self.event.unwrap_or_else(|| "scan".to_owned()))?,
            channel: word("channel", self.channel)?,
            place: word("place", self.place)?,
            campaign: word("campaign", self.campaign)?,
            touchpoint: word("touchpoint", self.touchpoint)?,
            utm: self.utm,
            created_at: now,
            retired_at: None,
        })
    }
}

impl Tag {
    /// Returns the signature of its interactions.
    #[must_use]
    pub fn signature(&self) -> Signature {
        Signature {
            source: self.source.clone(),
            event: self.event.clone(),
            channel: self.channel.clone(),
            place: self.place.clone(),
            campaign: self.campaign.clone(),
            touchpoint: self.touchpoint.clone(),
        }
    }

    /// Returns who speaks: whoever scans comes to us.
    #[must_use]
    pub const fn direction(&self) -> Direction {
        Direction::Inbound
    }

    /// Returns where to send somebody: the target, with what it may be told. Its own parameters are not touched.
    #[must_use]
    pub fn destination(&self) -> String {
        let Ok(mut target) = Url::parse(&self.target) else {
            return self.target.clone();
        };
        if self.utm {
            let known: Vec<String> = target.query_pairs().map(|(name, _)| name.into_owned()).collect();
            let told = [
                ("utm_source", "tag"),
                ("utm_medium", self.channel.as_str()),
                ("utm_campaign", self.campaign.as_str()),
                ("utm_content", self.code.as_str()),
            ];
            let news = told.into_iter().filter(|(name, text)| !text.is_empty() && !known.iter().any(|known| known == name));
            target.query_pairs_mut().extend_pairs(news);
        }
        target.into()
    }
}

impl Tags {
    /// Looks after the tags of a state store.
    #[must_use]
    pub const fn new(state: State) -> Self {
        Self { state }
    }

    /// Registers a tag.
    ///
    /// # Errors
    /// Fails when the code was ever used, or when the state store does.
    pub async fn add(&self, tag: &Tag) -> Result<()> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        insert(&mut transaction, tag).await?;
        transaction.commit().await.map_err(failed)
    }

    /// Finds a tag; capitals make no difference.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn find(&self, code: &str) -> Result<Option<Tag>> {
        if code.len() > CODE_MAX {
            return Ok(None);
        }
        let row = sqlx::query(
            "SELECT code, target, source, form, event, channel, place, campaign, touchpoint, utm, created_at, retired_at \
             FROM tag WHERE code = $1",
        )
        .bind(code.to_lowercase())
        .fetch_optional(self.state.reader())
        .await
        .map_err(failed)?;
        Ok(row.as_ref().map(read))
    }

    /// Lists all tags, the newest first.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn all(&self) -> Result<Vec<Tag>> {
        let rows = sqlx::query(
            "SELECT code, target, source, form, event, channel, place, campaign, touchpoint, utm, created_at, retired_at \
             FROM tag ORDER BY created_at DESC, code",
        )
        .fetch_all(self.state.reader())
        .await
        .map_err(failed)?;
        Ok(rows.iter().map(read).collect())
    }

    /// Retires a tag: it leads nowhere from now on, and its code is not free again. Tells whether there was one.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn retire(&self, code: &str, now: Instant) -> Result<bool> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let done = sqlx::query("UPDATE tag SET retired_at = $1 WHERE code = $2 AND retired_at IS NULL")
            .bind(now.0)
            .bind(code.to_lowercase())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(done.rows_affected() == 1)
    }
}

/// Writes a tag inside a transaction of whoever needs one.
pub(in crate::features::capture::ways) async fn insert(transaction: &mut Transaction, tag: &Tag) -> Result<()> {
    let done = sqlx::query(
        "INSERT INTO tag (code, target, source, form, event, channel, place, campaign, touchpoint, utm, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (code) DO NOTHING",
    )
    .bind(tag.code.clone())
    .bind(tag.target.clone())
    .bind(tag.source.clone())
    .bind(tag.form.name())
    .bind(tag.event.clone())
    .bind(tag.channel.clone())
    .bind(tag.place.clone())
    .bind(tag.campaign.clone())
    .bind(tag.touchpoint.clone())
    .bind(i64::from(tag.utm))
    .bind(tag.created_at.0)
    .execute(&mut **transaction)
    .await
    .map_err(failed)?;
    if done.rows_affected() == 1 {
        return Ok(());
    }
    Err(given_away(tag))
}

/// Says that a code is not free any more.
pub(in crate::features::capture::ways) fn given_away(tag: &Tag) -> Failure {
    fail!(
        tag_code_taken,
        "The code `{code}` was given away before",
        "Choose another one: an old code may still hang somewhere, so none is used twice",
        code = &tag.code
    )
}

fn read(row: &sqlx::any::AnyRow) -> Tag {
    Tag {
        code: row.get("code"),
        target: row.get("target"),
        source: row.get("source"),
        form: Form::parse(&row.get::<String, _>("form")).unwrap_or(Form::Other),
        event: row.get("event"),
        channel: row.get("channel"),
        place: row.get("place"),
        campaign: row.get("campaign"),
        touchpoint: row.get("touchpoint"),
        utm: row.get::<i64, _>("utm") != 0,
        created_at: Instant(row.get("created_at")),
        retired_at: row.get::<Option<i64>, _>("retired_at").map(Instant),
    }
}

fn checked_code(code: &str) -> Result<String> {
    let fits = |sign: char| sign.is_ascii_alphanumeric() || sign == '-' || sign == '_';
    if code.is_empty() || code.len() > CODE_MAX || !code.chars().all(fits) {
        return Err(fail!(
            tag_code,
            "A code has 1 to {limit} letters of a to z, 0 to 9, - and _",
            "Such as `summer-box`, or none: then one is drawn",
            limit = CODE_MAX
        ));
    }
    Ok(code.to_lowercase())
}

fn drawn_code() -> Result<String> {
    let mut code = String::with_capacity(DRAWN);
    while code.len() < DRAWN {
        let mut bytes = [0_u8; DRAWN];
        getrandom::fill(&mut bytes).map_err(|error| Failure::new("The system gives no random bytes").because(&error))?;
        // 248 is the largest multiple of 31 in a byte: beyond it some letters would be drawn more often.
        let letters = bytes.iter().filter(|byte| **byte < 248).map(|byte| char::from(LETTERS[usize::from(*byte) % 31]));
        code.extend(letters.take(DRAWN - code.len()));
    }
    Ok(code)
}

/// Accepts an address that a browser opens as a page, and nothing that runs or reads there.
pub(in crate::features::capture::ways) fn checked_target(target: &str) -> Result<String> {
    let refused =
        |why: &str| fail!(tag_target, "A tag cannot lead there: {why}", "Give a whole address such as https://example.org/offer");
    if target.len() > TARGET_MAX {
        return Err(refused(&format!("the address is longer than {TARGET_MAX} bytes")));
    }
    let url = Url::parse(target.trim()).map_err(|error| refused(&error.to_string()))?;
    if !["http", "https"].contains(&url.scheme()) {
        return Err(refused("it is neither http nor https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("it holds a name or password"));
    }
    Ok(url.into())
}

fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("Cannot look after tags").because(&error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_are_targets() {
        for bad in
            ["", "/offer", "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "https://u:p@example.org/", "//x"]
        {
            let tag = NewTag { target: bad.to_owned(), ..NewTag::default() };
            assert!(tag.checked(Instant(0)).is_err(), "{bad}");
        }
        assert!(checked_target(&format!("https://example.org/{}", "x".repeat(TARGET_MAX))).is_err());
        assert_eq!(checked_target(" https://Example.org/Offer?x=1#y ").expect("a page"), "https://example.org/Offer?x=1#y");
    }

    #[test]
    fn codes_are_drawn_from_letters_that_can_be_told_apart() {
        let codes: std::collections::HashSet<String> = (0..200).map(|_| drawn_code().expect("draws")).collect();
        assert_eq!(codes.len(), 200);
        assert!(codes.iter().all(|code| code.len() == DRAWN && code.bytes().all(|letter| LETTERS.contains(&letter))));
        assert_eq!(checked_code("Summer-Box_1").expect("fits"), "summer-box_1");
        for bad in ["", "a b", "a/b", "ü", &"x".repeat(CODE_MAX + 1)] {
            assert!(checked_code(bad).is_err(), "{bad}");
        }
    }

    #[track_caller]
    fn check_destination(target: &str, utm: bool, expected: &str) {
        let new = NewTag {
            code: Some("box1".to_owned()),
            target: target.to_owned(),
            channel: "packaging".to_owned(),
            campaign: "spring & sun".to_owned(),
            utm,
            ..NewTag::default()
        };
        assert_eq!(new.checked(Instant(0)).expect("is sound").destination(), expected);
    }

    #[test]
    fn the_target_is_told_what_it_does_not_say_itself() {
        let told = "utm_source=tag&utm_medium=packaging&utm_campaign=spring+%26+sun&utm_content=box1";
        check_destination("https://example.org/a", false, "https://example.org/a");
        check_destination("https://example.org/a", true, &format!("https://example.org/a?{told}"));
        check_destination(
            "https://example.org/a?utm_campaign=own#x",
            true,
            "https://example.org/a?utm_campaign=own&utm_source=tag&utm_medium=packaging&utm_content=box1#x",
        );
    }
}
