//! What customers say and how easily they reach us: `/api/measure/experience`, `/api/measure/audits`, and what people enter for
//! both.

use super::analysis::{Sense, position, scan};
use super::asking::{Asking, OfSegment};
use super::given::{self, Entry, Given};
use super::zone::calendar;
use crate::failure::Result as Done;
use crate::features::account::Keeper;
use crate::features::feedback::{Recalled, stated};
use crate::platform::home::Stores;
use crate::platform::http::{Asked, Body, Problem, Refusal};
use ::analysis::experience::access::{Parts, accessibility, choice};
use ::analysis::experience::answers::usual_target;
use ::analysis::experience::brand::{Deflected, avoided_cost, experience_points, experience_share};
use ::analysis::experience::consistency::{AGREEMENT_ENOUGH, agreement, brand_share, facts, overall};
use ::analysis::experience::drivers::DRIVERS_MAX;
use ::analysis::experience::fold::{ExperienceFold, Question};
use ::analysis::experience::report::{ExperienceReport, Yardsticks, report};
use ::analysis::finish::Stated;
use ::analysis::hours::{Calendar, Week};
use ::analysis::intervals::{Estimate, Interval, proportion};
use ::analysis::map_fold::MapFold;
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use model::{Class, Evidence, Figure, Life, TouchpointMap, Unit};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Returns the routes of this file.
pub(super) fn routes(asking: Asking) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(experience)).routes(routes!(audits)).routes(routes!(list_given, give)).with_state(asking)
}

/// Tells what customers say, how long they wait for answers, and what matters to them (M7, M13 to M15, M17, M19).
#[utoipa::path(get, path = "/api/measure/experience", tag = "measure", params(OfSegment), responses(
    (status = 200, body = ExperienceReport),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no such segment, or no map yet.", body = Problem),
))]
async fn experience(State(asking): State<Asking>, Asked(of): Asked<OfSegment>) -> Result<Response, Refusal> {
    asking.map(of.segment.as_deref()).await?;
    let key = format!("experience {}", of.segment.as_deref().unwrap_or_default());
    asking.answer(key, move |stores| read(stores, of.segment.as_deref())).await
}

/// Tells what follows from what people entered: consistency, accessibility, recall and avoided cost (M13, M14, M18, M20).
#[utoipa::path(get, path = "/api/measure/audits", tag = "measure", responses(
    (status = 200, body = AuditReport),
    (status = 401, body = Problem),
    (status = 404, description = "There is no map yet.", body = Problem),
))]
async fn audits(State(asking): State<Asking>) -> Result<Response, Refusal> {
    asking.map(None).await?;
    asking.answer("audits".to_owned(), audited).await
}

/// Lists what was entered, the latest first.
#[utoipa::path(get, path = "/api/measure/given", tag = "measure", responses(
    (status = 200, body = Vec<Entry>),
    (status = 401, body = Problem),
))]
async fn list_given(State(asking): State<Asking>) -> Result<Json<Vec<Entry>>, Refusal> {
    Ok(Json(given::entries(&asking.stores().state).await?))
}

/// Is the number under which something entered is kept.
#[derive(Serialize, Deserialize, ToSchema)]
struct Noted {
    /// The number.
    id: i64,
}

/// Enters something that no machine can count. The latest of a kind counts from now on; earlier ones stay.
#[utoipa::path(put, path = "/api/measure/given", tag = "measure", request_body = Given, responses(
    (status = 200, body = Noted),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
))]
async fn give(State(asking): State<Asking>, Keeper(who): Keeper, Body(given): Body<Given>) -> Result<Json<Noted>, Refusal> {
    if let Some(problem) = given.problem() {
        return Err(Refusal::malformed(format!("This cannot be: {problem}"), "Correct it and send it again"));
    }
    Ok(Json(Noted { id: given::give(&asking.stores().state, &given, &who.name, asking.now()).await? }))
}

/// Is what was entered that others are judged by.
pub(super) struct Settings {
    pub(super) week: Week,
    targets: Vec<given::Target>,
    category_mean: Option<f64>,
}

impl Settings {
    /// Sums up what was entered.
    pub(super) fn of(given: &[Given]) -> Self {
        let mut settings = Self { week: Calendar::OFFICE, targets: Vec::new(), category_mean: None };
        for one in given {
            match one {
                Given::Hours { week } => {
                    settings.week = std::array::from_fn(|day| week.get(day).copied().flatten().map(|open| (open.from, open.to)))
                }
                Given::Targets { targets } => settings.targets.clone_from(targets),
                Given::Category { mean } => settings.category_mean = Some(*mean),
                _ => {}
            }
        }
        settings
    }

