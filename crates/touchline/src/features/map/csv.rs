//! The map as a table for a spreadsheet: one row per touchpoint and cell.
//!
//! Writing a map and applying the file to the same map changes nothing; what the table does not show (rules,
//! translations, lists) stays as it is. A touchpoint stands in several rows when it sits in several cells. Whoever
//! changes its owner in one of them means all: what differs from the map is the edit, and two different edits of one
//! thing are refused. Touchpoints that the file does not name stay; retiring one is `life = retired`.

use super::store::check;
use crate::failure::{Failure, Result};
use crate::platform::cells::{guarded, unguarded};
use csv::{ReaderBuilder, StringRecord, WriterBuilder};
use model::map::{Cell, Cost, Details, Purpose, nearest};
use model::{Class, Direction, Kind, Life, Text, Touchpoint, TouchpointMap};
use std::collections::BTreeMap;

/// Is one thing that the table shows of a touchpoint.
struct Column {
    name: &'static str,
    read: fn(&Touchpoint) -> String,
    write: fn(&mut Touchpoint, &str) -> Result<(), String>,
}

/// Columns that say where a row belongs.
const PLACE: [&str; 3] = ["segment", "stage", "touchpoint"];

/// Columns without which a new touchpoint cannot be made.
const NEEDED: [&str; 4] = ["name", "kind", "direction", "channel"];

const COLUMNS: &[Column] = &[
    Column { name: "name", read: |it| it.name.en.clone(), write: |it, to| text(to).map(|to| it.name.en = to) },
    Column { name: "parent", read: |it| option(&it.parent), write: |it, to| set(&mut it.parent, optional(to)) },
    Column { name: "kind", read: |it| it.kind.to_string(), write: |it, to| kind(to).map(|to| it.kind = to) },
    Column {
        name: "second_kind",
        read: |it| option(&it.second_kind),
        write: |it, to| optional(to).map(|to| kind(&to)).transpose().map(|to| it.second_kind = to),
    },
    Column { name: "class", read: |it| it.class.to_string(), write: |it, to| class(to).map(|to| it.class = to) },
    Column { name: "direction", read: |it| it.direction.to_string(), write: |it, to| direction(to).map(|to| it.direction = to) },
    Column { name: "channel", read: |it| it.channel.clone(), write: |it, to| text(to).map(|to| it.channel = to) },
    Column {
        name: "primary_stage",
        read: |it| it.primary_stage.clone(),
        write: |it, to| text(to).map(|to| it.primary_stage = to),
    },
    Column { name: "life", read: |it| it.life.to_string(), write: |it, to| life(to).map(|to| it.life = to) },
    Column { name: "owner", read: |it| option(&it.details.owner), write: |it, to| set(&mut it.details.owner, optional(to)) },
    Column {
        name: "message",
        read: |it| it.details.message.as_ref().map_or(String::new(), |text| text.en.clone()),
        write: |it, to| reword(&mut it.details.message, to),
    },
    Column { name: "emits", read: |it| yes_or_no(it.emits), write: |it, to| truth(to).map(|to| it.emits = to) },
    Column { name: "direct", read: |it| yes_or_no(it.direct), write: |it, to| truth(to).map(|to| it.direct = to) },
    Column {
        name: "purpose",
        read: |it| it.purpose.map_or("", purpose_name).to_owned(),
        write: |it, to| purpose(to).map(|to| it.purpose = to),
    },
    Column {
        name: "desired_outcome",
        read: |it| option(&it.desired_outcome),
        write: |it, to| set(&mut it.desired_outcome, optional(to)),
    },
    Column {
        name: "satisfaction_target",
        read: |it| option(&it.satisfaction_target),
        write: |it, to| optional(to).map(|to| number(&to)).transpose().map(|to| it.satisfaction_target = to),
    },
    Column { name: "build", read: |it| it.cost.build.to_string(), write: |it, to| number(to).map(|to| it.cost.build = to) },
    Column {
        name: "build_months",
        read: |it| it.cost.build_months.to_string(),
        write: |it, to| number(to).map(|to| it.cost.build_months = to),
    },
    Column {
        name: "running_per_month",
        read: |it| it.cost.running_per_month.to_string(),
        write: |it, to| number(to).map(|to| it.cost.running_per_month = to),
    },
    Column {
        name: "per_contact",
        read: |it| it.cost.per_contact.to_string(),
        write: |it, to| number(to).map(|to| it.cost.per_contact = to),
    },
    Column {
        name: "staff_hours_per_month",
        read: |it| it.cost.staff_hours_per_month.to_string(),
        write: |it, to| number(to).map(|to| it.cost.staff_hours_per_month = to),
    },
    Column {
        name: "staff_hour",
        read: |it| it.cost.staff_hour.to_string(),
        write: |it, to| number(to).map(|to| it.cost.staff_hour = to),
    },
];

