//! What lies about and can be taken back: open sessions, and tokens for programs.

use super::store::{SEEN_STEP, SESSION_IDLE, failed};
use super::{Accounts, Role, Who, audit, scopes};
use crate::failure::Result;
use crate::platform::token::{self, Token};
use model::Instant;
use model::time::DAY;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Every token bears it in front, so that it is recognised where it must not lie.
pub(super) const PREFIX: &str = "tl_";
/// More tokens than this nobody keeps in mind.
const TOKENS_MAX: i64 = 200;
/// Nothing lasts longer than two years.
const DAYS_MAX: i64 = 730;

/// Is an open session.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Session {
    /// The name by which it is ended; no secret.
    pub id: String,
    /// What the browser calls itself.
    pub browser: String,
    /// When it was opened, in microseconds UTC.
    pub created_at: i64,
    /// When it was last in use.
    pub seen_at: i64,
    /// Whether it is the one that asks.
    pub is_this: bool,
}

/// Is a token as it is listed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ApiToken {
    /// Its number.
    pub id: i64,
    /// What it is for.
    pub name: String,
    /// As whom it comes in.
    pub role: String,
    /// What it may do, such as `read` or `write:map`.
    pub scopes: Vec<String>,
    /// Whose it is.
    pub owner: String,
    /// When it was made, in microseconds UTC.
    pub created_at: i64,
    /// When it was last in use; 0: never.
    pub seen_at: i64,
    /// When it ends.
    pub expires_at: i64,
}

/// Is a token that shall be made.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it is for.
    pub name: String,
    /// As whom it comes in; at most what its maker is.
    pub role: Role,
    /// What it may do, such as `read` or `write:map`.
    pub scopes: Vec<String>,
    /// For how many days.
    pub days: i64,
}

impl NewToken {
    /// Says what is wrong with it, or nothing.
    #[must_use]
    pub fn fault(&self) -> Option<&'static str> {
        if self.name.trim().is_empty() || self.name.chars().count() > 120 {
            Some("It needs a name of at most 120 letters")
        } else if self.scopes.is_empty() || !self.scopes.iter().all(|scope| scopes::is_scope(scope)) {
            Some("Its scopes are `read` and `write`, alone or with a room, such as `read:measure`")
        } else if !(1..=DAYS_MAX).contains(&self.days) {
            Some("It lasts from 1 to 730 days")
        } else {
            None
        }
    }
}

