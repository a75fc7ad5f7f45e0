//! How often a planted truth is found and an absent one is not, for each kind of verdict, at three levels of noise and in two
//! rhythms of life; and how often an interval that claims 95 % holds the truth.
//!
//! Slow, so it runs with `make calibrate`: CALIBRATE_SEEDS companies per template, level and case (200 when asked), or as many
//! as fit into CALIBRATE_MINUTES, from the seed CALIBRATE_FIRST (1) on, so that a long run can be done in parts. Fewer people mean more noise: every rate stands on fewer cases. The tables go to
//! standard output, for docs/calibration.md.
//!
//! People are handed to the fold as they arrive, without a ledger between, or a seed would take minutes; the application's
//! tests hold that against the whole product (`planted_truths.rs`).

mod invented;

use analysis::report::{MapReport, TouchpointFigures};
use invented::read;
use model::{Figure, VerdictKind};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant as Clock;
use testkit::{Company, Truths};

const TEMPLATES: [&str; 4] = ["online-shop", "shop", "school", "b2b"];
/// People per company, from calm to noisy.
const PEOPLE: [u32; 3] = [20_000, 8_000, 3_000];
/// The verdicts that something is planted for.
const SOUGHT: [VerdictKind; 6] = [
    VerdictKind::OverUsed,
    VerdictKind::Wasted,
    VerdictKind::UnderUsed,
    VerdictKind::Dark,
    VerdictKind::Effective,
    VerdictKind::NeedsCare,
];
/// The share of satisfied people at every touchpoint of the invented companies, wherever people are asked.
const SATISFIED: f64 = 0.84;
/// The chance that the second and the third mailing of a week sell something, while mailings are over-used.
const SECOND_AND_THIRD: [f64; 2] = [0.045, 0.035];

/// Is what is true of a company.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Case {
    Planted,
    Nothing,
    /// Nothing is planted, and no touchpoint helps anybody.
    Inert,
    /// Nothing is planted but customers who are not satisfied.
    Poor,
}

const CASES: [Case; 4] = [Case::Planted, Case::Nothing, Case::Inert, Case::Poor];

/// Is which companies are counted together: the level of noise, and whether people keep to calendar weeks.
type Level = (u32, bool);

/// Counts one kind of verdict at one level.
#[derive(Default)]
struct Tally {
    planted: u32,
    found: u32,
    /// Companies in which a touchpoint had this verdict without having earned it.
    alarmed: u32,
    /// Companies that could have raised a false alarm.
    companies: u32,
}

/// Is a figure of many seeds, as (value, low, high), by template, case and touchpoint.
type Repeated = BTreeMap<(usize, Case, usize), Vec<[f64; 3]>>;

/// Is everything that is counted.
#[derive(Default)]
struct Counts {
    tallies: BTreeMap<(Level, usize), Tally>,
    /// By level and what is estimated, intervals that hold a known truth, and all.
    covered: BTreeMap<(Level, &'static str), (u32, u32)>,
    /// Figures whose truth is what they are on average: by level, what is estimated, and which company and touchpoint.
    repeated: BTreeMap<(Level, &'static str), Repeated>,
    done: u32,
}

fn company(template: &'static str, seed: u64, (people, calendar): Level, case: Case) -> Company {
    let truths = if case == Case::Planted { Truths::planted() } else { Truths::none() };
    let company = Company::new(template).seed(seed).people(people).truths(truths);
    let company = if calendar { company } else { company.own_weeks() };
    match case {
        Case::Planted | Case::Nothing => company,
        Case::Inert => company.inert(),
        Case::Poor => company.poor(),
    }
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
#[ignore = "takes minutes to hours: make calibrate"]
#[allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a measurement that prints its table and minds its time")]
fn calibrate() {
    let (seeds, minutes) = (number("CALIBRATE_SEEDS", 200), number("CALIBRATE_MINUTES", 600));
    let first = number("CALIBRATE_FIRST", 1);
    let begun = Clock::now();
    let counts = Mutex::new(Counts::default());
    let next = AtomicU64::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let lived = next.fetch_add(1, Ordering::Relaxed);
                    let seed = first + lived;
                    if lived >= seeds || begun.elapsed().as_secs() > 60 * minutes {
                        return;
                    }
                    one_seed(seed, &counts);
                }
            });
        }
    });
    let counts = counts.into_inner().expect("no thread has panicked");
    assert!(counts.done > 0, "there was no time for a single seed");
    print(&counts);
}

/// Lives every company of one seed.
fn one_seed(seed: u64, counts: &Mutex<Counts>) {
    for people in PEOPLE {
        for calendar in [true, false] {
            for (at, template) in TEMPLATES.into_iter().enumerate() {
                for case in CASES {
                    let company = company(template, seed, (people, calendar), case);
                    let report = read(&company, people);
                    note(&company, &report, (people, calendar), (at, case), &mut counts.lock().expect("no thread has panicked"));
                }
            }
        }
    }
    counts.lock().expect("no thread has panicked").done += 1;
}

/// Returns what a right analysis says, and which verdicts would be false wherever else they stand.
fn truths(company: &Company, case: Case) -> (Vec<(String, VerdictKind)>, Vec<VerdictKind>) {
    let mut expected = company.planted();
    expected.extend(company.slow().map(|id| (id.to_owned(), VerdictKind::NeedsCare)));
    expected.extend(company.closed_at_once().map(|id| (id.to_owned(), VerdictKind::OverUsed)));
    let mut absent = vec![VerdictKind::OverUsed, VerdictKind::Wasted, VerdictKind::Dark, VerdictKind::NeedsCare];
    match case {
        // Most touchpoints help a little, so "effective" is false of none for certain; under-use still is a matter of reach.
        Case::Planted => absent.push(VerdictKind::UnderUsed),
        Case::Nothing => {
            expected.extend(company.helpful().into_iter().map(|id| (id.to_owned(), VerdictKind::Effective)));
            absent.push(VerdictKind::UnderUsed);
        }
        Case::Inert => absent.extend([VerdictKind::UnderUsed, VerdictKind::Effective]),
        Case::Poor => expected.extend(company.unsatisfied().map(|id| (id.to_owned(), VerdictKind::NeedsCare))),
    }
    (expected, absent)
}

