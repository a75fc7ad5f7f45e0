//! The customer base as figures: groups, chances, expectations; and who is neglected.
//!
//! Money is minor units of the map's currency, times are days.

use super::bgnbd::BgNbd;
use super::customers::Customer;
use super::gamma_gamma::{GammaGamma, Spent, independence};
use super::history::{History, grouped_for_fit};
use super::pareto_nbd::ParetoNbd;
use super::rfm::{Bought, Rfm, RfmGroup, score};
use crate::intervals::{Estimate, Interval, Z95};
use crate::report::Note;
use libm::sqrt;
use model::time::DAY;
use model::{Evidence, Figure, Unit};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Buying rate and value must not go together more than so much for the value model to hold.
const INDEPENDENT_BELOW: f64 = 0.3;
/// P(alive) is shown in so many bars.
const BARS: usize = 10;

/// Is the model that says whether people are still customers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BuyingModel {
    /// People may leave after each purchase.
    #[default]
    BgNbd,
    /// People may leave at any time.
    ParetoNbd,
}

/// Is a fitted model of buying.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Fitted {
    BgNbd(BgNbd),
    ParetoNbd(ParetoNbd),
}

impl Fitted {
    fn is_at_edge(&self) -> bool {
        match self {
            Self::BgNbd(model) => model.is_at_edge(),
            Self::ParetoNbd(model) => model.is_at_edge(),
        }
    }

    fn alive(&self, history: &History) -> f64 {
        match self {
            Self::BgNbd(model) => model.alive(history),
            Self::ParetoNbd(model) => model.alive(history),
        }
    }

    fn expected(&self, history: &History, days: f64) -> f64 {
        match self {
            Self::BgNbd(model) => model.expected(history, days),
            Self::ParetoNbd(model) => model.expected(history, days),
        }
    }
}

/// Is the customer base.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct CustomerBase {
    /// The segment it speaks of, by id; none: everybody.
    pub segment: Option<String>,
    /// People who have bought.
    pub customers: u64,
    /// Those who bought on more than one day.
    pub repeaters: u64,
    /// What all purchases were worth.
    pub spent: i64,
    /// Customers by RFM group, the best first.
    pub groups: Vec<GroupFigures>,
    /// The model of buying, where one could be fitted.
    pub buying: Option<BuyingFigures>,
    /// The model of values, where one could be fitted and holds.
    pub values: Option<ValueFigures>,
    /// What could not be computed, and why.
    pub notes: Vec<Note>,
}

/// Is an RFM group.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct GroupFigures {
    /// Which.
    pub group: RfmGroup,
    /// Customers in it.
    pub customers: u64,
    /// What they spent.
    pub spent: i64,
    /// How many of them are expected to be customers still; unknown without a model.
    pub alive: Option<f64>,
    /// What is expected of them within the days asked for; unknown without models.
    pub expected_value: Option<f64>,
}

/// Is what the model of buying says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct BuyingFigures {
    /// Which model.
    pub model: BuyingModel,
    /// Its parameters by name, times in days.
    pub parameters: BTreeMap<String, f64>,
    /// The logarithm of its likelihood.
    pub log_likelihood: f64,
    /// How many of the customers are customers still: the sum of their chances.
    pub alive: Figure,
    /// Customers by P(alive), in tenths from 0.
    pub chances: Vec<u64>,
    /// The days that were asked for.
    pub days: u32,
    /// How many purchases are expected of today's customers within them.
    pub expected: Figure,
}

/// Is what the model of values says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ValueFigures {
    /// Its parameters by name.
    pub parameters: BTreeMap<String, f64>,
    /// Mean value of a purchase over all customers, as the model sees it.
    pub mean: Figure,
    /// How far buying often and spending much go together; near 0 it may be used.
    pub independence: f64,
    /// What purchases expected of today's customers are worth.
    pub expected_value: Figure,
}

