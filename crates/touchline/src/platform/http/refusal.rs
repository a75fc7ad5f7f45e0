//! How HTTP says no: one shape for every route, worded once.

use crate::failure::Failure;
use crate::telling::Telling;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Is under which name failures of requests are logged; a command that tells them itself turns it off.
pub const FAILED: &str = "touchline::failed";

/// Is what a client reads when something did not work.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// What failed.
    pub what: String,
    /// Why, from the outside in.
    pub because: Vec<String>,
    /// What to do now.
    pub hint: Option<String>,
    /// The same by its code, for a reader of another language; none where it is told in English alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub telling: Option<Box<Telling>>,
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let Failure { what, because, hint, telling } = failure;
        Self { what, because, hint, telling }
    }
}

/// Is a problem with its status.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// The status of the answer.
    pub status: StatusCode,
    /// The body of the answer.
    pub problem: Problem,
    /// What went wrong inside, which only the log and the console get to see.
    inside: Option<Box<Problem>>,
}

/// Goes with an answer that hides what went wrong.
#[derive(Clone)]
struct Inside(Box<Problem>);

/// Tells the whole problem in place of an answer that hides it: for the console.
pub async fn reveal(response: Response) -> Response {
    match response.extensions().get::<Inside>() {
        Some(Inside(problem)) => (response.status(), Json(Problem::clone(problem))).into_response(),
        None => response,
    }
}

impl Refusal {
    /// Says that nobody is signed in.
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Nobody is signed in", "Open the one-time link that the server printed at its start")
    }

    /// Says that a one-time link does not work, without telling why: a guesser learns nothing.
    #[must_use]
    pub fn stale_link() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "The link does not work: it was used before, or is older than an hour",
            "Start the server with `--link` to get a new one",
        )
    }

    /// Says that a request that changes something came from another site.
    #[must_use]
    pub fn cross_site() -> Self {
        Self::new(StatusCode::FORBIDDEN, "The request came from another site", "Use the application at its own address")
    }

    /// Says that who is signed in may not do this.
    #[must_use]
    pub fn not_allowed() -> Self {
        Self::new(StatusCode::FORBIDDEN, "Only the owner and admins may do this", "Ask one of them")
    }

    /// Says that whoever asks may look at people and no more.
    #[must_use]
    pub fn not_for_your_role() -> Self {
        Self::new(StatusCode::FORBIDDEN, "Only the owner, admins and agents may do this", "Ask one of them")
    }

    /// Says who may do this.
    #[must_use]
    pub fn only_for(whom: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, format!("Only {whom} may do this"), "Ask the owner or an admin")
    }

    /// Says that a name, password or code is not right, and never which.
    #[must_use]
    pub fn not_you() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "The e-mail address, the password or the code is not right",
            "Try again; whoever has lost them asks an admin for a link",
        )
    }

    /// Says that there were too many attempts; whether the last one was right is not told.
    #[must_use]
    pub fn too_many_attempts() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "There were too many attempts", "Wait a quarter of an hour, then try again")
    }

    /// Says that a token for programs may not do this.
    #[must_use]
    pub fn out_of_scope() -> Self {
        Self::new(StatusCode::FORBIDDEN, "This token may not do that", "Make one with the scope for it, in Settings")
    }

    /// Says that the request does not fit what is there.
    #[must_use]
    pub fn conflict(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, what, hint)
    }

    /// Says that the numbers of the server are not for everybody.
    #[must_use]
    pub fn numbers_are_ours() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "The numbers of the server are for its own machine",
            "Ask from there, or start the server with --metrics-token-file and send `Authorization: Bearer TOKEN`",
        )
    }

    /// Says that something named in the request is not there.
    #[must_use]
    pub fn not_found(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, what, hint)
    }

    /// Says that the request cannot be understood.
    #[must_use]
    pub fn malformed(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, what, hint)
    }

    /// Says what a check has found: the asker's own mistake, in the words of whoever looked.
    #[must_use]
    pub fn told(failure: Failure) -> Self {
        Self::because_of(StatusCode::BAD_REQUEST, failure)
    }

    /// Says no in the words of whoever looked, with another status.
    #[must_use]
    pub fn because_of(status: StatusCode, failure: Failure) -> Self {
        Self { status, problem: failure.into(), inside: None }
    }

    /// Says that the answer cannot be given just now.
    #[must_use]
    pub fn unavailable(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, what, hint)
    }

    fn new(status: StatusCode, what: impl Into<String>, hint: impl Into<String>) -> Self {
        let problem = Problem { what: what.into(), because: Vec::new(), hint: Some(hint.into()), telling: None };
        Self { status, problem, inside: None }
    }
}

impl From<Failure> for Refusal {
    /// Hides what went wrong inside from the client, and tells the log instead.
    fn from(failure: Failure) -> Self {
        tracing::error!(target: FAILED, what = failure.what, because = failure.because.join("; "), "a request failed");
        let refusal = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "The server failed", "Read the server's log, which says why");
        Self { inside: Some(Box::new(failure.into())), ..refusal }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.problem)).into_response();
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("900"));
        }
        if let Some(problem) = self.inside {
            response.extensions_mut().insert(Inside(problem));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_inside_stays_inside() {
        let refusal = Refusal::from(Failure::new("The file /srv/secret is unreadable"));
        assert_eq!(refusal.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!format!("{:?}", refusal.problem).contains("secret"));
    }
}
