//! Reading mail: from bytes to what a conversation needs. Pure, and never fails: what cannot be read is told as trouble, and
//! the mail as it came is kept beside it.

use super::verdict::{Verdict, verdict};
use ammonia::Builder;
use mail_parser::decoders::html::html_to_text;
use mail_parser::{Address, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders, PartType};
use std::collections::HashSet;

/// What of a text is kept in a conversation; the rest is in the mail as it came.
const TEXT_MAX: usize = 100_000;
/// What of the HTML is kept after cleaning.
const HTML_MAX: usize = 500_000;
/// Ids of mails that one answers: more are no thread.
const IDS_MAX: usize = 50;
/// HTML is cleaned up to here: a page nests as deep as it is long, and no letter is longer.
const HTML_READ_MAX: usize = 1_000_000;
/// A page is nested so deep at most; those of newsletters, of tables in tables, are some sixty.
const DEPTH_MAX: usize = 300;
/// Parts beyond this are a bomb, not a letter.
const PARTS_MAX: usize = 1_000;
/// Mails within mails beyond this are a bomb too. A parser takes one step down for each, and has no floor.
const NESTED_MAX: usize = 200;
/// Files of one mail.
const FILES_MAX: usize = 100;
/// The name of one.
const FILE_NAME_MAX: usize = 120;

/// Is a mail as far as it could be read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Letter {
    pub(crate) from: String,
    pub(crate) name: String,
    pub(crate) to: Vec<String>,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
    pub(crate) message_id: String,
    /// What it answers, the closest first.
    pub(crate) answers: Vec<String>,
    /// Why no machine may answer it; none: one may.
    pub(crate) robot: Option<&'static str>,
    /// What came back, where it is a report on a mail of ours.
    pub(crate) report: Option<Report>,
    pub(crate) files: Vec<FileIn>,
    /// What our own server has found about its sender.
    pub(super) verdict: Option<Verdict>,
    /// What could not be read.
    pub(crate) trouble: Option<&'static str>,
}

/// Is a file in a mail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct FileIn {
    /// Which part of the mail it is.
    pub(crate) part: usize,
    /// Its name, without what a name has no business with.
    pub(crate) name: String,
    /// How many bytes it has.
    pub(crate) size: usize,
    /// What its bytes say that it is.
    pub(crate) kind: &'static str,
}

/// Is a report on a mail of ours (RFC 3464, RFC 5965).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Report {
    /// Whose mailbox it was.
    pub(crate) recipient: String,
    /// The status code, such as `5.1.1`; empty for a complaint.
    pub(crate) status: String,
    /// What was done with it: `failed`, `delayed`, `delivered` …; empty: it is not said.
    pub(crate) action: String,
    /// Whether somebody called our mail unwanted.
    pub(crate) is_complaint: bool,
    /// The id of our mail, where the report holds it.
    pub(crate) message_id: String,
}

impl Report {
    /// Tells whether it came back: not where it is only late, or arrived after all.
    pub(crate) fn came_back(&self) -> bool {
        !["delayed", "delivered", "relayed", "expanded"].contains(&self.action.as_str())
    }

    /// Tells whether the mailbox is gone for good, so that nothing may be sent there any more. A full one is not.
    pub(crate) fn is_final(&self) -> bool {
        self.status.starts_with("5.") && self.status != "5.2.2"
    }
}

/// Reads a mail. `ours` is the address of the mailbox, and `envelope` whom the sending server named as sender.
pub(crate) fn read(raw: &[u8], ours: &str, envelope: &str) -> Letter {
    read_checked(raw, ours, envelope, "")
}

/// As [`read`]; `checked_by` is the server whose word on senders is believed.
pub(super) fn read_checked(raw: &[u8], ours: &str, envelope: &str, checked_by: &str) -> Letter {
    let parsed = with_parsed(raw, |message| of(message, ours, envelope, checked_by));
    let mut letter = parsed.unwrap_or_else(|| Letter { trouble: Some("not a mail"), ..Letter::default() });
    if is_bomb(raw) {
        letter.trouble = Some("too many mails within it");
    }
    if letter.from.is_empty() {
        letter.from = plain_address(envelope).unwrap_or_default();
        letter.trouble = letter.trouble.or(Some("no sender"));
    }
    if letter.text.trim().is_empty() && letter.html.is_empty() && letter.files.is_empty() {
        letter.trouble = letter.trouble.or(Some("no text"));
    }
    letter
}

