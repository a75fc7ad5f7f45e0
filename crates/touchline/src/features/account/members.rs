//! Members: who there is, how they come in, and what they prove it with.

use super::attempts::{self, Counted};
use super::store::{failed, open_session};
use super::{Accounts, Role, Who, audit, password, totp};
use crate::failure::Result;
use crate::platform::token::{self, Token};
use model::Instant;
use model::time::DAY;
use serde::{Deserialize, Serialize};
use state::Transaction;
use utoipa::ToSchema;

/// How long an invitation is good for: it may lie in somebody's mail over a weekend.
const INVITATION_LIFE: i64 = 7 * DAY;
/// More members than this are no small or middle-sized firm; the list is shown whole.
const MEMBERS_MAX: i64 = 500;

/// Is a member as the others see them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema, sqlx::FromRow)]
pub struct Member {
    /// The number of the account.
    pub id: i64,
    /// The name on the screen.
    pub name: String,
    /// The address to sign in with; empty: only by link.
    pub email: String,
    /// The role.
    pub role: String,
    /// When the account was made, in microseconds UTC.
    pub created_at: i64,
    /// Whether there is a password.
    pub has_password: bool,
    /// Whether a code is asked for besides.
    pub has_code: bool,
    /// When a session was last in use; none: never, or long ago.
    pub seen_at: Option<i64>,
}

type MemberRow = (i64, String, String, String, i64, String, String, Option<i64>);

impl Member {
    fn of((id, name, email, role, created_at, password, totp, seen_at): MemberRow) -> Self {
        let (has_password, has_code) = (!password.is_empty(), !totp.is_empty());
        Self { id, name, email, role, created_at, has_password, has_code, seen_at }
    }
}

/// Is somebody who shall become a member.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMember {
    /// The name on the screen.
    pub name: String,
    /// The address to sign in with.
    pub email: String,
    /// The role.
    pub role: Role,
}

/// Says why something about a member was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Obstacle {
    /// There is no such member.
    Unknown,
    /// Their rights are greater than those of whoever asks.
    Above,
    /// It is the last owner.
    LastOwner,
    /// The address belongs to another member.
    Taken,
    /// That is no name or address.
    Unreadable,
    /// The list is full.
    Full,
}

