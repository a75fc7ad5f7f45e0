//! The tables `quarantine` and `quarantine_dropped`.

use crate::failure::{Failure, Result};
use crate::features::capture::{
    Caller, Capture, Delivery, NotTaken, ReadAgain, Reason, Refused, Source, SourceKind, Sources, read_again,
};
use crate::platform::home::Stores;
use crate::tell;
use model::Instant;
use model::time::{DAY, SECOND};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::any::AnyRow;
use state::{State, StateError, Transaction};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use utoipa::ToSchema;

/// Is how much of an event is kept: as much as a request may bring, for what is beyond the limit of a batch is kept in one.
pub(super) const BODY_MAX: usize = 4 << 20;
/// Is how many events of one source are kept; then the oldest of them make room.
pub(super) const EVENTS_MAX: i64 = 10_000;
/// Is how many bytes of events of one source are kept.
pub(super) const BYTES_MAX: i64 = 64 << 20;
/// Is how long an event is kept: long enough for somebody to come back from a holiday.
pub(super) const DAYS_MAX: i64 = 30;
/// Is how often it is looked for what grew too old.
const TIDY_EVERY: i64 = 3_600 * SECOND;
/// Is which part of a source's events goes at once when there are too many, so that not every new one pays for it.
const PART_DROPPED: i64 = 10;
/// Is how many events a page of the list holds, and how many are replayed at once.
pub(super) const PAGE: i64 = 200;

/// Keeps what was refused. Clones share it.
#[derive(Clone)]
pub struct Quarantine {
    stores: Stores,
    tidied: Arc<AtomicI64>,
}

/// Is an event in quarantine, without its body.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Held {
    /// Its number, in 16 letters.
    pub id: String,
    /// The source it came from.
    pub source: String,
    /// The wire format it came in.
    pub format: String,
    /// When it came, in microseconds since 1970.
    pub received: i64,
    /// Why it was refused.
    pub reason: Reason,
    /// How long it is.
    pub bytes: i64,
    /// Whether its end was cut off, because it is longer than what is kept: it cannot be replayed then.
    pub is_cut: bool,
    /// What the browser asked for beside it: 1 GPC, 2 DNT, 3 both.
    pub wishes: i64,
}

/// Is how many events of a source are there for a reason, and how many were dropped.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Count {
    /// The source.
    pub source: String,
    /// The code of the reason.
    pub code: String,
    /// Events that are held.
    pub held: i64,
    /// Events that had to make room or grew too old, ever.
    pub dropped: i64,
}

/// Is what came of a replay.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(super) enum Replayed {
    /// It is in the ledger now and no longer in quarantine.
    Taken {
        /// Interactions that are new.
        added: u64,
        /// Interactions that were there already.
        duplicates: u64,
    },
    /// It was refused again, and stays.
    Refused {
        /// Why.
        reason: Reason,
    },
}

/// Is which events are meant.
#[derive(Clone, Default, Debug)]
pub(super) struct Which {
    pub(super) source: String,
    pub(super) code: String,
}

/// Is a place in the order of events: newest first, then by number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    received: i64,
    id: i64,
}

impl Place {
    /// Is before every event.
    pub(super) const START: Self = Self { received: i64::MAX, id: i64::MAX };

    /// Is that of an event, by its number and when it was received; the latter alone: before all of that moment.
    pub(super) fn of(received: i64, id: Option<&str>) -> Self {
        Self { received, id: id.and_then(parsed).unwrap_or(i64::MAX) }
    }
}

impl Quarantine {
    /// Opens the quarantine of a data directory.
    #[must_use]
    pub fn new(stores: Stores) -> Self {
        Self { stores, tidied: Arc::new(AtomicI64::new(i64::MIN)) }
    }

