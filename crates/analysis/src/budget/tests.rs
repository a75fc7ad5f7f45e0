//! Golden allocations, the law of the optimum, and what cannot be divided.

use super::*;
use proptest::prelude::*;

fn item(id: &str, response: Response) -> Item {
    Item { id: id.to_owned(), response, today: 0.0, floor: 0.0, ceiling: None, package: None, draws: Vec::new() }
}

fn hill(top: f64, slope: f64, half: f64) -> Item {
    item("hill", Response::Hill { top, slope, half })
}

fn exponential(top: f64, rate: f64) -> Item {
    item("exponential", Response::Exponential { top, rate })
}

#[track_caller]
fn check(items: &[Item], budget: f64, value: f64, spend: &[f64]) {
    let found = allocate(items, budget).expect("can be divided");
    assert!((found.value - value).abs() <= 1e-7 * value, "{} is not {value}: {found:?}", found.value);
    assert!(found.certified, "{found:?}");
    for (x, expected) in found.spend.iter().zip(spend) {
        assert!((x - expected).abs() <= 1e-3 * (1.0 + expected), "{x} is not {expected}: {found:?}");
    }
    assert!(found.spend.iter().sum::<f64>() <= budget * (1.0 + 1e-12));
}

/// The worked numbers of M22.
#[test]
fn two_exponential_responses() {
    let items = [exponential(100.0, 0.001), exponential(60.0, 0.002)];
    check(&items, 2_000.0, 117.982_936_355, &[1_272.56, 727.44]);
    let found = allocate(&items, 2_000.0).expect("can be divided");
    assert!((found.price - 0.028_011).abs() < 1e-6);
    assert_eq!(found.nodes, 1);
}

/// Optima that were computed with another program and confirmed by dynamic programming on a grid of 4,000 cells.
#[test]
fn hill_responses_with_known_optima() {
    let menten = [hill(10.0, 1.0, 5.0), hill(20.0, 1.0, 20.0), hill(5.0, 1.0, 2.0)];
    check(&menten, 30.0, 18.963_944_238_046_49, &[8.331_335, 17.706_710, 3.961_954]);
    let concave = [hill(100.0, 0.8, 50.0), hill(80.0, 0.5, 10.0), hill(60.0, 1.0, 30.0), hill(40.0, 0.9, 5.0)];
    check(&concave, 200.0, 183.878_275_463_443_34, &[81.178_629, 37.800_266, 57.086_646, 23.934_457]);
}

/// Two equal S-curves and too little for both: an even split, where local solvers stay, brings 44 % less.
#[test]
fn a_scarce_budget_goes_to_one_of_two_s_curves() {
    let items = [hill(10.0, 3.0, 10.0), hill(10.0, 3.0, 10.0)];
    let found = allocate(&items, 12.0).expect("can be divided");
    assert!((found.value - 6.334_310_850_439_882).abs() < 1e-9);
    assert!(found.certified);
    let mut spend = found.spend;
    spend.sort_by(f64::total_cmp);
    assert!(spend[0].abs() < 1e-9 && (spend[1] - 12.0).abs() < 1e-9, "one gets everything: {spend:?}");
}

#[test]
fn floors_ceilings_and_packages_are_kept() {
    let mut items = [exponential(100.0, 0.001), exponential(60.0, 0.002)];
    items[0].ceiling = Some(500.0);
    items[1].floor = 100.0;
    let found = allocate(&items, 2_000.0).expect("can be divided");
    assert_eq!(found.spend[0], 500.0);
    items[0].package = Some(400.0);
    let found = allocate(&items, 2_000.0).expect("can be divided");
    assert_eq!(found.spend[0], 400.0, "the second package is above the ceiling");
    items[1].package = Some(1_000.0);
    let found = allocate(&items, 2_000.0).expect("can be divided");
    assert_eq!(found.spend, [400.0, 1_100.0], "what is left buys no whole package");
}

