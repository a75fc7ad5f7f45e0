//! Journeys in files: our own JSON and CSV hold everything; Mermaid, CJML and XES hold what they can, and are read
//! tolerantly. Names that the map does not know are not guessed: they are listed, and whoever imports decides.

use super::xml::{Element, escaped, read};
use crate::failure::{Failure, Result};
use crate::platform::cells::{guarded, unguarded};
use analysis::conformance::Design;
use model::journey::{Flow, Scene, Step};
use model::map::nearest;
use model::{Journey, Text, TouchpointMap};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;
use utoipa::ToSchema;

/// Is how large a file may be: an event log of some ten thousand events.
pub(super) const TEXT_MAX: usize = 8 << 20;
/// Is how many runs of a design an event log holds at most.
const RUNS_MAX: usize = 1_000;

/// Is a kind of file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JourneyFileFormat)]
pub enum FileFormat {
    /// Our own, lossless.
    Json,
    /// One row per step; blocks by a column `block`. Lossless.
    Csv,
    /// A `journey` diagram.
    Mermaid,
    /// CJML 2.0, and the XML of its generator.
    Cjml,
    /// IEEE 1849: runs of the design; read as the run that is lived most often.
    Xes,
}

impl FileFormat {
    pub(super) const fn kind(self) -> (&'static str, &'static str) {
        match self {
            Self::Json => ("application/json", "json"),
            Self::Csv => ("text/csv; charset=utf-8", "csv"),
            Self::Mermaid => ("text/plain; charset=utf-8", "mmd"),
            Self::Cjml => ("application/xml", "cjml.xml"),
            Self::Xes => ("application/xml", "xes"),
        }
    }
}

/// Is a journey read from a file.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = JourneyDraft)]
pub struct Draft {
    /// What was understood.
    pub journey: Journey,
    /// Names in the file that no touchpoint of the map has, with the nearest one; they stand in the journey as they are.
    pub unknown: Vec<UnknownName>,
}

/// Is a name that the map does not know.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct UnknownName {
    /// As in the file.
    pub name: String,
    /// The touchpoint it may mean.
    pub nearest: Option<String>,
}

/// Writes a journey.
///
/// # Errors
/// Fails when the form cannot hold it.
pub fn export(format: FileFormat, journey: &Journey, map: &TouchpointMap) -> Result<String> {
    let unwritten = |error: &dyn std::error::Error| Failure::new("Cannot write the journey").because(error);
    match format {
        FileFormat::Json => serde_json::to_string_pretty(journey).map(|text| text + "\n").map_err(|error| unwritten(&error)),
        FileFormat::Csv => csv_of(journey),
        FileFormat::Mermaid => Ok(mermaid_of(journey, map)),
        FileFormat::Cjml => Ok(cjml_of(journey, map)),
        FileFormat::Xes => xes_of(journey, map),
    }
}

/// Reads a journey.
///
/// # Errors
/// Says what is wrong with the file.
pub fn import(format: FileFormat, text: &str, name: Option<&str>, map: &TouchpointMap) -> Result<Draft> {
    let named = |found: Option<String>| {
        let name = found.or_else(|| name.map(str::to_owned)).filter(|name| !name.trim().is_empty());
        name.unwrap_or_else(|| "Journey".to_owned())
    };
    let mut journey = match format {
        FileFormat::Json => serde_json::from_str(text)
            .map_err(|error| Failure::new("The file is not a journey").because(&error).hint("Export one to see the form"))?,
        FileFormat::Csv => journey(named(None), from_csv(text)?),
        FileFormat::Mermaid => from_mermaid(text, &named)?,
        FileFormat::Cjml => from_cjml(text, &named)?,
        FileFormat::Xes => from_xes(text, &named)?,
    };
    let mut unknown = BTreeMap::new();
    rename(&mut journey.flow, map, &mut unknown);
    let unknown = unknown.into_iter().map(|(name, nearest)| UnknownName { name, nearest }).collect();
    Ok(Draft { journey, unknown })
}

fn journey(name: String, flow: Flow) -> Journey {
    let mut id: String = name
        .to_lowercase()
        .chars()
        .map(|sign| if sign.is_ascii_lowercase() || sign.is_ascii_digit() { sign } else { '-' })
        .collect::<String>()
        .split('-')
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("-");
    id.truncate(80);
    if id.is_empty() {
        "journey".clone_into(&mut id);
    }
    Journey { id, name: Text::from(name.as_str()), segment: None, goal: String::new(), ignores_others: false, flow }
}

