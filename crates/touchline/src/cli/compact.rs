//! `touchline compact`: few large files of many small ones.

use super::{Data, Format, print_json, say};
use crate::failure::Result;

/// Make few large files of the ledger's many small ones.
///
/// A server does this by itself in the background. It is worth while by hand before other programs read the ledger,
/// and gives files of older versions their checksums.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  touchline compact --data my-shop")]
pub(super) struct Args {
    #[command(flatten)]
    data: Data,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let done = args.data.reach()?.wait("Compacting", "POST", "/api/operate/compact", None)?;
    match args.format {
        Format::Json => print_json(&done),
        _ => say(&format!("The ledger has {} files now; it had {}.", done["files"], done["files_before"])),
    }
}
