//! Questions that need a pass over the ledger of their own: asked one at a time, and answered from memory while nothing has
//! changed.
//!
//! As for the map's reports, nobody tells of changes; what an answer stands on is compared with what is there now.

use super::reports::{Basis, Reports};
use crate::failure::{Failure, Result as Done};
use crate::features::map::{Maps, no_map};
use crate::platform::home::Stores;
use crate::platform::http::Refusal;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use model::map::nearest;
use model::{Instant, TouchpointMap};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use utoipa::{IntoParams, ToSchema};

/// So many answers are kept: a few questions for each of a few segments. More, and all are asked anew.
const KEPT_MAX: usize = 64;

/// Is whom a question is about.
#[derive(Serialize, Deserialize, IntoParams, ToSchema, Clone, Default)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
#[schema(as = OfSegment)]
pub(super) struct OfSegment {
    /// The segment, by id; none: everybody.
    #[serde(default)]
    pub segment: Option<String>,
}

/// Answers questions. Clones share what they know.
#[derive(Clone)]
pub(super) struct Asking {
    reports: Reports,
    kept: Arc<Mutex<HashMap<String, (Basis, Bytes)>>>,
    /// Held by whoever reads the ledger: capture needs the machine too.
    reading: Arc<tokio::sync::Mutex<()>>,
}

impl Asking {
    pub(super) fn new(reports: Reports) -> Self {
        Self { reports, kept: Arc::default(), reading: Arc::default() }
    }

    pub(super) fn stores(&self) -> &Stores {
        self.reports.stores()
    }

    pub(super) fn now(&self) -> Instant {
        self.stores().now()
    }

    /// Returns the map, once it is sure that it has the segment.
    pub(super) async fn map(&self, segment: Option<&str>) -> Result<TouchpointMap, Refusal> {
        let map = Maps::new(self.stores().state.clone()).current().await?.ok_or_else(no_map)?.map;
        let known = || map.segments.iter().map(|segment| segment.id.as_str());
        match segment {
            Some(id) if !known().any(|known| known == id) => Err(unknown("segment", id, known())),
            _ => Ok(map),
        }
    }

    /// Returns the position of a touchpoint.
    pub(super) fn touchpoint(map: &TouchpointMap, id: &str) -> Result<u16, Refusal> {
        let known = map.touchpoints.iter().map(|touchpoint| touchpoint.id.as_str());
        map.touchpoint(id).and_then(|at| u16::try_from(at).ok()).ok_or_else(|| unknown("touchpoint", id, known))
    }

    /// Answers a question, named in full by `key`, as JSON.
    pub(super) async fn answer<T: Serialize>(
        &self,
        key: String,
        read: impl FnOnce(&Stores) -> Done<Option<T>> + Send + 'static,
    ) -> Result<Response, Refusal> {
        if let Some(kept) = self.kept(&key) {
            return Ok(json(kept));
        }
        let _turn = self.reading.lock().await;
        if let Some(kept) = self.kept(&key) {
            return Ok(json(kept));
        }
        self.reports.settle().await;
        let basis = self.reports.basis();
        let stores = self.stores().clone();
        let read = move || {
            read(&stores)?
                .map(|answer| serde_json::to_vec(&answer))
                .transpose()
                .map_err(|error| Failure::new("Cannot write the answer").because(&error))
        };
        let read = tokio::task::spawn_blocking(read).await;
        let body =
            Bytes::from(read.map_err(|error| Failure::new("Reading the ledger broke off").because(&error))??.ok_or_else(no_map)?);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(key, (basis, body.clone()));
        Ok(json(body))
    }

    fn kept(&self, key: &str) -> Option<Bytes> {
        let now = self.reports.basis();
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(key).filter(|(basis, _)| *basis == now).map(|(_, body)| body.clone())
    }
}

fn json(body: Bytes) -> Response {
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

/// Says that a name is not known, with the nearest that is.
pub(super) fn unknown<'a>(what: &str, id: &str, known: impl Iterator<Item = &'a str>) -> Refusal {
    let hint = match nearest(id, known) {
        Some(near) => format!("Did you mean `{near}`?"),
        None => "Read /api/map for those that exist".to_owned(),
    };
    Refusal::not_found(format!("There is no {what} `{id}`"), hint)
}
