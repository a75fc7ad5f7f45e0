//! The laws of editing, on random edits of a real map: a difference leads where it says, the way back leads back, and what two
//! people do in different places comes to the same in either order.

use super::tree::{Change, apply, clashes, diff};
use super::*;
use model::TouchpointMap;
use model::catalogue::template;
use model::map::{Cell, MapRule, Segment, Touchpoint};
use model::rules::SegmentRule;
use model::signal::SignalMatch;
use proptest::prelude::*;
use serde_json::{Value, json};

fn base() -> TouchpointMap {
    template("online-shop").expect("is a template")
}

fn tree(map: &TouchpointMap) -> Value {
    serde_json::to_value(map).expect("writes")
}

/// Draws one step that can be done to the template, whatever was done before: things are picked by number.
fn step() -> impl Strategy<Value = (u8, usize, usize, usize, String)> {
    (0_u8..13, 0_usize..64, 0_usize..8, 0_usize..4, "[a-z]{1,6}")
}

fn done(map: &mut TouchpointMap, (what, which, stage, segment, word): &(u8, usize, usize, usize, String)) {
    if map.touchpoints.is_empty() {
        return;
    }
    let touchpoint = map.touchpoints[which % map.touchpoints.len()].clone();
    let id = touchpoint.id.clone();
    let stage = map.stages[stage % map.stages.len()].id.clone();
    let row = map.segments.get(*segment).map(|segment| segment.id.clone());
    let cell = Cell { segment: row.clone(), stage: stage.clone() };
    let change = |field: &[&str], value: Value| Edit::Change {
        part: Part::Touchpoints,
        id: id.clone(),
        field: field.iter().map(|step| (*step).to_owned()).collect(),
        value,
    };
    let edit = match what {
        0 => change(&["name"], json!(word)),
        1 => change(&["details", "owner"], json!(word)),
        2 => change(&["cost", "running_per_month"], json!(which)),
        3 => change(&["custom", word], json!("x")),
        4 => Edit::RemoveTouchpoint { id },
        5 => Edit::Place { touchpoint: id, cell },
        6 => match touchpoint.cells.first() {
            Some(from) => Edit::Move { touchpoint: id, from: from.clone(), to: cell },
            None => return,
        },
        7 => match touchpoint.cells.last() {
            Some(cell) => Edit::Unplace { touchpoint: id, cell: cell.clone() },
            None => return,
        },
        8 => {
            let new = format!("new-{word}");
            Edit::AddTouchpoint {
                touchpoint: Box::new(Touchpoint { id: new, cells: vec![cell], primary_stage: stage, ..touchpoint }),
            }
        }
        9 => Edit::AddSegment {
            segment: Segment {
                id: format!("s-{word}"),
                name: word.as_str().into(),
                rule: SegmentRule::Everybody {},
                needs: vec![],
            },
            like: row,
        },
        10 if map.stages.len() > 2 => {
            let into = map.stages.iter().find(|known| known.id != stage).expect("there are several").id.clone();
            Edit::RemoveStage { id: stage, into }
        }
        11 => {
            let mut ids: Vec<String> = map.touchpoints.iter().map(|touchpoint| touchpoint.id.clone()).collect();
            ids.rotate_left(which % map.touchpoints.len());
            Edit::Order { part: Part::Touchpoints, ids }
        }
        12 => {
            let mut rules = map.rules.clone();
            rules.insert(0, MapRule { touchpoint: id, signal: SignalMatch { event: word.clone(), ..SignalMatch::default() } });
            Edit::Rules { rules }
        }
        _ => return,
    };
    // A name drawn twice is refused; nothing is done then, as in life.
    let before = map.clone();
    if edit.apply(map).is_err() {
        *map = before;
    }
}

fn edited(steps: &[(u8, usize, usize, usize, String)]) -> TouchpointMap {
    let mut map = base();
    steps.iter().for_each(|step| done(&mut map, step));
    map
}

