//! Published data sets, imported with the mappings that ship, against facts that were computed elsewhere.
//!
//! The data does not ship: these tests run with `make test-shared`, which names its folder in TOUCHLINE_SHARED.

use model::{Arrival, Direction, Form, Identity, Instant, Link};
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use touchline::failure::Failure;
use touchline::features::capture::import::mapping::Mapping;
use touchline::features::capture::import::{Import, Sink, Summary, Taken, run};

/// Keeps everything, each id once.
#[derive(Default)]
struct Memory {
    ids: HashSet<u128>,
    arrivals: Vec<Arrival>,
    facts: Vec<(Identity, Identity, Link, Instant)>,
}

impl Sink for Memory {
    fn take(
        &mut self,
        arrivals: Vec<Arrival>,
        facts: Vec<(Identity, Identity, Link, Instant)>,
        _: Vec<(Identity, String, String, Instant)>,
    ) -> Result<Taken, Failure> {
        let offered = arrivals.len() as u64;
        let before = self.arrivals.len();
        let ids = &mut self.ids;
        self.arrivals.extend(arrivals.into_iter().filter(|arrival| ids.insert(arrival.id().0)));
        self.facts.extend(facts);
        let added = (self.arrivals.len() - before) as u64;
        Ok(Taken { added, duplicates: offered - added })
    }
}

fn shared() -> PathBuf {
    let folder = std::env::var_os("TOUCHLINE_SHARED").expect("TOUCHLINE_SHARED names the folder with the shared data");
    Path::new(&folder).join("data")
}

/// Imports a set with its mapping, twice: the second time adds nothing.
fn import(file: &str, mapping: &str) -> (Summary, Memory) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/mappings");
    let mapping = Mapping::read(&folder.join(mapping)).expect("the mapping that ships is valid");
    let file = shared().join(file);
    let import =
        Import { file: &file, mapping: &mapping, mapping_folder: None, rejects_folder: None, dry_run: true, rows_max: None };
    let mut memory = Memory::default();
    let summary = run(&import, &mut memory, &mut |_| {}).expect("imports");
    assert!(summary.complete, "{:?}", summary.notes);
    assert_eq!(summary.rejected, 0, "{:?}", summary.reasons);
    assert_eq!(summary.added, summary.interactions, "every id is different");
    let facts = memory.facts.len();
    let again = run(&import, &mut memory, &mut |_| {}).expect("imports");
    assert_eq!((again.added, again.already_there), (0, summary.added));
    memory.facts.truncate(facts);
    (summary, memory)
}

fn count(memory: &Memory, test: impl Fn(&Arrival) -> bool) -> usize {
    memory.arrivals.iter().filter(|arrival| test(arrival)).count()
}

fn mean_score(memory: &Memory) -> f64 {
    let answers: Vec<f64> =
        memory.arrivals.iter().filter_map(|arrival| arrival.score).map(|score| f64::from(score.answer)).collect();
    answers.iter().sum::<f64>() / answers.len() as f64
}

#[test]
#[ignore = "needs ../shared"]
fn completejourney_baskets() {
    let (summary, memory) = import("completejourney_transactions.parquet", "completejourney_transactions.toml");
    assert_eq!((summary.rows, summary.interactions, summary.identities), (1_469_307, 155_848, 2_469));
    assert_eq!(summary.values[0].minor, 459_603_958);
    assert_eq!(summary.first.as_deref(), Some("2017-01-01T11:53:26Z"));
    assert_eq!(summary.last.as_deref(), Some("2018-01-01T04:01:20Z"));
    let places: HashSet<&str> = memory.arrivals.iter().map(|arrival| arrival.signature.place.as_str()).collect();
    assert_eq!(places.len(), 457);
}

#[test]
#[ignore = "needs ../shared"]
fn completejourney_campaigns_and_coupons() {
    let (letters, memory) = import("completejourney_campaigns.parquet", "completejourney_campaigns.toml");
    assert_eq!((letters.interactions, letters.identities), (6_589, 1_559));
    assert_eq!(letters.first.as_deref(), Some("2016-11-14T00:00:00Z"));
    assert_eq!(count(&memory, |arrival| arrival.direction == Direction::Outbound), 6_589);
    let campaigns: HashSet<_> = memory.arrivals.iter().map(|arrival| &arrival.campaign).collect();
    assert_eq!(campaigns.len(), 27);
    let (coupons, memory) = import("completejourney_coupon_redemptions.parquet", "completejourney_coupon_redemptions.toml");
    assert_eq!((coupons.interactions, coupons.identities), (2_102, 410));
    assert_eq!(coupons.last.as_deref(), Some("2017-12-31T00:00:00Z"));
    assert_eq!(count(&memory, |arrival| arrival.form == Form::Redemption && arrival.offer.is_some()), 2_102);
}

/// Counts clients and buyers by their number of calls, seven and more together.
fn by_calls(memory: &Memory) -> Vec<(usize, usize)> {
    let mut clients: BTreeMap<u64, (usize, usize)> = BTreeMap::new();
    for arrival in &memory.arrivals {
        let client = clients.entry(arrival.actor().0.0).or_default();
        match arrival.form {
            Form::Call => client.0 += 1,
            _ => client.1 += 1,
        }
    }
    let mut table = vec![(0, 0); 7];
    for (calls, bought) in clients.values() {
        let row = &mut table[(*calls).min(7) - 1];
        *row = (row.0 + 1, row.1 + bought);
    }
    table
}

