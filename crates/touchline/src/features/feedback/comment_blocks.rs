//! Blocks of comments under pages: the table `comment_block`. A block says who may write there, and what its comments are about.

use super::room::{Feedback, failed};
use crate::failure::{Failure, Result};
use crate::platform::mark;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::any::AnyRow;
use utoipa::ToSchema;

/// Blocks there may be.
const BLOCKS_MAX: i64 = 100;

/// Is how far a commenter says who they are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CommentLevel)]
pub enum Level {
    /// Not at all.
    Anonymous,
    /// By a name of their choice, and perhaps an address of a page: nothing is proved by it.
    Named,
    /// By a name that is proved: the site has signed it, or a link sent by mail was followed.
    Verified,
}

impl Level {
    /// Every level.
    pub(super) const ALL: [Self; 3] = [Self::Anonymous, Self::Named, Self::Verified];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Named => "named",
            Self::Verified => "verified",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// Is a block as it should be.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCommentBlock {
    /// Its name, for staff.
    pub name: String,
    /// The touchpoint of the map that its comments are.
    #[serde(default)]
    pub touchpoint: String,
    /// Who may write there.
    pub levels: Vec<Level>,
    /// Whether each comment is a conversation of the inbox too.
    #[serde(default)]
    pub in_inbox: bool,
    /// Whether anything can be written there; what was published is shown all the same.
    pub is_on: bool,
}

impl NewCommentBlock {
    fn check(&self) -> Result<()> {
        let is_word = |text: &str| text.len() <= 100 && !text.chars().any(char::is_control);
        if self.name.trim().is_empty() || !is_word(&self.name) || !is_word(&self.touchpoint) {
            return Err(Failure::new("A block has a name of at most 100 bytes, and so has its touchpoint"));
        }
        if self.levels.is_empty() {
            return Err(Failure::new("Somebody must be allowed to write").hint("Choose one of the three levels at least"));
        }
        Ok(())
    }

    fn levels(&self) -> String {
        let chosen = Level::ALL.into_iter().filter(|level| self.levels.contains(level));
        chosen.map(Level::name).collect::<Vec<_>>().join(" ")
    }
}

/// Is a block of comments.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct CommentBlock {
    /// Its number.
    pub id: i64,
    /// What pages name it by.
    pub token: String,
    /// How it is set.
    pub settings: NewCommentBlock,
    /// So many comments wait to be looked at.
    pub waiting: u64,
    /// So many are published.
    pub published: u64,
}

impl Feedback {
    /// Makes a block.
    ///
    /// # Errors
    /// Fails when something is wrong with it, or the state store fails.
    pub async fn make_block(&self, new: &NewCommentBlock) -> Result<i64> {
        new.check()?;
        let token = mark::draw()?;
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let (count, last): (i64, i64) = sqlx::query_as("SELECT COUNT(*), COALESCE(MAX(id), 0) FROM comment_block")
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed)?;
        if count >= BLOCKS_MAX {
            return Err(Failure::new(format!("There are {BLOCKS_MAX} blocks already")));
        }
        sqlx::query(
            "INSERT INTO comment_block (id, token, name, touchpoint, levels, in_inbox, is_on, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(last + 1)
        .bind(token)
        .bind(new.name.trim().to_owned())
        .bind(new.touchpoint.clone())
        .bind(new.levels())
        .bind(i64::from(new.in_inbox))
        .bind(i64::from(new.is_on))
        .bind(self.now().0)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(last + 1)
    }

    /// Changes a block; tells whether there is one.
    ///
    /// # Errors
    /// As [`Feedback::make_block`].
    pub async fn change_block(&self, id: i64, new: &NewCommentBlock) -> Result<bool> {
        new.check()?;
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let changed = sqlx::query(
            "UPDATE comment_block SET name = $1, touchpoint = $2, levels = $3, in_inbox = $4, is_on = $5 WHERE id = $6",
        )
        .bind(new.name.trim().to_owned())
        .bind(new.touchpoint.clone())
        .bind(new.levels())
        .bind(i64::from(new.in_inbox))
        .bind(i64::from(new.is_on))
        .bind(id)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(changed.rows_affected() > 0)
    }

    /// Lists the blocks.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn blocks(&self) -> Result<Vec<CommentBlock>> {
        let sql = "SELECT b.id, b.token, b.name, b.touchpoint, b.levels, b.in_inbox, b.is_on, \
                   (SELECT COUNT(*) FROM page_comment c WHERE c.block = b.id AND c.state = 'pending') AS waiting, \
                   (SELECT COUNT(*) FROM page_comment c WHERE c.block = b.id AND c.state = 'published') AS published \
                   FROM comment_block b ORDER BY b.id";
        let rows = sqlx::query(sql).fetch_all(self.state.reader()).await.map_err(failed)?;
        let count = |row: &AnyRow, column: &str| row.get::<i64, _>(column).cast_unsigned();
        let block = |row: &AnyRow| CommentBlock {
            id: row.get("id"),
            token: row.get("token"),
            settings: settings(row),
            waiting: count(row, "waiting"),
            published: count(row, "published"),
        };
        Ok(rows.iter().map(block).collect())
    }

    /// Finds the block that a page names.
    pub(super) async fn block_of(&self, token: &str) -> Result<Option<(i64, NewCommentBlock)>> {
        let sql = "SELECT id, name, touchpoint, levels, in_inbox, is_on FROM comment_block WHERE token = $1";
        let row = sqlx::query(sql).bind(token.to_owned()).fetch_optional(self.state.reader()).await.map_err(failed)?;
        Ok(row.map(|row| (row.get("id"), settings(&row))))
    }

    /// Returns how a block is set.
    pub(super) async fn block(&self, id: i64) -> Result<Option<NewCommentBlock>> {
        let sql = "SELECT name, touchpoint, levels, in_inbox, is_on FROM comment_block WHERE id = $1";
        let row = sqlx::query(sql).bind(id).fetch_optional(self.state.reader()).await.map_err(failed)?;
        Ok(row.as_ref().map(settings))
    }
}

fn settings(row: &AnyRow) -> NewCommentBlock {
    NewCommentBlock {
        name: row.get("name"),
        touchpoint: row.get("touchpoint"),
        levels: row.get::<String, _>("levels").split(' ').filter_map(Level::parse).collect(),
        in_inbox: row.get::<i64, _>("in_inbox") == 1,
        is_on: row.get::<i64, _>("is_on") == 1,
    }
}