fn step_of(touchpoint: &str, scene: Scene) -> Flow {
    Flow::Step(Step { touchpoint: touchpoint.trim().to_owned(), scene, ..Step::default() })
}

/// Replaces names by ids where the map has a touchpoint of that id or name in any language.
fn rename(flow: &mut Flow, map: &TouchpointMap, unknown: &mut BTreeMap<String, Option<String>>) {
    match flow {
        Flow::Step(step) => {
            step.touchpoint = id_of(&step.touchpoint, map, unknown);
            step.instead.iter_mut().for_each(|name| *name = id_of(name, map, unknown));
        }
        Flow::Sequence(of) | Flow::Choice(of) | Flow::Parallel(of) => {
            of.iter_mut().for_each(|part| rename(part, map, unknown));
        }
        Flow::Optional(of) | Flow::Loop(of) => rename(of, map, unknown),
    }
}

fn id_of(name: &str, map: &TouchpointMap, unknown: &mut BTreeMap<String, Option<String>>) -> String {
    let wanted = name.trim().to_lowercase();
    let same = |text: &str| text.trim().to_lowercase() == wanted;
    let known = map.touchpoints.iter().find(|touchpoint| {
        let name = &touchpoint.name;
        same(&touchpoint.id) || same(&name.en) || name.fr.as_deref().is_some_and(same) || name.ru.as_deref().is_some_and(same)
    });
    match known {
        Some(touchpoint) => touchpoint.id.clone(),
        None => {
            let near = nearest(&wanted.replace(' ', "-"), map.touchpoints.iter().map(|touchpoint| touchpoint.id.as_str()));
            unknown.insert(name.to_owned(), near.map(str::to_owned));
            name.to_owned()
        }
    }
}

fn name_of<'a>(map: &'a TouchpointMap, id: &'a str) -> &'a str {
    map.touchpoint(id).map_or(id, |at| map.touchpoints[at].name.en.as_str())
}

// CSV: `block` names the way to a step, such as `sequence.1/choice.2`.

const COLUMNS: [&str; 7] = ["block", "touchpoint", "instead", "within_hours", "outcome", "emotion", "caption"];