/// Writes a map as a table. Money is in minor units of the map's currency.
///
/// # Errors
/// Fails when the text cannot be written; with a map in memory it always can.
pub fn export(map: &TouchpointMap) -> Result<String> {
    let unwritten = |error: &dyn std::error::Error| Failure::new("Cannot write the map as CSV").because(error);
    let mut writer = WriterBuilder::new().from_writer(Vec::new());
    let head = PLACE.into_iter().chain(COLUMNS.iter().map(|column| column.name));
    writer.write_record(head).map_err(|error| unwritten(&error))?;
    for touchpoint in &map.touchpoints {
        let fields: Vec<String> = COLUMNS.iter().map(|column| guarded(&(column.read)(touchpoint)).into_owned()).collect();
        // A touchpoint that sits nowhere has one row without a place.
        let nowhere = [(String::new(), String::new())];
        let cells: Vec<_> = touchpoint.cells.iter().map(|cell| (option(&cell.segment), cell.stage.clone())).collect();
        for (segment, stage) in if cells.is_empty() { &nowhere[..] } else { &cells[..] } {
            let place = [segment, stage, &touchpoint.id].map(|cell| guarded(cell).into_owned());
            writer.write_record(place.iter().chain(&fields)).map_err(|error| unwritten(&error))?;
        }
    }
    let bytes = writer.into_inner().map_err(|error| unwritten(&error))?;
    String::from_utf8(bytes).map_err(|error| unwritten(&error))
}

/// Applies a table to a map and returns the changed map. Refuses one that would not be sound.
///
/// # Errors
/// Fails with every row that cannot be understood, or with every problem of the map that would result.
pub fn apply(map: &TouchpointMap, table: &str) -> Result<TouchpointMap> {
    let rows = rows(table)?;
    let mut changed = map.clone();
    let mut problems = Vec::new();
    for (id, rows) in &rows {
        let before = map.touchpoints.iter().find(|touchpoint| touchpoint.id == *id);
        match touchpoint(id, before, rows) {
            Ok(after) => match changed.touchpoint(id) {
                Some(index) => changed.touchpoints[index] = after,
                None => changed.touchpoints.push(after),
            },
            Err(found) => problems.extend(found),
        }
    }
    if !problems.is_empty() {
        let mut failure = Failure::new(format!("The table cannot be applied: {} problems", problems.len()))
            .hint("Mend the lines named above and apply the file again; nothing was changed");
        failure.because = problems;
        return Err(failure);
    }
    check(&changed)?;
    Ok(changed)
}

/// Is one row, by column.
struct Row {
    line: u64,
    fields: BTreeMap<&'static str, String>,
}

