//! Teams as staff reach them: who is in which, and giving a conversation to one.

use super::store::{NewTeam, Obstacle, Team};
use super::{InSight, Reader};
use crate::failure::Result;
use crate::features::account::{Accounts, Keeper, Who};
use crate::features::conversations::{Author, Inbox, Talk};
use crate::platform::http::{Body, Path, Problem, Refusal};
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Returns the routes behind the door.
pub(in crate::features::conversations) fn routes() -> OpenApiRouter<Talk> {
    OpenApiRouter::new().routes(routes!(teams, add_team)).routes(routes!(change_team, drop_team)).routes(routes!(colleagues))
}

/// Is somebody to whom a conversation can be given.
#[derive(Serialize, Deserialize, ToSchema)]
struct Colleague {
    /// Their account.
    id: i64,
    /// Their name.
    name: String,
}

/// Is the number of a team.
#[derive(Serialize, Deserialize, ToSchema)]
struct KeptTeam {
    /// The number.
    id: i64,
}

fn refused(obstacle: Obstacle) -> Refusal {
    match obstacle {
        Obstacle::Unknown => Refusal::not_found("There is no such team", "List them with GET /api/conversations/teams"),
        Obstacle::Taken => Refusal::conflict("There is a team of this name already", "Choose another name"),
        Obstacle::Full => Refusal::malformed("There are too many teams already", "Take one away first"),
        Obstacle::InUse => Refusal::conflict(
            "A closed team that still looks after conversations cannot be taken away: everybody would see them",
            "Give them to another team first, or open this one",
        ),
    }
}

/// Lists the teams that look after conversations. Who is in them is told to the owner and admins alone.
#[utoipa::path(get, path = "/api/conversations/teams", tag = "conversations", responses(
    (status = 200, body = Vec<Team>), (status = 401, body = Problem),
))]
async fn teams(Extension(who): Extension<Who>, State(talk): State<Talk>) -> Result<Json<Vec<Team>>, Refusal> {
    Ok(Json(talk.inbox.teams(who.account, who.keeps_house()).await?))
}

/// Sets up a team.
#[utoipa::path(post, path = "/api/conversations/teams", tag = "conversations", request_body = NewTeam, responses(
    (status = 201, body = KeptTeam), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
    (status = 409, body = Problem),
))]
async fn add_team(
    _: Keeper,
    State(talk): State<Talk>,
    Body(new): Body<NewTeam>,
) -> Result<(StatusCode, Json<KeptTeam>), Refusal> {
    let id = talk.inbox.keep_team(None, &new).await.map_err(Refusal::told)?.map_err(refused)?;
    Ok((StatusCode::CREATED, Json(KeptTeam { id })))
}

/// Sets up a team anew: its name, whether it is closed, who is in it, and what comes to it.
#[utoipa::path(put, path = "/api/conversations/teams/{id}", tag = "conversations", request_body = NewTeam,
    params(("id" = String, Path, description = "The number of the team.")),
    responses(
        (status = 204), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
    ),
)]
async fn change_team(
    _: Keeper,
    State(talk): State<Talk>,
    Path(id): Path<String>,
    Body(new): Body<NewTeam>,
) -> Result<StatusCode, Refusal> {
    let kept = talk.inbox.keep_team(Some(id.parse().unwrap_or(-1)), &new).await.map_err(Refusal::told)?;
    kept.map(|_| StatusCode::NO_CONTENT).map_err(refused)
}

/// Takes a team away. What an open one looked after is nobody's then.
#[utoipa::path(delete, path = "/api/conversations/teams/{id}", tag = "conversations",
    params(("id" = String, Path, description = "The number of the team.")),
    responses(
        (status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, description = "It is closed, and still looks after conversations.", body = Problem),
    ),
)]
async fn drop_team(_: Keeper, State(talk): State<Talk>, Path(id): Path<String>) -> Result<StatusCode, Refusal> {
    let dropped = talk.inbox.drop_team(id.parse().unwrap_or(-1)).await?;
    dropped.map(|()| StatusCode::NO_CONTENT).map_err(refused)
}

/// Lists those to whom a conversation can be given: who answers customers, and sees it.
#[utoipa::path(get, path = "/api/conversations/{id}/colleagues", tag = "conversations",
    params(("id" = String, Path, description = "The conversation.")),
    responses((status = 200, body = Vec<Colleague>), (status = 401, body = Problem), (status = 404, body = Problem)),
)]
async fn colleagues(InSight(id): InSight, State(talk): State<Talk>) -> Result<Json<Vec<Colleague>>, Refusal> {
    let team = talk.inbox.find(&id).await?.map(|found| found.team).unwrap_or_default();
    let mut colleagues = Vec::new();
    for (reader, name) in who_answers(&talk.inbox).await? {
        if talk.inbox.sees_team(reader, &team).await? {
            colleagues.push(Colleague { id: reader.account, name });
        }
    }
    Ok(Json(colleagues))
}

/// Returns who answers customers, with what they see.
async fn who_answers(inbox: &Inbox) -> Result<Vec<(Reader, String)>> {
    let accounts = Accounts::new(inbox.stores.state.clone(), inbox.stores.clock.clone());
    let members = accounts.members().await?.into_iter();
    let staff = members.map(|member| Who { account: member.id, name: member.name, role: member.role });
    let answering = staff.filter(|who| who.keeps_house() || who.role == "agent");
    Ok(answering.map(|who| (Reader::of(&who), who.name)).collect())
}

impl Inbox {
    /// Gives a conversation to a team, or to none. Whoever looked after it and would not see it any more does so no longer.
    pub(in crate::features::conversations) async fn give_to_team(
        &self,
        id: &str,
        by: &Author,
        team: &str,
    ) -> Result<bool, Refusal> {
        if !self.has_team(team).await? {
            return Err(Refusal::malformed("There is no team of this name", "List them with GET /api/conversations/teams"));
        }
        let Some(found) = self.find(id).await? else { return Ok(false) };
        let mut to = found.assignee.map(|account| (account, found.assigned_name));
        if let Some((account, _)) = &to {
            let answering = who_answers(self).await?;
            // Whoever has left the house sees nothing either.
            let reader = answering.into_iter().map(|(reader, _)| reader).find(|reader| reader.account == *account);
            let sees = match reader {
                Some(reader) => self.sees_team(reader, team).await?,
                None => false,
            };
            if !sees {
                to = None;
            }
        }
        Ok(self.assign(id, by, to, Some(team.to_owned())).await?)
    }
}

/// Refuses to give a conversation to somebody who would not see it, or answers nobody.
pub(in crate::features::conversations) async fn for_staff(
    inbox: &Inbox,
    id: &str,
    account: i64,
) -> Result<(i64, String), Refusal> {
    let team = inbox.find(id).await?.map(|found| found.team).unwrap_or_default();
    let found = who_answers(inbox).await?.into_iter().find(|(reader, _)| reader.account == account);
    if let Some((reader, name)) = found
        && inbox.sees_team(reader, &team).await?
    {
        return Ok((account, name));
    }
    Err(Refusal::malformed(
        "They do not answer customers here, or are not of the closed team that looks after this",
        "Give it to somebody of the team, or to another team first",
    ))
}
