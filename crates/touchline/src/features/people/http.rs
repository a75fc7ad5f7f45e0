//! Asking who somebody is and why, and deciding where the facts do not. What names somebody travels in bodies, never in
//! addresses: those end up in logs.

use super::calling::{known, name_of, strongest_first};
use super::{
    Attendant, Consents, Decision, KnownName, Obstacle, People, SharedPeople, Step, Verb, Waiting, find, restricted_among,
    summed_up, texts, words_of,
};
use crate::failure::{Failure, Result};
use crate::features::account::Who;
use crate::platform::home::Stores;
use crate::platform::http::{Asked, Body, Path, Problem, Refusal};
use crate::platform::id_map::IdMap;
use axum::Json;
use axum::extract::State;
use model::{ActorId, Identity, Instant, Link, PersonId};
use serde::{Deserialize, Serialize};
use state::Transaction;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Is how many entries of the review list are told at once; the rest waits until these are decided.
const REVIEW_MAX: usize = 500;

/// Of so many identities it is told what ties them together; a drawing of more says nothing.
const TIED_MAX: usize = 100;

type Room = (SharedPeople, Stores);

/// Returns the routes of this room.
pub fn routes(people: SharedPeople, stores: Stores) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(search))
        .routes(routes!(show))
        .routes(routes!(explain))
        .routes(routes!(ties))
        .routes(routes!(merge))
        .routes(routes!(split))
        .routes(routes!(mark_nobody))
        .routes(routes!(mark_large))
        .routes(routes!(undo))
        .routes(routes!(decisions))
        .routes(routes!(review))
        .with_state((people, stores))
}

/// Is an identity in full.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Name {
    /// The kind of name, such as `email`.
    namespace: String,
    /// The name itself.
    value: String,
}

/// Is a value somebody might be known by.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Search {
    /// A value in whatever namespace, `NAMESPACE:VALUE`, or a trait such as a name.
    value: String,
}

/// Is two identities.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Pair {
    /// The one.
    one: Name,
    /// The other.
    other: Name,
}

/// Is the number of a decision.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Decided {
    /// The decision; none where there was nothing to decide.
    decision: Option<i64>,
}

/// Is as of when a question is meant.
#[derive(Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct AsKnown {
    /// Answer with what was recorded until then, in microseconds since 1970.
    #[serde(default)]
    as_known: Option<i64>,
}

/// Is a person: everything they are known by.
#[derive(Serialize, Deserialize, ToSchema)]
struct Person {
    /// The number of the person today. It may differ from the one asked for, which finds them for ever.
    person: String,
    /// The name that the traits give.
    #[serde(default)]
    name: Option<String>,
    /// Every identity, the strongest first.
    identities: Vec<KnownName>,
    /// Devices that they share with others: only some of what these did is theirs.
    shared_devices: Vec<KnownName>,
    /// What is known of them, per key the value that counts.
    traits: Vec<KnownTrait>,
    /// What they agreed to.
    #[serde(default)]
    consents: Consents,
    /// Whether the use of what is known of them is restricted.
    #[serde(default)]
    is_restricted: bool,
}

/// Is a trait of a person.
#[derive(Serialize, Deserialize, ToSchema)]
struct KnownTrait {
    /// What.
    key: String,
    /// Which.
    value: String,
    /// Since when, in microseconds since 1970.
    at: i64,
}

/// Is why two identities are one person.
#[derive(Serialize, Deserialize, ToSchema)]
struct Explanation {
    /// Whether they are.
    is_one: bool,
    /// The shortest chain of facts from the one to the other.
    chain: Vec<Because>,
}

/// Is one fact that holds two identities together.
#[derive(Serialize, Deserialize, ToSchema)]
struct Because {
    /// From whom.
    from: KnownName,
    /// To whom.
    to: KnownName,
    /// Why: `manual`, `renamed`, `verified`, `phone` or `together`.
    link: String,
    /// Since when, in microseconds since 1970.
    at: i64,
    /// Whether staff decided it.
    is_decided: bool,
}

/// Is the list of facts that wait for somebody to decide.
#[derive(Serialize, Deserialize, ToSchema)]
struct Review {
    /// How many there are.
    count: usize,
    /// The strongest and earliest of them.
    waiting: Vec<ToReview>,
}

