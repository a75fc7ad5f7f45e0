//! Versions with their makers: saving edits, merging them with what others did meanwhile, taking back, planning.
//!
//! Everything that changes a map goes through [`Maps::amend`]: under the store's one write lock it compares what the edit
//! began with to the newest version, and adds a version, or says where both changed the same place. Undo and redo are
//! versions too (`reverts` says of which), so they survive a reload, and one person never takes back the work of another.

use super::edit::tree::{apply, clashes, diff};
use super::edit::{Clash, Edit, Line, told};
use super::store::{Maps, Version, check, failed, version};
use crate::failure::{Failure, Result};
use crate::features::account::Who;
use model::{Instant, TouchpointMap};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use state::Transaction;
use utoipa::ToSchema;

/// So many versions of a design are kept; the oldest beyond them are dropped. Each is a whole document, and whoever wants
/// an older one exports it.
const VERSIONS_MAX: i64 = 2_000;
/// So many lines of what a version changed are kept with it; the rest can be had by comparing.
const TOLD_MAX: usize = 6;
/// So many edits may come in one request: a pasted table of 1,000 touchpoints with room for its channels.
pub(super) const EDITS_MAX: usize = 2_000;
/// So many of a person's own versions are looked at to find what can be undone.
const UNDO_MAX: i64 = 400;

/// Says which design of the organisation is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MapVariant)]
pub enum Variant {
    /// The map as it is: every analysis reads by it.
    #[default]
    AsIs,
    /// The map as it shall be: a plan that changes no figure.
    ToBe,
}

impl Variant {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::AsIs => "as_is",
            Self::ToBe => "to_be",
        }
    }
}

/// Is who makes a version; the default is the command line.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Author {
    /// The number of the account; 0 at the command line.
    pub account: i64,
    /// The name, as it is today.
    pub name: String,
}

impl From<&Who> for Author {
    fn from(who: &Who) -> Self {
        Self { account: who.account, name: who.name.clone() }
    }
}

/// Is what an edit came to.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    /// It is saved (or there was nothing to save).
    Saved(Box<Version>),
    /// Somebody has changed the same places meanwhile; the newest version comes along.
    Clashed(Vec<Clash>, Box<Version>),
}

/// Is one line of the history.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = MapEntry)]
pub struct Entry {
    /// The number of the version.
    pub version: i64,
    /// When it was made, in microseconds.
    pub at: i64,
    /// Who made it; empty: the command line.
    pub author: String,
    /// Whether it was whoever asks.
    pub mine: bool,
    /// Why, in a few words.
    pub note: String,
    /// What it changed: the first lines.
    pub told: Vec<Line>,
    /// The version that it takes back.
    pub reverts: Option<i64>,
}

/// Is what whoever asks could take back, and do again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = MapSteps)]
pub struct Steps {
    /// The version that undo would take back.
    pub undo: Option<i64>,
    /// The version that redo would take back.
    pub redo: Option<i64>,
}

type Stored = (i64, i64, String, String);

impl Maps {
    /// Returns the newest version of a design; `None` where there is none.
    ///
    /// # Errors
    /// Fails when the state store does, or when the stored document cannot be read.
    pub async fn newest(&self, variant: Variant) -> Result<Option<Version>> {
        let sql = "SELECT id, created_at, note, document FROM map WHERE variant = $1 ORDER BY id DESC LIMIT 1";
        let row: Option<Stored> =
            sqlx::query_as(sql).bind(variant.name()).fetch_optional(self.state.reader()).await.map_err(failed)?;
        row.map(version).transpose()
    }

    /// Returns one version, of whichever design; `None` where there is no such number, or not any more.
    ///
    /// # Errors
    /// Fails when the state store does, or when the stored document cannot be read.
    pub async fn version(&self, id: i64) -> Result<Option<Version>> {
        let sql = "SELECT id, created_at, note, document FROM map WHERE id = $1";
        let row: Option<Stored> = sqlx::query_as(sql).bind(id).fetch_optional(self.state.reader()).await.map_err(failed)?;
        row.map(version).transpose()
    }

