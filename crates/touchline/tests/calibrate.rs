//! How often a planted truth is found and an absent one is not, for each kind of verdict, at three levels of noise; and
//! how often an interval that claims 95 % holds the truth.
//!
//! Slow, so it runs with `make calibrate`: CALIBRATE_SEEDS companies per template and level (200 when asked), or as many
//! as fit into CALIBRATE_MINUTES. Fewer people mean more noise: every rate stands on fewer cases. The table goes to
//! standard output, for docs/improve.md.

use analysis::report::MapReport;
use model::VerdictKind;
use std::collections::BTreeMap;
use std::time::Instant;
use testkit::{Company, Truths};
use touchline::features::capture::Intake;
use touchline::features::map::Maps;
use touchline::features::measure::Analysis;
use touchline::platform::clock::system;
use touchline::platform::home::Home;

const TEMPLATES: [&str; 4] = ["online-shop", "shop", "school", "b2b"];
/// People per company, from calm to noisy.
const PEOPLE: [u32; 3] = [20_000, 8_000, 3_000];
const SOUGHT: [VerdictKind; 4] = [VerdictKind::OverUsed, VerdictKind::Wasted, VerdictKind::UnderUsed, VerdictKind::Dark];
/// The share of satisfied people at every touchpoint of the invented companies, wherever people are asked.
const SATISFIED: f64 = 0.84;

/// Counts one kind of verdict at one level of noise.
#[derive(Default)]
struct Tally {
    planted: u32,
    found: u32,
    /// Companies in which a touchpoint had this verdict without having earned it.
    alarmed: u32,
    companies: u32,
}

fn lived(company: &Company) -> MapReport {
    let folder = tempfile::tempdir().expect("folder");
    let home = Home::create(&folder.path().join("data"), system()).expect("a new directory");
    let now = (home.clock())();
    home.block_on(Maps::new(home.state().clone()).save(&company.map(), "calibrate", now)).expect("a sound map");
    let mut intake = Intake::new(home.stores()).expect("opens");
    let mut arrivals = company.arrivals().peekable();
    while arrivals.peek().is_some() {
        intake.take(arrivals.by_ref().take(100_000).collect(), Vec::new(), Vec::new()).expect("takes");
    }
    intake.finish().expect("settles");
    drop(intake);
    Analysis::run(&home).expect("runs").report(None).expect("everybody")
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
#[ignore = "takes minutes to hours: make calibrate"]
#[allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a measurement that prints its table and minds its time")]
fn calibrate() {
    let (seeds, minutes) = (number("CALIBRATE_SEEDS", 200), number("CALIBRATE_MINUTES", 600));
    let begun = Instant::now();
    let mut tallies: BTreeMap<(u32, usize), Tally> = BTreeMap::new();
    let mut covered: BTreeMap<u32, (u32, u32)> = BTreeMap::new();
    let mut done = 0;
    'all: for seed in 1..=seeds {
        for people in PEOPLE {
            for template in TEMPLATES {
                if begun.elapsed().as_secs() > 60 * minutes {
                    break 'all;
                }
                for truths in [Truths::planted(), Truths::none()] {
                    let company = Company::new(template).seed(seed).people(people).truths(truths);
                    note(&company, &lived(&company), people, &mut tallies, &mut covered);
                }
                done += 1;
            }
        }
    }
    assert!(done > 0, "there was no time for a single company");
    println!("\n{done} pairs of companies (planted, nothing planted), templates {}:\n", TEMPLATES.join(", "));
    println!("| people | verdict | planted | found | companies | with a false alarm |\n|---|---|---|---|---|---|");
    for people in PEOPLE {
        for (kind, name) in SOUGHT.iter().enumerate() {
            let Some(tally) = tallies.get(&(people, kind)) else { continue };
            let Tally { planted, found, alarmed, companies } = tally;
            println!("| {people} | {} | {planted} | {found} | {companies} | {alarmed} |", name.name());
        }
    }
    println!("\n| people | 95 % intervals of satisfaction | hold the truth | share |\n|---|---|---|---|");
    for (people, (held, all)) in covered {
        println!("| {people} | {all} | {held} | {:.1} % |", 100.0 * f64::from(held) / f64::from(all.max(1)));
    }
}

fn note(
    company: &Company,
    report: &MapReport,
    people: u32,
    tallies: &mut BTreeMap<(u32, usize), Tally>,
    covered: &mut BTreeMap<u32, (u32, u32)>,
) {
    let planted = company.planted();
    for (kind, sought) in SOUGHT.iter().enumerate() {
        let tally = tallies.entry((people, kind)).or_default();
        tally.companies += 1;
        let with =
            |id: &str| report.touchpoints.iter().any(|figures| figures.touchpoint == id && figures.verdict.kind == *sought);
        let of_kind = planted.iter().filter(|(_, kind)| kind == sought);
        tally.planted += of_kind.clone().count() as u32;
        tally.found += of_kind.filter(|(id, _)| with(id)).count() as u32;
        let false_alarm = report
            .touchpoints
            .iter()
            .any(|figures| figures.verdict.kind == *sought && !planted.contains(&(figures.touchpoint.clone(), *sought)));
        tally.alarmed += u32::from(false_alarm);
    }
    let (held, all) = covered.entry(people).or_default();
    for figures in &report.touchpoints {
        if let (Some(low), Some(high)) = (figures.satisfaction.low, figures.satisfaction.high) {
            *all += 1;
            *held += u32::from(low <= SATISFIED && SATISFIED <= high);
        }
    }
}