/// Is two people whom a fact would join.
#[derive(Serialize, Deserialize, ToSchema)]
struct ToReview {
    /// The one person.
    one: String,
    /// The other person.
    other: String,
    /// The first fact that would join them.
    fact: Because,
    /// How many facts would.
    facts: usize,
    /// Why they wait: `exclude` (both hold a name of which a person has one) or `many` identities.
    why: String,
    /// The names that exclude each other; to merge them is to accept.
    names: Vec<KnownName>,
    /// How many identities they would have together, where that is why.
    identities: Option<usize>,
}

/// Is a decision of staff.
#[derive(Serialize, Deserialize, ToSchema)]
struct ToldDecision {
    /// Its number.
    decision: i64,
    /// What was decided.
    what: Verb,
    /// About whom.
    one: KnownName,
    /// About whom else.
    other: Option<KnownName>,
    /// The decision that it takes back.
    undoes: Option<i64>,
    /// When, in microseconds since 1970.
    at: i64,
    /// By whom.
    by: String,
}

/// Finds people by what somebody might call them.
#[utoipa::path(post, path = "/api/people/find", tag = "people", request_body = Search, responses(
    (status = 200, body = Vec<Person>),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
))]
async fn search(State((people, stores)): State<Room>, Body(search): Body<Search>) -> Result<Json<Vec<Person>>, Refusal> {
    let found = find(&stores.state, &search.value).await?;
    let mut numbers: Vec<PersonId> = found.iter().map(|(actor, _)| people.read().person_of(*actor)).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let mut all = Vec::new();
    for number in numbers {
        all.push(person(&people, &stores, number).await?);
    }
    Ok(Json(all))
}

/// Tells everything a person is known by.
#[utoipa::path(get, path = "/api/people/{id}", tag = "people", params(
    ("id" = String, Path, description = "Any number that the person has or had."), AsKnown,
), responses(
    (status = 200, body = Person),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
))]
async fn show(
    State((people, stores)): State<Room>,
    Path(id): Path<String>,
    Asked(asked): Asked<AsKnown>,
) -> Result<Json<Person>, Refusal> {
    let number = number(&id)?;
    let people = match asked.as_known {
        Some(moment) => SharedPeople::new(People::known_at(&stores.state, Instant(moment)).await?),
        None => people,
    };
    Ok(Json(person(&people, &stores, number).await?))
}

/// Explains why two identities are one person.
#[utoipa::path(post, path = "/api/people/explain", tag = "people", request_body = Pair, responses(
    (status = 200, body = Explanation),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
))]
async fn explain(State((people, stores)): State<Room>, Body(pair): Body<Pair>) -> Result<Json<Explanation>, Refusal> {
    let (one, other) = (identity(&pair.one)?, identity(&pair.other)?);
    let chain = people.read().why(one.actor(), other.actor());
    let is_one = chain.is_some() || one == other;
    let chain = chain.unwrap_or_default();
    let actors: Vec<ActorId> = chain.iter().flat_map(|step| [step.from, step.to]).collect();
    let texts = texts(&stores.state, &actors).await?;
    Ok(Json(Explanation { is_one, chain: chain.iter().map(|step| because(step, &texts)).collect() }))
}

/// Tells what holds a person together: for every identity the facts by which it is theirs, each once.
#[utoipa::path(get, path = "/api/people/{id}/ties", tag = "people", params(
    ("id" = String, Path, description = "Any number that the person has or had."),
), responses(
    (status = 200, body = Vec<Because>),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
))]
async fn ties(State((people, stores)): State<Room>, Path(id): Path<String>) -> Result<Json<Vec<Because>>, Refusal> {
    let number = number(&id)?;
    let mut identities = people.read().identities_of(number);
    identities.truncate(TIED_MAX);
    let texts = texts(&stores.state, &identities).await?;
    let sorted = strongest_first(&identities, &texts);
    let mut steps: Vec<Step> = Vec::new();
    {
        let people = people.read();
        let Some((first, others)) = sorted.split_first() else { return Ok(Json(Vec::new())) };
        for step in others.iter().filter_map(|other| people.why(*first, *other)).flatten() {
            let is_known =
                |other: &Step| (other.from, other.to) == (step.from, step.to) || (other.to, other.from) == (step.from, step.to);
            if !steps.iter().any(is_known) {
                steps.push(step);
            }
        }
    }
    Ok(Json(steps.iter().map(|step| because(step, &texts)).collect()))
}

