//! Where money should go: dividing a budget over touchpoints so that no other division brings more (M22).
//!
//! Maximise `Σ fᵢ(xᵢ)` for `Σ xᵢ ≤ B` and `floorᵢ ≤ xᵢ ≤ ceilingᵢ`. With concave responses the answer is where the
//! next unit brings the same everywhere (Karush, Kuhn and Tucker): one price λ, found by halving. With S-shaped
//! responses, or with packages that are bought whole, local solvers stop at whatever hill they started on. Here every
//! response is replaced by the smallest concave function above it; that problem is easy and its answer is an **upper
//! bound**. At most one item then lies where the two functions differ, so its range is cut in two there and both halves
//! are solved again (branch and bound; Udell and Boyd 2013 for sums of sigmoids). The search ends when bound and best
//! answer meet: the result is the **certified global optimum**, or says how far from certain it is.
//!
//! | item | response | spend | marginal |
//! |---|---|---|---|
//! | ads | 100 (1 − e^(−0.001 x)) | 1,272.56 | 0.028011 |
//! | mail | 60 (1 − e^(−0.002 x)) | 727.44 | 0.028011 |
//!
//! Together 2,000 bring 117.98; halves would bring 115.09.
//!
//! Cost: a price takes about 60 halvings of one pass over the items; concave problems need one, S-shaped ones seldom
//! more than a few. Memory: a few numbers per item and open half.

mod envelope;
mod response;
mod search;

pub use response::Response;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Is one touchpoint that can be given money.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = BudgetItem)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Its id.
    pub id: String,
    /// What spending on it brings.
    pub response: Response,
    /// What is spent on it today.
    #[serde(default)]
    pub today: f64,
    /// At least so much is spent.
    #[serde(default)]
    pub floor: f64,
    /// At most so much is spent; none: the whole budget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceiling: Option<f64>,
    /// Spend above the floor comes in packages of this size only; none: any amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<f64>,
}

/// Is why a budget cannot be divided.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum Impossible {
    /// The floors ask for more than there is.
    #[error("the floors add up to {floors}, more than the budget of {budget}")]
    FloorsAboveBudget {
        /// The sum of all floors.
        floors: f64,
        /// The budget.
        budget: f64,
    },
    /// The numbers of an item mean nothing.
    #[error("`{id}`: {what}")]
    Item {
        /// Which.
        id: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The budget is no amount.
    #[error("the budget must be a number of at least 0")]
    Budget,
    /// There is nothing to give money to.
    #[error("there are no items to divide the budget over")]
    Nothing,
}

/// Is a division of a budget.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Allocation {
    /// What each item gets, in the order of the items.
    pub spend: Vec<f64>,
    /// What each item brings then.
    pub brings: Vec<f64>,
    /// What the next unit would bring at each item.
    pub marginal: Vec<f64>,
    /// What all bring together.
    pub value: f64,
    /// What no division whatever can exceed.
    pub bound: f64,
    /// `bound − value`: nought, up to the accuracy of floating numbers, means that this is the best of all.
    pub gap: f64,
    /// Whether the gap is closed.
    pub certified: bool,
    /// The price λ: what one more unit of budget would bring.
    pub price: f64,
    /// How many sub-problems were solved.
    pub nodes: u32,
    /// What today's spend brings.
    pub today: f64,
}

/// Divides a budget.
///
/// # Errors
/// Says why it cannot be divided.
pub fn allocate(items: &[Item], budget: f64) -> Result<Allocation, Impossible> {
    check(items, budget)?;
    let found = search::best(items, budget);
    let each = |of: &dyn Fn(&Item, f64) -> f64| items.iter().zip(&found.spend).map(|(item, x)| of(item, *x)).collect::<Vec<_>>();
    let brings = each(&|item, x| item.response.value(x));
    let value: f64 = brings.iter().sum();
    let gap = (found.bound - value).max(0.0);
    Ok(Allocation {
        marginal: each(&|item, x| item.response.marginal(x)),
        today: items.iter().map(|item| item.response.value(item.today)).sum(),
        certified: gap <= search::accuracy(found.bound),
        spend: found.spend,
        bound: value + gap,
        price: found.price,
        nodes: found.nodes,
        brings,
        value,
        gap,
    })
}

fn check(items: &[Item], budget: f64) -> Result<(), Impossible> {
    if !budget.is_finite() || budget < 0.0 {
        return Err(Impossible::Budget);
    }
    if items.is_empty() {
        return Err(Impossible::Nothing);
    }
    for item in items {
        if let Some(what) = problem(item) {
            return Err(Impossible::Item { id: item.id.clone(), what });
        }
    }
    let floors = items.iter().map(|item| item.floor).sum();
    if floors > budget { Err(Impossible::FloorsAboveBudget { floors, budget }) } else { Ok(()) }
}

/// Is how many packages of one item are told apart at most; more are as good as any amount.
const PACKAGES_MAX: f64 = 100_000.0;

fn problem(item: &Item) -> Option<&'static str> {
    let amount = |number: f64| number.is_finite() && number >= 0.0;
    if !amount(item.floor) || !amount(item.today) || !item.ceiling.is_none_or(amount) {
        return Some("`floor`, `ceiling` and `today` must be numbers of at least 0");
    }
    if item.ceiling.is_some_and(|ceiling| ceiling < item.floor) {
        return Some("the ceiling is below the floor");
    }
    if item.package.is_some_and(|package| !(package.is_finite() && package > 0.0)) {
        return Some("`package` must be a number above 0");
    }
    item.response.problem()
}

/// Is a step from today's spend to the best one.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Move {
    /// The place of the item that gives; none: money that is not spent today.
    pub from: Option<usize>,
    /// The place of the item that gets; none: money that is better not spent.
    pub to: Option<usize>,
    /// How much.
    pub amount: f64,
}

/// Tells how to come from today's spend to another one: few moves, the largest first.
///
/// Whoever gives most is paired with whoever gets most, as in M2.
#[must_use]
pub fn moves(today: &[f64], best: &[f64]) -> Vec<Move> {
    let difference = |at: usize| best[at] - today[at];
    let mut givers: Vec<(Option<usize>, f64)> =
        (0..best.len()).filter(|at| difference(*at) < 0.0).map(|at| (Some(at), -difference(at))).collect();
    let mut takers: Vec<(Option<usize>, f64)> =
        (0..best.len()).filter(|at| difference(*at) > 0.0).map(|at| (Some(at), difference(at))).collect();
    let total = |side: &[(Option<usize>, f64)]| side.iter().map(|(_, amount)| amount).sum::<f64>();
    let missing = total(&takers) - total(&givers);
    if missing > 0.0 {
        givers.push((None, missing))
    } else {
        takers.push((None, -missing))
    }
    // Below this nothing is worth telling.
    let crumbs = 1e-6 * (total(&takers) + 1.0);
    let mut moves = Vec::new();
    loop {
        let largest =
            |side: &[(Option<usize>, f64)]| (0..side.len()).max_by(|one, other| side[*one].1.total_cmp(&side[*other].1));
        let (Some(giver), Some(taker)) = (largest(&givers), largest(&takers)) else { break };
        let amount = givers[giver].1.min(takers[taker].1);
        if amount <= crumbs {
            break;
        }
        moves.push(Move { from: givers[giver].0, to: takers[taker].0, amount });
        givers[giver].1 -= amount;
        takers[taker].1 -= amount;
    }
    moves.sort_by(|one, other| other.amount.total_cmp(&one.amount));
    moves
}

#[cfg(test)]
mod tests;
