//! `touchline map`: shows, applies and exports the map. What concerns signals and channels is in [`super::signals`].

use super::{Data, print_json, say, signals};
use crate::failure::{Failure, Result};
use crate::features::map::{self, Maps, Version, grid};
use crate::platform::home::Home;
use comfy_table::{ContentArrangement, Table, presets};
use model::TouchpointMap;
use std::fs;
use std::path::{Path, PathBuf};

/// How wide a stage is printed, in letters: names of touchpoints stay on one line mostly.
const COLUMN_WIDTH: u16 = 26;

/// Show, apply and export the touchpoint map.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand, Debug)]
enum Action {
    /// Print the map: segments down, stages across.
    #[command(after_help = "Example:\n  touchline map show --data my-shop")]
    Show {
        #[command(flatten)]
        data: Data,
        /// How to print it; for a spreadsheet use `touchline map export`.
        #[arg(long, value_enum, default_value_t)]
        format: Shown,
    },
    /// Make a file the current map: a whole one as JSON, or a table as CSV.
    ///
    /// A table changes the touchpoints that it names and leaves the rest of the map as it is. Earlier versions stay.
    #[command(
        after_help = "Examples:\n  touchline map apply map.json --data my-shop\n  touchline map apply map.csv --data my-shop --dry-run"
    )]
    Apply {
        /// The file; a name that ends in .csv or .tsv is read as a table.
        file: PathBuf,
        #[command(flatten)]
        data: Data,
        /// A few words on why.
        #[arg(long, default_value = "")]
        note: String,
        /// Say what would change, and change nothing.
        #[arg(long)]
        dry_run: bool,
        /// How to print the result.
        #[arg(long, value_enum, default_value_t)]
        format: Shown,
    },
    /// Write the map to standard output or to a file.
    ///
    /// JSON holds everything; CSV is for a spreadsheet and can be applied again; Mermaid is a picture for a text.
    #[command(
        after_help = "Examples:\n  touchline map export --data my-shop > map.json\n  touchline map export --data my-shop --format csv --to map.csv"
    )]
    Export {
        #[command(flatten)]
        data: Data,
        /// What to write.
        #[arg(long, value_enum, default_value_t)]
        format: Exported,
        /// The file to write; standard output where none is named.
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    #[command(flatten)]
    Signals(signals::Action),
    /// List the versions of the map, the newest first.
    #[command(after_help = "Example:\n  touchline map history --data my-shop --format json")]
    History {
        #[command(flatten)]
        data: Data,
        /// How to print it.
        #[arg(long, value_enum, default_value_t)]
        format: Shown,
    },
}

/// Is how a map is shown.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Shown {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
}

/// Is how a map is exported.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Exported {
    /// Everything.
    #[default]
    Json,
    /// One row per touchpoint and cell.
    Csv,
    /// A `journey` diagram.
    Mermaid,
}

pub(super) fn run(args: &Args) -> Result<()> {
    match &args.action {
        Action::Show { data, format } => show(&current(&data.open()?)?.map, *format),
        Action::Apply { file, data, note, dry_run, format } => apply(&data.open()?, file, note, *dry_run, *format),
        Action::Export { data, format, to } => export(&current(&data.open()?)?.map, *format, to.as_deref()),
        Action::Signals(action) => signals::run(action),
        Action::History { data, format } => history(&data.open()?, *format),
    }
}

/// Reads a text file that a person named.
pub(super) fn read(file: &Path) -> Result<String> {
    let unread = |error: &dyn std::error::Error| Failure::new(format!("Cannot read {}", file.display())).because(error);
    let bytes = fs::read(file).map_err(|error| unread(&error))?;
    String::from_utf8(bytes).map_err(|error| unread(&error).hint("Save the file as UTF-8 and try again"))
}

fn current(home: &Home) -> Result<Version> {
    let current = home.block_on(Maps::new(home.state().clone()).current())?;
    current.ok_or_else(|| {
        Failure::new(format!("There is no map in {} yet", home.dir().display()))
            .hint(format!("Apply one: touchline map apply FILE --data {}", home.dir().display()))
    })
}

