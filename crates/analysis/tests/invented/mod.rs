//! The short way from an invented company to the report of its map: what its people did is laid out as the ledger would, and
//! folded once, without a ledger between.

use analysis::finish;
use analysis::map_fold::MapFold;
use analysis::meaning::Meaning;
use analysis::report::MapReport;
use analysis::sequence::{Fold, NO_COST, Rows, pack_score};
use model::{ActorId, Arrival, Flags, Identity, Instant, Signature, TouchpointMap};
use std::collections::HashMap;
use std::sync::Arc;
use testkit::Company;

/// Reads what a company's people did without storing it.
pub(crate) fn read(company: &Company, people: u32) -> MapReport {
    let map: TouchpointMap = company.map();
    let (mut signals, mut numbers): (Vec<Signature>, HashMap<Signature, u32>) = Default::default();
    let (mut rows, mut window) = (Rows::default(), (i64::MAX, i64::MIN));
    for k in 0..people {
        let arrivals = company.person(k);
        for (arrival, person) in arrivals.iter().zip(persons(&arrivals)) {
            // Texts are copied the first time only: there are millions of arrivals.
            let number = numbers.get(&arrival.signature).copied().unwrap_or_else(|| {
                signals.push(arrival.signature.clone());
                numbers.insert(arrival.signature.clone(), signals.len() as u32 - 1);
                signals.len() as u32 - 1
            });
            window = (window.0.min(arrival.at.0), window.1.max(arrival.at.0));
            push(&mut rows, arrival, person, number);
        }
    }
    let rows = rows.sorted();
    let meaning = Arc::new(Meaning::new(&map, &signals, &[], (Instant(window.0), Instant(window.1))));
    let mut fold = MapFold::new(meaning);
    fold.take(&rows);
    finish::report(&map, &signals, &fold, None, &finish::Stated::new())
}

fn push(rows: &mut Rows, arrival: &Arrival, (person, flags): (u64, Flags), signal: u32) {
    rows.person.push(person);
    rows.at.push(arrival.at.0);
    rows.signal.push(signal);
    rows.form.push(arrival.form as u8);
    rows.direction.push(arrival.direction as u8);
    rows.value.push(arrival.value.unwrap_or(0));
    rows.cost.push(arrival.cost.unwrap_or(NO_COST));
    rows.score.push(pack_score(arrival.score));
    rows.flags.push(flags.0);
}

/// Tells, for what arrived from or about one person, as whom each is known in the end: names that once came together are one.
fn persons(arrivals: &[Arrival]) -> Vec<(u64, Flags)> {
    // A name, its number, and the group it belongs to.
    let mut names: Vec<(&Identity, ActorId, usize)> = Vec::new();
    let mut place = |name, together: Option<usize>| {
        let new = names.len();
        let known = names.iter().find(|(known, ..)| *known == name).map(|(.., group)| *group);
        let group = known.or(together).unwrap_or(new);
        if known.is_none() {
            names.push((name, name.actor(), group));
        }
        if let Some(other) = together.filter(|other| *other != group) {
            names.iter_mut().filter(|(.., of)| *of == other).for_each(|(.., of)| *of = group);
        }
        group
    };
    for arrival in arrivals {
        arrival.identities.iter().fold(None, |together, identity| Some(place(identity, together)));
    }
    let first_of = |group: usize| names.iter().find(|(.., of)| *of == group).map(|(_, actor, _)| actor.0);
    let known = |arrival: &Arrival| {
        let name = arrival.identities.first()?;
        let (.., group) = names.iter().find(|(known, ..)| *known == name)?;
        Some((first_of(*group)?, Flags::default()))
    };
    arrivals
        .iter()
        .map(|arrival| {
            known(arrival).unwrap_or_else(|| {
                let (actor, flags) = arrival.actor();
                (actor.0, flags)
            })
        })
        .collect()
}
