//! Resolving anew whatever may have changed: the slow way that is always right.
//!
//! From the identities whose facts changed, everything is gathered that facts connect with them, shared devices being
//! the limit. The people among them are dissolved and made again by the rules in the head of the room's graph. What is
//! out of reach is not touched, so the cost is that of the neighbourhood, once per batch.

use super::{Graph, Held, Node, Sightings};
use model::{Instant, Trust};
use std::collections::{HashMap, HashSet};

impl Graph {
    /// Brings people in line with the facts and decisions since the last time.
    pub fn settle(&mut self) {
        let renamed = std::mem::take(&mut self.renamed);
        let mut seeds = std::mem::take(&mut self.dirty);
        seeds.extend(&renamed);
        if !renamed.is_empty() {
            let touched = self.rename(&renamed);
            // Whether a device is shared depends on who of those seen with it is the same.
            seeds.extend(touched.iter().filter_map(|node| self.sharing.get(node)).flatten());
            seeds.extend(touched);
        }
        if !seeds.is_empty() {
            let gathered = self.gather(seeds);
            self.dissolve(&gathered);
            self.join_again(&gathered);
        }
    }

    /// Finds again which names are explicitly the same, around some identities. Returns all that were looked at.
    fn rename(&mut self, seeds: &[Node]) -> Vec<Node> {
        let reached = self.reach(seeds, |this, node| this.explicit_neighbours(node));
        let mut names = Sets::new(&reached);
        let mut all: Vec<_> = reached.iter().flat_map(|node| self.explicit_facts(*node)).collect();
        all.sort_unstable_by_key(|(order, one, other)| (*order, *one, *other));
        let splits = self.splits_among(&reached);
        for (_, one, other) in all {
            let is_split = splits.iter().any(|(a, b)| names.would_join([one, other], [*a, *b]));
            if !is_split {
                names.unite(one, other);
            }
        }
        for node in &reached {
            let name = names.top(*node);
            if name == *node && names.size(name) == 1 {
                self.name.remove(node);
            } else {
                self.name.insert(*node, name);
            }
        }
        reached
    }

    fn explicit_neighbours(&self, node: Node) -> Vec<Node> {
        if self.decided.nobody.contains(&node) {
            return Vec::new();
        }
        let said = self.facts_of(node).filter(|fact| self.is_explicit(*fact)).map(|fact| self.facts.opposite(fact, node));
        let merged = self.decided.merged.get(&node).into_iter().flatten().map(|(other, _)| *other);
        said.chain(merged).filter(|other| !self.decided.nobody.contains(other)).collect()
    }

    /// Returns the explicit facts of which an identity is the one end, each with its order.
    fn explicit_facts(&self, node: Node) -> Vec<(Order, Node, Node)> {
        let is_nobody = |node: &Node| self.decided.nobody.contains(node);
        if is_nobody(&node) {
            return Vec::new();
        }
        let own = |fact: &u32| self.facts.one[*fact as usize] == node && self.is_explicit(*fact);
        let said = self.facts_of(node).filter(own).map(|fact| (self.order(fact), node, self.facts.opposite(fact, node)));
        let merged = self.decided.merged.get(&node).into_iter().flatten();
        let merged = merged.map(|(other, at)| (self.merge_order(node, *other, *at), node, *other));
        said.chain(merged).filter(|(_, _, other)| !is_nobody(other)).collect()
    }

    /// Gathers everything whose people may be others now, and notes which devices are shared.
    fn gather(&mut self, seeds: Vec<Node>) -> Vec<Node> {
        let mut seen: HashSet<Node> = HashSet::new();
        let mut queue = seeds;
        let mut gathered = Vec::new();
        while let Some(node) = queue.pop() {
            if !seen.insert(node) {
                continue;
            }
            gathered.push(node);
            let was_shared = self.shared.contains_key(&node);
            let is_shared = self.is_shared(node);
            if is_shared && !was_shared {
                self.share(node);
            } else if was_shared && !is_shared {
                self.unshare(node);
            }
            if self.decided.nobody.contains(&node) || (is_shared && was_shared) {
                continue;
            }
            // Of what is shared from now on, the neighbours must be looked at once more.
            let around: Vec<Node> = self.facts_of(node).map(|fact| self.facts.opposite(fact, node)).collect();
            queue.extend(around);
            queue.extend(self.decided.merged.get(&node).into_iter().flatten().map(|(other, _)| *other));
            queue.extend(self.decided.split.get(&node).into_iter().flatten());
        }
        gathered
    }

