//! Everything that happened between a person and us, on every channel, the latest first.

use super::{Capture, signals};
use crate::failure::Failure;
use crate::features::account::Who;
use crate::features::people::{attends, number};
use crate::platform::home::Stores;
use crate::platform::http::{Asked, Path, Problem, Refusal};
use axum::extract::State;
use axum::{Extension, Json};
use futures_util::future::BoxFuture;
use model::{ActorId, Direction, Flags, Form, Interaction, InteractionId, PersonId, Signature};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Is how many interactions a page has where none is said, and at most.
const PAGE: usize = 50;
const PAGE_MAX: usize = 1_000;

/// Knows which conversations somebody may not see. It is kept by a room after this one.
pub trait Curtain: Send + Sync {
    /// Returns which of some conversations somebody may not see.
    ///
    /// # Errors
    /// Fails when the state store does.
    fn hides<'a>(
        &'a self,
        who: &'a Who,
        conversations: BTreeSet<String>,
    ) -> BoxFuture<'a, crate::failure::Result<HashSet<String>>>;
}

type Room = (Capture, Stores, Arc<dyn Curtain>);

/// Returns the routes of this part of the room.
pub fn routes(capture: Capture, stores: Stores, curtain: Arc<dyn Curtain>) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(timeline)).with_state((capture, stores, curtain))
}

/// Is which part of a timeline is meant.
#[derive(Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Part {
    /// How many interactions, 50 where nothing is said and 1,000 at most.
    #[serde(default)]
    limit: Option<usize>,
    /// Only what comes after this one in the list: `next` of the page before.
    #[serde(default)]
    after: Option<String>,
}

/// Is a part of a person's timeline.
#[derive(Serialize, Deserialize, ToSchema)]
struct Timeline {
    /// The number of the person today.
    person: String,
    /// How many interactions there are in all that whoever asks may see.
    count: usize,
    /// What happened, the latest first.
    interactions: Vec<Met>,
    /// Where the next page begins; none at the end.
    next: Option<String>,
}

/// Is one interaction of a person.
#[derive(Serialize, Deserialize, ToSchema)]
struct Met {
    /// Its id in the ledger.
    id: String,
    /// When it happened, in microseconds since 1970.
    at: i64,
    /// By what it is recognised.
    signal: Signature,
    /// What happened.
    form: Form,
    /// Who spoke to whom.
    direction: Direction,
    /// What it was worth, in minor units.
    value: Option<i64>,
    /// What it cost us, in minor units.
    cost: Option<i64>,
    /// The currency of both.
    currency: Option<String>,
    /// The raw identity, as the ledger numbers it.
    actor: String,
    /// Everything else that the source sent.
    #[schema(value_type = Object)]
    props: Option<serde_json::Value>,
    /// What somebody said, for the owner, admins and agents alone.
    text: Option<String>,
    /// Whether something was said that whoever asks may not read, or nobody can any more.
    is_sealed: bool,
}

/// Tells what happened between a person and us, on every channel, and what they said to those who may read it. Of a device that several people use, only what was
/// theirs.
#[utoipa::path(get, path = "/api/people/{id}/timeline", tag = "people", params(
    ("id" = String, Path, description = "Any number that the person has or had."), Part,
), responses(
    (status = 200, body = Timeline),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
))]
async fn timeline(
    State((capture, stores, curtain)): State<Room>,
    Extension(who): Extension<Who>,
    Path(id): Path<String>,
    Asked(part): Asked<Part>,
) -> Result<Json<Timeline>, Refusal> {
    let number = number(&id)?;
    let after = part.after.as_deref().map(place).transpose()?;
    let known = signals(&stores.state).await?;
    let guard = capture.guard().clone();
    let read = tokio::task::spawn_blocking(move || of(&capture, &stores, number)).await;
    let (person, mut rows) = read.map_err(|error| Failure::new("Reading a timeline broke off").because(&error))??;
    let conversations = rows.iter().filter_map(|row| row.conversation.clone()).collect();
    let hidden = curtain.hides(&who, conversations).await?;
    rows.retain(|row| row.conversation.as_ref().is_none_or(|one| !hidden.contains(one)));
    let count = rows.len();
    rows.retain(|row| after.is_none_or(|after| (row.at.0, row.id.0) < after));
    let limit = part.limit.unwrap_or(PAGE).clamp(1, PAGE_MAX);
    let next = rows.get(limit).and_then(|_| rows.get(limit - 1)).map(|row| format!("{}-{}", row.at.0, row.id));
    rows.truncate(limit);
    let texts = if attends(&who) { guard.texts(&rows).await? } else { HashMap::new() };
    let interactions = rows.into_iter().map(|row| met(row, &known, &texts)).collect();
    Ok(Json(Timeline { person: person.to_string(), count, interactions, next }))
}

/// Reads everything of a person, the latest first. For a thread that may block.
fn of(capture: &Capture, stores: &Stores, number: PersonId) -> crate::failure::Result<(PersonId, Vec<Interaction>)> {
    let people = capture.people();
    let (person, actors) = {
        let people = people.read();
        let person = people.person_of(ActorId(number.0));
        (person, people.identities_of(person).into_iter().chain(people.shared_devices_of(person)).collect())
    };
    let found = stores.ledger().interactions(&actors);
    let mut rows = found.map_err(|error| Failure::new("Cannot read the ledger").because(&error))?;
    let people = people.read();
    rows.retain(|row| people.person_at(row.actor, row.at) == person);
    rows.sort_unstable_by_key(|row| std::cmp::Reverse((row.at, row.id)));
    Ok((person, rows))
}

fn met(row: Interaction, known: &[Signature], texts: &HashMap<InteractionId, String>) -> Met {
    let text = texts.get(&row.id).cloned();
    let mut props: Option<serde_json::Value> = row.props.and_then(|props| serde_json::from_str(&props).ok());
    // What is sealed says nothing to anybody.
    if row.flags.has(Flags::TEXT)
        && let Some(props) = props.as_mut().and_then(serde_json::Value::as_object_mut)
    {
        props.remove("text");
    }
    Met {
        is_sealed: row.flags.has(Flags::TEXT) && text.is_none(),
        text,
        id: row.id.to_string(),
        at: row.at.0,
        signal: known.get(row.signal.0 as usize).cloned().unwrap_or_default(),
        form: row.form,
        direction: row.direction,
        value: row.value,
        cost: row.cost,
        currency: row.currency.map(|currency| currency.code().to_owned()),
        actor: row.actor.to_string(),
        props,
    }
}

/// Reads the place where a page ended.
fn place(text: &str) -> Result<(i64, u128), Refusal> {
    let parts = text.rsplit_once('-').and_then(|(at, id)| Some((at.parse().ok()?, u128::from_str_radix(id, 16).ok()?)));
    parts.ok_or_else(|| Refusal::malformed("The page does not begin anywhere", "Take `next` of the page before"))
}
