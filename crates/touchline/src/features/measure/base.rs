//! The customer base: who buys how often, who will come back, whom nobody speaks to, and who is in no segment.

use super::analysis::{Sense, position, scan};
use super::asking::Asking;
use crate::failure::Result as Done;
use crate::features::map::{check, refused};
use crate::platform::home::Stores;
use crate::platform::http::{Asked, Body, Problem, Refusal};
use ::analysis::base::customers::{Customer, Customers};
use ::analysis::base::report::{
    Asked as Ahead, Base, BuyingModel, CustomerBase, Neglected, ScoredCustomer, Silence, neglected, silence,
};
use ::analysis::intervals::proportion;
use ::analysis::map_fold::MapFold;
use axum::extract::State;
use axum::response::Response;
use model::map::Segment;
use model::rules::SegmentRule;
use model::{Evidence, Figure, TouchpointMap, Unit};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// So many people are listed unless asked for others.
const LISTED: u32 = 100;
/// More people are not listed at once.
const LISTED_MAX: u32 = 10_000;
/// Further ahead nothing is foreseen.
const DAYS_MAX: u32 = 3_650;
/// The name of a rule that is only tried.
const TRIED: &str = "tried";

/// Returns the routes of this file.
pub(super) fn routes(asking: Asking) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(customers))
        .routes(routes!(customer_list))
        .routes(routes!(neglected_customers))
        .routes(routes!(count))
        .routes(routes!(outside))
        .with_state(asking)
}

/// Is which customers, how far ahead, and by which model.
#[derive(Deserialize, IntoParams, Clone)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct OfCustomers {
    /// The segment, by id; none: everybody.
    #[serde(default)]
    segment: Option<String>,
    /// So many days ahead; 90 unless said.
    #[serde(default)]
    days: Option<u32>,
    /// The model of buying: `bg_nbd` unless said, or `pareto_nbd`.
    #[serde(default)]
    model: Option<BuyingModel>,
    /// So many people are listed; 100 unless said.
    #[serde(default)]
    limit: Option<u32>,
}

impl OfCustomers {
    fn days(&self) -> Result<u32, Refusal> {
        within(self.days.unwrap_or(90), DAYS_MAX, "days")
    }

    fn limit(&self) -> Result<u32, Refusal> {
        within(self.limit.unwrap_or(LISTED), LISTED_MAX, "people")
    }

    fn key(&self) -> String {
        format!("{:?} {:?} {:?} {:?}", self.segment, self.days, self.model, self.limit)
    }
}

fn within(number: u32, most: u32, of: &str) -> Result<u32, Refusal> {
    if (1..=most).contains(&number) {
        Ok(number)
    } else {
        Err(Refusal::malformed(format!("{number} {of} cannot be asked for"), format!("Ask for 1 to {most}")))
    }
}

/// Reads everybody who has bought, and how many there were beyond what can be kept.
fn read(stores: &Stores, segment: Option<&str>) -> Done<Option<(Sense, Vec<Customer>, u64)>> {
    let Some(sense) = Sense::read(stores)? else { return Ok(None) };
    let segment = segment.map(|id| position(&sense.map, id)).transpose()?;
    let fold = scan(stores, || Customers::new(Arc::clone(&sense.meaning), segment))?;
    let left_over = fold.left_over;
    Ok(Some((sense, fold.finish(), left_over)))
}

fn base(stores: &Stores, of: &OfCustomers, days: u32) -> Done<Option<(Base, u64)>> {
    let found = read(stores, of.segment.as_deref())?;
    Ok(found.map(|(sense, customers, left_over)| {
        let ahead = Ahead { model: of.model.unwrap_or_default(), days, until: sense.meaning.window.1.0 };
        (Base::new(customers, ahead), left_over)
    }))
}

/// Sums up the customer base: RFM groups, who is expected to be a customer still, and what they are expected to buy.
#[utoipa::path(get, path = "/api/measure/customers", tag = "measure", params(OfCustomers), responses(
    (status = 200, body = CustomerBase),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no such segment, or no map yet.", body = Problem),
))]
async fn customers(State(asking): State<Asking>, Asked(of): Asked<OfCustomers>) -> Result<Response, Refusal> {
    asking.map(of.segment.as_deref()).await?;
    let days = of.days()?;
    let key = format!("customers {}", of.key());
    let read =
        move |stores: &Stores| Ok(base(stores, &of, days)?.map(|(base, left_over)| base.report(of.segment.clone(), left_over)));
    asking.answer(key, read).await
}

