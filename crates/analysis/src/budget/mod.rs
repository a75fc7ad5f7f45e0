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
//! Responses are estimates. Where an item carries draws of what else the data leave possible, the mean over them is what
//! counts. The mean of concave responses is concave; that of S-curves may have any shape and is divided on a grid, certified to
//! one step of it. The answer says its regret: by
//! how much it falls short of the best division, if one of the draws is the truth.
//!
//! Cost: a price takes about 60 halvings of one pass over the items; concave problems need one, S-shaped ones seldom
//! more than a few. Memory: a few numbers per item and open half.

mod envelope;
mod response;
mod search;

pub use response::Response;

use crate::chance::quantile;
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
    /// Other responses that the data leave possible, each as likely as the next. Then the mean over them counts instead of
    /// `response`, and the answer says how much it could regret.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub draws: Vec<Response>,
}

impl Item {
    /// Returns what a spend brings: the mean over the draws, where there are any.
    #[must_use]
    pub fn value(&self, x: f64) -> f64 {
        if self.draws.is_empty() {
            return self.response.value(x);
        }
        self.draws.iter().map(|draw| draw.value(x)).sum::<f64>() / self.draws.len() as f64
    }

    /// Returns what the next unit brings.
    #[must_use]
    pub fn marginal(&self, x: f64) -> f64 {
        if self.draws.is_empty() {
            return self.response.marginal(x);
        }
        self.draws.iter().map(|draw| draw.marginal(x)).sum::<f64>() / self.draws.len() as f64
    }

    /// Returns the step in which spend is divided: the package; and where the mean of S-shaped draws counts, which may have
    /// any shape, a fine grid of the range. The mean of concave draws is concave and needs none.
    fn step(&self, range: f64) -> Option<f64> {
        self.package.or_else(|| (self.is_gridded() && range > 0.0).then(|| range / GRID))
    }

    fn is_gridded(&self) -> bool {
        self.package.is_none() && self.draws.iter().any(|draw| draw.inflection() > 0.0)
    }

    /// Returns the spend up to which returns increase; 0 where they never do.
    fn inflection(&self) -> f64 {
        if self.draws.is_empty() { self.response.inflection() } else { 0.0 }
    }

    /// Returns the spend within `low..=high`, beyond the inflection, at which the next unit brings `price`.
    fn spend_at(&self, price: f64, low: f64, high: f64) -> f64 {
        if self.draws.is_empty() {
            return self.response.spend_at(price, low, high);
        }
        if self.marginal(low) <= price {
            return low;
        }
        if self.marginal(high) >= price {
            return high;
        }
        let (mut low, mut high) = (low, high);
        // A thousandth of a millionth of the range: money has no finer parts.
        let enough = (high - low) * 1e-12;
        while high - low > enough {
            let middle = low + (high - low) / 2.0;
            if middle <= low || middle >= high {
                break;
            }
            if self.marginal(middle) > price { low = middle } else { high = middle }
        }
        low + (high - low) / 2.0
    }
}

/// Is into how many steps the range of an item is divided where the mean of draws counts: a step moves the value by less
/// than the draws differ.
const GRID: f64 = 400.0;
/// Is how many draws an item may have: more say nothing new.
const DRAWS_MAX: usize = 400;

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
    /// What may be missed because the responses are not known exactly; none without draws.
    pub regret: Option<Regret>,
}

/// Is by how much a division falls short of the best one, if one draw of the responses is the truth: over the draws.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = BudgetRegret)]
pub struct Regret {
    /// In the middle.
    pub median: f64,
    /// In nine of ten draws it is less.
    pub high: f64,
    /// The same for today's spend, in the middle.
    pub today_median: f64,
    /// The same for today's spend, in nine of ten.
    pub today_high: f64,
    /// The share of draws in which the division brings more than today's spend.
    pub better: f64,
    /// How many draws.
    pub draws: usize,
}

/// Divides a budget.
///
/// # Errors
/// Says why it cannot be divided.
pub fn allocate(items: &[Item], budget: f64) -> Result<Allocation, Impossible> {
    check(items, budget)?;
    let found = search::best(items, budget);
    let each = |of: &dyn Fn(&Item, f64) -> f64| items.iter().zip(&found.spend).map(|(item, x)| of(item, *x)).collect::<Vec<_>>();
    let brings = each(&|item, x| item.value(x));
    let value: f64 = brings.iter().sum();
    let gap = (found.bound - value).max(0.0);
    Ok(Allocation {
        marginal: each(&|item, x| item.marginal(x)),
        today: items.iter().map(|item| item.value(item.today)).sum(),
        certified: gap <= search::accuracy(found.bound) + search::slack(items, budget, found.price),
        regret: regret(items, budget, &found.spend),
        spend: found.spend,
        bound: value + gap,
        price: found.price,
        nodes: found.nodes,
        brings,
        value,
        gap,
    })
}

/// Compares a division with the best one of each draw.
fn regret(items: &[Item], budget: f64, spend: &[f64]) -> Option<Regret> {
    let draws = items.iter().map(|item| item.draws.len()).max().filter(|draws| *draws > 0)?;
    let (mut ours, mut todays, mut better) = (Vec::new(), Vec::new(), 0_usize);
    for draw in 0..draws {
        let truth = |item: &Item| {
            let response = if item.draws.is_empty() { item.response } else { item.draws[draw % item.draws.len()] };
            Item { response, draws: Vec::new(), ..item.clone() }
        };
        let drawn: Vec<Item> = items.iter().map(truth).collect();
        let of = |spend: &dyn Fn(usize) -> f64| (0..drawn.len()).map(|at| drawn[at].value(spend(at))).sum::<f64>();
        let (mine, today) = (of(&|at| spend[at]), of(&|at| drawn[at].today));
        let best = search::best(&drawn, budget).bound;
        ours.push((best - mine).max(0.0));
        todays.push((best - today).max(0.0));
        better += usize::from(mine > today);
    }
    Some(Regret {
        median: quantile(&mut ours, 0.5)?,
        high: quantile(&mut ours, 0.9)?,
        today_median: quantile(&mut todays, 0.5)?,
        today_high: quantile(&mut todays, 0.9)?,
        better: better as f64 / draws as f64,
        draws,
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
    if item.draws.len() > DRAWS_MAX {
        return Some("there are more than 400 draws");
    }
    std::iter::once(&item.response).chain(&item.draws).find_map(Response::problem)
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
