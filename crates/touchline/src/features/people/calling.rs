//! What people are called, for lists and headings, and who is meant by a part of a name. Reads the tables `actor`, `trait`
//! and `restriction`; who is who is asked of [`People`](super::People).

use super::store::failed;
use super::traits::traits_in;
use super::{SharedPeople, restricted_among};
use crate::failure::Result;
use crate::platform::id_map::{IdMap, IdSet};
use model::{ActorId, Identity, Namespace, PersonId, Trust};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use state::State;
use utoipa::ToSchema;

/// Is how many identities of a person a list shows; the page of the person shows all.
const SHOWN_MAX: usize = 3;

/// Is an identity of a person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct KnownName {
    /// Its number in the ledger.
    pub actor: String,
    /// The kind of name; none where its text is gone.
    pub namespace: Option<String>,
    /// The name itself.
    pub value: Option<String>,
}

/// Is what a person is called.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Called {
    /// The name that the traits give, such as `Ada Example`.
    pub name: Option<String>,
    /// The strongest identities, a few of them.
    pub known_by: Vec<KnownName>,
    /// How many identities there are.
    pub identities: usize,
    /// Whether the use of what is known of them is restricted.
    pub is_restricted: bool,
}

/// Returns what people are called.
///
/// # Errors
/// Fails when the state store does.
pub async fn called(state: &State, people: &SharedPeople, numbers: &[PersonId]) -> Result<Vec<Called>> {
    let of: Vec<Vec<ActorId>> = {
        let people = people.read();
        numbers.iter().map(|number| people.identities_of(*number)).collect()
    };
    let all = of.concat();
    let texts = texts(state, &all).await?;
    let restricted = restricted_among(state, &all).await?;
    let traits = traits_in(state, &all).await?;
    let called = |actors: &Vec<ActorId>| Called {
        name: name_of(
            actors.iter().filter_map(|actor| traits.get(actor)).flatten().map(|(key, value)| (key.as_str(), value.as_str())),
        ),
        known_by: strongest_first(actors, &texts).into_iter().take(SHOWN_MAX).map(|actor| known(actor, &texts)).collect(),
        identities: actors.len(),
        is_restricted: actors.iter().any(|actor| restricted.contains(actor)),
    };
    Ok(of.iter().map(called).collect())
}

/// Returns the texts of some identities; those without any are left out.
///
/// # Errors
/// Fails when the state store does.
pub async fn texts(state: &State, actors: &[ActorId]) -> Result<IdMap<ActorId, Identity>> {
    let rows = state::read_in(state.reader(), "SELECT id, namespace, value FROM actor WHERE id IN", &ids(actors))
        .await
        .map_err(failed)?;
    Ok(rows.iter().map(super::store::acquaintance).collect())
}

/// Finds identities by a part of their text, or of a trait: at most so many. Capitals make no difference.
///
/// # Errors
/// Fails when the state store does.
pub async fn seek(state: &State, part: &str, found_max: i64) -> Result<Vec<ActorId>> {
    let mut found = IdSet::default();
    for text in spellings(part.trim()) {
        let pattern = format!("%{}%", escaped(&text));
        for sql in [
            "SELECT id FROM actor WHERE value LIKE $1 ESCAPE '!' LIMIT $2",
            "SELECT actor FROM trait WHERE value LIKE $1 ESCAPE '!' LIMIT $2",
        ] {
            let ids: Vec<i64> =
                sqlx::query_scalar(sql).bind(pattern.clone()).bind(found_max).fetch_all(state.reader()).await.map_err(failed)?;
            found.extend(ids.into_iter().map(|id| ActorId(id.cast_unsigned())));
        }
    }
    Ok(found.into_iter().collect())
}

/// Writes a text as it may stand in a store. What databases call capitals differs, so the usual ways to write a name are
/// tried one by one.
fn spellings(text: &str) -> Vec<String> {
    let titled = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    let lower = text.to_lowercase();
    let title = lower.split(' ').map(titled).collect::<Vec<_>>().join(" ");
    let mut all = vec![text.to_owned(), lower, title];
    all.sort();
    all.dedup();
    all
}

/// Takes their meaning from the letters that have one in a pattern.
fn escaped(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

/// Returns the name that traits give a person.
pub(super) fn name_of<'t>(traits: impl Iterator<Item = (&'t str, &'t str)>) -> Option<String> {
    let (mut whole, mut first, mut last) = (None, None, None);
    for (key, value) in traits.filter(|(_, value)| !value.trim().is_empty()) {
        match key.to_lowercase().replace(['_', ' ', '-'], "").as_str() {
            "name" | "fullname" | "displayname" => whole = Some(value),
            "firstname" | "givenname" => first = Some(value),
            "lastname" | "familyname" | "surname" => last = Some(value),
            _ => {}
        }
    }
    let parts = || [first, last].into_iter().flatten().collect::<Vec<_>>().join(" ");
    whole.map(str::to_owned).or_else(|| Some(parts()).filter(|name| !name.is_empty()))
}