fn note(company: &Company, report: &MapReport, level: Level, (template, case): (usize, Case), counts: &mut Counts) {
    let (expected, absent) = truths(company, case);
    let has = |figures: &TouchpointFigures, kind: VerdictKind| figures.verdict.kind == kind;
    for (at, kind) in SOUGHT.into_iter().enumerate() {
        let tally = counts.tallies.entry((level, at)).or_default();
        for (id, _) in expected.iter().filter(|(_, wanted)| *wanted == kind) {
            tally.planted += 1;
            tally.found += u32::from(report.touchpoints.iter().any(|one| one.touchpoint == *id && has(one, kind)));
        }
        if absent.contains(&kind) {
            let unearned = |one: &&TouchpointFigures| has(one, kind) && !expected.contains(&(one.touchpoint.clone(), kind));
            tally.companies += 1;
            tally.alarmed += u32::from(report.touchpoints.iter().any(|one| unearned(&one)));
        }
    }
    known_truths(company, report, (level, case), &mut counts.covered);
    for (at, one) in report.touchpoints.iter().enumerate() {
        let figures = [
            ("conversion (Wilson)", &one.conversion),
            ("linear share (jackknife)", &one.attribution.linear),
            ("Markov share (jackknife)", &one.attribution.markov),
            ("stage progression (Newcombe)", &one.progression.lift),
        ];
        for (name, figure) in figures {
            if let (Some(value), Some((low, high))) = (figure.value, limits(figure)) {
                let all = counts.repeated.entry((level, name)).or_default();
                all.entry((template, case, at)).or_default().push([value, low, high]);
            }
        }
    }
}

fn limits(figure: &Figure) -> Option<(f64, f64)> {
    figure.low.zip(figure.high).filter(|_| figure.n >= 30)
}

/// Notes which intervals hold what is known to be true.
fn known_truths(
    company: &Company,
    report: &MapReport,
    (level, case): (Level, Case),
    covered: &mut BTreeMap<(Level, &'static str), (u32, u32)>,
) {
    let mut hold = |what, figure: &Figure, truth: f64| {
        if let Some((low, high)) = limits(figure) {
            let (held, all) = covered.entry((level, what)).or_default();
            *held += u32::from((low..=high).contains(&truth));
            *all += 1;
        }
    };
    for one in &report.touchpoints {
        if company.unsatisfied() != Some(one.touchpoint.as_str()) {
            hold("satisfied, truth 84 %", &one.satisfaction, SATISFIED);
        }
        if case == Case::Inert {
            hold("stage progression, truth 0", &one.progression.lift, 0.0);
        }
        if case == Case::Planted && one.touchpoint == company.mailing() {
            let steps = one.over_use.iter().flat_map(|found| &found.curve).filter(|step| step.contacts >= 2 && !step.open);
            for (step, truth) in steps.zip(SECOND_AND_THIRD) {
                hold("response to the second and third mailing", &step.hazard, truth);
            }
        }
    }
}

#[allow(clippy::print_stdout, reason = "a measurement that prints its table")]
fn print(counts: &Counts) {
    let rhythm = |calendar: bool| if calendar { "calendar" } else { "own" };
    println!(
        "\n{} seeds, templates {}; for each seed, template, size and rhythm four companies:",
        counts.done,
        TEMPLATES.join(", ")
    );
    println!("everything planted; nothing planted; nothing planted and no touchpoint helps; unsatisfied customers.\n");
    println!(
        "| people | weeks | verdict | planted | found | | companies without | with a false alarm | |\n|---|---|---|---|---|---|---|---|---|"
    );
    let percent =
        |part: u32, of: u32| if of == 0 { "–".to_owned() } else { format!("{:.1} %", 100.0 * f64::from(part) / f64::from(of)) };
    for (((people, calendar), at), tally) in &counts.tallies {
        let Tally { planted, found, alarmed, companies } = tally;
        println!(
            "| {people} | {} | {} | {planted} | {found} | {} | {companies} | {alarmed} | {} |",
            rhythm(*calendar),
            SOUGHT[*at].name(),
            percent(*found, *planted),
            percent(*alarmed, *companies)
        );
    }
    println!("\n| people | weeks | 95 % intervals | intervals | hold the truth | |\n|---|---|---|---|---|---|");
    let mut rows: BTreeMap<(Level, &str), (u32, u32)> = counts.covered.clone();
    for ((level, name), groups) in &counts.repeated {
        // What an estimator is on average needs some repetitions to be known.
        for figures in groups.values().filter(|figures| figures.len() >= 20) {
            let mean = figures.iter().map(|[value, ..]| value).sum::<f64>() / figures.len() as f64;
            let held = figures.iter().filter(|[_, low, high]| (*low..=*high).contains(&mean)).count() as u32;
            let (all_held, all) = rows.entry((*level, *name)).or_default();
            (*all_held, *all) = (*all_held + held, *all + figures.len() as u32);
        }
    }
    for (((people, calendar), name), (held, all)) in rows {
        println!("| {people} | {} | {name} | {all} | {held} | {} |", rhythm(calendar), percent(held, all));
    }
}
