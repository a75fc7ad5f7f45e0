//! A mapping proposed from the header and the first rows: a draft for a person to correct, with its doubts.
//!
//! Each column is judged by its name and by what stands in it. Where nothing fits, the proposal says so.

use super::mapping::{FileShape, Kind};
use super::moment::TimeFormat;
use super::page::{Header, LINE, Page, REASON, Stop};
use super::read::{Wants, read};
use super::{amount, source};
use crate::failure::Failure;
use jiff::tz::TimeZone;
use std::collections::HashSet;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// So many rows are looked at.
const ROWS: usize = 1_000;
/// So many of a hundred values tell what a column is by themselves …
const MOST: usize = 95;
/// … and so many, where its name tells the same.
const HALF: usize = 50;

/// Is a proposed mapping.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Proposal {
    /// The mapping, as TOML with comments.
    pub mapping: String,
    /// What the proposal is unsure of.
    pub doubts: Vec<String>,
}

/// Proposes a mapping for a file.
///
/// # Errors
/// Refuses a file that cannot be read.
pub fn suggest(file: &Path) -> Result<Proposal, Failure> {
    let Beginning { kind, header, columns } = first_rows(file)?;
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
    let stem = name.split('.').next().unwrap_or("file").to_lowercase().replace([' ', '_'], "-");
    if kind == Kind::Chat {
        return Ok(Proposal {
            mapping: chat(&stem),
            doubts: vec!["Whether somebody on the channel is staff is not in the log.".to_owned()],
        });
    }
    let guesses: Vec<Guess> = header
        .columns
        .iter()
        .zip(&columns)
        .map(|(name, values)| Guess { name: name.clone(), role: role(name, values) })
        .collect();
    Ok(proposal(&stem, kind, &guesses))
}

