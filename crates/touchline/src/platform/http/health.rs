//! Whether the server lives, and whether it can work. Open to everybody: they say nothing else.

use super::{Problem, Refusal};
use axum::extract::State as Shared;
use state::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Returns `/healthz` and `/readyz`.
pub fn health(state: State) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz)).with_state(state)
}

/// Tells that the server is alive.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, body = String, content_type = "text/plain")))]
async fn healthz() -> &'static str {
    "alive\n"
}

/// Tells whether the server can do its work: the state store answers.
#[utoipa::path(get, path = "/readyz", tag = "health", responses(
    (status = 200, body = String, content_type = "text/plain"),
    (status = 503, body = Problem),
))]
async fn readyz(Shared(state): Shared<State>) -> Result<&'static str, Refusal> {
    match sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM meta").fetch_one(state.reader()).await {
        Ok(_) => Ok("ready\n"),
        Err(_) => Err(Refusal::unavailable("The state store does not answer", "Look at the disk of the data directory")),
    }
}
