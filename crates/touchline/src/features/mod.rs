//! The rooms, in the order of the product's own loop. A room may use those listed above it, never those below.
//!
//! [`router`] is the one place where their routes come together.

pub mod account;
pub mod goals;
pub mod map;
pub mod people;
pub mod capture;
pub mod conversations;
pub mod outreach;
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
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, PathItem, Paths};
use utoipa::openapi::{Content, Ref, ResponseBuilder};
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
    /// What is said without being asked.
    pub popups: outreach::Popups,
    /// Surveys and reviews.
    pub feedback: feedback::Feedback,
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
    let open = open.merge(outreach::public(site.popups.clone()));
    let open = open.merge(conversations::messenger_webhooks(site.talk.clone())).merge(conversations::help(site.talk.clone()));
    let open = open.merge(conversations::community_pages(site.talk.clone()));
    let open = open.merge(feedback::public(site.feedback.clone()));
    open.route_layer(middleware::from_fn(measured)).fallback_service(own)
}

/// Returns the OpenAPI document of every route.
#[must_use]
pub fn document(site: &Site) -> utoipa::openapi::OpenApi {
    routes(site).into_openapi()
}

/// Joins the rooms: signing in and health are open, everything else is behind the door.
fn routes(site: &Site) -> OpenApiRouter {
    let mut routes = OpenApiRouter::with_openapi(Document::openapi())
        .merge(account::routes(site.accounts(), account::Cookie::new(site.https)))
        .merge(health(Health { vitals: Arc::new(keeping::Installation::new(site.clone())), token: site.metrics_token.clone() }))
        .merge(measure::open(site.reports.clone()))
        .merge(site.behind_the_door(closed(site)));
    let document = routes.get_openapi_mut();
    name_apart(&mut document.paths);
    tell_refusals(&mut document.paths);
    routes
}

/// Adds the refusals that come before a room is asked: 400 where something is read from the request, 403 behind the door,
/// which a role or a token may not pass. What a room says of them itself stays.
fn tell_refusals(paths: &mut Paths) {
    for (_, operation) in paths.paths.values_mut().flat_map(operations) {
        let reads =
            operation.request_body.is_some() || operation.parameters.as_ref().is_some_and(|parameters| !parameters.is_empty());
        let is_closed = operation.responses.responses.contains_key("401");
        let refusals = [(reads, "400", "The request cannot be read."), (is_closed, "403", "Whoever asks may not do this.")];
        for (_, status, description) in refusals.into_iter().filter(|(holds, ..)| *holds) {
            let problem = Content::new(Some(Ref::from_schema_name("Problem")));
            let refusal = ResponseBuilder::new().description(description).content("application/json", problem).build();
            operation.responses.responses.entry(status.to_owned()).or_insert_with(|| refusal.into());
        }
    }
}

/// Gives operations of the same name names of their own: clients are generated by them, and rooms do not know each other.
fn name_apart(paths: &mut Paths) {
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    for (_, operation) in paths.paths.values_mut().flat_map(operations) {
        *uses.entry(operation.operation_id.clone().unwrap_or_default()).or_default() += 1;
    }
    for (path, item) in &mut paths.paths {
        let place = path.split(|sign: char| !sign.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
        let place = place.collect::<Vec<_>>().join("_");
        for (method, operation) in operations(item) {
            let id = operation.operation_id.get_or_insert_default();
            if id.is_empty() || uses.get(id.as_str()).is_some_and(|uses| *uses > 1) {
                *id = format!("{method}_{place}");
            }
        }
    }
}

/// Returns what can be asked at a path, with the method.
fn operations(item: &mut PathItem) -> Vec<(&'static str, &mut Operation)> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    let all = [("get", get), ("put", put), ("post", post), ("delete", delete), ("patch", patch)];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?))).collect()
}

/// Joins the rooms that are behind the door.
fn closed(site: &Site) -> OpenApiRouter {
    let maps = map::Maps::new(site.stores.state.clone());
    let goals = goals::Goals::new(site.stores.state.clone(), site.stores.clock.clone());
    OpenApiRouter::new()
        .merge(account::closed_routes(site.accounts()))
        .merge(goals::routes(goals.clone()))
        .merge(map::start_routes(maps.clone(), goals, site.stores.clock.clone()))
        .merge(map::routes(maps, site.stores.clock.clone()))
        .merge(people::routes(site.capture.people(), site.stores.clone()))
        .merge(people::policy::routes(site.talk.door.policy().clone()))
        .merge(capture::timeline(site.capture.clone(), site.stores.clone(), Arc::new(site.talk.inbox.clone())))
        .merge(capture::roll(site.capture.clone(), site.stores.clone()))
        .merge(capture::recent(&site.capture))
        .merge(capture::import::uploads(site.capture.clone(), site.sources.clone(), site.stores.clone()))
        .merge(capture::routes(site.ways()))
        .merge(conversations::routes(site.talk.clone()))
        .merge(outreach::routes(site.popups.clone()))
        .merge(feedback::routes(site.feedback.clone()))
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
        let site = Self::open_to_read(stores, https)?;
        site.capture.people().know()?;
        Ok(site)
    }

    /// Opens them for whoever may not need to know who is who: that is read when it is first asked for. To be called from threads
    /// that may block.
    ///
    /// # Errors
    /// Fails when the stores do.
    pub fn open_to_read(stores: Stores, https: bool) -> Result<Self> {
        let capture = capture::Capture::open(stores.clone())?;
        let sources = stores.block_on(capture::Sources::load(stores.state.clone()))?;
        capture.keep(sources.clone())?;
        let policy = people::policy::Policy::new(stores.state.clone(), capture.people(), stores.clock.clone());
        let talk = conversations::Talk::new(&stores, &capture, &sources, policy);
        let reports = measure::Reports::new(stores.clone(), capture.clone(), talk.clone());
        let popups = outreach::Popups::open(&stores, &capture, talk.clone())?;
        let feedback = feedback::Feedback::new(&stores, &capture, talk.clone());
        reports.hear(feedback.clone());
        capture.holds_also(feedback.held());
        let site = Self { stores, https, capture, sources, talk, popups, feedback, reports, metrics_token: None };
        site.stores.block_on(site.lock_secrets())?;
        Ok(site)
    }

    /// Seals the secrets of other servers that an earlier version has left as they were.
    ///
    /// # Errors
    /// Fails when the state store does, or no key can be drawn.
    pub async fn lock_secrets(&self) -> Result<()> {
        self.talk.lock_secrets().await?;
        self.ways().lock_secrets().await
    }

    fn ways(&self) -> capture::Ways {
        capture::Ways {
            state: self.stores.state.clone(),
            dir: Arc::from(self.stores.dir.as_path()),
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
