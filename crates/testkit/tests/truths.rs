//! Each sample company contains exactly what it claims: plain estimators find it, and nothing else.

mod plain;

use model::catalogue::TEMPLATES;
use model::rules::SegmentRule;
use model::time::DAY;
use model::{Form, VerdictKind};
use plain::{Event, Findings, Reading, judge, read};
use std::collections::HashMap;
use testkit::company::END;
use testkit::{Company, Truths};

/// The size for which the truths are planted.
const PEOPLE: u32 = 20_000;

fn reading(name: &str, truths: Truths) -> Reading {
    read(&Company::new(name).truths(truths), PEOPLE)
}

/// Returns what asks for a change, and what cannot be judged although it should be.
fn named(findings: &[Findings]) -> Vec<(String, VerdictKind)> {
    let mut named: Vec<(String, VerdictKind)> = findings
        .iter()
        .filter(|finding| finding.verdict.asks_for_change() || finding.verdict == VerdictKind::InsufficientData)
        .map(|finding| (finding.id.clone(), finding.verdict))
        .collect();
    named.sort_by_key(|(_, kind)| *kind);
    named
}

#[test]
fn every_template_contains_its_planted_truths_and_no_other() {
    for name in TEMPLATES {
        let company = Company::new(name).seed(2);
        assert_eq!(named(&judge(&read(&company, PEOPLE))), company.planted(), "{name}");
    }
}

#[test]
fn without_the_truths_nothing_asks_for_a_change() {
    for name in TEMPLATES {
        assert_eq!(named(&judge(&reading(name, Truths::none()))), [], "{name}");
        assert_eq!(Company::new(name).truths(Truths::none()).planted(), []);
    }
}

#[test]
fn a_truth_can_be_planted_alone() {
    let company = Company::new("shop").truths(Truths { wasted: true, ..Truths::none() });
    assert_eq!(named(&judge(&read(&company, PEOPLE))), company.planted());
    assert_eq!(company.planted().len(), 1);
}

#[test]
fn the_truths_stand_clear_of_the_decision_lines() {
    for name in TEMPLATES {
        let company = Company::new(name);
        let map = company.map();
        let findings = judge(&read(&company, PEOPLE));
        assert_eq!(named(&findings), company.planted(), "{name}");
        for finding in findings {
            let apart = finding.cost_share - finding.effect_share;
            match company.planted().into_iter().find(|(id, _)| *id == finding.id).map(|(_, kind)| kind) {
                Some(VerdictKind::OverUsed) => {
                    assert_eq!(finding.saturation, Some(3), "{name}: {finding:?}");
                    assert!(finding.beyond > 0.3 && finding.complaints < 0.001, "{name}: {finding:?}");
                }
                Some(VerdictKind::Wasted) => {
                    assert!(apart > 0.09 && finding.cost_share > 2.2 * finding.effect_share, "{name}: {finding:?}")
                }
                Some(VerdictKind::UnderUsed) => {
                    assert!(finding.reach < 0.14 && finding.lift.is_some_and(|lift| lift.1 > 0.1), "{name}: {finding:?}");
                }
                Some(_) => assert_eq!(finding.contacts, 0, "{name}: {finding:?}"),
                None if finding.contacts > 0 => {
                    assert!(finding.people > 500, "{name}: {finding:?}");
                    assert!(finding.reach > 0.25, "{name}: {finding:?}");
                    let justified = map.touchpoint(&finding.id).is_some_and(|at| map.touchpoints[at].purpose.is_some());
                    assert!(justified || apart < 0.04 || finding.cost_share < 1.3 * finding.effect_share, "{name}: {finding:?}");
                    assert!(finding.saturation.is_none_or(|most| most >= 1), "{name}: {finding:?}");
                    assert!(finding.complaints < 0.0005, "{name}: {finding:?}");
                }
                None => {}
            }
        }
    }
}

