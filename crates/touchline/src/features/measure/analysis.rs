//! The analysis of the current map over the whole ledger: one pass, then reports of everybody and of each segment.

use super::experience::{Settings, importance};
use super::given;
use super::zone::calendar_of;
use crate::failure::{Failure, Result};
use crate::features::capture::{is_crowded, signals};
use crate::features::map::Maps;
use crate::features::people::{People, anybody_restricted, anybody_with_trait, resolution, restricted};
use crate::platform::home::{Home, Stores};
use analysis::finish::{self, Stated};
use analysis::map_fold::MapFold;
use analysis::meaning::Meaning;
use analysis::replies::Service;
use analysis::report::{MapReport, Note};
use analysis::sequence::Fold;
use model::map::nearest;
use model::rules::SegmentRule;
use model::{Signature, TouchpointMap};
use state::State;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Holds what one pass over the ledger has read, for the map of that moment.
pub struct Analysis {
    map: TouchpointMap,
    map_version: i64,
    signals: Vec<Signature>,
    fold: MapFold,
    /// What surveys say of importance.
    stated: Stated,
}

impl Analysis {
    /// Reads the whole ledger once, on as many threads as the machine has cores.
    ///
    /// # Errors
    /// Fails when there is no map yet, or when state or ledger cannot be read.
    pub fn run(home: &Home) -> Result<Self> {
        Self::read(&home.stores())?.ok_or_else(|| {
            Failure::new(format!("There is no map in {} yet", home.dir().display()))
                .hint(format!("Apply one: touchline map apply FILE --data {}", home.dir().display()))
        })
    }

    /// Reads the whole ledger once; `None` while there is no map. To be called from threads that may block.
    ///
    /// # Errors
    /// Fails when state or ledger cannot be read.
    pub fn read(stores: &Stores) -> Result<Option<Self>> {
        let Some(Sense { map, map_version, signals, meaning }) = Sense::read(stores)? else {
            return Ok(None);
        };
        let fold = scan(stores, || MapFold::new(Arc::clone(&meaning)))?;
        let stated = importance(stores, &map)?;
        Ok(Some(Self { map, map_version, signals, fold, stated }))
    }

    /// Returns the map that was analysed.
    #[must_use]
    pub const fn map(&self) -> &TouchpointMap {
        &self.map
    }

    /// Returns the number of that map's version.
    #[must_use]
    pub const fn map_version(&self) -> i64 {
        self.map_version
    }

    /// Makes the report of everybody, or of one segment.
    ///
    /// # Errors
    /// Fails when the map has no such segment.
    pub fn report(&self, segment: Option<&str>) -> Result<MapReport> {
        let position = segment.map(|id| position(&self.map, id)).transpose()?;
        // What surveys say of importance is not known by segment.
        let stated = if position.is_none() { &self.stated } else { &Stated::new() };
        let mut report = finish::report(&self.map, &self.signals, &self.fold, position, stated);
        if is_crowded(&self.signals) {
            report.notes.push(Note { key: "signals_are_folded".to_owned(), about: None });
        }
        Ok(report)
    }
}

/// Is what facts mean at this moment: the current map, compiled for the signals and traits that are known.
pub struct Sense {
    /// The map.
    pub map: TouchpointMap,
    /// The number of its version.
    pub map_version: i64,
    /// The signals that are known, in the order of their numbers.
    pub signals: Vec<Signature>,
    /// What both mean together.
    pub meaning: Arc<Meaning>,
}

impl Sense {
    /// Compiles the current map; `None` while there is none. To be called from threads that may block.
    ///
    /// # Errors
    /// Fails when state or ledger cannot be read.
    pub fn read(stores: &Stores) -> Result<Option<Self>> {
        Self::read_changed(stores, |_| {})
    }

    /// Compiles it as if the map were changed, and changes nothing.
    pub(super) fn read_changed(stores: &Stores, change: impl FnOnce(&mut TouchpointMap)) -> Result<Option<Self>> {
        let Some(current) = stores.block_on(Maps::new(stores.state.clone()).current())? else {
            return Ok(None);
        };
        let (mut map, map_version) = (current.map, current.id);
        change(&mut map);
        let signals = stores.block_on(signals(&stores.state))?;
        let traits = stores.block_on(traits(&stores.state, &map))?;
        let window = stores.ledger().window().map_err(|error| unread(stores, &error))?.unwrap_or_default();
        let left_out = stores.block_on(left_out(&stores.state))?;
        let settings = Settings::of(&stores.block_on(given::latest(&stores.state))?);
        let service = Service { targets: settings.targets(&map), calendar: calendar_of(&map, window, settings.week) };
        let meaning = Arc::new(Meaning::new(&map, &signals, &traits, window).leaving_out(left_out).serving(service));
        Ok(Some(Self { map, map_version, signals, meaning }))
    }
}

/// Finds a segment of the map by its id.
pub(super) fn position(map: &TouchpointMap, id: &str) -> Result<usize> {
    let known = || map.segments.iter().map(|segment| segment.id.as_str());
    known().position(|known| known == id).ok_or_else(|| {
        let failure = Failure::new(format!("There is no segment `{id}`"));
        match nearest(id, known()) {
            Some(near) => failure.hint(format!("Did you mean `{near}`?")),
            None => failure.hint(format!("The segments are: {}", known().collect::<Vec<_>>().join(", "))),
        }
    })
}

/// Runs a fold over everything that everybody did, under the names that they have today.
///
/// # Errors
/// Fails when state or ledger cannot be read.
pub fn scan<F: Fold>(stores: &Stores, make: impl Fn() -> F + Sync) -> Result<F> {
    let people = stores.block_on(resolution(&stores.state))?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    stores.ledger().scan(&people, threads, make).map_err(|error| unread(stores, &error))
}

pub(super) fn unread(stores: &Stores, error: &ledger::LedgerError) -> Failure {
    Failure::new(format!("Cannot read the ledger in {}", stores.dir.display())).because(error)
}

/// Finds who has the traits that segments ask for: (person, key, value).
async fn traits(state: &State, map: &TouchpointMap) -> Result<Vec<(u64, String, String)>> {
    let mut wanted = BTreeSet::new();
    map.segments.iter().for_each(|segment| traits_in(&segment.rule, &mut wanted));
    // To know who is who takes seconds where there are many: not for traits that nobody has.
    let mut borne = Vec::new();
    for (key, value) in wanted {
        if anybody_with_trait(state, key).await? {
            borne.push((key, value));
        }
    }
    if borne.is_empty() {
        return Ok(Vec::new());
    }
    let people = People::load(state).await?;
    let mut known = Vec::new();
    for (key, value) in borne {
        let having = people.with_trait(state, key, value).await?;
        known.extend(having.into_iter().map(|person| (person.0, key.to_owned(), value.to_owned())));
    }
    Ok(known)
}

/// Finds who has restricted the use of what is known of them, in the order of their numbers.
pub(super) async fn left_out(state: &State) -> Result<Vec<u64>> {
    if !anybody_restricted(state).await? {
        return Ok(Vec::new());
    }
    let people = People::load(state).await?;
    Ok(restricted(state, &people).await?.into_iter().map(|person| person.0).collect())
}

fn traits_in<'a>(rule: &'a SegmentRule, wanted: &mut BTreeSet<(&'a str, &'a str)>) {
    match rule {
        SegmentRule::Trait { key, is } => {
            wanted.insert((key, is));
        }
        SegmentRule::All { of } | SegmentRule::Any { of } => of.iter().for_each(|part| traits_in(part, wanted)),
        SegmentRule::Not { of } => traits_in(of, wanted),
        _ => {}
    }
}
