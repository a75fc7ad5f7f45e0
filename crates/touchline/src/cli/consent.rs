//! `touchline consent`: notes what somebody agreed to, and shows what is in force. Works beside a running server.

use super::{Data, Format, print_json, say};
use crate::failure::{Failure, Result};
use serde_json::{Map, Value, json};

/// Note what somebody agreed to or took back, or show what is in force.
///
/// There are three purposes: measure (we count what they do), personalise (we adapt what they see) and contact (we
/// write or call). Each word is an interaction of the ledger; the last one counts.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  touchline consent email:ada@example.org --data my-shop\n  touchline consent email:ada@example.org --give contact --proof 'paper form 7' --data my-shop\n  touchline consent email:ada@example.org --withdraw measure --withdraw contact --data my-shop"
)]
pub(super) struct Args {
    #[command(flatten)]
    data: Data,
    /// Any identity of the person, as NAMESPACE:VALUE; `-` reads it from standard input.
    who: String,
    /// A purpose that the person agrees to.
    #[arg(long, value_name = "PURPOSE", value_parser = PURPOSES)]
    give: Vec<String>,
    /// A purpose for which the person takes it back.
    #[arg(long, value_name = "PURPOSE", value_parser = PURPOSES)]
    withdraw: Vec<String>,
    /// Which text was shown, on which channel, who wrote it down; nothing personal.
    #[arg(long, default_value = "")]
    proof: String,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// The names of all purposes.
const PURPOSES: [&str; 3] = ["measure", "personalise", "contact"];

pub(super) fn run(args: &Args) -> Result<()> {
    if args.withdraw.iter().any(|purpose| args.give.contains(purpose)) {
        return Err(Failure::new("A purpose cannot be given and taken back at once").hint("Name it once"));
    }
    let given = args.give.iter().map(|purpose| (purpose.clone(), Value::Bool(true)));
    let said: Map<String, Value> =
        given.chain(args.withdraw.iter().map(|purpose| (purpose.clone(), Value::Bool(false)))).collect();
    let body = json!({ "who": super::who::read(&args.who)?, "said": said, "proof": args.proof });
    let in_force = args.data.reach()?.ask("POST", "/api/people/consent", Some(&body))?;
    if args.format == Format::Json {
        return print_json(&in_force);
    }
    PURPOSES.iter().try_for_each(|purpose| {
        let word = match in_force[*purpose].as_bool() {
            Some(true) => "given",
            Some(false) => "taken back",
            None => "nothing said",
        };
        say(&format!("{purpose:<12}{word}"))
    })
}
