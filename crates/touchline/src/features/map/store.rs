//! Versions of the map: the table `map`. Saving adds a version; nothing is overwritten.

use super::versions::Author;
use crate::failure::{Failure, Result};
use model::{Instant, TouchpointMap};
use state::{State, StateError};

/// Is one saved version of the map.
#[derive(Clone, PartialEq, Debug)]
pub struct Version {
    /// The number of the version, from 1.
    pub id: i64,
    /// When it was saved.
    pub created_at: Instant,
    /// Why, in a few words.
    pub note: String,
    /// The map itself.
    pub map: TouchpointMap,
}

/// Keeps the versions of the map.
#[derive(Clone)]
pub struct Maps {
    pub(super) state: State,
}

impl Maps {
    /// Looks after the maps of a state store.
    #[must_use]
    pub const fn new(state: State) -> Self {
        Self { state }
    }

    /// Saves a sound map as the current version, and returns its number. The same map again adds nothing.
    ///
    /// # Errors
    /// Fails when the map is not sound, with every problem as a reason, or when the state store fails.
    pub async fn save(&self, map: &TouchpointMap, note: &str, now: Instant) -> Result<i64> {
        self.replace(map, note, &Author::default(), now).await
    }

    /// Returns the current version; `None` where no map was saved yet.
    ///
    /// # Errors
    /// Fails when the state store does, or when the stored document cannot be read.
    pub async fn current(&self) -> Result<Option<Version>> {
        let latest =
            sqlx::query_as("SELECT id, created_at, note, document FROM map WHERE variant = 'as_is' ORDER BY id DESC LIMIT 1")
                .fetch_optional(self.state.reader())
                .await
                .map_err(failed)?;
        latest.map(version).transpose()
    }

    /// Returns every version of what is, the newest first.
    ///
    /// # Errors
    /// Fails when the state store does, or when a stored document cannot be read.
    pub async fn history(&self) -> Result<Vec<Version>> {
        let rows = sqlx::query_as("SELECT id, created_at, note, document FROM map WHERE variant = 'as_is' ORDER BY id DESC")
            .fetch_all(self.state.reader())
            .await
            .map_err(failed)?;
        rows.into_iter().map(version).collect()
    }
}

/// Refuses a map that is not sound, naming every problem at once.
///
/// # Errors
/// Fails with one reason per problem.
pub fn check(map: &TouchpointMap) -> Result<()> {
    let problems = map.problems();
    if problems.is_empty() {
        return Ok(());
    }
    let mut failure = Failure::new(format!("The map `{}` is not sound: {} problems", map.name.en, problems.len()))
        .hint("Mend the places named above and apply the file again; nothing was changed");
    failure.because = problems.iter().map(ToString::to_string).collect();
    Err(failure)
}

pub(super) fn version((id, created_at, note, document): (i64, i64, String, String)) -> Result<Version> {
    let map = serde_json::from_str(&document)
        .map_err(|error| Failure::new(format!("Cannot read version {id} of the map in the state store")).because(&error))?;
    Ok(Version { id, created_at: Instant(created_at), note, map })
}

pub(super) fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("Cannot look after the map").because(&error.into())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Is a small sound map with a bit of everything.
    pub(in crate::features::map) fn sample() -> TouchpointMap {
        serde_json::from_str(include_str!("sample.json")).expect("is a map")
    }

    pub(in crate::features::map) async fn maps() -> (Maps, tempfile::TempDir) {
        let dir = tempfile::tempdir().expect("folder");
        (Maps::new(State::create(&dir.path().join("state.sqlite")).await.expect("opens")), dir)
    }

    #[tokio::test]
    async fn versions_add_up_and_the_same_again_adds_none() {
        let (maps, _dir) = maps().await;
        assert_eq!(maps.current().await.expect("reads"), None);
        let mut map = sample();
        assert_eq!(maps.save(&map, "first", Instant(1)).await.expect("saves"), 1);
        assert_eq!(maps.save(&map, "again", Instant(2)).await.expect("saves"), 1);
        map.name.en = "Other".into();
        assert_eq!(maps.save(&map, "second", Instant(3)).await.expect("saves"), 2);
        let current = maps.current().await.expect("reads").expect("is there");
        assert_eq!(current, Version { id: 2, created_at: Instant(3), note: "second".into(), map });
        let notes: Vec<_> = maps.history().await.expect("reads").into_iter().map(|version| version.note).collect();
        assert_eq!(notes, ["second", "first"]);
    }

    #[tokio::test]
    async fn an_unsound_map_is_not_saved() {
        let (maps, _dir) = maps().await;
        let mut map = sample();
        map.stages.clear();
        assert!(maps.save(&map, "", Instant(1)).await.is_err());
        assert_eq!(maps.current().await.expect("reads"), None);
    }
}
