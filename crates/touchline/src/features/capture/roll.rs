//! The list of people, page by page. It is read from a picture of the ledger that is kept for a while, so that whoever scrolls
//! through a hundred thousand people does not have them moved under their hands by what arrives meanwhile. What is sought
//! travels in the body, because a name in an address ends in logs.

use super::Capture;
use crate::failure::{Failure, Result};
use crate::features::people::{Attendant, Called, KnownName, called, resolution, seek};
use crate::platform::home::Stores;
use crate::platform::http::{Body, Problem, Refusal};
use analysis::roll::{Entry, Roll};
use axum::Json;
use axum::extract::State;
use model::PersonId;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Of more people than this, those met last are listed: a picture takes 40 bytes for each.
const LISTED_MAX: usize = 1 << 20;
/// So many pictures are kept: each reader holds on to one while they scroll.
const PICTURES_MAX: usize = 4;
/// A page has so many people at most, and where nothing is said.
const PAGE_MAX: usize = 200;
const PAGE: usize = 50;
/// So many identities are sought; whoever finds more writes more letters.
const FOUND_MAX: i64 = 5_000;
/// A part of a name is no longer than a name.
const PART_MAX: usize = 320;

type Room = (Rolls, Stores);

/// Returns the route of the list.
pub fn routes(capture: Capture, stores: Stores) -> OpenApiRouter {
    let rolls = Rolls { capture, kept: Arc::default() };
    OpenApiRouter::new().routes(routes!(list)).with_state((rolls, stores))
}

/// Is in which order people are listed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PeopleOrder {
    /// Whom we met last comes first.
    #[default]
    Latest,
    /// Whom we met most often.
    Frequent,
    /// Who was worth most.
    Value,
    /// Whom we have not met for the longest time.
    Longest,
}

/// Is which part of the list is meant.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PeopleAsked {
    /// A part of what somebody is called; empty: everybody.
    #[serde(default)]
    part: String,
    /// The order.
    #[serde(default)]
    order: PeopleOrder,
    /// The place of the first one in the order, from 0.
    #[serde(default)]
    from: usize,
    /// How many, 50 where nothing is said and 200 at most.
    #[serde(default)]
    limit: Option<usize>,
    /// The picture of the page before, so that the order stands still; none, or one that is gone: the newest.
    #[serde(default)]
    picture: Option<u64>,
}

/// Is a part of the list.
#[derive(Serialize, Deserialize, ToSchema)]
struct PeoplePage {
    /// The picture it was read from.
    picture: u64,
    /// How many people there are in all.
    total: u64,
    /// How many of them are meant.
    meant: usize,
    /// Whether more were found than are listed.
    is_cut: bool,
    /// The place of the first one of this page.
    from: usize,
    /// The people.
    people: Vec<ListedPerson>,
}

/// Is a person in the list.
#[derive(Serialize, Deserialize, ToSchema)]
struct ListedPerson {
    /// The number.
    person: String,
    /// The name that the traits give.
    name: Option<String>,
    /// The strongest identities.
    known_by: Vec<KnownName>,
    /// How many identities there are.
    identities: usize,
    /// Whether the use of what is known of them is restricted.
    is_restricted: bool,
    /// How often we met, machines left out.
    interactions: u64,
    /// When first, in microseconds since 1970; none: never.
    first_at: Option<i64>,
    /// When last.
    last_at: Option<i64>,
    /// What it was worth in all, in minor units.
    value: i64,
}

/// Keeps pictures of who there is.
#[derive(Clone)]
struct Rolls {
    capture: Capture,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    made: u64,
    pictures: VecDeque<Arc<Picture>>,
}

/// Is who there was at a moment.
struct Picture {
    number: u64,
    /// The counters of both stores at that moment.
    basis: (u64, u64, u64),
    total: u64,
    /// Who was met last comes first.
    latest: Vec<Entry>,
    /// The other orders, as places in `latest`, made when somebody asks.
    orders: Mutex<HashMap<PeopleOrder, Arc<Vec<u32>>>>,
}