impl Accounts {
    /// Lists the members.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn members(&self) -> Result<Vec<Member>> {
        let rows: Vec<MemberRow> = sqlx::query_as(
            "SELECT account.id, account.name, account.email, account.role, account.created_at, account.password, \
             account.totp, (SELECT MAX(session.seen_at) FROM session WHERE session.account = account.id) \
             FROM account WHERE account.ended_at = 0 ORDER BY account.id",
        )
        .fetch_all(self.state.reader())
        .await
        .map_err(failed)?;
        Ok(rows.into_iter().map(Member::of).collect())
    }

    /// Finds a member by number.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn member(&self, id: i64) -> Result<Option<Member>> {
        Ok(self.members().await?.into_iter().find(|member| member.id == id))
    }

    /// Makes a member and a one-time link for them.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn invite(&self, by: &Who, new: &NewMember) -> Result<std::result::Result<(i64, Token), Obstacle>> {
        let (name, email) = (new.name.trim(), new.email.trim().to_lowercase());
        if name.is_empty() || name.chars().count() > 120 || !is_address(&email) {
            return Ok(Err(Obstacle::Unreadable));
        }
        if !by.role().includes(new.role) {
            return Ok(Err(Obstacle::Above));
        }
        let now = (self.clock)().0;
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let (members, same): (i64, i64) = sqlx::query_as(
            "SELECT COUNT(*), COALESCE(SUM(CASE WHEN email = $1 THEN 1 ELSE 0 END), 0) FROM account WHERE ended_at = 0",
        )
        .bind(email.clone())
        .fetch_one(&mut *transaction)
        .await
        .map_err(failed)?;
        if same > 0 {
            return Ok(Err(Obstacle::Taken));
        }
        if members >= MEMBERS_MAX {
            return Ok(Err(Obstacle::Full));
        }
        let id: i64 = sqlx::query_scalar(
            // The first number is the owner's: whoever starts the server may sign in as them.
            "INSERT INTO account (id, name, role, created_at, email) \
             SELECT CASE WHEN COALESCE(MAX(id), 0) < 1 THEN 2 ELSE MAX(id) + 1 END, $1, $2, $3, $4 FROM account RETURNING id",
        )
        .bind(name.to_owned())
        .bind(new.role.name())
        .bind(now)
        .bind(email)
        .fetch_one(&mut *transaction)
        .await
        .map_err(failed)?;
        let token = link(&mut transaction, id, now).await?;
        let about = format!("{id} {}", new.role.name());
        audit::note(&mut transaction, by, "member.invited", &about, Instant(now)).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(Ok((id, token)))
    }

    /// Gives a member another role.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn set_role(&self, by: &Who, id: i64, role: Role) -> Result<std::result::Result<(), Obstacle>> {
        let now = Instant((self.clock)().0);
        let mut transaction = self.state.begin().await.map_err(failed)?;
        if let Err(obstacle) = may_touch(&mut transaction, by, id, role != Role::Owner).await? {
            return Ok(Err(obstacle));
        }
        if !by.role().includes(role) {
            return Ok(Err(Obstacle::Above));
        }
        sqlx::query("UPDATE account SET role = $1 WHERE id = $2")
            .bind(role.name())
            .bind(id)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        audit::note(&mut transaction, by, "member.role", &format!("{id} {}", role.name()), now).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(Ok(()))
    }

    /// Takes a member's rights, sessions and tokens away. What they did stays under their name.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn remove(&self, by: &Who, id: i64) -> Result<std::result::Result<(), Obstacle>> {
        let now = (self.clock)().0;
        let mut transaction = self.state.begin().await.map_err(failed)?;
        if let Err(obstacle) = may_touch(&mut transaction, by, id, true).await? {
            return Ok(Err(obstacle));
        }
        forget_proofs(&mut transaction, id).await?;
        sqlx::query("DELETE FROM api_token WHERE account = $1").bind(id).execute(&mut *transaction).await.map_err(failed)?;
        sqlx::query("UPDATE account SET ended_at = $1, email = '' WHERE id = $2")
            .bind(now)
            .bind(id)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        audit::note(&mut transaction, by, "member.removed", &id.to_string(), Instant(now)).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(Ok(()))
    }

    /// Forgets a member's password and codes, ends their sessions, and makes a one-time link in their place.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn reset(&self, by: &Who, id: i64) -> Result<std::result::Result<Token, Obstacle>> {
        let now = (self.clock)().0;
        let mut transaction = self.state.begin().await.map_err(failed)?;
        if let Err(obstacle) = may_touch(&mut transaction, by, id, false).await? {
            return Ok(Err(obstacle));
        }
        forget_proofs(&mut transaction, id).await?;
        let token = link(&mut transaction, id, now).await?;
        audit::note(&mut transaction, by, "member.reset", &id.to_string(), Instant(now)).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(Ok(token))
    }

    /// Signs in with an address, a password and, where one is set up, a code. `None`: one of them is not right.
    ///
    /// The attempt is counted first; the same work is done whether there is such a member or not.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn sign_in_by_password(&self, given: &Credentials, from: &Origin<'_>) -> Result<Attempt> {
        let email = given.email.trim().to_lowercase();
        let now = (self.clock)();
        let mut counted = vec![Counted::name(&email)];
        counted.extend(from.address.as_deref().map(Counted::address));
        if attempts::is_too_many(&self.state, &counted, now).await? {
            return Ok(Attempt::TooMany);
        }
        let found: Option<(i64, String, String, i64)> =
            sqlx::query_as("SELECT id, password, totp, totp_step FROM account WHERE email = $1 AND email <> '' AND ended_at = 0")
                .bind(email)
                .fetch_optional(self.state.reader())
                .await
                .map_err(failed)?;
        let stored = found.as_ref().map(|(_, password, ..)| password.as_str());
        let is_right = password::is_right(given.password.clone(), stored).await?;
        let Some((id, _, totp, last_step)) = found.filter(|_| is_right) else {
            return Ok(Attempt::Refused);
        };
        let mut transaction = self.state.begin().await.map_err(failed)?;
        if !totp.is_empty() && !use_code(&mut transaction, id, &totp, &given.code, last_step, now).await? {
            return Ok(Attempt::Refused);
        }
        if let Some(name) = counted.first() {
            attempts::forgive(&mut transaction, name).await?;
        }
        if let Some(old) = from.session {
            // The session that this browser had ends with the new one.
            sqlx::query("DELETE FROM session WHERE hash = $1")
                .bind(token::hash(old))
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
        }
        let session = open_session(&mut transaction, id, from.browser, now.0).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(self.who(session.secret()).await?.map_or(Attempt::Refused, |who| Attempt::In(session, who)))
    }

    /// Sets a password; the one before has to be told, if there is one. Other sessions end. `false`: it was not right.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn set_password(&self, who: &Who, current: &str, new: &str, session: &str) -> Result<Attempt> {
        let now = (self.clock)();
        match self.prove(who, current, now).await? {
            Attempt::Refused => return Ok(Attempt::Refused),
            Attempt::TooMany => return Ok(Attempt::TooMany),
            Attempt::In(..) | Attempt::Proved => {}
        }
        let hash = password::hash(new.to_owned()).await?;
        let mut transaction = self.state.begin().await.map_err(failed)?;
        sqlx::query("UPDATE account SET password = $1 WHERE id = $2")
            .bind(hash)
            .bind(who.account)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        sqlx::query("DELETE FROM session WHERE account = $1 AND hash <> $2")
            .bind(who.account)
            .bind(token::hash(session))
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        audit::note(&mut transaction, who, "password.set", "", now).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(Attempt::Proved)
    }

    /// Compares the password of somebody who is signed in, before something that a stolen session must not do.
    async fn prove(&self, who: &Who, password: &str, now: Instant) -> Result<Attempt> {
        let stored: Option<String> = sqlx::query_scalar("SELECT password FROM account WHERE id = $1")
            .bind(who.account)
            .fetch_optional(self.state.reader())
            .await
            .map_err(failed)?;
        let stored = stored.unwrap_or_default();
        if stored.is_empty() {
            return Ok(Attempt::Proved);
        }
        let counted = [Counted::name(&format!("account {}", who.account))];
        if attempts::is_too_many(&self.state, &counted, now).await? {
            return Ok(Attempt::TooMany);
        }
        if !password::is_right(password.to_owned(), Some(&stored)).await? {
            return Ok(Attempt::Refused);
        }
        let mut transaction = self.state.begin().await.map_err(failed)?;
        attempts::forgive(&mut transaction, &counted[0]).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(Attempt::Proved)
    }

    /// Changes the own name and address.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn set_profile(&self, who: &Who, name: &str, email: &str) -> Result<std::result::Result<(), Obstacle>> {
        let (name, email) = (name.trim(), email.trim().to_lowercase());
        if name.is_empty() || name.chars().count() > 120 || !(email.is_empty() || is_address(&email)) {
            return Ok(Err(Obstacle::Unreadable));
        }
        let now = (self.clock)();
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let taken: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM account WHERE email = $1 AND email <> '' AND id <> $2")
            .bind(email.clone())
            .bind(who.account)
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed)?;
        if taken > 0 {
            return Ok(Err(Obstacle::Taken));
        }
        sqlx::query("UPDATE account SET name = $1, email = $2 WHERE id = $3")
            .bind(name.to_owned())
            .bind(email)
            .bind(who.account)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        audit::note(&mut transaction, who, "profile.changed", "", now).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(Ok(()))
    }

    /// Draws a secret for an authenticator; it counts from the first right code on.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn draft_code(&self, who: &Who) -> Result<String> {
        let secret = totp::draw()?;
        let mut transaction = self.state.begin().await.map_err(failed)?;
        sqlx::query("UPDATE account SET totp_draft = $1 WHERE id = $2")
            .bind(secret.clone())
            .bind(who.account)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(secret)
    }

    /// Turns codes on with the first right one, and returns the recovery codes; `None`: the code is not right.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn confirm_code(&self, who: &Who, code: &str) -> Result<Option<Vec<String>>> {
        let now = (self.clock)();
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let draft: Option<String> = sqlx::query_scalar("SELECT totp_draft FROM account WHERE id = $1")
            .bind(who.account)
            .fetch_optional(&mut *transaction)
            .await
            .map_err(failed)?;
        let draft = draft.unwrap_or_default();
        let Some(step) = (!draft.is_empty()).then(|| totp::step_of(&draft, code, now, 0)).flatten() else {
            return Ok(None);
        };
        sqlx::query("UPDATE account SET totp = totp_draft, totp_draft = '', totp_step = $1 WHERE id = $2")
            .bind(step)
            .bind(who.account)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        sqlx::query("DELETE FROM recovery_code WHERE account = $1")
            .bind(who.account)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        let codes = totp::recovery_codes()?;
        for code in &codes {
            sqlx::query("INSERT INTO recovery_code (hash, account) VALUES ($1, $2)")
                .bind(token::hash(&totp::plain(code)))
                .bind(who.account)
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
        }
        audit::note(&mut transaction, who, "code.on", "", now).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(Some(codes))
    }

    /// Turns codes off, for whoever tells the password.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn drop_code(&self, who: &Who, password: &str) -> Result<Attempt> {
        let now = (self.clock)();
        match self.prove(who, password, now).await? {
            Attempt::Proved => {}
            other => return Ok(other),
        }
        let mut transaction = self.state.begin().await.map_err(failed)?;
        drop_codes(&mut transaction, who.account).await?;
        audit::note(&mut transaction, who, "code.off", "", now).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(Attempt::Proved)
    }
}

