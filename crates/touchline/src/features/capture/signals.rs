//! The dictionary of signatures: the table `signal`. Numbers are dense from 0, so that they index arrays.

use super::guard::Guard;
use crate::failure::{Failure, Result};
use model::{SignalId, Signature};
use sqlx::Row;
use state::{State, StateError};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Mutex;

/// More signatures than this mean that something unique, such as a search text, is being sent as a place or an event.
const SIGNALS_MAX: usize = 1_000_000;

/// Returns every signature, in the order of their numbers.
///
/// # Errors
/// Fails when the state store does.
pub async fn signals(state: &State) -> Result<Vec<Signature>> {
    let rows = sqlx::query("SELECT source, event, channel, place, campaign, touchpoint FROM signal ORDER BY id")
        .fetch_all(state.reader())
        .await
        .map_err(failed)?;
    let signature = |row: &sqlx::any::AnyRow| Signature {
        source: row.get("source"),
        event: row.get("event"),
        channel: row.get("channel"),
        place: row.get("place"),
        campaign: row.get("campaign"),
        touchpoint: row.get("touchpoint"),
    };
    Ok(rows.iter().map(signature).collect())
}

/// Gives signatures their numbers. All of them are in memory: there are few kinds of signals. Clones share them.
#[derive(Clone)]
pub(super) struct Numbers {
    state: State,
    known: Arc<RwLock<HashMap<Signature, SignalId>>>,
    /// Held by whoever stores new signatures; with the room that sources have, where they are not trusted with it.
    storing: Arc<Mutex<Option<Guard>>>,
}

impl Numbers {
    /// Reads all signatures.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub(super) async fn load(state: State) -> Result<Self> {
        let known = signals(&state).await?;
        let known = known.into_iter().zip(0_u32..).map(|(signature, id)| (signature, SignalId(id))).collect();
        Ok(Self { state, known: Arc::new(RwLock::new(known)), storing: Arc::default() })
    }

    /// Gives each source room for so many kinds of signals; see [`Guard`]. For what arrives from outside: who imports a file
    /// has looked at it.
    #[must_use]
    pub(super) fn guarded(self) -> Self {
        Self { storing: Arc::new(Mutex::new(Some(self.room()))), ..self }
    }

    fn room(&self) -> Guard {
        Guard::new(self.known.read().unwrap_or_else(PoisonError::into_inner).keys())
    }

    /// Returns the numbers of signatures, in their order. Those that are new are stored first, so that whoever meets a
    /// number finds its text; those that there is no room for get the number of what they are folded into.
    ///
    /// # Errors
    /// Fails when there are too many, or the state store fails.
    pub(super) async fn of<'s>(&self, signatures: impl Iterator<Item = &'s Signature> + Clone) -> Result<Vec<SignalId>> {
        if let Some(numbers) = self.known(signatures.clone()) {
            return Ok(numbers);
        }
        let mut guard = self.storing.lock().await;
        let kept = self.kept(signatures.clone(), guard.as_mut());
        let unknown = self.unknown(signatures.clone().filter_map(|signature| kept.get(signature)).map(Cow::as_ref));
        let stored = self.store(unknown).await;
        if stored.is_err() && guard.is_some() {
            // What it has learnt was not stored.
            *guard = Some(self.room());
        }
        stored?;
        let kept = signatures.map(|signature| kept.get(signature).map_or(signature, Cow::as_ref));
        Ok(self.known(kept).expect("what was unknown was stored on the line above"))
    }

    /// Returns the numbers of signatures; `None` where one is unknown.
    fn known<'s>(&self, signatures: impl Iterator<Item = &'s Signature>) -> Option<Vec<SignalId>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let mut last: Option<(&Signature, SignalId)> = None;
        signatures
            .map(|signature| {
                // What comes together is often of one kind.
                let same = last.filter(|(last, _)| *last == signature).map(|(_, number)| number);
                let number = same.or_else(|| known.get(signature).copied())?;
                last = Some((signature, number));
                Some(number)
            })
            .collect()
    }

    /// Says under which signature each unknown one is kept.
    fn kept<'s>(
        &self,
        signatures: impl Iterator<Item = &'s Signature>,
        mut guard: Option<&mut Guard>,
    ) -> HashMap<&'s Signature, Cow<'s, Signature>> {
        let mut kept = HashMap::new();
        for signature in self.unknown(signatures) {
            let under = guard.as_ref().map_or(Cow::Borrowed(signature), |guard| guard.fold(signature));
            if let Some(guard) = &mut guard
                && !self.known.read().unwrap_or_else(PoisonError::into_inner).contains_key(&*under)
            {
                guard.learn(&under);
            }
            kept.insert(signature, under);
        }
        kept
    }

    /// Returns the unknown among some signatures, each once, in their order.
    fn unknown<'s>(&self, signatures: impl Iterator<Item = &'s Signature>) -> Vec<&'s Signature> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let mut seen = HashSet::new();
        signatures.filter(|signature| !known.contains_key(*signature) && seen.insert(*signature)).collect()
    }

    /// Stores signatures that are unknown, and knows them from then on.
    async fn store(&self, unknown: Vec<&Signature>) -> Result<()> {
        if unknown.is_empty() {
            return Ok(());
        }
        let first = self.known.read().unwrap_or_else(PoisonError::into_inner).len();
        if let Some(newest) = unknown.last().filter(|_| first + unknown.len() > SIGNALS_MAX) {
            return Err(Failure::new(format!("More than {SIGNALS_MAX} kinds of signals: the newest is of `{}`", newest.source))
                .hint("Send what is unique to one interaction as a property, not as its event, place or campaign"));
        }
        let number = |place: usize| SignalId(u32::try_from(first + place).expect("at most a million"));
        let rows: Vec<(SignalId, &Signature)> =
            unknown.into_iter().enumerate().map(|(place, signature)| (number(place), signature)).collect();
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let head = "INSERT INTO signal (id, source, event, channel, place, campaign, touchpoint)";
        state::insert(&mut transaction, head, 7, "", &rows, |statement, (id, signature)| {
            let statement = statement.bind(i64::from(id.0)).bind(signature.source.clone()).bind(signature.event.clone());
            let statement = statement.bind(signature.channel.clone()).bind(signature.place.clone());
            statement.bind(signature.campaign.clone()).bind(signature.touchpoint.clone())
        })
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.extend(rows.into_iter().map(|(id, signature)| (signature.clone(), id)));
        Ok(())
    }
}

fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("Cannot look after signals").because(&error.into())
}
