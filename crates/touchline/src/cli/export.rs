//! `touchline export`: the ledger in words, for other programs.

use super::{Data, print_json, say};
use crate::failure::{Failure, Result};
use crate::features::capture::{Exported, export};

/// Export what the ledger holds.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand, Debug)]
enum What {
    /// Print every interaction, one a line.
    ///
    /// JSON has one object a line: signal (`source`, `event`, `channel`, `place`, `campaign`, `touchpoint`), `form`,
    /// `direction`, the four times, `value`, `cost` and `currency`, `person`, and `known_by`, the namespaces of that
    /// person's names. What names somebody is left out unless --personal asks for it.
    #[command(
        after_help = "Examples:\n  touchline export interactions --data my-shop\n  touchline export interactions --data my-shop --format json > interactions.jsonl"
    )]
    Interactions {
        #[command(flatten)]
        data: Data,
        /// Print names and properties too.
        #[arg(long)]
        personal: bool,
        /// How to print it.
        #[arg(long, value_enum, default_value_t)]
        format: Printed,
    },
    /// Print everything we hold of one person, as one JSON document. Works beside a running server.
    ///
    /// It has `identities`, `facts`, `traits`, `consents`, `restrictions`, and `interactions` with their texts opened.
    #[command(after_help = "Example:\n  touchline export person email:ada@example.org --data my-shop > ada.json")]
    Person {
        #[command(flatten)]
        data: Data,
        /// Any identity of the person, as NAMESPACE:VALUE; `-` reads it from standard input.
        who: String,
    },
}

/// Is how interactions are printed.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Printed {
    /// For people: one line each.
    #[default]
    Table,
    /// For programs: one object a line.
    Json,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let (data, personal, format) = match &args.what {
        What::Person { data, who } => {
            let who = super::who::read(who)?;
            return print_json(&data.reach()?.ask("POST", "/api/people/export", Some(&who))?);
        }
        What::Interactions { data, personal, format } => (data, personal, format),
    };
    export(&data.open()?, *personal, |row| {
        say(&match format {
            Printed::Table => line(row),
            Printed::Json => {
                serde_json::to_string(row).map_err(|error| Failure::new("Cannot write an interaction").because(&error))?
            }
        })
    })
}

fn line(row: &Exported) -> String {
    let worth =
        row.value.as_ref().map(|value| format!("{value} {}", row.currency.as_ref().map_or("", |currency| currency.code())));
    let name = row.name.as_deref().unwrap_or(&row.person);
    let parts =
        [&*row.at, row.form.name(), row.direction.name(), name, &row.signal.to_string(), worth.as_deref().unwrap_or_default()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ").trim_end().to_owned()
}
