//! Exact answers for small journeys, and the answers for public data sets that are not part of this repository.

use super::{Credit, Ends, JourneyCounts, Markov, Order, Rule, games, removal, time_decay};
use crate::fixed::Fixed;
use serde_json::Value;
use std::collections::HashMap;

const TINY: &str = include_str!("../../fixtures/attribution_tiny.json");

/// Holds journeys with the names of their touchpoints.
#[derive(Default)]
struct Case {
    names: Vec<String>,
    numbers: HashMap<String, u16>,
    journeys: JourneyCounts,
}

impl Case {
    fn number(&mut self, name: &str) -> u16 {
        let next = self.names.len() as u16;
        let number = *self.numbers.entry(name.to_owned()).or_insert(next);
        if number == next {
            self.names.push(name.to_owned());
        }
        number
    }

    fn take(&mut self, path: &str, conversions: u64, value: f64, nulls: u64) {
        let path: Vec<u16> = path.split(" > ").map(|name| self.number(name)).collect();
        self.journeys.take(&path, Ends { conversions, value: Fixed::from_f64(value).expect("fits"), nulls });
    }

    fn direct(&self, name: &str) -> Vec<bool> {
        self.names.iter().map(|one| one == name).collect()
    }

    fn credits(&self, rule: Rule, direct: &str) -> HashMap<String, Credit> {
        self.names.iter().cloned().zip(rule.credits(&self.journeys, &self.direct(direct))).collect()
    }
}

fn near(what: &str, found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance * expected.abs().max(1.0), "{what}: {found} is not {expected}");
}

/// Reads `p/q`, `p`, or a plain number.
fn rational(value: &Value) -> f64 {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let (p, q) = text.split_once('/').unwrap_or((&text, "1"));
    p.parse::<f64>().expect("a number") / q.parse::<f64>().expect("a number")
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().expect("an object").iter()
}

fn check_credits(what: &str, found: &HashMap<String, Credit>, expected: &Value, tolerance: f64) {
    for (name, pair) in entries(expected) {
        near(&format!("{what} {name} conversions"), found[name].conversions.to_f64(), rational(&pair[0]), tolerance);
        near(&format!("{what} {name} value"), found[name].value.to_f64(), rational(&pair[1]), tolerance);
    }
}

fn check_markov(what: &str, names: &[String], found: &Markov, totals: Ends, expected: &Value, tolerance: f64) {
    let shares = [found.shares(), found.shares_value()];
    for (i, name) in names.iter().enumerate() {
        let check =
            |field: &str, value: f64| near(&format!("{what} {name} {field}"), value, rational(&expected[field][name]), tolerance);
        check("removal_effect", found.removal[i]);
        check("removal_effect_value", found.removal_value[i]);
        check("conversions", totals.conversions as f64 * shares[0][i]);
        check("value", totals.value.to_f64() * shares[1][i]);
    }
    assert_eq!(expected["states"], found.states, "{what} states");
}

/// Compares the games and the weights by pairs; what has no expected answer is not compared.
fn check_games(what: &str, case: &Case, expected: &Value, tolerance: f64) {
    let n = case.names.len();
    let found = [
        ("shapley_cumulative_rate", games::cumulative_rate(&case.journeys, n)),
        ("shapley_markov_order1", games::markov_game(&case.journeys, n)),
        ("shapley_exactset_rate", games::exact_set(&case.journeys, n).map(|drawn| drawn.added)),
        ("shao_li", Some(games::shao_li(&case.journeys, n))),
    ];
    for (game, found) in found {
        let Some(answers) = expected.get(game).or_else(|| expected.get(format!("{game}_dp6"))) else { continue };
        let answers = answers.get("phi").unwrap_or(answers);
        for (name, value) in case.names.iter().zip(found.expect("few touchpoints")) {
            near(&format!("{what} {game} {name}"), value, rational(&answers[name]), tolerance);
        }
    }
}

#[test]
fn tiny_journeys_exactly() {
    let golden: Value = serde_json::from_str(TINY).expect("valid JSON");
    for (name, expected) in entries(&golden["cases"]) {
        let mut case = Case::default();
        for row in expected["rows"].as_array().expect("rows") {
            let count = |i: usize| row[i].as_u64().expect("a count");
            case.take(row[0].as_str().expect("a path"), count(1), rational(&row[2]), count(3));
        }
        let direct = expected["direct"].as_str().expect("a name");
        for rule in Rule::ALL {
            let answers = if rule == Rule::ShapleySum { &expected["shapley_sum"] } else { &expected["rules"][rule.name()] };
            check_credits(&format!("{name} {rule:?}"), &case.credits(rule, direct), answers, 1e-13);
        }
        check_games(name, &case, expected, 1e-12);
        for order in [Order::One, Order::Two, Order::Three] {
            let found = removal(&case.journeys, case.names.len(), order);
            match expected.get(format!("markov_order{}", order as u8)) {
                Some(answers) => {
                    check_markov(&format!("{name} {order:?}"), &case.names, &found, case.journeys.totals(), answers, 1e-12);
                    near("p", found.converts, rational(&answers["p_convert"]), 1e-13);
                    near("e", found.worth, rational(&answers["expected_value"]), 1e-13);
                }
                None => assert!(found.removal.iter().all(|effect| *effect == 0.0), "{name}: no outcome, no effect"),
            }
        }
    }
}