/// Makes two people one, for as long as nobody undoes it.
#[utoipa::path(post, path = "/api/people/merge", tag = "people", request_body = Pair, responses(
    (status = 200, body = Decided),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
))]
async fn merge(State(room): State<Room>, Attendant(who): Attendant, Body(pair): Body<Pair>) -> Result<Json<Decided>, Refusal> {
    let (one, other) = (identity(&pair.one)?, identity(&pair.other)?);
    let merge = move |people: &mut People, transaction: Transaction, stores: &Stores| {
        stores.block_on(people.merge(transaction, &one, &other, &who.name, stores.now()))
    };
    Ok(Json(Decided { decision: decide(room, merge).await? }))
}

/// Keeps two identities apart, for as long as nobody undoes it.
#[utoipa::path(post, path = "/api/people/split", tag = "people", request_body = Pair, responses(
    (status = 200, body = Decided),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
))]
async fn split(State(room): State<Room>, Attendant(who): Attendant, Body(pair): Body<Pair>) -> Result<Json<Decided>, Refusal> {
    let (one, other) = (identity(&pair.one)?, identity(&pair.other)?);
    if one == other {
        return Err(Refusal::malformed("An identity cannot be kept apart from itself", "Name two identities"));
    }
    let split = move |people: &mut People, transaction: Transaction, stores: &Stores| {
        stores.block_on(people.split(transaction, &one, &other, &who.name, stores.now()))
    };
    Ok(Json(Decided { decision: Some(decide(room, split).await?) }))
}

/// Says that an identity names nobody: it joins no one any more.
#[utoipa::path(post, path = "/api/people/nobody", tag = "people", request_body = Name, responses(
    (status = 200, body = Decided),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
))]
async fn mark_nobody(
    State(room): State<Room>,
    Attendant(who): Attendant,
    Body(name): Body<Name>,
) -> Result<Json<Decided>, Refusal> {
    mark(room, who, Verb::Nobody, &name).await
}

/// Says that the person who has this identity may have any number of them.
#[utoipa::path(post, path = "/api/people/large", tag = "people", request_body = Name, responses(
    (status = 200, body = Decided),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
))]
async fn mark_large(
    State(room): State<Room>,
    Attendant(who): Attendant,
    Body(name): Body<Name>,
) -> Result<Json<Decided>, Refusal> {
    mark(room, who, Verb::Large, &name).await
}

async fn mark(room: Room, who: Who, verb: Verb, name: &Name) -> Result<Json<Decided>, Refusal> {
    let identity = identity(name)?;
    let mark = move |people: &mut People, transaction: Transaction, stores: &Stores| {
        stores.block_on(people.mark(transaction, verb, &identity, &who.name, stores.now()))
    };
    Ok(Json(Decided { decision: Some(decide(room, mark).await?) }))
}

/// Takes a decision back: everything is as if it had never been made.
#[utoipa::path(post, path = "/api/people/undo", tag = "people", request_body = Decided, responses(
    (status = 200, body = Decided),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, description = "There is no such decision, or it is undone already.", body = Problem),
))]
async fn undo(
    State(room): State<Room>,
    Attendant(who): Attendant,
    Body(decided): Body<Decided>,
) -> Result<Json<Decided>, Refusal> {
    let id = decided.decision.unwrap_or_default();
    if !room.0.read().can_undo(id) {
        return Err(Refusal::not_found(format!("There is no decision {id} to undo"), "Read /api/people/decisions"));
    }
    let undo = move |people: &mut People, transaction: Transaction, stores: &Stores| {
        stores.block_on(people.undo(transaction, id, &who.name, stores.now()))
    };
    Ok(Json(Decided { decision: Some(decide(room, undo).await?) }))
}

/// Lists what staff decided, the earliest first.
#[utoipa::path(get, path = "/api/people/decisions", tag = "people", responses(
    (status = 200, body = Vec<ToldDecision>),
    (status = 401, body = Problem),
))]
async fn decisions(State((people, stores)): State<Room>) -> Result<Json<Vec<ToldDecision>>, Refusal> {
    let list: Vec<Decision> = people.read().decisions().to_vec();
    let actors: Vec<ActorId> = list.iter().flat_map(|line| [line.one.actor, line.other.actor]).collect();
    let texts = texts(&stores.state, &actors).await?;
    let told = |line: Decision| ToldDecision {
        decision: line.id,
        what: line.verb,
        one: known(line.one.actor, &texts),
        other: (line.one != line.other).then(|| known(line.other.actor, &texts)),
        undoes: (line.verb == Verb::Undo).then_some(line.undoes),
        at: line.at.0,
        by: line.by,
    };
    Ok(Json(list.into_iter().map(told).collect()))
}

