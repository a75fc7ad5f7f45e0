//! Writes what was gathered in a member's language: the letter, the page, the table.

use super::gather::{Gathered, Told};
use super::{Form, Part, ReportPlan};
use crate::features::account::Addressee;
use crate::features::conversations::{StaffFile, StaffLetter, escaped};
use crate::features::measure::letters::{Sheet, Speaker};
use model::{Figure, Unit};

/// So many changes of verdicts a letter names.
const TURNED_MAX: usize = 10;

/// Is one number of a report.
struct Line {
    part: Part,
    of: String,
    number: String,
    cell: Cell,
}

enum Cell {
    Figure(Figure),
    Words(String),
}

/// Writes the letter to one member, with the tables in a file.
pub(super) fn letter(
    id: String,
    plan: &ReportPlan,
    gathered: &Gathered,
    before: Option<&Told>,
    reader: &Addressee,
    address: &str,
) -> StaffLetter {
    let speaker = Speaker::new(&reader.language, &gathered.map);
    let subject = format!("{}: {}, {}", plan.name.trim(), speaker.name(&gathered.map.name), period(gathered, &speaker));
    let mut sheet = Sheet::new(speaker.language);
    sheet.paragraph(&speaker.say("hello", [("name", reader.name.as_str().into())]));
    sheet.paragraph(&about(plan, gathered, &speaker));
    sheet.heading(&speaker.say("report.numbers", []));
    sheet.list(&key_numbers(gathered, before, &speaker));
    sheet.heading(&speaker.say("report.worth", []));
    let worth = worth(gathered, &speaker);
    if worth.is_empty() {
        sheet.paragraph(&speaker.say("report.worth.none", []));
    } else {
        sheet.list(&worth);
    }
    sheet.heading(&speaker.say("report.changes", []));
    match before.map(|before| changes(gathered, before, &speaker)) {
        None => sheet.paragraph(&speaker.say("report.first", [])),
        Some(changes) if changes.is_empty() => sheet.paragraph(&speaker.say("report.changes.none", [])),
        Some(changes) => sheet.list(&changes),
    }
    sheet.link(&speaker.say("open", []), &format!("{address}/measure{}", query(plan, gathered)));
    sheet.paragraph(&speaker.say("report.why", []));
    let (text, html) = sheet.end(&subject);
    let files = vec![file(plan, gathered, &speaker, plan.form)];
    StaffLetter { id, account: reader.account, subject, text, html, files }
}

/// Writes the tables of a report in one form.
pub(super) fn file(plan: &ReportPlan, gathered: &Gathered, speaker: &Speaker, form: Form) -> StaffFile {
    let lines = lines(plan, gathered, speaker);
    let day = gathered.days.map_or_else(|| "all".to_owned(), |(_, to)| to.to_string());
    let stem: String = plan.name.trim().chars().map(|sign| if sign.is_ascii_alphanumeric() { sign } else { '-' }).collect();
    let stem = stem.trim_matches('-');
    let name = |ending: &str| format!("{}-{day}.{ending}", if stem.is_empty() { "report" } else { stem });
    match form {
        Form::Csv => {
            StaffFile { name: name("csv"), kind: "text/csv; charset=utf-8".to_owned(), bytes: table(&lines).into_bytes() }
        }
        Form::Html => {
            let page = page(plan, gathered, speaker, &lines);
            StaffFile { name: name("html"), kind: "text/html; charset=utf-8".to_owned(), bytes: page.into_bytes() }
        }
    }
}

fn period(gathered: &Gathered, speaker: &Speaker) -> String {
    match gathered.days {
        None => speaker.say("report.all", []),
        Some((from, to)) => {
            let written = [("from", speaker.date(from).into()), ("to", speaker.date(to).into())];
            speaker.say("report.days", written)
        }
    }
}

fn about(plan: &ReportPlan, gathered: &Gathered, speaker: &Speaker) -> String {
    let segment = plan.segment.as_ref().and_then(|id| gathered.map.segments.iter().find(|one| one.id == *id));
    let segment = segment.map_or_else(|| speaker.say("everybody", []), |one| speaker.name(&one.name).to_owned());
    speaker.say("report.about", [("period", period(gathered, speaker).into()), ("segment", segment.into())])
}

