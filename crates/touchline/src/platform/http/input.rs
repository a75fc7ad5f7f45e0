//! What a request brings, parsed at the border: what cannot be read is refused in the same shape as everything else.

use super::Refusal;
use axum::Json;
use axum::extract::{self, FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

/// Is the JSON body of a request.
pub struct Body<T>(pub T);

/// Is the query of a request's address.
pub struct Asked<T>(pub T);

/// Is the open parts of a request's path.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        match Json::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body)),
            // The parser's words may quote the body, which may hold a secret: they stay here, but for the place.
            Err(refused) => Err(Refusal::malformed(
                format!("The body of the request cannot be read{}", place_in(&refused.body_text())),
                "Send JSON as /api/openapi.json describes it, with `Content-Type: application/json`",
            )),
        }
    }
}

/// Returns the place of a fault, by the parser's words that end with it; nothing where they name none.
fn place_in(words: &str) -> String {
    let place = words.rsplit_once(" at line ").and_then(|(_, place)| place.split_once(" column "));
    let number = |text: &str| text.parse::<usize>().ok();
    match place.and_then(|(line, column)| number(line).zip(number(column))) {
        Some((line, column)) => format!(": line {line}, column {column}"),
        None => String::new(),
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(_) => Err(Refusal::malformed(
                "The address has a question that this route does not know",
                "Read /api/openapi.json for the ones it does",
            )),
        }
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        match extract::Path::from_request_parts(parts, state).await {
            Ok(extract::Path(named)) => Ok(Self(named)),
            Err(_) => Err(Refusal::malformed(
                "The address names something in a way that cannot be read",
                "Take the number or name as another answer gave it",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_that_cannot_be_read_is_refused_with_the_place_and_without_its_words() {
        #[derive(serde::Deserialize, Debug)]
        struct Wanted {
            #[serde(rename = "count")]
            _count: u32,
        }
        for (body, place) in [
            ("{\"count\": \"hunter2\"}", ": line 1, column 19"),
            ("{\n\"count\": hunter2}", ": line 2, column 10"),
            ("{}", ": line 1, column 2"),
        ] {
            let request = Request::post("/").header("content-type", "application/json").body(body.into()).expect("a request");
            let Err(refusal) = Body::<Wanted>::from_request(request, &()).await else { panic!("{body} is read") };
            let told = format!("{refusal:?}");
            assert!(told.contains(place) && !told.contains("hunter2"), "{body}: {told}");
        }
    }
}