    /// Returns per touchpoint the target in seconds and whether only opening hours count.
    pub(super) fn targets(&self, map: &TouchpointMap) -> Vec<(i64, bool)> {
        let own = |id: &str| self.targets.iter().find(|target| target.touchpoint == id);
        let target = |touchpoint: &model::Touchpoint| match own(&touchpoint.id) {
            Some(target) => (i64::from(target.seconds), target.working_hours),
            None => usual_target(&touchpoint.channel),
        };
        map.touchpoints.iter().map(target).collect()
    }
}

/// Reads the ledger twice: once for the touchpoints that most people met, which are tried as drivers, and once for the rest.
fn read(stores: &Stores, segment: Option<&str>) -> Done<Option<ExperienceReport>> {
    let Some(grounds) = Sense::read(stores)? else { return Ok(None) };
    let settings = Settings::of(&stores.block_on(given::latest(&stores.state))?);
    let by = Yardsticks {
        targets: settings.targets(&grounds.map),
        calendar: calendar(&grounds, settings.week),
        drivers: drivers(stores, &grounds)?,
        category_mean: settings.category_mean,
        // What surveys say of importance is not known by segment.
        stated: if segment.is_none() { importance(stores, &grounds.map)? } else { Stated::new() },
    };
    let question = Arc::new(Question {
        segment: segment.map(|id| position(&grounds.map, id)).transpose()?,
        working_hours: by.targets.iter().map(|(_, working_hours)| *working_hours).collect(),
        calendar: by.calendar.clone(),
        drivers: by.drivers.clone(),
    });
    let fold = scan(stores, || ExperienceFold::new(Arc::clone(&grounds.meaning), Arc::clone(&question)))?;
    Ok(Some(report(&grounds.map, &fold.read, &by, question.segment)))
}

/// Returns what was said of importance in surveys (M17), by the positions of touchpoints that the map has.
pub(super) fn importance(stores: &Stores, map: &TouchpointMap) -> Done<Stated> {
    let (importance, _) = stores.block_on(stated(&stores.state))?;
    let known = |(id, answers): (String, [u64; 5])| Some((u16::try_from(map.touchpoint(&id)?).ok()?, answers));
    Ok(importance.into_iter().filter_map(known).collect())
}

/// Chooses the touchpoints tried as drivers: of those that about as many people met as did not, the evenest, because a thing
/// that everybody has explains nothing.
fn drivers(stores: &Stores, grounds: &Sense) -> Done<Vec<u16>> {
    let tally = scan(stores, || MapFold::new(Arc::clone(&grounds.meaning)))?.sum(None).tally;
    let evenness = |met: u64| {
        let share = met as f64 / tally.people.max(1) as f64;
        share * (1.0 - share)
    };
    let mut known: Vec<(f64, u16)> = tally.touchpoints.iter().zip(0..).map(|(met, at)| (evenness(met.people), at)).collect();
    known.retain(|(even, at)| *even > 0.0 && grounds.map.touchpoints[*at as usize].class == Class::Customer);
    known.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
    Ok(known.into_iter().take(DRIVERS_MAX - 2).map(|(_, at)| at).collect())
}

/// Is what follows from what people entered; parts that nobody entered are empty.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
struct AuditReport {
    /// How far touchpoints look and sound like the brand (M13a).
    brand: Option<BrandFigures>,
    /// Share of pairs of surfaces that state the same (M13b).
    facts: Option<Figure>,
    /// The data of which surfaces state different things.
    contradictions: Vec<given::Datum>,
    /// How easily people reach us (M14).
    access: Option<AccessFigures>,
    /// Our share of brand experience (M18): as entered, or of what surveys counted where nobody entered shares.
    recall: Option<RecallFigures>,
    /// Who was recalled where, as surveys counted it.
    recalled: Vec<RecalledFigure>,
    /// What contacts would have cost that solved themselves, in minor units (M20).
    avoided: Option<Figure>,
}

/// Is the brand's consistency.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
struct BrandFigures {
    /// Mean over touchpoints, weighted by contacts.
    mean: Figure,
    /// The worst touchpoint.
    minimum: f64,
    /// The best less the worst.
    range: f64,
    /// Per touchpoint, by id.
    touchpoints: BTreeMap<String, f64>,
    /// How far raters agree (Krippendorff's α); none with one rater.
    agreement: Option<f64>,
    /// Whether they agree enough for the rest to mean much.
    raters_agree: bool,
}

/// Is how easily people reach us.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
struct AccessFigures {
    /// The whole, 0 to 1, over the parts that are known.
    whole: Figure,
    /// Preference share of the channels on offer.
    choice: Figure,
    /// Share of contact data found.
    findability: Figure,
    /// Share of requests in opening hours, counted.
    availability: Figure,
    /// Share of accessibility checks passed.
    usable: Figure,
    /// Share of requests that were answered, counted.
    success: Figure,
}