/// Reads the rows of a table by touchpoint, in the order in which touchpoints first occur.
fn rows(table: &str) -> Result<Vec<(String, Vec<Row>)>> {
    let table = table.strip_prefix('\u{feff}').unwrap_or(table);
    let unread = |error: &csv::Error| {
        Failure::new("The file is not a table of a map")
            .because(error)
            .hint("See one that is with: touchline map export --format csv")
    };
    let mut reader = ReaderBuilder::new().delimiter(delimiter(table)).from_reader(table.as_bytes());
    let head = columns(reader.headers().map_err(|error| unread(&error))?)?;
    let mut rows: Vec<(String, Vec<Row>)> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| unread(&error))?;
        let line = record.position().map_or(0, csv::Position::line);
        let mut fields: BTreeMap<_, _> = head.iter().copied().zip(record.iter().map(|cell| unguarded(cell).to_owned())).collect();
        let id = fields.remove("touchpoint").unwrap_or_default();
        if id.is_empty() {
            return Err(Failure::new(format!("Line {line} names no touchpoint"))
                .hint("Write the id of the touchpoint in the column `touchpoint`; nothing was changed"));
        }
        let row = Row { line, fields };
        match rows.iter_mut().find(|(known, _)| *known == id) {
            Some((_, rows)) => rows.push(row),
            None => rows.push((id, vec![row])),
        }
    }
    Ok(rows)
}

/// Spreadsheets of many countries write semicolons.
fn delimiter(table: &str) -> u8 {
    let head = table.lines().next().unwrap_or_default();
    let count = |delimiter: u8| head.bytes().filter(|byte| *byte == delimiter).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',')
}

fn columns(head: &StringRecord) -> Result<Vec<&'static str>> {
    let known = || PLACE.into_iter().chain(COLUMNS.iter().map(|column| column.name));
    let mut columns = Vec::new();
    for written in head {
        let Some(column) = known().find(|known| *known == written.trim()) else {
            let failure = Failure::new(format!("The table has an unknown column `{}`", written.trim()));
            return Err(match nearest(written.trim(), known()) {
                Some(near) => failure.hint(format!("Did you mean `{near}`? Nothing was changed")),
                None => failure.hint(format!("The columns are: {}", known().collect::<Vec<_>>().join(", "))),
            });
        };
        if columns.contains(&column) {
            return Err(Failure::new(format!("The table has the column `{column}` twice")).hint("Take one of them out"));
        }
        columns.push(column);
    }
    match PLACE.iter().find(|needed| !columns.contains(needed)) {
        Some(missing) => Err(Failure::new(format!("The table has no column `{missing}`"))
            .hint("See a whole one with: touchline map export --format csv")),
        None => Ok(columns),
    }
}

/// Makes a touchpoint of its rows, starting from what it was before.
fn touchpoint(id: &str, before: Option<&Touchpoint>, rows: &[Row]) -> Result<Touchpoint, Vec<String>> {
    let mut problems = Vec::new();
    let mut after = before.cloned().unwrap_or_else(|| blank(id, rows));
    if before.is_none() {
        for needed in NEEDED {
            if rows.iter().all(|row| row.fields.get(needed).is_none_or(String::is_empty)) {
                problems.push(format!("line {}: the new touchpoint `{id}` needs a `{needed}`", rows[0].line));
            }
        }
    }
    for column in COLUMNS {
        match edit(column, before, rows) {
            Ok(Some((line, to))) => {
                if let Err(what) = (column.write)(&mut after, to) {
                    problems.push(format!("line {line}, column `{}`: {what}", column.name));
                }
            }
            Ok(None) => {}
            Err(what) => problems.push(what),
        }
    }
    after.cells = Vec::new();
    for row in rows {
        let cell = Cell { segment: optional(&row.fields["segment"]), stage: row.fields["stage"].clone() };
        if !cell.stage.is_empty() && !after.cells.contains(&cell) {
            after.cells.push(cell);
        } else if cell.stage.is_empty() && cell.segment.is_some() {
            problems.push(format!("line {}: a segment without a stage", row.line));
        }
    }
    if problems.is_empty() { Ok(after) } else { Err(problems) }
}

/// Finds what the rows of a touchpoint change in one column: the one value that differs from before.
fn edit<'a>(column: &Column, before: Option<&Touchpoint>, rows: &'a [Row]) -> Result<Option<(u64, &'a str)>, String> {
    let was = before.map_or(String::new(), |touchpoint| (column.read)(touchpoint));
    let written = rows.iter().filter_map(|row| Some((row.line, row.fields.get(column.name)?.as_str())));
    let mut edits = written.filter(|(_, to)| *to != was);
    let Some((line, to)) = edits.next() else {
        return Ok(None);
    };
    match edits.find(|(_, other)| *other != to) {
        Some((other, _)) => Err(format!("lines {line} and {other} say different things in `{}`: keep one", column.name)),
        None => Ok(Some((line, to))),
    }
}

