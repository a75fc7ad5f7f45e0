//! `touchline analyze experience | audits | …`: the instruments beside the map. Works beside a running server.

use super::reach::part;
use super::{Data, Format, print_json, say};
use crate::failure::{Failure, Result};
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;
use std::path::PathBuf;

#[derive(clap::Subcommand, Debug)]
pub(super) enum Instrument {
    /// Tell what customers say and how long they wait: NPS, CSAT, effort, response time, importance, reviews.
    ///
    /// JSON holds everything (metrics M7, M13, M15, M17, M19); the table shows scores and response times.
    #[command(after_help = "Example:\n  touchline analyze experience --data my-shop --segment repeat-buyers")]
    Experience(OfSegment),
    /// Tell what follows from entered audits: brand and facts, accessibility, recall, avoided cost (M13, M14, M18, M20).
    #[command(after_help = "Example:\n  touchline analyze audits --data my-shop --format json")]
    Audits(OfEverybody),
    /// Compare the arms of experiments: difference, always-valid interval, value with the past taken out (M4).
    ///
    /// An experiment is what interactions name an arm of, as `experiment:arm`, or as the arm with a campaign.
    #[command(after_help = "Example:\n  touchline analyze experiments --data my-shop --horizon-days 30 --control holdout")]
    Experiments {
        #[command(flatten)]
        of: OfSegment,
        /// So many days after the draw count.
        #[arg(long, default_value_t = 30)]
        horizon_days: u32,
        /// The arm that others are compared with.
        #[arg(long)]
        control: Option<String>,
    },
    /// Tell how long people take from first contact to the target outcome, those included who are not there yet.
    #[command(after_help = "Example:\n  touchline analyze time-to-convert --data my-shop")]
    TimeToConvert(OfSegment),
    /// Compare the weeks before and after a change of the set of touchpoints (NET-11).
    #[command(after_help = "Example:\n  touchline analyze before-after --on 2026-08-03 --data my-shop")]
    BeforeAfter {
        #[command(flatten)]
        of: OfSegment,
        /// The day of the change; without one, the day of the current version of the map.
        #[arg(long, value_name = "DATE")]
        on: Option<String>,
        /// So many weeks on each side at most.
        #[arg(long, default_value_t = 12)]
        weeks: u32,
    },
    /// Compare how many buyers stay who were followed up with how many who were not (M23).
    #[command(after_help = "Example:\n  touchline analyze follow-up follow-up-e-mail --data my-shop")]
    FollowUp {
        /// The touchpoint that follows up, by id.
        touchpoint: String,
        #[command(flatten)]
        of: OfSegment,
        /// It has so many days after the purchase.
        #[arg(long, default_value_t = 14)]
        within_days: u32,
        /// Who does something again within so many days is retained.
        #[arg(long, default_value_t = 90)]
        horizon_days: u32,
    },
    /// Tell how many stay away after a bad contact, and which requests are overdue (CHN-4, WAY-13).
    #[command(after_help = "Example:\n  touchline analyze churn --data my-shop --horizon-days 60")]
    Churn {
        #[command(flatten)]
        of: OfSegment,
        /// Who does nothing for so many days has churned.
        #[arg(long, default_value_t = 60)]
        horizon_days: u32,
    },
    /// Sum up the customer base: RFM groups, who is a customer still, what they are expected to buy.
    #[command(after_help = "Example:\n  touchline analyze customers --data my-shop --days 90 --model pareto_nbd")]
    Customers {
        #[command(flatten)]
        of: OfSegment,
        /// So many days ahead.
        #[arg(long, default_value_t = 90)]
        days: u32,
        /// The model of buying: bg_nbd or pareto_nbd.
        #[arg(long, default_value = "bg_nbd")]
        model: String,
    },
    /// List customers to whom nobody has spoken for long (WAY-7).
    #[command(after_help = "Example:\n  touchline analyze neglected --data my-shop --days 90 --limit 20")]
    Neglected {
        #[command(flatten)]
        of: OfSegment,
        /// So many days of silence are neglect.
        #[arg(long, default_value_t = 90)]
        days: u32,
        /// So many people are listed.
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// Tell what texts of customers say: complaint or praise, themes, word pairs (English, French, Russian).
    ///
    /// Reads the words beside answers, reviews and messages of a data directory; or a file with a text per line, or the column of a CSV
    /// file, of which nothing is stored. How often it is right is told in docs/measure/texts.md.
    #[command(
        after_help = "Examples:\n  touchline analyze texts --data my-shop\n  touchline analyze texts --file reviews.csv --column text --format json"
    )]
    Texts {
        /// The data directory.
        #[arg(long, value_name = "DIR", required_unless_present = "file")]
        data: Option<PathBuf>,
        /// How to print it.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
        /// Read this file instead; `-` reads from standard input.
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// The column of a CSV file that holds the texts; without one, each line is a text.
        #[arg(long, requires = "file")]
        column: Option<String>,
    },
    /// Tell which part of all contacts is with people outside all segments, and propose rules for them (AIM-12).
    #[command(after_help = "Example:\n  touchline analyze outside --data my-shop")]
    Outside(OfEverybody),
}

