//! The rooms, in the order of the product's own loop. A room may use those listed above it, never those below.
//!
//! [`router`] is the one place where their routes come together.

pub mod account;
pub mod goals;
pub mod map;
pub mod people;
pub mod capture;
pub mod conversations;
pub mod feedback;
pub mod measure;
pub mod improve;

mod keeping;

pub use keeping::rooms;

use crate::failure::Result;
use crate::platform::home::Stores;
use crate::platform::http::measured;
use crate::platform::http::{Health, Refusal, health, page, reveal, secured};
use axum::routing::{any, get};
use axum::{Extension, Json, Router, middleware};
use std::sync::Arc;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

/// Is what the routes need.
#[derive(Clone)]
pub struct Site {
    /// Both stores.
    pub stores: Stores,
    /// Whether the browser reaches us by HTTPS, so that cookies can be bound to it.
    pub https: bool,
    /// The door for everything that arrives.
    pub capture: capture::Capture,
    /// Where it comes from.
    pub sources: capture::Sources,
    /// Conversations, and the way to people.
    pub talk: conversations::Talk,
    /// The analyses of the map.
    pub reports: measure::Reports,
    /// The token with which another machine may ask for the numbers of the server.
    pub metrics_token: Option<Arc<str>>,
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
    let own =
        secured(site_routes.layer(middleware::from_fn(account::same_origin)).layer(middleware::from_fn(measured)), site.https);
    // What clients on other sites send has rules of its own, and none of the doors of our pages.
    let open = capture::collectors(site.capture.clone(), site.sources.clone(), site.stores.clock.clone());
    let open = open.merge(capture::well_known(site.sources.clone())).merge(capture::public(site.ways()));
    let open = open.merge(conversations::public(site.talk.clone())).merge(conversations::Pages::routes(site.talk.clone()));
    open.route_layer(middleware::from_fn(measured)).fallback_service(own)
}

/// Returns the OpenAPI document of every route.
#[must_use]
pub fn document(site: &Site) -> utoipa::openapi::OpenApi {
    routes(site).into_openapi()
}

/// Joins the rooms: signing in and health are open, everything else is behind the door.
fn routes(site: &Site) -> OpenApiRouter {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(account::routes(site.accounts(), account::Cookie::new(site.https)))
        .merge(health(Health { vitals: Arc::new(keeping::Installation::new(site.clone())), token: site.metrics_token.clone() }))
        .merge(measure::open(site.reports.clone()))
        .merge(site.behind_the_door(closed(site)))
}

/// Joins the rooms that are behind the door.
fn closed(site: &Site) -> OpenApiRouter {
    let maps = map::Maps::new(site.stores.state.clone());
    OpenApiRouter::new()
        .merge(map::routes(maps, site.stores.clock.clone()))
        .merge(people::routes(site.capture.people(), site.stores.clone()))
        .merge(people::policy::routes(site.talk.door.policy().clone()))
        .merge(capture::timeline(site.capture.clone(), site.stores.clone()))
        .merge(capture::roll(site.capture.clone(), site.stores.clone()))
        .merge(capture::recent(&site.capture))
        .merge(capture::routes(site.ways()))
        .merge(conversations::routes(site.talk.clone()))
        .merge(measure::routes(site.reports.clone()))
        .merge(improve::routes(site.reports.clone()))
        .merge(keeping::routes(site))
}

/// Builds the routes as the command line reaches them, in its own process or through [`crate::platform::console`]:
/// without the door, for whoever is there holds the data directory itself; and failures are told in full.
pub fn console(site: &Site) -> Router {
    let (routes, _) = closed(site).split_for_parts();
    let routes = routes.fallback(unknown).layer(Extension(account::Who::at_the_console()));
    routes.layer(middleware::map_response(reveal))
}

impl Site {
    /// Opens what the routes need. To be called from threads that may block.
    ///
    /// # Errors
    /// Fails when the stores do.
    pub fn open(stores: Stores, https: bool) -> Result<Self> {
        let capture = capture::Capture::open(stores.clone())?;
        let sources = stores.block_on(capture::Sources::load(stores.state.clone()))?;
        let reports = measure::Reports::new(stores.clone(), capture.clone());
        capture.keep(sources.clone())?;
        let policy = people::policy::Policy::new(stores.state.clone(), capture.people(), stores.clock.clone());
        let talk = conversations::Talk::new(&stores, &capture, &sources, policy);
        Ok(Self { stores, https, capture, sources, talk, reports, metrics_token: None })
    }

    fn ways(&self) -> capture::Ways {
        capture::Ways {
            state: self.stores.state.clone(),
            clock: self.stores.clock.clone(),
            capture: self.capture.clone(),
            sources: self.sources.clone(),
            https: self.https,
        }
    }

    fn accounts(&self) -> account::Accounts {
        account::Accounts::new(self.stores.state.clone(), self.stores.clock.clone())
    }

    fn behind_the_door(&self, closed: OpenApiRouter) -> OpenApiRouter {
        let door = (self.accounts(), account::Cookie::new(self.https));
        closed.layer(middleware::from_fn_with_state(door, account::closed))
    }
}

async fn unknown() -> Refusal {
    Refusal::not_found("There is no such route", "Read /api/openapi.json for those that exist")
}
