//! Windows over a page: the tables `popup` and `popup_showing`.

use super::belonging::Belonging;
use super::popup::NewPopup;
use super::results::{PopupResults, Showing, results};
use crate::failure::{Failure, Result};
use crate::features::capture::{Caller, Capture, Delivery, NotTaken, Source};
use crate::features::conversations::Talk;
use crate::features::map::Maps;
use crate::features::people::policy::{Answer, Ask, Channel, Class};
use crate::platform::clock::Clock;
use crate::platform::home::Stores;
use model::time::DAY;
use model::{Arrival, Direction, Form, Identity, Instant, Signature};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::any::AnyRow;
use state::{State, StateError};
use utoipa::ToSchema;

/// More than this nobody can look after.
const POPUPS_MAX: i64 = 100;
/// So many may wait for their trigger on one page.
pub(super) const OFFERED_MAX: usize = 3;
/// A window that stood open for longer than this was forgotten, not read.
const OPEN_MAX_MS: i64 = 24 * 3_600_000;

/// Is a window with what became of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Popup {
    /// Its number.
    pub id: i64,
    /// Whether it is shown to anybody.
    pub is_on: bool,
    /// What it says, and when.
    pub settings: NewPopup,
    /// What became of it.
    pub results: PopupResults,
}

/// Is who stands before a page, and which.
pub(super) struct Visit<'a> {
    pub(super) source: &'a Source,
    pub(super) caller: &'a Caller,
    /// Nobody where the browser has no number of theirs.
    pub(super) who: Option<Identity>,
    /// Who the site says they are, by its signature.
    pub(super) proved: Option<Identity>,
}

impl Visit<'_> {
    /// Returns under which name showings are counted: the proved one holds on every device.
    pub(super) const fn name(&self) -> Option<&Identity> {
        match &self.proved {
            Some(proved) => Some(proved),
            None => self.who.as_ref(),
        }
    }
}

/// Shows windows, and counts. Clones share everything.
#[derive(Clone)]
pub struct Popups {
    state: State,
    pub(super) talk: Talk,
    capture: Capture,
    clock: Clock,
    belonging: Belonging,
}

