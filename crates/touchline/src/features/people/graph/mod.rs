//! Who is who, as a pure function of the *set* of identity facts: no I/O, and no memory of the order of arrival.
//!
//! The rules, in full (`plain.rs` says them again slowly, and the tests compare):
//!
//! 1. **What was said in so many words.** Two identities that staff merged, or of which a source said that they are one
//!    or became one ([`Link::Manual`], [`Link::Renamed`], where neither is a device), are one *name*; staff's splits are
//!    never crossed.
//! 2. **Shared devices.** A device seen with two names that exclude each other joins nobody. What it did belongs to
//!    whoever was seen with it at the time ([`slices`]), else to the device alone.
//! 3. **Strongest first, then earliest.** All other facts are taken in the order of (link, time, identities). A fact
//!    joins its two people unless they hold two names of one unique namespace, or are apart by a split, or would
//!    together have more than [`IDS_MAX`] identities: then it *waits*, and is listed for review.
//! 4. **The number of a person** is the identity whose first fact is the earliest; of several, the smallest.
//!
//! Kept small and quick: an array per property, lists inside the arrays of facts, a tree per person. A fact between
//! people of whom nothing waits costs a few steps; otherwise everything within reach of it is resolved anew
//! (`resolve.rs`), once per batch.

mod index;
#[cfg(test)]
mod plain;
mod resolve;
mod slices;
mod why;

pub(super) use slices::{owner, visit_of};
pub use why::{Obstacle, Step, Waiting};

use index::{Index, NONE, Node};
use model::{ActorId, IdentityFact, Instant, Link, Named, Namespace, PersonId, Trust};
use slices::Sightings;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Is how many identities a person may gather before somebody must have a look: more than people have, fewer than a
/// word that programs send for nobody.
pub const IDS_MAX: usize = 50;

/// Is what staff has decided, as it stands: undone and overruled decisions are not in it.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Decisions {
    /// These are one person, whatever else is said.
    pub merged: Vec<(Named, Named, Instant)>,
    /// These are two people, whatever else is said.
    pub split: Vec<(Named, Named)>,
    /// These name nobody.
    pub nobody: Vec<Named>,
    /// The person who has this identity may have any number of them.
    pub large: Vec<Named>,
}

/// Is every identity that some fact names, every fact, and the people they make.
#[derive(Default, Debug)]
pub struct Graph {
    limit: Limit,
    index: Index,
    namespace: Vec<Namespace>,
    trust: Vec<Trust>,
    /// When the first fact about an identity happened.
    first: Vec<i64>,
    /// The tree of a person: the place further up or, at the top, how many identities there are, negated.
    parent: Vec<i32>,
    /// The ring of the identities of a person.
    next: Vec<Node>,
    /// The identity whose number is the person's; right at the top of the tree only.
    person: Vec<Node>,
    /// The last fact about an identity; each fact knows the one before.
    head: Vec<u32>,
    facts: Facts,
    /// Devices that are shared, with whom they were seen and when.
    shared: HashMap<Node, Sightings>,
    /// The shared devices with which somebody was seen.
    sharing: HashMap<Node, Vec<Node>>,
    /// Shared devices of which only the first sighting of everybody is known here.
    unread: Vec<Node>,
    /// The name that stands for all that are explicitly the same; whoever is not in it stands alone.
    name: HashMap<Node, Node>,
    /// Facts that wait, by number, and why.
    waiting: BTreeMap<u32, Held>,
    /// How many facts wait at an identity.
    waiting_at: HashMap<Node, u32>,
    decided: Decided,
    /// Identities around which people must be resolved anew, and whether explicit facts are among the reasons.
    dirty: Vec<Node>,
    renamed: Vec<Node>,
    watch: Option<Watch>,
}

/// Is how many identities a person may gather; tests need fewer to reach it.
#[derive(Clone, Copy, Debug)]
struct Limit(usize);

impl Default for Limit {
    fn default() -> Self {
        Self(IDS_MAX)
    }
}

