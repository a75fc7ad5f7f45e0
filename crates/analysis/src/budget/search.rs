//! Branch and bound: solve the easy problem above the hard one, cut where they differ, until both meet.

use super::Item;
use super::envelope::{Piece, Stand};
use std::collections::BinaryHeap;

/// After so many sub-problems the best answer so far is given with the gap that is left.
const NODES_MAX: u32 = 20_000;

/// Is what a search has found.
pub(super) struct Found {
    pub(super) spend: Vec<f64>,
    pub(super) bound: f64,
    pub(super) price: f64,
    pub(super) nodes: u32,
}

/// Is the gap at which two sums of floating numbers count as equal.
pub(super) fn accuracy(bound: f64) -> f64 {
    1e-10 * (1.0 + bound.abs())
}

/// Is what one step of a grid is worth at a price: where a mean has any shape, answers are told to that.
pub(super) fn slack(items: &[Item], budget: f64, price: f64) -> f64 {
    let step = |item: &Item| {
        let high = item.ceiling.unwrap_or(budget).min(budget).max(item.floor);
        if item.is_gridded() { item.step(high - item.floor).unwrap_or(0.0) } else { 0.0 }
    };
    price * items.iter().map(step).fold(0.0, f64::max)
}

/// Is one sub-problem, solved: the pieces, and the best spends for their envelopes.
struct Node {
    pieces: Vec<Piece>,
    spend: Vec<f64>,
    bound: f64,
    price: f64,
}

/// The heap gives the node with the highest bound first.
impl Ord for Node {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.bound.total_cmp(&other.bound)
    }
}

impl PartialOrd for Node {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Node {}

/// Searches for the best division of a budget over sound items whose floors fit into it.
pub(super) fn best(items: &[Item], budget: f64) -> Found {
    let whole = items.iter().map(|item| Piece::whole(item, budget)).collect();
    let root = relaxed(items, whole, budget);
    let mut nodes = 1;
    let (mut spend, mut value) = realised(items, &root, budget);
    let mut found_price = root.price;
    let mut open = BinaryHeap::from([root]);
    let mut bound = value;
    while let Some(node) = open.pop() {
        bound = node.bound.max(value);
        if bound - value <= accuracy(bound) + slack(items, budget, node.price) || nodes >= NODES_MAX {
            break;
        }
        let Some((at, halves)) = cut(items, &node) else {
            // Nothing to cut: the envelopes are the responses there, up to rounding.
            bound = value;
            continue;
        };
        for half in [halves.0, halves.1] {
            let mut pieces = node.pieces.clone();
            pieces[at] = half;
            if pieces.iter().map(least).sum::<f64>() > budget * (1.0 + 1e-12) {
                continue;
            }
            nodes += 1;
            let child = relaxed(items, pieces, budget);
            let (child_spend, child_value) = realised(items, &child, budget);
            if child_value > value {
                (spend, value, found_price) = (child_spend, child_value, child.price);
            }
            if child.bound > value + accuracy(value) {
                open.push(child);
            }
        }
        bound = value;
    }
    Found { spend, bound, price: found_price, nodes }
}

fn least(piece: &Piece) -> f64 {
    match piece {
        Piece::Any { low, .. } => *low,
        Piece::Packages { hull, .. } => hull[0].0,
    }
}

/// Solves a sub-problem with envelopes in place of responses.
fn relaxed(items: &[Item], pieces: Vec<Piece>, budget: f64) -> Node {
    let stands = |price: f64| -> Vec<Stand> { items.iter().zip(&pieces).map(|(item, piece)| piece.stand(item, price)).collect() };
    let most = |stands: &[Stand]| stands.iter().map(|stand| stand.most).sum::<f64>();
    let free = stands(0.0);
    let (spend, price) = if most(&free) <= budget {
        (free.iter().map(|stand| stand.most).collect(), 0.0)
    } else {
        let price = price_for(budget, |price| most(&stands(price)));
        (fill(&stands(price), &stands(price * (1.0 + 1e-13) + f64::MIN_POSITIVE), budget), price)
    };
    let value = |((item, piece), x): ((&Item, &Piece), &f64)| piece.value(item, *x);
    let bound = items.iter().zip(&pieces).zip(&spend).map(value).sum();
    Node { pieces, spend, bound, price }
}

/// Finds the highest price at which the most that is wanted is still at least the budget.
fn price_for(budget: f64, wanted: impl Fn(f64) -> f64) -> f64 {
    let mut high = 1.0;
    while wanted(high) > budget && high < 1e300 {
        high *= 4.0;
    }
    let mut low = high / 4.0;
    while wanted(low) < budget && low > 1e-300 {
        (low, high) = (low / 4.0, low);
    }
    for _ in 0..200 {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        if wanted(middle) >= budget { low = middle } else { high = middle }
    }
    low
}

/// Gives everybody the least they take at the price, then what is left to those who would take more.
fn fill(at_price: &[Stand], above_price: &[Stand], budget: f64) -> Vec<f64> {
    let mut spend: Vec<f64> = at_price.iter().zip(above_price).map(|(at, above)| at.least.min(above.most)).collect();
    let mut left = budget - spend.iter().sum::<f64>();
    for (x, stand) in spend.iter_mut().zip(at_price) {
        let more = (stand.most - *x).min(left).max(0.0);
        *x += more;
        left -= more;
    }
    spend
}

/// Makes of a sub-problem's answer one that can really be spent, and returns what it brings.
fn realised(items: &[Item], node: &Node, budget: f64) -> (Vec<f64>, f64) {
    let mut spend: Vec<f64> =
        items.iter().zip(&node.pieces).zip(&node.spend).map(|((item, piece), x)| piece.allowed(item, *x)).collect();
    // What rounding down to whole packages has left goes to whoever can take it.
    let mut left = budget - spend.iter().sum::<f64>();
    for ((item, piece), x) in items.iter().zip(&node.pieces).zip(&mut spend) {
        if left <= 0.0 {
            break;
        }
        let top = match piece {
            Piece::Any { high, .. } => *high,
            Piece::Packages { hull, .. } => hull[hull.len() - 1].0,
        };
        let more = piece.allowed(item, (*x + left).min(top)).max(*x);
        left -= more - *x;
        *x = more;
    }
    let value = items.iter().zip(&spend).map(|(item, x)| item.value(*x)).sum();
    (spend, value)
}

/// Cuts the item whose envelope is furthest above its response, where it stands.
fn cut(items: &[Item], node: &Node) -> Option<(usize, (Piece, Piece))> {
    let excess = |at: usize| {
        let (item, piece, x) = (&items[at], &node.pieces[at], node.spend[at]);
        piece.value(item, x) - item.value(piece.allowed(item, x))
    };
    let at = (0..items.len()).max_by(|one, other| excess(*one).total_cmp(&excess(*other)))?;
    let halves = node.pieces[at].cut(&items[at], node.spend[at])?;
    Some((at, halves))
}