/// Forgets the order of lists: of two newcomers to one list, the first to arrive stands first.
fn unordered(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), unordered(value))).collect(),
        Value::Array(elements) => {
            let mut elements: Vec<Value> = elements.iter().map(unordered).collect();
            elements.sort_by_key(ToString::to_string);
            Value::Array(elements)
        }
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn edits_and_their_inverse_are_nothing(steps in proptest::collection::vec(step(), 1..8)) {
        let (before, after) = (tree(&base()), tree(&edited(&steps)));
        let mut there = before.clone();
        apply(&mut there, &diff(&before, &after));
        prop_assert_eq!(&there, &after);
        apply(&mut there, &diff(&after, &before));
        prop_assert_eq!(&there, &before);
    }

    #[test]
    fn a_map_stays_one_whatever_is_done(steps in proptest::collection::vec(step(), 1..12)) {
        let map = edited(&steps);
        prop_assert_eq!(map.problems(), vec![]);
        let again: TouchpointMap = serde_json::from_value(tree(&map)).expect("reads");
        prop_assert_eq!(again, map);
    }

    #[test]
    fn what_does_not_meet_comes_to_the_same_in_either_order(
        mine in proptest::collection::vec(step(), 1..4),
        theirs in proptest::collection::vec(step(), 1..4),
    ) {
        let before = tree(&base());
        let (mine, theirs) = (diff(&before, &tree(&edited(&mine))), diff(&before, &tree(&edited(&theirs))));
        prop_assume!(clashes(&before, &mine, &theirs).is_empty());
        let in_order = |first: &[Change], second: &[Change]| {
            let mut map = before.clone();
            apply(&mut map, first);
            apply(&mut map, second);
            unordered(&map)
        };
        prop_assert_eq!(in_order(&mine, &theirs), in_order(&theirs, &mine));
    }
}

fn once(edit: &Edit) -> TouchpointMap {
    let mut map = base();
    edit.apply(&mut map).expect("can be done");
    assert_eq!(map.problems(), []);
    map
}

#[test]
fn a_removed_touchpoint_takes_its_rules_and_leaves_its_parts() {
    let mut map = base();
    let (first, second) = (map.touchpoints[0].id.clone(), map.touchpoints[1].id.clone());
    map.touchpoints[1].parent = Some(first.clone());
    assert!(map.rules.iter().any(|rule| rule.touchpoint == first));
    Edit::RemoveTouchpoint { id: first.clone() }.apply(&mut map).expect("can be done");
    assert!(!map.rules.iter().any(|rule| rule.touchpoint == first));
    assert_eq!(map.touchpoints.iter().find(|touchpoint| touchpoint.id == second).expect("is there").parent, None);
    assert_eq!(map.problems(), []);
}

#[test]
fn a_removed_stage_hands_on_what_it_held() {
    let map = once(&Edit::RemoveStage { id: "advocacy".into(), into: "loyalty".into() });
    let loyalty = map.stages.iter().find(|stage| stage.id == "loyalty").expect("is there");
    assert!((loyalty.weight - 0.20).abs() < 1e-9, "{}", loyalty.weight);
    let count = |map: &TouchpointMap, stages: &[&str]| {
        let there = |cell: &Cell| stages.contains(&cell.stage.as_str());
        map.touchpoints.iter().filter(|touchpoint| touchpoint.cells.iter().any(there)).count()
    };
    assert_eq!(count(&map, &["loyalty"]), count(&base(), &["loyalty", "advocacy"]));
}

#[test]
fn a_new_stage_takes_its_weight_from_all() {
    let mut stage = base().stages[0].clone();
    stage.id = "unboxing".into();
    stage.weight = 0.2;
    let map = once(&Edit::AddStage { stage, before: Some("loyalty".into()) });
    let ids: Vec<&str> = map.stages.iter().map(|stage| stage.id.as_str()).collect();
    assert_eq!(ids[4..7], ["satisfaction", "unboxing", "loyalty"]);
    assert!((map.stages[0].weight - 0.15 * 0.8).abs() < 1e-9);
}

#[test]
fn a_segment_like_another_stands_in_its_cells() {
    let mut map = base();
    let cell = |segment: &str| Cell { segment: Some(segment.into()), stage: "loyalty".into() };
    let id = map.touchpoints[0].id.clone();
    Edit::Place { touchpoint: id, cell: cell("first-buyers") }.apply(&mut map).expect("can be done");
    let segment = Segment { id: "vip".into(), name: "VIP".into(), rule: SegmentRule::Everybody {}, needs: Vec::new() };
    Edit::AddSegment { segment, like: Some("first-buyers".into()) }.apply(&mut map).expect("can be done");
    assert!(map.touchpoints[0].cells.contains(&cell("vip")));
    Edit::RemoveSegment { id: "vip".into() }.apply(&mut map).expect("can be done");
    assert!(!map.touchpoints[0].cells.contains(&cell("vip")));
}

