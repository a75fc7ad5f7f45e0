//! `touchline feed`: feeds of publications, whose readers are counted. Works beside a running server.

use super::reach::part;
use super::{Data, Format, print_json, read_answer, say, written};
use crate::failure::Result;
use crate::features::capture::{Feed, NewFeed, NewPublication, Publication};
use comfy_table::{Table, presets};

/// Publish in feeds that people read in programs of their own.
///
/// `/feed/NAME.xml` of the server is the feed; each fetch and each item that is opened is counted.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand, Debug)]
enum Action {
    /// Set a feed, new or changed.
    #[command(
        after_help = "Example:\n  touchline feed set news --data my-shop --title 'News of the shop' --link https://example.org/news"
    )]
    Set {
        /// Its name, which stands in its address.
        name: String,
        #[command(flatten)]
        data: Data,
        /// The title that programs show.
        #[arg(long)]
        title: String,
        /// The page that the feed is of.
        #[arg(long, value_name = "URL")]
        link: String,
        /// What it is about; the default is the title.
        #[arg(long, default_value = "")]
        description: String,
        /// The language, such as en or fr-CA.
        #[arg(long, default_value = "")]
        language: String,
        /// The touchpoint, by its id in the map.
        #[arg(long, default_value = "")]
        touchpoint: String,
    },
    /// Publish a page in a feed.
    #[command(
        after_help = "Example:\n  touchline feed publish news --data my-shop --title 'New opening hours' --link https://example.org/hours"
    )]
    Publish {
        /// The feed.
        name: String,
        #[command(flatten)]
        data: Data,
        /// The title.
        #[arg(long)]
        title: String,
        /// The page itself.
        #[arg(long, value_name = "URL")]
        link: String,
        /// A few sentences.
        #[arg(long, default_value = "")]
        summary: String,
        /// When it is published, RFC 3339; the default is now, and what lies ahead waits.
        #[arg(long, value_name = "TIME")]
        at: Option<jiff::Timestamp>,
        /// The touchpoint; the default is the feed's.
        #[arg(long, default_value = "")]
        touchpoint: String,
        /// How to print the result.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// List the feeds, or the publications of one.
    #[command(after_help = "Examples:\n  touchline feed list --data my-shop\n  touchline feed list news --data my-shop")]
    List {
        /// The feed whose publications are wanted.
        name: Option<String>,
        #[command(flatten)]
        data: Data,
        /// How to print it.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Take a publication out of its feed; its link still leads on.
    #[command(after_help = "Example:\n  touchline feed withdraw k7m2xqa --data my-shop")]
    Withdraw {
        /// The code of the publication.
        code: String,
        #[command(flatten)]
        data: Data,
    },
}

pub(super) fn run(args: Args) -> Result<()> {
    match args.action {
        Action::Set { name, data, title, link, description, language, touchpoint } => {
            let feed = NewFeed { title, link, description, language, touchpoint };
            data.reach()?.ask("PUT", &path(&name, ""), Some(&written(&feed)?))?;
            say(&format!("Set `{name}`: programs read /feed/{name}.xml of the server."))
        }
        Action::Publish { name, data, title, link, summary, at, touchpoint, format } => {
            let new = NewPublication { title, link, summary, published_at: at, touchpoint, code: None };
            let answer = data.reach()?.ask("POST", &path(&name, "/publications"), Some(&written(&new)?))?;
            if format == Format::Json {
                return print_json(&answer);
            }
            let published: Publication = read_answer(answer)?;
            say(&format!("Published in `{name}` as `{}`: its link in the feed is /q/{}.", published.code, published.code))
        }
        Action::List { name: None, data, format } => list(&data, format),
        Action::List { name: Some(name), data, format } => publications(&data, &name, format),
        Action::Withdraw { code, data } => {
            data.reach()?.ask("DELETE", &format!("/api/capture/publications/{}", part(&code)), None)?;
            say(&format!("Withdrew `{code}`: its link still leads on."))
        }
    }
}

fn path(name: &str, rest: &str) -> String {
    format!("/api/capture/feeds/{}{rest}", part(name))
}

fn list(data: &Data, format: Format) -> Result<()> {
    let feeds: Vec<Feed> = read_answer(data.reach()?.ask("GET", "/api/capture/feeds", None)?)?;
    if format == Format::Json {
        return print_json(&feeds);
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL).set_header(["Feed", "Title", "Subscribers told", "Touchpoint"]);
    for feed in &feeds {
        table.add_row([feed.name.clone(), feed.title.clone(), feed.subscribers.to_string(), feed.touchpoint.clone()]);
    }
    say(&format!("{table}\n{} feeds.", feeds.len()))
}

fn publications(data: &Data, name: &str, format: Format) -> Result<()> {
    let items: Vec<Publication> = read_answer(data.reach()?.ask("GET", &path(name, "/publications"), None)?)?;
    if format == Format::Json {
        return print_json(&items);
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL).set_header(["Code", "Title", "Leads to", "Published"]);
    for item in &items {
        let at = jiff::Timestamp::from_microsecond(item.published_at.0).unwrap_or_default();
        table.add_row([item.code.clone(), item.title.clone(), item.target.clone(), at.strftime("%Y-%m-%d").to_string()]);
    }
    say(&format!("{table}\n{} publications.", items.len()))
}