impl Popups {
    /// Opens the room, and tells the loader of the widget whether there is anything to ask for.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub fn open(stores: &Stores, capture: &Capture, talk: Talk) -> Result<Self> {
        let this = Self {
            state: stores.state.clone(),
            talk,
            capture: capture.clone(),
            clock: stores.clock.clone(),
            belonging: Belonging::new(stores, capture.people()),
        };
        stores.block_on(this.announce())?;
        Ok(this)
    }

    pub(super) fn now(&self) -> Instant {
        (self.clock)()
    }

    async fn announce(&self) -> Result<()> {
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM popup WHERE is_on = 1")
            .fetch_one(self.state.reader())
            .await
            .map_err(failed)?;
        self.talk.announce_popups(count > 0);
        Ok(())
    }

    /// Refuses segments that the map does not have.
    async fn check_segments(&self, new: &NewPopup) -> Result<()> {
        if new.segments.is_empty() {
            return Ok(());
        }
        let map = Maps::new(self.state.clone()).current().await?.map(|version| version.map);
        let is_known = |id: &String| map.as_ref().is_some_and(|map| map.segments.iter().any(|segment| segment.id == *id));
        match new.segments.iter().find(|id| !is_known(id)) {
            None => Ok(()),
            Some(id) => Err(Failure::new(format!("The map has no segment `{id}`")).hint("Choose among the segments of the map")),
        }
    }

    /// Tells whether a window is for somebody who stands before a page.
    async fn is_meant_for(&self, popup: &NewPopup, visit: &Visit<'_>) -> Result<bool> {
        if popup.segments.is_empty() {
            return Ok(true);
        }
        let Some(proved) = &visit.proved else { return Ok(false) };
        let theirs = self.belonging.of(proved).await?;
        Ok(popup.segments.iter().any(|id| theirs.contains(id)))
    }

    /// Makes a window; it is shown to nobody before it is switched on.
    ///
    /// # Errors
    /// Fails when something is wrong with it, or the state store fails.
    pub async fn make(&self, new: &NewPopup) -> Result<i64> {
        new.check()?;
        self.check_segments(new).await?;
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let (count, last): (i64, i64) = sqlx::query_as("SELECT COUNT(*), COALESCE(MAX(id), 0) FROM popup")
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed)?;
        if count >= POPUPS_MAX {
            return Err(Failure::new(format!("There are {POPUPS_MAX} windows already")).hint("Take one away first"));
        }
        sqlx::query("INSERT INTO popup (id, settings, is_on, created_at) VALUES ($1, $2, 0, $3)")
            .bind(last + 1)
            .bind(written(new)?)
            .bind(self.now().0)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(last + 1)
    }

    /// Changes a window, or switches it on or off; tells whether there is one.
    ///
    /// # Errors
    /// As [`Popups::make`].
    pub async fn change(&self, id: i64, new: &NewPopup, is_on: bool) -> Result<bool> {
        new.check()?;
        self.check_segments(new).await?;
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let done = sqlx::query("UPDATE popup SET settings = $1, is_on = $2 WHERE id = $3")
            .bind(written(new)?)
            .bind(i64::from(is_on))
            .bind(id)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        self.announce().await?;
        Ok(done.rows_affected() > 0)
    }

    /// Takes a window away, with the count of its showings; what the ledger knows of it stays. Tells whether there was one.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn remove(&self, id: i64) -> Result<bool> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let done = sqlx::query("DELETE FROM popup WHERE id = $1").bind(id).execute(&mut *transaction).await.map_err(failed)?;
        sqlx::query("DELETE FROM popup_showing WHERE popup = $1").bind(id).execute(&mut *transaction).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        self.announce().await?;
        Ok(done.rows_affected() > 0)
    }

    /// Lists the windows with what became of them.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn all(&self) -> Result<Vec<Popup>> {
        let rows = sqlx::query("SELECT id, settings, is_on FROM popup ORDER BY id").fetch_all(self.state.reader()).await;
        let mut all = Vec::new();
        for row in rows.map_err(failed)? {
            let Some((id, settings)) = read(&row) else { continue };
            let sql = "SELECT nth, closed_after, acted_after FROM popup_showing WHERE popup = $1";
            let showings = sqlx::query(sql).bind(id).fetch_all(self.state.reader()).await.map_err(failed)?;
            let showings: Vec<Showing> = showings.iter().map(showing).collect();
            all.push(Popup { id, is_on: row.get::<i64, _>("is_on") == 1, settings, results: results(&showings) });
        }
        Ok(all)
    }

    /// Returns the windows that may open on a page for somebody, the newest first.
    pub(super) async fn offered(&self, path: &str, visit: &Visit<'_>) -> Result<Vec<(i64, NewPopup)>> {
        let sql = "SELECT id, settings, is_on FROM popup WHERE is_on = 1 ORDER BY id DESC";
        let rows = sqlx::query(sql).fetch_all(self.state.reader()).await.map_err(failed)?;
        let mut offered = Vec::new();
        for (id, popup) in rows.iter().filter_map(read).filter(|(_, popup)| popup.is_for(path)) {
            if offered.len() == OFFERED_MAX {
                break;
            }
            if !self.is_meant_for(&popup, visit).await? {
                continue;
            }
            let seen = match visit.name() {
                Some(who) => self.seen(id, who, popup.days).await?.0,
                None => 0,
            };
            if seen < u64::from(popup.times) {
                offered.push((id, popup));
            }
        }
        Ok(offered)
    }

    /// Counts how often somebody has seen a window: in the last days, and ever.
    async fn seen(&self, id: i64, who: &Identity, days: u16) -> Result<(u64, u64)> {
        let since = Instant(self.now().0 - i64::from(days) * DAY);
        self.talk.door.policy().sent_under(&format!("popup:{id}:"), who.actor(), since).await
    }

    /// Asks whether a window may open now, and counts it as shown when it may. The same `show` again is answered the same.
    ///
    /// # Errors
    /// Fails when a store does; then it must not open.
    pub(super) async fn show(&self, id: i64, show: &str, visit: &Visit<'_>) -> Result<bool> {
        let row = sqlx::query("SELECT id, settings FROM popup WHERE id = $1 AND is_on = 1").bind(id);
        let row = row.fetch_optional(self.state.reader()).await.map_err(failed)?;
        let Some((_, popup)) = row.as_ref().and_then(read) else { return Ok(false) };
        if !self.is_meant_for(&popup, visit).await? {
            return Ok(false);
        }
        let shown = sqlx::query("SELECT nth FROM popup_showing WHERE id = $1").bind(show.to_owned());
        if shown.fetch_optional(self.state.reader()).await.map_err(failed)?.is_some() {
            return Ok(true);
        }
        let mut nth = 1;
        if let Some(who) = visit.name() {
            let (lately, ever) = self.seen(id, who, popup.days).await?;
            if lately >= u64::from(popup.times) || !self.is_welcome(id, show, &popup, who).await? {
                return Ok(false);
            }
            nth = ever + 1;
        }
        let mut transaction = self.state.begin().await.map_err(failed)?;
        sqlx::query("INSERT INTO popup_showing (id, popup, nth, at) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING")
            .bind(show.to_owned())
            .bind(id)
            .bind(nth.cast_signed())
            .bind(self.now().0)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        self.tell(&popup, show, "shown", visit).await?;
        Ok(true)
    }

    /// Asks the contact policy.
    async fn is_welcome(&self, id: i64, show: &str, popup: &NewPopup, who: &Identity) -> Result<bool> {
        let policy = self.talk.door.policy();
        let ask = Ask {
            key: format!("popup:{id}:{show}"),
            actor: who.actor(),
            channel: Channel::Popup,
            class: Class::Marketing,
            tag: popup.name.clone(),
            segments: Vec::new(),
            worth: 0.0,
            deadline: None,
            holdout: None,
        };
        match policy.ask(&ask).await? {
            Answer::Go(ticket) => {
                let begun = policy.begin(&ticket).await?;
                if begun {
                    policy.sent(&ticket).await?;
                }
                Ok(begun)
            }
            Answer::Already => Ok(true),
            Answer::Later(_) | Answer::No(_) => Ok(false),
        }
    }

    /// Notes how a showing ended: whether the button was pressed, else it was closed, after so many milliseconds. The first word
    /// counts. Tells whether there was such a showing.
    ///
    /// # Errors
    /// Fails when a store does; the same may come again.
    pub(super) async fn end(&self, show: &str, after_ms: i64, has_acted: bool, visit: &Visit<'_>) -> Result<bool> {
        let sql = "SELECT p.id AS id, p.settings AS settings FROM popup p JOIN popup_showing s ON s.popup = p.id WHERE s.id = $1";
        let row = sqlx::query(sql).bind(show.to_owned()).fetch_optional(self.state.reader()).await.map_err(failed)?;
        let Some((_, popup)) = row.as_ref().and_then(read) else { return Ok(false) };
        let sql = if has_acted {
            "UPDATE popup_showing SET acted_after = $1 WHERE id = $2 AND acted_after IS NULL AND closed_after IS NULL"
        } else {
            "UPDATE popup_showing SET closed_after = $1 WHERE id = $2 AND acted_after IS NULL AND closed_after IS NULL"
        };
        let mut transaction = self.state.begin().await.map_err(failed)?;
        sqlx::query(sql)
            .bind(after_ms.clamp(0, OPEN_MAX_MS))
            .bind(show.to_owned())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        self.tell(&popup, show, if has_acted { "acted" } else { "closed" }, visit).await?;
        Ok(true)
    }

    /// Tells the ledger, by the policy of the site: whom it may not know stays unknown.
    async fn tell(&self, popup: &NewPopup, show: &str, what: &str, visit: &Visit<'_>) -> Result<()> {
        let (form, direction) = match what {
            "shown" => (Form::View, Direction::Outbound),
            "acted" => (Form::Click, Direction::Inbound),
            _ => (Form::Close, Direction::Inbound),
        };
        let signature = Signature {
            source: visit.source.name.clone(),
            event: format!("popup {what}"),
            channel: "popup".to_owned(),
            touchpoint: popup.touchpoint.clone(),
            ..Signature::default()
        };
        let mut arrival = Arrival::new(format!("popup:{show}:{what}").into_bytes(), signature, self.now(), form, direction);
        arrival.identities = visit.name().cloned().into_iter().collect();
        if what != "shown" {
            arrival.reply_to = Some(format!("popup:{show}:shown").into_bytes());
        }
        arrival.props = Some(serde_json::json!({ "popup": popup.name }).to_string());
        let source = visit.source;
        let delivery = Delivery { source: source.name.clone(), format: "popup", arrivals: vec![arrival], ..Delivery::default() };
        match self.capture.take_from(delivery, source, visit.caller).await {
            Ok(_) => Ok(()),
            Err(NotTaken::Failed(failure)) => Err(failure),
            Err(NotTaken::Busy { .. }) => Err(Failure::new("More arrives than can be stored in good time")),
        }
    }
}

fn written(popup: &NewPopup) -> Result<String> {
    serde_json::to_string(popup).map_err(|error| Failure::new("Cannot write a window").because(&error))
}

fn read(row: &AnyRow) -> Option<(i64, NewPopup)> {
    Some((row.get("id"), serde_json::from_str(&row.get::<String, _>("settings")).ok()?))
}

fn showing(row: &AnyRow) -> Showing {
    Showing {
        nth: row.get("nth"),
        closed_after_ms: row.get("closed_after"),
        has_acted: row.get::<Option<i64>, _>("acted_after").is_some(),
    }
}

fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("Cannot look after windows over pages").because(&error.into())
}