/// Is our share of brand experience.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
struct RecallFigures {
    /// Points per brand, ours first.
    points: Vec<BrandPoints>,
    /// Ours of all.
    share: Figure,
}

/// Is the share of those asked who recall a brand at a touchpoint.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
struct RecalledFigure {
    /// The brand; empty: ours.
    brand: String,
    /// The touchpoint, by id.
    touchpoint: String,
    /// The share.
    share: Figure,
}

/// Is a brand's points.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
struct BrandPoints {
    /// The brand.
    brand: String,
    /// Clout times recall, over touchpoints.
    points: f64,
}

fn audited(stores: &Stores) -> Done<Option<AuditReport>> {
    let Some(counted) = read(stores, None)? else { return Ok(None) };
    let Some(grounds) = Sense::read(stores)? else { return Ok(None) };
    let tally = scan(stores, || MapFold::new(Arc::clone(&grounds.meaning)))?.sum(None).tally;
    let given = stores.block_on(given::latest(&stores.state))?;
    let contacts = |id: &str| grounds.map.touchpoint(id).map_or(0, |at| tally.touchpoints[at].interactions);
    let (_, recalled) = stores.block_on(stated(&stores.state))?;
    let mut report = AuditReport {
        brand: None,
        facts: None,
        contradictions: Vec::new(),
        access: None,
        recall: None,
        recalled: recalled.iter().map(recalled_share).collect(),
        avoided: None,
    };
    for one in given {
        match one {
            Given::Brand { criteria, ratings } => report.brand = brand(&criteria, &ratings, contacts),
            Given::Facts { data } => {
                let stated: Vec<Vec<&str>> =
                    data.iter().map(|datum| datum.stated.iter().map(|stated| stated.value.as_str()).collect()).collect();
                let pairs = stated.iter().map(|one| (one.len() * one.len().saturating_sub(1) / 2) as u64).sum();
                report.facts = facts(&stated).map(|share| share.figure(pairs, Evidence::E1, Unit::Share, "wilson"));
                let differs =
                    |datum: &given::Datum| datum.stated.iter().any(|one| one.value.trim() != datum.stated[0].value.trim());
                report.contradictions = data.into_iter().filter(differs).collect();
            }
            Given::Access { preferences, findability, usable } => {
                report.access = Some(access(&grounds.map, &counted, &preferences, [findability, usable]));
            }
            Given::Recall { touchpoints, brands, .. } if brands.is_empty() => {
                let (brands, asked) = counted_brands(&touchpoints, &recalled);
                report.recall = recall(&touchpoints, &brands, asked);
            }
            Given::Recall { touchpoints, brands, asked } => report.recall = recall(&touchpoints, &brands, asked),
            Given::Deflection { known, known_stayed_away, unknown, per_contact, studies } => {
                let sessions = Deflected { known, known_stayed_away, unknown };
                let cost = avoided_cost(sessions, per_contact as f64, studies as f64);
                report.avoided = cost.map(|cost| cost.figure(known + unknown, Evidence::E1, Unit::Money, "wilson"));
            }
            Given::Hours { .. } | Given::Targets { .. } | Given::Category { .. } => {}
        }
    }
    // Counted parts are known even when nobody entered anything.
    report.access.get_or_insert_with(|| access(&grounds.map, &counted, &[], [None, None]));
    Ok(Some(report))
}

fn brand(criteria: &[given::Criterion], ratings: &[given::Rating], contacts: impl Fn(&str) -> u64) -> Option<BrandFigures> {
    let mut by_touchpoint: BTreeMap<&str, Vec<&given::Rating>> = BTreeMap::new();
    for rating in ratings {
        by_touchpoint.entry(&rating.touchpoint).or_default().push(rating);
    }
    let (mut units, mut shares) = (Vec::new(), BTreeMap::new());
    for (touchpoint, rated) in by_touchpoint {
        let mut pairs = Vec::new();
        for (at, criterion) in criteria.iter().enumerate() {
            let points: Vec<f64> = rated.iter().filter_map(|rating| *rating.points.get(at)?).map(f64::from).collect();
            if !points.is_empty() {
                pairs.push((criterion.weight, points.iter().sum::<f64>() / points.len() as f64));
                units.push(points);
            }
        }
        if let Some(share) = brand_share(&pairs) {
            shares.insert(touchpoint.to_owned(), share);
        }
    }
    let weighted: Vec<(f64, u64)> = shares.iter().map(|(touchpoint, share)| (*share, contacts(touchpoint))).collect();
    let whole = overall(&weighted)?;
    let agreement = agreement(&units);
    let mean = Estimate { value: whole.mean, interval: None };
    Some(BrandFigures {
        mean: mean.figure(ratings.len() as u64, Evidence::E1, Unit::Share, ""),
        minimum: whole.minimum,
        range: whole.range,
        touchpoints: shares,
        agreement,
        raters_agree: agreement.is_some_and(|alpha| alpha >= AGREEMENT_ENOUGH),
    })
}