/// Is one customer, scored.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ScoredCustomer {
    /// The number of the person.
    pub person: String,
    /// The three scores.
    pub rfm: Rfm,
    /// The group they make.
    pub group: RfmGroup,
    /// Days since the last purchase.
    pub days_ago: i64,
    /// Purchases.
    pub purchases: u32,
    /// What they were worth.
    pub spent: i64,
    /// The chance to be a customer still.
    pub alive: Option<f64>,
    /// Purchases expected within the days asked for.
    pub expected: Option<f64>,
    /// What they are worth.
    pub expected_value: Option<f64>,
}

/// Is what is asked.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// The model.
    pub model: BuyingModel,
    /// How far to look ahead.
    pub days: u32,
    /// The last moment of the data.
    pub until: i64,
}

/// Knows everybody who has bought, with models fitted to them.
#[derive(Debug)]
pub struct Base {
    customers: Vec<Customer>,
    scores: Vec<Rfm>,
    asked: Asked,
    today: i64,
    buying: Option<(Fitted, f64)>,
    values: Option<(GammaGamma, f64)>,
    notes: Vec<Note>,
}

impl Base {
    /// Scores customers and fits the models.
    #[must_use]
    pub fn new(customers: Vec<Customer>, asked: Asked) -> Self {
        let today = asked.until.div_euclid(DAY);
        let bought = |customer: &Customer| Bought {
            days_ago: u32::try_from(today - customer.last_day).unwrap_or(0),
            purchases: customer.purchases,
            spent: customer.spent,
        };
        let scores = score(&customers.iter().map(bought).collect::<Vec<_>>());
        let mut notes = Vec::new();
        let mut note = |key: &str| notes.push(Note { key: key.to_owned(), about: None });
        let histories: Vec<History> = customers.iter().map(|customer| customer.history(today)).collect();
        let buying = fit(asked.model, &grouped_for_fit(&histories));
        if buying.is_none() {
            note("too_few_repeat_buyers");
        }
        if buying.is_some_and(|(model, _)| model.is_at_edge()) {
            note("model_at_its_edge");
        }
        let spent: Vec<Spent> = customers
            .iter()
            .filter(|customer| customer.repeats > 0 && customer.spent_again > 0)
            .map(|customer| Spent { x: customer.repeats, mean: customer.spent_again as f64 / f64::from(customer.repeats) })
            .collect();
        let together = independence(&spent).unwrap_or(0.0);
        let values = GammaGamma::fit(&spent).map(|(model, _)| (model, together));
        if together.abs() >= INDEPENDENT_BELOW {
            note("values_depend_on_frequency");
        }
        let values = values.filter(|_| together.abs() < INDEPENDENT_BELOW);
        Self { customers, scores, asked, today, buying, values, notes }
    }

    /// Returns the chance of a customer to be one still.
    fn alive(&self, customer: &Customer) -> Option<f64> {
        self.buying.map(|(model, _)| model.alive(&customer.history(self.today)))
    }

    /// Returns purchases and value expected of a customer.
    fn expected(&self, customer: &Customer) -> (Option<f64>, Option<f64>) {
        let purchases = self.buying.map(|(model, _)| model.expected(&customer.history(self.today), f64::from(self.asked.days)));
        let mean = if customer.repeats == 0 { 0.0 } else { customer.spent_again as f64 / f64::from(customer.repeats) };
        let spent = Spent { x: if mean > 0.0 { customer.repeats } else { 0 }, mean: mean.max(0.0) };
        let value = self.values.and_then(|(model, _)| model.expected(spent));
        (purchases, purchases.zip(value).map(|(purchases, value)| purchases * value))
    }

