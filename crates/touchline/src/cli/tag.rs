//! `touchline tag`: codes in print that lead people somewhere, and their pictures. Works beside a running server.

use super::reach::part;
use super::{Data, Format, print_json, read_answer, say, written};
use crate::failure::{Failure, Result};
use crate::features::capture::{NewTag, Tag, svg};
use comfy_table::{Table, presets};
use model::Form;
use std::fs;
use std::path::{Path, PathBuf};

/// Where the routes of tags are.
const TAGS: &str = "/api/capture/tags";

/// Register codes for posters, parcels, shelves and cards, and draw them.
///
/// `/q/CODE` of the server records a scan and leads on to the registered target, and nowhere else.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand, Debug)]
enum Action {
    /// Register a code and where it leads.
    #[command(
        after_help = "Example:\n  touchline tag add https://example.org/care --data my-shop --channel packaging --touchpoint parcel --campaign spring"
    )]
    Add {
        /// Where it leads.
        target: String,
        #[command(flatten)]
        data: Data,
        /// The code; drawn where none is given.
        #[arg(long)]
        code: Option<String>,
        /// The source whose settings say how careful we are with who scans it; the default is `tags`.
        #[arg(long)]
        source: Option<String>,
        /// What a scan is, such as brochure, click or share.
        #[arg(long, default_value = "brochure", value_parser = form)]
        form: Form,
        /// The channel, such as print, packaging or nfc.
        #[arg(long, default_value = "print")]
        channel: String,
        /// Where it hangs or lies.
        #[arg(long, default_value = "")]
        place: String,
        /// The campaign.
        #[arg(long, default_value = "")]
        campaign: String,
        /// The touchpoint, by its id in the map.
        #[arg(long, default_value = "")]
        touchpoint: String,
        /// Tell the target medium, campaign and code as `utm_…` parameters.
        #[arg(long)]
        utm: bool,
        /// How to print the result.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// List the codes, the newest first.
    #[command(after_help = "Example:\n  touchline tag list --data my-shop")]
    List {
        #[command(flatten)]
        data: Data,
        /// How to print it.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Draw a code as a QR code (SVG) with the address of the server.
    #[command(after_help = "Example:\n  touchline tag qr k7m2xqa --data my-shop --url https://t.example.org --to box.svg")]
    Qr {
        /// The code.
        code: String,
        #[command(flatten)]
        data: Data,
        /// The address by which people reach the server.
        #[arg(long, value_name = "URL")]
        url: String,
        /// The file to write; standard output where none is named.
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Retire a code: it leads nowhere from now on, and is never given away again.
    #[command(after_help = "Example:\n  touchline tag retire k7m2xqa --data my-shop")]
    Retire {
        /// The code.
        code: String,
        #[command(flatten)]
        data: Data,
    },
}

pub(super) fn run(args: Args) -> Result<()> {
    match args.action {
        Action::Add { target, data, code, source, form, channel, place, campaign, touchpoint, utm, format } => {
            let new = NewTag { code, target, source, form: Some(form), event: None, channel, place, campaign, touchpoint, utm };
            add(&data, &new, format)
        }
        Action::List { data, format } => list(&data, format),
        Action::Qr { code, data, url, to } => draw(&data, &code, &url, to.as_deref()),
        Action::Retire { code, data } => {
            data.reach()?.ask("DELETE", &format!("{TAGS}/{}", part(&code)), None)?;
            say(&format!("Retired `{code}`: it leads nowhere from now on."))
        }
    }
}

/// Reads a word of the vocabulary.
pub(super) fn form(word: &str) -> Result<Form, String> {
    let known = || Form::ALL.iter().map(|form| form.name()).collect::<Vec<_>>().join(", ");
    Form::parse(word).ok_or_else(|| format!("use one of: {}", known()))
}

fn add(data: &Data, new: &NewTag, format: Format) -> Result<()> {
    let tag: Tag = read_answer(data.reach()?.ask("POST", TAGS, Some(&written(new)?))?)?;
    if format == Format::Json {
        return print_json(&tag);
    }
    let (code, dir) = (&tag.code, data.dir.display());
    say(&format!(
        "Registered `{code}`: /q/{code} leads to {}.\n\
         Draw it with: touchline tag qr {code} --data {dir} --url https://YOUR-SERVER --to {code}.svg",
        tag.target
    ))
}

fn list(data: &Data, format: Format) -> Result<()> {
    let tags: Vec<Tag> = read_answer(data.reach()?.ask("GET", TAGS, None)?)?;
    if format == Format::Json {
        return print_json(&tags);
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL).set_header(["Code", "Leads to", "Signal", "Since", ""]);
    for tag in &tags {
        let since = jiff::Timestamp::from_microsecond(tag.created_at.0).unwrap_or_default().strftime("%Y-%m-%d").to_string();
        let state = if tag.retired_at.is_some() { "retired" } else { "" };
        table.add_row([tag.code.clone(), tag.target.clone(), tag.signature().to_string(), since, state.to_owned()]);
    }
    say(&format!("{table}\n{} codes.", tags.len()))
}

fn draw(data: &Data, code: &str, url: &str, to: Option<&Path>) -> Result<()> {
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return Err(
            Failure::new(format!("`{url}` is no address of a web site")).hint("Write it as in --url https://t.example.org")
        );
    }
    let tag: Tag = read_answer(data.reach()?.ask("GET", &format!("{TAGS}/{}", part(code)), None)?)?;
    let picture = svg(&format!("{}/q/{}", url.trim_end_matches('/'), tag.code))?;
    match to {
        None => say(picture.trim_end()),
        Some(file) => {
            fs::write(file, picture).map_err(|error| Failure::new(format!("Cannot write {}", file.display())).because(&error))?;
            eprintln!("Wrote {}.", file.display());
            Ok(())
        }
    }
}