/// Is what somebody types to sign in.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// The address.
    pub email: String,
    /// The password.
    pub password: String,
    /// The code of the authenticator, or a recovery code; empty for whoever has none.
    #[serde(default)]
    pub code: String,
}

/// Is where an attempt comes from.
#[derive(Debug, Default)]
pub struct Origin<'a> {
    /// What the browser calls itself.
    pub browser: &'a str,
    /// The session that it has already.
    pub session: Option<&'a str>,
    /// The address of the network.
    pub address: Option<String>,
}

/// Is what came of an attempt.
pub enum Attempt {
    /// The session is open.
    In(Token, Who),
    /// It was right.
    Proved,
    /// Something was not right.
    Refused,
    /// There were too many.
    TooMany,
}

/// Tells whether a text can be an e-mail address. Whether anybody reads there only a mail can tell.
fn is_address(text: &str) -> bool {
    let parts = text.split_once('@');
    text.len() <= 254
        && !text.chars().any(|sign| sign.is_whitespace() || sign.is_control())
        && parts.is_some_and(|(who, host)| !who.is_empty() && host.len() >= 3 && !host.contains('@') && host.contains('.'))
}

/// Refuses to touch members with greater rights, and to leave the house without an owner.
async fn may_touch(
    transaction: &mut Transaction,
    by: &Who,
    id: i64,
    takes_away: bool,
) -> Result<std::result::Result<(), Obstacle>> {
    let role: Option<String> = sqlx::query_scalar("SELECT role FROM account WHERE id = $1 AND ended_at = 0")
        .bind(id)
        .fetch_optional(&mut **transaction)
        .await
        .map_err(failed)?;
    let Some(role) = role.and_then(|role| Role::named(&role)) else {
        return Ok(Err(Obstacle::Unknown));
    };
    if !by.role().includes(role) {
        return Ok(Err(Obstacle::Above));
    }
    if takes_away && role == Role::Owner {
        let owners: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM account WHERE role = 'owner' AND ended_at = 0")
            .fetch_one(&mut **transaction)
            .await
            .map_err(failed)?;
        if owners < 2 {
            return Ok(Err(Obstacle::LastOwner));
        }
    }
    Ok(Ok(()))
}