/// Is whom a question is about.
#[derive(clap::Args, Debug)]
pub(super) struct OfSegment {
    #[command(flatten)]
    with: OfEverybody,
    /// Only this segment, by id.
    #[arg(long)]
    segment: Option<String>,
}

/// Is where to look and how to print.
#[derive(clap::Args, Debug)]
pub(super) struct OfEverybody {
    #[command(flatten)]
    data: Data,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(instrument: &Instrument) -> Result<()> {
    let of = |of: &OfSegment, path: &str, asked: &[(&str, Option<String>)], table: fn(&Value) -> Result<()>| {
        let segment = [("segment", of.segment.clone())];
        let answer = ask(&of.with, &address(path, &[&segment, asked].concat()))?;
        print(&of.with, &answer, table)
    };
    match instrument {
        Instrument::Experience(segment) => of(segment, "experience", &[], experience),
        Instrument::Audits(with) => print(with, &ask(with, &address("audits", &[]))?, audits),
        Instrument::Outside(with) => print(with, &ask(with, &address("segments/outside", &[]))?, outside),
        Instrument::Texts { file: Some(file), column, format, .. } => {
            show(*format, &super::texts::of_file(file, column.as_deref())?, texts)
        }
        Instrument::Texts { data, format, .. } => {
            let dir = data.clone().ok_or_else(|| Failure::new("Neither a data directory nor a file is named"))?;
            show(*format, &Data { dir }.reach_to_read()?.ask("GET", "/api/feedback/texts", None)?["report"], texts)
        }
        Instrument::TimeToConvert(segment) => of(segment, "time-to-convert", &[], time_to_convert),
        Instrument::Experiments { of: segment, horizon_days, control } => {
            let asked = [("horizon_days", Some(horizon_days.to_string())), ("control", control.clone())];
            of(segment, "experiments", &asked, experiments)
        }
        Instrument::BeforeAfter { of: segment, on, weeks } => {
            of(segment, "before-after", &[("on", on.clone()), ("weeks", Some(weeks.to_string()))], before_after)
        }
        Instrument::FollowUp { touchpoint, of: segment, within_days, horizon_days } => {
            let asked = [
                ("touchpoint", Some(touchpoint.clone())),
                ("within_days", Some(within_days.to_string())),
                ("horizon_days", Some(horizon_days.to_string())),
            ];
            of(segment, "follow-up", &asked, |answer| rows(&GROUPS, vec![groups("followed up", answer)]))
        }
        Instrument::Churn { of: segment, horizon_days } => {
            of(segment, "churn", &[("horizon_days", Some(horizon_days.to_string()))], churn)
        }
        Instrument::Customers { of: segment, days, model } => {
            of(segment, "customers", &[("days", Some(days.to_string())), ("model", Some(model.clone()))], customers)
        }
        Instrument::Neglected { of: segment, days, limit } => {
            of(segment, "neglected", &[("days", Some(days.to_string())), ("limit", Some(limit.to_string()))], neglected)
        }
    }
}

/// Writes the address of a question; what is not asked is left out.
fn address(path: &str, asked: &[(&str, Option<String>)]) -> String {
    let parts = asked.iter().filter_map(|(name, value)| Some(format!("{name}={}", part(value.as_deref()?))));
    let question = parts.collect::<Vec<_>>().join("&");
    if question.is_empty() { format!("/api/measure/{path}") } else { format!("/api/measure/{path}?{question}") }
}

fn ask(with: &OfEverybody, path: &str) -> Result<Value> {
    with.data.reach_to_read()?.ask("GET", path, None)
}

fn print(with: &OfEverybody, answer: &Value, table: impl Fn(&Value) -> Result<()>) -> Result<()> {
    show(with.format, answer, table)
}

fn show(format: Format, answer: &Value, table: impl Fn(&Value) -> Result<()>) -> Result<()> {
    match format {
        Format::Json => print_json(answer),
        Format::Table => table(answer),
        Format::Csv => Err(Failure::new("This analysis is no single table").hint("Use --format json")),
    }
}

/// Prints rows under a head; nothing where there are none.
fn rows(head: &[&str], rows: Vec<Vec<String>>) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(head.iter().copied());
    rows.into_iter().for_each(|row| {
        table.add_row(row);
    });
    say(&table.to_string())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.replace('_', " "),
        other => other.to_string(),
    }
}