/// Is what a column seems to hold.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Role {
    /// A time, in this format.
    Time(String),
    /// A name of a person, of this namespace.
    Person(&'static str),
    /// The id of the row itself.
    Id,
    /// An invoice, order or basket to which several rows belong.
    Group,
    /// An amount of money: decimal sign.
    Amount(char),
    /// A price of one piece.
    Price(char),
    /// A number of pieces.
    Quantity,
    /// A number of contacts.
    Count,
    /// An answer on this scale.
    Score(&'static str),
    Channel,
    Event,
    Place,
    Campaign,
    /// Text that people wrote.
    FreeText,
    Other,
}

struct Guess {
    name: String,
    role: Role,
}

/// Is the beginning of a file, column by column.
struct Beginning {
    kind: Kind,
    header: Arc<Header>,
    columns: Vec<Vec<String>>,
}

/// Reads the first rows.
fn first_rows(file: &Path) -> Result<Beginning, Failure> {
    let mut kind = Kind::Csv;
    let mut found: Option<(Arc<Header>, Vec<Vec<String>>)> = None;
    let meter = AtomicU64::new(0);
    let shape = FileShape::default();
    let result = source::visit(file, &shape, &meter, &mut |member| {
        kind = member.kind;
        let wants = Wants { columns: Vec::new(), everything: true };
        read(member, &shape, &wants, &|| 0, &mut |page: Page| {
            let (_, columns) =
                found.get_or_insert_with(|| (Arc::clone(&page.header), vec![Vec::new(); page.header.columns.len()]));
            for row in page.rows().take(ROWS) {
                for (index, column) in columns.iter_mut().enumerate() {
                    column.push(row.cell(index).to_owned());
                }
            }
            Err(Stop::Enough)
        })
        .map(|_| ())
    });
    match (result, found) {
        (Err(Stop::Refused(failure)), _) => Err(failure),
        (_, Some((header, columns))) => Ok(Beginning { kind, header, columns }),
        (_, None) => Err(Failure::new(format!("`{}` holds no rows to look at", file.display())).hint("Export it again")),
    }
}

/// Judges a column.
fn role(name: &str, values: &[String]) -> Role {
    let filled: Vec<&str> = values.iter().map(String::as_str).filter(|value| !value.is_empty()).collect();
    let name = name.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let distinct: HashSet<&str> = filled.iter().copied().collect();
    if [LINE, REASON].contains(&name.as_str()) || filled.is_empty() {
        return Role::Other;
    }
    if let Some(format) = time_format(&name, &filled) {
        return Role::Time(format);
    }
    let like_mail = |value: &str| value.contains('@') && value.rsplit('@').next().is_some_and(|host| host.contains('.'));
    if most(&filled, like_mail) || (has(&["mail", "courriel", "почта"]) && half(&filled, like_mail)) {
        return Role::Person("email");
    }
    if let Some(found) = number_role(&name, &filled) {
        return found;
    }
    if has(&["phone", "tel", "mobile", "телефон"])
        && half(&filled, |value| value.chars().filter(char::is_ascii_digit).count() >= 6)
    {
        return Role::Person("phone");
    }
    let plain: &[(&[&str], Role)] = &[
        (&["invoice", "order", "basket", "receipt", "facture", "commande", "заказ", "чек", "bestellung"], Role::Group),
        (
            &["customer", "client", "member", "household", "user", "person", "клиент", "покупатель", "kunde"],
            Role::Person("customer"),
        ),
        (&["case:concept:name"], Role::Person("case")),
        (&["author", "nick", "visitor", "device", "contact_id"], Role::Person("author")),
        (&["message_id", "event_id", "uuid", "guid"], Role::Id),
        (&["channel", "medium", "canal", "канал", "kanal", "contact"], Role::Channel),
        (&["event", "action", "activity", "concept:name", "type", "событие"], Role::Event),
        (&["shop", "store", "branch", "page", "url", "magasin", "магазин"], Role::Place),
        (&["campaign", "campagne", "кампания"], Role::Campaign),
    ];
    if let Some((_, role)) = plain.iter().find(|(words, _)| has(words)) {
        return role.clone();
    }
    let like_id = name == "id" || name.ends_with("_id") || name.ends_with(" id") || name.ends_with("-id");
    if like_id && distinct.len() == values.len() {
        return Role::Id;
    }
    let long = filled.iter().map(|value| value.chars().count()).sum::<usize>() / filled.len() > 40;
    if long { Role::FreeText } else { Role::Other }
}

/// Judges a column of numbers by its name. A column that is named like an amount is one even when many of its values are none: those
/// rows are refused, each with its reason, while amounts that were left out would not be missed.
fn number_role(name: &str, filled: &[&str]) -> Option<Role> {
    const SIGNS: [(char, Option<char>); 4] = [('.', None), (',', None), ('.', Some(',')), (',', Some('.'))];
    let reads = |(decimal, thousands): (char, Option<char>)| {
        filled.iter().filter(|value| amount::parse(value, decimal, thousands).is_some()).count()
    };
    // The signs that read the most, the earlier of equals.
    let best = (0..SIGNS.len()).rev().max_by_key(|at| reads(SIGNS[*at]))?;
    if reads(SIGNS[best]) * 100 < filled.len() * HALF {
        return None;
    }
    let decimal = SIGNS[best].0;
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["rating", "score", "stars", "nps", "note", "оценка"]) {
        let top = filled.iter().filter_map(|value| value.parse::<f64>().ok()).fold(0.0, f64::max);
        let low = filled.iter().filter_map(|value| value.parse::<f64>().ok()).fold(f64::MAX, f64::min);
        return Some(Role::Score(match top {
            top if has(&["nps"]) || (top <= 10.0 && low < 1.0 && top > 1.0) => "nps",
            top if top <= 1.0 => "yes_no",
            top if top <= 5.0 => "five",
            top if top <= 7.0 => "seven",
            _ => "ten",
        }));
    }
    if has(&["unit_price", "unitprice", "price", "prix", "цена"]) {
        return Some(Role::Price(decimal));
    }
    if has(&["amount", "value", "total", "revenue", "sales", "montant", "сумма", "betrag"]) {
        return Some(Role::Amount(decimal));
    }
    if has(&["quantity", "qty", "pieces", "quantité", "количество"]) {
        return Some(Role::Quantity);
    }
    has(&["contacts", "touches", "calls", "attempts"]).then_some(Role::Count)
}