    /// Tells whether a device was seen with two names that exclude each other.
    fn is_shared(&self, node: Node) -> bool {
        let decided = &self.decided;
        if self.trust(node) != Trust::Device || decided.merged.contains_key(&node) || decided.nobody.contains(&node) {
            return false;
        }
        let mut names: HashMap<_, Node> = HashMap::new();
        let users = self.facts_of(node).map(|fact| self.facts.opposite(fact, node));
        users.filter(|user| self.trust(*user) == Trust::Unique && !decided.nobody.contains(user)).any(|user| {
            let name = self.name_of(user);
            *names.entry(self.namespace[user as usize]).or_insert(name) != name
        })
    }

    /// Starts the list of sightings with what the facts here tell: the first of everybody.
    fn share(&mut self, device: Node) {
        self.shared.insert(device, Sightings::default());
        self.unread.push(device);
        let first: Vec<(Node, i64)> =
            self.facts_of(device).map(|fact| (self.facts.opposite(fact, device), self.facts.at[fact as usize])).collect();
        for (user, at) in first {
            self.sight(device, user, at);
        }
    }

    pub(super) fn unshare(&mut self, device: Node) {
        let Some(seen) = self.shared.remove(&device) else { return };
        let users: Vec<Node> = seen.users().into_iter().filter_map(|user| self.index.get(user)).collect();
        for user in &users {
            if let Some(devices) = self.sharing.get_mut(user) {
                devices.retain(|other| *other != device);
            }
        }
        if let Some(watch) = &mut self.watch {
            watch.resighted.insert(device);
            watch.resighted.extend(users);
        }
    }

    /// Makes everybody a person alone, and takes back that facts wait.
    fn dissolve(&mut self, gathered: &[Node]) {
        debug_assert!(self.is_whole(gathered), "whoever is dissolved was gathered with all their identities");
        for node in gathered {
            if self.watch.as_ref().is_some_and(|watch| !watch.before.contains_key(node)) {
                self.remember(self.top(*node));
            }
        }
        for node in gathered {
            let place = *node as usize;
            self.parent[place] = -1;
            self.next[place] = *node;
            self.person[place] = *node;
            self.waiting_at.remove(node);
        }
        if !self.waiting.is_empty() {
            let own: Vec<u32> = gathered.iter().flat_map(|node| self.facts_of(*node)).collect();
            for fact in own {
                self.waiting.remove(&fact);
            }
        }
    }

    /// Tells whether the people among some identities have no other ones.
    fn is_whole(&self, gathered: &[Node]) -> bool {
        let all: HashSet<Node> = gathered.iter().copied().collect();
        all.iter().all(|node| all.contains(&self.next[*node as usize]))
    }

    /// Makes people of identities that stand alone.
    fn join_again(&mut self, gathered: &[Node]) {
        let joins = |node: &Node| !self.shared.contains_key(node) && !self.decided.nobody.contains(node);
        let ends = |fact: u32| [self.facts.one[fact as usize], self.facts.other[fact as usize]];
        let mut facts: Vec<u32> = gathered
            .iter()
            .flat_map(|node| self.facts_of(*node).filter(move |fact| ends(*fact)[0] == *node))
            .filter(|fact| ends(*fact).iter().all(joins))
            .collect();
        facts.sort_unstable_by_key(|fact| self.order(*fact));
        let splits = self.splits_among(gathered);
        let large: Vec<Node> = gathered.iter().copied().filter(|node| self.decided.large.contains(node)).collect();
        for node in gathered {
            let name = self.name_of(*node);
            let (one, other) = (self.top(*node), self.top(name));
            if one != other {
                self.unite(one, other);
            }
        }
        let mut unique: HashMap<Node, Vec<Node>> = HashMap::new();
        for node in gathered.iter().filter(|node| self.trust(**node) == Trust::Unique) {
            unique.entry(self.top(*node)).or_default().push(*node);
        }
        for fact in facts {
            let (one, other) = (self.facts.one[fact as usize], self.facts.other[fact as usize]);
            let (one_top, other_top) = (self.top(one), self.top(other));
            if one_top == other_top {
                continue;
            }
            match self.obstacle([one_top, other_top], &unique, &splits, &large) {
                None => {
                    let names = [one_top, other_top].map(|top| unique.remove(&top).unwrap_or_default()).concat();
                    let top = self.unite(one_top, other_top);
                    unique.insert(top, names);
                }
                Some(held) => {
                    self.waiting.insert(fact, held);
                    *self.waiting_at.entry(one).or_default() += 1;
                    *self.waiting_at.entry(other).or_default() += 1;
                }
            }
        }
    }