/// Is all facts, each pair and link once.
#[derive(Default, Debug)]
struct Facts {
    one: Vec<Node>,
    other: Vec<Node>,
    at: Vec<i64>,
    link: Vec<Link>,
    /// The fact before about the same identity.
    before_one: Vec<u32>,
    before_other: Vec<u32>,
}

/// Is [`Decisions`] by place.
#[derive(Default, Debug)]
struct Decided {
    merged: HashMap<Node, Vec<(Node, i64)>>,
    split: HashMap<Node, Vec<Node>>,
    nobody: HashSet<Node>,
    large: HashSet<Node>,
}

/// Is why a fact waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Held {
    Split,
    Exclude(Node, Node),
    Many,
}

/// Is who somebody was before the last changes.
#[derive(Default, Debug)]
struct Watch {
    before: HashMap<Node, Node>,
    /// Shared devices whose sightings changed, and who was seen with them around that time.
    resighted: HashSet<Node>,
}

impl Graph {
    /// Takes facts into account. People are right again after [`Graph::settle`].
    pub fn learn(&mut self, facts: impl IntoIterator<Item = IdentityFact>) {
        for fact in facts {
            self.note(&fact);
        }
    }

    /// Puts all decisions of staff in the place of those before.
    pub fn decide(&mut self, decisions: &Decisions) {
        let before = std::mem::take(&mut self.decided);
        let mut decided = Decided::default();
        for (one, other, at) in &decisions.merged {
            let (one, other) = (self.node(*one), self.node(*other));
            decided.merged.entry(one).or_default().push((other, at.0));
            decided.merged.entry(other).or_default().push((one, at.0));
        }
        for (one, other) in &decisions.split {
            let (one, other) = (self.node(*one), self.node(*other));
            decided.split.entry(one).or_default().push(other);
            decided.split.entry(other).or_default().push(one);
        }
        decided.nobody = decisions.nobody.iter().map(|named| self.node(*named)).collect();
        decided.large = decisions.large.iter().map(|named| self.node(*named)).collect();
        for decided in [&before, &decided] {
            self.renamed.extend(decided.merged.keys().chain(decided.split.keys()));
            self.dirty.extend(&decided.large);
        }
        for node in before.nobody.symmetric_difference(&decided.nobody) {
            let others: Vec<Node> = self.facts_of(*node).map(|fact| self.facts.opposite(fact, *node)).collect();
            for other in &others {
                // To be read again without, or with, the sightings of this one.
                self.unshare(*other);
            }
            self.renamed.push(*node);
            self.renamed.extend(others);
        }
        self.decided = decided;
    }

    /// Makes people of a set of facts that holds every sighting of shared devices.
    #[must_use]
    pub fn of(facts: &[IdentityFact]) -> Self {
        let mut graph = Self::default();
        graph.learn(facts.iter().cloned());
        graph.settle();
        for device in graph.unread() {
            for fact in facts {
                for (one, other) in [(fact.one, fact.other), (fact.other, fact.one)] {
                    if one.actor == device {
                        graph.sighted(device, other.actor, fact.at);
                    }
                }
            }
        }
        graph
    }

    /// Returns the pairs of names and of identities split by staff that would keep two people apart.
    #[must_use]
    pub fn apart(&self, one: ActorId, other: ActorId) -> Vec<(Named, Named)> {
        let (Some(one), Some(other)) = (self.index.get(one), self.index.get(other)) else { return Vec::new() };
        let is_apart = |mine: Node, yours: Node| {
            let is_split = self.decided.split.get(&mine).is_some_and(|others| others.contains(&yours));
            is_split || self.trust(mine) == Trust::Unique && self.excludes(mine, yours)
        };
        let pairs = self.ring(one).flat_map(|mine| self.ring(other).map(move |yours| (mine, yours)));
        let named = |node: Node| Named { actor: self.index.actor(node), namespace: self.namespace[node as usize] };
        pairs.filter(|(mine, yours)| is_apart(*mine, *yours)).map(|(mine, yours)| (named(mine), named(yours))).collect()
    }

    /// Starts to remember who everybody is, for [`Graph::changed`].
    pub fn watch(&mut self) {
        self.watch = Some(Watch::default());
    }