fn csv_of(journey: &Journey) -> Result<String> {
    let failed = |error: &dyn std::error::Error| Failure::new("Cannot write the journey").because(error);
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).map_err(|error| failed(&error))?;
    let mut rows = Vec::new();
    rows_of(&journey.flow, String::new(), &mut rows);
    for (block, step) in rows {
        let within = step.within_hours.map(|hours| hours.to_string()).unwrap_or_default();
        let (outcome, emotion) = (step.outcome.clone().unwrap_or_default(), step.scene.emotion.to_string());
        let (instead, caption) = (step.instead.join(" "), guarded(&step.scene.caption).into_owned());
        writer
            .write_record([&block, &step.touchpoint, &instead, &within, &outcome, &emotion, &caption])
            .map_err(|error| failed(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(&error))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn rows_of<'a>(flow: &'a Flow, way: String, rows: &mut Vec<(String, &'a Step)>) {
    let (name, parts): (&str, &[Flow]) = match flow {
        Flow::Step(step) => return rows.push((way, step)),
        Flow::Sequence(of) => ("sequence", of),
        Flow::Choice(of) => ("choice", of),
        Flow::Parallel(of) => ("parallel", of),
        Flow::Optional(of) => ("optional", std::slice::from_ref(of)),
        Flow::Loop(of) => ("loop", std::slice::from_ref(of)),
    };
    for (at, part) in parts.iter().enumerate() {
        let slash = if way.is_empty() { "" } else { "/" };
        rows_of(part, format!("{way}{slash}{name}.{}", at + 1), rows);
    }
}

fn from_csv(text: &str) -> Result<Flow> {
    let torn = |what: String| Failure::new("The table is not a journey").hint(what);
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let head = reader.headers().map_err(|error| torn(error.to_string()))?.clone();
    let column = |name: &str| head.iter().position(|known| known.trim_start_matches('\u{feff}').eq_ignore_ascii_case(name));
    let touchpoint = column("touchpoint").ok_or_else(|| torn("It needs a column `touchpoint`, one row per step".to_owned()))?;
    let mut rows: Vec<(Vec<(String, usize)>, Step)> = Vec::new();
    for (at, record) in reader.records().enumerate() {
        let record = record.map_err(|error| torn(error.to_string()))?;
        let cell = |name: &str| column(name).and_then(|at| record.get(at)).unwrap_or_default().trim();
        let wrong = |what: &str| torn(format!("Row {}: {what}", at + 2));
        let id = record.get(touchpoint).unwrap_or_default().trim();
        if id.is_empty() {
            continue;
        }
        let hours = cell("within_hours");
        let emotion = cell("emotion");
        let caption = cell("caption");
        let step = Step {
            touchpoint: id.to_owned(),
            instead: cell("instead").split_whitespace().map(str::to_owned).collect(),
            within_hours: if hours.is_empty() {
                None
            } else {
                Some(hours.parse().map_err(|_| wrong("`within_hours` is no number"))?)
            },
            outcome: (!cell("outcome").is_empty()).then(|| cell("outcome").to_owned()),
            scene: Scene {
                caption: unguarded(caption).to_owned(),
                emotion: if emotion.is_empty() { 0 } else { emotion.parse().map_err(|_| wrong("`emotion` is no number"))? },
            },
        };
        let way = cell("block");
        let way = if way.is_empty() { format!("sequence.{}", rows.len() + 1) } else { way.to_owned() };
        rows.push((parsed_way(&way).ok_or_else(|| wrong("`block` is not like `sequence.1/choice.2`"))?, step));
    }
    if rows.is_empty() {
        return Err(torn("There is no step in it".to_owned()));
    }
    built(&rows, 0).ok_or_else(|| torn("The blocks do not fit into each other".to_owned()))
}

fn parsed_way(way: &str) -> Option<Vec<(String, usize)>> {
    let known = ["sequence", "choice", "parallel", "optional", "loop"];
    way.split('/')
        .map(|part| {
            let (name, number) = part.split_once('.')?;
            known.contains(&name).then_some(())?;
            Some((name.to_owned(), number.parse().ok()?))
        })
        .collect()
}

/// Builds the block whose rows these are, at a depth of their ways.
fn built(rows: &[(Vec<(String, usize)>, Step)], depth: usize) -> Option<Flow> {
    let (first, step) = rows.first()?;
    let Some((name, _)) = first.get(depth) else {
        return (rows.len() == 1).then(|| Flow::Step(step.clone()));
    };
    let mut parts = Vec::new();
    let mut start = 0;
    while start < rows.len() {
        let here = rows[start].0.get(depth)?;
        if here.0 != *name {
            return None;
        }
        let length = rows[start..].iter().take_while(|(way, _)| way.get(depth) == Some(here)).count();
        parts.push(built(&rows[start..start + length], depth + 1)?);
        start += length;
    }
    Some(match name.as_str() {
        "sequence" => Flow::Sequence(parts),
        "choice" => Flow::Choice(parts),
        "parallel" => Flow::Parallel(parts),
        "optional" => Flow::Optional(Box::new((parts.len() == 1).then(|| parts.remove(0))?)),
        _ => Flow::Loop(Box::new((parts.len() == 1).then(|| parts.remove(0))?)),
    })
}

// Mermaid: sections are the stages, scores 1 to 5 the emotions.

fn mermaid_of(journey: &Journey, map: &TouchpointMap) -> String {
    // A colon ends the name of a task there, and a line the task.
    let plain = |text: &str| text.replace([':', '\n', '\r', '#', ';'], " ").trim().to_owned();
    let mut out = format!("journey\n    title {}\n", plain(&journey.name.en));
    let mut section = String::new();
    for step in journey.steps() {
        let stage = map.touchpoint(&step.touchpoint).map(|at| &map.touchpoints[at].primary_stage);
        let stage =
            stage.and_then(|id| map.stages.iter().find(|stage| stage.id == *id)).map_or("", |stage| stage.name.en.as_str());
        if section != stage && !stage.is_empty() {
            stage.clone_into(&mut section);
            // Writing to a String cannot fail.
            let _ = writeln!(out, "    section {}", plain(stage));
        }
        let _ = writeln!(out, "      {}: {}: Customer", plain(name_of(map, &step.touchpoint)), step.scene.emotion + 3);
    }
    out
}

fn from_mermaid(text: &str, named: &dyn Fn(Option<String>) -> String) -> Result<Journey> {
    let mut title = None;
    let mut steps = Vec::new();
    let mut begun = false;
    for line in text.lines().map(str::trim) {
        if line == "journey" {
            begun = true;
        } else if let Some(text) = line.strip_prefix("title ") {
            title = Some(text.trim().to_owned());
        } else if begun && !line.is_empty() && !line.starts_with("section") && !line.starts_with("%%") {
            let mut parts = line.split(':');
            let name = parts.next().unwrap_or_default();
            let score: i8 = parts.next().and_then(|score| score.trim().parse().ok()).unwrap_or(3);
            steps.push(step_of(name, Scene { caption: String::new(), emotion: (score - 3).clamp(-2, 2) }));
        }
    }
    if steps.is_empty() {
        return Err(Failure::new("The text is no Mermaid journey")
            .hint("It begins with `journey`, then one line per step: `Name: 3: Customer`"));
    }
    Ok(journey(named(title), Flow::Sequence(steps)))
}

// CJML.

fn cjml_of(journey: &Journey, map: &TouchpointMap) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CJML version=\"2.0\">\n  <plannedJourney>\n");
    let _ =
        writeln!(out, "    <journeyID>{}</journeyID>\n    <journeyName>{}</journeyName>", journey.id, escaped(&journey.name.en));
    let _ = writeln!(
        out,
        "    <actors>\n      <endUser actorID=\"customer\"><actorName>Customer</actorName></endUser>\n      \
         <serviceProvider actorID=\"company\"><companyName>{}</companyName></serviceProvider>\n    </actors>\n    <touchpoints>",
        escaped(&map.name.en)
    );
    for (at, step) in journey.steps().iter().enumerate() {
        let known = map.touchpoint(&step.touchpoint).map(|at| &map.touchpoints[at]);
        let inbound = known.is_some_and(|touchpoint| touchpoint.direction == model::Direction::Inbound);
        let (from, to) = if inbound { ("customer", "company") } else { ("company", "customer") };
        let channel = known.and_then(|touchpoint| map.channels.iter().find(|channel| channel.id == touchpoint.channel));
        let channel = channel.map_or("", |channel| channel.name.en.as_str());
        let name = escaped(name_of(map, &step.touchpoint));
        let _ = writeln!(
            out,
            "      <plannedCommunicationPoint>\n        <touchpointID>{}</touchpointID>\n        \
             <initiator><refersTo actorIDref=\"{from}\"/></initiator>\n        <initiatorLabel>{name}</initiatorLabel>\n        \
             <receiver><refersTo actorIDref=\"{to}\"/></receiver>\n        <receiverLabel>{}</receiverLabel>\n        \
             <channel><channelName>{}</channelName></channel>\n        <sequenceNumber>{}</sequenceNumber>\n      \
             </plannedCommunicationPoint>",
            escaped(&step.touchpoint),
            escaped(&step.scene.caption),
            escaped(channel),
            at + 1
        );
    }
    out.push_str("    </touchpoints>\n  </plannedJourney>\n</CJML>\n");
    out
}

