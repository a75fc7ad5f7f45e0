//! Looking after the installation over HTTP: backup, verify, compact. Joins what the platform can do with what only the
//! rooms know; it is no room itself.

mod vitals;

pub(super) use vitals::Installation;

use super::account::Keeper;
use super::{Site, capture, people};
use crate::failure::{Failure, Result};
use crate::platform::http::{Body, Problem, Refusal, lines};
use crate::platform::operate::{Agreeing, Agreement, AskRooms, Report, backup, verify_open};
use axum::extract::State as Shared;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use state::State;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

#[derive(Clone)]
struct Room {
    site: Site,
    /// Held while something long is under way: two at once would only make each other slow.
    busy: Arc<Mutex<()>>,
}

/// Returns the routes for owner and admins.
pub(super) fn routes(site: &Site) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(take_backup))
        .routes(routes!(verify))
        .routes(routes!(compact))
        .with_state(Room { site: site.clone(), busy: Arc::default() })
}

/// Asks the rooms what they know, for a look at the data directory.
#[must_use]
pub fn rooms() -> AskRooms {
    fn ask(state: &State) -> Agreeing<'_> {
        Box::pin(async move {
            let (actors, strange) = people::known_actors(state).await?;
            let signals = capture::signals(state).await?.len() as u64;
            let mut faults = Vec::new();
            if strange > 0 {
                faults.push(format!("{strange} identities have a text that their number was not made from"));
            }
            Ok(Agreement { actors, signals, faults })
        })
    }
    Arc::new(ask)
}

/// Is where a backup goes.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Place {
    /// A folder, on the machine of the server, that does not exist yet.
    to: String,
}

/// Takes a backup while everything goes on. Only from the command line on the machine of the server: whoever may sign
/// in may not write files there.
#[utoipa::path(post, path = "/api/operate/backup", tag = "operate", request_body = Place, responses(
    (status = 200, description = "Lines of JSON: how far it is, then what was backed up.", body = String, content_type = "application/x-ndjson"),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
))]
async fn take_backup(Keeper(who): Keeper, Shared(room): Shared<Room>, Body(place): Body<Place>) -> Result<Response, Refusal> {
    if !who.is_at_the_console() {
        return Err(Refusal::not_allowed());
    }
    Ok(lines(move |progress| {
        room.alone(|site| {
            let settle = || site.stores.block_on(site.capture.settle());
            told(&backup(&site.stores, &PathBuf::from(place.to), &settle, progress)?)
        })
    }))
}

/// Looks whether everything is as it was written.
#[utoipa::path(post, path = "/api/operate/verify", tag = "operate", responses(
    (status = 200, description = "Lines of JSON: how far it is, then the report.", body = Report, content_type = "application/x-ndjson"),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
))]
async fn verify(_: Keeper, Shared(room): Shared<Room>) -> Response {
    lines(move |progress| room.alone(|site| told(&verify_open(&site.stores, &rooms(), progress)?)))
}

/// Makes few large files of the ledger's many small ones.
#[utoipa::path(post, path = "/api/operate/compact", tag = "operate", responses(
    (status = 200, description = "Lines of JSON; the last says what was done.", body = String, content_type = "application/x-ndjson"),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
))]
async fn compact(_: Keeper, Shared(room): Shared<Room>) -> Response {
    lines(move |_| {
        room.alone(|site| {
            let files = || site.stores.ledger().files().len();
            let before = files();
            site.capture.compact()?;
            Ok(serde_json::json!({ "files_before": before, "files": files() }))
        })
    })
}

impl Room {
    fn alone(&self, work: impl FnOnce(&Site) -> Result<Value>) -> Result<Value> {
        let Ok(_alone) = self.busy.try_lock() else {
            return Err(Failure::new("A backup, a look or a compaction is under way").hint("Try again when it is done"));
        };
        work(&self.site)
    }
}

fn told(value: &impl Serialize) -> Result<Value> {
    serde_json::to_value(value).map_err(|error| Failure::new("Cannot write the result as JSON").because(&error))
}