/// Finds the format of a column of times.
fn time_format(name: &str, filled: &[&str]) -> Option<String> {
    const PATTERNS: [&str; 11] = [
        "iso",
        "%d.%m.%Y %H:%M:%S",
        "%d.%m.%Y %H:%M",
        "%d.%m.%Y",
        "%d/%m/%Y %H:%M",
        "%d/%m/%Y",
        "%m/%d/%Y %H:%M",
        "%m/%d/%Y",
        "%d-%m-%Y %H:%M",
        "%d-%m-%Y",
        "%d/%b/%Y:%H:%M:%S %z",
    ];
    let reads = |pattern: &str| {
        let format = TimeFormat::parse(pattern);
        format.map_or(0, |format| filled.iter().filter(|value| format.read(value, &TimeZone::UTC).is_some()).count())
    };
    let counts = ["time", "date", "stamp", "created", "_at", "ts", "heure", "дата", "время", "datum"]
        .iter()
        .any(|word| name.contains(word));
    let epochs = [("epoch_s", 9..=10), ("epoch_ms", 12..=13), ("epoch_us", 15..=16)];
    if let Some((epoch, _)) = epochs.iter().find(|(_, digits)| {
        counts && half(filled, |value| digits.contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit()))
    }) {
        return Some((*epoch).to_owned());
    }
    let numbers = most(filled, |value| {
        value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-') && !value.contains('-')
    });
    let dotted = most(filled, |value| value.matches('.').count() == 2);
    if filled.is_empty() || (numbers && !dotted) {
        return None;
    }
    // The pattern that reads the most, the earlier of equals. Nothing else looks like a time, so half of the values tell it, whatever
    // the column is named: rows with impossible ones are refused with a reason, while a made-up time would be believed.
    let read: Vec<usize> = PATTERNS.iter().map(|pattern| reads(pattern)).collect();
    let best = (0..PATTERNS.len()).rev().max_by_key(|at| read[*at])?;
    (read[best] * 100 >= filled.len() * HALF).then(|| PATTERNS[best].to_owned())
}

/// Tells whether nearly all values pass a test: what a column holds that its name does not tell.
fn most(values: &[&str], test: impl Fn(&str) -> bool) -> bool {
    passes(values, test, MOST)
}

/// Tells whether half of the values do: enough where the name of the column says the same.
fn half(values: &[&str], test: impl Fn(&str) -> bool) -> bool {
    passes(values, test, HALF)
}

fn passes(values: &[&str], test: impl Fn(&str) -> bool, percent: usize) -> bool {
    !values.is_empty() && values.iter().filter(|value| test(value)).count() * 100 >= values.len() * percent
}

/// Writes the proposal: keys of the document first, then its tables; doubts stand on top.
fn proposal(stem: &str, kind: Kind, guesses: &[Guess]) -> Proposal {
    let id = first(guesses, |role| *role == Role::Id);
    let group = first(guesses, |role| *role == Role::Group);
    let (mut tables, mut doubts) = (String::new(), Vec::new());
    let mut top = String::new();
    say(&mut top, format_args!("# Proposed from the first rows of {kind}. Read it, mend it, try it with --dry-run.\n"));
    say(&mut top, format_args!("source = {}", quoted(stem)));
    match (id, group) {
        (Some(id), _) => say(&mut top, format_args!("id = [{}]", quoted(&id.name))),
        (None, Some(_)) => {}
        (None, None) => doubts
            .push("No column looks like an id: the content of a row is its id. Name id columns if there are any.".to_owned()),
    }
    let form = form(guesses);
    say(&mut top, format_args!("form = \"{form}\"  # unsure: view click visit call message purchase review …"));
    say(&mut top, format_args!("direction = \"inbound\"  # unsure: inbound, outbound, two_way"));
    doubts.push(format!("What happened (`form`) is a guess: {form}."));
    people(&mut tables, &mut doubts, guesses);
    time(&mut tables, &mut doubts, guesses);
    signal(&mut tables, guesses, form);
    worth(&mut tables, &mut doubts, guesses);
    if let Some(Guess { name, role: Role::Score(scale) }) = first(guesses, |role| matches!(role, Role::Score(_))) {
        let column = quoted(name);
        say(&mut tables, format_args!("\n[score]\nscale = \"{scale}\"  # nps, five, seven, ten, yes_no\ncolumn = {column}"));
    }
    if let Some(count) = first(guesses, |role| *role == Role::Count) {
        let column = quoted(&count.name);
        say(&mut tables, format_args!("\n# If a row is many touches:\n# [touches]\n# column = {column}\n# spread = \"day\""));
        doubts.push(format!("Whether `{}` counts touches of one row is for you to say.", count.name));
    }
    if let (Some(group), None) = (group, id) {
        let column = quoted(&group.name);
        say(
            &mut tables,
            format_args!("\n# All rows with the same text here are one interaction.\n[group]\ncolumns = [{column}]"),
        );
    }
    for text in guesses.iter().filter(|guess| guess.role == Role::FreeText) {
        doubts.push(format!("`{}` seems to be text that people wrote: it stays outside.", text.name));
    }
    for doubt in &doubts {
        say(&mut top, format_args!("# Unsure: {doubt}"));
    }
    Proposal { mapping: format!("{top}{tables}"), doubts }
}