#[test]
fn only_the_planted_channel_answers_late() {
    fn check(name: &str, truths: Truths) {
        let company = Company::new(name).truths(truths);
        let map = company.map();
        let mut asked = HashMap::new();
        let mut days: HashMap<String, Vec<f64>> = HashMap::new();
        for arrival in company.arrivals().take(60_000) {
            asked.insert((arrival.source.clone(), arrival.message_id.clone()), arrival.at.0);
            if let (Form::Reply, Some(question)) = (arrival.form, arrival.reply_to) {
                let touchpoint = map.bind(&arrival.signature).expect("replies are bound");
                let waited = arrival.at.0 - asked[&(arrival.source, question)];
                days.entry(map.touchpoints[touchpoint].id.clone()).or_default().push(waited as f64 / DAY as f64);
            }
        }
        assert!(!days.is_empty(), "{name}");
        for (touchpoint, waits) in days {
            let mean = waits.iter().sum::<f64>() / waits.len() as f64;
            assert_eq!(mean > 1.0, company.slow() == Some(touchpoint.as_str()), "{name}: {touchpoint} answers after {mean} days");
        }
    }
    for name in TEMPLATES {
        check(name, Truths::planted());
        check(name, Truths::none());
    }
}

#[test]
fn every_sixth_purchase_lacks_the_skipped_step() {
    for name in TEMPLATES {
        let company = Company::new(name);
        let skipped = company.map().touchpoint(company.skipped().expect("planted")).expect("of the template");
        let (mut cared, mut bought) = (0, 0);
        for events in read(&company, 4_000).people {
            // By person, because some steps follow the first purchase alone; the last week's steps are still to come.
            bought += u32::from(events.iter().any(|event| event.outcome && event.at < END.0 - 7 * DAY));
            cared += u32::from(events.iter().any(|event| event.touchpoint == Some(skipped)));
        }
        let share = f64::from(cared) / f64::from(bought);
        assert!((0.75..0.95).contains(&share), "{name}: {share}");
    }
}

#[test]
fn everybody_is_in_one_segment_and_no_segment_is_empty() {
    for name in TEMPLATES {
        let company = Company::new(name);
        let reading = read(&company, 4_000);
        let mut sizes = vec![0; reading.map.segments.len()];
        for (k, events) in reading.people.iter().enumerate().filter(|(_, events)| !events.is_empty()) {
            let traits = company.traits(k as u32);
            let segments = reading.map.segments.iter().map(|segment| belongs(&segment.rule, &reading, events, &traits));
            let of: Vec<usize> = segments.enumerate().filter(|(_, belongs)| *belongs).map(|(number, _)| number).collect();
            assert_eq!(of.len(), 1, "{name}: person {k} is in {of:?}");
            sizes[of[0]] += 1;
        }
        assert!(sizes.iter().all(|size| *size > 60), "{name}: {sizes:?}");
    }
}

/// Tells whether somebody belongs to a segment, for the rules that the templates use.
fn belongs(rule: &SegmentRule, reading: &Reading, events: &[Event], traits: &[(String, String)]) -> bool {
    let days = || ((END.0 - events.last().map_or(0, |event| event.at)) / DAY) as u32;
    let within = |count: u32, min: u32, max: Option<u32>| count >= min && max.is_none_or(|max| count <= max);
    match rule {
        SegmentRule::Everybody {} => true,
        SegmentRule::Trait { key, is } => traits.iter().any(|(name, value)| name == key && value == is),
        SegmentRule::Outcomes { min, max, .. } => within(events.iter().filter(|event| event.outcome).count() as u32, *min, *max),
        SegmentRule::Interactions { min, max } => within(events.len() as u32, *min, *max),
        SegmentRule::LastSeen { min, max } => within(days(), *min, *max),
        SegmentRule::Touched { touchpoint } => {
            let number = reading.map.touchpoint(touchpoint);
            events.iter().any(|event| event.touchpoint == number)
        }
        SegmentRule::All { of } => of.iter().all(|part| belongs(part, reading, events, traits)),
        SegmentRule::Any { of } => of.iter().any(|part| belongs(part, reading, events, traits)),
        SegmentRule::Not { of } => !belongs(of, reading, events, traits),
        SegmentRule::Met { .. } | SegmentRule::Stage { .. } | SegmentRule::Worth { .. } => panic!("no template asks for this"),
    }
}