/// Lists customers, those of whom most is expected first, each with scores and P(alive).
#[utoipa::path(get, path = "/api/measure/customers/list", tag = "measure", params(OfCustomers), responses(
    (status = 200, body = Vec<ScoredCustomer>),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no such segment, or no map yet.", body = Problem),
))]
async fn customer_list(State(asking): State<Asking>, Asked(of): Asked<OfCustomers>) -> Result<Response, Refusal> {
    asking.map(of.segment.as_deref()).await?;
    let (days, limit) = (of.days()?, of.limit()?);
    let key = format!("customer list {}", of.key());
    asking.answer(key, move |stores| Ok(base(stores, &of, days)?.map(|(base, _)| base.list(limit as usize)))).await
}

/// Is how long silence must be to be neglect.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct OfNeglect {
    /// So many days; 90 unless said.
    #[serde(default)]
    days: Option<u32>,
    /// The segment, by id; none: everybody.
    #[serde(default)]
    segment: Option<String>,
    /// So many people are listed; 100 unless said.
    #[serde(default)]
    limit: Option<u32>,
}

/// Is whom nobody has spoken to for long (WAY-7).
#[derive(Serialize, Deserialize, ToSchema)]
struct Neglect {
    /// The days asked for.
    days: u32,
    /// All together, then each segment of the map.
    silence: Vec<Silence>,
    /// The people, those who spent most first.
    people: Vec<Neglected>,
}

/// Lists customers to whom nobody has spoken for long, and how long the silence is in each segment (WAY-7).
#[utoipa::path(get, path = "/api/measure/neglected", tag = "measure", params(OfNeglect), responses(
    (status = 200, body = Neglect),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no such segment, or no map yet.", body = Problem),
))]
async fn neglected_customers(State(asking): State<Asking>, Asked(of): Asked<OfNeglect>) -> Result<Response, Refusal> {
    asking.map(of.segment.as_deref()).await?;
    let days = within(of.days.unwrap_or(90), DAYS_MAX, "days")?;
    let limit = within(of.limit.unwrap_or(LISTED), LISTED_MAX, "people")?;
    let key = format!("neglected {days} {limit} {:?}", of.segment);
    let read = move |stores: &Stores| {
        let Some((sense, customers, _)) = read(stores, of.segment.as_deref())? else { return Ok(None) };
        let until = sense.meaning.window.1.0;
        let all: Vec<&Customer> = customers.iter().collect();
        let mut told = vec![silence(of.segment.clone(), &all, until, days)];
        if of.segment.is_none() {
            for (at, segment) in sense.map.segments.iter().enumerate() {
                let own: Vec<&Customer> = customers.iter().filter(|customer| customer.segments >> at & 1 == 1).collect();
                told.push(silence(Some(segment.id.clone()), &own, until, days));
            }
        }
        Ok(Some(Neglect { days, silence: told, people: neglected(&customers, until, days, limit as usize) }))
    };
    asking.answer(key, read).await
}

/// Is a rule to be tried.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Tried {
    /// Who belongs to it.
    rule: SegmentRule,
}

/// Is how many people a rule fits.
#[derive(Serialize, Deserialize, ToSchema)]
struct Fits {
    /// People whom it fits.
    people: u64,
    /// Their share of all known people.
    share: Figure,
    /// Target outcomes of theirs.
    outcomes: u64,
    /// What they were worth.
    value: i64,
    /// Share of them with the target outcome.
    conversion: Figure,
    /// How many of them each segment of the map has, by id.
    shared_with: Vec<Shared>,
}

/// Is how many people two segments share.
#[derive(Serialize, Deserialize, ToSchema)]
struct Shared {
    /// The other segment, by id.
    segment: String,
    /// People in both.
    people: u64,
}

/// Counts whom a segment's rule would fit, and changes nothing.
#[utoipa::path(post, path = "/api/measure/segments/count", tag = "measure", request_body = Tried, responses(
    (status = 200, body = Fits),
    (status = 400, description = "The rule names what the map has not.", body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no map yet.", body = Problem),
))]
async fn count(State(asking): State<Asking>, Body(tried): Body<Tried>) -> Result<Response, Refusal> {
    let map = asking.map(None).await?;
    check(&with_rule(&map, &tried.rule)).map_err(refused)?;
    let key = format!("count {}", serde_json::to_string(&tried.rule).unwrap_or_default());
    asking.answer(key, move |stores| fits(stores, &tried.rule)).await
}

/// Adds the rule as one more segment. Names that maps do not allow are not possible for it, so it never hides one of the map's own.
fn with_rule(map: &TouchpointMap, rule: &SegmentRule) -> TouchpointMap {
    let mut map = map.clone();
    add_rule(&mut map, rule);
    map
}

fn add_rule(map: &mut TouchpointMap, rule: &SegmentRule) {
    let mut id = TRIED.to_owned();
    while map.segments.iter().any(|segment| segment.id == id) {
        id.push_str("-again");
    }
    map.segments.push(Segment { id, name: model::Text::from(TRIED), rule: rule.clone(), needs: Vec::new() });
}