/// Returns the part of an address that shows the same period and segment.
fn query(plan: &ReportPlan, gathered: &Gathered) -> String {
    let mut parts = Vec::new();
    if let Some((from, to)) = gathered.days {
        parts.push(format!("from={from}&to={to}"));
    }
    if let Some(segment) = &plan.segment {
        let safe: String = segment.chars().filter(|sign| sign.is_ascii_alphanumeric() || "-_.".contains(*sign)).collect();
        parts.push(format!("segment={safe}"));
    }
    if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
}

fn key_numbers(gathered: &Gathered, before: Option<&Told>, speaker: &Speaker) -> Vec<String> {
    let totals = &gathered.totals;
    let exact = |value: f64, unit| Figure::exact(value, totals.people, unit);
    let before = |pick: fn(&Told) -> Option<f64>| before.and_then(pick);
    [
        ("number.people", exact(totals.people as f64, Unit::Count), before(|told| Some(told.people as f64))),
        ("number.interactions", exact(totals.interactions as f64, Unit::Count), before(|told| Some(told.interactions as f64))),
        ("number.outcomes", exact(totals.outcomes as f64, Unit::Count), before(|told| Some(told.outcomes as f64))),
        ("number.value", exact(totals.value as f64, Unit::Money), before(|told| Some(told.value as f64))),
        (
            "number.conversion",
            totals.conversion.clone().unwrap_or_else(|| Figure::unknown(Unit::Share)),
            before(|told| told.conversion),
        ),
    ]
    .into_iter()
    .map(|(key, figure, was)| {
        let now = format!("{}: {}", speaker.say(key, []), speaker.figure(&figure));
        was.map_or_else(
            || now.clone(),
            |was| format!("{now}; {}", speaker.say("report.was", [("was", speaker.of_unit(was, figure.unit).into())])),
        )
    })
    .collect()
}

fn worth(gathered: &Gathered, speaker: &Speaker) -> Vec<String> {
    let line = |one: &&analysis::report::TouchpointFigures| {
        let verdict = &one.verdict;
        let action = match verdict.action.key.as_str() {
            "cap_frequency" if !verdict.action.numbers.contains_key("cap") => "action.cap_frequency.unknown".to_owned(),
            key => format!("action.{key}"),
        };
        let said = [
            format!(
                "{} ({}):",
                named(gathered, &one.touchpoint, speaker),
                speaker.say(&format!("verdict.{}", verdict.kind.name()), [])
            ),
            speaker.say_numbers(&verdict.reason.key, &verdict.reason.numbers),
            speaker.say_numbers(&action, &verdict.action.numbers),
            format!("[{}]", speaker.figure(&verdict.figure)),
        ];
        said.join(" ")
    };
    gathered.most_worth().iter().map(line).collect()
}

fn changes(gathered: &Gathered, before: &Told, speaker: &Speaker) -> Vec<String> {
    let verdict = |kind: model::VerdictKind| speaker.say(&format!("verdict.{}", kind.name()), []);
    let turned = gathered.turned(before);
    let line = |(id, was, now): &(&str, model::VerdictKind, model::VerdictKind)| {
        let values =
            [("name", named(gathered, id, speaker).into()), ("was", verdict(*was).into()), ("now", verdict(*now).into())];
        speaker.say("report.turned", values)
    };
    let mut lines: Vec<String> = turned.iter().take(TURNED_MAX).map(line).collect();
    if turned.len() > TURNED_MAX {
        lines.push(speaker.say("report.more", [("n", ((turned.len() - TURNED_MAX) as f64).into())]));
    }
    lines
}

fn named(gathered: &Gathered, id: &str, speaker: &Speaker) -> String {
    let touchpoint = gathered.map.touchpoints.iter().find(|one| one.id == id);
    touchpoint.map_or_else(|| id.to_owned(), |one| speaker.name(&one.name).to_owned())
}

/// Is the numbers of one part, as they grow.
struct Lines<'a> {
    part: Part,
    speaker: &'a Speaker,
    lines: Vec<Line>,
}

impl Lines<'_> {
    /// Adds a number under the name of a number that everybody knows.
    fn add(&mut self, of: &str, number: &str, figure: &Figure) {
        let number = self.speaker.say(&format!("number.{number}"), []);
        self.add_as(of, number, Cell::Figure(figure.clone()));
    }

    fn count(&mut self, of: &str, number: &str, value: u64, n: u64) {
        self.add(of, number, &Figure::exact(value as f64, n, Unit::Count));
    }

    fn money(&mut self, of: &str, number: &str, value: i64, n: u64) {
        self.add(of, number, &Figure::exact(value as f64, n, Unit::Money));
    }

    fn add_as(&mut self, of: &str, number: String, cell: Cell) {
        self.lines.push(Line { part: self.part, of: of.to_owned(), number, cell });
    }
}

