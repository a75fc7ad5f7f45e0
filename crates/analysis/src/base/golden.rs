//! The models of buying against a public set of customers with published parameters; the data do not ship.

use super::bgnbd::BgNbd;
use super::history::{History, grouped};
use super::pareto_nbd::ParetoNbd;
use std::path::Path;

fn cdnow() -> Vec<(History, f64)> {
    let shared = std::env::var_os("TOUCHLINE_SHARED").expect("TOUCHLINE_SHARED names the folder with the shared data");
    let path = Path::new(&shared).join("golden/stats/cdnow_rfm_2357.csv");
    let text = std::fs::read_to_string(path).expect("the file is there");
    let history = |line: &str| {
        let cells: Vec<f64> = line.trim().split(',').map(|cell| cell.parse().expect("a number")).collect();
        History { x: cells[1] as u32, last: cells[2], watched: cells[3] }
    };
    grouped(text.lines().skip(1).map(history))
}

fn near(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{found} is not {expected}");
}

#[test]
#[ignore = "needs ../shared"]
fn bg_nbd_finds_the_published_parameters() {
    let groups = cdnow();
    near(groups.iter().map(|(_, count)| count).sum(), 2_357.0, 0.0);
    let (found, height) = BgNbd::fit(&groups).expect("many repeat buyers");
    near(height, -9_582.425_56, 1e-2);
    for (found, expected) in
        [(found.r, 0.242_592_91), (found.alpha, 4.413_531_73), (found.a, 0.792_885_99), (found.b, 2.425_752_93)]
    {
        near(found, expected, 1e-3);
    }
}

#[test]
#[ignore = "needs ../shared"]
fn pareto_nbd_finds_the_published_parameters() {
    let (found, height) = ParetoNbd::fit(&cdnow()).expect("many repeat buyers");
    near(height, -9_594.973_93, 1e-2);
    for (found, expected) in [(found.r, 0.553_275_6), (found.alpha, 10.577_613), (found.s, 0.606_214), (found.beta, 11.667_91)] {
        near(found, expected, 1e-2);
    }
}
