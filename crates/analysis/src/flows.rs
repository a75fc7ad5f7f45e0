//! Flows: from which touchpoint people go on to which (the touchpoint network, NET-2), and the layers of a Sankey diagram.
//!
//! The unit of the **network** is the journey, by the policy of [`crate::journeys`]: a run of touches without a silence
//! longer than the map's journey gap, ended by the target outcome, the silence or the data. Each journey is a walk from
//! *start* through touchpoints to *outcome* or *end*, so at every touchpoint as many journeys come in as go out.
//!
//! The unit of the **layers** is the person: their first touch, second touch … up to [`LAYERS`], or where they stopped. Each
//! layer sums to all people; rare touchpoints are gathered in an honest *other*, never dropped.
//!
//! Source: the directly-follows graph of process mining (van der Aalst 2016), over journeys in place of cases.
//!
//! | journey | edges |
//! |---|---|
//! | ads → page → (outcome) | start–ads, ads–page, page–outcome |
//! | ads → page | start–ads, ads–page, page–end |
//! | page → page | start–page, page–page, page–end |
//! | (outcome at the till) | start–till, till–outcome |
//! | nothing bound | none |
//!
//! State: a square of counts for the network and one for each layer, whatever the number of people. One pass, O(rows).

use crate::meaning::{Meaning, NOWHERE};
use crate::reading::Reading;
use crate::sequence::{Fold, Rows};
use model::time::SECOND;
use std::sync::Arc;

/// Is how many touches from the first on have a layer of their own.
pub const LAYERS: usize = 6;

/// Counts flows; nodes are touchpoints by position, then the three of [`FlowFold::start`] and its like.
#[derive(Debug)]
pub struct FlowFold {
    meaning: Arc<Meaning>,
    /// Journeys by (from, to).
    edges: Vec<u64>,
    /// Seconds between the two touches, summed, by (from, to).
    seconds: Vec<u64>,
    /// People by (layer, node).
    layers: Vec<u64>,
    /// People by (layer, from, to): links from a layer to the next.
    links: Vec<u64>,
    /// People with at least one touch.
    people: u64,
    reading: Reading,
}

impl FlowFold {
    /// Makes a fold that has read nothing.
    #[must_use]
    pub fn new(meaning: Arc<Meaning>) -> Self {
        let nodes = meaning.touchpoints.len() + 3;
        let square = nodes * nodes;
        Self {
            meaning,
            edges: vec![0; square],
            seconds: vec![0; square],
            layers: vec![0; LAYERS * nodes],
            links: vec![0; (LAYERS - 1) * square],
            people: 0,
            reading: Reading::default(),
        }
    }

    /// Returns the node before the first touch.
    #[must_use]
    pub fn start(&self) -> usize {
        self.meaning.touchpoints.len()
    }

    /// Returns the node of a reached target outcome.
    #[must_use]
    pub fn outcome(&self) -> usize {
        self.start() + 1
    }

    /// Returns the node of a journey, or in layers a person, that goes no further.
    #[must_use]
    pub fn end(&self) -> usize {
        self.start() + 2
    }

    /// Returns how many people have at least one touch: the sum of every layer.
    #[must_use]
    pub const fn people(&self) -> u64 {
        self.people
    }

    /// Returns how many journeys went from one node directly to another.
    #[must_use]
    pub fn journeys(&self, from: usize, to: usize) -> u64 {
        self.edges[from * self.nodes() + to]
    }

    /// Returns the mean seconds between two touches that followed each other; `None` where none did.
    #[must_use]
    pub fn mean_seconds(&self, from: usize, to: usize) -> Option<f64> {
        let journeys = self.journeys(from, to);
        (journeys > 0).then(|| self.seconds[from * self.nodes() + to] as f64 / journeys as f64)
    }

    /// Returns the layers with the `most` largest touchpoints each and the rest as [`LayerNode::Other`].
    #[must_use]
    pub fn layers(&self, most: usize) -> Vec<Layer> {
        let kept: Vec<Vec<LayerNode>> = (0..LAYERS).map(|layer| self.gathered(layer, most)).collect();
        (0..LAYERS).map(|layer| self.layer(layer, &kept)).collect()
    }

    /// Says under which name each node of a layer is shown.
    fn gathered(&self, layer: usize, most: usize) -> Vec<LayerNode> {
        let people = &self.layers[layer * self.nodes()..][..self.nodes()];
        let mut touchpoints: Vec<usize> = (0..self.start()).filter(|node| people[*node] > 0).collect();
        touchpoints.sort_by_key(|node| (std::cmp::Reverse(people[*node]), *node));
        touchpoints.truncate(most);
        let name = |node: usize| {
            if node == self.end() {
                LayerNode::Ended
            } else if touchpoints.contains(&node) {
                LayerNode::Touchpoint(node)
            } else {
                LayerNode::Other
            }
        };
        (0..self.nodes()).map(name).collect()
    }