/// Lays out every number of the chosen parts.
fn lines(plan: &ReportPlan, gathered: &Gathered, speaker: &Speaker) -> Vec<Line> {
    let mut parts = plan.parts.clone();
    parts.sort_unstable();
    parts.dedup();
    let part = |part| {
        let mut lines = Lines { part, speaker, lines: Vec::new() };
        match part {
            Part::Touchpoints => touchpoints(gathered, &mut lines),
            Part::Channels => channels(gathered, &mut lines),
            Part::Attribution => attribution(gathered, &mut lines),
            Part::Cost => cost(gathered, &mut lines),
            Part::Trends => trends(gathered, &mut lines),
        }
        lines.lines
    };
    parts.into_iter().flat_map(part).collect()
}

fn touchpoints(gathered: &Gathered, lines: &mut Lines<'_>) {
    for (at, one) in gathered.report.touchpoints.iter().enumerate() {
        let of = named(gathered, &one.touchpoint, lines.speaker);
        let (interactions, people) = gathered.totals.touchpoints.get(at).copied().unwrap_or_default();
        lines.count(&of, "people", people, people);
        lines.count(&of, "interactions", interactions, people);
        lines.add(&of, "conversion", &one.conversion);
        lines.add(&of, "satisfaction", &one.satisfaction);
        lines.add(&of, "lift", &one.progression.lift);
        let verdict = lines.speaker.say(&format!("verdict.{}", one.verdict.kind.name()), []);
        lines.add_as(&of, lines.speaker.say("report.verdict", []), Cell::Words(verdict));
    }
}

fn channels(gathered: &Gathered, lines: &mut Lines<'_>) {
    for one in &gathered.report.channels {
        let channel = gathered.map.channels.iter().find(|channel| channel.id == one.channel);
        let of = channel.map_or(one.channel.as_str(), |channel| lines.speaker.name(&channel.name));
        lines.count(of, "people", one.people, one.people);
        lines.count(of, "requests", one.requests, one.people);
        lines.count(of, "outcomes", one.converted, one.people);
        lines.add(of, "conversion", &one.conversion);
    }
}

fn attribution(gathered: &Gathered, lines: &mut Lines<'_>) {
    for unit in gathered.attribution.iter().flat_map(|answer| &answer.units) {
        let of = named(gathered, &unit.id, lines.speaker);
        for credit in &unit.credits {
            lines.add_as(&of, credit.model.clone(), Cell::Figure(credit.share.clone()));
        }
    }
}

fn cost(gathered: &Gathered, lines: &mut Lines<'_>) {
    for one in &gathered.report.touchpoints {
        let of = named(gathered, &one.touchpoint, lines.speaker);
        lines.money(&of, "cost", one.cost, one.interactions);
        lines.add(&of, "cost_per_outcome", &one.cost_per_outcome);
        lines.add(&of, "roi", &one.roi);
    }
}

fn trends(gathered: &Gathered, lines: &mut Lines<'_>) {
    for week in &gathered.weeks {
        let of = lines.speaker.day(week.from);
        lines.count(&of, "people", week.people, week.people);
        lines.count(&of, "interactions", week.interactions, week.people);
        lines.count(&of, "outcomes", week.outcomes, week.people);
        lines.money(&of, "value", week.value, week.people);
        lines.add(&of, "conversion", &week.conversion);
    }
}

/// Writes a table for other programs; its heads are the same in every language.
fn table(lines: &[Line]) -> String {
    let mut table = String::from("\u{feff}part,of,number,value,low,high,n,evidence,unit\r\n");
    for line in lines {
        let mut cells = vec![line.part.name().to_owned(), line.of.clone(), line.number.clone()];
        match &line.cell {
            Cell::Words(words) => {
                cells.extend([words.clone(), String::new(), String::new(), String::new(), String::new(), String::new()])
            }
            Cell::Figure(figure) => {
                let number = |number: Option<f64>| {
                    number.filter(|number| number.is_finite()).map(|number| number.to_string()).unwrap_or_default()
                };
                let unit = serde_json::to_value(figure.unit).ok().and_then(|unit| unit.as_str().map(str::to_owned));
                cells.extend([number(figure.value), number(figure.low), number(figure.high), figure.n.to_string()]);
                cells.extend([format!("{:?}", figure.evidence), unit.unwrap_or_default()]);
            }
        }
        let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
        table.push_str(&cells.join(","));
        table.push_str("\r\n");
    }
    table
}

