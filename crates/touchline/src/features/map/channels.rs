//! Channel rules and cases as tables for a spreadsheet: one row per rule, one row per case.
//!
//! In a rule, several patterns of one field stand in one cell with `|` between them. A pattern that holds a `|` itself
//! belongs into the JSON document.

use crate::failure::{Failure, Result};
use csv::{ReaderBuilder, WriterBuilder};
use model::channels::{ChannelMatch, ChannelRule, SiteKind};
use model::map::nearest;
use serde::Deserialize;

/// Is a field of a rule with several patterns: its column, and where it stands.
type Patterns = (&'static str, fn(&ChannelMatch) -> &Vec<String>, fn(&mut ChannelMatch) -> &mut Vec<String>);

const PATTERNS: [Patterns; 8] = [
    ("from", |when| &when.from, |when| &mut when.from),
    ("event", |when| &when.event, |when| &mut when.event),
    ("place", |when| &when.place, |when| &mut when.place),
    ("campaign", |when| &when.campaign, |when| &mut when.campaign),
    ("hint", |when| &when.hint, |when| &mut when.hint),
    ("source", |when| &when.source, |when| &mut when.source),
    ("medium", |when| &when.medium, |when| &mut when.medium),
    ("click", |when| &when.click, |when| &mut when.click),
];

/// The columns with one word each.
const WORDS: [&str; 4] = ["channel", "site", "paid", "shop"];

const SITES: [(&str, SiteKind); 6] = [
    ("search", SiteKind::Search),
    ("social", SiteKind::Social),
    ("shopping", SiteKind::Shopping),
    ("video", SiteKind::Video),
    ("assistant", SiteKind::Assistant),
    ("mail", SiteKind::Mail),
];

/// Writes rules as a table.
///
/// # Errors
/// Fails when the text cannot be written; with rules in memory it always can.
pub fn export(rules: &[ChannelRule]) -> Result<String> {
    let unwritten = |error: &dyn std::error::Error| Failure::new("Cannot write the rules as CSV").because(error);
    let mut writer = WriterBuilder::new().from_writer(Vec::new());
    let head = WORDS.into_iter().chain(PATTERNS.iter().map(|(name, ..)| *name));
    writer.write_record(head).map_err(|error| unwritten(&error))?;
    for rule in rules {
        let yes = |is: bool| if is { "yes" } else { "" }.to_owned();
        let site = SITES.iter().find(|(_, kind)| Some(*kind) == rule.when.site).map_or("", |(name, _)| name);
        let words = [rule.channel.clone(), site.to_owned(), yes(rule.when.paid), yes(rule.when.shop)];
        let patterns = PATTERNS.iter().map(|(_, read, _)| read(&rule.when).join("|"));
        writer.write_record(words.into_iter().chain(patterns)).map_err(|error| unwritten(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| unwritten(&error))?;
    String::from_utf8(bytes).map_err(|error| unwritten(&error))
}

/// Reads rules from a table; columns may be left out.
///
/// # Errors
/// Fails with the line of the first row that cannot be understood.
pub fn apply(table: &str) -> Result<Vec<ChannelRule>> {
    let hint = "See a table that is with: touchline map channels --rules";
    let unread = |error: &csv::Error| Failure::new("The file is not a table of channel rules").because(error).hint(hint);
    let mut reader = ReaderBuilder::new().from_reader(table.strip_prefix('\u{feff}').unwrap_or(table).as_bytes());
    let head = reader.headers().map_err(|error| unread(&error))?.clone();
    let known = || WORDS.into_iter().chain(PATTERNS.iter().map(|(name, ..)| *name));
    if let Some(unknown) = head.iter().find(|name| !known().any(|known| known == name.trim())) {
        let failure = Failure::new(format!("The table has an unknown column `{unknown}`"));
        return Err(match nearest(unknown, known()) {
            Some(near) => failure.hint(format!("Did you mean `{near}`? Nothing was changed")),
            None => failure.hint(format!("The columns are: {}", known().collect::<Vec<_>>().join(", "))),
        });
    }
    let mut rules = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| unread(&error))?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell =
            |name: &str| head.iter().position(|known| known.trim() == name).and_then(|at| record.get(at)).unwrap_or("").trim();
        let wrong = |column: &str| {
            Failure::new(format!("Line {line}, column `{column}`: `{}` is not understood", cell(column)))
                .hint("`site` is one of search, social, shopping, video, assistant, mail; `paid` and `shop` are yes or empty")
        };
        let yes = |column: &str| match cell(column) {
            "yes" => Ok(true),
            "" | "no" => Ok(false),
            _ => Err(wrong(column)),
        };
        let site = match cell("site") {
            "" => None,
            word => Some(SITES.iter().find(|(name, _)| *name == word).ok_or_else(|| wrong("site"))?.1),
        };
        let mut when = ChannelMatch { site, paid: yes("paid")?, shop: yes("shop")?, ..ChannelMatch::default() };
        for (name, _, write) in PATTERNS {
            let patterns = cell(name).split('|').map(str::trim).filter(|pattern| !pattern.is_empty());
            *write(&mut when) = patterns.map(str::to_owned).collect();
        }
        rules.push(ChannelRule { channel: cell("channel").to_owned(), when });
    }
    Ok(rules)
}

/// Is a case on which rules are tried: what is seen, and the channel that should come of it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChannelCase {
    /// The channel that should come of it.
    pub channel: String,
    /// The address of the page, with its query.
    pub url: String,
    /// The address of the page before.
    pub referrer: String,
    /// The tagged source.
    pub source: String,
    /// The tagged medium.
    pub medium: String,
    /// The tagged campaign.
    pub campaign: String,
    /// The hint as a source gives it, in place of what the above would make.
    pub hint: String,
    /// The event.
    pub event: String,
    /// The place, in place of that of the address.
    pub place: String,
    /// The source of the signal.
    pub from: String,
}

/// Reads a table of cases, each with its line.
///
/// # Errors
/// Fails when the text is no such table.
pub fn cases(table: &str) -> Result<Vec<(u64, ChannelCase)>> {
    let mut reader =
        ReaderBuilder::new().comment(Some(b'#')).from_reader(table.strip_prefix('\u{feff}').unwrap_or(table).as_bytes());
    let head = reader.headers().cloned().unwrap_or_default();
    let case = |record: csv::Result<csv::StringRecord>| {
        let record = record?;
        Ok((record.position().map_or(0, csv::Position::line), record.deserialize(Some(&head))?))
    };
    reader.records().map(case).collect::<csv::Result<_>>().map_err(|error| {
        Failure::new("The file is not a table of cases")
            .because(&error)
            .hint("Write a header with `channel` and any of url, referrer, source, medium, campaign, hint, event, place, from")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::channels::default_rules;

    #[test]
    fn every_default_rule_survives_the_table() {
        let table = export(default_rules()).expect("writes");
        assert_eq!(apply(&table).expect("reads"), default_rules());
    }

    #[track_caller]
    fn check_refused(table: &str, reason: &str) {
        let failure = apply(table).expect_err("is refused").to_string();
        assert!(failure.contains(reason), "{reason} is not in: {failure}");
    }

    #[test]
    fn refusals_say_where_and_what() {
        check_refused("chanel,medium\nx,y\n", "Did you mean `channel`");
        check_refused("channel,site\nx,serch\n", "Line 2, column `site`: `serch`");
        check_refused("channel,paid\nx,ja\n", "Line 2, column `paid`");
        check_refused("channel,medium\nx\n", "not a table of channel rules");
        assert!(cases("channel,link\nx,y\n").is_err());
    }
}
