//! Accounts, one-time links and sessions: the tables `account`, `one_time_token` and `session`.

use super::Role;
use crate::failure::{Failure, Result};
use crate::platform::clock::Clock;
use crate::platform::token::{self, Token};
use model::time::{DAY, SECOND};
use serde::{Deserialize, Serialize};
use state::{State, StateError, Transaction};
use utoipa::ToSchema;

/// How long a one-time link is good for.
const LINK_LIFE: i64 = 3_600 * SECOND;
/// How long a session lasts, however busy.
const SESSION_LIFE: i64 = 30 * DAY;
/// How long a session lasts without being used.
pub(super) const SESSION_IDLE: i64 = 12 * 3_600 * SECOND;
/// So much of what a browser calls itself is kept, to be recognised in the list of sessions.
const BROWSER_MAX: usize = 160;
/// A use is noted at most so often, so that reading does not write each time.
pub(super) const SEEN_STEP: i64 = 300 * SECOND;

/// Is who is signed in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Who {
    /// The number of the account.
    pub account: i64,
    /// The name on the screen.
    pub name: String,
    /// The role: `owner`, `admin`, `analyst`, `agent` or `viewer`.
    pub role: String,
}

impl Who {
    /// Is whoever works in the data directory itself, by the command line: nobody is asked to sign in there.
    #[must_use]
    pub fn at_the_console() -> Self {
        Self { account: 0, name: "Command line".to_owned(), role: "owner".to_owned() }
    }

    /// Tells whether this is somebody who reached us through the data directory, not by signing in.
    #[must_use]
    pub const fn is_at_the_console(&self) -> bool {
        self.account == 0
    }

    /// Tells whether sources, quarantine and the installation itself are in their hands.
    #[must_use]
    pub fn keeps_house(&self) -> bool {
        self.role().includes(Role::Admin)
    }
}

/// Knows who may come in.
#[derive(Clone)]
pub struct Accounts {
    pub(super) state: State,
    pub(super) clock: Clock,
}

impl Accounts {
    /// Looks after the accounts of a state store.
    #[must_use]
    pub const fn new(state: State, clock: Clock) -> Self {
        Self { state, clock }
    }

