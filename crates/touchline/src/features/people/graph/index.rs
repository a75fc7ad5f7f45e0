//! Numbers for identities, dense and small, so that everything else about them is an array.
//!
//! Identities are hashes already, so a table of places with open addressing finds them in one or two steps, at about
//! 14 bytes each; a general map takes twice that.

use model::ActorId;

/// Is the place of an identity in the arrays of the graph.
pub(super) type Node = u32;

/// Stands for "no place" in tables and lists.
pub(super) const NONE: u32 = u32::MAX;

/// Is every identity that a fact has named, in the order of their first mention.
#[derive(Default, Debug)]
pub(super) struct Index {
    actors: Vec<ActorId>,
    /// Places in `actors`, or [`NONE`]; its length is a power of two.
    table: Vec<u32>,
}

impl Index {
    /// Returns how many there are.
    pub(super) fn len(&self) -> usize {
        self.actors.len()
    }

    /// Returns the identity at a place.
    pub(super) fn actor(&self, node: Node) -> ActorId {
        self.actors[node as usize]
    }

    /// Finds the place of an identity.
    pub(super) fn get(&self, actor: ActorId) -> Option<Node> {
        if self.table.is_empty() {
            return None;
        }
        let node = self.table[self.slot(actor)];
        (node != NONE).then_some(node)
    }

    /// Returns the place of an identity, and whether it is new.
    pub(super) fn insert(&mut self, actor: ActorId) -> (Node, bool) {
        // At most three quarters full.
        if (self.actors.len() + 1) * 4 > self.table.len() * 3 {
            self.grow();
        }
        let slot = self.slot(actor);
        if self.table[slot] != NONE {
            return (self.table[slot], false);
        }
        let node = u32::try_from(self.actors.len()).expect("fewer than 2^32 identities fit into memory");
        assert!(node != NONE, "fewer than 2^32 identities fit into memory");
        self.table[slot] = node;
        self.actors.push(actor);
        (node, true)
    }

    /// Finds where an identity stands in the table, or would stand.
    fn slot(&self, actor: ActorId) -> usize {
        let mask = self.table.len() - 1;
        let mut slot = actor.0 as usize & mask;
        while self.table[slot] != NONE && self.actors[self.table[slot] as usize] != actor {
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn grow(&mut self) {
        let size = (self.table.len() * 2).max(16);
        self.table = vec![NONE; size];
        for node in 0..self.actors.len() {
            let slot = self.slot(self.actors[node]);
            self.table[slot] = node as u32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        #[test]
        fn it_is_a_map(actors in prop::collection::vec(0_u64..200, 0..300), shift in 0_u32..60) {
            let (mut index, mut plain) = (Index::default(), HashMap::new());
            for actor in actors.iter().map(|actor| ActorId(actor << shift)) {
                let next = plain.len() as u32;
                let is_new = !plain.contains_key(&actor);
                let node = *plain.entry(actor).or_insert(next);
                prop_assert_eq!(index.insert(actor), (node, is_new));
                prop_assert_eq!(index.actor(node), actor);
            }
            prop_assert_eq!(index.len(), plain.len());
            for actor in (0..200).map(|actor| ActorId(actor << shift)) {
                prop_assert_eq!(index.get(actor), plain.get(&actor).copied());
            }
        }
    }
}