    /// Takes out of a delivery what was refused, and keeps it, durably. Returns how many events that were; one that is
    /// there already is not kept twice.
    ///
    /// # Errors
    /// Fails when the state store does: then the client must not be told that the event is kept.
    pub async fn keep(&self, delivery: &mut Delivery, caller: &Caller) -> Result<u64> {
        let refused: Vec<Refused> = std::mem::take(&mut delivery.refused);
        if refused.is_empty() {
            return Ok(0);
        }
        let (source, format) = (delivery.source.as_str(), delivery.format);
        let wishes = i64::from(caller.gpc) | i64::from(caller.dnt) << 1;
        let now = self.stores.now();
        let mut transaction = self.state().begin().await.map_err(failed)?;
        let head = "INSERT INTO quarantine (id, source, format, received, code, says, told, body, is_cut, wishes)";
        let tail = "ON CONFLICT (id) DO NOTHING";
        state::insert(&mut transaction, head, 10, tail, &refused, |statement, event| {
            let body = event.raw.get(..BODY_MAX).unwrap_or(&event.raw);
            let statement = statement.bind(number(source, format, &event.raw)).bind(source.to_owned()).bind(format.to_owned());
            let statement = statement.bind(now.0).bind(event.reason.code.to_string()).bind(event.reason.says.to_string());
            let statement = statement.bind(event.reason.stored_values());
            statement.bind(body.to_vec()).bind(i64::from(body.len() < event.raw.len())).bind(wishes)
        })
        .await
        .map_err(failed)?;
        make_room(&mut transaction, source).await?;
        // Either way: a clock that was set back must not put it off for years.
        if now.0.abs_diff(self.tidied.load(Ordering::Relaxed)) > TIDY_EVERY.unsigned_abs() {
            drop_older(&mut transaction, now).await?;
            self.tidied.store(now.0, Ordering::Relaxed);
        }
        transaction.commit().await.map_err(failed)?;
        Ok(refused.len() as u64)
    }

    /// Counts what is held and what was dropped, per source and reason.
    pub(super) async fn counts(&self) -> Result<Vec<Count>> {
        let rows = sqlx::query(
            "SELECT source, code, SUM(held) AS held, SUM(dropped) AS dropped FROM ( \
             SELECT source, code, 1 AS held, 0 AS dropped FROM quarantine \
             UNION ALL SELECT source, code, 0, events FROM quarantine_dropped) AS both \
             GROUP BY source, code ORDER BY source, code",
        )
        .fetch_all(self.state().reader())
        .await
        .map_err(failed)?;
        let count = |row: &AnyRow| Count {
            source: row.get("source"),
            code: row.get("code"),
            held: row.get("held"),
            dropped: row.get("dropped"),
        };
        Ok(rows.iter().map(count).collect())
    }

