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
use analysis::sequence::Rows;
use ledger::LedgerError;
use model::time::SECOND;
use model::{ActorId, Identity, Instant, PersonId};
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
        let mut rows = Rows::default();
        read.iter().for_each(|row| rows.push(person.0, row));
        let rows = rows.sorted();
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
