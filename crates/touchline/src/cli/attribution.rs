//! `touchline attribution`: splits outcomes over channels, from a file of journeys grouped by path.
//!
//! The file is the one that other attribution tools read: a path such as `advertising > e-mail > shop`, and how many
//! journeys with it ended with and without an outcome. Nothing is stored; the arithmetic is that of `analysis`.

use super::{Format, print_json, say};
use crate::failure::{Failure, Result};
use analysis::attribution::{Credit, Ends, JourneyCounts, Markov, Order, Rule, removal};
use analysis::fixed::Fixed;
use comfy_table::{CellAlignment, Table, presets};
use csv::StringRecord;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;

/// Split outcomes over channels, from a file of journeys grouped by path.
///
/// The file has a header with the columns path, total_conversions, total_conversion_value and total_null. Steps of a
/// path are joined by `>`. The separator may be a comma, a semicolon, a tab or a vertical bar. Models: first, last, last
/// non-direct (with --direct), linear, position 40/20/40, step decay, the Shapley value of the sum game, and the
/// exact removal effects of a Markov chain.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  touchline attribution --paths journeys.csv --direct \"direct visit\" --order 2 --format json"
)]
pub(super) struct Args {
    /// The file of journeys.
    #[arg(long, value_name = "FILE")]
    paths: PathBuf,
    /// The channel that says nothing of where people came from.
    #[arg(long, value_name = "NAME")]
    direct: Option<String>,
    /// How many touches back the Markov chain remembers.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=3))]
    order: u8,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let name = args.paths.display().to_string();
    let file = File::open(&args.paths).map_err(|error| {
        Failure::new(format!("cannot open `{name}`")).because(&error).hint("check the path given with --paths")
    })?;
    let file = read(BufReader::new(file), &name)?;
    let answer = attribute(&file, args.direct.as_deref(), args.order)?;
    match args.format {
        Format::Json => print_json(&answer),
        Format::Csv => say(comma_separated(&answer).map_err(|error| cannot_write(error.as_ref()))?.trim_end()),
        Format::Table => print_tables(&answer),
    }
}

fn cannot_write(error: &dyn std::error::Error) -> Failure {
    Failure::new("cannot write the answer").because(error)
}

/// Holds a file of journeys.
#[derive(Debug)]
struct Journeys {
    /// The channels, by their number in paths.
    channels: Vec<String>,
    counts: JourneyCounts,
}

/// Is the answer, as `--format json` prints it.
#[derive(Serialize, Debug)]
struct Answer {
    order: u8,
    direct: Option<String>,
    totals: Totals,
    markov: ChainFigures,
    /// Most outcomes by the Markov model first.
    channels: Vec<Channel>,
}

#[derive(Serialize, Debug)]
struct Totals {
    channels: usize,
    paths: usize,
    conversions: u64,
    value: f64,
    nulls: u64,
}

#[derive(Serialize, Debug)]
struct ChainFigures {
    states: usize,
    conversion_rate: f64,
    value_per_journey: f64,
}

#[derive(Serialize, Debug)]
struct Channel {
    channel: String,
    removal_effect: f64,
    removal_effect_value: f64,
    /// By the name of the model.
    models: BTreeMap<&'static str, Credited>,
}

#[derive(Serialize, Clone, Copy, Debug)]
struct Credited {
    conversions: f64,
    value: f64,
}

const MARKOV: &str = "markov";