    /// Tells whether a session is open somewhere.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn anybody_signed_in(&self) -> Result<bool> {
        let now = (self.clock)().0;
        let open: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM session WHERE expires_at > $1 AND seen_at > $2")
            .bind(now)
            .bind(now - SESSION_IDLE)
            .fetch_one(self.state.reader())
            .await
            .map_err(failed)?;
        Ok(open > 0)
    }

    /// Makes a secret that signs the owner in once, within an hour, and ends those drawn before it. The first one also
    /// makes the owner's account.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn invite_owner(&self) -> Result<Token> {
        let token = Token::draw()?;
        let now = (self.clock)().0;
        let mut transaction = self.state.begin().await.map_err(failed)?;
        sqlx::query(
            "INSERT INTO account (id, name, role, created_at) VALUES (1, 'Owner', 'owner', $1) ON CONFLICT (id) DO NOTHING",
        )
        .bind(now)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        sqlx::query("DELETE FROM one_time_token WHERE account = 1").execute(&mut *transaction).await.map_err(failed)?;
        sqlx::query("INSERT INTO one_time_token (hash, account, created_at, expires_at) VALUES ($1, 1, $2, $3)")
            .bind(token.hash())
            .bind(now)
            .bind(now + LINK_LIFE)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(token)
    }

    /// Turns a one-time secret into a session; `None` when it is unknown, used or too old.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn sign_in(&self, secret: &str) -> Result<Option<(Token, Who)>> {
        self.sign_in_from(secret, "").await
    }

    /// Turns a one-time secret into a session of a browser that names itself so.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn sign_in_from(&self, secret: &str, browser: &str) -> Result<Option<(Token, Who)>> {
        let now = (self.clock)().0;
        // Strangers may come here: whoever guesses must not keep the one writer busy.
        let sql = "SELECT COUNT(*) FROM one_time_token WHERE hash = $1 AND expires_at > $2";
        if !self.is_there(sql, secret, now).await? {
            return Ok(None);
        }
        let mut transaction = self.state.begin().await.map_err(failed)?;
        // Deleting is what makes it single-use: of two at the same time only one finds the row.
        let account: Option<i64> =
            sqlx::query_scalar("DELETE FROM one_time_token WHERE hash = $1 AND expires_at > $2 RETURNING account")
                .bind(token::hash(secret))
                .bind(now)
                .fetch_optional(&mut *transaction)
                .await
                .map_err(failed)?;
        let Some(account) = account else {
            return Ok(None);
        };
        let session = open_session(&mut transaction, account, browser, now).await?;
        transaction.commit().await.map_err(failed)?;
        let who = self.who(session.secret()).await?;
        Ok(who.map(|who| (session, who)))
    }

    /// Tells whose session a secret is; `None` when it is unknown, ended, or was not used for too long.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn who(&self, secret: &str) -> Result<Option<Who>> {
        if !token::is_possible(secret) {
            return Ok(None);
        }
        let now = (self.clock)().0;
        let hash = token::hash(secret);
        let found: Option<(i64, String, String, i64)> = sqlx::query_as(
            "SELECT account.id, account.name, account.role, session.seen_at \
             FROM session JOIN account ON account.id = session.account \
             WHERE session.hash = $1 AND session.expires_at > $2 AND session.seen_at > $3 AND account.ended_at = 0",
        )
        .bind(hash.clone())
        .bind(now)
        .bind(now - SESSION_IDLE)
        .fetch_optional(self.state.reader())
        .await
        .map_err(failed)?;
        let Some((account, name, role, seen_at)) = found else {
            return Ok(None);
        };
        if now - seen_at > SEEN_STEP {
            // Somebody who may read must be able to, also when the disk is full.
            if let Err(failure) = self.change("UPDATE session SET seen_at = $2 WHERE hash = $1", hash, now).await {
                tracing::warn!("cannot note that a session is in use, so it may end early: {failure}");
            }
        }
        Ok(Some(Who { account, name, role }))
    }

    /// Ends a session. Ending one that is not there is not an error.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn sign_out(&self, secret: &str) -> Result<()> {
        if !self.is_there("SELECT COUNT(*) FROM session WHERE hash = $1 AND created_at <= $2", secret, i64::MAX).await? {
            return Ok(());
        }
        self.change("DELETE FROM session WHERE hash = $1 AND created_at <= $2", token::hash(secret), i64::MAX).await
    }

    /// Tells whether a statement counts anything for a secret and a time, without taking the right to write.
    async fn is_there(&self, sql: &'static str, secret: &str, time: i64) -> Result<bool> {
        if !token::is_possible(secret) {
            return Ok(false);
        }
        let counted: i64 =
            sqlx::query_scalar(sql).bind(token::hash(secret)).bind(time).fetch_one(self.state.reader()).await.map_err(failed)?;
        Ok(counted > 0)
    }

    async fn change(&self, sql: &'static str, hash: String, time: i64) -> Result<()> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        sqlx::query(sql).bind(hash).bind(time).execute(&mut *transaction).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }
}

/// Opens a session with a secret of its own: whatever a browser brought along before counts for nothing.
pub(super) async fn open_session(transaction: &mut Transaction, account: i64, browser: &str, now: i64) -> Result<Token> {
    for sql in ["DELETE FROM one_time_token WHERE expires_at <= $1", "DELETE FROM session WHERE expires_at <= $1"] {
        sqlx::query(sql).bind(now).execute(&mut **transaction).await.map_err(failed)?;
    }
    let (session, id) = (Token::draw()?, Token::draw()?);
    let browser: String = browser.chars().filter(|sign| !sign.is_control()).take(BROWSER_MAX).collect();
    let sql = "INSERT INTO session (hash, account, created_at, seen_at, expires_at, id, browser) \
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    sqlx::query(sql)
        .bind(session.hash())
        .bind(account)
        .bind(now)
        .bind(now)
        .bind(now + SESSION_LIFE)
        .bind(id.secret().to_owned())
        .bind(browser)
        .execute(&mut **transaction)
        .await
        .map_err(failed)?;
    Ok(session)
}

