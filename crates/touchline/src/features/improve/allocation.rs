//! Dividing a budget, for the command line and the browser: `analysis::budget` does the arithmetic, here an answer becomes
//! moves with a reason each.

use analysis::budget::{Allocation, Impossible, Item, Move, Regret, allocate, moves};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Is a budget that is to be divided.
#[derive(Clone, Deserialize, Serialize, Debug, ToSchema)]
#[schema(as = BudgetProblem)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// How much there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<f64>,
    /// What it can be spent on.
    pub items: Vec<Item>,
}

/// Is a budget divided, with what each part brings, the proof, and how to come there from today.
#[derive(Clone, Serialize, Deserialize, Debug, ToSchema)]
pub struct Allocated {
    /// What was divided.
    pub budget: f64,
    /// What it brings.
    pub value: f64,
    /// What no division can exceed.
    pub bound: f64,
    /// The bound less the value: nought means that this is the best of all.
    pub gap: f64,
    /// Whether the gap is closed.
    pub certified: bool,
    /// What one more unit of budget would bring.
    pub price: f64,
    /// How many sub-problems were solved.
    pub nodes: u32,
    /// What today's spend brings.
    pub value_today: f64,
    /// What may be missed because responses are not known exactly; none without draws.
    pub regret: Option<Regret>,
    /// One entry per item.
    pub items: Vec<Share>,
    /// From today's spend to the best one, the largest step first.
    pub moves: Vec<Step>,
}

/// Is what one touchpoint gets.
#[derive(Clone, Serialize, Deserialize, Debug, ToSchema)]
#[schema(as = BudgetShare)]
pub struct Share {
    /// The touchpoint.
    pub id: String,
    /// What is spent on it today.
    pub today: f64,
    /// What it gets.
    pub spend: f64,
    /// What it brings then.
    pub brings: f64,
    /// What the next unit would bring.
    pub marginal: f64,
}

/// Is money that moves.
#[derive(Clone, Serialize, Deserialize, Debug, ToSchema)]
#[schema(as = BudgetStep)]
pub struct Step {
    /// Where it leaves; none: it is not spent today.
    pub from: Option<String>,
    /// Where it goes; none: it is better not spent.
    pub to: Option<String>,
    /// How much.
    pub amount: f64,
    /// What it loses where it leaves.
    pub loses: f64,
    /// What it wins where it goes.
    pub wins: f64,
    /// The same as a sentence.
    pub because: String,
}

/// Divides a budget.
///
/// # Errors
/// Says why it cannot be divided.
pub fn divide(items: &[Item], budget: f64) -> Result<Allocated, Impossible> {
    Ok(told(items, budget, &allocate(items, budget)?))
}

fn told(items: &[Item], budget: f64, found: &Allocation) -> Allocated {
    let today: Vec<f64> = items.iter().map(|item| item.today).collect();
    // Where nothing is said of today there is nothing to move.
    let moves = if today.iter().any(|spend| *spend > 0.0) { moves(&today, &found.spend) } else { Vec::new() };
    let share = |at: usize| Share {
        id: items[at].id.clone(),
        today: today[at],
        spend: found.spend[at],
        brings: found.brings[at],
        marginal: found.marginal[at],
    };
    Allocated {
        budget,
        value: found.value,
        bound: found.bound,
        gap: found.gap,
        certified: found.certified,
        price: found.price,
        nodes: found.nodes,
        value_today: found.today,
        regret: found.regret,
        items: (0..items.len()).map(share).collect(),
        moves: moves.iter().map(|step| because(items, step)).collect(),
    }
}

/// Says why a move pays: what the amount loses where it leaves, and gains where it goes.
fn because(items: &[Item], step: &Move) -> Step {
    let name = |at: Option<usize>| at.map(|at| items[at].id.clone());
    let value = |at: usize, spend: f64| items[at].value(spend);
    let loses = step.from.map_or(0.0, |at| value(at, items[at].today) - value(at, items[at].today - step.amount));
    let wins = step.to.map_or(0.0, |at| value(at, items[at].today + step.amount) - value(at, items[at].today));
    let (from, to, amount) = (name(step.from), name(step.to), step.amount);
    let because = match (&from, &to) {
        (Some(from), Some(to)) => format!("the same {amount:.2} brings {wins:.2} at {to} and costs {loses:.2} at {from}"),
        (None, Some(to)) => format!("{amount:.2} not spent today brings {wins:.2} at {to}"),
        (Some(from), None) => format!("{from} loses only {loses:.2} when {amount:.2} less is spent on it"),
        (None, None) => String::new(),
    };
    Step { from, to, amount, loses, wins, because }
}