fn from_cjml(text: &str, named: &dyn Fn(Option<String>) -> String) -> Result<Journey> {
    let document = read(text)?;
    let mut points = Vec::new();
    let is_point = |name: &str| name.ends_with("communicationpoint") || name.ends_with("action") || name == "touchpoint";
    document.all(&is_point, &mut points);
    let step = |point: &&Element| {
        let id = point.say(&["touchpointid"]).or_else(|| point.attribute("touchpointID").map(str::to_owned));
        let label = point.say(&["initiatorlabel", "initiatordescription", "touchpointname", "label", "channelname", "channel"]);
        let caption = point.say(&["receiverlabel", "receiverdescription"]).unwrap_or_default();
        // Identifiers of other tools are numbers; a name says more.
        let name = id.filter(|id| id.chars().any(char::is_alphabetic)).or(label)?;
        Some(step_of(&name, Scene { caption: caption.chars().take(model::journey::CAPTION_MAX).collect(), emotion: 0 }))
    };
    let steps: Vec<Flow> = points.iter().filter_map(step).collect();
    if steps.is_empty() {
        return Err(Failure::new("There is no touchpoint in the file")
            .hint("CJML 2.0 has `plannedCommunicationPoint` or `actualCommunicationPoint` elements"));
    }
    Ok(journey(named(document.say(&["journeyname", "journeyid"])), Flow::Sequence(steps)))
}

// XES.

