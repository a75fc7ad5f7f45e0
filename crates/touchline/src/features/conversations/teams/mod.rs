//! Who sees which conversation. A team may be closed: what it looks after is seen by its members, the owner and admins, and to
//! everybody else it is as if it did not exist: in lists, counts, news, letters and timelines.
//!
//! There is one rule, [`in_sight`], a clause that stands in the query that reads; and one guard, [`InSight`], which every route
//! with a conversation in its path takes before anything else. It answers what is out of sight as it answers what is not there.

mod routes;
mod store;

pub(super) use routes::{for_staff, routes};
pub use store::{NewTeam, Team};

use super::Talk;
use super::agents::absent;
use super::store::{Inbox, failed};
use crate::failure::Result;
use crate::features::account::Who;
use crate::features::capture::Curtain;
use crate::platform::http::Refusal;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::collections::{BTreeSet, HashSet};

/// So many are asked for one by one; of more, all that is hidden is read at once.
const ONE_BY_ONE: usize = 100;

/// Is whoever reads conversations.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reader {
    account: i64,
    sees_all: bool,
}

impl Reader {
    /// Is whoever is signed in.
    #[must_use]
    pub fn of(who: &Who) -> Self {
        Self { account: who.account, sees_all: who.keeps_house() }
    }

    /// Returns what [`in_sight`] is given: 0 for whoever sees everything, else the account.
    pub(super) const fn bound(self) -> i64 {
        if self.sees_all { 0 } else { self.account }
    }
}

/// Writes the clause by which a query over `conversation` keeps to what its reader may see: `$reader` is where [`Reader::bound`] is bound.
macro_rules! in_sight {
    ($reader:literal) => {
        concat!(
            "(",
            $reader,
            " = 0 OR team NOT IN (SELECT t.name FROM inbox_team t WHERE t.is_closed = 1 AND NOT EXISTS \
             (SELECT 1 FROM inbox_team_member m WHERE m.team = t.id AND m.account = ",
            $reader,
            ")))"
        )
    };
}
pub(super) use in_sight;

/// Is proof that there is a conversation of the id in the path, and that whoever asks may see it.
pub(super) struct InSight(pub(super) String);

impl FromRequestParts<Talk> for InSight {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, talk: &Talk) -> Result<Self, Refusal> {
        let who = parts.extensions.get::<Who>().cloned().ok_or_else(Refusal::unauthenticated)?;
        let named = RawPathParams::from_request_parts(parts, talk).await.map_err(|_| absent())?;
        let id = named.iter().find(|(name, _)| *name == "id").map(|(_, id)| id.to_owned()).ok_or_else(absent)?;
        if talk.inbox.is_in_sight(Reader::of(&who), &id).await? { Ok(Self(id)) } else { Err(absent()) }
    }
}

impl Inbox {
    /// Tells whether there is a conversation that somebody may see.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn is_in_sight(&self, reader: Reader, id: &str) -> Result<bool> {
        let sql = concat!("SELECT COUNT(*) FROM conversation WHERE id = $1 AND ", in_sight!("$2"));
        let found = sqlx::query_scalar(sql).bind(id.to_owned()).bind(reader.bound());
        let found: i64 = found.fetch_one(self.stores.state.reader()).await.map_err(failed)?;
        Ok(found > 0)
    }

    /// Tells whether some team is closed to somebody: mostly none is, and nothing needs to be looked for.
    async fn is_anything_closed(&self, reader: Reader) -> Result<bool> {
        let sql = "SELECT COUNT(*) FROM inbox_team t WHERE $1 <> 0 AND t.is_closed = 1 AND NOT EXISTS \
                   (SELECT 1 FROM inbox_team_member m WHERE m.team = t.id AND m.account = $1)";
        let count = sqlx::query_scalar(sql).bind(reader.bound());
        let count: i64 = count.fetch_one(self.stores.state.reader()).await.map_err(failed)?;
        Ok(count > 0)
    }

    /// Returns which of some conversations somebody may not see. What is no conversation of ours hides nothing.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn out_of_sight(&self, reader: Reader, ids: BTreeSet<String>) -> Result<HashSet<String>> {
        if ids.is_empty() || !self.is_anything_closed(reader).await? {
            return Ok(HashSet::new());
        }
        if ids.len() > ONE_BY_ONE {
            let sql = concat!("SELECT id FROM conversation WHERE NOT ", in_sight!("$1"));
            let hidden = sqlx::query_scalar(sql).bind(reader.bound()).fetch_all(self.stores.state.reader());
            let hidden: Vec<String> = hidden.await.map_err(failed)?;
            return Ok(hidden.into_iter().filter(|id| ids.contains(id)).collect());
        }
        let sql = concat!("SELECT id FROM conversation WHERE id = $2 AND NOT ", in_sight!("$1"));
        let mut hidden = HashSet::new();
        for id in ids {
            let one = sqlx::query_scalar(sql).bind(reader.bound()).bind(id);
            hidden.extend(
                one.fetch_optional(self.stores.state.reader()).await.map_err(failed)?.into_iter().collect::<Vec<String>>(),
            );
        }
        Ok(hidden)
    }
}

/// A person's timeline is read in a room before this one: what it may not show there is said here.
impl Curtain for Inbox {
    fn hides<'a>(&'a self, who: &'a Who, conversations: BTreeSet<String>) -> BoxFuture<'a, Result<HashSet<String>>> {
        self.out_of_sight(Reader::of(who), conversations).boxed()
    }
}
