//! The main job on a company whose truth is known: what was planted is found, and where nothing was planted nothing is.

#[path = "../../analysis/tests/invented/mod.rs"]
mod invented;

use analysis::report::MapReport;
use invented::read;
use model::VerdictKind;
use std::collections::BTreeSet;
use testkit::{Company, Truths};
use touchline::features::capture::Intake;
use touchline::features::map::Maps;
use touchline::features::measure::Analysis;
use touchline::platform::clock::system;
use touchline::platform::home::Home;

/// The verdicts that the truths are about.
const SOUGHT: [VerdictKind; 4] = [VerdictKind::OverUsed, VerdictKind::Wasted, VerdictKind::UnderUsed, VerdictKind::Dark];

/// Lives a company through the whole product.
fn lived(company: &Company) -> MapReport {
    let folder = tempfile::tempdir().expect("folder");
    let home = Home::create(&folder.path().join("data"), system()).expect("a new directory");
    let now = (home.clock())();
    home.block_on(Maps::new(home.state().clone()).save(&company.map(), "test", now)).expect("a sound map");
    let mut intake = Intake::new(home.stores()).expect("opens");
    let mut arrivals = company.arrivals().peekable();
    while arrivals.peek().is_some() {
        let batch = arrivals.by_ref().take(100_000).collect();
        intake.take(batch, Vec::new(), Vec::new()).expect("takes");
    }
    intake.finish().expect("settles");
    drop(intake);
    Analysis::run(&home).expect("runs").report(None).expect("everybody")
}

/// Returns the touchpoints with a verdict that was sought.
fn found(company: &Company) -> BTreeSet<(String, VerdictKind)> {
    let report = lived(company);
    assert!(report.totals.interactions > 300_000, "{}", report.totals.interactions);
    let sought = report.touchpoints.iter().filter(|figures| SOUGHT.contains(&figures.verdict.kind));
    sought.map(|figures| (figures.touchpoint.clone(), figures.verdict.kind)).collect()
}

/// Returns the touchpoints at which people wait too long, are not answered at all, or close a window at once, each with the rule. Where
/// the touchpoint is effective all the same, that word goes before (M24): the figures say it.
fn answered_or_closed(report: &MapReport) -> BTreeSet<(String, &'static str)> {
    let mut found = BTreeSet::new();
    for figures in &report.touchpoints {
        let rule = ["M24.8/M14", "M24.8/M15", "M24.4/M9.R4"].into_iter().find(|rule| *rule == figures.verdict.rule);
        let late = figures.answering.as_ref().and_then(|answering| answering.in_time.high).is_some_and(|high| high < 0.5);
        let rule = rule.or_else(|| (figures.verdict.kind == VerdictKind::Effective && late).then_some("M24.8/M15"));
        found.extend(rule.map(|rule| (figures.touchpoint.clone(), rule)));
    }
    found
}

#[test]
fn slow_answers_and_closed_windows_are_found_and_nothing_else() {
    for template in ["online-shop", "shop", "school", "b2b"] {
        let planted = Company::new(template).people(6_000);
        let slow = planted.slow().expect("is planted").to_owned();
        let report = read(&planted, 6_000);
        let closed = planted.closed_at_once().map(|id| (id.to_owned(), "M24.4/M9.R4"));
        let expected = closed.into_iter().chain([(slow, "M24.8/M15")]).collect();
        assert_eq!(answered_or_closed(&report), expected, "planted in {template}");
        let nothing = Company::new(template).people(6_000).truths(Truths::none());
        assert_eq!(answered_or_closed(&read(&nothing, 6_000)), BTreeSet::new(), "nothing planted in {template}");
    }
}

fn check(template: &str) {
    let planted = Company::new(template);
    let mut expected: BTreeSet<(String, VerdictKind)> = planted.planted().into_iter().collect();
    assert_eq!(expected.len(), SOUGHT.len());
    expected.extend(planted.closed_at_once().map(|id| (id.to_owned(), VerdictKind::OverUsed)));
    assert_eq!(found(&planted), expected, "planted in {template}");
    assert_eq!(found(&Company::new(template).truths(Truths::none())), BTreeSet::new(), "nothing planted in {template}");
}

#[test]
fn online_shop() {
    check("online-shop");
}

#[test]
fn shop() {
    check("shop");
}

#[test]
fn school() {
    check("school");
}

#[test]
fn b2b() {
    check("b2b");
}

#[test]
fn what_is_calibrated_is_the_product() {
    // `make calibrate` reads companies without storing them; both ways count the same people and credit the same value.
    let people = 2_000;
    for company in [Company::new("online-shop").people(people), Company::new("b2b").people(people).own_weeks()] {
        let (long, short) = (lived(&company), read(&company, people));
        assert_eq!((long.totals.people, long.totals.interactions), (short.totals.people, short.totals.interactions));
        assert_eq!((long.totals.outcomes, long.totals.value), (short.totals.outcomes, short.totals.value));
        for (long, short) in long.touchpoints.iter().zip(&short.touchpoints) {
            assert_eq!((long.people, long.interactions), (short.people, short.interactions), "{}", long.touchpoint);
            assert_eq!(long.attribution.linear.value, short.attribution.linear.value, "{}", long.touchpoint);
            assert_eq!(long.over_use, short.over_use, "{}", long.touchpoint);
        }
    }
}