    /// Returns the people, as they were and as they are, whose rows may have moved since [`Graph::watch`].
    ///
    /// Identities that are `fresh` have no rows yet.
    pub fn changed(&mut self, fresh: impl Fn(ActorId) -> bool) -> HashSet<PersonId> {
        let mut people = HashSet::new();
        let Some(watch) = self.watch.take() else { return people };
        for (node, before) in watch.before {
            let today = self.person(node);
            // Of a shared device, whoever was seen with it may have gained or lost rows without having any.
            let devices = self.sharing.get(&node).map_or(&[][..], Vec::as_slice);
            if today != before && (!devices.is_empty() || !fresh(self.index.actor(node))) {
                people.extend([before, today].iter().chain(devices).map(|node| self.number(*node)));
            }
        }
        people.extend(watch.resighted.into_iter().map(|node| self.number(self.person(node))));
        people
    }

    /// Returns shared devices of which not all sightings are known yet: whoever has all facts must tell them by
    /// [`Graph::sighted`].
    pub fn unread(&mut self) -> Vec<ActorId> {
        let unread = std::mem::take(&mut self.unread);
        unread.into_iter().filter(|node| self.shared.contains_key(node)).map(|node| self.index.actor(node)).collect()
    }

    /// Notes with whom a shared device was seen and when.
    pub fn sighted(&mut self, device: ActorId, with: ActorId, at: Instant) {
        if let (Some(device), Some(with)) = (self.index.get(device), self.index.get(with)) {
            self.sight(device, with, at.0);
        }
    }

    /// Returns whose an identity is. A shared device is nobody's: it stands for itself.
    #[must_use]
    pub fn person_of(&self, actor: ActorId) -> PersonId {
        self.index.get(actor).map_or_else(|| actor.into(), |node| self.number(self.person(node)))
    }

    /// Returns to whom what an identity did at a moment belongs.
    #[must_use]
    pub fn person_at(&self, actor: ActorId, at: Instant) -> PersonId {
        let Some(node) = self.index.get(actor) else { return actor.into() };
        let owner = self.shared.get(&node).and_then(|seen| seen.owner(at, |user| self.person_of(user)));
        owner.unwrap_or_else(|| self.number(self.person(node)))
    }

    /// Returns all identities of the person who has this one, in the order of their numbers.
    #[must_use]
    pub fn identities_of(&self, person: PersonId) -> Vec<ActorId> {
        let actor = ActorId(person.0);
        let Some(node) = self.index.get(actor) else { return vec![actor] };
        let mut all: Vec<ActorId> = self.ring(node).map(|node| self.index.actor(node)).collect();
        all.sort_unstable();
        all
    }