/// Shows a figure with its interval and n; what is unknown is a dash.
fn figure(value: &Value) -> String {
    let Some(number) = value["value"].as_f64() else { return format!("–, n {}", text(&value["n"])) };
    let write = |number: f64| match value["unit"].as_str() {
        Some("share") => format!("{:.1} %", number * 100.0),
        Some("points") => format!("{:+.1} points", number * 100.0),
        Some("money") => format!("{:.2}", number / 100.0),
        Some("count") => format!("{number:.1}"),
        _ => format!("{number:.3}"),
    };
    let limits = value["low"].as_f64().zip(value["high"].as_f64());
    let interval = limits.map(|(low, high)| format!(" [{}; {}]", write(low), write(high))).unwrap_or_default();
    format!("{}{interval}, n {}", write(number), text(&value["n"]))
}

/// Shows a stretch of time in the largest unit that fits.
fn stretch(value: &Value) -> String {
    value["seconds"].as_i64().map_or_else(
        || "not reached".to_owned(),
        |seconds| match seconds {
            0..120 => format!("{seconds} s"),
            120..7_200 => format!("{} min", seconds / 60),
            7_200..172_800 => format!("{:.1} h", seconds as f64 / 3_600.0),
            _ => format!("{:.1} d", seconds as f64 / 86_400.0),
        },
    )
}

fn texts(answer: &Value) -> Result<()> {
    let everywhere = Value::from("everywhere");
    let place = |one: &Value| text(if one["touchpoint"].is_null() { &everywhere } else { &one["touchpoint"] });
    let moods = list(&answer["places"]).iter().map(|one| {
        vec![
            place(one),
            text(&one["texts"]),
            figure(&one["told"]),
            figure(&one["negative"]),
            figure(&one["positive"]),
            figure(&one["score"]),
        ]
    });
    rows(&["where", "texts", "told", "negative", "positive", "score"], moods.collect())?;
    let of_place = |one: &Value| {
        let name = place(one);
        let row = move |theme: &Value| {
            vec![name.clone(), text(&theme["theme"]), figure(&theme["named"]), text(&theme["complaints"]), text(&theme["praise"])]
        };
        list(&one["themes"]).iter().map(row).collect::<Vec<_>>()
    };
    rows(&["where", "theme", "named", "complaints", "praise"], list(&answer["places"]).iter().flat_map(of_place).collect())?;
    let pairs = list(&answer["places"]).iter().flat_map(|one| {
        let name = place(one);
        let row = move |pair: &Value| {
            vec![name.clone(), text(&pair["words"]), text(&pair["complaints"]), text(&pair["others"]), figure(&pair["log_odds"])]
        };
        list(&one["pairs"]).iter().map(row).collect::<Vec<_>>()
    });
    rows(&["where", "words of complaints", "complaints", "others", "log odds"], pairs.collect())?;
    let rising = list(&answer["rising"])
        .iter()
        .map(|one| vec![place(one), text(&one["theme"]), figure(&one["recent"]), figure(&one["earlier"]), figure(&one["rise"])]);
    rows(&["where", "theme on the rise", "last four weeks", "twelve weeks before", "rise"], rising.collect())
}

