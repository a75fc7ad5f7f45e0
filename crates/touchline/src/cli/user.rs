//! `touchline user`: who works here. Works beside a running server.

use super::{Data, Format, print_json, say};
use crate::failure::Result;
use crate::platform::console;
use clap::ValueEnum;
use comfy_table::{Table, presets};
use serde_json::{Value, json};

/// Look after those who work here: list, invite, change roles, reset, remove.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  touchline user list --data my-shop\n  touchline user invite ada@example.org --name Ada --role analyst --data my-shop\n  touchline user reset 2 --data my-shop"
)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// List those who work here.
    List(Common),
    /// Invite somebody: prints a link that signs them in once, within seven days.
    Invite {
        #[command(flatten)]
        common: Common,
        /// The e-mail address to sign in with.
        email: String,
        /// The name on the screen.
        #[arg(long)]
        name: String,
        /// What they may do.
        #[arg(long, value_enum)]
        role: Role,
    },
    /// Give somebody another role.
    Role {
        #[command(flatten)]
        common: Common,
        /// The number of the account, as `list` shows it.
        id: i64,
        /// What they may do.
        #[arg(value_enum)]
        role: Role,
    },
    /// Forget somebody's password and codes, end their sessions, and print a link in their place.
    Reset {
        #[command(flatten)]
        common: Common,
        /// The number of the account, as `list` shows it.
        id: i64,
    },
    /// Take somebody's rights, sessions and tokens away.
    Remove {
        #[command(flatten)]
        common: Common,
        /// The number of the account, as `list` shows it.
        id: i64,
    },
}

#[derive(clap::Args, Debug)]
struct Common {
    #[command(flatten)]
    data: Data,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Is what somebody may do.
#[derive(ValueEnum, Clone, Copy, Debug)]
enum Role {
    /// Everything.
    Owner,
    /// Everything but the owner's own rights.
    Admin,
    /// Map, measures, improvements.
    Analyst,
    /// Conversations.
    Agent,
    /// Looking.
    Viewer,
}

impl Role {
    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

pub(super) fn run(args: &Args) -> Result<()> {
    match &args.command {
        Command::List(common) => list(common),
        Command::Invite { common, email, name, role } => {
            let body = json!({ "email": email, "name": name, "role": role.name() });
            let made = common.data.reach()?.ask("POST", "/api/account/members", Some(&body))?;
            show_link(common, &made)
        }
        Command::Role { common, id, role } => {
            let body = json!({ "role": role.name() });
            common.data.reach()?.ask("PUT", &format!("/api/account/members/{id}"), Some(&body))?;
            done(common, *id, &format!("Account {id} is {} now.", role.name()))
        }
        Command::Reset { common, id } => {
            let made = common.data.reach()?.ask("POST", &format!("/api/account/members/{id}/reset"), None)?;
            show_link(common, &made)
        }
        Command::Remove { common, id } => {
            common.data.reach()?.ask("DELETE", &format!("/api/account/members/{id}"), None)?;
            done(common, *id, &format!("Account {id} may do nothing any more."))
        }
    }
}

fn list(common: &Common) -> Result<()> {
    let members = common.data.reach()?.ask("GET", "/api/account/members", None)?;
    if common.format == Format::Json {
        return print_json(&members);
    }
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL).set_header(["NUMBER", "ROLE", "NAME", "E-MAIL", "PASSWORD", "CODE"]);
    for member in members.as_array().into_iter().flatten() {
        let yes = |name: &str| if member[name] == true { "yes" } else { "no" }.to_owned();
        table.add_row([
            text(&member["id"]),
            text(&member["role"]),
            text(&member["name"]),
            text(&member["email"]),
            yes("has_password"),
            yes("has_code"),
        ]);
    }
    say(&table.to_string())
}

fn show_link(common: &Common, made: &Value) -> Result<()> {
    let token = made["token"].as_str().unwrap_or_default();
    let address = console::address(&common.data.dir).unwrap_or_else(|| "ADDRESS".to_owned());
    let link = format!("{address}/#token={token}");
    if common.format == Format::Json {
        return print_json(&json!({ "account": made["id"], "link": link, "token": token }));
    }
    say(&format!("Account {}. Sign in once, within seven days: {link}", made["id"]))
}

fn done(common: &Common, id: i64, text: &str) -> Result<()> {
    match common.format {
        Format::Json => print_json(&json!({ "account": id })),
        Format::Table | Format::Csv => say(text),
    }
}