fn access(
    map: &TouchpointMap,
    counted: &ExperienceReport,
    preferences: &[given::Preference],
    entered: [Option<given::Part>; 2],
) -> AccessFigures {
    let offered = |id: &str| map.channels.iter().any(|channel| channel.id == id && channel.life == Life::Live);
    let preferred: Vec<(f64, bool)> = preferences.iter().map(|one| (one.share, offered(&one.channel))).collect();
    let [findability, usable] = entered.map(|part| part.and_then(|part| Some((proportion(part.good, part.of)?, part.of))));
    // Where no answer is recorded at all, nothing can be said of success there.
    let recorded = || counted.answers.iter().filter(|answers| !answers.no_answers_recorded);
    let (requests, unanswered) = recorded().fold((0, 0), |(all, open), one| (all + one.requests, open + one.unanswered));
    let estimate = |figure: &Figure| {
        Some(Estimate { value: figure.value?, interval: figure.low.zip(figure.high).map(|(low, high)| Interval { low, high }) })
    };
    let parts = Parts {
        choice: choice(&preferred).map(|value| Estimate { value, interval: None }),
        findability: findability.map(|(share, _)| share),
        availability: estimate(&counted.demand.in_hours),
        usable: usable.map(|(share, _)| share),
        success: proportion(requests - unanswered.min(requests), requests),
    };
    let entered = |part: Option<(Estimate, u64)>| {
        part.map_or_else(|| Figure::unknown(Unit::Share), |(share, n)| share.figure(n, Evidence::E1, Unit::Share, "wilson"))
    };
    let told = |part: Option<Estimate>, n: u64, evidence| {
        part.map_or_else(|| Figure::unknown(Unit::Share), |share| share.figure(n, evidence, Unit::Share, "wilson"))
    };
    AccessFigures {
        whole: told(accessibility(&parts), requests, Evidence::E1),
        choice: told(parts.choice, preferences.len() as u64, Evidence::E2),
        findability: entered(findability),
        availability: counted.demand.in_hours.clone(),
        usable: entered(usable),
        success: told(parts.success, requests, Evidence::E3),
    }
}

fn recalled_share(one: &Recalled) -> RecalledFigure {
    let share = proportion(one.saw.min(one.asked), one.asked);
    RecalledFigure {
        brand: one.brand.clone(),
        touchpoint: one.touchpoint.clone(),
        share: share
            .map_or_else(|| Figure::unknown(Unit::Share), |share| share.figure(one.asked, Evidence::E2, Unit::Share, "wilson")),
    }
}

/// Lays what surveys counted out by the touchpoints whose clout was entered: ours first, then the others by name. Also tells how many
/// were asked at least, which is what the whole stands on.
fn counted_brands(touchpoints: &[given::Clout], recalled: &[Recalled]) -> (Vec<given::Brand>, u64) {
    let names: BTreeSet<&str> = recalled.iter().map(|one| one.brand.as_str()).collect();
    let of = |brand: &str, touchpoint: &str| {
        let found = recalled.iter().find(|one| one.brand == brand && one.touchpoint == touchpoint && one.asked > 0);
        found.map_or(0.0, |one| one.saw.min(one.asked) as f64 / one.asked as f64)
    };
    // Sorted, so ours, which has no name, stands first; a share without ours would be nobody's.
    if names.first() != Some(&"") {
        return (Vec::new(), 0);
    }
    let brand = |name: &&str| given::Brand {
        name: (*name).to_owned(),
        recalled: touchpoints.iter().map(|one| of(name, &one.touchpoint)).collect(),
    };
    (names.iter().map(brand).collect(), recalled.iter().map(|one| one.asked).min().unwrap_or(0))
}

fn recall(touchpoints: &[given::Clout], brands: &[given::Brand], asked: u64) -> Option<RecallFigures> {
    let clout: Vec<f64> = touchpoints.iter().map(|one| one.clout).collect();
    let recalled: Vec<Vec<f64>> = brands.iter().map(|brand| brand.recalled.clone()).collect();
    let points = experience_points(&clout, &recalled);
    let share = Estimate { value: experience_share(&points)?, interval: None };
    Some(RecallFigures {
        points: brands.iter().zip(points).map(|(brand, points)| BrandPoints { brand: brand.name.clone(), points }).collect(),
        share: share.figure(asked, Evidence::E2, Unit::Share, ""),
    })
}
