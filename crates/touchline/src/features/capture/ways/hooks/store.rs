//! The table `hook`, and what a hook must be to stand in it.

use super::{Ready, Scheme};
use crate::fail;
use crate::failure::{Failure, Result};
use crate::features::capture::import::Bodies;
use crate::features::people::{is_bare, open_secret, seal_secret};
use model::Instant;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use state::{State, StateError};
use std::path::Path;
use std::sync::Arc;
use utoipa::ToSchema;

/// Names stand in addresses.
const NAME_MAX: usize = 60;
/// A body is read once by every part.
const PARTS_MAX: usize = 10;
/// A mapping is a page of text.
const MAPPING_MAX: usize = 64 << 10;
/// The path to the rows is a few steps.
const ROWS_MAX: usize = 200;

/// Says where in a body the rows stand, and what their columns mean.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The path to the list of rows, such as `data.items`; empty: the body itself.
    #[serde(default)]
    pub rows: String,
    /// The mapping, as TOML, in the language of imports.
    pub mapping: String,
    /// The property of an order that says when it was changed; then its total is followed, and it must be one of `props`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<String>,
}

/// Is what a hook shall be.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WantedHook {
    /// Parts that are ready, for the order bodies of a shop.
    pub ready: Option<Ready>,
    /// Parts of one's own.
    pub parts: Vec<Part>,
    /// How its sender signs. The default is that of `ready`, or Standard Webhooks.
    pub scheme: Option<Scheme>,
    /// The secret, where the sender has drawn it. Otherwise the one there is stays, or one is drawn.
    pub secret: Option<String>,
}

/// Is one hook.
#[derive(Clone, PartialEq, Eq)]
pub struct Hook {
    /// Its name in the address.
    pub name: String,
    /// How its sender signs.
    pub scheme: Scheme,
    /// What its sender signs with.
    pub secret: String,
    /// What its bodies mean.
    pub parts: Vec<Part>,
    /// When it was last changed.
    pub changed_at: Instant,
}

impl std::fmt::Debug for Hook {
    /// Keeps the secret to itself.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hook({}, {})", self.name, self.scheme.name())
    }
}

impl WantedHook {
    /// Makes the hook that is wanted, and returns the secret where it had to be drawn. `before` is the one that is there.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn hook(self, name: &str, before: Option<Hook>, now: Instant) -> Result<(Hook, Option<String>)> {
        let before_scheme = before.as_ref().map(|before| before.scheme);
        let scheme = self.scheme.or(self.ready.map(Ready::scheme)).or(before_scheme).unwrap_or_default();
        let parts = match (self.ready, self.parts) {
            (Some(ready), parts) if parts.is_empty() => ready.parts(name),
            (None, parts) if !parts.is_empty() => parts,
            (None, _) => before.as_ref().map(|before| before.parts.clone()).unwrap_or_default(),
            (Some(_), _) => return Err(Failure::new("Give `ready` or `parts`, not both")),
        };
        let kept = before.filter(|before| before.scheme == scheme).map(|before| before.secret);
        let (secret, drawn) = match self.secret.or(kept) {
            Some(secret) => (secret, None),
            None => {
                let drawn = scheme.draw_secret()?;
                (drawn.clone(), Some(drawn))
            }
        };
        let hook = Hook { name: name.to_owned(), scheme, secret, parts, changed_at: now };
        hook.check()?;
        Ok((hook, drawn))
    }
}

impl Hook {
    /// Checks name, secret and every mapping.
    fn check(&self) -> Result<()> {
        let fits = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '-' || sign == '_';
        if self.name.is_empty() || self.name.len() > NAME_MAX || !self.name.chars().all(fits) {
            return Err(fail!(
                hook_name,
                "A hook is named by 1 to {limit} letters of a to z, 0 to 9, - and _",
                "Such as `web-shop`",
                limit = NAME_MAX
            ));
        }
        self.scheme.check_secret(&self.secret)?;
        self.bodies().map(|_| ())
    }

    /// Binds its parts, to read bodies.
    ///
    /// # Errors
    /// Says what is wrong, and in which part.
    pub fn bodies(&self) -> Result<Vec<Bodies>> {
        bind(&self.parts)
    }
}

/// Binds parts, to read bodies.
///
/// # Errors
/// Says what is wrong, and in which part.
pub(super) fn bind(parts: &[Part]) -> Result<Vec<Bodies>> {
    if parts.is_empty() || parts.len() > PARTS_MAX {
        return Err(Failure::new(format!("A hook has 1 to {PARTS_MAX} mappings")));
    }
    let bind = |(number, part): (usize, &Part)| {
        let name = format!("mapping {}", number + 1);
        if part.mapping.len() > MAPPING_MAX || part.rows.len() > ROWS_MAX {
            return Err(Failure::new(format!("{name} or its path to the rows is too long")));
        }
        Bodies::new(&part.mapping, &name, &part.rows)
    };
    let bodies: Vec<Bodies> = parts.iter().enumerate().map(bind).collect::<Result<_>>()?;
    // Answers are found by the message id inside one source, and a source keeps its policies as one.
    if bodies.iter().any(|part| part.source() != bodies[0].source()) {
        return Err(Failure::new("The mappings of one hook name different sources").hint("Give each the same `source`"));
    }
    Ok(bodies)
}