/// Parses a mail and hands it to `read`. Over some mails within mails the parser panics, and many would lead it too deep: then
/// they are read again with those inside taken for files.
fn with_parsed<T>(raw: &[u8], read: impl Fn(&Message<'_>) -> T) -> Option<T> {
    let parse = |raw: &[u8]| {
        let read = std::panic::AssertUnwindSafe(|| MessageParser::default().parse(raw).map(|message| read(&message)));
        std::panic::catch_unwind(read)
    };
    if !is_bomb(raw)
        && let Ok(found) = parse(raw)
    {
        return found;
    }
    parse(&flattened(raw)).ok().flatten()
}

/// Calls mails within a mail something else, in as many letters.
fn flattened(raw: &[u8]) -> Vec<u8> {
    const MAILS: [(&[u8], &[u8]); 2] = [(b"message/rfc822", b"application/xx"), (b"message/global", b"application/xx")];
    let mut flat = raw.to_vec();
    for (kind, other) in MAILS {
        let mut at = 0;
        while at + kind.len() <= flat.len() {
            if flat[at..at + kind.len()].eq_ignore_ascii_case(kind) {
                flat[at..at + kind.len()].copy_from_slice(other);
                at += kind.len();
            } else {
                at += 1;
            }
        }
    }
    flat
}

fn is_bomb(raw: &[u8]) -> bool {
    const NESTS: &[u8] = b"message/";
    raw.windows(NESTS.len()).filter(|word| word.eq_ignore_ascii_case(NESTS)).take(NESTED_MAX + 1).count() > NESTED_MAX
}

/// Takes one file out of a mail.
pub(crate) fn file(raw: &[u8], part: usize) -> Option<Vec<u8>> {
    with_parsed(raw, |message| message.parts.get(part).map(|part| bytes_of(part).to_vec()))?
}

fn bytes_of<'m>(part: &'m MessagePart<'_>) -> &'m [u8] {
    match &part.body {
        PartType::Message(inner) => inner.raw_message(),
        _ => part.contents(),
    }
}

fn of(message: &Message<'_>, ours: &str, envelope: &str, checked_by: &str) -> Letter {
    let mut letter = Letter::default();
    let senders: Vec<_> = message.header_values("From").filter_map(HeaderValue::as_address).collect();
    if senders.len() > 1 {
        // Programs differ about which one counts, and that is what such a mail is made for.
        letter.trouble = Some("more than one sender");
    }
    if let Some(from) = senders.first().and_then(|from| from.first().cloned()) {
        letter.from = from.address().and_then(plain_address).unwrap_or_default();
        letter.name = clean(from.name().unwrap_or_default(), 200);
    }
    let addresses = |list: Option<&Address<'_>>| -> Vec<String> {
        let all = list.into_iter().flat_map(|list| list.clone().into_list());
        all.filter_map(|one| plain_address(one.address().unwrap_or_default())).take(100).collect()
    };
    letter.to = addresses(message.to()).into_iter().chain(addresses(message.cc())).collect();
    letter.subject = clean(message.subject().unwrap_or_default(), 500);
    letter.message_id = clean(message.message_id().unwrap_or_default(), 300);
    letter.answers = ids(message.in_reply_to());
    let mut references = ids(message.references());
    references.reverse();
    for id in references {
        if !letter.answers.contains(&id) {
            letter.answers.push(id);
        }
    }
    letter.answers.truncate(IDS_MAX);
    letter.verdict = verdict(message, checked_by, &letter.from);
    letter.robot = robot(message, ours, envelope, &letter);
    letter.report = report(message);
    if message.parts.len() > PARTS_MAX {
        letter.trouble = Some("too many parts");
        return letter;
    }
    letter.text = kept(&text_of(message), TEXT_MAX);
    // Only what came as HTML: a plain text needs no frame.
    if message.html_bodies().any(|part| matches!(part.body, PartType::Html(_))) {
        let html: Vec<_> = (0..message.html_body_count()).filter_map(|place| message.body_html(place)).collect();
        let html = kept(&html.join("\n"), HTML_READ_MAX);
        // Cleaning takes a step for each level at each tag: of a page that is a well its text is enough.
        if depth(&html) <= DEPTH_MAX {
            letter.html = kept(&sanitised(&html), HTML_MAX);
        }
    }
    letter.files = files_of(message);
    letter
}

