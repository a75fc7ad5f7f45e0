//! `touchline restrict`: keeps what is known of a person out of use, until that is lifted. Works beside a running server.

use super::{Data, Format, print_json, say};
use crate::failure::Result;
use serde_json::json;

/// Keep what is known of a person, and use it for nothing until that is lifted.
///
/// Whoever is restricted counts in no analysis and is contacted by nobody.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  touchline restrict email:ada@example.org --note 'disputes an invoice' --data my-shop\n  touchline restrict email:ada@example.org --lift --data my-shop"
)]
pub(super) struct Args {
    #[command(flatten)]
    data: Data,
    /// Any identity of the person, as NAMESPACE:VALUE; `-` reads it from standard input.
    who: String,
    /// Lift the restriction.
    #[arg(long)]
    lift: bool,
    /// Why; nothing personal.
    #[arg(long, default_value = "", conflicts_with = "lift")]
    note: String,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let body = json!({ "who": super::who::read(&args.who)?, "restricted": !args.lift, "note": args.note });
    let changed = args.data.reach()?.ask("POST", "/api/people/restrict", Some(&body))?;
    match args.format {
        Format::Json => print_json(&changed),
        _ if args.lift => say(&format!("Lifted for {} identities.", changed["identities"])),
        _ => say(&format!("Restricted: {} identities. Lift it with --lift.", changed["identities"])),
    }
}