impl Accounts {
    /// Lists the open sessions of an account, the latest first.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn sessions(&self, account: i64, present: &str) -> Result<Vec<Session>> {
        let now = (self.clock)().0;
        let rows: Vec<(String, String, i64, i64, String)> = sqlx::query_as(
            "SELECT id, browser, created_at, seen_at, hash FROM session \
             WHERE account = $1 AND expires_at > $2 AND seen_at > $3 ORDER BY seen_at DESC, created_at DESC LIMIT 100",
        )
        .bind(account)
        .bind(now)
        .bind(now - SESSION_IDLE)
        .fetch_all(self.state.reader())
        .await
        .map_err(failed)?;
        let present = token::hash(present);
        let session = |(id, browser, created_at, seen_at, hash): (String, String, i64, i64, String)| Session {
            id,
            browser,
            created_at,
            seen_at,
            is_this: hash == present,
        };
        Ok(rows.into_iter().map(session).collect())
    }

    /// Ends a session of an account, or all but the present one. Tells how many there were.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn end_sessions(&self, who: &Who, which: Option<&str>, present: &str) -> Result<u64> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        // An id of "" are those that were opened before sessions had one; they are never the one that is named.
        let sql = match which {
            Some(_) => "DELETE FROM session WHERE account = $1 AND id = $2 AND id <> ''",
            None => "DELETE FROM session WHERE account = $1 AND hash <> $2",
        };
        let ended = sqlx::query(sql)
            .bind(who.account)
            .bind(which.map_or_else(|| token::hash(present), str::to_owned))
            .execute(&mut *transaction)
            .await
            .map_err(failed)?
            .rows_affected();
        audit::note(&mut transaction, who, "session.ended", &ended.to_string(), (self.clock)()).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(ended)
    }

    /// Lists the tokens that are good.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn tokens(&self) -> Result<Vec<ApiToken>> {
        type Row = (i64, String, String, String, String, i64, i64, i64);
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT api_token.id, api_token.name, api_token.role, api_token.scopes, account.name, api_token.created_at, \
             api_token.seen_at, api_token.expires_at FROM api_token JOIN account ON account.id = api_token.account \
             WHERE api_token.expires_at > $1 ORDER BY api_token.id",
        )
        .bind((self.clock)().0)
        .fetch_all(self.state.reader())
        .await
        .map_err(failed)?;
        let token = |(id, name, role, scopes, owner, created_at, seen_at, expires_at): Row| ApiToken {
            id,
            name,
            role,
            scopes: scopes.split(',').map(str::to_owned).collect(),
            owner,
            created_at,
            seen_at,
            expires_at,
        };
        Ok(rows.into_iter().map(token).collect())
    }

    /// Makes a token; `None`: there are too many.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn make_token(&self, who: &Who, new: &NewToken) -> Result<Option<(i64, String)>> {
        let now = (self.clock)().0;
        let secret = Token::draw()?;
        let mut transaction = self.state.begin().await.map_err(failed)?;
        sqlx::query("DELETE FROM api_token WHERE expires_at <= $1").bind(now).execute(&mut *transaction).await.map_err(failed)?;
        let there: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM api_token").fetch_one(&mut *transaction).await.map_err(failed)?;
        if there >= TOKENS_MAX {
            return Ok(None);
        }
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO api_token (id, hash, account, name, role, scopes, created_at, seen_at, expires_at) \
             SELECT COALESCE(MAX(id), 0) + 1, $1, $2, $3, $4, $5, $6, 0, $7 FROM api_token RETURNING id",
        )
        .bind(secret.hash())
        .bind(who.account)
        .bind(new.name.trim().to_owned())
        .bind(new.role.name())
        .bind(new.scopes.join(","))
        .bind(now)
        .bind(now + new.days * DAY)
        .fetch_one(&mut *transaction)
        .await
        .map_err(failed)?;
        audit::note(&mut transaction, who, "token.made", &format!("{id} {}", new.scopes.join(",")), Instant(now)).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(Some((id, format!("{PREFIX}{}", secret.secret()))))
    }

    /// Takes a token back; tells whether there was one.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn drop_token(&self, who: &Who, id: i64) -> Result<bool> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let gone = sqlx::query("DELETE FROM api_token WHERE id = $1").bind(id).execute(&mut *transaction).await;
        if gone.map_err(failed)?.rows_affected() == 0 {
            return Ok(false);
        }
        audit::note(&mut transaction, who, "token.dropped", &id.to_string(), (self.clock)()).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(true)
    }

    /// Tells as whom a token comes in, and with which scopes; `None` where it is unknown, has ended, or its maker has
    /// lost the rights that it was given.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn who_bears(&self, bearer: &str) -> Result<Option<(Who, String)>> {
        let Some(secret) = bearer.strip_prefix(PREFIX).filter(|secret| token::is_possible(secret)) else {
            return Ok(None);
        };
        let now = (self.clock)().0;
        let found: Option<(i64, i64, String, String, String, String, i64)> = sqlx::query_as(
            "SELECT api_token.id, account.id, api_token.name, api_token.role, account.role, api_token.scopes, \
             api_token.seen_at FROM api_token JOIN account ON account.id = api_token.account \
             WHERE api_token.hash = $1 AND api_token.expires_at > $2 AND account.ended_at = 0",
        )
        .bind(token::hash(secret))
        .bind(now)
        .fetch_optional(self.state.reader())
        .await
        .map_err(failed)?;
        let Some((id, account, name, role, maker, scopes, seen_at)) = found else {
            return Ok(None);
        };
        let makers = Role::named(&maker).zip(Role::named(&role));
        if !makers.is_some_and(|(maker, role)| maker.includes(role)) {
            return Ok(None);
        }
        if now - seen_at > SEEN_STEP {
            let noted = async {
                let mut transaction = self.state.begin().await.map_err(failed)?;
                let sql = "UPDATE api_token SET seen_at = $1 WHERE id = $2";
                sqlx::query(sql).bind(now).bind(id).execute(&mut *transaction).await.map_err(failed)?;
                transaction.commit().await.map_err(failed)
            };
            if let Err(failure) = noted.await {
                tracing::warn!("cannot note that a token is in use: {failure}");
            }
        }
        Ok(Some((Who { account, name: format!("token {name}"), role }, scopes)))
    }
}