    /// Saves a whole map, whatever was current before, and returns the number of its version.
    ///
    /// # Errors
    /// Fails when the map is not sound, or when the state store fails.
    pub async fn replace(&self, map: &TouchpointMap, note: &str, author: &Author, now: Instant) -> Result<i64> {
        check(map)?;
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let newest = newest(&mut transaction, Variant::AsIs).await?;
        let draft = Draft { variant: Variant::AsIs, author, note, reverts: None, now };
        let saved = draft.save(&mut transaction, newest.as_ref(), map).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(saved.id)
    }

    /// Does edits to a version and saves what comes of it, merged with what others have done since.
    ///
    /// # Errors
    /// Fails when an edit cannot be done, when the map would not be sound, or when the state store fails.
    pub async fn edit(&self, variant: Variant, base: i64, edits: &[Edit], author: &Author, now: Instant) -> Result<Outcome> {
        let started = self.of(variant, base).await?;
        let mut mine = started.map.clone();
        for edit in edits {
            edit.apply(&mut mine)?;
        }
        check(&mine)?;
        self.amend(&started.map, &mine, &Draft { variant, author, note: "", reverts: None, now }).await
    }

    /// Saves a whole map that somebody made of a version, merged with what others have done since.
    ///
    /// # Errors
    /// Fails when the map is not sound, or when the state store fails.
    pub async fn put(
        &self,
        variant: Variant,
        base: i64,
        map: &TouchpointMap,
        note: &str,
        author: &Author,
        now: Instant,
    ) -> Result<Outcome> {
        check(map)?;
        let started = self.of(variant, base).await?;
        self.amend(&started.map, map, &Draft { variant, author, note, reverts: None, now }).await
    }

    /// Takes back what one version changed, and leaves what was done since.
    ///
    /// # Errors
    /// Fails when there is nothing before it, when the map would not be sound, or when the state store fails.
    pub async fn revert(&self, variant: Variant, id: i64, author: &Author, now: Instant) -> Result<Outcome> {
        let made = self.of(variant, id).await?;
        let sql = "SELECT id, created_at, note, document FROM map WHERE variant = $1 AND id < $2 ORDER BY id DESC LIMIT 1";
        let row: Option<Stored> =
            sqlx::query_as(sql).bind(variant.name()).bind(id).fetch_optional(self.state.reader()).await.map_err(failed)?;
        let before = row.map(version).transpose()?;
        let before = before.ok_or_else(|| {
            Failure::new(format!("There is nothing before version {id}")).hint("Only what changed a map can be taken back")
        })?;
        self.amend(&made.map, &before.map, &Draft { variant, author, note: "", reverts: Some(id), now }).await
    }

    /// Goes back to a version as a whole: everything since is taken back too, and can be had again.
    ///
    /// # Errors
    /// Fails when there is no such version, or when the state store fails.
    pub async fn restore(&self, variant: Variant, id: i64, author: &Author, now: Instant) -> Result<Outcome> {
        let wanted = self.of(variant, id).await?;
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let newest = newest(&mut transaction, variant).await?;
        let draft = Draft { variant, author, note: "", reverts: None, now };
        let saved = draft.save(&mut transaction, newest.as_ref(), &wanted.map).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(Outcome::Saved(Box::new(saved)))
    }

