//! Fetching mail over IMAP, for ever: what is new is fetched one by one, in order, and how far that has come is noted after
//! each. A mail is known again by its id wherever it was put, so fetching one twice changes nothing.
//!
//! No mail stops the next one: one that is too large is taken in part, and one over which the line breaks again and again is
//! passed over, both where somebody sees it.

use super::imap::{Imap, Trouble};
use super::line::Line;
use super::receive::MAIL_MAX;
use crate::failure::{Failure, Result};
use crate::features::conversations::Talk;
use crate::features::conversations::settings::MailSettings;
use crate::features::conversations::store::{cut, failed};
use jiff::Timestamp;
use model::time::{DAY, SECOND};
use sqlx::Row;
use std::time::Duration;

/// Of a mail that is larger than anything that is taken, so much is.
const PART: usize = 256 * 1024;
/// A mail over which the line broke so often is passed over.
const TRIES_MAX: i64 = 4;
/// A line that only waits is opened anew before the server ends it (RFC 2177 says after 29 minutes).
const WAIT: Duration = Duration::from_secs(24 * 60);
/// The first pause after trouble; each is twice the one before, up to the last.
const PAUSE: Duration = Duration::from_secs(5);
const PAUSE_MAX: Duration = Duration::from_secs(600);
/// How often settings are looked at while there is no box to read.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Is how far a box was read.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Place {
    name: String,
    uid_validity: i64,
    uid: i64,
    tries: i64,
    looked_at: i64,
}