    /// Sums the base up; `segment` and `left_over` are for the report alone.
    #[must_use]
    pub fn report(&self, segment: Option<String>, left_over: u64) -> CustomerBase {
        let mut notes = self.notes.clone();
        if left_over > 0 {
            notes.push(Note { key: "too_many_customers".to_owned(), about: Some(left_over.to_string()) });
        }
        CustomerBase {
            segment,
            customers: self.customers.len() as u64,
            repeaters: self.customers.iter().filter(|customer| customer.repeats > 0).count() as u64,
            spent: self.customers.iter().map(|customer| customer.spent).sum(),
            groups: self.groups(),
            buying: self.buying_figures(),
            values: self.value_figures(),
            notes,
        }
    }

    fn groups(&self) -> Vec<GroupFigures> {
        let mut groups: BTreeMap<RfmGroup, GroupFigures> = BTreeMap::new();
        let add = |sum: Option<f64>, one: Option<f64>| sum.zip(one).map(|(sum, one)| sum + one);
        for (customer, rfm) in self.customers.iter().zip(&self.scores) {
            let group = rfm.group();
            let figures = groups.entry(group).or_insert(GroupFigures {
                group,
                customers: 0,
                spent: 0,
                alive: Some(0.0),
                expected_value: Some(0.0),
            });
            figures.customers += 1;
            figures.spent += customer.spent;
            figures.alive = add(figures.alive, self.alive(customer));
            figures.expected_value = add(figures.expected_value, self.expected(customer).1);
        }
        groups.into_values().collect()
    }

    fn buying_figures(&self) -> Option<BuyingFigures> {
        let (model, log_likelihood) = self.buying?;
        let named = |names: [&str; 4], values: [f64; 4]| names.into_iter().map(str::to_owned).zip(values).collect();
        let parameters = match model {
            Fitted::BgNbd(BgNbd { r, alpha, a, b }) => named(["r", "alpha", "a", "b"], [r, alpha, a, b]),
            Fitted::ParetoNbd(ParetoNbd { r, alpha, s, beta }) => named(["r", "alpha", "s", "beta"], [r, alpha, s, beta]),
        };
        let n = self.customers.len() as u64;
        let (mut alive, mut spread, mut expected) = (0.0, 0.0, 0.0);
        let mut chances = vec![0; BARS];
        for customer in &self.customers {
            let chance = self.alive(customer).unwrap_or(0.0);
            alive += chance;
            // Whether each is still there is a toss of its own coin; the sum spreads by those tosses.
            spread += chance * (1.0 - chance);
            expected += self.expected(customer).0.unwrap_or(0.0);
            chances[((chance * BARS as f64) as usize).min(BARS - 1)] += 1;
        }
        // Purchases of a given rate are about Poisson: their sum spreads by its own size.
        let around = |value: f64, spread: f64| {
            let half = Z95 * sqrt(spread.max(0.0));
            Estimate { value, interval: Some(Interval { low: (value - half).max(0.0), high: value + half }) }
        };
        Some(BuyingFigures {
            model: self.asked.model,
            parameters,
            log_likelihood,
            alive: around(alive, spread).figure(n, Evidence::E3, Unit::Count, "model"),
            chances,
            days: self.asked.days,
            expected: around(expected, expected).figure(n, Evidence::E3, Unit::Count, "model"),
        })
    }

    fn value_figures(&self) -> Option<ValueFigures> {
        let (model, together) = self.values?;
        let GammaGamma { p, q, v } = model;
        let mean = model.expected(Spent { x: 0, mean: 0.0 })?;
        let value: f64 = self.customers.iter().filter_map(|customer| self.expected(customer).1).sum();
        let n = self.customers.len() as u64;
        let figure = |value: f64| Estimate { value, interval: None }.figure(n, Evidence::E3, Unit::Money, "");
        Some(ValueFigures {
            parameters: [("p", p), ("q", q), ("v", v)].into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            mean: figure(mean),
            independence: together,
            expected_value: figure(value),
        })
    }

