//! What a page asks for its windows: which may open, whether one may open now, and how it ended.
//!
//! The visitor's number is the tracker's, which is no proof of anything: whoever sends another's number can keep windows from
//! opening there, and nothing else. Who the site says that somebody is, is proved by its signature: that word is good once, so the
//! page gets a pass for it. Where a browser has no number, the page itself keeps from asking too often.

use super::Popups;
use super::popups::Visit;
use crate::failure::Result;
use crate::features::capture::{Caller, Source};
use crate::features::conversations::{Limits, holder, pass_for, signed_visitor, site, widget_script};
use crate::platform::http::Peer;
use crate::platform::http::anywhere::{busy, open, told, unreadable};
use crate::platform::mark::is_mark;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use model::Identity;
use model::time::SECOND;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;
use tower_http::compression::CompressionLayer;

/// What a question can have.
const BODY_MAX: usize = 8 * 1024;
/// So many questions one address may put in an hour: an office has one address.
const ASKED_MAX: u32 = 6_000;

type Room = (Popups, Arc<Limits>);

/// Returns the routes that everybody reaches.
pub fn public(popups: Popups) -> Router {
    Router::new()
        .route("/w/popup.js", get(script))
        .route("/w/popups", post(offered))
        .route("/w/popups/show", post(show))
        .route("/w/popups/end", post(end))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(CompressionLayer::new())
        .with_state((popups, Arc::default()))
}

async fn script(headers: HeaderMap) -> Response {
    widget_script("popup.js", &headers)
}

/// Is what every question bears.
#[derive(Deserialize)]
struct Question<T> {
    key: String,
    #[serde(default)]
    visitor: String,
    /// What the page got for the site's word.
    #[serde(default)]
    pass: String,
    #[serde(flatten)]
    wanted: T,
}

#[derive(Deserialize)]
struct Wanted {
    /// The path of the page.
    path: String,
    /// Who the site says this is.
    #[serde(default)]
    identity: Option<String>,
}

#[derive(Deserialize)]
struct Show {
    id: i64,
    show: String,
}

#[derive(Deserialize)]
struct End {
    show: String,
    after_ms: i64,
    #[serde(default)]
    acted: bool,
}

/// Is a question of a site that we know.
struct Asked<T> {
    source: Arc<Source>,
    caller: Caller,
    who: Option<Identity>,
    proved: Option<Identity>,
    wanted: T,
}

impl<T: DeserializeOwned> Asked<T> {
    async fn read(
        (popups, limits): &Room,
        peer: Option<Extension<Peer>>,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Result<Self, Response> {
        let Ok(question) = serde_json::from_slice::<Question<T>>(body) else {
            return Err(unreadable());
        };
        let Some(source) = site(&popups.talk, &question.key, headers) else {
            return Err(open(StatusCode::NOT_FOUND, &json!({ "what": "There is no site with this key" })));
        };
        let address = peer.map(|Extension(Peer(address))| address);
        let who = address.map_or_else(String::new, |address| address.to_string());
        if !limits.allows(who, 3_600 * SECOND, ASKED_MAX, popups.now()) {
            return Err(busy("60"));
        }
        let who = if is_mark(&question.visitor) { Identity::new("anonymous", &question.visitor) } else { None };
        let proved = holder(&popups.talk, &question.pass).await.map_err(|failure| told(Err(failure)))?.map(|(who, _)| who);
        Ok(Self { source, caller: Caller::of(headers, address), who, proved, wanted: question.wanted })
    }

    fn visit(&self) -> Visit<'_> {
        Visit { source: &self.source, caller: &self.caller, who: self.who.clone(), proved: self.proved.clone() }
    }
}

async fn offered(State(room): State<Room>, peer: Option<Extension<Peer>>, headers: HeaderMap, body: Bytes) -> Response {
    let asked = match Asked::<Wanted>::read(&room, peer, &headers, &body).await {
        Ok(asked) => asked,
        Err(response) => return response,
    };
    told(offers(&room, asked).await.map(|offers| open(StatusCode::OK, &offers)))
}

/// Tells which windows may open. What they are for is nobody's business but ours.
async fn offers((popups, limits): &Room, mut asked: Asked<Wanted>) -> Result<Value> {
    let mut told = json!({});
    if let Some(text) = asked.wanted.identity.take()
        && let Some((who, _)) = signed_visitor(&popups.talk, limits, &text).await?
    {
        told["pass"] = json!(pass_for(&popups.talk, &who, "").await?);
        asked.proved = Some(who);
    }
    let offered = popups.offered(&asked.wanted.path, &asked.visit()).await?;
    let shown = offered.into_iter().map(|(id, popup)| {
        json!({ "id": id, "trigger": popup.trigger, "title": popup.title, "text": popup.text, "button": popup.button,
                "link": popup.link, "times": popup.times, "days": popup.days })
    });
    told["popups"] = shown.collect();
    Ok(told)
}

async fn show(State(room): State<Room>, peer: Option<Extension<Peer>>, headers: HeaderMap, body: Bytes) -> Response {
    let asked = match Asked::<Show>::read(&room, peer, &headers, &body).await {
        Ok(asked) => asked,
        Err(response) => return response,
    };
    if !is_mark(&asked.wanted.show) {
        return open(StatusCode::BAD_REQUEST, &json!({ "what": "A showing has a number of 32 hexadecimal digits" }));
    }
    let may = room.0.show(asked.wanted.id, &asked.wanted.show, &asked.visit()).await;
    told(may.map(|may| open(StatusCode::OK, &json!({ "show": may }))))
}

async fn end(State(room): State<Room>, peer: Option<Extension<Peer>>, headers: HeaderMap, body: Bytes) -> Response {
    let asked = match Asked::<End>::read(&room, peer, &headers, &body).await {
        Ok(asked) => asked,
        Err(response) => return response,
    };
    let ended = room.0.end(&asked.wanted.show, asked.wanted.after_ms, asked.wanted.acted, &asked.visit()).await;
    told(ended.map(|was_there| {
        if was_there {
            open(StatusCode::OK, &json!({}))
        } else {
            open(StatusCode::NOT_FOUND, &json!({ "what": "There was no such showing" }))
        }
    }))
}
