//! A small company for the tests of this crate: five stages, four touchpoints, two segments, and rows by hand.

use crate::meaning::Meaning;
use crate::sequence::{NO_COST, Rows, pack_score};
use model::map::TouchpointMap;
use model::time::DAY;
use model::{Direction, Form, Instant, Scale, Score, Signature};

/// The touchpoints, in the order of the map; each has one signal of the same number.
pub(crate) const TOUCHPOINTS: [&str; 4] = ["ads", "mail", "page", "till"];

/// Is a row by hand.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub person: u64,
    pub at: i64,
    pub signal: u32,
    pub form: Form,
    pub value: i64,
    pub flags: u32,
}

impl Row {
    pub(crate) fn new(person: u64, day: i64, touchpoint: &str, form: Form) -> Self {
        let signal = TOUCHPOINTS.iter().position(|known| *known == touchpoint).expect("a known touchpoint") as u32;
        let value = if form == Form::Purchase { 5_000 } else { 0 };
        Self { person, at: day * DAY, signal, form, value, flags: 0 }
    }
}

pub(crate) fn map() -> TouchpointMap {
    let stage =
        |id: &str, entry: &str| format!(r#"{{"id":"{id}","name":"{id}","weight":0.2,"lapse_days":90,"entry":[{entry}]}}"#);
    let touchpoint = |id: &str, direction: &str, stage: &str| {
        format!(
            r#"{{"id":"{id}","name":"{id}","kind":"digital","direction":"{direction}","channel":"web","cells":[{{"stage":"{stage}"}}],
            "primary_stage":"{stage}","cost":{{"per_contact":10}}}}"#
        )
    };
    let stages = [
        stage("aware", r#"{"contact":{}}"#),
        stage("knows", r#"{"forms":{"forms":["visit"]}}"#),
        stage("buys", r#"{"outcome":{"outcome":"purchase","at_least":1}}"#),
        stage("content", r#"{"quiet_after":{"outcome":"purchase","days":14}}"#),
        stage("loyal", r#"{"outcome":{"outcome":"purchase","at_least":2}}"#),
    ];
    let touchpoints = [
        touchpoint("ads", "outbound", "aware"),
        touchpoint("mail", "outbound", "knows"),
        touchpoint("page", "two_way", "aware"),
        touchpoint("till", "two_way", "buys"),
    ];
    let text = format!(
        r#"{{"format":"touchline-map/1","name":"Example","currency":"EUR","time_zone":"UTC","stages":[{}],
        "segments":[{{"id":"new","name":"new","rule":{{"outcomes":{{"outcome":"purchase","min":0,"max":0}}}}}},
                    {{"id":"buyers","name":"buyers","rule":{{"outcomes":{{"outcome":"purchase","min":1}}}}}}],
        "channels":[{{"id":"web","name":"web","group":"site"}}],
        "outcomes":[{{"id":"purchase","name":"purchase","rule":{{"forms":["purchase"]}},"target":true}}],
        "touchpoints":[{}]}}"#,
        stages.join(","),
        touchpoints.join(","),
    );
    serde_json::from_str(&text).expect("a valid map")
}

/// Compiles the example for a window from day 0 to `last_day`, and lays out the rows as the ledger would.
pub(crate) fn rows(rows: &[Row], last_day: i64) -> (Meaning, Rows) {
    compiled(&map(), rows, last_day)
}

/// Compiles another map of the same touchpoints, likewise.
pub(crate) fn compiled(map: &TouchpointMap, rows: &[Row], last_day: i64) -> (Meaning, Rows) {
    assert_eq!(map.problems(), []);
    let signal = |name: &&str| Signature { source: "test".into(), touchpoint: (*name).into(), ..Signature::default() };
    let signals: Vec<Signature> = TOUCHPOINTS.iter().map(signal).collect();
    let meaning = Meaning::new(map, &signals, &[], (Instant(0), Instant(last_day * DAY)));
    let mut sorted = rows.to_vec();
    sorted.sort_by_key(|row| (row.person, row.at, row.signal, row.form as u8, row.value, row.flags));
    let mut laid = Rows::default();
    for row in sorted {
        laid.person.push(row.person);
        laid.at.push(row.at);
        laid.signal.push(row.signal);
        laid.form.push(row.form as u8);
        let outbound = row.signal < 2;
        laid.direction.push(if outbound { Direction::Outbound } else { Direction::Inbound } as u8);
        laid.value.push(row.value);
        // Some carry a cost, some an answer on the scale of five, so that every column is put to use.
        let marked = row.at / DAY % 7;
        laid.cost.push(if marked == 1 { 25 } else { NO_COST });
        laid.score.push(if marked == 2 { pack_score(Score::new(Scale::Five, 4)) } else { 0 });
        laid.flags.push(row.flags);
    }
    (meaning, laid)
}