/// Is a touchpoint before its columns are read: live, with customers, silent about everything else.
fn blank(id: &str, rows: &[Row]) -> Touchpoint {
    Touchpoint {
        id: id.to_owned(),
        name: Text::default(),
        catalogue: None,
        kind: Kind::Static,
        second_kind: None,
        class: Class::Customer,
        direction: Direction::Outbound,
        channel: String::new(),
        cells: Vec::new(),
        primary_stage: rows.iter().map(|row| row.fields["stage"].clone()).find(|stage| !stage.is_empty()).unwrap_or_default(),
        parent: None,
        life: Life::Live,
        audience: Vec::new(),
        emits: true,
        direct: false,
        cost: Cost::default(),
        purpose: None,
        desired_outcome: None,
        satisfaction_target: None,
        details: Details::default(),
        custom: BTreeMap::new(),
    }
}

fn option<T: ToString>(value: &Option<T>) -> String {
    value.as_ref().map_or(String::new(), ToString::to_string)
}

fn optional(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn set<T>(place: &mut T, to: T) -> Result<(), String> {
    *place = to;
    Ok(())
}

fn text(text: &str) -> Result<String, String> {
    if text.trim().is_empty() { Err("is empty".to_owned()) } else { Ok(text.to_owned()) }
}

/// Changes the English and keeps the translations.
fn reword(text: &mut Option<Text>, to: &str) -> Result<(), String> {
    let before = text.take().unwrap_or_default();
    set(text, optional(to).map(|en| Text { en, ..before }))
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.trim().parse().map_err(|_| format!("`{text}` is not a number of the kind that belongs here"))
}

fn yes_or_no(truth: bool) -> String {
    if truth { "yes" } else { "no" }.to_owned()
}

fn truth(text: &str) -> Result<bool, String> {
    match text.trim() {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(format!("`{text}` is neither yes nor no")),
    }
}

fn word<T: Copy>(text: &str, all: &[T], name: fn(T) -> &'static str) -> Result<T, String> {
    let names = || all.iter().map(|value| name(*value));
    all.iter().copied().find(|value| name(*value) == text.trim()).ok_or_else(|| match nearest(text, names()) {
        Some(near) => format!("`{text}` is unknown; did you mean `{near}`?"),
        None => format!("`{text}` is unknown; write one of {}", names().collect::<Vec<_>>().join(", ")),
    })
}

fn kind(text: &str) -> Result<Kind, String> {
    word(text, Kind::ALL, Kind::name)
}

fn class(text: &str) -> Result<Class, String> {
    word(text, Class::ALL, Class::name)
}

fn direction(text: &str) -> Result<Direction, String> {
    word(text, Direction::ALL, Direction::name)
}

fn life(text: &str) -> Result<Life, String> {
    word(text, Life::ALL, Life::name)
}

const fn purpose_name(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Brand => "brand",
        Purpose::Legal => "legal",
        Purpose::ServiceDuty => "service_duty",
    }
}

fn purpose(text: &str) -> Result<Option<Purpose>, String> {
    optional(text).map(|text| word(&text, &[Purpose::Brand, Purpose::Legal, Purpose::ServiceDuty], purpose_name)).transpose()
}

#[cfg(test)]
mod tests {
    use super::super::store::tests::sample;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn applying_what_was_written_changes_nothing() {
        let map = sample();
        let table = export(&map).expect("writes");
        assert_eq!(table.lines().count(), 1 + 2 + 1 + 1);
        assert_eq!(apply(&map, &table).expect("applies"), map);
        let semicolons = table.replace(',', ";").replace("Newsletter; weekly", "Newsletter, weekly");
        assert_eq!(apply(&map, &format!("\u{feff}{semicolons}")).expect("applies"), map);
    }