#[test]
fn m5_attribution_share() {
    let mut case = Case::default();
    for (path, conversions, nulls) in [("ads", 2, 1), ("mail", 1, 0), ("ads > mail", 1, 0)] {
        case.take(path, conversions, 0.0, nulls);
    }
    for (rule, ads, mail) in
        [(Rule::First, 3.0, 1.0), (Rule::Last, 2.0, 2.0), (Rule::Linear, 2.5, 1.5), (Rule::ShapleySum, 2.5, 1.5)]
    {
        let found = case.credits(rule, "");
        assert_eq!((found["ads"].conversions.to_f64(), found["mail"].conversions.to_f64()), (ads, mail), "{rule:?}");
    }
    let markov = removal(&case.journeys, 2, Order::One);
    let credited: Vec<f64> = markov.shares().iter().map(|share| share * 4.0).collect();
    near("ads", credited[0], 2.4, 1e-14);
    near("mail", credited[1], 1.6, 1e-14);
}

/// Reads a file of the shared folder, whose place is given in TOUCHLINE_SHARED.
fn shared(file: &str) -> String {
    let folder = std::env::var("TOUCHLINE_SHARED").expect("set TOUCHLINE_SHARED to the folder that holds golden/");
    std::fs::read_to_string(std::path::Path::new(&folder).join("golden").join(file)).expect(file)
}

fn rows(text: &str, separator: char) -> Vec<Vec<&str>> {
    text.lines().skip(1).map(|line| line.split(separator).collect()).collect()
}

fn number(text: &str) -> f64 {
    text.parse().expect("a number")
}

#[test]
#[ignore = "needs ../shared"]
fn path_data_rules_and_markov() {
    let mut case = Case::default();
    for row in rows(&shared("pathdata/PathData.csv"), ';') {
        case.take(row[0], number(row[1]) as u64, number(row[2]), number(row[3]) as u64);
    }
    let order = [Rule::First, Rule::Last, Rule::Linear, Rule::Position, Rule::StepDecay, Rule::LastNonDirect];
    for row in rows(&shared("pathdata/rules.csv"), ',') {
        for (i, rule) in order.into_iter().enumerate() {
            let found = case.credits(rule, "alpha")[row[0]];
            near(&format!("{rule:?} {}", row[0]), found.conversions.to_f64(), number(row[1 + 2 * i]), 1e-9);
            near(&format!("{rule:?} {}", row[0]), found.value.to_f64(), number(row[2 + 2 * i]), 1e-9);
        }
    }
    for row in rows(&shared("pathdata/shapley_sum_exact.csv"), ',') {
        let found = case.credits(Rule::ShapleySum, "")[row[0]];
        near(row[0], found.conversions.to_f64(), number(row[1]), 1e-9);
        near(row[0], found.value.to_f64(), number(row[2]), 1e-9);
    }
    let markov = removal(&case.journeys, case.names.len(), Order::One);
    for row in rows(&shared("pathdata/markov_order1_exact.csv"), ',') {
        let i = usize::from(case.numbers[row[2]]);
        near(row[2], markov.removal[i], number(row[3]), 1e-11);
        near(row[2], markov.removal_value[i], number(row[4]), 1e-11);
    }
    for order in [Order::One, Order::Two, Order::Three] {
        let found = removal(&case.journeys, case.names.len(), order);
        near("P", found.converts, 0.223_845_135_597, 1e-12);
        near("E", found.worth, 0.846_311_919_029, 1e-12);
        assert_eq!(found.states, [12, 120, 933][order as usize - 1]);
    }
}

#[test]
#[ignore = "needs ../shared"]
fn events500_rules_markov_and_time_decay() {
    let (events, golden) = (shared("tiny/events500.csv"), shared("tiny/events500_golden.json"));
    let golden: Value = serde_json::from_str(&golden).expect("valid JSON");
    let events = rows(&events, ',');
    let mut case = Case::default();
    let mut decayed: HashMap<String, Credit> = HashMap::new();
    let mut shares = Vec::new();
    for journey in events.chunk_by(|one, other| one[0] == other[0]) {
        let path: Vec<&str> = journey.iter().map(|row| row[3]).collect();
        let converted = journey.last().is_some_and(|row| row[5] == "1");
        let value = journey.iter().map(|row| number(row[6])).sum::<f64>();
        case.take(&path.join(" > "), u64::from(converted), value, u64::from(!converted));
        if converted {
            let times: Vec<i64> = journey.iter().map(|row| row[2].parse().expect("seconds")).collect();
            time_decay(&times, 604_800, &mut shares);
            for (name, share) in path.iter().zip(&shares) {
                let value = share.of(Fixed::from_f64(value).expect("fits"));
                *decayed.entry((*name).to_owned()).or_default() += Credit { conversions: *share, value };
            }
        }
    }
    for (model, answers) in entries(&golden["rules"]) {
        let rule = Rule::ALL.into_iter().find(|rule| rule.name() == model);
        let found = rule.map_or_else(|| decayed.clone(), |rule| case.credits(rule, "ch00"));
        check_credits(model, &found, answers, 1e-9);
    }
    check_credits("shapley", &case.credits(Rule::ShapleySum, ""), &golden["shapley_sum"], 1e-9);
    check_games("events500", &case, &golden, 1e-9);
    for order in [Order::One, Order::Two, Order::Three] {
        let found = removal(&case.journeys, case.names.len(), order);
        let answers = &golden[format!("markov_order{}", order as u8)];
        check_markov(&format!("{order:?}"), &case.names, &found, case.journeys.totals(), answers, 1e-9);
    }
}