    /// Returns the shared devices with which a person was seen.
    #[must_use]
    pub fn shared_devices_of(&self, person: PersonId) -> Vec<ActorId> {
        let Some(node) = self.index.get(ActorId(person.0)) else { return Vec::new() };
        let devices = self.ring(node).filter_map(|node| self.sharing.get(&node)).flatten();
        let mut all: Vec<ActorId> = devices.map(|node| self.index.actor(*node)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Returns with whom a shared device was seen, as people of today; `None` for what is no shared device.
    #[must_use]
    pub fn sightings(&self, actor: ActorId) -> Option<Vec<(i64, PersonId)>> {
        let seen = self.shared.get(&self.index.get(actor)?)?;
        Some(seen.iter().map(|(at, user)| (at, self.person_of(user))).collect())
    }

    /// Returns how many identities facts have named.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Tells whether there are no facts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn number(&self, node: Node) -> PersonId {
        self.index.actor(node).into()
    }

    fn trust(&self, node: Node) -> Trust {
        self.trust[node as usize]
    }

    fn node(&mut self, named: Named) -> Node {
        let (node, is_new) = self.index.insert(named.actor);
        if is_new {
            self.namespace.push(named.namespace);
            self.trust.push(named.namespace.trust());
            self.first.push(i64::MAX);
            self.parent.push(-1);
            self.next.push(node);
            self.person.push(node);
            self.head.push(NONE);
        }
        node
    }

    fn note(&mut self, fact: &IdentityFact) {
        let (one, other) = (self.node(fact.one), self.node(fact.other));
        for node in [one, other] {
            if fact.at.0 < self.first[node as usize] {
                self.first[node as usize] = fact.at.0;
                self.refresh(node);
            }
        }
        let known = self.find_fact(one, other, fact.link);
        match known {
            Some(known) if fact.at.0 < self.facts.at[known as usize] => {
                self.facts.at[known as usize] = fact.at.0;
                // The order in which facts are taken may be another now, which matters only where some wait.
                if !self.is_plain(one) || !self.is_plain(other) {
                    self.dirty.extend([one, other]);
                }
            }
            Some(_) => {}
            None => self.add_fact(one, other, fact),
        }
        for (device, user) in [(one, other), (other, one)] {
            self.sight(device, user, fact.at.0);
        }
    }

    fn add_fact(&mut self, one: Node, other: Node, fact: &IdentityFact) {
        let number = self.facts.push(one, other, fact, [self.head[one as usize], self.head[other as usize]]);
        self.head[one as usize] = number;
        self.head[other as usize] = number;
        if self.is_explicit(number) {
            self.renamed.extend([one, other]);
            return;
        }
        let joins = |node| !self.shared.contains_key(&node) && !self.decided.nobody.contains(&node);
        if !joins(one) || !joins(other) {
            return;
        }
        let (one_top, other_top) = (self.top(one), self.top(other));
        let is_one = one_top == other_top;
        let is_easy = self.is_plain(one)
            && (is_one
                || self.size(one_top) + self.size(other_top) <= self.limit.0
                    && self.is_plain(other)
                    && !self.exclude_each_other(one_top, other_top));
        if !is_easy {
            self.dirty.extend([one, other]);
        } else if !is_one {
            self.unite(one_top, other_top);
        }
    }

    /// Notes that a shared device was seen with somebody who has a unique name; whatever is no such thing is no news.
    fn sight(&mut self, device: Node, user: Node, at: i64) {
        if self.trust(user) != Trust::Unique {
            return;
        }
        let user_actor = self.index.actor(user);
        let Some(seen) = self.shared.get_mut(&device).filter(|_| !self.decided.nobody.contains(&user)) else { return };
        let Some(around) = seen.note(at, user_actor) else { return };
        let sharing = self.sharing.entry(user).or_default();
        if !sharing.contains(&device) {
            sharing.push(device);
        }
        if let Some(watch) = &mut self.watch {
            watch.resighted.extend([device, user]);
            watch.resighted.extend(around.into_iter().filter_map(|actor| self.index.get(actor)));
        }
    }

    /// Tells whether a fact says by itself that two names are the same. That a device became somebody is how sources
    /// report a login: it says no more than seeing both together.
    fn is_explicit(&self, fact: u32) -> bool {
        let ends = [self.facts.one[fact as usize], self.facts.other[fact as usize]];
        let is_said = matches!(self.facts.link[fact as usize], Link::Manual | Link::Renamed);
        is_said && ends.into_iter().all(|node| self.trust(node) != Trust::Device)
    }

    /// Tells whether nothing waits and nothing was decided among the identities of a person.
    fn is_plain(&self, node: Node) -> bool {
        let nothing_special = self.waiting.is_empty()
            && self.decided.merged.is_empty()
            && self.decided.split.is_empty()
            && self.decided.large.is_empty();
        let is_special = |node: Node| {
            let decided = &self.decided;
            self.waiting_at.contains_key(&node)
                || decided.merged.contains_key(&node)
                || decided.split.contains_key(&node)
                || decided.large.contains(&node)
        };
        nothing_special || !self.ring(node).any(is_special)
    }

    /// Tells whether two people hold names of one unique namespace.
    fn exclude_each_other(&self, one: Node, other: Node) -> bool {
        let names = |node| self.ring(node).filter(|node| self.trust(*node) == Trust::Unique);
        names(one).any(|one| names(other).any(|other| self.excludes(one, other)))
    }

    /// Tells whether two names cannot be one person's unless somebody says so.
    fn excludes(&self, one: Node, other: Node) -> bool {
        self.namespace[one as usize] == self.namespace[other as usize] && self.name_of(one) != self.name_of(other)
    }

    fn name_of(&self, node: Node) -> Node {
        self.name.get(&node).copied().unwrap_or(node)
    }

    /// Takes note of an earlier first fact.
    fn refresh(&mut self, node: Node) {
        let top = self.top(node);
        if self.is_better(node, self.person[top as usize]) {
            self.remember(top);
            self.person[top as usize] = node;
        }
    }

    /// Tells whether one identity's number is the person's, rather than the other's.
    fn is_better(&self, one: Node, other: Node) -> bool {
        let rank = |node: Node| (self.first[node as usize], self.index.actor(node));
        rank(one) < rank(other)
    }

    /// Makes two people one.
    fn unite(&mut self, one: Node, other: Node) -> Node {
        let (large, small) = if self.size(one) < self.size(other) { (other, one) } else { (one, other) };
        let (kept, ceased) = (self.person[large as usize], self.person[small as usize]);
        let person = if self.is_better(ceased, kept) { ceased } else { kept };
        self.remember(if person == kept { small } else { large });
        self.parent[large as usize] += self.parent[small as usize];
        self.parent[small as usize] = large.cast_signed();
        self.person[large as usize] = person;
        self.next.swap(large as usize, small as usize);
        large
    }

    /// Remembers who the identities of a person are before that changes.
    fn remember(&mut self, top: Node) {
        let Some(mut watch) = self.watch.take() else { return };
        let person = self.person[top as usize];
        for node in self.ring(top) {
            watch.before.entry(node).or_insert(person);
        }
        self.watch = Some(watch);
    }

    fn person(&self, node: Node) -> Node {
        self.person[self.top(node) as usize]
    }

    fn top(&self, mut node: Node) -> Node {
        while let Ok(up) = Node::try_from(self.parent[node as usize]) {
            node = up;
        }
        node
    }

    fn size(&self, top: Node) -> usize {
        self.parent[top as usize].unsigned_abs() as usize
    }

    /// Walks through the identities of a person, from one of them on.
    fn ring(&self, start: Node) -> impl Iterator<Item = Node> + '_ {
        let following = move |node: &Node| Some(self.next[*node as usize]).filter(|next| *next != start);
        std::iter::successors(Some(start), following)
    }

