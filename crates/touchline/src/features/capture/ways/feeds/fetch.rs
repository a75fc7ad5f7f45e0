//! `GET /feed/NAME.xml`: the feed for programs that read it, counted.
//!
//! Nobody is known by a fetch, and nothing of the caller is kept but what its program says of itself, so no policy of a
//! source has a say here. Who asks "anything new?" is answered 304 where nothing is, and counted all the same.

use super::reader::Reader;
use super::{Feed, rss};
use crate::features::capture::ways::{Ways, draw_id, origin};
use crate::features::capture::wire::answer::not_taken;
use crate::features::capture::{Delivery, NotTaken};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use model::{Arrival, Direction, Flags, Form, Instant, Signature};
use tower_http::compression::CompressionLayer;

/// The source of fetches, and of the items that are opened.
pub(super) const SOURCE: &str = "feeds";
/// The channel of both.
pub(super) const CHANNEL: &str = "rss";

/// Returns the route that everybody reaches.
pub(in crate::features::capture) fn routes() -> Router<Ways> {
    Router::new().route("/feed/{name}", get(fetch)).layer(CompressionLayer::new())
}

async fn fetch(State(ways): State<Ways>, Path(name): Path<String>, method: Method, headers: HeaderMap) -> Response {
    let now = ways.now();
    let name = name.strip_suffix(".xml").unwrap_or(&name);
    let found = async {
        let Some(feed) = ways.feeds().find(name, now).await? else {
            return Ok(None);
        };
        let items = ways.feeds().publications(name, now).await?;
        Ok(Some((feed, items)))
    };
    let (feed, items) = match found.await {
        Ok(Some(found)) => found,
        Ok(None) => return (StatusCode::NOT_FOUND, "There is no such feed.\n").into_response(),
        Err(failure) => return not_taken(NotTaken::Failed(failure)),
    };
    if method == Method::GET {
        count(&ways, &feed, &headers, now);
    }
    // Programs compare days at best: the newest item is what they want to know of. Withdrawals change the tag.
    let newest = items.first().map(|item| item.published_at);
    answer(rss::document(&feed, &items, &origin(&headers, ways.https)), newest, &headers)
}

/// Counts a fetch, beside the answer: a program that asks for everybody's sake does not wait.
fn count(ways: &Ways, feed: &Feed, headers: &HeaderMap, now: Instant) {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let reader = Reader::of(agent);
    let delivery = delivery(feed, &reader, now);
    let (capture, feeds, name) = (ways.capture.clone(), ways.feeds(), feed.name.clone());
    tokio::spawn(async move {
        if let Err(error) = capture.take(delivery).await {
            tracing::warn!(?error, "a fetch of a feed was not recorded");
        }
        if let Err(failure) = feeds.note(&name, &reader, now).await {
            tracing::warn!(%failure, "the readers of a feed were not noted");
        }
    });
}

/// Makes what one fetch says.
fn delivery(feed: &Feed, reader: &Reader, now: Instant) -> Delivery {
    let signature = Signature {
        source: SOURCE.to_owned(),
        event: "feed".to_owned(),
        channel: CHANNEL.to_owned(),
        place: feed.name.clone(),
        touchpoint: feed.touchpoint.clone(),
        ..Signature::default()
    };
    let mut arrival = Arrival::new(draw_id(), signature, now, Form::View, Direction::Outbound);
    arrival.flags = Flags::EPHEMERAL;
    arrival.props = Some(serde_json::json!({ "reader": reader.name, "subscribers": reader.subscribers }).to_string());
    Delivery { source: SOURCE.to_owned(), format: "feed", arrivals: vec![arrival], ..Delivery::default() }
}

/// Answers with the document, or that the caller has it already.
fn answer(document: String, newest: Option<Instant>, headers: &HeaderMap) -> Response {
    // Weak: the same document goes out compressed.
    let tag = format!("W/\"{}\"", &blake3::hash(document.as_bytes()).to_hex()[..32]);
    let at = newest.and_then(|at| jiff::Timestamp::from_microsecond(at.0).ok()).unwrap_or_default();
    let modified = at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let says = |name| headers.get(name).and_then(|value| value.to_str().ok());
    // A tag is stronger than a time (RFC 9110, 13.2.2).
    let is_known = match says(header::IF_NONE_MATCH) {
        Some(known) => known.split(',').any(|known| known.trim() == tag),
        None => newest.is_some() && says(header::IF_MODIFIED_SINCE) == Some(modified.as_str()),
    };
    let fresh = [
        (header::ETAG, tag),
        (header::LAST_MODIFIED, modified),
        (header::CACHE_CONTROL, format!("max-age={}", rss::TTL_MIN * 60)),
        (header::CONTENT_TYPE, "application/rss+xml; charset=utf-8".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    if is_known { (StatusCode::NOT_MODIFIED, fresh).into_response() } else { (fresh, document).into_response() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::time::SECOND;

    #[track_caller]
    fn check(asked: &[(header::HeaderName, String)], expected: StatusCode) {
        let headers: HeaderMap = asked.iter().map(|(name, value)| (name.clone(), value.parse().expect("a header"))).collect();
        assert_eq!(answer("<rss/>".to_owned(), Some(Instant(SECOND)), &headers).status(), expected, "{asked:?}");
    }

    #[test]
    fn who_has_it_already_is_told_so() {
        let first = answer("<rss/>".to_owned(), Some(Instant(SECOND)), &HeaderMap::new());
        let tag = first.headers()[header::ETAG].to_str().expect("text").to_owned();
        let at = first.headers()[header::LAST_MODIFIED].to_str().expect("text").to_owned();
        assert_eq!(at, "Thu, 01 Jan 1970 00:00:01 GMT");
        check(&[], StatusCode::OK);
        check(&[(header::IF_NONE_MATCH, tag.clone())], StatusCode::NOT_MODIFIED);
        check(&[(header::IF_NONE_MATCH, format!("\"x\", {tag}"))], StatusCode::NOT_MODIFIED);
        check(&[(header::IF_MODIFIED_SINCE, at.clone())], StatusCode::NOT_MODIFIED);
        check(&[(header::IF_NONE_MATCH, "\"x\"".to_owned()), (header::IF_MODIFIED_SINCE, at)], StatusCode::OK);
    }
}
