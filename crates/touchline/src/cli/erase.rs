//! `touchline erase`: takes a person out of everything, for good, and keeps a receipt. Works beside a running server.

use super::{Data, Format, print_json, say};
use crate::failure::{Failure, Result};
use serde_json::Value;
use std::path::PathBuf;

/// Erase a person from everywhere, for good.
///
/// The person is named by any identity of theirs, as NAMESPACE:VALUE; all identities known to be theirs go, with every
/// interaction, trait and text. What clients send again of the time until now stays erased; what the person does
/// later starts afresh.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  touchline erase email:ada@example.org --data my-shop --dry-run\n  echo email:ada@example.org | touchline erase - --data my-shop --yes --format json > receipt.json\n  touchline erase --verify receipt.json --data my-shop"
)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["who", "verify", "receipts"]))]
pub(super) struct Args {
    #[command(flatten)]
    data: Data,
    /// Any identity of the person, as NAMESPACE:VALUE; `-` reads it from standard input, where no other program sees it.
    who: Option<String>,
    /// Erase; without it nothing happens.
    #[arg(long, requires = "who")]
    yes: bool,
    /// Say what would be erased, and erase nothing.
    #[arg(long, requires = "who", conflicts_with = "yes")]
    dry_run: bool,
    /// Tell whether a receipt was written here and is unchanged.
    #[arg(long, value_name = "FILE")]
    verify: Option<PathBuf>,
    /// List the receipts of earlier erasures.
    #[arg(long)]
    receipts: bool,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let reach = args.data.reach()?;
    let print = |answer: &Value, told: &dyn Fn(&Value) -> String| match args.format {
        Format::Json => print_json(answer),
        _ => say(&told(answer)),
    };
    if let Some(file) = &args.verify {
        let receipt: Value = serde_json::from_str(&super::map::read(file)?)
            .map_err(|error| Failure::new(format!("{} is no receipt", file.display())).because(&error))?;
        let answer = reach.ask("POST", "/api/people/erasures/verify", Some(&receipt))?;
        return match answer["ours"].as_bool() {
            Some(true) => print(&answer, &|_| "The receipt was written here and is unchanged.".to_owned()),
            _ => Err(Failure::new("The receipt was not written here, or was changed")
                .hint("A receipt can be verified only in the data directory that wrote it")),
        };
    }
    if args.receipts {
        let answer = reach.ask("GET", "/api/people/erasures", None)?;
        let list = |answer: &Value| answer.as_array().into_iter().flatten().map(told).collect::<Vec<_>>().join("\n");
        return print(&answer, &list);
    }
    let who = super::who::read(args.who.as_deref().unwrap_or_default())?;
    if args.yes {
        return print(&reach.ask("POST", "/api/people/erase", Some(&who))?, &told);
    }
    let extent =
        |extent: &Value| format!("Would erase {} identities and {} interactions.", extent["identities"], extent["interactions"]);
    print(&reach.ask("POST", "/api/people/erase/extent", Some(&who))?, &extent)?;
    let refusal = || Failure::new("Nothing was erased").hint("Add --yes to erase; it cannot be undone");
    if args.dry_run { Ok(()) } else { Err(refusal()) }
}

fn told(receipt: &Value) -> String {
    let removed = &receipt["removed"];
    let counts = ["identities", "interactions", "facts", "traits", "consents", "text_keys", "quarantined"];
    let counts: Vec<String> = counts.iter().map(|name| format!("{} {}", removed[*name], name.replace('_', " "))).collect();
    format!("Erased: {}. Receipt {}.", counts.join(", "), receipt["erasure"].as_str().unwrap_or_default())
}