    /// Walks through the facts about an identity.
    fn facts_of(&self, node: Node) -> impl Iterator<Item = u32> + '_ {
        let fact = |number: u32| Some(number).filter(|number| *number != NONE);
        std::iter::successors(fact(self.head[node as usize]), move |number| fact(self.facts.before(*number, node)))
    }

    /// Finds a fact, in as many steps as the identity with fewer facts has.
    fn find_fact(&self, one: Node, other: Node, link: Link) -> Option<u32> {
        let is_it = |fact: &u32| {
            let place = *fact as usize;
            let ends = (self.facts.one[place], self.facts.other[place]);
            self.facts.link[place] == link && (ends == (one, other) || ends == (other, one))
        };
        let (mut ours, mut theirs) = (self.facts_of(one), self.facts_of(other));
        loop {
            let (mine, yours) = (ours.next()?, theirs.next()?);
            if let Some(found) = [mine, yours].into_iter().find(is_it) {
                return Some(found);
            }
        }
    }
}

impl Facts {
    fn push(&mut self, one: Node, other: Node, fact: &IdentityFact, before: [u32; 2]) -> u32 {
        let number = u32::try_from(self.one.len()).expect("fewer than 2^32 facts fit into memory");
        self.one.push(one);
        self.other.push(other);
        self.at.push(fact.at.0);
        self.link.push(fact.link);
        self.before_one.push(before[0]);
        self.before_other.push(before[1]);
        number
    }

    /// Returns the identity at the other end of a fact.
    fn opposite(&self, fact: u32, node: Node) -> Node {
        let (one, other) = (self.one[fact as usize], self.other[fact as usize]);
        if one == node { other } else { one }
    }

    /// Returns the fact before this one about an identity.
    fn before(&self, fact: u32, node: Node) -> u32 {
        if self.one[fact as usize] == node { self.before_one[fact as usize] } else { self.before_other[fact as usize] }
    }
}
