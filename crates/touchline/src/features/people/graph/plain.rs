//! The rules once more, plain and slow, and the promises of the graph told against them.

use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Is how many identities a person may gather in these tests.
const FEW: usize = 5;
/// Is the time between two moments of these tests: less than a visit, and two of them are more.
const STEP: i64 = 20 * 60_000_000;

/// Is what the rules make of a set of facts.
#[derive(Default, Debug)]
struct Plain {
    person: BTreeMap<ActorId, PersonId>,
    /// Per device: visit and who, with the moment.
    seen: BTreeMap<ActorId, BTreeMap<(i64, ActorId), i64>>,
    waiting: BTreeSet<(ActorId, ActorId, Link)>,
}

/// Is identities with a label each: those with the same label are together.
#[derive(Clone)]
struct Labels(BTreeMap<ActorId, usize>);

impl Labels {
    fn join(&mut self, one: ActorId, other: ActorId) {
        let (from, to) = (self.0[&one], self.0[&other]);
        self.0.values_mut().filter(|label| **label == from).for_each(|label| *label = to);
    }

    fn together(&self, one: ActorId, other: ActorId) -> bool {
        self.0[&one] == self.0[&other]
    }

    fn with(&self, one: ActorId) -> Vec<ActorId> {
        self.0.iter().filter(|(_, label)| **label == self.0[&one]).map(|(actor, _)| *actor).collect()
    }

    /// Tells whether joining two would bring a split pair together.
    fn is_split(&self, one: ActorId, other: ActorId, splits: &[(Named, Named)]) -> bool {
        let mut joined = self.clone();
        joined.join(one, other);
        let would = |(a, b): &(Named, Named)| !self.together(a.actor, b.actor) && joined.together(a.actor, b.actor);
        splits.iter().any(would)
    }
}