    /// Begins a plan from the map as it is. Where there is one already, it is returned.
    ///
    /// # Errors
    /// Fails when there is no map yet, or when the state store fails.
    pub async fn plan(&self, author: &Author, now: Instant) -> Result<Option<Version>> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        if let Some(there) = newest(&mut transaction, Variant::ToBe).await? {
            return Ok(Some(there));
        }
        let Some(as_is) = newest(&mut transaction, Variant::AsIs).await? else { return Ok(None) };
        let draft = Draft { variant: Variant::ToBe, author, note: "plan", reverts: None, now };
        let saved = draft.save(&mut transaction, None, &as_is.map).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(Some(saved))
    }

    /// Makes the plan real: what it changes against the map it began with is done to the map as it is now; the plan is over.
    ///
    /// # Errors
    /// Fails when there is no plan, when the map would not be sound, or when the state store fails.
    pub async fn adopt(&self, author: &Author, now: Instant) -> Result<Outcome> {
        let sql = "SELECT id, created_at, note, document FROM map WHERE variant = 'to_be' ORDER BY id LIMIT 1";
        let first: Option<Stored> = sqlx::query_as(sql).fetch_optional(self.state.reader()).await.map_err(failed)?;
        let (Some(first), Some(last)) = (first.map(version).transpose()?, self.newest(Variant::ToBe).await?) else {
            return Err(Failure::new("There is no plan").hint("Begin one first"));
        };
        let draft = Draft { variant: Variant::AsIs, author, note: "plan adopted", reverts: None, now };
        let outcome = self.amend(&first.map, &last.map, &draft).await?;
        if matches!(outcome, Outcome::Saved(_)) {
            self.drop_plan().await?;
        }
        Ok(outcome)
    }

    /// Gives the plan up.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn drop_plan(&self) -> Result<()> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        sqlx::query("DELETE FROM map WHERE variant = 'to_be'").execute(&mut *transaction).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    /// Returns who changed what, the newest first, before a version where one is named.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn entries(&self, variant: Variant, before: Option<i64>, limit: i64, account: i64) -> Result<Vec<Entry>> {
        type Row = (i64, i64, i64, String, String, String, Option<i64>);
        let sql = "SELECT id, created_at, account, author, note, told, reverts FROM map
                   WHERE variant = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
        let rows: Vec<Row> = sqlx::query_as(sql)
            .bind(variant.name())
            .bind(before.unwrap_or(i64::MAX))
            .bind(limit)
            .fetch_all(self.state.reader())
            .await
            .map_err(failed)?;
        let entry = |(version, at, maker, author, note, told, reverts): (_, _, i64, _, _, String, _)| Entry {
            version,
            at,
            author,
            mine: maker == account,
            note,
            // Lines of an older form are no reason to hide a version.
            told: serde_json::from_str(&told).unwrap_or_default(),
            reverts,
        };
        Ok(rows.into_iter().map(entry).collect())
    }

    /// Returns what an account can take back and do again: its own steps alone.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn steps(&self, variant: Variant, account: i64) -> Result<Steps> {
        let sql = "SELECT id, reverts FROM map WHERE variant = $1 AND account = $2 AND author <> ''
                   AND id > (SELECT MIN(id) FROM map WHERE variant = $1) ORDER BY id DESC LIMIT $3";
        let rows: Vec<(i64, Option<i64>)> = sqlx::query_as(sql)
            .bind(variant.name())
            .bind(account)
            .bind(UNDO_MAX)
            .fetch_all(self.state.reader())
            .await
            .map_err(failed)?;
        Ok(steps(rows.into_iter().rev()))
    }

    /// Merges a changed map with the newest version and saves it.
    async fn amend(&self, base: &TouchpointMap, mine: &TouchpointMap, draft: &Draft<'_>) -> Result<Outcome> {
        let (base, mine) = (document(base)?, document(mine)?);
        let changes = diff(&base, &mine);
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let Some(newest) = newest(&mut transaction, draft.variant).await? else {
            return Err(Failure::new("There is no map yet").hint("Apply one: touchline map apply FILE"));
        };
        let mut merged = document(&newest.map)?;
        let found = clashes(&base, &changes, &diff(&base, &merged));
        if !found.is_empty() {
            return Ok(Outcome::Clashed(found, Box::new(newest)));
        }
        apply(&mut merged, &changes);
        let merged: TouchpointMap =
            serde_json::from_value(merged).map_err(|error| Failure::new("The edit does not fit the map").because(&error))?;
        check(&merged)?;
        let saved = draft.save(&mut transaction, Some(&newest), &merged).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(Outcome::Saved(Box::new(saved)))
    }

    async fn of(&self, variant: Variant, id: i64) -> Result<Version> {
        let sql = "SELECT id, created_at, note, document FROM map WHERE variant = $1 AND id = $2";
        let row: Option<Stored> =
            sqlx::query_as(sql).bind(variant.name()).bind(id).fetch_optional(self.state.reader()).await.map_err(failed)?;
        row.map(version).transpose()?.ok_or_else(|| {
            Failure::new(format!("There is no version {id} of this map")).hint("Load the map again: GET /api/map/desk")
        })
    }
}

