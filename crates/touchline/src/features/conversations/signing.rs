//! The secret with which a site signs who its visitors are: told to those alone who keep the house.

use super::Talk;
use crate::features::account::Keeper;
use crate::platform::http::{Problem, Refusal};
use crate::platform::mark::hex;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Returns the route behind the door.
pub(super) fn routes() -> OpenApiRouter<Talk> {
    OpenApiRouter::new().routes(routes!(visitor_signing))
}

/// Is what a site signs with.
#[derive(Serialize, Deserialize, ToSchema)]
struct VisitorSigning {
    /// The key of HS256, as the letters that it is signed with.
    secret: String,
}

/// Tells the secret with which the server of a site signs who a visitor is: a JWT (HS256) with `sub`, `aud` = `touchline`, `jti`
/// and an `exp` of at most ten minutes ahead. It belongs on that server and on no page. Asked by POST: a token that may only read
/// must not learn it.
#[utoipa::path(post, path = "/api/conversations/signing", tag = "conversations", responses(
    (status = 200, body = VisitorSigning), (status = 401, body = Problem), (status = 403, body = Problem),
))]
async fn visitor_signing(_: Keeper, State(talk): State<Talk>) -> Result<Json<VisitorSigning>, Refusal> {
    let secret = talk.inbox.policy.secret("widget identity").await?;
    Ok(Json(VisitorSigning { secret: hex(&secret) }))
}