fn experience(answer: &Value) -> Result<()> {
    let everywhere = Value::from("everywhere");
    let place = |one: &Value| text(if one["touchpoint"].is_null() { &everywhere } else { &one["touchpoint"] });
    let scores = list(&answer["scores"]).iter().map(|one| {
        let main = if one["nps"].is_null() { &one["satisfied"] } else { &one["nps"] };
        vec![place(one), text(&one["scale"]), figure(main), figure(&one["mean"]), figure(&one["response_rate"])]
    });
    rows(&["where", "scale", "NPS or satisfied", "mean", "answered"], scores.collect())?;
    let answers = list(&answer["answers"]).iter().map(|one| {
        let said =
            if one["no_answers_recorded"] == true { "no answer is recorded here".to_owned() } else { figure(&one["in_time"]) };
        vec![place(one), said, stretch(&one["median"]), stretch(&one["p90"]), text(&one["unanswered"])]
    });
    rows(&["asked at", "in time", "half by", "nine of ten by", "unanswered"], answers.collect())?;
    let importance = list(&answer["importance"]).iter().map(|one| {
        let decided = match one["needed"].as_u64() {
            Some(needed) if needed > 0 => format!("{needed} more pairs of answers are needed"),
            _ if one["decided"] == true => text(&one["quadrant"]),
            _ => "undecided".to_owned(),
        };
        vec![place(one), figure(&one["importance"]), figure(&one["performance"]), decided]
    });
    rows(&["touchpoint", "importance", "satisfied", "what to do"], importance.collect())?;
    notes(answer)
}

fn audits(answer: &Value) -> Result<()> {
    let access = &answer["access"];
    let parts = ["whole", "choice", "findability", "availability", "usable", "success"];
    rows(&["accessibility", "figure"], parts.iter().map(|name| vec![(*name).to_owned(), figure(&access[*name])]).collect())?;
    let brand = list(&answer["contradictions"]).iter().map(|datum| {
        let stated = list(&datum["stated"]).iter().map(|one| format!("{}: {}", text(&one["surface"]), text(&one["value"])));
        vec![text(&datum["name"]), stated.collect::<Vec<_>>().join("; ")]
    });
    rows(&["contradiction", "stated"], brand.collect())?;
    let figures = [
        ("brand", &answer["brand"]["mean"]),
        ("facts agree", &answer["facts"]),
        ("brand experience share", &answer["recall"]["share"]),
        ("avoided cost", &answer["avoided"]),
    ];
    let known = figures.iter().filter(|(_, value)| !value.is_null());
    rows(&["entered", "figure"], known.map(|(name, value)| vec![(*name).to_owned(), figure(value)]).collect())
}

fn notes(answer: &Value) -> Result<()> {
    list(&answer["notes"]).iter().try_for_each(|note| say(&format!("Note: {}.", text(&note["key"]))))
}

fn experiments(answer: &Value) -> Result<()> {
    let experiments = list(answer);
    if experiments.is_empty() {
        return say("No interaction names an arm of an experiment.");
    }
    experiments.iter().try_for_each(|experiment| {
        say(&format!("Experiment {}:", text(&experiment["name"])))?;
        if experiment["ratio_fits"] == false {
            say("The arms are not as large as an even draw makes them: something selected people, so nothing is compared.")?;
        }
        if experiment["control_is_named"] == false {
            say("No arm is called a control; the first by name stands for it.")?;
        }
        let arms = list(&experiment["arms"]).iter().map(|arm| {
            let against = &arm["against_control"];
            vec![
                text(&arm["arm"]),
                figure(&arm["converted"]),
                figure(&against["difference"]),
                figure(&against["always"]),
                figure(&against["incremental"]),
            ]
        });
        rows(&["arm", "converted", "difference", "at every look", "outcomes more"], arms.collect())
    })
}