#[test]
fn a_channel_that_does_not_pay_gets_nothing() {
    let found = allocate(&[hill(1.0, 4.0, 100.0), exponential(50.0, 0.05)], 40.0).expect("can be divided");
    assert_eq!(found.spend[0], 0.0);
    assert!(found.certified);
}

#[test]
fn what_cannot_be_divided_is_said() {
    let refused = |items: &[Item], budget: f64| allocate(items, budget).expect_err("cannot be divided");
    let mut items = vec![exponential(1.0, 1.0)];
    assert_eq!(refused(&[], 1.0), Impossible::Nothing);
    assert_eq!(refused(&items, f64::NAN), Impossible::Budget);
    assert_eq!(refused(&items, -1.0), Impossible::Budget);
    items[0].floor = 5.0;
    assert_eq!(refused(&items, 1.0), Impossible::FloorsAboveBudget { floors: 5.0, budget: 1.0 });
    items[0].ceiling = Some(4.0);
    assert!(refused(&items, 9.0).to_string().contains("ceiling is below the floor"));
    assert!(refused(&[hill(1.0, 0.0, 1.0)], 1.0).to_string().contains("above 0"));
    assert!(refused(&[hill(f64::INFINITY, 1.0, 1.0)], 1.0).to_string().contains("top"));
}

#[test]
fn no_budget_brings_nothing() {
    let found = allocate(&[hill(5.0, 2.0, 3.0), exponential(5.0, 0.1)], 0.0).expect("can be divided");
    assert_eq!((found.value, found.spend), (0.0, vec![0.0, 0.0]));
    assert!(found.certified);
}

#[test]
fn moves_lead_from_today_to_the_best() {
    let moves = moves(&[100.0, 0.0, 50.0], &[20.0, 90.0, 40.0]);
    assert_eq!(moves, [Move { from: Some(0), to: Some(1), amount: 80.0 }, Move { from: Some(2), to: Some(1), amount: 10.0 }]);
    assert_eq!(super::moves(&[0.0], &[30.0]), [Move { from: None, to: Some(0), amount: 30.0 }]);
    assert_eq!(super::moves(&[30.0], &[10.0]), [Move { from: Some(0), to: None, amount: 20.0 }]);
    assert_eq!(super::moves(&[30.0], &[30.0]), []);
}

fn any_item() -> impl Strategy<Value = Item> {
    let hill = (1.0..100.0, 0.4..5.0, 1.0..60.0).prop_map(|(top, slope, half)| Response::Hill { top, slope, half });
    let exponential = (1.0..100.0, 0.005..0.5).prop_map(|(top, rate)| Response::Exponential { top, rate });
    (prop_oneof![hill, exponential], 0.0_f64..5.0, prop::option::of(5.0_f64..80.0), prop::option::of(1.0_f64..20.0)).prop_map(
        |(response, floor, ceiling, package)| Item {
            id: "any".into(),
            response,
            today: 0.0,
            floor,
            ceiling,
            package,
            draws: Vec::new(),
        },
    )
}

