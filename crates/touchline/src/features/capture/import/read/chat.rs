//! Chat logs as IRC clients write them: `[HH:MM] <nick> text`, and `=== a is now known as b` for renames.
//!
//! The date comes from the name of the file (`2004-12-25…`); midnight inside a file begins the next day. A file
//! `NAME.annotation.txt` beside `NAME.raw.txt` may tell which line answers which (`3 7 -`: line 7 answers line 3,
//! counted from 0). The texts of the messages are personal: only their length is handed on.

use super::{damaged, next_line};
use crate::features::capture::Reason;
use crate::features::capture::import::encoding::{self, Utf8};
use crate::features::capture::import::mapping::FileShape;
use crate::features::capture::import::page::{Header, Out, Page, Stop};
use crate::features::capture::import::source::Member;
use crate::tell;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time};
use std::collections::HashMap;
use std::io::BufReader;

/// A line larger than this is no line of a chat.
const LINE_BYTES: u64 = 1 << 20;
/// The columns of every chat log.
const COLUMNS: [&str; 8] = ["kind", "id", "at", "nick", "new_nick", "reply_to", "conversation", "length"];

pub(super) fn read(
    member: Member<'_>,
    shape: &FileShape,
    consumed: &dyn Fn() -> u64,
    send: &mut dyn FnMut(Page) -> Result<(), Stop>,
) -> Result<Vec<Reason>, Stop> {
    let encoding = encoding::choose(shape.encoding.as_deref(), &member.sample)?;
    let links = Links::parse(&String::from_utf8_lossy(member.companion.as_deref().unwrap_or_default()));
    let header = Header { member: member.name.clone(), columns: COLUMNS.map(str::to_owned).to_vec(), documents: false };
    let mut log = Log::new(&member.name, links);
    let notes = match log.clock.is_none() {
        true => vec![tell!(
            chat_undated,
            "the name of `{file}` holds no date such as 2004-12-25; its times are empty",
            file = &member.name
        )],
        false => Vec::new(),
    };
    let mut lines = BufReader::new(Utf8::new(member.stream, encoding).map_err(|error| damaged(&error))?);
    let mut out = Out::new(header, consumed, send);
    let result = (|| {
        let mut line = Vec::new();
        while next_line(&mut lines, &mut line, LINE_BYTES, log.number as u64 + 1)? {
            log.line(String::from_utf8_lossy(&line).trim_end(), &mut out)?;
        }
        Ok(())
    })();
    out.finish(result).map(|()| notes)
}

/// Tells whether a text begins like a chat log.
pub(in crate::features::capture::import) fn looks_like(beginning: &str) -> bool {
    let lines: Vec<&str> = beginning.lines().take(20).collect();
    let fits = |line: &&&str| matches!(parse(line), Line::Said { .. } | Line::Renamed { .. }) || line.starts_with("=== ");
    lines.iter().any(|line| line.starts_with('[')) && lines.iter().filter(fits).count() * 5 >= lines.len() * 4
}

/// Is what a line of a log says.
#[derive(PartialEq, Debug)]
enum Line<'a> {
    /// Somebody said, did or announced something.
    Said { kind: &'static str, time: Time, nick: &'a str, length: usize },
    /// Somebody took another name.
    Renamed { nick: &'a str, new_nick: &'a str },
    /// Anything else: somebody came or went, a mode was set.
    System,
}

fn parse(line: &str) -> Line<'_> {
    if let Some(rest) = line.strip_prefix("=== ") {
        return match rest.split_once(" is now known as ") {
            Some((nick, new_nick)) => Line::Renamed { nick: first_word(nick), new_nick: first_word(new_nick) },
            None => Line::System,
        };
    }
    said(line).unwrap_or(Line::System)
}

fn said(line: &str) -> Option<Line<'_>> {
    let (time, rest) = line.strip_prefix('[')?.split_once(']')?;
    let mut parts = time.splitn(3, ':').map(|part| part.parse::<i8>().ok());
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?);
    let time = Time::new(hour, minute, second, 0).ok()?;
    let rest = rest.trim_start();
    if let Some((nick, text)) = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
        return Some(Line::Said { kind: "message", time, nick: nick.trim(), length: text.trim().chars().count() });
    }
    if let Some(action) = rest.strip_prefix("* ") {
        let nick = first_word(action);
        return Some(Line::Said { kind: "action", time, nick, length: action.len().saturating_sub(nick.len() + 1) });
    }
    Some(Line::Said { kind: "notice", time, nick: "", length: rest.chars().count() })
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

/// Is the state of reading one log.
struct Log {
    stem: String,
    links: Links,
    /// The moment of the last line, and how many lines it has had.
    clock: Option<(DateTime, u16)>,
    number: usize,
    /// Which lines are messages: only those can be answered.
    messages: Vec<bool>,
}

impl Log {
    fn new(name: &str, links: Links) -> Self {
        let last = name.rsplit('/').next().unwrap_or(name);
        let stem = [".raw.txt", ".txt", ".log"].into_iter().find_map(|end| last.strip_suffix(end)).unwrap_or(last).to_owned();
        let clock = date_in(&stem).map(|date| (date.to_datetime(Time::midnight()), 0));
        Self { stem, links, clock, number: 0, messages: Vec::new() }
    }

