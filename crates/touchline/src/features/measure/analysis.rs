//! The analysis of the current map over the whole ledger: one pass, then reports of everybody and of each segment.

use crate::failure::{Failure, Result};
use crate::features::capture::signals;
use crate::features::map::Maps;
use crate::features::people::{People, resolution};
use crate::platform::home::Home;
use analysis::finish;
use analysis::map_fold::MapFold;
use analysis::meaning::Meaning;
use analysis::report::MapReport;
use model::map::nearest;
use model::rules::SegmentRule;
use model::{Signature, TouchpointMap};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Holds what one pass over the ledger has read, for the map of that moment.
pub struct Analysis {
    map: TouchpointMap,
    signals: Vec<Signature>,
    fold: MapFold,
}

impl Analysis {
    /// Reads the whole ledger once, on as many threads as the machine has cores.
    ///
    /// # Errors
    /// Fails when there is no map yet, or when state or ledger cannot be read.
    pub fn run(home: &Home) -> Result<Self> {
        let current = home.block_on(Maps::new(home.state().clone()).current())?;
        let map = current.map(|version| version.map).ok_or_else(|| {
            Failure::new(format!("There is no map in {} yet", home.dir().display()))
                .hint(format!("Apply one: touchline map apply FILE --data {}", home.dir().display()))
        })?;
        let signals = home.block_on(signals(home.state()))?;
        let people = home.block_on(resolution(home.state()))?;
        let traits = home.block_on(traits(home, &map))?;
        let unread = |error| Failure::new(format!("Cannot read the ledger in {}", home.dir().display())).because(&error);
        let window = home.ledger().window().map_err(unread)?.unwrap_or_default();
        let meaning = Arc::new(Meaning::new(&map, &signals, &traits, window));
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let fold = home.ledger().scan(&people, threads, || MapFold::new(Arc::clone(&meaning))).map_err(unread)?;
        Ok(Self { map, signals, fold })
    }

    /// Returns the map that was analysed.
    #[must_use]
    pub const fn map(&self) -> &TouchpointMap {
        &self.map
    }

    /// Makes the report of everybody, or of one segment.
    ///
    /// # Errors
    /// Fails when the map has no such segment.
    pub fn report(&self, segment: Option<&str>) -> Result<MapReport> {
        let position = segment.map(|id| self.position(id)).transpose()?;
        Ok(finish::report(&self.map, &self.signals, &self.fold, position))
    }

    fn position(&self, id: &str) -> Result<usize> {
        let known = || self.map.segments.iter().map(|segment| segment.id.as_str());
        known().position(|known| known == id).ok_or_else(|| {
            let failure = Failure::new(format!("There is no segment `{id}`"));
            match nearest(id, known()) {
                Some(near) => failure.hint(format!("Did you mean `{near}`?")),
                None => failure.hint(format!("The segments are: {}", known().collect::<Vec<_>>().join(", "))),
            }
        })
    }
}

/// Finds who has the traits that segments ask for: (person, key, value).
async fn traits(home: &Home, map: &TouchpointMap) -> Result<Vec<(u64, String, String)>> {
    let mut wanted = BTreeSet::new();
    map.segments.iter().for_each(|segment| traits_in(&segment.rule, &mut wanted));
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let people = People::load(home.state()).await?;
    let mut known = Vec::new();
    for (key, value) in wanted {
        let having = people.with_trait(home.state(), key, value).await?;
        known.extend(having.into_iter().map(|person| (person.0, key.to_owned(), value.to_owned())));
    }
    Ok(known)
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