pub(super) fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("Cannot look after accounts").because(&error.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Instant;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    /// Is a store with a clock that can be turned.
    struct Stage {
        accounts: Accounts,
        now: Arc<AtomicI64>,
        _dir: tempfile::TempDir,
    }

    impl Stage {
        async fn new() -> Self {
            let dir = tempfile::tempdir().expect("folder");
            let state = State::create(&dir.path().join("state.sqlite")).await.expect("opens");
            let now = Arc::new(AtomicI64::new(1_000 * DAY));
            let hand = Arc::clone(&now);
            let accounts = Accounts::new(state, Arc::new(move || Instant(hand.load(Ordering::Relaxed))));
            Self { accounts, now, _dir: dir }
        }

        fn pass(&self, time: i64) {
            self.now.fetch_add(time, Ordering::Relaxed);
        }

        async fn signed_in(&self) -> Token {
            let link = self.accounts.invite_owner().await.expect("invites");
            self.accounts.sign_in(link.secret()).await.expect("works").expect("signs in").0
        }

        async fn is_in(&self, session: &Token) -> bool {
            self.accounts.who(session.secret()).await.expect("works").is_some()
        }
    }

    #[tokio::test]
    async fn a_link_works_once() {
        let stage = Stage::new().await;
        let link = stage.accounts.invite_owner().await.expect("invites");
        assert!(!stage.accounts.anybody_signed_in().await.expect("works"));
        let (session, who) = stage.accounts.sign_in(link.secret()).await.expect("works").expect("signs in");
        assert_eq!((who.account, who.role.as_str()), (1, "owner"));
        assert!(stage.is_in(&session).await);
        assert!(stage.accounts.anybody_signed_in().await.expect("works"));
        assert!(stage.accounts.sign_in(link.secret()).await.expect("works").is_none());
    }

    #[tokio::test]
    async fn links_and_sessions_grow_old() {
        let stage = Stage::new().await;
        let link = stage.accounts.invite_owner().await.expect("invites");
        stage.pass(LINK_LIFE);
        assert!(stage.accounts.sign_in(link.secret()).await.expect("works").is_none());
        let session = stage.signed_in().await;
        for _ in 0..59 {
            stage.pass(SESSION_IDLE - SECOND);
            assert!(stage.is_in(&session).await, "a session in use stays open");
        }
        stage.pass(SESSION_IDLE);
        assert!(!stage.is_in(&session).await, "an idle one does not");
        let session = stage.signed_in().await;
        for _ in 0..60 {
            stage.pass(SESSION_IDLE - SECOND);
            let _ = stage.is_in(&session).await;
        }
        stage.pass(60 * SECOND);
        assert!(!stage.is_in(&session).await, "nothing lasts longer than 30 days");
    }

    #[tokio::test]
    async fn signing_out_ends_the_session_here() {
        let stage = Stage::new().await;
        let (session, other) = (stage.signed_in().await, stage.signed_in().await);
        stage.accounts.sign_out(session.secret()).await.expect("works");
        assert!(!stage.is_in(&session).await);
        assert!(stage.is_in(&other).await);
        stage.accounts.sign_out("unknown").await.expect("is no error");
    }

    #[tokio::test]
    async fn a_new_link_ends_the_one_before() {
        let stage = Stage::new().await;
        let first = stage.accounts.invite_owner().await.expect("invites");
        let second = stage.accounts.invite_owner().await.expect("invites");
        assert!(stage.accounts.sign_in(first.secret()).await.expect("works").is_none());
        assert!(stage.accounts.sign_in(second.secret()).await.expect("works").is_some());
    }

    #[tokio::test]
    async fn guesses_do_not_wait_for_the_writer() {
        let stage = Stage::new().await;
        let held = stage.accounts.state.begin().await.expect("begins");
        for guess in ["", "short", &"x".repeat(43), &"x".repeat(1000)] {
            assert!(stage.accounts.sign_in(guess).await.expect("works").is_none());
            stage.accounts.sign_out(guess).await.expect("is no error");
        }
        drop(held);
    }

    #[tokio::test]
    async fn whoever_is_signed_in_comes_in_also_when_nothing_can_be_written() {
        let stage = Stage::new().await;
        let session = stage.signed_in().await;
        let mut transaction = stage.accounts.state.begin().await.expect("begins");
        let full = "CREATE TRIGGER full BEFORE UPDATE ON session BEGIN SELECT RAISE(FAIL, 'the disk is full'); END";
        sqlx::query(full).execute(&mut *transaction).await.expect("makes it fail");
        transaction.commit().await.expect("commits");
        stage.pass(SEEN_STEP + SECOND);
        assert!(stage.is_in(&session).await);
        stage.pass(SESSION_IDLE);
        assert!(!stage.is_in(&session).await, "what was not noted does not count");
    }

    #[tokio::test]
    async fn no_secret_is_stored() {
        let stage = Stage::new().await;
        let session = stage.signed_in().await;
        let link = stage.accounts.invite_owner().await.expect("invites");
        let stored: Vec<String> = sqlx::query_scalar("SELECT hash FROM session UNION SELECT hash FROM one_time_token")
            .fetch_all(stage.accounts.state.reader())
            .await
            .expect("reads");
        assert_eq!(stored.len(), 2);
        assert!(!stored.iter().any(|hash| hash == session.secret() || hash == link.secret()));
    }
}