    #[test]
    fn formulas_are_kept_from_spreadsheets() {
        let table = export(&sample()).expect("writes");
        assert!(table.contains("\"'=SUM(\"\"love\"\")\""), "{table}");
    }

    /// Applies the table of the sample with one text replaced once.
    fn changed(from: &str, to: &str) -> Result<TouchpointMap> {
        let table = export(&sample()).expect("writes");
        assert!(table.contains(from), "{from} is not in {table}");
        apply(&sample(), &table.replacen(from, to, 1))
    }

    #[test]
    fn an_edit_in_one_row_changes_that_and_nothing_else() {
        let mut expected = sample();
        expected.touchpoints[0].details.owner = Some("Sales".into());
        assert_eq!(changed("Marketing", "Sales").expect("applies"), expected);
        let mut expected = sample();
        expected.touchpoints[0].name.en = "News".into();
        assert_eq!(changed("\"Newsletter, weekly\"", "News").expect("applies"), expected);
        let mut expected = sample();
        expected.touchpoints[1].cells[0].segment = Some("new".into());
        assert_eq!(changed("\n,awareness,counter", "\nnew,awareness,counter").expect("applies"), expected);
    }

    #[test]
    fn a_new_touchpoint_needs_little() {
        let row = "segment,stage,touchpoint,name,kind,direction,channel\n,loyalty,gift,Gift,physical,outbound,shop\n";
        let map = apply(&sample(), row).expect("applies");
        let gift = map.touchpoints.last().expect("is there");
        assert_eq!((gift.primary_stage.as_str(), gift.emits, gift.life), ("loyalty", true, Life::Live));
        assert_eq!(map.touchpoints.len(), 4, "the others stay");
    }

    #[track_caller]
    fn check_refused(result: Result<TouchpointMap>, reason: &str) {
        let failure = result.expect_err("is refused").to_string();
        assert!(failure.contains(reason), "{reason} is not in: {failure}");
    }

    #[test]
    fn refusals_say_where_and_what() {
        check_refused(changed("segment,stage", "segement,stage"), "Did you mean `segment`");
        check_refused(changed("segment,stage", "stage,stage"), "twice");
        check_refused(apply(&sample(), "stage,touchpoint\n"), "no column `segment`");
        check_refused(changed(",human,", ",humane,"), "line 4, column `kind`: `humane` is unknown; did you mean `human`");
        check_refused(
            changed(",awareness,counter", ",awarenes,counter"),
            "touchpoints.counter.cells: no stage `awarenes`; did you mean",
        );
        check_refused(changed("new,awareness,newsletter", "new,awareness,"), "Line 3 names no touchpoint");
        check_refused(changed(",yes,", ",ja,"), "neither yes nor no");
        check_refused(changed("\n,awareness,counter", "\nnew,,counter"), "line 4: a segment without a stage");
        let new = "segment,stage,touchpoint,name\n,loyalty,gift,Gift\n";
        check_refused(apply(&sample(), new), "line 2: the new touchpoint `gift` needs a `kind`");
        let table = export(&sample()).expect("writes");
        let table = table.replacen("Marketing", "Sales", 1).replacen("Marketing", "Board", 1);
        check_refused(apply(&sample(), &table), "lines 2 and 3 say different things in `owner`");
    }

    proptest! {
        #[test]
        fn any_text_survives(owner in "\\PC{0,12}", message in "[=+@'\",;\\-a]{0,8}") {
            let mut map = sample();
            map.touchpoints[0].details.owner = optional(&owner);
            map.touchpoints[0].details.message = optional(&message).map(Text::from);
            let table = export(&map).expect("writes");
            prop_assert_eq!(apply(&map, &table).expect("applies"), map.clone());
            // Applied to another map the same texts arrive.
            let arrived = apply(&sample(), &table).expect("applies");
            prop_assert_eq!(&arrived.touchpoints[0].details.owner, &map.touchpoints[0].details.owner);
            prop_assert_eq!(&arrived.touchpoints[0].details.message, &map.touchpoints[0].details.message);
        }
    }
}