/// Applies the rules to a set of facts.
fn plainly(facts: &[IdentityFact], decisions: &Decisions) -> Plain {
    let mut namespace: BTreeMap<ActorId, Namespace> = BTreeMap::new();
    let mut first: BTreeMap<ActorId, i64> = BTreeMap::new();
    let mut pairs: BTreeMap<(ActorId, ActorId, Link), i64> = BTreeMap::new();
    for fact in facts {
        for named in [fact.one, fact.other] {
            namespace.insert(named.actor, named.namespace);
            let first = first.entry(named.actor).or_insert(fact.at.0);
            *first = fact.at.0.min(*first);
        }
        let at = pairs.entry((fact.one.actor, fact.other.actor, fact.link)).or_insert(fact.at.0);
        *at = fact.at.0.min(*at);
    }
    let merged = decisions.merged.iter().flat_map(|(one, other, _)| [one, other]);
    let split = decisions.split.iter().flat_map(|(one, other)| [one, other]);
    for named in merged.chain(split).chain(&decisions.nobody).chain(&decisions.large) {
        namespace.insert(named.actor, named.namespace);
    }
    let is_nobody = |actor: &ActorId| decisions.nobody.iter().any(|named| named.actor == *actor);
    pairs.retain(|(one, other, _), _| !is_nobody(one) && !is_nobody(other));
    let trust = |actor: &ActorId| namespace[actor].trust();

    // Names: what is explicitly the same.
    let mut names = Labels(namespace.keys().enumerate().map(|(label, actor)| (*actor, label)).collect());
    let no_device = |one: &ActorId, other: &ActorId| trust(one) != Trust::Device && trust(other) != Trust::Device;
    let mut explicit: Vec<(usize, i64, ActorId, ActorId)> = Vec::new();
    for ((one, other, link), at) in &pairs {
        if matches!(link, Link::Manual | Link::Renamed) && no_device(one, other) {
            explicit.push((link.rank(), *at, *one, *other));
        }
    }
    for (one, other, at) in &decisions.merged {
        if !is_nobody(&one.actor) && !is_nobody(&other.actor) {
            explicit.push((0, at.0, one.actor.min(other.actor), one.actor.max(other.actor)));
        }
    }
    explicit.sort_unstable();
    for (_, _, one, other) in explicit {
        if !names.together(one, other) && !names.is_split(one, other, &decisions.split) {
            names.join(one, other);
        }
    }
    let excludes = |one: &ActorId, other: &ActorId| {
        trust(one) == Trust::Unique && namespace[one] == namespace[other] && !names.together(*one, *other)
    };

    // Devices seen with names that exclude each other.
    let mut plain = Plain::default();
    for device in namespace.keys().filter(|actor| trust(actor) == Trust::Device) {
        let is_merged = decisions.merged.iter().any(|(one, other, _)| [one.actor, other.actor].contains(device));
        let around = pairs.keys().filter(|(one, other, _)| [one, other].contains(&device));
        let users: BTreeSet<_> = around.map(|(one, other, _)| if one == device { *other } else { *one }).collect();
        if !is_merged && users.iter().any(|one| users.iter().any(|other| excludes(one, other))) {
            plain.seen.insert(*device, BTreeMap::new());
        }
    }
    for fact in facts {
        for (device, user) in [(fact.one.actor, fact.other.actor), (fact.other.actor, fact.one.actor)] {
            if let Some(seen) = plain.seen.get_mut(&device).filter(|_| trust(&user) == Trust::Unique && !is_nobody(&user)) {
                let at = seen.entry((visit_of(fact.at.0), user)).or_insert(fact.at.0);
                *at = fact.at.0.min(*at);
            }
        }
    }

    // Everything else, strongest and earliest first.
    let mut people = names.clone();
    pairs.retain(|(one, other, _), _| !plain.seen.contains_key(one) && !plain.seen.contains_key(other));
    let mut order: Vec<_> = pairs.iter().map(|((one, other, link), at)| (link.rank(), *at, *one, *other, *link)).collect();
    order.sort_unstable();
    for (_, _, one, other, link) in order {
        if people.together(one, other) {
            continue;
        }
        let (mine, yours) = (people.with(one), people.with(other));
        let is_exclusive = mine.iter().any(|mine| yours.iter().any(|yours| excludes(mine, yours)));
        let is_large = decisions.large.iter().any(|named| mine.contains(&named.actor) || yours.contains(&named.actor));
        let is_many = mine.len() + yours.len() > FEW && !is_large;
        if is_exclusive || is_many || people.is_split(one, other, &decisions.split) {
            plain.waiting.insert((one, other, link));
        } else {
            people.join(one, other);
        }
    }
    for actor in namespace.keys() {
        let rank = |actor: &ActorId| (first.get(actor).copied().unwrap_or(i64::MAX), *actor);
        let best = people.with(*actor).into_iter().min_by_key(rank).expect("there is at least this one");
        plain.person.insert(*actor, best.into());
    }
    plain
}

impl Plain {
    fn person_of(&self, actor: ActorId) -> PersonId {
        self.person.get(&actor).copied().unwrap_or_else(|| actor.into())
    }

    fn person_at(&self, actor: ActorId, at: Instant) -> PersonId {
        let mut seen: Vec<_> = self.seen.get(&actor).into_iter().flatten().map(|((_, user), at)| (*at, *user)).collect();
        seen.sort_unstable();
        owner(&seen, at, |user| self.person_of(user)).unwrap_or_else(|| self.person_of(actor))
    }
}

/// Is an identity of these tests: three users, two addresses, three devices, three nicknames.
fn named(number: u64) -> Named {
    let namespace = match number {
        0..3 => "user",
        3..5 => "email",
        5..8 => "device",
        _ => "nick",
    };
    // Numbers in an order of their own, so that small ones are not always the users'.
    Named { actor: ActorId(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)), namespace: Namespace::of(namespace) }
}

/// Is how many identities there are in these tests.
const ALL: u64 = 11;