impl Talk {
    /// Fetches mail until it is aborted.
    pub async fn fetch_mail(self) {
        let mut pause = PAUSE;
        loop {
            match self.fetch_new(WAIT).await {
                Ok(true) => pause = PAUSE,
                Ok(false) => tokio::time::sleep(LOOK_EVERY).await,
                Err(failure) => {
                    tracing::warn!("{failure}");
                    // Not all at the same moment, should the server have sent away many.
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
        }
    }

    /// Fetches what is new, then waits for more for so long at most. `false`: there is no box to read.
    ///
    /// # Errors
    /// Fails when the server is not reached or says no, or a store fails; it goes on from there the next time.
    pub async fn fetch_new(&self, wait: Duration) -> Result<bool> {
        let settings = self.inbox.settings().await?.mail;
        if settings.imap_server.is_empty() || settings.address.is_empty() {
            return Ok(false);
        }
        let mut place = self.place(&settings).await?;
        let outcome = self.read_box(&settings, &mut place, wait).await;
        let said = outcome.as_ref().err().map(|trouble| cut(trouble.said(), 200).to_owned()).unwrap_or_default();
        self.note_place(&place, &said).await?;
        match outcome {
            Ok(()) => Ok(true),
            Err(trouble) => Err(Failure::new(format!("Cannot fetch mail: {}", trouble.said()))
                .hint("Look at server, user and password of the mailbox; it is tried again")),
        }
    }

    async fn read_box(&self, settings: &MailSettings, place: &mut Place, wait: Duration) -> Result<(), Trouble> {
        let is_tls = !matches!(settings.imap_security.as_str(), "plain" | "starttls");
        let line = Line::open(&self.outbound(), &settings.imap_server, is_tls).await.map_err(Trouble::Lost)?;
        let starts_tls = settings.imap_security == "starttls";
        let mut imap = Imap::begin(line, starts_tls, &settings.imap_user, &settings.imap_password).await?;
        let stands = imap.look_at(settings.folder()).await?;
        if stands.uid_validity != place.uid_validity {
            // The numbers say nothing any more: everything since the last look comes again, and what is known stays one.
            (place.uid_validity, place.uid, place.tries) = (stands.uid_validity, 0, 0);
        }
        loop {
            self.take_new(&mut imap, place).await?;
            if wait.is_zero() {
                break;
            }
            let before = tokio::time::Instant::now();
            imap.wait(wait).await?;
            let is_same = self.inbox.settings().await.is_ok_and(|now| now.mail == *settings);
            if before.elapsed() >= wait || !is_same {
                break;
            }
        }
        imap.end().await;
        Ok(())
    }

    /// Takes what is new in an open box.
    async fn take_new(&self, imap: &mut Imap, place: &mut Place) -> Result<(), Trouble> {
        let lost = |failure: Failure| Trouble::Lost(failure.to_string());
        // `n:*` names the last mail even where its number is smaller, hence the filter.
        let what =
            if place.uid > 0 { format!("UID {}:*", place.uid + 1) } else { format!("SINCE {}", day(place.looked_at - DAY)) };
        let looked_at = self.inbox.now().0;
        let new = imap.find(&what).await?;
        for uid in new {
            if uid <= place.uid {
                continue;
            }
            if place.tries >= TRIES_MAX {
                self.take_mail(&passed_over(uid), "unknown@invalid", &[], Some("could not be fetched")).await.map_err(lost)?;
            } else {
                // Noted before: should this mail end the line, or us, the next try knows.
                place.tries += 1;
                self.note_place(place, "").await.map_err(lost)?;
                self.take_one(imap, uid).await?;
            }
            (place.uid, place.tries) = (uid, 0);
            self.note_place(place, "").await.map_err(lost)?;
        }
        place.looked_at = looked_at;
        Ok(())
    }

    async fn take_one(&self, imap: &mut Imap, uid: i64) -> Result<(), Trouble> {
        let Some(size) = imap.size(uid).await? else { return Ok(()) };
        let is_whole = size <= MAIL_MAX as i64;
        let Some(raw) = imap.fetch(uid, if is_whole { MAIL_MAX } else { PART }).await? else { return Ok(()) };
        let (from, to) = envelope(&raw);
        let trouble = (!is_whole).then_some("too large to be fetched whole");
        self.take_mail(&raw, &from, &to, trouble).await.map_err(|failure| Trouble::Lost(failure.to_string()))
    }

    /// Reads how far the box was read.
    async fn place(&self, settings: &MailSettings) -> Result<Place> {
        let name = [&settings.imap_server, &settings.imap_user, &settings.imap_folder].map(String::as_str).join("\n");
        let name = blake3::hash(name.as_bytes()).to_hex()[..32].to_owned();
        let row = sqlx::query("SELECT uid_validity, uid, tries, looked_at FROM mail_fetch WHERE id = 1 AND box = $1");
        let row = row.bind(name.clone()).fetch_optional(self.inbox.stores.state.reader()).await.map_err(failed)?;
        Ok(match row {
            Some(row) => Place {
                name,
                uid_validity: row.get("uid_validity"),
                uid: row.get("uid"),
                tries: row.get("tries"),
                looked_at: row.get("looked_at"),
            },
            None => Place { name, uid_validity: 0, uid: 0, tries: 0, looked_at: self.inbox.now().0 },
        })
    }

    async fn note_place(&self, place: &Place, trouble: &str) -> Result<()> {
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        sqlx::query(
            "INSERT INTO mail_fetch (id, box, uid_validity, uid, tries, looked_at, trouble) VALUES (1, $1, $2, $3, $4, $5, $6) \
             ON CONFLICT (id) DO UPDATE SET box = excluded.box, uid_validity = excluded.uid_validity, uid = excluded.uid, \
             tries = excluded.tries, looked_at = excluded.looked_at, trouble = excluded.trouble",
        )
        .bind(place.name.clone())
        .bind(place.uid_validity)
        .bind(place.uid)
        .bind(place.tries)
        .bind(place.looked_at)
        .bind(trouble.to_owned())
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    /// Tells how fetching stands: when the box was last read whole, and what is in the way; `None` where none is read.
    pub(in crate::features::conversations) async fn fetching(&self) -> Result<Option<(i64, String)>> {
        let settings = self.inbox.settings().await?.mail;
        if settings.imap_server.is_empty() {
            return Ok(None);
        }
        let place = self.place(&settings).await?;
        let sql = "SELECT trouble FROM mail_fetch WHERE id = 1 AND box = $1";
        let trouble = sqlx::query_scalar(sql).bind(place.name).fetch_optional(self.inbox.stores.state.reader());
        Ok(Some((place.looked_at, trouble.await.map_err(failed)?.unwrap_or_default())))
    }
}

/// Finds who sent a mail and to whom, as the server that took it has noted on its head.
fn envelope(raw: &[u8]) -> (String, Vec<String>) {
    let head = &raw[..raw.len().min(PART)];
    let text = String::from_utf8_lossy(head);
    let (mut from, mut to) = (None, Vec::new());
    for line in text.lines().take_while(|line| !line.is_empty()) {
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = value.trim().trim_matches(['<', '>']);
        match name.to_ascii_lowercase().as_str() {
            "return-path" if from.is_none() => from = Some(value.to_owned()),
            "delivered-to" | "x-original-to" | "envelope-to" if to.len() < 10 => to.push(value.to_owned()),
            _ => {}
        }
    }
    // Without that note nothing is known, which is not the same as the empty sender of a report.
    (from.unwrap_or_else(|| "unknown@invalid".to_owned()), to)
}

/// Stands in for a mail that cannot be had, so that somebody looks for it.
fn passed_over(uid: i64) -> Vec<u8> {
    format!(
        "From: unknown@invalid\r\nSubject: A mail that could not be fetched\r\n\r\n\
         The line to the mail server broke over it again and again. It is still in the mailbox (UID {uid}): open it with a mail program.\r\n"
    )
    .into_bytes()
}

/// Writes a day as searches name it, such as `5-Feb-2026`.
fn day(at: i64) -> String {
    let at = Timestamp::from_second(at.div_euclid(SECOND)).unwrap_or_default();
    at.strftime("%-d-%b-%Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_sent_a_mail_is_read_from_its_head_alone() {
        let raw = b"Return-Path: <ann@example.org>\r\nDelivered-To: help+abc@shop.example.org\r\nFrom: x\r\n\r\nReturn-Path: <eve@example.org>\r\n";
        assert_eq!(envelope(raw), ("ann@example.org".to_owned(), vec!["help+abc@shop.example.org".to_owned()]));
        assert_eq!(envelope(b"Return-Path: <>\r\n\r\n").0, "", "a report");
        assert_eq!(envelope(b"From: x\r\n\r\n").0, "unknown@invalid");
    }

    #[test]
    fn days_are_written_in_english_whatever_the_machine_speaks() {
        assert_eq!(day(1_764_072_000 * SECOND), "25-Nov-2025");
        assert_eq!(day(1_770_249_600 * SECOND), "5-Feb-2026");
    }
}