/// Computes every model.
fn attribute(journeys: &Journeys, direct: Option<&str>, order: u8) -> Result<Answer> {
    let flags = direct_flags(&journeys.channels, direct)?;
    let order_of_chain = match order {
        2 => Order::Two,
        3 => Order::Three,
        _ => Order::One,
    };
    let chain = removal(&journeys.counts, journeys.channels.len(), order_of_chain);
    if chain.unsettled > 1e-9 {
        return Err(Failure::new(format!("the Markov chain of order {order} has {} states and did not settle", chain.states))
            .hint("use a lower --order, or fewer channels"));
    }
    let totals = journeys.counts.totals();
    let models = models(journeys, &flags, direct.is_some(), &chain, totals);
    let mut channels: Vec<Channel> = journeys
        .channels
        .iter()
        .enumerate()
        .map(|(i, channel)| Channel {
            channel: channel.clone(),
            removal_effect: chain.removal[i],
            removal_effect_value: chain.removal_value[i],
            models: models.iter().map(|(model, credits)| (*model, credits[i])).collect(),
        })
        .collect();
    let credited = |one: &Channel| one.models[MARKOV].conversions;
    channels.sort_by(|a, b| credited(b).total_cmp(&credited(a)).then_with(|| a.channel.cmp(&b.channel)));
    Ok(Answer {
        order,
        direct: direct.map(str::to_owned),
        totals: Totals {
            channels: channels.len(),
            paths: journeys.counts.len(),
            conversions: totals.conversions,
            value: totals.value.to_f64(),
            nulls: totals.nulls,
        },
        markov: ChainFigures { states: chain.states, conversion_rate: chain.converts, value_per_journey: chain.worth },
        channels,
    })
}

fn direct_flags(channels: &[String], direct: Option<&str>) -> Result<Vec<bool>> {
    let names = || channels.iter().map(String::as_str);
    if let Some(name) = direct
        && !names().any(|channel| channel == name)
    {
        let hint = match model::map::nearest(name, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are: {}", names().take(20).collect::<Vec<_>>().join(", ")),
        };
        return Err(Failure::new(format!("no channel `{name}` in the file")).hint(hint));
    }
    Ok(channels.iter().map(|channel| Some(channel.as_str()) == direct).collect())
}

/// Returns the credits of each model, channel by channel.
fn models(
    journeys: &Journeys,
    direct: &[bool],
    with_direct: bool,
    chain: &Markov,
    totals: Ends,
) -> Vec<(&'static str, Vec<Credited>)> {
    let floating = |credit: &Credit| Credited { conversions: credit.conversions.to_f64(), value: credit.value.to_f64() };
    let rules = Rule::ALL.into_iter().filter(|rule| with_direct || *rule != Rule::LastNonDirect);
    let mut models: Vec<_> =
        rules.map(|rule| (rule.name(), rule.credits(&journeys.counts, direct).iter().map(floating).collect())).collect();
    let markov = chain.shares().into_iter().zip(chain.shares_value()).map(|(conversions, value)| Credited {
        conversions: conversions * totals.conversions as f64,
        value: value * totals.value.to_f64(),
    });
    models.push((MARKOV, markov.collect()));
    models
}

const COLUMNS: [&str; 4] = ["path", "total_conversions", "total_conversion_value", "total_null"];
/// The largest number in a cell; sums over millions of rows stay exact.
const LARGEST: f64 = 1e12;
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Reads a file of journeys; `name` is what messages call it.
fn read(mut input: impl BufRead, name: &str) -> Result<Journeys> {
    let unreadable = |error: &dyn std::error::Error| {
        Failure::new(format!("cannot read `{name}`")).because(error).hint("save the file as CSV in UTF-8")
    };
    let mut header = Vec::new();
    input.read_until(b'\n', &mut header).map_err(|error| unreadable(&error))?;
    if header.is_empty() {
        return Err(
            Failure::new(format!("`{name}` is empty")).hint(format!("it needs a header ({}) and rows", COLUMNS.join(", ")))
        );
    }
    let header = header.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&header).to_vec();
    let separator = separator(&header);
    let mut rows =
        csv::ReaderBuilder::new().delimiter(separator).trim(csv::Trim::All).from_reader(header.as_slice().chain(input));
    let columns = columns(rows.headers().map_err(|error| unreadable(&error))?, name)?;
    let mut reader = RowReader {
        name,
        columns,
        separator,
        journeys: Journeys { channels: Vec::new(), counts: JourneyCounts::default() },
        numbers: HashMap::new(),
    };
    for row in rows.records() {
        reader.take(&row.map_err(|error| unreadable(&error))?)?;
    }
    if reader.journeys.counts.is_empty() {
        return Err(Failure::new(format!("`{name}` has no journeys"))
            .hint(format!("it needs a header ({}) and rows", COLUMNS.join(", "))));
    }
    Ok(reader.journeys)
}