fn fact((one, other, link, at): (u64, u64, usize, i64)) -> Option<IdentityFact> {
    IdentityFact::between(named(one), named(other), Link::ALL[link], Instant(at * STEP))
}

fn facts() -> impl Strategy<Value = Vec<IdentityFact>> {
    // Sources say "together" far more often than anything else.
    let link = prop_oneof![6 => Just(4_usize), 1 => 0_usize..4];
    prop::collection::vec((0..ALL, 0..ALL, link, 0_i64..9), 0..25).prop_map(|facts| facts.into_iter().filter_map(fact).collect())
}

fn decisions() -> impl Strategy<Value = Decisions> {
    let few = || prop::collection::vec((0..ALL, 0..ALL, 0_i64..9), 0..3);
    (few(), few(), prop::collection::vec(0..ALL, 0..2), prop::collection::vec(0..ALL, 0..2)).prop_map(
        |(merged, split, nobody, large)| Decisions {
            merged: merged
                .into_iter()
                .filter(|(one, other, _)| one != other)
                .map(|(one, other, at)| (named(one), named(other), Instant(at)))
                .collect(),
            split: split.into_iter().filter(|(one, other, _)| one != other).map(|(a, b, _)| (named(a), named(b))).collect(),
            nobody: nobody.into_iter().map(named).collect(),
            large: large.into_iter().map(named).collect(),
        },
    )
}

fn graph() -> Graph {
    Graph { limit: Limit(FEW), ..Graph::default() }
}

/// Takes a batch into account, as the room does: `all` is what the state store holds by then.
fn take(graph: &mut Graph, batch: &[IdentityFact], all: &[IdentityFact]) {
    graph.learn(batch.iter().cloned());
    graph.settle();
    for device in graph.unread() {
        for fact in all {
            if fact.one.actor == device {
                graph.sighted(device, fact.other.actor, fact.at);
            } else if fact.other.actor == device {
                graph.sighted(device, fact.one.actor, fact.at);
            }
        }
    }
}

/// Returns who everybody is at every moment of these tests.
fn everything(person_at: impl Fn(ActorId, Instant) -> PersonId) -> BTreeMap<(ActorId, i64), PersonId> {
    let moments = || (-6..60).map(|part| part * STEP / 4);
    let all = (0..ALL).flat_map(|number| moments().map(move |at| (named(number).actor, at)));
    all.map(|(actor, at)| ((actor, at), person_at(actor, Instant(at)))).collect()
}

