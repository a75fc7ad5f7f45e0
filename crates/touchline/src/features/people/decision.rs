//! What staff decides about identities: an append-only list in which undoing is an entry too.

use super::graph::Decisions;
use super::store::{failed, named};
use crate::failure::Result;
use model::{ActorId, Instant, Named};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use state::{State, Transaction};
use std::collections::{BTreeMap, HashSet};
use utoipa::ToSchema;

/// Is a kind of decision.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Two identities are one person.
    Merge,
    /// Two identities are two people.
    Split,
    /// An identity names nobody: it joins no one.
    Nobody,
    /// The person with this identity may have any number of identities.
    Large,
    /// An earlier decision does not count any more.
    Undo,
}

impl Verb {
    const ALL: [(Self, &'static str); 5] =
        [(Self::Merge, "merge"), (Self::Split, "split"), (Self::Nobody, "nobody"), (Self::Large, "large"), (Self::Undo, "undo")];

    /// Returns the word by which it is stored and shown.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(verb, _)| *verb == self).map_or("", |(_, word)| word)
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(verb, _)| *verb)
    }
}

/// Is one line of a decision. A decision has several where it must overrule several reasons at once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// Which decision.
    pub id: i64,
    /// The place of the line in it.
    pub place: i64,
    /// What was decided.
    pub verb: Verb,
    /// About whom.
    pub one: Named,
    /// About whom else; the same as `one` where nobody else is meant.
    pub other: Named,
    /// The decision that it takes back.
    pub undoes: i64,
    /// When.
    pub at: Instant,
    /// By whom: the name of a user, or the command line.
    pub by: String,
}

/// Returns what counts of a list of decisions: without those undone and, for two identities, only the last word.
pub(super) fn standing(list: &[Decision]) -> Decisions {
    let undone: HashSet<i64> = list.iter().filter(|line| line.verb == Verb::Undo).map(|line| line.undoes).collect();
    let mut standing = Decisions::default();
    let mut pairs: BTreeMap<(ActorId, ActorId), &Decision> = BTreeMap::new();
    for line in list.iter().filter(|line| !undone.contains(&line.id)) {
        match line.verb {
            Verb::Nobody => standing.nobody.push(line.one),
            Verb::Large => standing.large.push(line.one),
            Verb::Merge | Verb::Split => {
                let (one, other) = (line.one.actor, line.other.actor);
                let last = pairs.entry((one.min(other), one.max(other))).or_insert(line);
                if (line.at, line.id, line.place) > (last.at, last.id, last.place) {
                    *last = line;
                }
            }
            Verb::Undo => {}
        }
    }
    for line in pairs.into_values() {
        if line.verb == Verb::Merge {
            standing.merged.push((line.one, line.other, line.at));
        } else {
            standing.split.push((line.one, line.other));
        }
    }
    standing
}

/// Reads every decision made until a moment, in their order.
pub(super) async fn load(state: &State, until: Instant) -> Result<Vec<Decision>> {
    let rows = sqlx::query(
        "SELECT id, place, what, one, one_namespace, other, other_namespace, undoes, at, by_whom \
         FROM identity_decision WHERE at <= $1 ORDER BY id, place",
    )
    .bind(until.0)
    .fetch_all(state.reader())
    .await
    .map_err(failed)?;
    let line = |row: &sqlx::any::AnyRow| {
        Some(Decision {
            id: row.get("id"),
            place: row.get("place"),
            verb: Verb::from_word(&row.get::<String, _>("what"))?,
            one: named(row.get("one"), row.get("one_namespace")),
            other: named(row.get("other"), row.get("other_namespace")),
            undoes: row.get("undoes"),
            at: Instant(row.get("at")),
            by: row.get("by_whom"),
        })
    };
    Ok(rows.iter().filter_map(line).collect())
}

/// Stores the lines of a decision.
pub(super) async fn store(transaction: &mut Transaction, lines: &[Decision]) -> Result<()> {
    let head = "INSERT INTO identity_decision (id, place, what, one, one_namespace, other, other_namespace, undoes, at, by_whom)";
    state::insert(transaction, head, 10, "", lines, |statement, line| {
        let ends = [line.one, line.other].map(|named| (named.actor.0.cast_signed(), i64::from(named.namespace.0)));
        let statement = statement.bind(line.id).bind(line.place).bind(line.verb.word());
        let statement = ends.into_iter().fold(statement, |statement, (actor, namespace)| statement.bind(actor).bind(namespace));
        statement.bind(line.undoes).bind(line.at.0).bind(line.by.clone())
    })
    .await
    .map_err(failed)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Namespace;

    fn named(number: u64) -> Named {
        Named { actor: ActorId(number), namespace: Namespace::of("user") }
    }

    fn check(list: &[(i64, Verb, u64, u64, i64)], merged: &[(u64, u64)], split: &[(u64, u64)]) {
        let line = |(id, verb, one, other, at): &(i64, Verb, u64, u64, i64)| Decision {
            id: *id,
            place: 0,
            verb: *verb,
            one: named(*one),
            other: named(*other),
            undoes: if *verb == Verb::Undo { *at } else { 0 },
            at: Instant(*at),
            by: String::new(),
        };
        let standing = standing(&list.iter().map(line).collect::<Vec<_>>());
        let pair = |one: Named, other: Named| (one.actor.0, other.actor.0);
        assert_eq!(standing.merged.iter().map(|(one, other, _)| pair(*one, *other)).collect::<Vec<_>>(), merged, "{list:?}");
        assert_eq!(standing.split.iter().map(|(one, other)| pair(*one, *other)).collect::<Vec<_>>(), split, "{list:?}");
    }

    #[test]
    fn the_last_word_on_two_identities_counts() {
        use Verb::{Merge, Split, Undo};
        check(&[], &[], &[]);
        check(&[(1, Merge, 1, 2, 5)], &[(1, 2)], &[]);
        check(&[(1, Merge, 1, 2, 5), (2, Split, 2, 1, 6)], &[], &[(2, 1)]);
        check(&[(1, Merge, 1, 2, 5), (2, Split, 2, 1, 6), (3, Undo, 0, 0, 2)], &[(1, 2)], &[]);
        check(&[(1, Merge, 1, 2, 5), (2, Undo, 0, 0, 1)], &[], &[]);
    }
}
