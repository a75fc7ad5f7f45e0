//! Which segments of the map somebody belongs to at this moment, by the very rules and the very reading of the analysis.
//!
//! Only whoever the site has named with a signed token is looked up: a number that a browser brings proves nothing, and a page
//! is never told the name of a segment.

use crate::failure::{Failure, Result};
use crate::features::capture::signals;
use crate::features::map::Maps;
use crate::features::people::{SharedPeople, restricted_among, traits_that_count};
use crate::platform::home::Stores;
use analysis::meaning::Meaning;
use analysis::reading::Reading;
use analysis::sequence::{NO_COST, Rows, pack_score};
use ledger::LedgerError;
use model::time::SECOND;
use model::{ActorId, Identity, Instant, Interaction, PersonId};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// What was found of somebody holds for so long: a visit is many questions.
const HOLDS: i64 = 60 * SECOND;
/// Of so many people it is kept; beyond it all is forgotten, and found again.
const KEPT_MAX: usize = 10_000;

type Segments = Arc<BTreeSet<String>>;

/// Knows who belongs where. Clones share what they found.
#[derive(Clone)]
pub(super) struct Belonging {
    stores: Stores,
    people: SharedPeople,
    found: Arc<Mutex<HashMap<PersonId, (Instant, Segments)>>>,
}

impl Belonging {
    pub(super) fn new(stores: &Stores, people: SharedPeople) -> Self {
        Self { stores: stores.clone(), people, found: Arc::default() }
    }

    /// Returns the segments, by id, of whoever bears a name that was proved.
    pub(super) async fn of(&self, who: &Identity) -> Result<Segments> {
        let (person, actors) = {
            let people = self.people.read();
            let person = people.person_of(who.actor());
            (person, people.identities_of(person))
        };
        let now = self.stores.now();
        if let Some((at, segments)) = self.found.lock().unwrap_or_else(PoisonError::into_inner).get(&person)
            && now.0 - at.0 < HOLDS
        {
            return Ok(Arc::clone(segments));
        }
        let segments = Arc::new(self.look(person, actors, now).await?);
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.len() >= KEPT_MAX {
            found.clear();
        }
        found.insert(person, (now, Arc::clone(&segments)));
        Ok(segments)
    }

    async fn look(&self, person: PersonId, actors: Vec<ActorId>, now: Instant) -> Result<BTreeSet<String>> {
        let state = &self.stores.state;
        let Some(map) = Maps::new(state.clone()).current().await?.map(|version| version.map) else { return Ok(BTreeSet::new()) };
        // Whoever has restricted the use of what is known of them is not chosen by it.
        if !restricted_among(state, &actors).await?.is_empty() {
            return Ok(BTreeSet::new());
        }
        let traits = traits_that_count(state, &actors).await?;
        let traits: Vec<_> = traits.into_iter().map(|(key, value)| (person.0, key, value)).collect();
        let signals = signals(state).await?;
        let (stores, people) = (self.stores.clone(), self.people.clone());
        let reading = tokio::task::spawn_blocking(move || {
            // What was done on a device of several is theirs for the time of their visit.
            let devices = people.read().shared_devices_of(person);
            let mut all = stores.ledger().interactions(&actors.into_iter().chain(devices).collect())?;
            let people = people.read();
            all.retain(|row| people.person_at(row.actor, row.at) == person);
            Ok(all)
        });
        let read = reading.await.map_err(|error| Failure::new("Reading the ledger broke off").because(&error))?;
        let read = read.map_err(|error: LedgerError| Failure::new("Cannot read the ledger").because(&error))?;
        let rows = rows_of(person, read);
        if rows.is_empty() {
            return Ok(BTreeSet::new());
        }
        let meaning = Meaning::new(&map, &signals, &traits, (Instant(rows.at[0]), now));
        let mut reading = Reading::default();
        reading.read(&meaning, &rows, 0..rows.len());
        let belongs = map.segments.iter().enumerate().filter(|(at, _)| reading.segments >> at & 1 == 1);
        Ok(belongs.map(|(_, segment)| segment.id.clone()).collect())
    }
}

/// Puts what one person did into the columns and the order that every analysis reads.
fn rows_of(person: PersonId, mut all: Vec<Interaction>) -> Rows {
    let key = |row: &Interaction| {
        let (value, cost) = (row.value.unwrap_or(0), row.cost.unwrap_or(NO_COST));
        (row.at, row.signal, row.form as u8, row.direction as u8, value, cost, pack_score(row.score), row.flags.0)
    };
    all.sort_by_key(key);
    let each = || all.iter();
    Rows {
        person: vec![person.0; all.len()],
        at: each().map(|row| row.at.0).collect(),
        signal: each().map(|row| row.signal.0).collect(),
        form: each().map(|row| row.form as u8).collect(),
        direction: each().map(|row| row.direction as u8).collect(),
        value: each().map(|row| row.value.unwrap_or(0)).collect(),
        cost: each().map(|row| row.cost.unwrap_or(NO_COST)).collect(),
        score: each().map(|row| pack_score(row.score)).collect(),
        flags: each().map(|row| row.flags.0).collect(),
    }
}
