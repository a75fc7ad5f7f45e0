//! `GET /px/KEY.gif`: a picture of one dot in a mail or on a partner's page that says it was seen.
//!
//! An address is read by many on its way, so it bears no personal name: a recipient is an opaque word of the sender's.

use super::{Ways, caller, draw_id};
use crate::features::capture::signature::label;
use crate::features::capture::{Delivery, Source};
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use model::{Arrival, Direction, Form, Identity, Instant, Signature};
use std::collections::HashMap;

/// The smallest picture there is: one transparent dot.
const DOT: [u8; 43] = *b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff\x21\xf9\x04\x01\x00\x00\x00\x00\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00\x3b";

/// A word of the query is at most so long; longer ones are cut.
const WORD_MAX: usize = 200;

/// Returns the route that everybody reaches.
pub(super) fn routes() -> Router<Ways> {
    Router::new().route("/px/{key}", get(seen))
}

async fn seen(State(ways): State<Ways>, Path(key): Path<String>, request: Request) -> Response {
    let Some(source) = ways.sources.of_key(key.strip_suffix(".gif").unwrap_or(&key)) else {
        return dot(StatusCode::NOT_FOUND);
    };
    if request.method() == axum::http::Method::HEAD {
        return dot(StatusCode::OK);
    }
    let words = words(request.uri().query().unwrap_or_default());
    let delivery = delivery(&source, &words, ways.now());
    match ways.capture.take_from(delivery, &source, &caller(&request)).await {
        Ok(_) => dot(StatusCode::OK),
        Err(error) => {
            tracing::warn!(?error, "a pixel was shown without being recorded");
            dot(StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}

/// Makes what one showing says.
fn delivery(source: &Source, words: &HashMap<String, String>, at: Instant) -> Delivery {
    let word =
        |name: &str, otherwise: &str| words.get(name).filter(|word| !word.is_empty()).map_or(otherwise, |word| word).to_owned();
    let signature = Signature {
        source: source.name.clone(),
        event: label(&word("e", "open")),
        channel: label(&word("ch", "email")),
        place: label(&word("p", "")),
        campaign: label(&word("c", "")),
        touchpoint: word("t", ""),
    };
    // With an id of the sender's, a mail that is opened again is the same showing.
    let id = words.get("m").filter(|id| !id.is_empty()).map_or_else(draw_id, |id| format!("px:{id}").into_bytes());
    let mut arrival = Arrival::new(id, signature, at, Form::View, Direction::Outbound);
    arrival.identities = words.get("r").and_then(|word| recipient(word)).into_iter().collect();
    Delivery { source: source.name.clone(), format: "pixel", arrivals: vec![arrival], ..Delivery::default() }
}

/// Reads `r`: `customer:42`, or a bare word of the namespace `recipient`. Addresses and numbers of people are nobody.
fn recipient(word: &str) -> Option<Identity> {
    let (namespace, value) = word.split_once(':').unwrap_or(("recipient", word));
    let is_personal = value.contains('@') || ["email", "phone"].contains(&namespace);
    let is_kind = !namespace.is_empty() && namespace.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_personal || !is_kind { None } else { Identity::new(namespace, value) }
}

/// Reads the query; of a word that stands there twice the first counts.
fn words(query: &str) -> HashMap<String, String> {
    let mut words = HashMap::new();
    for (name, word) in url::form_urlencoded::parse(query.as_bytes()).take(20) {
        let plain: String = word.chars().filter(|sign| !sign.is_control()).take(WORD_MAX).collect();
        words.entry(name.into_owned()).or_insert(plain);
    }
    words
}

fn dot(status: StatusCode) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/gif"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-cache, must-revalidate, private"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    (status, headers, DOT).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::capture::{SourceKind, SourceSettings};

    fn arrival(query: &str) -> Arrival {
        let settings = SourceSettings::default();
        let source = Source { name: "mails".to_owned(), kind: SourceKind::Site, write_key: "k".to_owned(), settings };
        delivery(&source, &words(query), Instant(5)).arrivals.remove(0)
    }

    #[test]
    fn a_showing_says_what_its_address_says() {
        let seen = arrival("c=spring%20news&t=newsletter&m=n1-7&r=customer:42&e=");
        assert_eq!(seen.signature.to_string(), "mails · open · email · spring news · newsletter");
        assert_eq!((seen.form, seen.message_id.as_slice()), (Form::View, &b"px:n1-7"[..]));
        assert_eq!(seen.identities, [Identity::new("customer", "42").expect("a name")]);
    }

    #[test]
    fn without_an_id_every_showing_is_one() {
        assert_ne!(arrival("").id(), arrival("").id());
        assert_eq!(arrival("m=1").id(), arrival("m=1&c=other").id());
    }

    #[test]
    fn personal_names_in_an_address_are_nobody() {
        for query in ["r=ann@example.org", "r=email:ann%40example.org", "r=email:x", "r=phone:123", "r=", "r=:x", "r=A:x"] {
            assert!(arrival(query).identities.is_empty(), "{query}");
        }
        assert_eq!(arrival("r=k7Qz").identities.len(), 1);
    }

    #[test]
    fn long_words_are_cut_and_signs_that_steer_are_left_out() {
        let seen = arrival(&format!("c={}&p=a%00%0Ab", "x".repeat(WORD_MAX + 9)));
        assert_eq!((seen.signature.campaign.len(), seen.signature.place.as_str()), (100, "ab"));
    }
}