/// Is a version that is about to be saved.
struct Draft<'a> {
    variant: Variant,
    author: &'a Author,
    note: &'a str,
    reverts: Option<i64>,
    now: Instant,
}

impl Draft<'_> {
    /// Adds a version, unless it is the same as the newest.
    async fn save(&self, transaction: &mut Transaction, newest: Option<&Version>, map: &TouchpointMap) -> Result<Version> {
        if let Some(newest) = newest.filter(|newest| newest.map == *map) {
            return Ok(newest.clone());
        }
        let written = serde_json::to_string(map).map_err(|error| Failure::new("Cannot write the map").because(&error))?;
        let mut lines = match newest {
            Some(newest) => {
                let (before, after) = (document(&newest.map)?, document(map)?);
                told::lines(&before, &after, &diff(&before, &after))
            }
            None => Vec::new(),
        };
        let note = if self.note.is_empty() { told::note(&lines) } else { self.note.to_owned() };
        lines.truncate(TOLD_MAX);
        let told = serde_json::to_string(&lines).map_err(|error| Failure::new("Cannot write what changed").because(&error))?;
        let last: Option<i64> =
            sqlx::query_scalar("SELECT MAX(id) FROM map").fetch_one(&mut **transaction).await.map_err(failed)?;
        let id = last.unwrap_or(0) + 1;
        sqlx::query(
            "INSERT INTO map (id, created_at, document, note, variant, account, author, told, reverts)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(id)
        .bind(self.now.0)
        .bind(written)
        .bind(note.clone())
        .bind(self.variant.name())
        .bind(self.author.account)
        .bind(self.author.name.clone())
        .bind(told)
        .bind(self.reverts)
        .execute(&mut **transaction)
        .await
        .map_err(failed)?;
        // The first version of a plan stays: it says what the plan began with.
        let sql = "DELETE FROM map WHERE variant = $1 AND id <= $2 AND id > (SELECT MIN(id) FROM map WHERE variant = $1)";
        sqlx::query(sql).bind(self.variant.name()).bind(id - VERSIONS_MAX).execute(&mut **transaction).await.map_err(failed)?;
        Ok(Version { id, created_at: self.now, note, map: map.clone() })
    }
}

async fn newest(transaction: &mut Transaction, variant: Variant) -> Result<Option<Version>> {
    let sql = "SELECT id, created_at, note, document FROM map WHERE variant = $1 ORDER BY id DESC LIMIT 1";
    let row: Option<Stored> =
        sqlx::query_as(sql).bind(variant.name()).fetch_optional(&mut **transaction).await.map_err(failed)?;
    row.map(version).transpose()
}

/// Returns a map as a tree to be compared.
///
/// # Errors
/// Fails when a number in the map is not finite.
pub(super) fn document(map: &TouchpointMap) -> Result<Value> {
    serde_json::to_value(map).map_err(|error| Failure::new("Cannot write the map").because(&error))
}