    /// Returns why two people may not become one.
    fn obstacle(
        &self,
        [one, other]: [Node; 2],
        unique: &HashMap<Node, Vec<Node>>,
        splits: &[(Node, Node)],
        large: &[Node],
    ) -> Option<Held> {
        let tops = |(a, b): &(Node, Node)| [self.top(*a), self.top(*b)];
        if splits.iter().map(tops).any(|tops| tops == [one, other] || tops == [other, one]) {
            return Some(Held::Split);
        }
        let names = |top| unique.get(&top).into_iter().flatten().copied();
        for mine in names(one) {
            if let Some(yours) = names(other).find(|yours| self.excludes(mine, *yours)) {
                return Some(Held::Exclude(mine, yours));
            }
        }
        let is_large = || large.iter().any(|node| [one, other].contains(&self.top(*node)));
        (self.size(one) + self.size(other) > self.limit.0 && !is_large()).then_some(Held::Many)
    }

    /// Returns the splits between identities that are looked at.
    fn splits_among(&self, nodes: &[Node]) -> Vec<(Node, Node)> {
        if self.decided.split.is_empty() {
            return Vec::new();
        }
        nodes.iter().flat_map(|node| self.decided.split.get(node).into_iter().flatten().map(|other| (*node, *other))).collect()
    }

    /// Walks from some identities to all that can be reached.
    fn reach(&self, seeds: &[Node], around: impl Fn(&Self, Node) -> Vec<Node>) -> Vec<Node> {
        let mut seen: HashSet<Node> = HashSet::new();
        let mut queue = seeds.to_vec();
        let mut reached = Vec::new();
        while let Some(node) = queue.pop() {
            if seen.insert(node) {
                reached.push(node);
                queue.extend(around(self, node));
            }
        }
        reached
    }

    /// Returns the place of a fact in the order in which facts are taken: nothing in it depends on arrival.
    fn order(&self, fact: u32) -> Order {
        let place = fact as usize;
        let ends = [self.facts.one[place], self.facts.other[place]].map(|node| self.index.actor(node));
        (self.facts.link[place].rank(), Instant(self.facts.at[place]), ends[0], ends[1])
    }

    fn merge_order(&self, one: Node, other: Node, at: i64) -> Order {
        let ends = [one, other].map(|node| self.index.actor(node));
        (0, Instant(at), ends[0].min(ends[1]), ends[0].max(ends[1]))
    }
}

/// Is what facts are sorted by: strength, time, the two identities.
type Order = (usize, Instant, model::ActorId, model::ActorId);

/// Is some identities in disjoint sets, for a moment.
struct Sets(HashMap<Node, (Node, usize)>);

impl Sets {
    fn new(nodes: &[Node]) -> Self {
        Self(nodes.iter().map(|node| (*node, (*node, 1))).collect())
    }

    fn top(&self, mut node: Node) -> Node {
        while let Some((up, _)) = self.0.get(&node).filter(|(up, _)| *up != node) {
            node = *up;
        }
        node
    }

    fn size(&self, top: Node) -> usize {
        self.0.get(&top).map_or(1, |(_, size)| *size)
    }

    fn unite(&mut self, one: Node, other: Node) {
        let (one, other) = (self.top(one), self.top(other));
        if one != other {
            let (large, small) = if self.size(one) < self.size(other) { (other, one) } else { (one, other) };
            let size = self.size(large) + self.size(small);
            self.0.insert(large, (large, size));
            self.0.insert(small, (large, 1));
        }
    }

    /// Tells whether joining two sets would bring two identities together.
    fn would_join(&self, ends: [Node; 2], apart: [Node; 2]) -> bool {
        let ([one, other], [a, b]) = (ends.map(|node| self.top(node)), apart.map(|node| self.top(node)));
        one != other && ((one, other) == (a, b) || (one, other) == (b, a))
    }
}