    /// Returns, per source, how many events are held and how many were ever dropped.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn totals(&self) -> Result<Vec<(String, i64, i64)>> {
        let mut totals: Vec<(String, i64, i64)> = Vec::new();
        for count in self.counts().await? {
            match totals.last_mut().filter(|(source, ..)| *source == count.source) {
                Some(total) => (total.1, total.2) = (total.1 + count.held, total.2 + count.dropped),
                None => totals.push((count.source, count.held, count.dropped)),
            }
        }
        Ok(totals)
    }

    /// Lists the events that are meant, newest first, behind a place in that order.
    pub(super) async fn list(&self, which: &Which, behind: &Place) -> Result<Vec<Held>> {
        let rows = sqlx::query(
            "SELECT id, source, format, received, code, says, told, LENGTH(body) AS bytes, is_cut, wishes FROM quarantine \
             WHERE (received < $1 OR (received = $1 AND id > $5)) \
             AND ($2 = '' OR source = $2) AND ($3 = '' OR code = $3) \
             ORDER BY received DESC, id LIMIT $4",
        )
        .bind(behind.received)
        .bind(which.source.clone())
        .bind(which.code.clone())
        .bind(PAGE)
        .bind(behind.id)
        .fetch_all(self.state().reader())
        .await
        .map_err(failed)?;
        Ok(rows.iter().map(held).collect())
    }

    /// Returns an event with its body.
    pub(super) async fn find(&self, id: &str) -> Result<Option<(Held, Vec<u8>)>> {
        let Some(id) = parsed(id) else { return Ok(None) };
        let row = sqlx::query(
            "SELECT id, source, format, received, code, says, told, LENGTH(body) AS bytes, is_cut, wishes, body \
             FROM quarantine WHERE id = $1",
        )
        .bind(id)
        .fetch_optional(self.state().reader())
        .await
        .map_err(failed)?;
        Ok(row.map(|row| (held(&row), row.get("body"))))
    }

    /// Puts a mended event in the place of the one that came. It is not replayed by that.
    pub(super) async fn mend(&self, held: &Held, body: &[u8]) -> Result<()> {
        let mut transaction = self.state().begin().await.map_err(failed)?;
        sqlx::query("UPDATE quarantine SET body = $2, is_cut = 0 WHERE id = $1")
            .bind(parsed(&held.id))
            .bind(body.to_vec())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    /// Removes one event.
    pub(super) async fn discard(&self, held: &Held) -> Result<()> {
        let mut transaction = self.state().begin().await.map_err(failed)?;
        sqlx::query("DELETE FROM quarantine WHERE id = $1")
            .bind(parsed(&held.id))
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    /// Removes all events that are meant, and returns how many.
    pub(super) async fn discard_all(&self, which: &Which) -> Result<u64> {
        let mut transaction = self.state().begin().await.map_err(failed)?;
        let gone = sqlx::query("DELETE FROM quarantine WHERE ($1 = '' OR source = $1) AND ($2 = '' OR code = $2)")
            .bind(which.source.clone())
            .bind(which.code.clone())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(gone.rows_affected())
    }

    /// Reads an event again by the format it came in and takes it, as received when it came, under the policy that its
    /// source has now. Of its caller only the wishes are known, so that nobody is known by address or browser any more.
    ///
    /// The event leaves the quarantine after the ledger has it. Should that fail in between, it is replayed once more,
    /// and counts as a duplicate then.
    pub(super) async fn replay(&self, held: &Held, body: &[u8], room: (&Capture, &Sources)) -> Result<Replayed, NotTaken> {
        let (capture, sources) = room;
        let received = Instant(held.received);
        let reason = match self.readable(held, sources) {
            Err(reason) => reason,
            Ok((source, read)) => {
                let mut delivery = read(&source, body, received);
                match delivery.refused.pop() {
                    Some(refused) => refused.reason,
                    None => {
                        for arrival in &mut delivery.arrivals {
                            arrival.received = Some(received);
                        }
                        let caller = Caller { gpc: held.wishes & 1 != 0, dnt: held.wishes & 2 != 0, ..Caller::default() };
                        // As if from a server: its address and browser would be ours.
                        let unseen = Source { kind: SourceKind::Server, ..Source::clone(&source) };
                        let receipt = capture.take_from(delivery, &unseen, &caller).await?;
                        self.discard(held).await.map_err(NotTaken::Failed)?;
                        return Ok(Replayed::Taken { added: receipt.added, duplicates: receipt.duplicates });
                    }
                }
            }
        };
        self.note(held, &reason).await.map_err(NotTaken::Failed)?;
        Ok(Replayed::Refused { reason })
    }

    /// Finds what it takes to read an event again; says why it cannot be.
    fn readable(&self, held: &Held, sources: &Sources) -> Result<(Arc<Source>, ReadAgain), Reason> {
        if held.is_cut {
            return Err(tell!(cut, "Only the beginning of the event was kept: put the whole of it here, then replay"));
        }
        let source = sources.named(&held.source);
        let source = source.ok_or_else(|| tell!(no_source, "Its source is retired: discard the event"))?;
        let read = read_again(&held.format);
        let read = read.ok_or_else(|| tell!(no_format, "No reader is known for the format it came in"))?;
        Ok((source, read))
    }

    /// Writes down why an event was refused again.
    async fn note(&self, held: &Held, reason: &Reason) -> Result<()> {
        let mut transaction = self.state().begin().await.map_err(failed)?;
        sqlx::query("UPDATE quarantine SET code = $2, says = $3, told = $4 WHERE id = $1")
            .bind(parsed(&held.id))
            .bind(reason.code.to_string())
            .bind(reason.says.to_string())
            .bind(reason.stored_values())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    /// Removes every event that holds one of some texts, such as the identities of a person who is erased; returns how
    /// many. Texts are looked for as they are and as JSON and addresses write them; blank ones are nobody's.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn forget(&self, texts: &[String]) -> Result<u64> {
        let about = self.about(texts).await?;
        let mut transaction = self.state().begin().await.map_err(failed)?;
        for (id, _) in &about {
            let statement = sqlx::query("DELETE FROM quarantine WHERE id = $1").bind(*id);
            statement.execute(&mut *transaction).await.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)?;
        Ok(about.len() as u64)
    }

    /// Returns every event that holds one of some texts, as it came: what of a person is here.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn holding(&self, texts: &[String]) -> Result<Vec<String>> {
        let about = self.about(texts).await?;
        Ok(about.iter().map(|(_, body)| String::from_utf8_lossy(body).into_owned()).collect())
    }

    /// Finds the events that hold one of some texts: number and body.
    async fn about(&self, texts: &[String]) -> Result<Vec<(i64, Vec<u8>)>> {
        let forms: Vec<Vec<u8>> = texts.iter().filter(|text| !text.trim().is_empty()).flat_map(|text| forms(text)).collect();
        let (mut found, mut after) = (Vec::new(), i64::MIN);
        while !forms.is_empty() {
            let page: Vec<(i64, Vec<u8>)> = sqlx::query_as("SELECT id, body FROM quarantine WHERE id > $1 ORDER BY id LIMIT $2")
                .bind(after)
                .bind(PAGE)
                .fetch_all(self.state().reader())
                .await
                .map_err(failed)?;
            let Some((last, _)) = page.last() else { break };
            after = *last;
            found.extend(page.into_iter().filter(|(_, body)| forms.iter().any(|form| holds(body, form))));
        }
        Ok(found)
    }

    const fn state(&self) -> &State {
        &self.stores.state
    }
}