/// Finds the separator: the candidate that splits the header most often.
fn separator(header: &[u8]) -> u8 {
    let count = |separator: u8| header.iter().filter(|byte| **byte == separator).count();
    SEPARATORS.into_iter().rev().max_by_key(|separator| count(*separator)).unwrap_or(b',')
}

fn columns(header: &StringRecord, name: &str) -> Result<[usize; 4]> {
    let mut columns = [0; 4];
    for (column, wanted) in columns.iter_mut().zip(COLUMNS) {
        *column = header.iter().position(|found| found.eq_ignore_ascii_case(wanted)).ok_or_else(|| {
            let near =
                model::map::nearest(wanted, header.iter()).map_or(String::new(), |near| format!("did you mean `{near}`? "));
            Failure::new(format!("no column `{wanted}` in `{name}`"))
                .hint(format!("{near}the header needs {}", COLUMNS.join(", ")))
        })?;
    }
    Ok(columns)
}

/// Turns rows into journeys.
struct RowReader<'a> {
    name: &'a str,
    columns: [usize; 4],
    separator: u8,
    journeys: Journeys,
    numbers: HashMap<String, u16>,
}

impl RowReader<'_> {
    fn take(&mut self, row: &StringRecord) -> Result<()> {
        let line = row.position().map_or(0, csv::Position::line);
        let path = self.path(row.get(self.columns[0]).unwrap_or_default(), line)?;
        let (conversions, nulls) = (self.count(row, 1, line)?, self.count(row, 3, line)?);
        let value = Fixed::from_f64(self.number(row, 2, line)?).unwrap_or_default();
        if conversions == 0 && value != Fixed::ZERO {
            return Err(self.at(line, "has a value but no conversions", "value belongs to conversions: mend one of them"));
        }
        self.journeys.counts.take(&path, Ends { conversions, value, nulls });
        Ok(())
    }

    fn path(&mut self, text: &str, line: u64) -> Result<Vec<u16>> {
        let mut path = Vec::new();
        for step in text.split('>').map(str::trim) {
            if step.is_empty() {
                return Err(self.at(line, "has a path with an empty step", "join the steps by ` > ` and leave none blank"));
            }
            path.push(match self.numbers.get(step) {
                Some(number) => *number,
                None => self.number_of_new(step, line)?,
            });
        }
        Ok(path)
    }

    fn number_of_new(&mut self, step: &str, line: u64) -> Result<u16> {
        let number = u16::try_from(self.journeys.channels.len()).ok().filter(|number| *number < u16::MAX);
        let number = number
            .ok_or_else(|| self.at(line, "brings more than 65,535 channels", "group channels; is `path` really the path?"))?;
        self.journeys.channels.push(step.to_owned());
        self.numbers.insert(step.to_owned(), number);
        Ok(number)
    }

    /// Reads a whole number, also one written as `3.0`.
    fn count(&self, row: &StringRecord, column: usize, line: u64) -> Result<u64> {
        let number = self.number(row, column, line)?;
        if number < 0.0 || number.fract() != 0.0 {
            return Err(self.at(line, &format!("has {} = {number}", COLUMNS[column]), "write a whole number, 0 or more"));
        }
        Ok(number as u64)
    }

    fn number(&self, row: &StringRecord, column: usize, line: u64) -> Result<f64> {
        let text = row.get(self.columns[column]).unwrap_or_default();
        // Where the comma does not separate columns, it may be the decimal sign.
        let plain = if self.separator == b',' { text.to_owned() } else { text.replace(',', ".") };
        let number = plain.parse::<f64>().ok().filter(|number| number.abs() <= LARGEST);
        number.ok_or_else(|| {
            self.at(
                line,
                &format!("has `{text}` in {}", COLUMNS[column]),
                "write a plain number such as 12.5, up to 1,000,000,000,000",
            )
        })
    }

    fn at(&self, line: u64, what: &str, hint: &str) -> Failure {
        Failure::new(format!("`{}`, line {line}, {what}", self.name)).hint(hint)
    }
}

fn model_names(answer: &Answer) -> Vec<&'static str> {
    let there = |name: &&str| answer.channels.first().is_some_and(|channel| channel.models.contains_key(name));
    Rule::ALL.iter().map(|rule| rule.name()).chain([MARKOV]).filter(there).collect()
}