    fn layer(&self, layer: usize, kept: &[Vec<LayerNode>]) -> Layer {
        let nodes = self.nodes();
        let mut shown = Layer::default();
        for (kept, people) in kept[layer].iter().zip(&self.layers[layer * nodes..]) {
            shown.nodes.add(*kept, *people);
        }
        if layer + 1 < LAYERS {
            for (at, people) in self.links[layer * nodes * nodes..][..nodes * nodes].iter().enumerate() {
                shown.links.add((kept[layer][at / nodes], kept[layer + 1][at % nodes]), *people);
            }
        }
        shown
    }

    fn nodes(&self) -> usize {
        self.meaning.touchpoints.len() + 3
    }

    /// Walks the journeys and the first touches of the person that was just read.
    fn count(&mut self, rows: &Rows) {
        let (start, outcome, end) = (self.start(), self.outcome(), self.end());
        let (mut here, mut since) = (start, i64::MIN);
        let mut first = [end; LAYERS];
        let mut touches = 0;
        for position in 0..self.reading.rows.len() {
            let at = rows.at[self.reading.rows[position]];
            let is_outcome = self.reading.outcomes[position] & self.meaning.target != 0;
            let own = self.reading.touchpoint[position];
            let is_met = own != NOWHERE && self.meaning.touchpoints[own as usize].with_customers;
            if here != start && at.saturating_sub(since) > self.meaning.journey_gap {
                self.edge(here, end, 0);
                here = start;
            }
            // An outcome counts as met where it happened only when nothing led to it, as in attribution.
            if is_met && (!is_outcome || here == start) {
                let passed = if here == start { 0 } else { at - since };
                self.edge(here, own as usize, passed);
                (here, since) = (own as usize, at);
                if touches < LAYERS {
                    first[touches] = own as usize;
                }
                touches += 1;
            }
            if is_outcome && here != start {
                self.edge(here, outcome, 0);
                here = start;
            }
        }
        if here != start {
            self.edge(here, end, 0);
        }
        if touches > 0 {
            self.people += 1;
            self.count_layers(&first);
        }
    }

    fn count_layers(&mut self, first: &[usize; LAYERS]) {
        let nodes = self.nodes();
        for (layer, node) in first.iter().enumerate() {
            self.layers[layer * nodes + node] += 1;
        }
        for (layer, pair) in first.windows(2).enumerate() {
            self.links[(layer * nodes + pair[0]) * nodes + pair[1]] += 1;
        }
    }

    fn edge(&mut self, from: usize, to: usize, passed: i64) {
        let at = from * self.nodes() + to;
        self.edges[at] += 1;
        self.seconds[at] += u64::try_from(passed / SECOND).unwrap_or(0);
    }
}

/// Is what stands in a layer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LayerNode {
    /// A touchpoint, by position.
    Touchpoint(usize),
    /// All touchpoints that are not shown by themselves.
    Other,
    /// People who had no further touch.
    Ended,
}

/// Is one layer: who stands where, and where they go on to.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Layer {
    /// People by node; they sum to all people.
    pub nodes: Counts<LayerNode>,
    /// People by pair of nodes of this layer and the next; empty for the last.
    pub links: Counts<(LayerNode, LayerNode)>,
}

/// Counts a few things in the order in which they were first met.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Counts<K>(pub Vec<(K, u64)>);

impl<K> Default for Counts<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: PartialEq> Counts<K> {
    fn add(&mut self, key: K, people: u64) {
        if people == 0 {
            return;
        }
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some((_, sum)) => *sum += people,
            None => self.0.push((key, people)),
        }
    }
}

impl Fold for FlowFold {
    fn take(&mut self, rows: &Rows) {
        let meaning = Arc::clone(&self.meaning);
        for person in rows.people() {
            if self.reading.read_known(&meaning, rows, person) {
                self.count(rows);
            }
        }
    }