    /// Lists customers, the most valuable expectations first; without models the biggest spenders first.
    #[must_use]
    pub fn list(&self, most: usize) -> Vec<ScoredCustomer> {
        let mut list: Vec<(f64, usize)> = self
            .customers
            .iter()
            .enumerate()
            .map(|(at, customer)| {
                let (purchases, value) = self.expected(customer);
                (value.or(purchases).unwrap_or(customer.spent as f64), at)
            })
            .collect();
        list.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        list.into_iter().take(most).map(|(_, at)| self.scored(at)).collect()
    }

    fn scored(&self, at: usize) -> ScoredCustomer {
        let customer = &self.customers[at];
        let (expected, expected_value) = self.expected(customer);
        ScoredCustomer {
            person: format!("{:016x}", customer.person),
            rfm: self.scores[at],
            group: self.scores[at].group(),
            days_ago: self.today - customer.last_day,
            purchases: customer.purchases,
            spent: customer.spent,
            alive: self.alive(customer),
            expected,
            expected_value,
        }
    }
}

fn fit(model: BuyingModel, groups: &[(History, f64)]) -> Option<(Fitted, f64)> {
    match model {
        BuyingModel::BgNbd => BgNbd::fit(groups).map(|(model, height)| (Fitted::BgNbd(model), height)),
        BuyingModel::ParetoNbd => ParetoNbd::fit(groups).map(|(model, height)| (Fitted::ParetoNbd(model), height)),
    }
}

/// Is a customer to whom nobody has spoken for long (WAY-7).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Neglected {
    /// The number of the person.
    pub person: String,
    /// Days since we last sent or said something; none: never.
    pub days_silent: Option<i64>,
    /// Days since the last purchase.
    pub days_ago: i64,
    /// Days since they last did something of their own.
    pub days_quiet: i64,
    /// What they have spent.
    pub spent: i64,
}

/// Is the silence towards the customers of a segment.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Silence {
    /// The segment, by id; none: everybody.
    pub segment: Option<String>,
    /// Customers.
    pub customers: u64,
    /// Share of them to whom nobody has spoken for the days asked for.
    pub neglected: Figure,
    /// Median days since somebody did; never counts as longest.
    pub median_days: Option<i64>,
}

/// Returns the days since we last spoke to a customer; `None`: never.
fn silent(customer: &Customer, until: i64) -> Option<i64> {
    customer.sent_at.map(|at| (until - at).max(0) / DAY)
}

/// Lists the customers to whom nobody has spoken for so many days, those who spent most first.
#[must_use]
pub fn neglected(customers: &[Customer], until: i64, days: u32, most: usize) -> Vec<Neglected> {
    let mut found: Vec<&Customer> = customers.iter().filter(|customer| is_neglected(customer, until, days)).collect();
    found.sort_by(|one, other| other.spent.cmp(&one.spent).then(one.person.cmp(&other.person)));
    let told = |customer: &&Customer| Neglected {
        person: format!("{:016x}", customer.person),
        days_silent: silent(customer, until),
        days_ago: until.div_euclid(DAY) - customer.last_day,
        days_quiet: (until - customer.acted_at).max(0) / DAY,
        spent: customer.spent,
    };
    found.iter().take(most).map(told).collect()
}

/// Sums silence up over some customers.
#[must_use]
pub fn silence(segment: Option<String>, customers: &[&Customer], until: i64, days: u32) -> Silence {
    let n = customers.len() as u64;
    let count = customers.iter().filter(|customer| is_neglected(customer, until, days)).count() as u64;
    let mut lengths: Vec<i64> = customers.iter().map(|customer| silent(customer, until).unwrap_or(i64::MAX)).collect();
    lengths.sort_unstable();
    let median = lengths.get(lengths.len() / 2).copied().filter(|days| *days < i64::MAX);
    Silence { segment, customers: n, neglected: crate::conversion::share(count, n, Evidence::E3), median_days: median }
}