/// Returns everything that is said in plain words, or what can be read of the page where nothing is.
fn text_of(message: &Message<'_>) -> String {
    let bodies = (0..message.text_body_count()).filter_map(|place| message.body_text(place));
    let loose = message.attachments.iter().filter(|part| is_loose(message, **part)).filter_map(|part| message.part(*part));
    let loose = loose.map(|part| String::from_utf8_lossy(part.contents()));
    let texts: Vec<_> = bodies.chain(loose).collect();
    let text = texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n");
    if !text.is_empty() {
        return text;
    }
    message.body_html(0).map(|html| html_to_text(&kept(&html, HTML_READ_MAX))).unwrap_or_default()
}

/// Tells whether a part that the parser takes for a file is a text that lost its way: of a mail that was cut off, or whose kind
/// is written wrongly.
fn is_loose(message: &Message<'_>, id: u32) -> bool {
    let Some(part) = message.part(id) else { return false };
    let is_file = part.attachment_name().is_some() || part.content_disposition().is_some_and(|told| told.is_attachment());
    let has_no_kind = part.content_type().is_some_and(|kind| kind.subtype().is_none()) && !part.contents().contains(&0);
    let is_text = matches!(part.body, PartType::Text(_)) || has_no_kind;
    let is_body = message.text_body.contains(&id) || message.html_body.contains(&id);
    !is_file && !is_body && is_text && std::str::from_utf8(part.contents()).is_ok()
}

/// Counts how deep a page is at most, roughly: elements that need no end count nothing.
fn depth(html: &str) -> usize {
    const FLAT: [&str; 11] = ["br", "p", "img", "hr", "li", "meta", "link", "input", "wbr", "col", "option"];
    let (mut depth, mut deepest) = (0_usize, 0);
    for tag in html.split('<').skip(1) {
        if tag.starts_with('/') {
            depth = depth.saturating_sub(1);
            continue;
        }
        let name = tag.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '!').next().unwrap_or_default();
        let is_flat = name.is_empty() || name.starts_with('!') || FLAT.iter().any(|flat| flat.eq_ignore_ascii_case(name));
        depth += usize::from(!is_flat);
        deepest = deepest.max(depth);
    }
    deepest
}

fn files_of(message: &Message<'_>) -> Vec<FileIn> {
    let named = |(number, part): (usize, &u32)| {
        if is_loose(message, *part) {
            return None;
        }
        let (part, place) = (message.parts.get(*part as usize)?, *part as usize);
        let bytes = bytes_of(part);
        let name = file_name(part.attachment_name().unwrap_or_default(), number + 1);
        Some(FileIn { part: place, name, size: bytes.len(), kind: kind_of(bytes) })
    };
    message.attachments.iter().take(FILES_MAX).enumerate().filter_map(named).collect()
}

/// Makes a name of what a stranger calls a file: no folders, nothing that cannot be seen, nothing that turns the line around.
pub(crate) fn file_name(text: &str, number: usize) -> String {
    let last = text.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_hidden =
        |sign: char| matches!(sign, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    let plain: String = last.chars().filter(|sign| !sign.is_control() && !is_hidden(*sign) && *sign != '\u{fffd}').collect();
    let plain = kept(plain.trim().trim_start_matches('.'), FILE_NAME_MAX);
    if plain.is_empty() { format!("file-{number}") } else { plain }
}

/// Says what bytes are by how they begin, whatever they are called: a picture that no program takes for anything else, a PDF,
/// or just bytes.
pub(crate) fn kind_of(bytes: &[u8]) -> &'static str {
    const KNOWN: [(&[u8], &str); 6] = [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"%PDF-", "application/pdf"),
        (b"PK\x03\x04", "application/zip"),
    ];
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return "image/webp";
    }
    KNOWN.iter().find(|(begins, _)| bytes.starts_with(begins)).map_or("application/octet-stream", |(_, kind)| kind)
}

fn ids(value: &HeaderValue<'_>) -> Vec<String> {
    match value {
        HeaderValue::Text(id) => vec![clean(id, 300)],
        HeaderValue::TextList(all) => all.iter().take(IDS_MAX).map(|id| clean(id, 300)).collect(),
        _ => Vec::new(),
    }
}

