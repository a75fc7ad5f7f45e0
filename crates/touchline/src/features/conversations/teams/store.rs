//! Keeping teams: the tables `inbox_team`, `inbox_team_member` and `inbox_team_channel`.

use super::Reader;
use crate::failure::{Failure, Result};
use crate::features::conversations::Inbox;
use crate::features::conversations::store::failed;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use state::Transaction;
use utoipa::ToSchema;

/// So many teams can be kept.
const TEAMS_MAX: i64 = 200;
const NAME_MAX: usize = 60;
/// As many as there may be accounts.
const MEMBERS_MAX: usize = 500;
/// More channels than there are kinds of.
const CHANNELS_MAX: usize = 30;
const CHANNEL_MAX: usize = 30;

/// Is a team.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = InboxTeam)]
pub struct Team {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Whether its members, the owner and admins alone see what it looks after.
    pub is_closed: bool,
    /// Whether whoever asks is one of it.
    pub is_mine: bool,
    /// The accounts of its members, for the owner and admins alone.
    pub members: Vec<i64>,
    /// What begins on these channels comes to it.
    pub channels: Vec<String>,
}

/// Is a team as it is set up.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewInboxTeam)]
pub struct NewTeam {
    /// Its name.
    pub name: String,
    /// Whether its members, the owner and admins alone see what it looks after.
    #[serde(default)]
    pub is_closed: bool,
    /// The accounts of its members.
    #[serde(default)]
    pub members: Vec<i64>,
    /// What begins on these channels comes to it; from another team they are taken.
    #[serde(default)]
    pub channels: Vec<String>,
}

/// Says why a team was not kept or taken away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Obstacle {
    Unknown,
    Taken,
    Full,
    /// It is closed and looks after something, which everybody would see then.
    InUse,
}

impl NewTeam {
    fn check(&self) -> Result<()> {
        let name = self.name.trim();
        if name.is_empty() || name.len() > NAME_MAX || name.chars().any(char::is_control) {
            return Err(Failure::new(format!("A team has a name of at most {NAME_MAX} bytes")).hint("Shorten it"));
        }
        let is_channel = |channel: &String| {
            !channel.is_empty()
                && channel.len() <= CHANNEL_MAX
                && channel.bytes().all(|sign| sign.is_ascii_lowercase() || sign == b'_')
        };
        if self.members.len() > MEMBERS_MAX || self.channels.len() > CHANNELS_MAX || !self.channels.iter().all(is_channel) {
            return Err(Failure::new(format!("A team has at most {MEMBERS_MAX} members and {CHANNELS_MAX} channels")));
        }
        Ok(())
    }
}

