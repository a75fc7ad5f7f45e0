//! The sink of a dry run: it keeps a few interactions to show, and forgets the rest.

use super::{Sink, Taken};
use crate::failure::Failure;
use crate::features::capture::{Claim, Known};
use model::{Arrival, Identity};
use serde::Serialize;
use utoipa::ToSchema;

/// So many interactions are shown.
const SHOWN: usize = 10;

/// Keeps the first interactions.
#[derive(Debug, Default)]
pub struct Preview {
    /// The first interactions, as they would be stored, names masked.
    pub samples: Vec<Sample>,
}

/// Is an interaction as it would be stored. Names are masked: they are personal.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub struct Sample {
    /// When, RFC 3339.
    pub at: String,
    /// Who: every name, masked, strongest first.
    pub who: Vec<String>,
    /// By what it is recognised.
    pub signal: String,
    /// What happened.
    pub form: &'static str,
    /// Who spoke to whom.
    pub direction: &'static str,
    /// What it was worth, with its currency.
    pub value: Option<String>,
    /// What it cost, with its currency.
    pub cost: Option<String>,
    /// The answer on a scale.
    pub score: Option<i16>,
    /// The campaign.
    pub campaign: Option<String>,
    /// Whether it answers another.
    pub reply: bool,
    /// The properties.
    pub props: Option<String>,
}

impl Sink for Preview {
    fn take(&mut self, arrivals: Vec<Arrival>, _: Vec<Claim>, _: Vec<Known>) -> Result<Taken, Failure> {
        let more = SHOWN - self.samples.len();
        self.samples.extend(arrivals.iter().take(more).map(Sample::of));
        Ok(Taken::default())
    }
}

impl Sample {
    pub(super) fn of(arrival: &Arrival) -> Self {
        let money = |minor: Option<i64>| {
            let currency = arrival.currency?;
            Some(format!("{:.*} {currency}", currency.digits() as usize, currency.major(minor?)))
        };
        Self {
            at: jiff::Timestamp::from_microsecond(arrival.at.0).map(|at| at.to_string()).unwrap_or_default(),
            who: arrival.identities.iter().map(masked).collect(),
            signal: arrival.signature.to_string(),
            form: arrival.form.name(),
            direction: arrival.direction.name(),
            value: money(arrival.value),
            cost: money(arrival.cost),
            score: arrival.score.map(|score| score.answer),
            campaign: arrival.campaign.clone(),
            reply: arrival.reply_to.is_some(),
            props: arrival.props.clone(),
        }
    }
}

/// Shows enough of a name to recognise the column, and too little to recognise the person.
fn masked(identity: &Identity) -> String {
    let shown = if identity.value.chars().count() > 4 { 2 } else { 1 };
    let head: String = identity.value.chars().take(shown).collect();
    format!("{}:{head}…", identity.namespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_masked() {
        for (name, expected) in [("12345", "customer:12…"), ("7", "customer:7…"), ("ann@example.org", "customer:an…")] {
            assert_eq!(masked(&Identity::new("customer", name).expect("a name")), expected);
        }
    }
}