impl Rolls {
    /// Returns the picture that was asked for, or the newest. To be called from threads that may block.
    fn picture(&self, stores: &Stores, wanted: Option<u64>) -> Result<Arc<Picture>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = kept.pictures.iter().find(|picture| Some(picture.number) == wanted) {
            return Ok(Arc::clone(found));
        }
        let basis = {
            let ledger = stores.ledger();
            (stores.state.changes(), ledger.version(), ledger.count())
        };
        if let Some(newest) = kept.pictures.back().filter(|picture| picture.basis == basis) {
            return Ok(Arc::clone(newest));
        }
        let people = stores.block_on(resolution(&stores.state))?;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let roll = stores.ledger().scan(&people, threads, || Roll::new(LISTED_MAX));
        let (total, latest) = roll.map_err(|error| Failure::new("Cannot read the ledger").because(&error))?.finish();
        kept.made += 1;
        let picture = Arc::new(Picture { number: kept.made, basis, total, latest, orders: Mutex::default() });
        kept.pictures.push_back(Arc::clone(&picture));
        if kept.pictures.len() > PICTURES_MAX {
            kept.pictures.pop_front();
        }
        Ok(picture)
    }

    /// Reads a page.
    fn page(&self, stores: &Stores, asked: &PeopleAsked) -> Result<PeoplePage> {
        let picture = self.picture(stores, asked.picture)?;
        let limit = asked.limit.unwrap_or(PAGE).clamp(1, PAGE_MAX);
        let part = asked.part.trim();
        let (entries, meant, is_cut) = if part.is_empty() {
            let order = picture.order(asked.order);
            let at = |place: usize| order.as_ref().map_or(place, |order| order[place] as usize);
            let range = asked.from.min(picture.latest.len())..asked.from.saturating_add(limit).min(picture.latest.len());
            let is_cut = picture.total > picture.latest.len() as u64;
            (range.map(|place| picture.latest[at(place)]).collect(), picture.latest.len(), is_cut)
        } else {
            let (mut found, is_cut) = self.found(stores, &picture, part)?;
            found.sort_by_key(|entry| asked.order.key(entry));
            let meant = found.len();
            (found.into_iter().skip(asked.from).take(limit).collect::<Vec<_>>(), meant, is_cut)
        };
        let numbers: Vec<PersonId> = entries.iter().map(|entry| PersonId(entry.person)).collect();
        let names = stores.block_on(called(&stores.state, &self.capture.people(), &numbers))?;
        let people = entries.iter().zip(names).map(|(entry, called)| listed(entry, called)).collect();
        Ok(PeoplePage { picture: picture.number, total: picture.total, meant, is_cut, from: asked.from, people })
    }

    /// Returns the people who are meant by a part of a name. Those whom we never met are among them.
    fn found(&self, stores: &Stores, picture: &Picture, part: &str) -> Result<(Vec<Entry>, bool)> {
        let actors = stores.block_on(seek(&stores.state, part, FOUND_MAX))?;
        let is_cut = actors.len() as i64 >= FOUND_MAX;
        let shared = self.capture.people();
        let wanted: BTreeSet<u64> = {
            let people = shared.read();
            actors.iter().map(|actor| people.person_of(*actor).0).collect()
        };
        let mut found: Vec<Entry> = picture.latest.iter().filter(|entry| wanted.contains(&entry.person)).copied().collect();
        let met: BTreeSet<u64> = found.iter().map(|entry| entry.person).collect();
        let never = |person: &u64| Entry { person: *person, interactions: 0, first_at: i64::MIN, last_at: i64::MIN, value: 0 };
        found.extend(wanted.difference(&met).map(never));
        Ok((found, is_cut))
    }
}

impl Picture {
    /// Returns an order as places among those met last; none: that order itself.
    fn order(&self, order: PeopleOrder) -> Option<Arc<Vec<u32>>> {
        if order == PeopleOrder::Latest {
            return None;
        }
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let made = orders.entry(order).or_insert_with(|| {
            let mut places: Vec<u32> = (0..self.latest.len() as u32).collect();
            places.sort_by_key(|place| order.key(&self.latest[*place as usize]));
            Arc::new(places)
        });
        Some(Arc::clone(made))
    }
}

impl PeopleOrder {
    /// Returns what people are sorted by; the number last, so that the order is always the same.
    const fn key(self, entry: &Entry) -> (Reverse<i64>, u64) {
        let key = match self {
            Self::Latest => entry.last_at,
            Self::Frequent => entry.interactions.cast_signed(),
            Self::Value => entry.value,
            Self::Longest => entry.last_at.saturating_neg(),
        };
        (Reverse(key), entry.person)
    }
}

fn listed(entry: &Entry, called: Called) -> ListedPerson {
    let moment = |at: i64| Some(at).filter(|_| entry.interactions > 0);
    ListedPerson {
        person: PersonId(entry.person).to_string(),
        name: called.name,
        known_by: called.known_by,
        identities: called.identities,
        is_restricted: called.is_restricted,
        interactions: entry.interactions,
        first_at: moment(entry.first_at),
        last_at: moment(entry.last_at),
        value: entry.value,
    }
}

/// Lists people, or those who are meant by a part of a name.
#[utoipa::path(post, path = "/api/people/list", tag = "people", request_body = PeopleAsked, responses(
    (status = 200, body = PeoplePage),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
))]
async fn list(
    State((rolls, stores)): State<Room>,
    _: Attendant,
    Body(asked): Body<PeopleAsked>,
) -> Result<Json<PeoplePage>, Refusal> {
    if asked.part.len() > PART_MAX {
        return Err(Refusal::malformed("That is longer than a name", format!("Write {PART_MAX} bytes at most")));
    }
    let read = tokio::task::spawn_blocking(move || rolls.page(&stores, &asked)).await;
    Ok(Json(read.map_err(|error| Failure::new("Listing people broke off").because(&error))??))
}
