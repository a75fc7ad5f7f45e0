//! Letters of the house to its own members: tables `staff_letter` and `staff_letter_file`.
//!
//! They go out by the same server as letters to customers, or are caught with them, and are something else all the same:
//! nobody's consent is asked for them, they count nowhere, and the ledger hears nothing of them. The address is read from the
//! account when a letter goes, so who has left the organisation gets none.
//!
//! A letter that a crash catches on its way goes again under the same Message-ID, by which mail programs know it again: a
//! report that never comes is worse than one that is there twice.

use super::pen::unfit;
use super::read::Letter;
use super::send::{Carrier, PAUSE, TRIES_MAX, Trouble, marked};
use crate::failure::Result;
use crate::features::account::{Accounts, Addressee};
use crate::features::conversations::settings::MailSettings;
use crate::features::conversations::store::failed;
use crate::features::conversations::{Inbox, ShownLetter, Talk};
use lettre::message::header::ContentTransferEncoding;
use lettre::message::{Attachment, Body, MultiPart, SinglePart};
use model::Instant;
use model::time::DAY;
use sqlx::Row;
use sqlx::any::AnyRow;
use state::Transaction;
use std::collections::BTreeMap;

/// So many letters go in one round.
const AT_ONCE: i64 = 50;
/// So many are shown.
const SHOWN_MAX: i64 = 100;
/// So long a letter can be looked at after it went.
const KEPT: i64 = 90 * DAY;

/// Is a letter that a member shall get.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StaffLetter {
    /// Names it for ever: the same id is one letter.
    pub id: String,
    /// To whom: the number of an account.
    pub account: i64,
    /// What it is about.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// The same in HTML, every text in it escaped.
    pub html: String,
    /// What is attached.
    pub files: Vec<StaffFile>,
}

/// Is a file that goes with a letter to a member.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StaffFile {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub kind: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl StaffLetter {
    /// Queues it in the transaction of what it tells. Twice with the same id is once.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn queue(&self, transaction: &mut Transaction, now: Instant) -> Result<()> {
        let done = sqlx::query(
            "INSERT INTO staff_letter (id, account, subject, body, html, state, said, mark, attempts, next_at, at) \
             VALUES ($1, $2, $3, $4, $5, 'queued', '', '', 0, $6, $6) ON CONFLICT (id) DO NOTHING",
        )
        .bind(self.id.clone())
        .bind(self.account)
        .bind(self.subject.clone())
        .bind(self.text.clone())
        .bind(self.html.clone())
        .bind(now.0)
        .execute(&mut **transaction)
        .await
        .map_err(failed)?;
        if done.rows_affected() == 0 {
            return Ok(());
        }
        for (place, file) in self.files.iter().enumerate() {
            sqlx::query("INSERT INTO staff_letter_file (letter, place, name, kind, bytes) VALUES ($1, $2, $3, $4, $5)")
                .bind(self.id.clone())
                .bind(place as i64)
                .bind(file.name.clone())
                .bind(file.kind.clone())
                .bind(file.bytes.clone())
                .execute(&mut **transaction)
                .await
                .map_err(failed)?;
        }
        forget_old(transaction, now).await
    }
}

async fn forget_old(transaction: &mut Transaction, now: Instant) -> Result<()> {
    for sql in [
        "DELETE FROM staff_letter_file WHERE letter IN (SELECT id FROM staff_letter WHERE at < $1)",
        "DELETE FROM staff_letter WHERE at < $1",
    ] {
        sqlx::query(sql).bind(now.0 - KEPT).execute(&mut **transaction).await.map_err(failed)?;
    }
    Ok(())
}

/// Is what became of a letter.
struct Fate {
    state: &'static str,
    said: String,
    /// When it is tried again.
    next_at: Option<i64>,
}

impl Fate {
    fn ended(state: &'static str, said: impl Into<String>) -> Self {
        Self { state, said: said.into(), next_at: None }
    }
}