/// Replays a person's versions, the oldest first: what stands on top of either pile is what undo and redo take back.
fn steps(versions: impl Iterator<Item = (i64, Option<i64>)>) -> Steps {
    let (mut undo, mut redo) = (Vec::new(), Vec::new());
    for (id, reverts) in versions {
        match reverts {
            Some(taken) if undo.last() == Some(&taken) => {
                undo.pop();
                redo.push(id);
            }
            Some(taken) if redo.last() == Some(&taken) => {
                redo.pop();
                undo.push(id);
            }
            _ => {
                undo.push(id);
                redo.clear();
            }
        }
    }
    Steps { undo: undo.last().copied(), redo: redo.last().copied() }
}

#[cfg(test)]
mod tests {
    use super::super::edit::Part;
    use super::super::store::tests::{maps, sample};
    use super::*;
    use model::map::Cell;
    use serde_json::json;

    const ADA: i64 = 1;
    const BOB: i64 = 2;

    fn author(account: i64) -> Author {
        Author { account, name: format!("Person {account}") }
    }

    fn named(id: &str, name: &str) -> Edit {
        Edit::Change { part: Part::Touchpoints, id: id.into(), field: vec!["name".into()], value: json!(name) }
    }

    async fn edit(maps: &Maps, base: i64, who: i64, edits: &[Edit]) -> Outcome {
        maps.edit(Variant::AsIs, base, edits, &author(who), Instant(9)).await.expect("is an answer")
    }

    #[track_caller]
    fn saved(outcome: Outcome) -> Version {
        match outcome {
            Outcome::Saved(version) => *version,
            Outcome::Clashed(clashes, _) => panic!("clashed: {clashes:?}"),
        }
    }

    #[tokio::test]
    async fn two_people_on_different_things_both_succeed() {
        let (maps, _dir) = maps().await;
        let first = maps.save(&sample(), "first", Instant(1)).await.expect("saves");
        saved(edit(&maps, first, ADA, &[named("newsletter", "Weekly news")]).await);
        let place = Edit::Place { touchpoint: "newsletter".into(), cell: Cell { segment: None, stage: "loyalty".into() } };
        let both = saved(edit(&maps, first, BOB, &[named("counter", "Till"), place]).await);
        let name =
            |id: &str| both.map.touchpoints.iter().find(|touchpoint| touchpoint.id == id).expect("is there").name.en.clone();
        assert_eq!((name("newsletter"), name("counter")), ("Weekly news".to_owned(), "Till".to_owned()));
        let history = maps.entries(Variant::AsIs, None, 10, BOB).await.expect("reads");
        let told: Vec<_> = history.iter().map(|entry| (entry.author.as_str(), entry.mine, entry.told.len())).collect();
        assert_eq!(told, [("Person 2", true, 2), ("Person 1", false, 1), ("", false, 0)]);
    }

    #[tokio::test]
    async fn two_people_on_one_field_are_both_shown() {
        let (maps, _dir) = maps().await;
        let first = maps.save(&sample(), "first", Instant(1)).await.expect("saves");
        let second = saved(edit(&maps, first, ADA, &[named("counter", "Till")]).await);
        let Outcome::Clashed(clashes, newest) = edit(&maps, first, BOB, &[named("counter", "Desk")]).await else {
            panic!("the second name must not overwrite the first");
        };
        assert_eq!(newest.id, second.id);
        let clash = Clash {
            place: "touchpoints.counter.name".into(),
            base: json!("Counter"),
            theirs: json!("Till"),
            mine: json!("Desk"),
        };
        assert_eq!(clashes, [clash]);
        // The same edit by both is no quarrel.
        assert_eq!(saved(edit(&maps, first, BOB, &[named("counter", "Till")]).await).id, second.id);
    }

    #[tokio::test]
    async fn what_somebody_removed_cannot_be_renamed() {
        let (maps, _dir) = maps().await;
        let first = maps.save(&sample(), "first", Instant(1)).await.expect("saves");
        saved(edit(&maps, first, ADA, &[Edit::RemoveTouchpoint { id: "newsletter".into() }]).await);
        let renamed = edit(&maps, first, BOB, &[named("newsletter", "News")]).await;
        assert!(matches!(renamed, Outcome::Clashed(clashes, _) if clashes[0].theirs.is_null()));
    }