/// Is every hook. Clones share them.
///
/// Their secrets are sealed at rest, with the key of the data directory.
#[derive(Clone)]
pub struct Hooks {
    state: State,
    dir: Arc<Path>,
}

impl Hooks {
    /// Looks after the hooks of a data directory, in its state store.
    #[must_use]
    pub const fn new(state: State, dir: Arc<Path>) -> Self {
        Self { state, dir }
    }

    /// Seals the secrets that an earlier version has left as they were.
    ///
    /// # Errors
    /// Fails when the state store does, or no key can be drawn.
    pub async fn lock_secrets(&self) -> Result<()> {
        let rows = sqlx::query("SELECT name, secret FROM hook").fetch_all(self.state.reader()).await.map_err(failed)?;
        for row in rows {
            let (name, secret): (String, String) = (row.get("name"), row.get("secret"));
            if !is_bare(&secret) {
                continue;
            }
            let sealed = seal_secret(&self.dir, &place(&name), &secret)?;
            let mut transaction = self.state.begin().await.map_err(failed)?;
            sqlx::query("UPDATE hook SET secret = $1 WHERE name = $2")
                .bind(sealed)
                .bind(name)
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
            transaction.commit().await.map_err(failed)?;
        }
        Ok(())
    }

    /// Sets a hook, new or changed.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn set(&self, hook: &Hook) -> Result<()> {
        let parts = serde_json::to_string(&hook.parts).map_err(|error| Failure::new("Cannot write a hook").because(&error))?;
        let secret = seal_secret(&self.dir, &place(&hook.name), &hook.secret)?;
        let mut transaction = self.state.begin().await.map_err(failed)?;
        sqlx::query(
            "INSERT INTO hook (name, scheme, secret, parts, created_at, changed_at) VALUES ($1, $2, $3, $4, $5, $5) \
             ON CONFLICT (name) DO UPDATE SET scheme = excluded.scheme, secret = excluded.secret, parts = excluded.parts, \
             changed_at = excluded.changed_at",
        )
        .bind(hook.name.clone())
        .bind(hook.scheme.name())
        .bind(secret)
        .bind(parts)
        .bind(hook.changed_at.0)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    /// Finds a hook.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn find(&self, name: &str) -> Result<Option<Hook>> {
        let row = sqlx::query("SELECT name, scheme, secret, parts, changed_at FROM hook WHERE name = $1")
            .bind(name.to_owned())
            .fetch_optional(self.state.reader())
            .await
            .map_err(failed)?;
        row.as_ref().map(|row| self.read(row)).transpose()
    }

    /// Lists the hooks by name.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn all(&self) -> Result<Vec<Hook>> {
        let rows = sqlx::query("SELECT name, scheme, secret, parts, changed_at FROM hook ORDER BY name")
            .fetch_all(self.state.reader())
            .await
            .map_err(failed)?;
        rows.iter().map(|row| self.read(row)).collect()
    }

    /// Takes a hook away: what it sent stays. Tells whether there was one.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn remove(&self, name: &str) -> Result<bool> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let done = sqlx::query("DELETE FROM hook WHERE name = $1")
            .bind(name.to_owned())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(done.rows_affected() == 1)
    }

    fn read(&self, row: &sqlx::any::AnyRow) -> Result<Hook> {
        let name: String = row.get("name");
        let scheme: String = row.get("scheme");
        let unread = || Failure::new(format!("The hook `{name}` was written by another version")).hint("Set it again");
        // Without its secret nothing may come in by it: an empty one would let everybody in.
        let secret = open_secret(&self.dir, &place(&name), row.get("secret"))?.ok_or_else(|| {
            Failure::new(format!("The secret of the hook `{name}` cannot be opened with the key of this data directory"))
                .hint("Restore `seal.key` from a backup, or take the hook away and set it again")
        })?;
        Ok(Hook {
            scheme: Scheme::parse(&scheme).ok_or_else(unread)?,
            secret,
            parts: serde_json::from_str(&row.get::<String, _>("parts")).map_err(|_| unread())?,
            changed_at: Instant(row.get("changed_at")),
            name,
        })
    }
}

/// Is where the secret of a hook is sealed for.
fn place(name: &str) -> String {
    format!("hook {name}")
}

fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("Cannot look after hooks").because(&error.into())
}