fn xes_of(journey: &Journey, map: &TouchpointMap) -> Result<String> {
    let design = Design::new(journey).map_err(|wide| {
        Failure::new("The journey cannot be written as runs").because(&wide).hint("Let less go on side by side")
    })?;
    let steps = journey.steps();
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<log xes.version=\"1849.2016\" xes.features=\"\">\n  \
         <extension name=\"Concept\" prefix=\"concept\" uri=\"http://www.xes-standard.org/concept.xesext\"/>\n",
    );
    let _ = writeln!(out, "  <string key=\"concept:name\" value=\"{}\"/>", escaped(&journey.name.en));
    // Loops are gone through once or twice: a run longer than all steps twice says nothing new.
    let longest = 2 * steps.len();
    let mut open = std::collections::VecDeque::from([(design.start, Vec::<u16>::new())]);
    let mut runs = Vec::new();
    while let Some((point, run)) = open.pop_front() {
        if design.may_end(point) && !run.is_empty() {
            runs.push(run.clone());
        }
        if runs.len() >= RUNS_MAX {
            break;
        }
        if run.len() < longest && open.len() < 10 * RUNS_MAX {
            for next in design.next(point) {
                let mut longer = run.clone();
                longer.push(next.step);
                open.push_back((next.to, longer));
            }
        }
    }
    for (at, run) in runs.iter().enumerate() {
        let _ = writeln!(out, "  <trace>\n    <string key=\"concept:name\" value=\"run {}\"/>", at + 1);
        for step in run {
            let touchpoint = &steps[*step as usize].touchpoint;
            let _ = writeln!(
                out,
                "    <event><string key=\"concept:name\" value=\"{}\"/><string key=\"touchpoint\" value=\"{}\"/></event>",
                escaped(name_of(map, touchpoint)),
                escaped(touchpoint)
            );
        }
        out.push_str("  </trace>\n");
    }
    out.push_str("</log>\n");
    Ok(out)
}