/// Says why a machine must not answer (RFC 3834), and what else its makers forgot.
fn robot(message: &Message<'_>, ours: &str, envelope: &str, letter: &Letter) -> Option<&'static str> {
    let header = |name: &str| message.header_raw(name).map(|text| text.trim().to_lowercase());
    // `no` is what a person's program may write: it is no robot.
    if header("Auto-Submitted").is_some_and(|value| value.split(';').next().map(str::trim) != Some("no")) {
        return Some("auto-submitted");
    }
    if envelope.is_empty() || header("Return-Path").is_some_and(|path| path == "<>") {
        return Some("no return path");
    }
    if message.headers().iter().any(|header| header.name().to_lowercase().starts_with("list-")) {
        return Some("list");
    }
    if header("Precedence")
        .or(header("X-Precedence"))
        .is_some_and(|value| ["bulk", "junk", "list", "auto_reply"].contains(&value.as_str()))
    {
        return Some("bulk");
    }
    let signs = ["X-Auto-Response-Suppress", "X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Touchline-Loop"];
    if signs.iter().any(|name| header(name).is_some()) {
        return Some("says so");
    }
    if message.content_type().is_some_and(|kind| kind.ctype() == "multipart" && kind.subtype() == Some("report")) {
        return Some("report");
    }
    if letter.from.eq_ignore_ascii_case(ours) {
        return Some("ourselves");
    }
    let local = letter.from.split('@').next().unwrap_or_default().replace(['-', '_', '.'], "");
    if ["noreply", "donotreply", "mailerdaemon", "postmaster", "bounce", "bounces"].contains(&local.as_str()) {
        return Some("nobody reads answers");
    }
    let is_to_us = letter.to.iter().any(|to| unmarked(to).eq_ignore_ascii_case(ours));
    (!is_to_us).then_some("not to us")
}

/// Takes the mark between `+` and `@` out of an address.
pub(crate) fn unmarked(address: &str) -> String {
    match (address.split_once('+'), address.rsplit_once('@')) {
        (Some((local, _)), Some((_, domain))) => format!("{local}@{domain}"),
        _ => address.to_owned(),
    }
}

/// Reads the mark between `+` and `@`.
pub(crate) fn mark(address: &str) -> Option<&str> {
    address.rsplit_once('@')?.0.split_once('+').map(|(_, mark)| mark)
}

/// Finds what came back in a report.
fn report(message: &Message<'_>) -> Option<Report> {
    let kind = message.content_type()?;
    if kind.ctype() != "multipart" || kind.subtype() != Some("report") {
        return None;
    }
    let mut report = Report::default();
    for part in message.parts.iter().take(PARTS_MAX) {
        let text = match &part.body {
            PartType::Text(text) => text.to_string(),
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            PartType::Message(inner) => {
                report.message_id = clean(inner.message_id().unwrap_or_default(), 300);
                continue;
            }
            _ => continue,
        };
        let is = |name: &str| {
            part.content_type().and_then(|kind| kind.subtype()).is_some_and(|subtype| subtype.eq_ignore_ascii_case(name))
        };
        report.is_complaint |= is("feedback-report");
        if is("delivery-status") || is("feedback-report") {
            for line in text.lines().take(500) {
                let Some((name, value)) = line.split_once(':') else { continue };
                let value = value.trim();
                match name.trim().to_lowercase().as_str() {
                    "status" => report.status = clean(value.split_whitespace().next().unwrap_or_default(), 20),
                    "action" => report.action = clean(&value.to_lowercase(), 20),
                    "original-recipient" | "final-recipient" | "original-rcpt-to" => {
                        let address = value.rsplit(';').next().unwrap_or_default();
                        if let Some(address) = plain_address(address) {
                            report.recipient = address;
                        }
                    }
                    _ => {}
                }
            }
        } else if is("rfc822-headers") {
            let id = text
                .lines()
                .find_map(|line| line.to_lowercase().starts_with("message-id:").then(|| line[11..].trim().to_owned()));
            report.message_id = clean(id.unwrap_or_default().trim_matches(['<', '>']), 300);
        }
    }
    Some(report)
}

/// Lets through what a letter needs and nothing that acts, loads or names anything outside.
pub(crate) fn sanitised(html: &str) -> String {
    let mut builder = Builder::default();
    builder
        .rm_tags(["img", "map", "area", "video", "audio", "iframe", "form", "input", "button"])
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel"]))
        .link_rel(Some("noopener noreferrer nofollow"))
        .clean(html)
        .to_string()
}

/// Returns an address that can be one, in small letters.
pub(crate) fn plain_address(text: &str) -> Option<String> {
    let text = text.trim().trim_matches(['<', '>']).to_lowercase();
    let is_possible = text.len() <= 320 && !text.chars().any(|sign| sign.is_control() || sign.is_whitespace());
    (is_possible && text.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.len() > 1)).then_some(text)
}