/// Lists the facts that wait for somebody to decide.
#[utoipa::path(get, path = "/api/people/review", tag = "people", responses(
    (status = 200, body = Review),
    (status = 401, body = Problem),
))]
async fn review(State((people, stores)): State<Room>) -> Result<Json<Review>, Refusal> {
    let mut waiting = people.read().review();
    let count = waiting.len();
    waiting.truncate(REVIEW_MAX);
    let mut actors: Vec<ActorId> = Vec::new();
    for waiting in &waiting {
        actors.extend([waiting.step.from, waiting.step.to]);
        if let Obstacle::Exclude(one, other) = waiting.obstacle {
            actors.extend([one, other]);
        }
    }
    let texts = texts(&stores.state, &actors).await?;
    let waiting = waiting.iter().map(|waiting| to_review(&people.read(), waiting, &texts)).collect();
    Ok(Json(Review { count, waiting }))
}

fn to_review(people: &People, waiting: &Waiting, texts: &IdMap<ActorId, Identity>) -> ToReview {
    let (why, names, identities) = match waiting.obstacle {
        Obstacle::Exclude(one, other) => ("exclude", vec![known(one, texts), known(other, texts)], None),
        Obstacle::Many(count) => ("many", Vec::new(), Some(count)),
    };
    ToReview {
        one: people.person_of(waiting.step.from).to_string(),
        other: people.person_of(waiting.step.to).to_string(),
        fact: because(&waiting.step, texts),
        facts: waiting.facts,
        why: why.to_owned(),
        names,
        identities,
    }
}

/// Decides something on a thread that may block.
async fn decide<T: Send + 'static>(
    (people, stores): Room,
    decision: impl FnOnce(&mut People, Transaction, &Stores) -> Result<T> + Send + 'static,
) -> Result<T, Refusal> {
    let decided = tokio::task::spawn_blocking(move || {
        let (transaction, mut people) = people.change(&stores)?;
        decision(&mut people, transaction, &stores)
    });
    let decided = decided.await;
    Ok(decided.map_err(|error| Failure::new("A decision broke off").because(&error))??)
}

async fn person(people: &SharedPeople, stores: &Stores, number: PersonId) -> Result<Person> {
    let (number, identities, shared) = {
        let people = people.read();
        let number = people.person_of(ActorId(number.0));
        (number, people.identities_of(number), people.shared_devices_of(number))
    };
    let texts = texts(&stores.state, &[identities.clone(), shared.clone()].concat()).await?;
    let traits = super::traits::traits_of(&stores.state, &identities).await?;
    let words = words_of(&stores.state, &identities).await?;
    Ok(Person {
        person: number.to_string(),
        name: name_of(traits.iter().map(|known| (known.key.as_str(), known.value.as_str()))),
        is_restricted: !restricted_among(&stores.state, &identities).await?.is_empty(),
        consents: summed_up(&words),
        identities: strongest_first(&identities, &texts).into_iter().map(|actor| known(actor, &texts)).collect(),
        shared_devices: shared.iter().map(|actor| known(*actor, &texts)).collect(),
        traits: traits.into_iter().map(|known| KnownTrait { key: known.key, value: known.value, at: known.at.0 }).collect(),
    })
}

fn because(step: &Step, texts: &IdMap<ActorId, Identity>) -> Because {
    let link = match step.link {
        Link::Manual => "manual",
        Link::Renamed => "renamed",
        Link::Verified => "verified",
        Link::Phone => "phone",
        Link::Together => "together",
    };
    Because {
        from: known(step.from, texts),
        to: known(step.to, texts),
        link: link.to_owned(),
        at: step.at.0,
        is_decided: step.is_decided,
    }
}

fn identity(name: &Name) -> Result<Identity, Refusal> {
    let blank = || Refusal::malformed("An identity needs a namespace and a value", "Such as email and ada@example.org");
    Identity::new(&name.namespace, &name.value).filter(|identity| !identity.namespace.is_empty()).ok_or_else(blank)
}

/// Reads the number of a person.
///
/// # Errors
/// Fails when it is none.
pub(in crate::features) fn number(id: &str) -> Result<PersonId, Refusal> {
    let is_number = id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u64::from_str_radix(id, 16).ok().filter(|_| is_number).map(PersonId);
    number.ok_or_else(|| Refusal::malformed("A person has a number of 16 hexadecimal digits", "Find it by POST /api/people/find"))
}