fn time_to_convert(answer: &Value) -> Result<()> {
    let days = |value: &Value| value["seconds"].as_i64().map_or_else(|| "not reached".to_owned(), |days| format!("{days} d"));
    let row = |name: String, one: &Value| {
        vec![
            name,
            text(&one["people"]),
            text(&one["converted"]),
            figure(&one["within_30"]),
            days(&one["quarter"]),
            days(&one["half"]),
        ]
    };
    let touchpoints = list(&answer["touchpoints"]).iter().map(|one| row(text(&one["touchpoint"]), one));
    let all = std::iter::once(row("anywhere".to_owned(), &answer["all"])).chain(touchpoints);
    rows(&["from first contact", "people", "converted", "within 30 days", "a quarter by", "half by"], all.collect())
}

fn before_after(answer: &Value) -> Result<()> {
    let compared = ["outcomes", "value", "cost"].iter().map(|name| {
        let one = &answer[*name];
        let mean = |side: &str| one[side].as_f64().map_or_else(|| "–".to_owned(), |mean| format!("{mean:.1}"));
        vec![(*name).to_owned(), mean("before"), mean("after"), figure(&one["difference"]), figure(&one["step"])]
    });
    say(&format!("{} whole weeks before, {} after.", answer["weeks_before"], answer["weeks_after"]))?;
    rows(&["per week", "before", "after", "difference", "beside the trend"], compared.collect())?;
    say(&format!("Conversion of active people: {}.", figure(&answer["conversion"])))
}

const GROUPS: [&str; 4] = ["who", "they", "others", "difference"];

fn groups(name: &str, one: &Value) -> Vec<String> {
    vec![name.to_owned(), figure(&one["with"]), figure(&one["without"]), figure(&one["difference"])]
}

fn churn(answer: &Value) -> Result<()> {
    let kinds = list(&answer["kinds"]).iter().map(|one| groups(&text(&one["went"]), &one["groups"]));
    let all = [groups("any bad contact", &answer["any"]), groups("late or unanswered", &answer["waiting"])];
    rows(&GROUPS, all.into_iter().chain(kinds).collect())?;
    let overdue = list(&answer["overdue"]).iter().map(|one| vec![text(&one["touchpoint"]), text(&one["requests"])]);
    rows(&["asked at", "overdue now"], overdue.collect())
}

fn customers(answer: &Value) -> Result<()> {
    let number = |value: &Value| value.as_f64().map_or_else(|| "–".to_owned(), |number| format!("{number:.0}"));
    say(&format!("{} customers, {} of them bought on more than one day.", answer["customers"], answer["repeaters"]))?;
    let minor = |value: &Value| value.as_f64().map_or_else(|| "–".to_owned(), |minor| format!("{:.2}", minor / 100.0));
    let groups = list(&answer["groups"]).iter().map(|group| {
        vec![
            text(&group["group"]),
            text(&group["customers"]),
            minor(&group["spent"]),
            number(&group["alive"]),
            minor(&group["expected_value"]),
        ]
    });
    rows(&["group", "customers", "spent", "customers still", "expected"], groups.collect())?;
    if !answer["buying"].is_null() {
        let buying = &answer["buying"];
        say(&format!(
            "Customers still: {}. Purchases within {} days: {}.",
            figure(&buying["alive"]),
            buying["days"],
            figure(&buying["expected"])
        ))?;
    }
    notes(answer)
}

fn neglected(answer: &Value) -> Result<()> {
    let all = Value::from("everybody");
    let silence = list(&answer["silence"]).iter().map(|one| {
        vec![
            text(if one["segment"].is_null() { &all } else { &one["segment"] }),
            figure(&one["neglected"]),
            text(&one["median_days"]),
        ]
    });
    rows(&["segment", "neglected", "median days of silence"], silence.collect())?;
    let people = list(&answer["people"])
        .iter()
        .map(|one| vec![text(&one["person"]), text(&one["days_silent"]), text(&one["days_ago"]), text(&one["spent"])]);
    rows(&["person", "days of silence", "days since purchase", "spent, minor units"], people.collect())
}

fn outside(answer: &Value) -> Result<()> {
    say(&format!(
        "Of people {}, of contacts {} are outside all segments.",
        figure(&answer["share_of_people"]),
        figure(&answer["share_of_contacts"])
    ))?;
    let proposals = list(&answer["proposals"]).iter().map(|one| vec![text(&one["touchpoint"]), text(&one["people"])]);
    rows(&["a segment of those outside who met", "people"], proposals.collect())
}