fn is_neglected(customer: &Customer, until: i64, days: u32) -> bool {
    silent(customer, until).is_none_or(|silent| silent >= i64::from(days))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customer(person: u64, repeats: u32, spent: i64, sent_day: Option<i64>) -> Customer {
        Customer {
            person,
            segments: 1,
            stage: 2,
            first_day: 0,
            last_day: i64::from(repeats) * 7,
            repeats,
            purchases: repeats + 1,
            spent,
            spent_again: spent * i64::from(repeats) / i64::from(repeats + 1),
            sent_at: sent_day.map(|day| day * DAY),
            acted_at: 0,
        }
    }

    const ASKED: Asked = Asked { model: BuyingModel::BgNbd, days: 90, until: 100 * DAY };

    #[test]
    fn few_customers_have_scores_and_no_model() {
        for customers in [Vec::new(), vec![customer(1, 0, 100, None)], vec![customer(1, 0, 0, None), customer(2, 3, -50, None)]] {
            let n = customers.len();
            let base = Base::new(customers, ASKED);
            let report = base.report(None, 0);
            assert_eq!((report.customers, report.buying, report.values), (n as u64, None, None));
            assert_eq!(report.notes[0].key, "too_few_repeat_buyers");
            assert_eq!(base.list(10).len(), n);
            assert!(base.list(10).iter().all(|one| one.alive.is_none() && one.expected_value.is_none()));
        }
    }

    #[test]
    fn a_base_sums_to_its_groups() {
        // People who buy as the model says, so that there is something to be found.
        let truth = BgNbd { r: 0.6, alpha: 42.0, a: 0.8, b: 2.5 };
        let lived = crate::base::bgnbd::tests::customers(&truth, 400, 100.0);
        let customers: Vec<Customer> = (0_u64..)
            .zip(lived)
            .map(|(at, lived)| Customer {
                last_day: lived.last as i64,
                ..customer(at, lived.x, 1_000 * (1 + at as i64 % 9) * i64::from(lived.x + 1), Some(50))
            })
            .collect();
        for model in [BuyingModel::BgNbd, BuyingModel::ParetoNbd] {
            let base = Base::new(customers.clone(), Asked { model, ..ASKED });
            let report = base.report(None, 3);
            let Some(buying) = report.buying else {
                assert_eq!(model, BuyingModel::ParetoNbd, "customers of the other model need not have a place in this one");
                continue;
            };
            assert_eq!(report.groups.iter().map(|group| group.customers).sum::<u64>(), 400);
            assert_eq!(report.groups.iter().map(|group| group.spent).sum::<i64>(), report.spent);
            assert_eq!(buying.chances.iter().sum::<u64>(), 400);
            let alive: f64 = report.groups.iter().filter_map(|group| group.alive).sum();
            assert!((alive - buying.alive.value.expect("a sum")).abs() < 1e-6);
            let list = base.list(5);
            assert!(list.windows(2).all(|pair| pair[0].expected_value >= pair[1].expected_value), "{list:?}");
            assert!(report.notes.iter().any(|note| note.key == "too_many_customers"));
        }
    }

    #[test]
    fn whom_nobody_spoke_to_is_neglected() {
        let customers = [customer(1, 0, 100, None), customer(2, 0, 900, Some(10)), customer(3, 0, 500, Some(95))];
        let found = neglected(&customers, 100 * DAY, 90, 10);
        let told: Vec<_> = found.iter().map(|one| (one.spent, one.days_silent)).collect();
        assert_eq!(told, [(900, Some(90)), (100, None)]);
        assert_eq!(neglected(&customers, 100 * DAY, 90, 1).len(), 1);
        let all: Vec<&Customer> = customers.iter().collect();
        let sum = silence(None, &all, 100 * DAY, 90);
        assert_eq!((sum.customers, sum.median_days), (3, Some(90)));
        assert_eq!(silence(None, &[], 0, 90).neglected.value, None);
    }
}