impl Talk {
    /// Sends the letters to members that are due.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn send_staff_letters(&self) -> Result<()> {
        let now = self.inbox.now();
        // One sender: what stands as `sending` was on its way when the server stopped.
        let sql = "SELECT id, account, subject, body, html, attempts FROM staff_letter \
                   WHERE state IN ('queued', 'sending') AND next_at <= $1 ORDER BY at, id LIMIT $2";
        let state = &self.inbox.stores.state;
        let rows = sqlx::query(sql).bind(now.0).bind(AT_ONCE).fetch_all(state.reader()).await.map_err(failed)?;
        if rows.is_empty() {
            return Ok(());
        }
        let settings = self.inbox.settings().await?.mail;
        let known = accounts(&self.inbox).addressees().await?;
        let secret = self.door.policy().secret("mail").await?;
        let mut carrier = Carrier::new(&settings, self.outbound());
        for row in &rows {
            let (id, account): (String, i64) = (row.get("id"), row.get("account"));
            let mark = blake3::keyed_hash(&secret, format!("staff:{id}").as_bytes()).to_hex()[..32].to_owned();
            let fate = match known.iter().find(|one| one.account == account) {
                None => Fate::ended("stopped", "nobody with an address"),
                Some(_) if settings.server.is_empty() => Fate::ended("caught", ""),
                Some(reader) => self.carry_to_staff(&mut carrier, row, reader, &mark, &settings).await?,
            };
            self.note_staff(&id, &fate, &mark).await?;
        }
        carrier.end().await;
        Ok(())
    }

    async fn carry_to_staff(
        &self,
        carrier: &mut Carrier<'_>,
        row: &AnyRow,
        reader: &Addressee,
        mark: &str,
        settings: &MailSettings,
    ) -> Result<Fate> {
        let id: String = row.get("id");
        let mail = match self.written_to_staff(row, reader, mark, settings).await {
            Ok(mail) => mail,
            Err(failure) => return Ok(Fate::ended("failed", failure.what)),
        };
        self.note_staff(&id, &Fate::ended("sending", ""), mark).await?;
        let attempts: i64 = row.get("attempts");
        Ok(match carrier.hand_over(&marked(&settings.address, mark), &reader.email, &mail).await {
            Ok(()) => Fate::ended("sent", ""),
            Err(Trouble::Unknown(said)) => Fate::ended("failed", format!("perhaps sent: {said}")),
            Err(Trouble::Later(said)) if attempts + 1 < TRIES_MAX => {
                let pause = PAUSE << (2 * attempts.clamp(0, 10));
                Fate { state: "queued", said, next_at: Some(self.inbox.now().0 + pause) }
            }
            Err(Trouble::Never(said) | Trouble::Later(said)) => Fate::ended("failed", said),
        })
    }

    async fn note_staff(&self, id: &str, fate: &Fate, mark: &str) -> Result<()> {
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        sqlx::query(
            "UPDATE staff_letter SET state = $1, said = $2, mark = $3, next_at = COALESCE($4, next_at), attempts = attempts + $5 \
             WHERE id = $6",
        )
        .bind(fate.state)
        .bind(fate.said.clone())
        .bind(mark.to_owned())
        .bind(fate.next_at)
        .bind(i64::from(fate.next_at.is_some()))
        .bind(id.to_owned())
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    /// Writes a letter as it travels: plain text, the same in HTML, and the files.
    async fn written_to_staff(&self, row: &AnyRow, reader: &Addressee, mark: &str, settings: &MailSettings) -> Result<Vec<u8>> {
        let pen = self.pen(settings).await?;
        let to = (reader.name.as_str(), reader.email.as_str());
        let builder = pen.head(to, &row.get::<String, _>("subject"), mark, Some("auto-generated"))?;
        let both = MultiPart::alternative_plain_html(row.get::<String, _>("body"), row.get::<String, _>("html"));
        let files = self.staff_files(&row.get::<String, _>("id")).await?;
        let parts = if files.is_empty() { both } else { with_files(both, files).map_err(|_| unfit("A file"))? };
        pen.signed(&builder.multipart(parts).map_err(|error| unfit("This letter").because(&error))?)
    }

    async fn staff_files(&self, letter: &str) -> Result<Vec<StaffFile>> {
        let sql = "SELECT name, kind, bytes FROM staff_letter_file WHERE letter = $1 ORDER BY place";
        let rows = sqlx::query(sql).bind(letter.to_owned()).fetch_all(self.inbox.stores.state.reader()).await;
        let file = |row: &AnyRow| StaffFile { name: row.get("name"), kind: row.get("kind"), bytes: row.get("bytes") };
        Ok(rows.map_err(failed)?.iter().map(file).collect())
    }

    /// Takes what a machine answers to a letter to a member: a bounce is noted at the letter, an answer of somebody's absence
    /// is let go. `false`: it is something else.
    pub(super) async fn staff_answered(&self, letter: &Letter, marks: &[String]) -> Result<bool> {
        if letter.report.is_none() && letter.robot.is_none() {
            return Ok(false);
        }
        for mark in marks {
            let id: Option<String> = sqlx::query_scalar("SELECT id FROM staff_letter WHERE mark = $1")
                .bind(mark.to_lowercase())
                .fetch_optional(self.inbox.stores.state.reader())
                .await
                .map_err(failed)?;
            let Some(id) = id else { continue };
            if let Some(report) = &letter.report {
                self.note_staff(&id, &Fate::ended("bounced", report.status.clone()), mark).await?;
            }
            return Ok(true);
        }
        Ok(false)
    }

    /// Tells whether letters leave the house: where no server is named, they are caught and shown.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn sends_mail(&self) -> Result<bool> {
        Ok(!self.inbox.settings().await?.mail.server.is_empty())
    }
}

