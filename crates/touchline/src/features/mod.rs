//! The rooms, in the order of the product's own loop. A room may use those listed above it, never those below.
//!
//! [`router`] is the one place where their routes come together.

pub mod account;
pub mod goals;
pub mod map;
pub mod people;
pub mod capture;
pub mod measure;
pub mod improve;

use crate::platform::clock::Clock;
use crate::platform::http::{Refusal, health, page, secured};
use axum::routing::{any, get};
use axum::{Json, Router, middleware};
use state::State;
use std::sync::Arc;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

/// Is what the routes need.
#[derive(Clone)]
pub struct Site {
    /// The state store.
    pub state: State,
    /// The time.
    pub clock: Clock,
    /// Whether the browser reaches us by HTTPS, so that cookies can be bound to it.
    pub https: bool,
    /// The analyses of the map.
    pub reports: Arc<dyn measure::MapReports>,
}

#[derive(OpenApi)]
#[openapi(info(
    title = "Touchline",
    version = "1",
    description = "Real interactions in, a map of touchpoints with verdicts out."
))]
struct Document;

/// Builds the whole site: interface, pages, headers.
pub fn router(site: &Site) -> Router {
    let (api, document) = routes(site).split_for_parts();
    let document = Json(document);
    let described =
        Router::new().route("/api/openapi.json", get(async move || document.clone())).route("/api/{*unknown}", any(unknown));
    let site_routes = api.merge(site.behind_the_door(described.into())).fallback(page);
    secured(site_routes.layer(middleware::from_fn(account::same_origin)), site.https)
}

/// Returns the OpenAPI document of every route.
#[must_use]
pub fn document(site: &Site) -> utoipa::openapi::OpenApi {
    routes(site).into_openapi()
}

/// Joins the rooms: signing in and health are open, everything else is behind the door.
fn routes(site: &Site) -> OpenApiRouter {
    let maps = map::Maps::new(site.state.clone());
    let closed = OpenApiRouter::new().merge(map::routes(maps.clone())).merge(measure::routes(Arc::clone(&site.reports), maps));
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(account::routes(site.accounts(), account::Cookie::new(site.https)))
        .merge(health(site.state.clone()))
        .merge(site.behind_the_door(closed))
}

impl Site {
    fn accounts(&self) -> account::Accounts {
        account::Accounts::new(self.state.clone(), self.clock.clone())
    }

    fn behind_the_door(&self, closed: OpenApiRouter) -> OpenApiRouter {
        let door = (self.accounts(), account::Cookie::new(self.https));
        closed.layer(middleware::from_fn_with_state(door, account::closed))
    }
}

async fn unknown() -> Refusal {
    Refusal::not_found("There is no such route", "Read /api/openapi.json for those that exist")
}