    #[tokio::test]
    async fn undo_takes_back_ones_own_steps_and_redo_brings_them_again() {
        let (maps, _dir) = maps().await;
        let first = maps.save(&sample(), "first", Instant(1)).await.expect("saves");
        let second = saved(edit(&maps, first, ADA, &[named("counter", "Till")]).await);
        let third = saved(edit(&maps, second.id, BOB, &[named("newsletter", "News")]).await);
        let steps = maps.steps(Variant::AsIs, ADA).await.expect("reads");
        assert_eq!(steps, Steps { undo: Some(second.id), redo: None });
        let undone = saved(maps.revert(Variant::AsIs, second.id, &author(ADA), Instant(9)).await.expect("answers"));
        let names = |map: &TouchpointMap| map.touchpoints.iter().map(|t| t.name.en.clone()).collect::<Vec<_>>();
        assert_eq!(names(&undone.map)[..2], ["News", "Counter"], "the work of the other stays");
        let steps = maps.steps(Variant::AsIs, ADA).await.expect("reads");
        assert_eq!(steps, Steps { undo: None, redo: Some(undone.id) });
        let redone = saved(maps.revert(Variant::AsIs, undone.id, &author(ADA), Instant(9)).await.expect("answers"));
        assert_eq!(redone.map, third.map);
        let steps = maps.steps(Variant::AsIs, ADA).await.expect("reads");
        assert_eq!(steps, Steps { undo: Some(redone.id), redo: None });
        let back = saved(maps.restore(Variant::AsIs, first, &author(BOB), Instant(9)).await.expect("answers"));
        assert_eq!(back.map, sample());
    }

    #[test]
    fn piles_of_undo_and_redo() {
        let steps = |versions: &[(i64, Option<i64>)]| {
            let steps = super::steps(versions.iter().copied());
            (steps.undo, steps.redo)
        };
        assert_eq!(steps(&[]), (None, None));
        assert_eq!(steps(&[(2, None), (3, None), (4, Some(3))]), (Some(2), Some(4)));
        assert_eq!(steps(&[(2, None), (3, None), (4, Some(3)), (5, Some(2))]), (None, Some(5)));
        assert_eq!(steps(&[(2, None), (4, Some(2)), (5, Some(4))]), (Some(5), None));
        assert_eq!(steps(&[(2, None), (4, Some(2)), (5, None)]), (Some(5), None), "a new step ends redo");
        assert_eq!(steps(&[(2, None), (3, None), (4, Some(2))]), (Some(4), None), "an older one is a step of its own");
    }

    #[tokio::test]
    async fn a_plan_changes_nothing_until_it_is_adopted() {
        let (maps, _dir) = maps().await;
        let first = maps.save(&sample(), "first", Instant(1)).await.expect("saves");
        let plan = maps.plan(&author(ADA), Instant(2)).await.expect("begins").expect("there is a map");
        let planned = maps.edit(Variant::ToBe, plan.id, &[named("counter", "Till")], &author(ADA), Instant(3)).await;
        saved(planned.expect("answers"));
        assert_eq!(maps.current().await.expect("reads").expect("is there").map, sample());
        let other = saved(edit(&maps, first, BOB, &[named("newsletter", "News")]).await);
        let adopted = saved(maps.adopt(&author(ADA), Instant(4)).await.expect("answers"));
        let names: Vec<_> = adopted.map.touchpoints.iter().take(2).map(|touchpoint| touchpoint.name.en.as_str()).collect();
        assert_eq!(names, ["News", "Till"]);
        assert!(adopted.id > other.id);
        assert_eq!(maps.newest(Variant::ToBe).await.expect("reads"), None);
        assert!(maps.adopt(&author(ADA), Instant(4)).await.is_err());
    }
}