#[test]
fn the_leading_stage_follows_a_move() {
    let map = base();
    let touchpoint = map.touchpoints.iter().find(|touchpoint| touchpoint.cells.len() == 1).expect("there is one");
    let to = Cell { segment: None, stage: "advocacy".into() };
    let moved = once(&Edit::Move { touchpoint: touchpoint.id.clone(), from: touchpoint.cells[0].clone(), to: to.clone() });
    let moved = moved.touchpoints.iter().find(|known| known.id == touchpoint.id).expect("is there");
    assert_eq!((&moved.cells, moved.primary_stage.as_str()), (&vec![to], "advocacy"));
}

#[track_caller]
fn check_refused(edit: &Edit, reason: &str) {
    let failure = edit.apply(&mut base()).expect_err("is refused").to_string();
    assert!(failure.contains(reason), "{failure}");
}

#[test]
fn what_cannot_be_done_says_why() {
    let change = |id: &str, field: &[&str], value: Value| Edit::Change {
        part: Part::Touchpoints,
        id: id.into(),
        field: field.iter().map(|step| (*step).to_owned()).collect(),
        value,
    };
    check_refused(&change("newsleter", &["name"], json!("x")), "Did you mean `newsletter`?");
    check_refused(&change("newsletter", &["id"], json!("x")), "An id stays");
    check_refused(&change("newsletter", &["colour"], json!("x")), "unknown field `colour`");
    check_refused(&change("newsletter", &["kind"], json!("statik")), "unknown variant `statik`");
    check_refused(&change("newsletter", &[], json!("x")), "names no field");
    check_refused(&change("newsletter", &["kind", "deep"], json!("x")), "has no fields of its own");
    check_refused(&Edit::AddTouchpoint { touchpoint: Box::new(base().touchpoints[0].clone()) }, "already");
    check_refused(&Edit::RemoveStage { id: "loyalty".into(), into: "loyalty".into() }, "take over from itself");
}

#[test]
fn a_field_can_be_emptied() {
    let empty = |field: &[&str]| Edit::Change {
        part: Part::Touchpoints,
        id: "newsletter".into(),
        field: field.iter().map(|step| (*step).to_owned()).collect(),
        value: Value::Null,
    };
    let mut map = once(&empty(&["details", "owner"]));
    empty(&["satisfaction_target"]).apply(&mut map).expect("can be done");
    let newsletter = map.touchpoints.iter().find(|touchpoint| touchpoint.id == "newsletter").expect("is there");
    assert_eq!((&newsletter.details.owner, newsletter.satisfaction_target), (&None, None));
}

#[test]
fn lines_say_what_was_done_to_what() {
    let before = tree(&base());
    let mut map = base();
    let place = Cell { segment: Some("first-buyers".into()), stage: "advocacy".into() };
    for edit in [
        Edit::Change { part: Part::Touchpoints, id: "newsletter".into(), field: vec!["name".into()], value: json!("News") },
        Edit::Place { touchpoint: "newsletter".into(), cell: place },
        Edit::ChangeMap { field: vec!["settings".into(), "margin".into()], value: json!(0.5) },
    ] {
        edit.apply(&mut map).expect("can be done");
    }
    let after = tree(&map);
    let lines = told::lines(&before, &after, &diff(&before, &after));
    let told: Vec<_> = lines.iter().map(|line| (line.did, line.part.as_str(), line.id.as_str(), line.field.as_str())).collect();
    assert!(told.contains(&(Did::Changed, "touchpoints", "newsletter", "name")), "{told:?}");
    assert!(told.contains(&(Did::Placed, "touchpoints", "newsletter", "")), "{told:?}");
    assert!(told.contains(&(Did::Changed, "map", "", "settings.margin")), "{told:?}");
    assert_eq!(lines.iter().find(|line| line.field == "name").expect("is told").after, json!("News"));
    assert!(told::note(&lines).ends_with("and 2 more"));
}
