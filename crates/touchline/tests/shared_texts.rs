//! How well texts are judged, on published reviews that people rated themselves.
//!
//! The data does not ship: these tests run with `make test-shared`, which names its folder in TOUCHLINE_SHARED. Lists and weights were
//! worked on with one half of the texts, those whose SHA-256 begins with an even byte; what is asserted, and told in
//! `docs/measure/texts.md`, is of the other half, which was looked at once.

use analysis::experience::texts::{Mood, judge};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

fn shared(file: &str) -> PathBuf {
    let folder = std::env::var_os("TOUCHLINE_SHARED").expect("TOUCHLINE_SHARED names the folder with the shared data");
    Path::new(&folder).join("data").join(file)
}

/// Is a text with whether its writer was satisfied; none: neither.
type Rated = (String, Option<bool>);

fn held_out(text: &str) -> bool {
    Sha256::digest(text.as_bytes())[0] % 2 == 1
}

/// Reads a file of reviews: the columns of the text, and what the rating means.
fn reviews(bytes: Vec<u8>, columns: &[&str], rating: &str, means: fn(&str) -> Option<Option<bool>>) -> Vec<Rated> {
    let mut rows = csv::Reader::from_reader(Cursor::new(bytes));
    let head = rows.headers().expect("a head").clone();
    let at = |name: &str| head.iter().position(|column| column == name).expect("a known column");
    let (rating, columns): (usize, Vec<usize>) = (at(rating), columns.iter().map(|name| at(name)).collect());
    let mut found = Vec::new();
    for row in rows.records() {
        let row = row.expect("a row");
        let parts: Vec<&str> = columns.iter().map(|column| row[*column].trim()).collect();
        if parts.last().is_none_or(|text| text.is_empty()) {
            continue;
        }
        let text = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(". ");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some(rated) = means(&row[rating]).filter(|_| held_out(&text)) {
            found.push((text, rated));
        }
    }
    found
}

/// Is how well a set is judged.
#[derive(Debug)]
struct Quality {
    texts: usize,
    told: f64,
    area: f64,
    by_sign: f64,
    /// F1 of complaints, and of praise, by the three moods; neither counts as not found.
    f1: [f64; 2],
}

fn quality(rated: &[Rated]) -> Quality {
    let judged: Vec<(Option<i32>, Option<bool>)> = rated.iter().map(|(text, is)| (judge(text).score, *is)).collect();
    let told: Vec<(i32, bool)> = judged.iter().filter_map(|(score, is)| Some(((*score)?, (*is)?))).collect();
    let all_told = judged.iter().filter(|(score, _)| score.is_some()).count();
    // The chance that praise scores above complaint, equal scores half (Mann and Whitney).
    let mut ranked = told.clone();
    ranked.sort_unstable();
    let (mut ranks, mut at) = (0.0, 0);
    while at < ranked.len() {
        let equal = ranked[at..].iter().take_while(|one| one.0 == ranked[at].0).count();
        let praise = ranked[at..at + equal].iter().filter(|one| one.1).count();
        ranks += praise as f64 * (2 * at + equal + 1) as f64 / 2.0;
        at += equal;
    }
    let praise = told.iter().filter(|one| one.1).count() as f64;
    let complaints = told.len() as f64 - praise;
    let right = told.iter().filter(|(score, is)| (*score > 0) == *is).count();
    let f1 = |mood: Mood, wanted: bool| {
        let of = |score: i32| Mood::of(score) == mood;
        let hits = told.iter().filter(|(score, is)| of(*score) && *is == wanted).count() as f64;
        let false_alarms = told.iter().filter(|(score, is)| of(*score) && *is != wanted).count() as f64;
        let missed = told.iter().filter(|(score, is)| !of(*score) && *is == wanted).count() as f64;
        2.0 * hits / (2.0 * hits + false_alarms + missed)
    };
    Quality {
        texts: rated.len(),
        told: all_told as f64 / rated.len() as f64,
        area: (ranks - praise * (praise + 1.0) / 2.0) / (praise * complaints),
        by_sign: right as f64 / told.len() as f64,
        f1: [f1(Mood::Negative, false), f1(Mood::Positive, true)],
    }
}

#[track_caller]
fn check(found: &Quality, texts: usize, [told, area, by_sign, complaints, praise]: [f64; 5]) {
    assert_eq!(found.texts, texts, "{found:?}");
    let near = |found: f64, stated: f64| (found - stated).abs() < 6e-4;
    assert!(near(found.told, told) && near(found.area, area) && near(found.by_sign, by_sign), "{found:?}");
    assert!(near(found.f1[0], complaints) && near(found.f1[1], praise), "{found:?}");
}

#[test]
#[ignore = "needs ../shared"]
fn shared_clothes_by_their_stars() {
    let mut zip = zip::ZipArchive::new(File::open(shared("womens_clothing_reviews.csv.zip")).expect("is there")).expect("a zip");
    let mut bytes = Vec::new();
    zip.by_index(0).expect("a file").read_to_end(&mut bytes).expect("reads");
    let means = |stars: &str| {
        let stars: u8 = stars.parse().ok()?;
        Some(if stars == 3 { None } else { Some(stars > 3) })
    };
    let found = quality(&reviews(bytes, &["Title", "Review Text"], "Rating", means));
    check(&found, 11_343, [0.993, 0.941, 0.924, 0.680, 0.942]);
}

#[test]
#[ignore = "needs ../shared"]
fn shared_seats_and_lounges_by_recommendation() {
    let unpacked = |file: &str| {
        let mut bytes = Vec::new();
        flate2::read::MultiGzDecoder::new(File::open(shared(file)).expect("is there")).read_to_end(&mut bytes).expect("reads");
        bytes
    };
    let means = |recommended: &str| match recommended {
        "1" => Some(Some(true)),
        "0" => Some(Some(false)),
        _ => None,
    };
    let seats = quality(&reviews(unpacked("skytrax_seat_reviews.csv.gz"), &["content"], "recommended", means));
    check(&seats, 635, [0.937, 0.927, 0.855, 0.867, 0.802]);
    let lounges = quality(&reviews(unpacked("skytrax_lounge_reviews.csv.gz"), &["content"], "recommended", means));
    check(&lounges, 1_129, [0.982, 0.801, 0.719, 0.714, 0.657]);
}