/// Finds the first column of a role.
fn first(guesses: &[Guess], test: impl Fn(&Role) -> bool) -> Option<&Guess> {
    guesses.iter().find(|guess| test(&guess.role))
}

fn form(guesses: &[Guess]) -> &'static str {
    let bought = |role: &Role| matches!(role, Role::Group | Role::Amount(_) | Role::Price(_));
    if first(guesses, |role| matches!(role, Role::Score(_))).is_some() {
        "review"
    } else if first(guesses, bought).is_some() {
        "purchase"
    } else {
        "visit"
    }
}

fn time(tables: &mut String, doubts: &mut Vec<String>, guesses: &[Guess]) {
    let Some(Guess { name, role: Role::Time(format) }) = first(guesses, |role| matches!(role, Role::Time(_))) else {
        say(
            tables,
            format_args!("\n[time]\nconstant = \"2000-01-01\"  # unsure: no column looks like a time; name one with `column`"),
        );
        doubts.push("No column looks like a time: every interaction would be of one day.".to_owned());
        return;
    };
    say(tables, format_args!("\n[time]\ncolumn = {}", quoted(name)));
    if format != "iso" {
        say(tables, format_args!("format = {}", quoted(format)));
    }
    if format.starts_with("%d/") || format.starts_with("%m/") {
        doubts.push(format!("Whether `{name}` begins with the day or the month cannot be told for sure."));
    }
    say(tables, format_args!("# zone = \"Europe/Paris\"  # of times that name none; without it UTC is taken"));
}

/// Proposes what an interaction was worth: an amount, or a price times a quantity.
fn worth(tables: &mut String, doubts: &mut Vec<String>, guesses: &[Guess]) {
    let amount = first(guesses, |role| matches!(role, Role::Amount(_)));
    let price = first(guesses, |role| matches!(role, Role::Price(_)));
    let quantity = first(guesses, |role| *role == Role::Quantity);
    let Some(Guess { name, role: Role::Amount(decimal) | Role::Price(decimal) }) = amount.or(price) else {
        return;
    };
    match quantity {
        Some(quantity) if amount.is_none() => {
            say(tables, format_args!("\n[value]\nproduct = [{}, {}]", quoted(&quantity.name), quoted(name)));
        }
        _ => say(tables, format_args!("\n[value]\ncolumn = {}", quoted(name))),
    }
    if *decimal == ',' {
        say(tables, format_args!("decimal = \",\"\nthousands = \".\""));
    }
    say(tables, format_args!("currency = \"EUR\"  # unsure: the file does not tell"));
    doubts.push("The currency is a guess.".to_owned());
}

/// Proposes the names of the person, the strongest first: a customer number, then e-mail, then others.
fn people(tables: &mut String, doubts: &mut Vec<String>, guesses: &[Guess]) {
    let strength = ["customer", "email", "phone", "author", "case"];
    let mut names: Vec<(&str, &str)> = guesses
        .iter()
        .filter_map(|guess| match guess.role {
            Role::Person(namespace) => Some((namespace, guess.name.as_str())),
            _ => None,
        })
        .collect();
    names.sort_by_key(|(namespace, _)| strength.iter().position(|known| known == namespace));
    names.dedup_by_key(|(namespace, _)| *namespace);
    // The case of an event log may be a person or an order: it stands for the person only where nothing else does.
    if names.len() > 1 {
        names.retain(|(namespace, _)| *namespace != "case");
    }
    if names.is_empty() {
        doubts.push("No column looks like a person: every interaction would be anonymous.".to_owned());
        return;
    }
    say(tables, format_args!("\n[person]\nidentities = ["));
    for (namespace, name) in names {
        let lowercase = if namespace == "email" { ", lowercase = true" } else { "" };
        say(tables, format_args!("  {{ namespace = \"{namespace}\", column = {}{lowercase} }},", quoted(name)));
    }
    say(tables, format_args!("]"));
}

