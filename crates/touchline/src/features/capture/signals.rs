//! The dictionary of signatures: the table `signal`. Numbers are dense from 0, so that they index arrays.

use crate::failure::{Failure, Result};
use model::{SignalId, Signature};
use sqlx::Row;
use state::{State, StateError, Transaction};
use std::collections::HashMap;

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

/// Gives signatures their numbers. All of them are in memory: there are few kinds of signals.
#[derive(Debug)]
pub(super) struct Signals {
    numbers: HashMap<Signature, SignalId>,
    /// The signatures that are not stored yet; they have the highest numbers.
    unstored: Vec<Signature>,
}

impl Signals {
    pub(super) async fn load(state: &State) -> Result<Self> {
        let known = signals(state).await?;
        let numbers = known.into_iter().zip(0_u32..).map(|(signature, id)| (signature, SignalId(id))).collect();
        Ok(Self { numbers, unstored: Vec::new() })
    }

    /// Returns the number of a signature, giving it the next one where it has none.
    pub(super) fn number(&mut self, signature: &Signature) -> Result<SignalId> {
        if let Some(id) = self.numbers.get(signature) {
            return Ok(*id);
        }
        if self.numbers.len() >= SIGNALS_MAX {
            return Err(Failure::new(format!(
                "More than {SIGNALS_MAX} kinds of signals: the newest is of `{}`",
                signature.source
            ))
            .hint("Send what is unique to one interaction as a property, not as its event, place or campaign"));
        }
        let id = SignalId(u32::try_from(self.numbers.len()).expect("fewer than a million"));
        self.numbers.insert(signature.clone(), id);
        self.unstored.push(signature.clone());
        Ok(id)
    }

    /// Tells whether there is something to store.
    pub(super) const fn has_unstored(&self) -> bool {
        !self.unstored.is_empty()
    }

    /// Stores what is not stored yet.
    pub(super) async fn store(&mut self, transaction: &mut Transaction) -> Result<()> {
        let unstored = std::mem::take(&mut self.unstored);
        let rows: Vec<(SignalId, Signature)> =
            unstored.into_iter().map(|signature| (self.numbers[&signature], signature)).collect();
        let head = "INSERT INTO signal (id, source, event, channel, place, campaign, touchpoint)";
        state::insert(transaction, head, 7, "", &rows, |statement, (id, signature)| {
            let statement = statement.bind(i64::from(id.0)).bind(signature.source.clone()).bind(signature.event.clone());
            let statement = statement.bind(signature.channel.clone()).bind(signature.place.clone());
            statement.bind(signature.campaign.clone()).bind(signature.touchpoint.clone())
        })
        .await
        .map_err(failed)?;
        Ok(())
    }
}

fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("Cannot look after signals").because(&error.into())
}