/// Makes a one-time link in place of those before it.
async fn link(transaction: &mut Transaction, id: i64, now: i64) -> Result<Token> {
    let token = Token::draw()?;
    sqlx::query("DELETE FROM one_time_token WHERE account = $1").bind(id).execute(&mut **transaction).await.map_err(failed)?;
    sqlx::query("INSERT INTO one_time_token (hash, account, created_at, expires_at) VALUES ($1, $2, $3, $4)")
        .bind(token.hash())
        .bind(id)
        .bind(now)
        .bind(now + INVITATION_LIFE)
        .execute(&mut **transaction)
        .await
        .map_err(failed)?;
    Ok(token)
}

async fn forget_proofs(transaction: &mut Transaction, id: i64) -> Result<()> {
    drop_codes(transaction, id).await?;
    for sql in [
        "UPDATE account SET password = '' WHERE id = $1",
        "DELETE FROM session WHERE account = $1",
        "DELETE FROM one_time_token WHERE account = $1",
    ] {
        sqlx::query(sql).bind(id).execute(&mut **transaction).await.map_err(failed)?;
    }
    Ok(())
}

async fn drop_codes(transaction: &mut Transaction, id: i64) -> Result<()> {
    for sql in ["UPDATE account SET totp = '', totp_draft = '' WHERE id = $1", "DELETE FROM recovery_code WHERE account = $1"] {
        sqlx::query(sql).bind(id).execute(&mut **transaction).await.map_err(failed)?;
    }
    Ok(())
}

/// Uses a code up: one of the authenticator is right once, a recovery code is gone afterwards.
async fn use_code(
    transaction: &mut Transaction,
    id: i64,
    secret: &str,
    code: &str,
    last_step: i64,
    now: Instant,
) -> Result<bool> {
    if let Some(step) = totp::step_of(secret, code, now, last_step) {
        // Of two attempts with one code at the same time only one moves the step.
        let moved = sqlx::query("UPDATE account SET totp_step = $1 WHERE id = $2 AND totp_step < $1")
            .bind(step)
            .bind(id)
            .execute(&mut **transaction)
            .await
            .map_err(failed)?;
        return Ok(moved.rows_affected() == 1);
    }
    let used = sqlx::query("DELETE FROM recovery_code WHERE hash = $1 AND account = $2")
        .bind(token::hash(&totp::plain(code)))
        .bind(id)
        .execute(&mut **transaction)
        .await
        .map_err(failed)?;
    Ok(used.rows_affected() == 1)
}