fn comma_separated(answer: &Answer) -> std::result::Result<String, Box<dyn std::error::Error>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["channel", "model", "conversions", "value"])?;
    for channel in &answer.channels {
        for model in model_names(answer) {
            let credited = channel.models[model];
            writer.write_record([
                &not_a_formula(&channel.channel),
                model,
                &credited.conversions.to_string(),
                &credited.value.to_string(),
            ])?;
        }
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

/// Puts an apostrophe before a text that a spreadsheet would run as a formula.
fn not_a_formula(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() }
}

fn print_tables(answer: &Answer) -> Result<()> {
    let totals = &answer.totals;
    say(&format!("Outcomes by model\n{}", table(answer, |credited| credited.conversions, |channel| channel.removal_effect)))?;
    if totals.value != 0.0 {
        say(&format!("\nValue by model\n{}", table(answer, |credited| credited.value, |channel| channel.removal_effect_value)))?;
    }
    say(&format!(
        "\n{} outcomes on {} paths over {} channels; {} journeys ended without. Markov chain of order {}: {} states.",
        totals.conversions, totals.paths, totals.channels, totals.nulls, answer.order, answer.markov.states
    ))?;
    say("Attribution says who was there, not who caused it; only an experiment does.")
}

fn table(answer: &Answer, number: fn(&Credited) -> f64, effect: fn(&Channel) -> f64) -> Table {
    let models = model_names(answer);
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let heads = models.iter().map(|model| model.replace('_', " "));
    table.set_header(["channel".to_owned()].into_iter().chain(heads).chain(["removal effect".to_owned()]));
    for channel in &answer.channels {
        let numbers = models.iter().map(|model| format!("{:.2}", number(&channel.models[model])));
        let effect = format!("{:.4}", effect(channel));
        table.add_row([channel.channel.clone()].into_iter().chain(numbers).chain([effect]));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    const TINY: &str = "path,total_conversions,total_conversion_value,total_null\nads,2,70,1\nmail,1,35,0\nads > mail,1,35.5,0\n";

    fn answer(text: &str, direct: Option<&str>, order: u8) -> Result<Answer> {
        attribute(&read(text.as_bytes(), "paths.csv")?, direct, order)
    }

    fn check(text: &str, what: &str, hint: &str) {
        let failure = answer(text, None, 1).expect_err("is refused");
        assert!(failure.what.contains(what), "{failure}");
        assert!(failure.hint.as_ref().is_some_and(|found| found.contains(hint)), "{failure}");
    }

    fn credited(answer: &Answer, channel: &str, model: &str) -> f64 {
        answer.channels.iter().find(|one| one.channel == channel).expect("is there").models[model].conversions
    }

    #[test]
    fn m5_ads_and_mail() {
        let answer = answer(TINY, Some("mail"), 1).expect("is sound");
        for (model, ads, mail) in [
            ("first", 3.0, 1.0),
            ("last", 2.0, 2.0),
            ("last_non_direct", 3.0, 1.0),
            ("linear", 2.5, 1.5),
            ("shapley_sum", 2.5, 1.5),
            (MARKOV, 2.4, 1.6),
        ] {
            assert!((credited(&answer, "ads", model) - ads).abs() < 1e-12, "{model}");
            assert!((credited(&answer, "mail", model) - mail).abs() < 1e-12, "{model}");
        }
        assert_eq!((answer.totals.conversions, answer.totals.nulls, answer.totals.value), (4, 1, 140.5));
        assert!((answer.markov.conversion_rate - 0.8).abs() < 1e-12);
        assert!((answer.channels[0].removal_effect - 0.75).abs() < 1e-12);
    }

    #[test]
    fn without_direct_there_is_no_last_non_direct() {
        let answer = answer(TINY, None, 2).expect("is sound");
        assert_eq!(model_names(&answer), ["first", "last", "linear", "position", "step_decay", "shapley_sum", "markov"]);
    }

    #[test]
    fn any_separator_and_decimal_comma() {
        let expected = format!("{:?}", answer(TINY, None, 1).expect("is sound").channels);
        for separator in [";", "\t", "|"] {
            let text = TINY.replace(',', separator).replace("35.5", "35,5");
            assert_eq!(format!("{:?}", answer(&text, None, 1).expect("is sound").channels), expected, "{separator}");
        }
        let text = format!("\u{feff}{}", TINY.replace('\n', "\r\n").replace(",0\r", ",0.0\r").replace(" > ", ">"));
        assert_eq!(format!("{:?}", answer(&text, None, 1).expect("is sound").channels), expected);
    }

    #[test]
    fn bad_files_are_explained() {
        let header = "path,total_conversions,total_conversion_value,total_null\n";
        check("", "`paths.csv` is empty", "it needs a header (path, total_conversions");
        check(header, "has no journeys", "header");
        check(&TINY.replace("total_null", "total_nul"), "no column `total_null` in `paths.csv`", "did you mean `total_nul`?");
        check(&format!("{header}ads,-1,0,0\n"), "line 2, has total_conversions = -1", "0 or more");
        check(&format!("{header}ads,1,0,1.5\n"), "line 2, has total_null = 1.5", "whole number");
        check(&format!("{header}ads,1,0,0\nads,many,0,0\n"), "line 3, has `many` in total_conversions", "plain number");
        check(&format!("{header}ads,1,inf,0\n"), "`inf` in total_conversion_value", "plain number");
        check(&format!("{header}ads,1e13,0,0\n"), "`1e13` in total_conversions", "plain number");
        check(&format!("{header}ads > > mail,1,0,0\n"), "empty step", "leave none blank");
        check(&format!("{header}ads,0,9,1\n"), "a value but no conversions", "mend");
        check(&format!("{header}ads,1\n"), "cannot read", "CSV");
        let failure = answer(TINY, Some("mails"), 1).expect_err("is refused");
        assert_eq!(failure.hint.as_deref(), Some("did you mean `mail`?"));
    }

    #[test]
    fn csv_has_one_row_per_channel_and_model() {
        let text = comma_separated(&answer(TINY, None, 1).expect("is sound")).expect("is written");
        assert_eq!(text.lines().count(), 1 + 2 * 7);
        assert!(text.contains("\nads,first,3,105.5\n"), "{text}");
        let text = comma_separated(&answer(&TINY.replace("ads", "=ads()"), None, 1).expect("is sound")).expect("is written");
        assert!(text.contains("\n'=ads(),first,3,105.5\n"), "{text}");
    }

    #[test]
    fn tables_name_every_model() {
        let table = table(
            &answer(TINY, Some("mail"), 1).expect("is sound"),
            |credited| credited.conversions,
            |channel| channel.removal_effect,
        )
        .to_string();
        for word in ["last non direct", "shapley sum", "markov", "removal effect", "2.40", "0.7500"] {
            assert!(table.contains(word), "{table}");
        }
    }

    #[test]
    #[ignore = "needs ../shared"]
    fn path_data_to_a_millionth() {
        let folder = std::env::var("TOUCHLINE_SHARED").expect("set TOUCHLINE_SHARED to the folder that holds golden/");
        let golden = PathBuf::from(folder).join("golden/pathdata");
        let file = File::open(golden.join("PathData.csv")).expect("opens");
        let answer =
            attribute(&read(BufReader::new(file), "PathData.csv").expect("is sound"), Some("alpha"), 1).expect("settles");
        let rows = std::fs::read_to_string(golden.join("markov_order1_exact.csv")).expect("reads");
        for row in rows.lines().skip(1) {
            let cells: Vec<&str> = row.split(',').collect();
            let number = |i: usize| cells[i].parse::<f64>().expect("a number");
            let channel = answer.channels.iter().find(|one| one.channel == cells[2]).expect("is there");
            let credited = channel.models[MARKOV];
            let found = [channel.removal_effect, channel.removal_effect_value, credited.conversions, credited.value];
            for (i, found) in found.into_iter().enumerate() {
                assert!((found - number(3 + i)).abs() <= 1e-6 * number(3 + i).max(1.0), "{row}: {found}");
            }
        }
        assert_eq!((answer.totals.conversions, answer.totals.nulls), (19_785, 68_602));
    }
}