impl Inbox {
    /// Lists the teams, by name. Who is in them is told to those alone who set them up.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn teams(&self, account: i64, to_keeper: bool) -> Result<Vec<Team>> {
        let rows = sqlx::query("SELECT id, name, is_closed FROM inbox_team ORDER BY name, id");
        let rows = rows.fetch_all(self.stores.state.reader()).await.map_err(failed)?;
        let members: Vec<(i64, i64)> = sqlx::query_as("SELECT team, account FROM inbox_team_member ORDER BY account")
            .fetch_all(self.stores.state.reader())
            .await
            .map_err(failed)?;
        let channels: Vec<(i64, String)> = sqlx::query_as("SELECT team, channel FROM inbox_team_channel ORDER BY channel")
            .fetch_all(self.stores.state.reader())
            .await
            .map_err(failed)?;
        let team = |row: &sqlx::any::AnyRow| {
            let id: i64 = row.get("id");
            let of_it = members.iter().filter(|(team, _)| *team == id).map(|(_, account)| *account);
            Team {
                id,
                name: row.get("name"),
                is_closed: row.get::<i64, _>("is_closed") != 0,
                is_mine: of_it.clone().any(|one| one == account),
                members: if to_keeper { of_it.collect() } else { Vec::new() },
                channels: channels.iter().filter(|(team, _)| *team == id).map(|(_, channel)| channel.clone()).collect(),
            }
        };
        Ok(rows.iter().map(team).collect())
    }

    /// Keeps a team: a new one, or one that is there. What it looks after follows its name. Returns its number.
    ///
    /// # Errors
    /// Fails when something is wrong with it, or the state store fails.
    pub(super) async fn keep_team(&self, id: Option<i64>, new: &NewTeam) -> Result<std::result::Result<i64, Obstacle>> {
        new.check()?;
        let name = new.name.trim();
        let mut transaction = self.stores.state.begin().await.map_err(failed)?;
        let (count, last): (i64, i64) = sqlx::query_as("SELECT COUNT(*), COALESCE(MAX(id), 0) FROM inbox_team")
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed)?;
        let before: Option<String> = sqlx::query_scalar("SELECT name FROM inbox_team WHERE id = $1")
            .bind(id.unwrap_or(-1))
            .fetch_optional(&mut *transaction)
            .await
            .map_err(failed)?;
        let same: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM inbox_team WHERE name = $1 AND id <> $2")
            .bind(name.to_owned())
            .bind(id.unwrap_or(-1))
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed)?;
        let obstacle = match id {
            Some(_) if before.is_none() => Some(Obstacle::Unknown),
            None if count >= TEAMS_MAX => Some(Obstacle::Full),
            _ => (same > 0).then_some(Obstacle::Taken),
        };
        if let Some(obstacle) = obstacle {
            return Ok(Err(obstacle));
        }
        let id = id.unwrap_or(last + 1);
        sqlx::query(
            "INSERT INTO inbox_team (id, name, is_closed) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET \
             name = excluded.name, is_closed = excluded.is_closed",
        )
        .bind(id)
        .bind(name.to_owned())
        .bind(i64::from(new.is_closed))
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        if let Some(before) = before.filter(|before| before != name) {
            let sql = "UPDATE conversation SET team = $1 WHERE team = $2";
            sqlx::query(sql).bind(name.to_owned()).bind(before).execute(&mut *transaction).await.map_err(failed)?;
        }
        set_up(&mut transaction, id, new).await?;
        transaction.commit().await.map_err(failed)?;
        self.news.tell();
        Ok(Ok(id))
    }

    /// Takes a team away. What an open one looked after is nobody's then; a closed one must look after nothing.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub(super) async fn drop_team(&self, id: i64) -> Result<std::result::Result<(), Obstacle>> {
        let mut transaction = self.stores.state.begin().await.map_err(failed)?;
        let found: Option<(String, i64)> = sqlx::query_as("SELECT name, is_closed FROM inbox_team WHERE id = $1")
            .bind(id)
            .fetch_optional(&mut *transaction)
            .await
            .map_err(failed)?;
        let Some((name, is_closed)) = found else { return Ok(Err(Obstacle::Unknown)) };
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM conversation WHERE team = $1")
            .bind(name.clone())
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed)?;
        if is_closed != 0 && count > 0 {
            return Ok(Err(Obstacle::InUse));
        }
        sqlx::query("UPDATE conversation SET team = '' WHERE team = $1")
            .bind(name)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        for sql in [
            "DELETE FROM inbox_team_member WHERE team = $1",
            "DELETE FROM inbox_team_channel WHERE team = $1",
            "DELETE FROM inbox_team WHERE id = $1",
        ] {
            sqlx::query(sql).bind(id).execute(&mut *transaction).await.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)?;
        self.news.tell();
        Ok(Ok(()))
    }

    /// Tells whether there is a team of a name. The empty name is that of no team.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub(super) async fn has_team(&self, name: &str) -> Result<bool> {
        let count = sqlx::query_scalar("SELECT COUNT(*) FROM inbox_team WHERE name = $1").bind(name.to_owned());
        let count: i64 = count.fetch_one(self.stores.state.reader()).await.map_err(failed)?;
        Ok(name.is_empty() || count > 0)
    }

    /// Tells whether somebody sees what a team looks after.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub(super) async fn sees_team(&self, reader: Reader, name: &str) -> Result<bool> {
        let sql = "SELECT COUNT(*) FROM inbox_team t WHERE t.name = $1 AND t.is_closed = 1 AND $2 <> 0 AND NOT EXISTS \
                   (SELECT 1 FROM inbox_team_member m WHERE m.team = t.id AND m.account = $2)";
        let closed = sqlx::query_scalar(sql).bind(name.to_owned()).bind(reader.bound());
        let closed: i64 = closed.fetch_one(self.stores.state.reader()).await.map_err(failed)?;
        Ok(closed == 0)
    }
}

/// Writes who is in a team and what comes to it.
async fn set_up(transaction: &mut Transaction, id: i64, new: &NewTeam) -> Result<()> {
    for sql in ["DELETE FROM inbox_team_member WHERE team = $1", "DELETE FROM inbox_team_channel WHERE team = $1"] {
        sqlx::query(sql).bind(id).execute(&mut **transaction).await.map_err(failed)?;
    }
    for account in &new.members {
        sqlx::query("INSERT INTO inbox_team_member (team, account) VALUES ($1, $2) ON CONFLICT (team, account) DO NOTHING")
            .bind(id)
            .bind(*account)
            .execute(&mut **transaction)
            .await
            .map_err(failed)?;
    }
    for channel in &new.channels {
        sqlx::query(
            "INSERT INTO inbox_team_channel (channel, team) VALUES ($1, $2) ON CONFLICT (channel) DO UPDATE SET team = excluded.team",
        )
        .bind(channel.clone())
        .bind(id)
        .execute(&mut **transaction)
        .await
        .map_err(failed)?;
    }
    Ok(())
}