fn signal(tables: &mut String, guesses: &[Guess], form: &str) {
    let column = |role: &Role| {
        guesses.iter().find(|guess| guess.role == *role).map(|guess| format!("{{ column = {} }}", quoted(&guess.name)))
    };
    say(tables, format_args!("\n[signal]\nevent = {}", column(&Role::Event).unwrap_or_else(|| format!("\"{form}\""))));
    match column(&Role::Channel) {
        Some(channel) => say(tables, format_args!("channel = {channel}")),
        None => say(tables, format_args!("# channel = \"web shop\"")),
    }
    for (key, role) in [("place", Role::Place), ("campaign", Role::Campaign)] {
        if let Some(found) = column(&role) {
            say(tables, format_args!("{key} = {found}"));
        }
    }
}

fn chat(stem: &str) -> String {
    format!(
        r#"# Proposed for a chat log. Read it, mend it, try it with --dry-run.

source = {}
id = ["id"]
reply_to = ["reply_to"]
form = "message"
direction = "two_way"
conversation = {{ column = "conversation" }}

[person]
identities = [{{ namespace = "nick", column = "nick" }}]

[[link]]
kind = "renamed"
one = {{ namespace = "nick", column = "nick" }}
other = {{ namespace = "nick", column = "new_nick" }}
when = [{{ column = "kind", equals = "rename" }}]
only = true

[time]
column = "at"

[signal]
event = "chat message"
channel = "help chat"

[[skip]]
because = "a system line, a notice or an action"
when = [{{ column = "kind", none_of = ["message", "rename"] }}]
"#,
        quoted(stem)
    )
}

/// Writes a line.
fn say(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _ = writeln!(text, "{line}"); // writing to a String cannot fail
}

/// Writes a TOML string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, values: &[&str], expected: Role) {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        assert_eq!(role(name, &values), expected, "{name} {values:?}");
    }

    #[test]
    fn columns_are_judged_by_name_and_content() {
        check("date", &["2020-01-01", "2020-02-29"], Role::Time("iso".into()));
        check("when", &["31.12.2020 10:00", "01.01.2021 11:00"], Role::Time("%d.%m.%Y %H:%M".into()));
        check("created_at", &["1600000000", "1600000001"], Role::Time("epoch_s".into()));
        check("day", &["12/31/2020", "01/02/2021"], Role::Time("%m/%d/%Y".into()));
        check("mail", &["a@example.org", "b@example.org"], Role::Person("email"));
        check("date", &["12.01.2026", "13.01.2026", "99.01.2026"], Role::Time("%d.%m.%Y".into()));
        check("date", &["12/31/2020", "01/02/2021", "03/04/2021"], Role::Time("%m/%d/%Y".into()));
        check("Zeitpunkt", &["2026-01-05 10:22", "2026-01-06 11:00", "31.02.2026"], Role::Time("iso".into()));
        check("remark", &["12.01.2026", "never", "later"], Role::Other);
        check("Customer ID", &["12345", "17850"], Role::Person("customer"));
        check("телефон", &["+7 495 000-00-00"], Role::Person("phone"));
        check("Invoice", &["489434", "C489449"], Role::Group);
        check("montant", &["12,50", "1,00"], Role::Amount(','));
        check("Betrag", &["49,90", "19,00", "abc"], Role::Amount(','));
        check("Kunde", &["K-1", "K-2"], Role::Person("customer"));
        check("Amount", &["12.50", "n/a", "3.00"], Role::Amount('.'));
        check("total", &["1.250,50", "zwölf", "2,00"], Role::Amount(','));
        check("amount", &["none", "n/a", "3.00"], Role::Other);
        check("Mail", &["ada@example.org", "unknown", "eve@example.org"], Role::Person("email"));
        check("remark", &["ada@example.org", "unknown", "eve@example.org"], Role::Other);
        check("ts", &["1600000000", "never", "1600000001"], Role::Time("epoch_s".into()));
        check("rating", &["1", "5", "4"], Role::Score("five"));
        check("overall_rating", &["1.0", "10.0"], Role::Score("ten"));
        check("nps", &["0", "10"], Role::Score("nps"));
        check("Quantity", &["1", "-2"], Role::Quantity);
        check("channel", &["shop", "web"], Role::Channel);
        check("visit_id", &["v1", "v2"], Role::Id);
        check("shop_id", &["a", "a"], Role::Place);
        check("age", &["31", "42"], Role::Other);
        check("empty", &["", ""], Role::Other);
    }
}
