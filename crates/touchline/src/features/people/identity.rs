//! Resolution without I/O: people are the connected components of identity facts.
//!
//! A person's number is the smallest actor among their identities. That makes resolution a function of the set of
//! facts: any order, any repetition, any batching gives the same people (a property test below says so).

use crate::platform::id_map::IdMap;
use model::{ActorId, IdentityFact, PersonId};

/// Holds the components of the identities that are linked to others; whoever is not in it is a person alone.
///
/// Joining moves the smaller list into the larger, so n facts cost O(n log n) in all, and looking up is two steps.
#[derive(Default, Debug)]
pub struct Components {
    component_of: IdMap<ActorId, u32>,
    components: Vec<Component>,
}

#[derive(Default, Debug)]
struct Component {
    person: PersonId,
    members: Vec<ActorId>,
}

impl Components {
    /// Reads a set of facts.
    #[must_use]
    pub fn of(facts: impl IntoIterator<Item = IdentityFact>) -> Self {
        let mut components = Self::default();
        for fact in facts {
            components.join(&fact);
        }
        components
    }

    /// Returns the person to whom an identity belongs.
    #[must_use]
    pub fn person_of(&self, actor: ActorId) -> PersonId {
        self.component_of.get(&actor).map_or_else(|| actor.into(), |index| self.components[*index as usize].person)
    }

    /// Takes a fact into account. Returns the person who ceased by it; `None` when the two were one already.
    pub fn join(&mut self, fact: &IdentityFact) -> Option<PersonId> {
        let (one, other) = (self.component(fact.one), self.component(fact.other));
        if one == other {
            return None;
        }
        let (large, small) = if self.size(one) < self.size(other) { (other, one) } else { (one, other) };
        let moved = std::mem::take(&mut self.components[small as usize]);
        for member in &moved.members {
            self.component_of.insert(*member, large);
        }
        let kept = &mut self.components[large as usize];
        kept.members.extend(moved.members);
        let ceased = kept.person.max(moved.person);
        kept.person = kept.person.min(moved.person);
        Some(ceased)
    }

    /// Returns all identities that are one person with this one, itself included.
    #[must_use]
    pub fn identities_of(&self, person: PersonId) -> Vec<ActorId> {
        let actor = ActorId(person.0);
        self.component_of.get(&actor).map_or_else(|| vec![actor], |index| self.components[*index as usize].members.clone())
    }

    fn size(&self, component: u32) -> usize {
        self.components[component as usize].members.len()
    }

    fn component(&mut self, actor: ActorId) -> u32 {
        *self.component_of.entry(actor).or_insert_with(|| {
            self.components.push(Component { person: actor.into(), members: vec![actor] });
            u32::try_from(self.components.len() - 1).expect("fewer than 2^32 identities fit into memory")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Instant, Link};
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn fact(one: u64, other: u64) -> Option<IdentityFact> {
        IdentityFact::new(ActorId(one), ActorId(other), Link::Together, Instant(0))
    }

    fn check(facts: &[(u64, u64)], expected: &[(u64, u64)]) {
        let components = Components::of(facts.iter().filter_map(|(one, other)| fact(*one, *other)));
        for (actor, person) in expected {
            assert_eq!(components.person_of(ActorId(*actor)), PersonId(*person), "{actor} in {facts:?}");
        }
    }

    #[test]
    fn people_are_components() {
        check(&[], &[(7, 7)]);
        check(&[(5, 3)], &[(5, 3), (3, 3), (4, 4)]);
        check(&[(9, 8), (5, 6), (8, 6)], &[(9, 5), (8, 5), (6, 5), (5, 5)]);
        check(&[(4, 4)], &[(4, 4)]);
    }

    #[test]
    fn the_larger_number_ceases() {
        let mut components = Components::default();
        let mut join = |one, other| components.join(&fact(one, other).expect("differ"));
        assert_eq!(join(9, 8), Some(PersonId(9)));
        assert_eq!(join(2, 9), Some(PersonId(8)));
        assert_eq!(join(8, 2), None);
    }

    /// Is the plain, slow, obviously right version: spread the smallest number until nothing changes.
    fn slowly(facts: &[(u64, u64)]) -> BTreeMap<u64, u64> {
        let mut person: BTreeMap<u64, u64> = facts.iter().flat_map(|(a, b)| [(*a, *a), (*b, *b)]).collect();
        loop {
            let before = person.clone();
            for (a, b) in facts {
                let smaller = person[a].min(person[b]);
                person.insert(*a, smaller);
                person.insert(*b, smaller);
            }
            if person == before {
                return person;
            }
        }
    }

    proptest! {
        #[test]
        fn any_order_and_repetition_gives_the_same_people(
            facts in prop::collection::vec((0_u64..30, 0_u64..30), 0..60),
            shuffle in any::<prop::sample::Index>(),
        ) {
            let mut others = facts.clone();
            others.extend_from_slice(&facts);
            let turn = if others.is_empty() { 0 } else { shuffle.index(others.len()) };
            others.rotate_left(turn);
            others.reverse();
            let read = |facts: &[(u64, u64)]| Components::of(facts.iter().filter_map(|(a, b)| fact(*a, *b)));
            let (one, other) = (read(&facts), read(&others));
            for (actor, person) in slowly(&facts) {
                prop_assert_eq!(one.person_of(ActorId(actor)), PersonId(person));
                prop_assert_eq!(other.person_of(ActorId(actor)), PersonId(person));
            }
        }

        #[test]
        fn whoever_ceases_is_told_exactly_once(facts in prop::collection::vec((0_u64..20, 0_u64..20), 0..60)) {
            let mut components = Components::default();
            let mut people: BTreeSet<PersonId> = (0..20).map(PersonId).collect();
            for fact in facts.iter().filter_map(|(a, b)| fact(*a, *b)) {
                if let Some(ceased) = components.join(&fact) {
                    prop_assert!(people.remove(&ceased));
                }
            }
            let left: BTreeSet<PersonId> = (0..20).map(|actor| components.person_of(ActorId(actor))).collect();
            prop_assert_eq!(left, people);
        }
    }
}