    fn merge(&mut self, other: Self) {
        crate::tally::add(&mut self.edges, &other.edges);
        crate::tally::add(&mut self.seconds, &other.seconds);
        crate::tally::add(&mut self.layers, &other.layers);
        crate::tally::add(&mut self.links, &other.links);
        self.people += other.people;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{self, Row, TOUCHPOINTS};
    use model::Form;
    use proptest::prelude::*;

    fn form(touchpoint: &str) -> Form {
        if touchpoint == "till" { Form::Purchase } else { Form::View }
    }

    fn run(rows: &[Row]) -> FlowFold {
        let (meaning, rows) = example::rows(rows, 200);
        let mut fold = FlowFold::new(Arc::new(meaning));
        fold.take(&rows);
        fold
    }

    fn rows(people: &[&[(&str, i64)]]) -> Vec<Row> {
        let row = |(person, touches): (usize, &&[(&str, i64)])| {
            touches.iter().map(move |(name, day)| Row::new((person as u64) << 54, *day, name, form(name))).collect::<Vec<_>>()
        };
        people.iter().enumerate().flat_map(row).collect()
    }

    fn node(fold: &FlowFold, name: &str) -> usize {
        match name {
            "start" => fold.start(),
            "outcome" => fold.outcome(),
            "end" => fold.end(),
            _ => TOUCHPOINTS.iter().position(|known| *known == name).expect("known"),
        }
    }

    #[test]
    fn the_example_of_the_documentation() {
        let fold = run(&rows(&[
            &[("ads", 0), ("page", 1), ("till", 2)],
            &[("ads", 0), ("page", 3)],
            &[("page", 0), ("page", 1)],
            &[("till", 0)],
        ]));
        let expected = [
            ("start", "ads", 2),
            ("ads", "page", 2),
            ("page", "outcome", 1),
            ("page", "end", 2),
            ("start", "page", 1),
            ("page", "page", 1),
            ("start", "till", 1),
            ("till", "outcome", 1),
        ];
        for (from, to, journeys) in expected {
            assert_eq!(fold.journeys(node(&fold, from), node(&fold, to)), journeys, "{from} to {to}");
        }
        assert_eq!(fold.edges.iter().sum::<u64>(), 11);
        assert_eq!(fold.mean_seconds(node(&fold, "ads"), node(&fold, "page")), Some(2.0 * 86_400.0));
    }

    #[test]
    fn a_long_silence_begins_a_new_journey() {
        let fold = run(&rows(&[&[("ads", 0), ("page", 90)]]));
        assert_eq!(fold.journeys(node(&fold, "ads"), node(&fold, "page")), 0);
        assert_eq!(fold.journeys(node(&fold, "ads"), node(&fold, "end")), 1);
        // The person goes on all the same.
        assert_eq!(fold.layers(9)[0].links.0, [((LayerNode::Touchpoint(0), LayerNode::Touchpoint(2)), 1)]);
    }

    #[test]
    fn rare_touchpoints_are_gathered_and_nobody_is_lost() {
        let fold = run(&rows(&[&[("ads", 0), ("mail", 1)], &[("ads", 0)], &[("page", 0), ("ads", 1)]]));
        let layers = fold.layers(1);
        assert_eq!(layers[0].nodes.0, [(LayerNode::Touchpoint(0), 2), (LayerNode::Other, 1)]);
        assert_eq!(layers[1].nodes.0, [(LayerNode::Touchpoint(0), 1), (LayerNode::Other, 1), (LayerNode::Ended, 1)]);
    }

    proptest! {
        #[test]
        fn what_comes_in_goes_out_layers_sum_to_people_and_parts_merge(
            touches in prop::collection::vec((0..12_u64, 0..150_i64, 0..4_usize), 0..80),
            most in 0..4_usize,
            parts in 1..8_u64,
        ) {
            let rows: Vec<Row> =
                touches.iter().map(|(person, day, at)| Row::new(person << 54, *day, TOUCHPOINTS[*at], form(TOUCHPOINTS[*at]))).collect();
            let fold = run(&rows);
            for touchpoint in 0..4 {
                let into: u64 = (0..fold.nodes()).map(|from| fold.journeys(from, touchpoint)).sum();
                let out: u64 = (0..fold.nodes()).map(|to| fold.journeys(touchpoint, to)).sum();
                prop_assert_eq!(into, out);
            }
            let layers = fold.layers(most);
            for layer in &layers {
                prop_assert_eq!(layer.nodes.0.iter().map(|(_, people)| people).sum::<u64>(), fold.people());
            }
            for layer in &layers[..LAYERS - 1] {
                prop_assert_eq!(layer.links.0.iter().map(|(_, people)| people).sum::<u64>(), fold.people());
            }
            let part = |part: u64| rows.iter().filter(|row| (row.person >> 54) % parts == part).cloned().collect::<Vec<_>>();
            let mut merged = run(&part(0));
            (1..parts).rev().for_each(|at| merged.merge(run(&part(at))));
            prop_assert_eq!((&merged.edges, &merged.seconds, &merged.layers, &merged.links), (&fold.edges, &fold.seconds, &fold.layers, &fold.links));
        }
    }
}