/// Checks that all of a client fall into one day, the purchase last.
fn one_period(memory: &Memory) {
    let mut clients: BTreeMap<u64, Vec<&Arrival>> = BTreeMap::new();
    for arrival in &memory.arrivals {
        clients.entry(arrival.actor().0.0).or_default().push(arrival);
    }
    for arrivals in clients.values() {
        let days: HashSet<i64> = arrivals.iter().map(|arrival| arrival.at.0.div_euclid(model::time::DAY)).collect();
        assert_eq!(days.len(), 1);
        let last = arrivals.iter().max_by_key(|arrival| arrival.at).expect("not empty");
        assert_eq!(last.form == Form::Purchase, arrivals.iter().any(|arrival| arrival.form == Form::Purchase));
    }
}

#[test]
#[ignore = "needs ../shared"]
fn bank_calls() {
    let (summary, memory) = import("uci_bank_marketing_full.csv.gz", "uci_bank_marketing_full.toml");
    assert_eq!((summary.rows, summary.identities), (45_211, 45_211));
    assert_eq!(count(&memory, |arrival| arrival.form == Form::Call), 124_956);
    assert_eq!(count(&memory, |arrival| arrival.form == Form::Purchase), 5_289);
    let expected = [(17_544, 2_561), (12_505, 1_401), (5_521, 618), (3_522, 317), (1_764, 139), (1_291, 92), (3_064, 161)];
    assert_eq!(by_calls(&memory), expected);
    assert!(summary.first.is_some_and(|first| first.starts_with("2008-05-05")));
    assert!(summary.last.is_some_and(|last| last.starts_with("2010-11-")));
    one_period(&memory);
}

#[test]
#[ignore = "needs ../shared"]
fn bank_calls_additional() {
    let (summary, memory) = import("uci_bank_marketing_additional_full.csv.gz", "uci_bank_marketing_additional_full.toml");
    assert_eq!(summary.rows, 41_188);
    assert_eq!(count(&memory, |arrival| arrival.form == Form::Call), 105_754);
    assert_eq!(count(&memory, |arrival| arrival.form == Form::Purchase), 4_640);
    let expected = [(17_642, 2_300), (10_570, 1_211), (5_341, 574), (2_651, 249), (1_599, 120), (979, 75), (2_406, 111)];
    assert_eq!(by_calls(&memory), expected);
    one_period(&memory);
}

/// The sum after dropping equal rows was computed with exact decimals, rounded to pence per invoice.
#[test]
#[ignore = "needs ../shared"]
fn online_retail_orders() {
    let (summary, memory) = import("uci_online_retail_2009_2010.parquet", "uci_online_retail_2009_2010.toml");
    assert_eq!((summary.rows, summary.duplicate_rows), (525_461, 6_865));
    assert_eq!((summary.interactions, summary.identities, summary.anonymous), (28_816, 4_383, 5_229));
    assert_eq!(summary.values[0].minor, 950_577_555);
    assert_eq!(count(&memory, |arrival| arrival.form == Form::Cancellation), 4_592);
    assert_eq!(count(&memory, |arrival| arrival.form == Form::Other), 3);
}

#[test]
#[ignore = "needs ../shared"]
fn ubuntu_chat() {
    let (summary, memory) = import("ubuntu_irc_support_chat.zip", "ubuntu_irc_support_chat.toml");
    assert_eq!(summary.interactions, 221_619);
    // 17,780 nicks as written; one of them is written both with and without a space behind it.
    assert_eq!(summary.identities, 17_779);
    assert_eq!(memory.facts.iter().filter(|(_, _, link, _)| *link == Link::Renamed).count() as u64, summary.links);
    assert_eq!(summary.links, 5_119);
    // 59,051 links join two lines; 56,648 messages answer at least one other message.
    assert_eq!(summary.replies, 56_648);
    let ids: HashSet<&[u8]> = memory.arrivals.iter().map(|arrival| arrival.message_id.as_slice()).collect();
    assert!(memory.arrivals.iter().filter_map(|arrival| arrival.reply_to.as_deref()).all(|id| ids.contains(id)));
}

#[test]
#[ignore = "needs ../shared"]
fn clothing_reviews() {
    let (summary, memory) = import("womens_clothing_reviews.csv.zip", "womens_clothing_reviews.toml");
    assert_eq!((summary.rows, summary.interactions, summary.anonymous), (23_486, 23_486, 23_486));
    let of = |answer| count(&memory, |arrival| arrival.score.is_some_and(|score| score.answer == answer));
    assert_eq!([1, 2, 3, 4, 5].map(of), [842, 1_565, 2_871, 5_077, 13_131]);
    assert!((mean_score(&memory) - 4.196_032).abs() < 1e-6);
}

#[test]
#[ignore = "needs ../shared"]
fn airline_reviews() {
    let (lounges, memory) = import("skytrax_lounge_reviews.csv.gz", "skytrax_lounge_reviews.toml");
    assert_eq!((lounges.interactions, lounges.first.as_deref()), (2_264, Some("2006-05-09T00:00:00Z")));
    assert!((mean_score(&memory) - 3.3656).abs() < 1e-4);
    assert_eq!(count(&memory, |arrival| arrival.score.is_none()), 5);
    let (seats, memory) = import("skytrax_seat_reviews.csv.gz", "skytrax_seat_reviews.toml");
    // 26 reviews without a date are left out, all of them with a score.
    assert_eq!((seats.rows, seats.skipped[0].rows, seats.interactions), (1_258, 26, 1_232));
    assert!((mean_score(&memory) - 5_300.0 / 1_231.0).abs() < 1e-9);
}