fn from_xes(text: &str, named: &dyn Fn(Option<String>) -> String) -> Result<Journey> {
    let document = read(text)?;
    let value = |element: &Element, key: &str| {
        let found = element.children.iter().find(|child| child.attribute("key") == Some(key));
        found.and_then(|child| child.attribute("value")).map(str::to_owned)
    };
    let mut traces = Vec::new();
    document.all(&|name| name == "trace", &mut traces);
    let mut variants: BTreeMap<Vec<String>, u64> = BTreeMap::new();
    for trace in traces {
        let mut events = Vec::new();
        trace.all(&|name| name == "event", &mut events);
        let names = events.iter().filter_map(|event| value(event, "touchpoint").or_else(|| value(event, "concept:name")));
        let mut names: Vec<String> = names.collect();
        names.dedup();
        if !names.is_empty() {
            *variants.entry(names).or_default() += 1;
        }
    }
    // The most frequent; of equally frequent ones the first by name, so that the answer is always the same.
    let most = variants.iter().max_by(|one, other| one.1.cmp(other.1).then(other.0.cmp(one.0)));
    let Some((names, _)) = most else {
        return Err(Failure::new("There is no trace in the log").hint("XES has `trace` elements with `event` elements in them"));
    };
    let log = document.children.first().and_then(|log| value(log, "concept:name"));
    let steps = names.iter().take(model::journey::STEPS_MAX).map(|name| step_of(name, Scene::default())).collect();
    Ok(journey(named(log), Flow::Sequence(steps)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> TouchpointMap {
        model::catalogue::template("online-shop").expect("is a template")
    }

    fn designed(map: &TouchpointMap) -> Journey {
        let id = |at: usize| map.touchpoints[at].id.clone();
        let step = |at: usize| Flow::Step(Step { touchpoint: id(at), ..Step::default() });
        let told = Step {
            touchpoint: id(3),
            instead: vec![id(4), id(5)],
            within_hours: Some(48),
            outcome: Some("purchase".into()),
            scene: Scene { caption: "=1 & <all> is \"well\"".into(), emotion: 2 },
        };
        let flow = Flow::Sequence(vec![
            step(0),
            Flow::Choice(vec![step(1), Flow::Sequence(vec![step(2), Flow::Optional(Box::new(step(6)))])]),
            Flow::Step(told),
            Flow::Parallel(vec![step(7), Flow::Loop(Box::new(step(8)))]),
        ]);
        Journey { segment: None, ..journey("First purchase".into(), flow) }
    }

    #[test]
    fn json_and_csv_lose_nothing() {
        let map = map();
        let designed = designed(&map);
        assert_eq!(designed.problems(|id| map.touchpoint(id).is_some()), []);
        for format in [FileFormat::Json, FileFormat::Csv] {
            let text = export(format, &designed, &map).expect("writes");
            let draft = import(format, &text, Some("First purchase"), &map).expect("reads");
            assert_eq!((draft.journey, draft.unknown.as_slice()), (designed.clone(), &[][..]), "{text}");
        }
    }

    #[test]
    fn an_apostrophe_of_ones_own_is_kept() {
        let map = map();
        let step = step_of(&map.touchpoints[0].id, Scene { caption: "'Tis the season".into(), emotion: 1 });
        let designed = Journey { segment: None, ..journey("Winter".into(), Flow::Sequence(vec![step])) };
        let text = export(FileFormat::Csv, &designed, &map).expect("writes");
        let draft = import(FileFormat::Csv, &text, Some("Winter"), &map).expect("reads");
        assert_eq!(draft.journey.steps()[0].scene.caption, "'Tis the season", "{text}");
    }

    #[test]
    fn other_forms_keep_the_steps_in_their_order() {
        let map = map();
        let steps = |journey: &Journey| journey.steps().iter().map(|step| step.touchpoint.clone()).collect::<Vec<_>>();
        let plain = |at: &[usize]| {
            let step = |at: &usize| step_of(&map.touchpoints[*at].id, Scene { caption: String::new(), emotion: 1 });
            journey("A & B".into(), Flow::Sequence(at.iter().map(step).collect()))
        };
        let designed = plain(&[0, 4, 2, 9]);
        for format in [FileFormat::Mermaid, FileFormat::Cjml, FileFormat::Xes] {
            let text = export(format, &designed, &map).expect("writes");
            let draft = import(format, &text, None, &map).expect("reads");
            assert_eq!(steps(&draft.journey), steps(&designed), "{format:?}: {text}");
            assert_eq!((draft.journey.name.en.as_str(), draft.unknown.len()), ("A & B", 0), "{format:?}: {text}");
        }
    }

    #[test]
    fn what_the_map_does_not_know_is_listed() {
        let map = map();
        let known = &map.touchpoints[0];
        let text = format!("journey\n title T\n section S\n  {}: 5: Me\n  Smoke signal: 1: Me\n", known.name.en);
        let draft = import(FileFormat::Mermaid, &text, None, &map).expect("reads");
        assert_eq!(draft.unknown.iter().map(|unknown| unknown.name.as_str()).collect::<Vec<_>>(), ["Smoke signal"]);
        let emotions: Vec<i8> = draft.journey.steps().iter().map(|step| step.scene.emotion).collect();
        assert_eq!((draft.journey.steps()[0].touchpoint.as_str(), emotions), (known.id.as_str(), vec![2, -2]));
    }

    #[test]
    fn the_other_cjml_is_read_too() {
        let text = "<cjml><actor id='1'><actorName>Ada</actorName></actor><touchpoint id='1' type='x'><time/>\
                    <initiatorDescription>Newsletter</initiatorDescription><channel>e-mail</channel></touchpoint></cjml>";
        let draft = import(FileFormat::Cjml, text, Some("Theirs"), &map()).expect("reads");
        assert_eq!((draft.journey.id.as_str(), draft.journey.steps().len()), ("theirs", 1));
    }

    #[test]
    fn the_most_lived_run_of_a_log_is_taken() {
        let event = |name: &str| format!("<event><string key='concept:name' value='{name}'/></event>");
        let trace = |names: &[&str]| format!("<trace>{}</trace>", names.iter().map(|name| event(name)).collect::<String>());
        let log = format!("<log>{}{}{}</log>", trace(&["a", "b"]), trace(&["a", "c", "c"]), trace(&["a", "c"]));
        let draft = import(FileFormat::Xes, &log, None, &map()).expect("reads");
        assert_eq!(draft.journey.steps().iter().map(|step| step.touchpoint.as_str()).collect::<Vec<_>>(), ["a", "c"]);
    }

    #[test]
    fn what_is_no_journey_is_refused_with_a_hint() {
        for (format, text) in [
            (FileFormat::Json, "{}"),
            (FileFormat::Csv, "name\nx\n"),
            (FileFormat::Csv, "block,touchpoint\nsequence.1/x.1,a\n"),
            (FileFormat::Csv, "touchpoint\n"),
            (FileFormat::Mermaid, "graph TD"),
            (FileFormat::Cjml, "<a/>"),
            (FileFormat::Xes, "<log/>"),
            (FileFormat::Xes, "no xml"),
        ] {
            assert!(import(format, text, None, &map()).expect_err(text).hint.is_some(), "{text}");
        }
    }
}
