//! `touchline restore`: a data directory from a backup.

use super::{Data, Format, print_json, say};
use crate::failure::Result;
use crate::platform::clock::system;
use crate::platform::operate::restore;
use indicatif::{ProgressBar, ProgressStyle};
use std::path::PathBuf;

/// Make a data directory from a backup.
///
/// Every file is compared with the checksums of the backup before anything is written. The data directory must be a
/// new or empty folder: nothing is ever restored over something.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  touchline restore backups/2026-11-25 --data my-shop-again")]
pub(super) struct Args {
    /// The folder of the backup.
    from: PathBuf,
    #[command(flatten)]
    data: Data,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let style = ProgressStyle::with_template("Restoring {bar:30} {percent} %  {eta} left");
    let bar = ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let restored = restore(&args.from, &args.data.dir, system(), &mut |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let restored = restored?;
    match args.format {
        Format::Json => print_json(&restored),
        _ => {
            let dir = args.data.dir.display();
            say(&format!(
                "Restored {} interactions to {dir}.\nLook at it with: touchline serve --data {dir}",
                restored.interactions
            ))
        }
    }
}