fn check(graph: &Graph, facts: &[IdentityFact], decisions: &Decisions) -> Result<(), TestCaseError> {
    let plain = plainly(facts, decisions);
    for number in 0..ALL {
        let actor = named(number).actor;
        prop_assert_eq!(graph.person_of(actor), plain.person_of(actor), "{}", number);
        let mates = graph.identities_of(actor.into());
        prop_assert!(mates.contains(&actor) && mates.iter().all(|mate| graph.person_of(*mate) == graph.person_of(actor)));
        for other in (0..ALL).map(|number| named(number).actor) {
            let why = graph.why(actor, other);
            let is_known = |actor| graph.index.get(actor).is_some();
            let is_one = is_known(actor) && is_known(other) && graph.person_of(actor) == graph.person_of(other);
            prop_assert_eq!(why.is_some(), is_one);
            prop_assert!(why.into_iter().flatten().all(|step| graph.person_of(step.to) == graph.person_of(actor)));
        }
    }
    prop_assert_eq!(everything(|actor, at| graph.person_at(actor, at)), everything(|actor, at| plain.person_at(actor, at)));
    let waiting = graph.waiting.keys().map(|fact| {
        let place = *fact as usize;
        let ends = [graph.facts.one[place], graph.facts.other[place]].map(|node| graph.index.actor(node));
        (ends[0], ends[1], graph.facts.link[place])
    });
    prop_assert_eq!(waiting.collect::<BTreeSet<_>>(), plain.waiting);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Guarantees 1 to 4 and 6: the same set of facts and decisions makes the same people, and those of the rules,
    /// whatever order they came in, in whatever batches, however often, decisions before or between or after.
    #[test]
    fn people_are_a_function_of_the_set_of_facts(
        (facts, shuffled) in facts().prop_flat_map(|facts| {
            let again = facts.iter().chain(facts.iter().take(5)).cloned().collect::<Vec<_>>();
            (Just(facts), Just(again).prop_shuffle())
        }),
        decisions in decisions(),
        earlier in decisions(),
        size in 1_usize..9,
        when in 0_usize..9,
    ) {
        let mut graph = graph();
        for (number, batch) in shuffled.chunks(size).enumerate() {
            if number == when / 2 {
                graph.decide(&earlier);
            }
            if number == when {
                graph.decide(&decisions);
            }
            let all = &shuffled[..(number * size + batch.len())];
            take(&mut graph, batch, all);
        }
        graph.decide(&decisions);
        take(&mut graph, &[], &shuffled);
        check(&graph, &facts, &decisions)?;
        graph.decide(&Decisions::default());
        take(&mut graph, &[], &shuffled);
        check(&graph, &facts, &Decisions::default())?;
    }

    /// Guarantee 5: whoever loses or gains rows is told, so that a scan asks again; fresh identities have no rows.
    #[test]
    fn whoever_changes_is_told(facts in facts(), size in 1_usize..6, first in decisions(), second in decisions()) {
        let mut graph = graph();
        let mut seen: BTreeSet<ActorId> = BTreeSet::new();
        for (number, batch) in facts.chunks(size).enumerate() {
            let before = everything(|actor, at| graph.person_at(actor, at));
            graph.watch();
            if number == 1 {
                graph.decide(&first);
            } else if number == 3 {
                graph.decide(&second);
            }
            take(&mut graph, batch, &facts[..(number * size + batch.len())]);
            let unsettled = graph.changed(|actor| !seen.contains(&actor));
            for (key, person) in everything(|actor, at| graph.person_at(actor, at)) {
                let old = before[&key];
                if old != person && seen.contains(&key.0) {
                    prop_assert!(unsettled.contains(&old) && unsettled.contains(&person), "{:?}: {} to {}", key, old, person);
                }
            }
            seen.extend(batch.iter().flat_map(|fact| [fact.one.actor, fact.other.actor]));
        }
    }
}

/// Checks who is one person after some facts, given as pairs of names such as `user:1`.
fn check_people(facts: &[(u64, u64, i64)], expected: &[&[u64]]) {
    let all: Vec<_> = facts.iter().filter_map(|(one, other, at)| fact((*one, *other, 4, *at))).collect();
    let mut graph = graph();
    take(&mut graph, &all, &all);
    for people in expected {
        let ids: BTreeSet<_> = people.iter().map(|number| named(*number).actor).collect();
        let found = graph.identities_of(named(people[0]).actor.into());
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), ids, "{facts:?}");
    }
}

#[test]
fn people_are_what_the_rules_say() {
    // 0–2 users, 3–4 addresses, 5–7 devices, 8–10 nicknames.
    check_people(&[(0, 5, 0), (0, 6, 1), (5, 3, 2)], &[&[0, 3, 5, 6]]);
    // A device of two users is neither's.
    check_people(&[(0, 5, 0), (1, 5, 1)], &[&[0], &[1], &[5]]);
    // Two users are not joined by a chain; the earlier fact counts.
    check_people(&[(0, 8, 1), (8, 9, 0), (9, 1, 2)], &[&[0, 8, 9], &[1]]);
    // A sixth identity waits.
    check_people(&[(0, 5, 0), (0, 6, 1), (0, 7, 2), (0, 8, 3), (0, 9, 4)], &[&[0, 5, 6, 7, 8], &[9]]);
    check_people(&[(4, 4, 0)], &[&[4]]);
}