fn with_files(both: MultiPart, files: Vec<StaffFile>) -> std::result::Result<MultiPart, Box<dyn std::error::Error>> {
    let mut parts = MultiPart::mixed().multipart(both);
    for StaffFile { name, kind, bytes } in files {
        let body = Body::new_with_encoding(bytes, ContentTransferEncoding::Base64).map_err(|_| "no letters for it")?;
        let part: SinglePart = Attachment::new(name).body(body, kind.parse()?);
        parts = parts.singlepart(part);
    }
    Ok(parts)
}

fn accounts(inbox: &Inbox) -> Accounts {
    Accounts::new(inbox.stores.state.clone(), inbox.stores.clock.clone())
}

impl Inbox {
    /// Returns the last letters to members, sent or not.
    pub(super) async fn staff_letters(&self) -> Result<Vec<ShownLetter>> {
        let sql = "SELECT id, account, subject, body, state, said, at FROM staff_letter ORDER BY at DESC, id LIMIT $1";
        let rows = sqlx::query(sql).bind(SHOWN_MAX).fetch_all(self.stores.state.reader()).await.map_err(failed)?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let known = accounts(self).addressees().await?;
        let sql =
            "SELECT f.letter, f.name FROM staff_letter_file f JOIN staff_letter l ON l.id = f.letter ORDER BY f.letter, f.place";
        let named: Vec<(String, String)> = sqlx::query_as(sql).fetch_all(self.stores.state.reader()).await.map_err(failed)?;
        let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (letter, name) in named {
            files.entry(letter).or_default().push(name);
        }
        let shown = |row: &AnyRow| {
            let (id, account): (String, i64) = (row.get("id"), row.get("account"));
            let reader = known.iter().find(|one| one.account == account);
            ShownLetter {
                recipient: reader.map(|one| format!("{} <{}>", one.name, one.email)).unwrap_or_default(),
                subject: row.get("subject"),
                text: row.get("body"),
                class: "staff".to_owned(),
                state: row.get("state"),
                said: row.get("said"),
                at: row.get("at"),
                files: files.remove(&id).unwrap_or_default(),
                id,
            }
        };
        Ok(rows.iter().map(shown).collect())
    }
}