fn fits(stores: &Stores, rule: &SegmentRule) -> Done<Option<Fits>> {
    let Some(sense) = Sense::read_changed(stores, |map| add_rule(map, rule))? else { return Ok(None) };
    let fold = scan(stores, || MapFold::new(Arc::clone(&sense.meaning)))?;
    let tried = sense.map.segments.len() - 1;
    let (own, all) = (fold.sum(Some(tried)).tally, fold.sum(None).tally);
    let in_both = |at: usize| {
        fold.groups
            .iter()
            .filter(|(set, _)| **set >> at & 1 == 1 && **set >> tried & 1 == 1)
            .map(|(_, group)| group.tally.people)
            .sum()
    };
    let share = |count, n| {
        proportion(count, n)
            .map_or_else(|| Figure::unknown(Unit::Share), |share| share.figure(n, Evidence::E3, Unit::Share, "wilson"))
    };
    Ok(Some(Fits {
        people: own.people,
        share: share(own.people, all.people),
        outcomes: own.outcomes,
        value: own.value,
        conversion: share(own.converted, own.people),
        shared_with: sense.map.segments[..tried]
            .iter()
            .enumerate()
            .map(|(at, segment)| Shared { segment: segment.id.clone(), people: in_both(at) })
            .collect(),
    }))
}

/// Is what happens outside all segments (AIM-12).
#[derive(Serialize, Deserialize, ToSchema)]
struct Outside {
    /// People who are in no segment.
    people: u64,
    /// Share of known people.
    share_of_people: Figure,
    /// Their share of all contacts of known people.
    share_of_contacts: Figure,
    /// What they were worth.
    value: i64,
    /// Rules that would take many of them in, the most first: proposals for a segment.
    proposals: Vec<Proposal>,
}

/// Is a proposal for a segment.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = SegmentProposal)]
struct Proposal {
    /// The rule: people outside all segments who met this touchpoint.
    rule: SegmentRule,
    /// The touchpoint, by id.
    touchpoint: String,
    /// How many of those outside it takes in.
    people: u64,
}

/// Tells which part of all contacts is with people outside all segments, and proposes rules for them (AIM-12).
#[utoipa::path(get, path = "/api/measure/segments/outside", tag = "measure", responses(
    (status = 200, body = Outside),
    (status = 401, body = Problem),
    (status = 404, description = "There is no map yet.", body = Problem),
))]
async fn outside(State(asking): State<Asking>) -> Result<Response, Refusal> {
    asking.map(None).await?;
    asking.answer("outside".to_owned(), read_outside).await
}

fn read_outside(stores: &Stores) -> Done<Option<Outside>> {
    const PROPOSALS: usize = 5;
    let Some(sense) = Sense::read(stores)? else { return Ok(None) };
    let fold = scan(stores, || MapFold::new(Arc::clone(&sense.meaning)))?;
    let all = fold.sum(None).tally;
    let own = fold.groups.get(&0).map(|group| group.tally.clone()).unwrap_or_default();
    let share = |count: u64, n: u64| {
        proportion(count, n)
            .map_or_else(|| Figure::unknown(Unit::Share), |share| share.figure(n, Evidence::E3, Unit::Share, "wilson"))
    };
    let mut met: Vec<(u64, &str)> = own
        .touchpoints
        .iter()
        .zip(&sense.map.touchpoints)
        .map(|(met, touchpoint)| (met.people, touchpoint.id.as_str()))
        .collect();
    met.retain(|(people, _)| *people >= sense.map.settings.floor);
    met.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(other.1)));
    let proposal = |(people, touchpoint): (u64, &str)| {
        let others = sense.map.segments.iter().map(|segment| segment.rule.clone()).collect();
        let elsewhere = SegmentRule::Not { of: Box::new(SegmentRule::Any { of: others }) };
        let rule = SegmentRule::All { of: vec![SegmentRule::Touched { touchpoint: touchpoint.to_owned() }, elsewhere] };
        Proposal { rule, touchpoint: touchpoint.to_owned(), people }
    };
    Ok(Some(Outside {
        people: own.people,
        share_of_people: share(own.people, all.people),
        share_of_contacts: share(own.identified, all.identified),
        value: own.value,
        proposals: met.into_iter().take(PROPOSALS).map(proposal).collect(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tried_rule_hides_no_segment() {
        let mut map: TouchpointMap = model::catalogue::template("shop").expect("a template");
        let rule = SegmentRule::Interactions { min: 3, max: None };
        add_rule(&mut map, &rule);
        add_rule(&mut map, &rule);
        assert_eq!(map.problems(), []);
        let unknown = with_rule(&map, &SegmentRule::Touched { touchpoint: "nowhere".into() });
        assert!(!unknown.problems().is_empty());
    }
}