/// Lets the oldest events of a source make room when it has too many.
async fn make_room(transaction: &mut Transaction, source: &str) -> Result<()> {
    loop {
        let row = sqlx::query("SELECT COUNT(*) AS events, SUM(LENGTH(body)) AS bytes FROM quarantine WHERE source = $1")
            .bind(source.to_owned())
            .fetch_one(&mut **transaction)
            .await
            .map_err(failed)?;
        let (events, bytes): (i64, Option<i64>) = (row.get("events"), row.get("bytes"));
        if events <= EVENTS_MAX && bytes.unwrap_or(0) <= BYTES_MAX {
            return Ok(());
        }
        let until: i64 =
            sqlx::query_scalar("SELECT received FROM quarantine WHERE source = $1 ORDER BY received, id LIMIT 1 OFFSET $2")
                .bind(source.to_owned())
                .bind((events / PART_DROPPED).min(events - 1))
                .fetch_one(&mut **transaction)
                .await
                .map_err(failed)?;
        // Those received at the same moment go together.
        drop_until(transaction, until, source).await?;
    }
}

/// Drops what is older than [`DAYS_MAX`].
async fn drop_older(transaction: &mut Transaction, now: Instant) -> Result<()> {
    drop_until(transaction, now.0.saturating_sub(DAYS_MAX * DAY), "").await
}

/// Drops and counts what was received until a moment, of one source or, where it is blank, of all.
async fn drop_until(transaction: &mut Transaction, until: i64, source: &str) -> Result<()> {
    let count = "INSERT INTO quarantine_dropped (source, code, events) \
                 SELECT source, code, COUNT(*) FROM quarantine WHERE received <= $1 AND ($2 = '' OR source = $2) \
                 GROUP BY source, code \
                 ON CONFLICT (source, code) DO UPDATE SET events = quarantine_dropped.events + excluded.events";
    for sql in [count, "DELETE FROM quarantine WHERE received <= $1 AND ($2 = '' OR source = $2)"] {
        sqlx::query(sql).bind(until).bind(source.to_owned()).execute(&mut **transaction).await.map_err(failed)?;
    }
    Ok(())
}

fn held(row: &AnyRow) -> Held {
    Held {
        id: format!("{:016x}", row.get::<i64, _>("id").cast_unsigned()),
        source: row.get("source"),
        format: row.get("format"),
        received: row.get("received"),
        reason: Reason::stored(row.get("code"), row.get("says"), &row.get::<String, _>("told")),
        bytes: row.get("bytes"),
        is_cut: row.get::<i64, _>("is_cut") != 0,
        wishes: row.get("wishes"),
    }
}

/// Returns the number of an event: the same for the same event in the same format from the same source.
fn number(source: &str, format: &str, raw: &[u8]) -> i64 {
    let mut hasher = blake3::Hasher::new();
    for part in [source.as_bytes(), format.as_bytes(), raw] {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
    }
    let bytes = hasher.finalize();
    i64::from_le_bytes(bytes.as_bytes()[..8].try_into().expect("eight bytes of thirty-two"))
}

fn parsed(id: &str) -> Option<i64> {
    (id.len() == 16).then(|| u64::from_str_radix(id, 16).ok().map(u64::cast_signed)).flatten()
}

/// Returns a text as it stands in events: as it is, in JSON with and without escapes, and in the address of a page.
fn forms(text: &str) -> Vec<Vec<u8>> {
    let json = serde_json::to_string(text).unwrap_or_default();
    let json = json.trim_matches('"');
    let mut escaped = String::new();
    for letter in json.chars() {
        match letter {
            letter if letter.is_ascii() => escaped.push(letter),
            letter => escaped.extend(letter.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}"))),
        }
    }
    let encoded: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    [text, json, &escaped, &encoded].map(|form| form.as_bytes().to_ascii_lowercase()).to_vec()
}

fn holds(body: &[u8], form: &[u8]) -> bool {
    body.len() >= form.len() && body.to_ascii_lowercase().windows(form.len()).any(|window| window == form)
}

fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("Cannot look after refused events").because(&error.into())
}