/// Is the plain, slow, obviously right version: the best of all divisions on a grid. Items with packages keep to theirs.
fn on_a_grid(items: &[Item], budget: f64, cells: usize) -> f64 {
    let mut best = vec![f64::NEG_INFINITY; cells + 1];
    best[0] = 0.0;
    let cell = budget / cells as f64;
    for item in items {
        let high = item.ceiling.unwrap_or(budget).min(budget);
        let mut choices: Vec<f64> = match item.package {
            None => (0..=cells).map(|at| at as f64 * cell).filter(|x| *x >= item.floor && *x <= high).collect(),
            Some(package) => (0..).map(|count| item.floor + f64::from(count) * package).take_while(|x| *x <= high).collect(),
        };
        choices.push(item.floor);
        let mut next = vec![f64::NEG_INFINITY; cells + 1];
        for (used, value) in best.iter().enumerate().filter(|(_, value)| value.is_finite()) {
            for x in &choices {
                // Rounded up, so that the grid never spends more than there is.
                let now = used + (x / cell - 1e-9).ceil() as usize;
                if now <= cells {
                    next[now] = next[now].max(value + item.response.value(*x));
                }
            }
        }
        best = next;
    }
    best.into_iter().fold(f64::NEG_INFINITY, f64::max)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn nothing_on_a_grid_is_better(items in prop::collection::vec(any_item(), 1..5), budget in 25.0_f64..150.0) {
        let found = allocate(&items, budget).expect("floors are small");
        prop_assert!(found.certified, "{:?}", found);
        let grid = on_a_grid(&items, budget, 300);
        prop_assert!(found.value >= grid - 1e-9 * (1.0 + grid), "{} < {}: {:?}", found.value, grid, found);
        prop_assert!(found.spend.iter().sum::<f64>() <= budget * (1.0 + 1e-9));
        for (item, x) in items.iter().zip(&found.spend) {
            prop_assert!(*x >= item.floor - 1e-9 && *x <= item.ceiling.unwrap_or(budget).max(item.floor) + 1e-9);
            if let Some(package) = item.package {
                let count = (x - item.floor) / package;
                prop_assert!((count - count.round()).abs() < 1e-6, "{} packages", count);
            }
        }
    }

    #[test]
    fn more_money_never_brings_less(items in prop::collection::vec(any_item(), 1..5), budget in 25.0_f64..150.0) {
        let value = |budget: f64| allocate(&items, budget).expect("floors are small").value;
        prop_assert!(value(budget * 1.1) >= value(budget) - 1e-9 * (1.0 + value(budget)));
    }
}

/// What is known for certain is the same as draws that agree.
#[test]
fn draws_that_agree_change_nothing() {
    let sure = [exponential(100.0, 0.001), exponential(60.0, 0.002)];
    let drawn: Vec<Item> = sure.iter().map(|item| Item { draws: vec![item.response; 5], ..item.clone() }).collect();
    let (one, other) = (allocate(&sure, 2_000.0).expect("divides"), allocate(&drawn, 2_000.0).expect("divides"));
    assert!((one.value - other.value).abs() < 1e-6 && other.certified, "{other:?}");
    let regret = other.regret.expect("there are draws");
    assert!(regret.high < 1e-6, "{regret:?}");
    assert_eq!(one.regret, None);
}

/// One of two equal items may be worthless: the mean over the draws takes less of it than its best guess would.
#[test]
fn doubt_moves_money_to_what_is_known() {
    let sure = exponential(100.0, 0.001);
    let doubtful = Item {
        draws: vec![Response::Exponential { top: 20.0, rate: 0.001 }, Response::Exponential { top: 150.0, rate: 0.001 }],
        today: 1_000.0,
        ..exponential(100.0, 0.001)
    };
    let found = allocate(&[Item { today: 1_000.0, ..sure }, doubtful], 2_000.0).expect("divides");
    assert!(found.spend[0] > found.spend[1], "{found:?}");
    let regret = found.regret.expect("there are draws");
    assert!(regret.median > 0.0 && regret.median <= regret.high && regret.draws == 2, "{regret:?}");
}

/// The mean of two S-curves is no S-curve; its best division is certified to one step of the grid all the same.
#[test]
fn the_mean_of_s_curves_is_divided_to_a_step_of_the_grid() {
    let draws = vec![Response::Hill { top: 10.0, slope: 4.0, half: 3.0 }, Response::Hill { top: 10.0, slope: 4.0, half: 9.0 }];
    let item = |id: &str| Item { draws: draws.clone(), ..item(id, draws[0]) };
    let items = [item("a"), item("b")];
    let found = allocate(&items, 10.0).expect("divides");
    let best = (0..=400)
        .map(|step| f64::from(step) * 10.0 / 400.0)
        .map(|x| items[0].value(x) + items[1].value(10.0 - x))
        .fold(0.0, f64::max);
    let step = 10.0 / 400.0;
    assert!(found.certified && (found.value - best).abs() <= found.price * step + 1e-9, "{} is not {best}", found.value);
}
