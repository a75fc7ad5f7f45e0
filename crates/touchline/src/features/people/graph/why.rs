//! Why two identities are one person, and which facts wait for somebody to decide.

use super::{Graph, Held, Node};
use model::{ActorId, Instant, Link};
use std::collections::{BTreeMap, HashMap, VecDeque};

/// Is one link of the chain between two identities.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// From whom.
    pub from: ActorId,
    /// To whom.
    pub to: ActorId,
    /// Why they are one.
    pub link: Link,
    /// Since when.
    pub at: Instant,
    /// Whether staff decided it.
    pub is_decided: bool,
}

/// Is a fact that waits: its people are not joined before somebody decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Waiting {
    /// The first fact that would join these two people.
    pub step: Step,
    /// How many facts would.
    pub facts: usize,
    /// Why it waits.
    pub obstacle: Obstacle,
}

/// Is what keeps two people apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Obstacle {
    /// They hold these two names, of which a person has one.
    Exclude(ActorId, ActorId),
    /// Together they would have this many identities.
    Many(usize),
}

impl Graph {
    /// Returns the shortest chain of facts by which two identities are one person, the same one every time; `None`
    /// where they are not one.
    #[must_use]
    pub fn why(&self, one: ActorId, other: ActorId) -> Option<Vec<Step>> {
        let (start, end) = (self.index.get(one)?, self.index.get(other)?);
        if self.top(start) != self.top(end) {
            return None;
        }
        let mut came: HashMap<Node, Step> = HashMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            if node == end {
                break;
            }
            for (to, step) in self.steps(node) {
                if to != start && !came.contains_key(&to) {
                    came.insert(to, step);
                    queue.push_back(to);
                }
            }
        }
        let mut chain = Vec::new();
        let mut node = end;
        while node != start {
            let step = *came.get(&node)?;
            chain.push(step);
            node = self.index.get(step.from)?;
        }
        chain.reverse();
        Some(chain)
    }

    /// Returns the facts and decisions that hold an identity in its person, in the order in which they count.
    fn steps(&self, node: Node) -> Vec<(Node, Step)> {
        let from = self.index.actor(node);
        let step = |other: Node, link, at, is_decided| {
            (other, Step { from, to: self.index.actor(other), link, at: Instant(at), is_decided })
        };
        let merged = self.decided.merged.get(&node).into_iter().flatten();
        let merged = merged.map(|(other, at)| step(*other, Link::Manual, *at, true));
        let said = self.facts_of(node).filter(|fact| !self.waiting.contains_key(fact)).map(|fact| {
            step(self.facts.opposite(fact, node), self.facts.link[fact as usize], self.facts.at[fact as usize], false)
        });
        let mut steps: Vec<_> = merged.chain(said).filter(|(other, _)| self.top(*other) == self.top(node)).collect();
        steps.sort_by_key(|(_, step)| (!step.is_decided, step.link, step.at, step.to));
        steps
    }

    /// Lists the facts that wait for a decision, the first one of each two people, strongest and earliest first.
    #[must_use]
    pub fn review(&self) -> Vec<Waiting> {
        let mut found: BTreeMap<(Node, Node), Waiting> = BTreeMap::new();
        for (fact, held) in &self.waiting {
            let (one, other) = (self.facts.one[*fact as usize], self.facts.other[*fact as usize]);
            let (one_top, other_top) = (self.top(one), self.top(other));
            let obstacle = match held {
                Held::Split => continue,
                Held::Exclude(mine, yours) => {
                    let (mine, yours) = (self.index.actor(*mine), self.index.actor(*yours));
                    Obstacle::Exclude(mine.min(yours), mine.max(yours))
                }
                Held::Many => Obstacle::Many(self.size(one_top) + self.size(other_top)),
            };
            let step = Step {
                from: self.index.actor(one),
                to: self.index.actor(other),
                link: self.facts.link[*fact as usize],
                at: Instant(self.facts.at[*fact as usize]),
                is_decided: false,
            };
            let mut waiting = Waiting { step, facts: 1, obstacle };
            let key = (one_top.min(other_top), one_top.max(other_top));
            if let Some(known) = found.get(&key) {
                let first = if in_order(&known.step) <= in_order(&step) { *known } else { waiting };
                waiting = Waiting { facts: known.facts + 1, ..first };
            }
            found.insert(key, waiting);
        }
        let mut all: Vec<Waiting> = found.into_values().collect();
        all.sort_by_key(|waiting| in_order(&waiting.step));
        all
    }
}

fn in_order(step: &Step) -> (Link, Instant, ActorId, ActorId) {
    (step.link, step.at, step.from, step.to)
}