    fn line(&mut self, line: &str, out: &mut Out<'_>) -> Result<(), Stop> {
        let parsed = parse(line);
        self.messages.push(matches!(parsed, Line::Said { kind: "message", .. }));
        let (kind, nick, new_nick, length) = match parsed {
            Line::Said { kind, time, nick, length } => {
                self.set_clock(time);
                (kind, nick, "", length.to_string())
            }
            Line::Renamed { nick, new_nick } => ("rename", nick, new_nick, String::new()),
            Line::System => ("system", "", "", String::new()),
        };
        let number = self.number;
        let name = |line: usize| format!("{}:{line}", self.stem);
        let reply_to = self.links.answered_by(number, &self.messages).map(name).unwrap_or_default();
        let conversation = self.links.conversation_of(number).map(name).unwrap_or_default();
        for cell in [kind, &name(number), &self.moment(), nick, new_nick, &reply_to, &conversation, &length] {
            out.cell(cell);
        }
        self.number += 1;
        out.end_row(self.number as u64, None)
    }

    /// Sets the clock to the time of a line; far back is the next day.
    fn set_clock(&mut self, time: Time) {
        if let Some((last, lines)) = &mut self.clock {
            let midnight = last.time().hour() >= 18 && time.hour() < 6;
            let day = if midnight { last.date().tomorrow().unwrap_or(last.date()) } else { last.date() };
            let next = DateTime::from_parts(day, time);
            *lines = if next == *last { lines.saturating_add(1).min(999) } else { 0 };
            *last = next;
        }
    }

    /// Returns the moment of the line, so many milliseconds into its minute as there were lines before it there:
    /// a log tells minutes, and the order of what was said must not be lost.
    fn moment(&self) -> String {
        self.clock
            .and_then(|(moment, lines)| moment.checked_add(i64::from(lines).milliseconds()).ok())
            .map_or_else(String::new, |moment| moment.to_string())
    }
}

/// Finds a date such as `2004-12-25` in a name.
fn date_in(name: &str) -> Option<Date> {
    (0..name.len().saturating_sub(9)).find_map(|at| name.get(at..at + 10)?.parse().ok())
}

/// Is which line answers which, and which lines hang together.
#[derive(Default)]
struct Links {
    answers: HashMap<usize, Vec<usize>>,
    /// The first line of the conversation of each line that is linked to another.
    roots: HashMap<usize, usize>,
}

impl Links {
    fn parse(text: &str) -> Self {
        let mut answers: HashMap<usize, Vec<usize>> = HashMap::new();
        let pairs = text.lines().filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?.parse::<usize>().ok()?, words.next()?.parse::<usize>().ok()?))
        });
        let mut pairs: Vec<(usize, usize)> = pairs.filter(|(one, other)| one != other).collect();
        pairs.sort_unstable();
        for (one, other) in &pairs {
            answers.entry(*one.max(other)).or_default().push(*one.min(other));
        }
        Self { roots: roots(&pairs), answers }
    }

    /// Returns the nearest earlier message that a line answers.
    fn answered_by(&self, line: usize, messages: &[bool]) -> Option<usize> {
        self.answers.get(&line)?.iter().copied().filter(|earlier| messages.get(*earlier) == Some(&true)).max()
    }

    fn conversation_of(&self, line: usize) -> Option<usize> {
        self.roots.get(&line).copied()
    }
}

/// Finds the smallest line of each connected set of lines.
fn roots(pairs: &[(usize, usize)]) -> HashMap<usize, usize> {
    let mut parents = HashMap::new();
    for (one, other) in pairs {
        let (a, b) = (root(&mut parents, *one), root(&mut parents, *other));
        parents.insert(a.max(b), a.min(b));
    }
    let lines: Vec<usize> = parents.keys().copied().collect();
    lines.into_iter().map(|line| (line, root(&mut parents, line))).collect()
}

/// Finds the root of a line, and shortens the way for whoever asks next.
fn root(parents: &mut HashMap<usize, usize>, mut line: usize) -> usize {
    loop {
        let parent = *parents.entry(line).or_insert(line);
        if parent == line {
            return line;
        }
        let beyond = *parents.entry(parent).or_insert(parent);
        parents.insert(line, beyond);
        line = beyond;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &Line<'_>) {
        assert_eq!(&parse(line), expected, "{line}");
    }

    #[test]
    fn lines_of_a_log() {
        let time = Time::constant(9, 14, 0, 0);
        check("[09:14] <ann> hello", &Line::Said { kind: "message", time, nick: "ann", length: 5 });
        check("[09:14]  * ann waves", &Line::Said { kind: "action", time, nick: "ann", length: 5 });
        check("[09:14] -bot:#room- news", &Line::Said { kind: "notice", time, nick: "", length: 16 });
        check("=== ann is now known as bob", &Line::Renamed { nick: "ann", new_nick: "bob" });
        check("=== ann [a@b] has joined #room", &Line::System);
        check("[25:99] <ann> no such time", &Line::System);
    }

    #[test]
    fn conversations_begin_with_their_first_line() {
        let links = Links::parse("3 3 -\n3 5 -\n4 6 -\n5 6 -\n9 8 -\n");
        assert_eq!(links.conversation_of(6), Some(3));
        assert_eq!(links.conversation_of(9), Some(8));
        assert_eq!(links.conversation_of(7), None);
        assert_eq!(links.answered_by(6, &[true; 9]), Some(5));
        assert_eq!(links.answered_by(6, &[true, true, true, true, true, false]), Some(4));
    }

    #[test]
    fn a_long_conversation_has_one_beginning() {
        let lines = 200_000;
        let text: String = (0..lines).rev().map(|line| format!("{line} {} -\n", line + 1)).collect();
        assert_eq!(Links::parse(&text).conversation_of(lines), Some(0));
        let backwards: Vec<(usize, usize)> = (0..lines).rev().map(|line| (line, line + 1)).collect();
        assert_eq!(roots(&backwards)[&lines], 0);
    }

    #[test]
    fn dates_in_names() {
        assert_eq!(date_in("2004-12-25.train-c"), Some(Date::constant(2004, 12, 25)));
        assert_eq!(date_in("log_2004-13-25"), None);
        assert_eq!(date_in("é"), None);
    }
}