/// Quotes a cell; a name that a spreadsheet would take for a formula is kept from being one.
fn quoted(cell: &str) -> String {
    let is_number = cell.parse::<f64>().is_ok();
    let safe =
        if !is_number && cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() };
    if safe.contains([',', '"', '\n', '\r']) { format!("\"{}\"", safe.replace('"', "\"\"")) } else { safe }
}

const STYLE: &str = "body{font:14px/1.5 sans-serif;margin:2em;color:#1c1c1c}h1{font-size:1.4em}h2{font-size:1.1em;margin-top:2em}\
    .wide{overflow-x:auto}table{border-collapse:collapse}th,td{padding:.3em .7em;border-bottom:1px solid #ccc;text-align:left;vertical-align:top}\
    td small{display:block;color:#555}@media print{body{margin:0}thead{display:table-header-group}tr{break-inside:avoid}}";

/// Writes a page to read and to print: a table for each part, a column for each number.
fn page(plan: &ReportPlan, gathered: &Gathered, speaker: &Speaker, lines: &[Line]) -> String {
    let mut body = format!("<h1>{}</h1><p>{}</p>", escaped(plan.name.trim()), escaped(&about(plan, gathered, speaker)));
    for part in [Part::Touchpoints, Part::Channels, Part::Attribution, Part::Cost, Part::Trends] {
        let own: Vec<&Line> = lines.iter().filter(|line| line.part == part).collect();
        if !plan.parts.contains(&part) {
            continue;
        }
        body.push_str(&format!("<h2>{}</h2>", escaped(&speaker.say(&format!("part.{}", part.name()), []))));
        let is_whole = matches!(part, Part::Channels | Part::Cost) && gathered.days.is_some();
        if is_whole {
            body.push_str(&format!("<p>{}</p>", escaped(&speaker.say("report.whole", []))));
        }
        if own.is_empty() {
            body.push_str(&format!("<p>{}</p>", escaped(&speaker.say("report.empty", []))));
            continue;
        }
        let mut numbers: Vec<&str> = Vec::new();
        let mut rows: Vec<(&str, Vec<&Line>)> = Vec::new();
        for line in own {
            if !numbers.contains(&line.number.as_str()) {
                numbers.push(&line.number);
            }
            match rows.last_mut() {
                Some((of, cells)) if *of == line.of => cells.push(line),
                _ => rows.push((&line.of, vec![line])),
            }
        }
        let heads: String = numbers.iter().map(|number| format!("<th scope=\"col\">{}</th>", escaped(number))).collect();
        body.push_str(&format!("<div class=\"wide\"><table><thead><tr><td></td>{heads}</tr></thead><tbody>"));
        for (of, cells) in rows {
            let cell = |number: &&str| {
                let found = cells.iter().find(|line| line.number == **number);
                format!("<td>{}</td>", found.map(|line| shown(&line.cell, speaker)).unwrap_or_default())
            };
            let cells: String = numbers.iter().map(cell).collect();
            body.push_str(&format!("<tr><th scope=\"row\">{}</th>{cells}</tr>", escaped(of)));
        }
        body.push_str("</tbody></table></div>");
    }
    format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{}</title><style>{STYLE}</style></head><body>{body}</body></html>",
        speaker.language.code(),
        escaped(plan.name.trim())
    )
}

/// Writes a number large, and what it stands on small below it.
fn shown(cell: &Cell, speaker: &Speaker) -> String {
    let figure = match cell {
        Cell::Words(words) => return escaped(words),
        Cell::Figure(figure) => figure,
    };
    let write = |number: f64| speaker.of_unit(number, figure.unit);
    let Some(value) = figure.value else { return format!("–<small>n = {}</small>", speaker.count(figure.n as f64)) };
    let interval = match (figure.low, figure.high) {
        (Some(low), Some(high)) => format!("{} … {}; ", write(low), write(high)),
        _ => String::new(),
    };
    let n = speaker.count(figure.n as f64);
    escaped(&write(value)) + &format!("<small>{}n = {n}; {:?}</small>", escaped(&interval), figure.evidence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_no_formula_and_a_number_stays_one() {
        for (cell, expected) in [
            ("=1+1", "'=1+1"),
            ("@shop", "'@shop"),
            ("-0.5", "-0.5"),
            ("a, b", "\"a, b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("plain", "plain"),
        ] {
            assert_eq!(quoted(cell), expected);
        }
    }
}
