//! The dictionary of signatures: the table `signal`. Numbers are dense from 0, so that they index arrays.

use crate::failure::{Failure, Result};
use model::{SignalId, Signature};
use sqlx::Row;
use state::{State, StateError};
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
    /// Held by whoever stores new signatures.
    storing: Arc<Mutex<()>>,
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

    /// Returns the numbers of signatures, in their order. Those that are new are stored first, so that whoever meets a
    /// number finds its text.
    ///
    /// # Errors
    /// Fails when there are too many, or the state store fails.
    pub(super) async fn of<'s>(&self, signatures: impl Iterator<Item = &'s Signature> + Clone) -> Result<Vec<SignalId>> {
        if let Some(numbers) = self.known(signatures.clone()) {
            return Ok(numbers);
        }
        let _storing = self.storing.lock().await;
        self.store(self.unknown(signatures.clone())).await?;
        Ok(self.known(signatures).expect("what was unknown was stored on the line above"))
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