/// Sorts identities: those of which a person has one, then other names, devices last.
pub(super) fn strongest_first(actors: &[ActorId], texts: &IdMap<ActorId, Identity>) -> Vec<ActorId> {
    let strength = |actor: &ActorId| match texts.get(actor) {
        Some(text) => match Namespace::of(&text.namespace).trust() {
            Trust::Unique if text.namespace == "email" => 0,
            Trust::Unique => 1,
            Trust::Open => 2,
            Trust::Device => 3,
        },
        None => 4,
    };
    let mut sorted = actors.to_vec();
    sorted.sort_by_key(|actor| (strength(actor), *actor));
    sorted
}

/// Tells an identity.
pub(super) fn known(actor: ActorId, texts: &IdMap<ActorId, Identity>) -> KnownName {
    let text = texts.get(&actor);
    KnownName {
        actor: actor.to_string(),
        namespace: text.map(|text| text.namespace.clone()),
        value: text.map(|text| text.value.clone()),
    }
}

/// Returns the numbers of identities as the state store has them.
pub(super) fn ids(actors: &[ActorId]) -> Vec<i64> {
    actors.iter().map(|actor| actor.0.cast_signed()).collect()
}

/// Reads a column of numbers of identities.
pub(super) fn actor(row: &sqlx::any::AnyRow, column: &str) -> ActorId {
    ActorId(row.get::<i64, _>(column).cast_unsigned())
}

#[cfg(test)]
mod tests {
    use super::super::People;
    use super::super::traits::{Trait, note_traits};
    use super::*;
    use model::Instant;

    #[test]
    fn traits_give_a_name_however_they_are_written() {
        let check = |traits: &[(&str, &str)], expected: Option<&str>| {
            assert_eq!(name_of(traits.iter().copied()).as_deref(), expected, "{traits:?}");
        };
        check(&[], None);
        check(&[("tier", "gold")], None);
        check(&[("name", "Ada Example")], Some("Ada Example"));
        check(&[("first_name", "Ada"), ("lastName", "Example")], Some("Ada Example"));
        check(&[("Last Name", "Example")], Some("Example"));
        check(&[("first_name", "Ada"), ("full-name", "Ada Q. Example")], Some("Ada Q. Example"));
        check(&[("name", "  ")], None);
    }

    #[tokio::test]
    async fn people_are_found_by_a_part_of_what_they_are_called() {
        let dir = tempfile::tempdir().expect("folder");
        let state = State::create(&dir.path().join("state.sqlite")).await.expect("opens");
        let mut people = People::load(&state).await.expect("loads");
        let identity = |value: &str| Identity::new("email", value).expect("not blank");
        let met: Vec<_> =
            ["ada@example.org", "100%_sure@example.org", "ivan@example.org"].map(identity).map(|one| (one.actor(), one)).into();
        let mut transaction = state.begin().await.expect("begins");
        people.meet(&mut transaction, &met).await.expect("meets");
        let told = |at: usize, value: &str| Trait {
            actor: met[at].0,
            key: "name".into(),
            value: value.into(),
            at: Instant(1),
            weight: 0,
        };
        note_traits(&mut transaction, &[told(0, "Ada Lumen"), told(2, "Иван Пример")]).await.expect("notes");
        transaction.commit().await.expect("commits");
        let check = async |part: &str, expected: &[usize]| {
            let mut found = seek(&state, part, 100).await.expect("seeks");
            let mut expected: Vec<ActorId> = expected.iter().map(|at| met[*at].0).collect();
            found.sort();
            expected.sort();
            assert_eq!(found, expected, "{part}");
        };
        check("ADA", &[0]).await;
        check("lumen", &[0]).await;
        check("иван", &[2]).await;
        check("example.org", &[0, 1, 2]).await;
        check("%_", &[1]).await;
        check("a_a", &[]).await;
        check("!", &[]).await;
        let shared = SharedPeople::new(people);
        let called = called(&state, &shared, &[met[0].0.into(), PersonId(7)]).await.expect("calls");
        assert_eq!((called[0].name.as_deref(), called[0].identities, called[0].known_by.len()), (Some("Ada Lumen"), 1, 1));
        assert_eq!((called[1].name.as_deref(), called[1].known_by[0].value.as_deref()), (None, None));
    }
}