fn show(map: &TouchpointMap, format: Shown) -> Result<()> {
    let grid = grid(map);
    if format == Shown::Json {
        return print_json(&grid);
    }
    let mut table = Table::new();
    let columns = u16::try_from(grid.stages.len() + 1).unwrap_or(u16::MAX);
    table.load_style(presets::UTF8_FULL).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(columns.saturating_mul(COLUMN_WIDTH));
    let stages = grid.stages.iter().map(|stage| format!("{}\nimportance {:.0} %", stage.name, stage.importance * 100.0));
    table.set_header(std::iter::once(map.name.en.clone()).chain(stages));
    for row in &grid.rows {
        let cells = row.cells.iter().map(|cell| cell.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
        table.add_row(std::iter::once(row.name.to_owned()).chain(cells));
    }
    say(&format!("{table}\n→ to customers, ← from customers, ↔ both. {} touchpoints.", map.touchpoints.len()))
}

fn apply(home: &Home, file: &Path, note: &str, dry_run: bool, format: Shown) -> Result<()> {
    let named = |failure: Failure| Failure { what: format!("{}: {}", file.display(), failure.what), ..failure };
    let text = read(file)?;
    let maps = Maps::new(home.state().clone());
    let before = home.block_on(maps.current())?;
    let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_lowercase();
    let after = match extension.as_str() {
        "csv" | "tsv" => map::apply_csv(&current(home)?.map, &text).map_err(named)?,
        _ => map::apply_json(&text).map_err(named)?,
    };
    let change = Change::between(before.as_ref().map(|version| &version.map), &after);
    let version = match dry_run {
        true => before.map(|version| version.id),
        false => Some(home.block_on(maps.save(&after, note, (home.clock())()))?),
    };
    if format == Shown::Json {
        return print_json(&serde_json::json!({
            "version": version, "dry_run": dry_run, "added": change.added, "changed": change.changed, "removed": change.removed,
            "same": change.same,
        }));
    }
    let done = match (change.same, dry_run) {
        (true, _) => "Nothing changes".to_owned(),
        (false, true) => "Would apply".to_owned(),
        (false, false) => format!("Applied as version {}", version.unwrap_or_default()),
    };
    say(&format!("{done}: touchpoints added {}, changed {}, removed {}.", change.added, change.changed, change.removed))
}

/// Counts what a new version changes.
#[derive(Default)]
struct Change {
    same: bool,
    added: usize,
    changed: usize,
    removed: usize,
}

impl Change {
    fn between(before: Option<&TouchpointMap>, after: &TouchpointMap) -> Self {
        let Some(before) = before else {
            return Self { added: after.touchpoints.len(), ..Self::default() };
        };
        let was = |id: &str| before.touchpoint(id).map(|index| &before.touchpoints[index]);
        Self {
            same: before == after,
            added: after.touchpoints.iter().filter(|now| was(&now.id).is_none()).count(),
            changed: after.touchpoints.iter().filter(|now| was(&now.id).is_some_and(|was| was != *now)).count(),
            removed: before.touchpoints.iter().filter(|was| after.touchpoint(&was.id).is_none()).count(),
        }
    }
}

fn export(map: &TouchpointMap, format: Exported, to: Option<&Path>) -> Result<()> {
    let text = match format {
        Exported::Json => map::export_json(map)?,
        Exported::Csv => map::export_csv(map)?,
        Exported::Mermaid => map::export_mermaid(map),
    };
    match to {
        None => say(text.trim_end()),
        Some(file) => {
            fs::write(file, text).map_err(|error| Failure::new(format!("Cannot write {}", file.display())).because(&error))?;
            eprintln!("Wrote {}.", file.display());
            Ok(())
        }
    }
}

fn history(home: &Home, format: Shown) -> Result<()> {
    let versions = home.block_on(Maps::new(home.state().clone()).history())?;
    let when = |version: &Version| {
        let at = jiff::Timestamp::from_microsecond(version.created_at.0).unwrap_or_default();
        at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    };
    if format == Shown::Json {
        let versions = versions.iter().map(|version| {
            serde_json::json!({ "version": version.id, "created_at": when(version), "note": version.note,
                                "touchpoints": version.map.touchpoints.len() })
        });
        return print_json(&versions.collect::<Vec<_>>());
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL).set_header(["Version", "Saved", "Touchpoints", "Note"]);
    for version in &versions {
        table.add_row([version.id.to_string(), when(version), version.map.touchpoints.len().to_string(), version.note.clone()]);
    }
    say(&table.to_string())
}
