//! `touchline record`: enters by hand what no machine reports. Works beside a running server.

use super::{Data, Format, print_json, read_answer, say, written};
use crate::failure::{Failure, Result};
use crate::features::capture::{Entered, Entry, HandSignal, Money, What, Who};
use model::{Direction, Form};
use std::io::Read;

/// A note is read up to here; a longer one is refused.
const NOTE_READ: u64 = 1 << 20;

/// Enter a call, a visit, a meeting, a letter, an event: what no machine reports.
///
/// An entry is a fact and is never changed. Whoever was wrong enters a correction: it names the wrong entry and bears the
/// difference in money.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  touchline record call --data my-shop --who email:ann@example.org --touchpoint phone-line --note -
  touchline record meeting --data my-shop --who customer:42 --at '2026-11-25 10:30' --outcome signed --value '1200 EUR'
  touchline record correction --data my-shop --corrects ID --value '-200 EUR'")]
pub(super) struct Args {
    /// What happened.
    #[arg(value_enum)]
    what: What,
    #[command(flatten)]
    data: Data,
    /// A name of the person, such as email:ann@example.org; several names are one person.
    #[arg(long, value_name = "KIND:NAME")]
    who: Vec<Who>,
    /// When: RFC 3339, or `2026-11-25 10:30` in UTC; the default is now.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// The touchpoint, by its id in the map.
    #[arg(long, default_value = "")]
    touchpoint: String,
    /// The event in the signal, where it is another than what happened.
    #[arg(long)]
    event: Option<String>,
    /// The channel in the signal.
    #[arg(long)]
    channel: Option<String>,
    /// The place in the signal: a branch, a number of ours, a fair.
    #[arg(long)]
    place: Option<String>,
    /// The campaign in the signal.
    #[arg(long)]
    campaign: Option<String>,
    /// The form, where it is another than follows from what happened.
    #[arg(long, value_parser = super::tag::form)]
    form: Option<Form>,
    /// Who spoke to whom: outbound, inbound, two_way or internal.
    #[arg(long, value_parser = direction)]
    direction: Option<Direction>,
    /// How long it took, in seconds.
    #[arg(long, value_name = "SECONDS")]
    duration: Option<u32>,
    /// What came of it, such as `signed`: a purchase that bears the value.
    #[arg(long)]
    outcome: Option<String>,
    /// What it was worth, such as '12.50 EUR'; of a correction, the difference.
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    value: Option<Money>,
    /// What was said; `-` reads it from standard input, so that it stays out of the history of the shell.
    #[arg(long)]
    note: Option<String>,
    /// An id of your own: the same entry twice is then one.
    #[arg(long)]
    id: Option<String>,
    /// The id of the entry that a correction corrects.
    #[arg(long, value_name = "ID")]
    corrects: Option<String>,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(args: Args) -> Result<()> {
    let note = match args.note.as_deref() {
        Some("-") => Some(read_note()?),
        _ => args.note,
    };
    let entry = Entry {
        what: args.what,
        id: args.id,
        at: args.at,
        who: args.who,
        touchpoint: args.touchpoint,
        signal: HandSignal { event: args.event, channel: args.channel, place: args.place, campaign: args.campaign },
        form: args.form,
        direction: args.direction,
        duration_s: args.duration,
        outcome: args.outcome,
        value: args.value,
        note,
        corrects: args.corrects,
    };
    let answer = args.data.reach()?.ask("POST", "/api/capture/interactions", Some(&written(&entry)?))?;
    let entered: Entered = read_answer(answer)?;
    if args.format == Format::Json {
        return print_json(&entered);
    }
    let told = match entered.added {
        true => format!("Recorded as `{}`. If it is wrong: touchline record correction --corrects {} …", entered.id, entered.id),
        false => format!("`{}` was recorded before; nothing was added.", entered.id),
    };
    say(&entered.advice.map_or_else(|| told.clone(), |advice| format!("{told}\n{advice}")))
}

fn read_note() -> Result<String> {
    let mut note = String::new();
    let read = std::io::stdin().take(NOTE_READ).read_to_string(&mut note);
    read.map_err(|error| Failure::new("Cannot read the note from standard input").because(&error))?;
    Ok(note)
}

fn direction(word: &str) -> Result<Direction, String> {
    Direction::parse(word).ok_or_else(|| "use one of: outbound, inbound, two_way, internal".to_owned())
}