/// Takes out what does not belong into a line.
fn clean(text: &str, most: usize) -> String {
    let plain: String = text.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect();
    kept(plain.trim(), most)
}

fn kept(text: &str, most: usize) -> String {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text[..end].replace('\0', "\u{fffd}")
}

#[cfg(test)]
#[path = "../../../../tests/nasty/mod.rs"]
mod nasty;

#[cfg(test)]
mod tests {
    use super::*;

    const US: &str = "help@shop.example.org";

    fn mail(headers: &str, body: &str) -> Vec<u8> {
        format!("From: Ann <ann@example.org>\r\nTo: {US}\r\nSubject: Hello\r\nMessage-ID: <1@example.org>\r\n{headers}\r\n{body}")
            .into_bytes()
    }

    fn robot_of(headers: &str, envelope: &str) -> Option<&'static str> {
        read(&mail(headers, "text"), US, envelope).robot
    }

    #[test]
    fn a_plain_mail_is_read() {
        let letter = read(&mail("In-Reply-To: <b@x>\r\nReferences: <a@x> <b@x>\r\n", "Bonjour"), US, "ann@example.org");
        assert_eq!((letter.from.as_str(), letter.name.as_str(), letter.text.trim()), ("ann@example.org", "Ann", "Bonjour"));
        assert_eq!((letter.answers, letter.robot, letter.trouble), (vec!["b@x".to_owned(), "a@x".to_owned()], None, None));
    }

    #[test]
    fn machines_are_known_by_every_sign() {
        assert_eq!(robot_of("", "ann@example.org"), None);
        assert_eq!(robot_of("Auto-Submitted: no\r\n", "ann@example.org"), None, "`no` says that it is none");
        for headers in [
            "Auto-Submitted: auto-replied\r\n",
            "Auto-Submitted: auto-notified; owner-email=x\r\n",
            "Return-Path: <>\r\n",
            "List-Id: <news.example.org>\r\n",
            "List-Unsubscribe: <https://example.org>\r\n",
            "Precedence: bulk\r\n",
            "X-Auto-Response-Suppress: All\r\n",
            "X-Autoreply: yes\r\n",
            "X-Touchline-Loop: 1\r\n",
        ] {
            assert!(robot_of(headers, "ann@example.org").is_some(), "{headers}");
        }
        assert!(robot_of("", "").is_some(), "an empty envelope sender");
        let from = |from: &str, to: &str| read(format!("From: {from}\r\nTo: {to}\r\n\r\nx").as_bytes(), US, from).robot;
        assert!(from("no-reply@example.org", US).is_some());
        assert!(from(US, US).is_some(), "our own address");
        assert!(from("ann@example.org", "other@example.org").is_some(), "not written to us");
        assert_eq!(from("ann@example.org", "help+abc@shop.example.org"), None);
    }

    #[test]
    fn what_came_back_is_read_from_its_report() {
        let dsn = |status: &str| {
            format!(
                "From: MAILER-DAEMON@mx.example.org\r\nTo: {US}\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
                 --b\r\nContent-Type: text/plain\r\n\r\nSorry\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
                 Reporting-MTA: dns; mx.example.org\r\n\r\nFinal-Recipient: rfc822; Gone@Example.org\r\nStatus: {status}\r\n\
                 --b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <ours@shop>\r\n--b--\r\n"
            )
        };
        let report = read(dsn("5.1.1").as_bytes(), US, "").report.expect("is one");
        assert_eq!(
            (report.recipient.as_str(), report.message_id.as_str(), report.is_final()),
            ("gone@example.org", "ours@shop", true)
        );
        for (status, is_final) in [("4.4.1", false), ("5.2.2", false), ("5.7.1", true)] {
            assert_eq!(read(dsn(status).as_bytes(), US, "").report.expect("is one").is_final(), is_final, "{status}");
        }
        let arf = format!(
            "From: fbl@example.org\r\nTo: {US}\r\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n\
             --b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nOriginal-Rcpt-To: <ann@example.org>\r\n--b--\r\n"
        );
        let report = read(arf.as_bytes(), US, "").report.expect("is one");
        assert_eq!((report.is_complaint, report.recipient.as_str()), (true, "ann@example.org"));
    }

    #[test]
    fn nasty_mails_are_read_as_far_as_they_go_and_never_stop_anything() {
        let all = nasty::all();
        assert!(all.len() >= 60, "{} are too few", all.len());
        let mut wrong = Vec::new();
        for one in &all {
            let began = std::time::Instant::now();
            let letter = read(&one.raw, US, "ann@example.org");
            assert!(began.elapsed().as_secs() < 20, "{} takes {:?}", one.name, began.elapsed());
            let files: Vec<&str> = letter.files.iter().map(|file| file.name.as_str()).collect();
            let is_good = letter.from == one.from
                && letter.subject.contains(one.subject)
                && letter.text.contains(one.text)
                && (one.files.is_empty() || files == one.files)
                && (!one.is_broken || letter.trouble.is_some());
            if !is_good {
                let told = (&letter.from, kept(&letter.subject, 80), kept(&letter.text, 80), files, letter.trouble);
                wrong.push(format!("{}: {told:?}", one.name));
            }
            assert!(
                letter.subject.len() <= 500 && letter.text.len() <= TEXT_MAX && letter.html.len() <= HTML_MAX,
                "{}",
                one.name
            );
            let line = format!("{}{}{}", letter.subject, letter.name, letter.message_id);
            assert!(!line.contains(char::is_control) && !letter.text.contains('\0'), "{}", one.name);
            for file in &letter.files {
                assert_eq!(super::file(&one.raw, file.part).map(|bytes| bytes.len()), Some(file.size), "{}", one.name);
            }
        }
        assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), all.len(), wrong.join("\n"));
    }

    #[test]
    fn files_are_what_their_bytes_say_and_are_called_what_a_file_can_be() {
        assert_eq!(kind_of(b"MZ\x90"), "application/octet-stream");
        assert_eq!(kind_of(b"<svg xmlns=..."), "application/octet-stream", "a picture that can act is none");
        assert_eq!(kind_of(b"\xff\xd8\xff\xe0"), "image/jpeg");
        assert_eq!(kind_of(b"RIFF\0\0\0\0WEBPVP8 "), "image/webp");
        for (called, name) in [
            ("../../etc/passwd", "passwd"),
            ("C:\\Windows\\a.exe", "a.exe"),
            ("a\u{202e}fdp.exe", "afdp.exe"),
            ("\r\n", "file-3"),
            (".htaccess", "htaccess"),
            ("", "file-3"),
        ] {
            assert_eq!(file_name(called, 3), name);
        }
        assert!(file_name(&"ж".repeat(500), 1).len() <= FILE_NAME_MAX);
    }

    #[test]
    fn a_page_that_is_a_well_is_known_before_it_is_cleaned() {
        assert_eq!(depth("<p>a<br>b<p>c <b>d</b> 1 < 2 <!-- x --><ul><li>e<li>f</ul>"), 1);
        assert_eq!(depth(&"<table><tr><td>".repeat(100)), 300);
        assert_eq!(depth(&"<div></div>".repeat(1_000)), 1);
    }

    #[test]
    fn html_keeps_its_letters_and_loses_what_acts() {
        let html = sanitised(
            "<p onclick=x()>Hi <b>there</b> <a href='javascript:alert(1)'>a</a> <a href='https://example.org'>b</a>\
             <script>alert(1)</script><style>*{background:url(//evil.example)}</style><img src=//evil.example onerror=x()>\
             <svg><script>x()</script></svg><iframe src=//evil.example></iframe><form action=//evil.example><input></form>\
             <a href='data:text/html,x'>c</a><p style='background:url(//evil.example)'>d</p></p>",
        );
        assert!(html.contains("<b>there</b>") && html.contains("https://example.org"), "{html}");
        for word in ["script", "onclick", "onerror", "evil", "svg", "iframe", "form", "javascript", "data:", "style"] {
            assert!(!html.contains(word), "{word} in {html}");
        }
    }

    #[test]
    fn marks_stand_between_plus_and_at() {
        assert_eq!((mark("help+abc@x.org"), mark("help@x.org")), (Some("abc"), None));
        assert_eq!(unmarked("help+abc@x.org"), "help@x.org");
    }
}
