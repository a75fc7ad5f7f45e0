//! The first steps, and a second look at objectives.

use super::store::{Kept, load, save};
use super::tools::tools_in;
use super::{Proposal, proposals};
use crate::failure::Result;
use crate::features::account::Keeper;
use crate::platform::clock::Clock;
use crate::platform::http::{Body, Problem, Refusal};
use axum::Json;
use axum::extract::State as From;
use model::map::Segment;
use model::text::Text;
use model::{Instant, catalogue};
use serde::{Deserialize, Serialize};
use state::State;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Is what the room works with.
#[derive(Clone)]
pub struct Goals {
    state: State,
    clock: Clock,
}

impl Goals {
    /// Looks after the goals in a state store.
    #[must_use]
    pub const fn new(state: State, clock: Clock) -> Self {
        Self { state, clock }
    }

    /// Returns what was told so far.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn told(&self) -> Result<Kept> {
        load(&self.state).await
    }

    fn now(&self) -> Instant {
        (self.clock)()
    }
}

/// Returns the routes of this room.
pub fn routes(goals: Goals) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(told, tell)).routes(routes!(businesses)).routes(routes!(look)).with_state(goals)
}

/// Is what was told, and what follows.
#[derive(Serialize, Deserialize, ToSchema)]
struct Start {
    /// What was told.
    told: Kept,
    /// The tools that each objective names, in the order of the objectives.
    tools: Vec<Vec<String>>,
    /// The touchpoints that are proposed; none before a type of business is chosen.
    proposals: Option<Vec<Proposal>>,
}

fn start(told: Kept) -> Start {
    let tools = told.setup.objectives.iter().map(|aim| tools_in(&aim.text)).collect();
    Start { tools, proposals: proposals(&told.setup), told }
}

/// Tells what an organisation has thought about so far, and what that proposes.
#[utoipa::path(get, path = "/api/goals/setup", tag = "goals", responses(
    (status = 200, body = Start),
    (status = 401, body = Problem),
))]
async fn told(From(goals): From<Goals>) -> Result<Json<Start>, Refusal> {
    Ok(Json(start(goals.told().await?)))
}

/// Keeps it, as a further version.
#[utoipa::path(put, path = "/api/goals/setup", tag = "goals", request_body = Kept, responses(
    (status = 200, body = Start),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 409, description = "Somebody else has changed it since that version.", body = Problem),
))]
async fn tell(_: Keeper, From(goals): From<Goals>, Body(mut kept): Body<Kept>) -> Result<Json<Start>, Refusal> {
    kept.setup.check().map_err(Refusal::told)?;
    match save(&goals.state, &kept, goals.now()).await? {
        Some(version) => {
            kept.version = version;
            Ok(Json(start(kept)))
        }
        None => Err(Refusal::conflict("Somebody else has changed this meanwhile", "Look at theirs, then change it again")),
    }
}

/// Is one type of business.
#[derive(Serialize, Deserialize, ToSchema)]
struct Business {
    /// Its id, such as `online-shop`.
    id: String,
    /// Its name.
    name: Text,
    /// Whom such a business meets.
    segments: Vec<Segment>,
    /// The stages of its life cycle.
    stages: Vec<Step>,
    /// How many touchpoints are usual.
    touchpoints: usize,
}

/// Is a stage.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = BusinessStage)]
struct Step {
    /// Its id.
    id: String,
    /// Its name.
    name: Text,
    /// How much weight it is usually given; all sum to 1.
    weight: f64,
}

/// Lists the types of business that a first map can be made for.
#[utoipa::path(get, path = "/api/goals/businesses", tag = "goals", responses(
    (status = 200, body = Vec<Business>),
    (status = 401, body = Problem),
))]
async fn businesses() -> Json<Vec<Business>> {
    let business = |id: &&str| {
        let map = catalogue::template(id).expect("is listed among the templates");
        let step = |stage: model::map::Stage| Step { id: stage.id, name: stage.name, weight: stage.weight };
        Business {
            id: (*id).to_owned(),
            name: map.name,
            segments: map.segments,
            stages: map.stages.into_iter().map(step).collect(),
            touchpoints: map.touchpoints.len(),
        }
    };
    Json(catalogue::TEMPLATES.iter().map(business).collect())
}

/// Is a text to look at.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Draft {
    /// The text of an objective.
    text: String,
}

/// Returns the tools that a text names: an objective names none.
#[utoipa::path(post, path = "/api/goals/tools", tag = "goals", request_body = Draft, responses(
    (status = 200, body = Vec<String>),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
))]
async fn look(Body(draft): Body<Draft>) -> Json<Vec<String>> {
    Json(tools_in(&draft.text))
}
