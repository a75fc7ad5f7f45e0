//! Enough of IMAP (RFC 3501, RFC 2177) to read a mailbox: look what is new, fetch it, wait for more. The mailbox is only
//! looked at (`EXAMINE`, `BODY.PEEK`): nothing in it is ever changed, so other programs read it as they did.
//!
//! Whatever the server says is bounded: a line, what a mail may have, how much may come unasked.

use super::line::{Line, PATIENCE};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::time::Duration;

/// A line of an answer.
const LINE_MAX: u64 = 1024 * 1024;
/// So many lines one answer may have: a search of a large mailbox is one line.
const LINES_MAX: usize = 10_000;

/// Is why something was not done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Trouble {
    /// The server said no: the line is as good as before.
    Refused(String),
    /// The line is of no use any more.
    Lost(String),
}

impl Trouble {
    pub(super) fn said(&self) -> &str {
        match self {
            Self::Refused(said) | Self::Lost(said) => said,
        }
    }
}

type Result<T> = std::result::Result<T, Trouble>;

/// Is a line of an answer, and the bytes that were in it.
struct Told {
    text: String,
    literals: Vec<Vec<u8>>,
}

/// Is a conversation with a server.
pub(super) struct Imap {
    line: Line,
    number: u32,
    able: Vec<String>,
    /// Whether the server has told of a new mail since the last search: it does so whenever it likes, and only once.
    has_news: bool,
    /// Whether the server knew who we are before we said it.
    is_in: bool,
}

/// Is how a folder stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Folder {
    /// Numbers of mails hold as long as this one stays.
    pub(super) uid_validity: i64,
}

impl Imap {
    /// Begins: the greeting, encryption where it comes later, and who we are.
    pub(super) async fn begin(line: Line, starts_tls: bool, user: &str, password: &str) -> Result<Self> {
        let mut imap = Self::greeted(line).await?;
        if starts_tls {
            imap = imap.encrypted().await?;
        }
        imap.come_in(user, password).await?;
        Ok(imap)
    }

    /// Waits for the greeting.
    pub(super) async fn greeted(line: Line) -> Result<Self> {
        let mut imap = Self { line, number: 0, able: Vec::new(), has_news: false, is_in: false };
        let greeting = imap.told(0, PATIENCE).await?.text;
        if greeting.starts_with("* BYE") || !greeting.starts_with("* ") {
            return Err(Trouble::Lost(shown(&greeting)));
        }
        imap.is_in = greeting.starts_with("* PREAUTH");
        Ok(imap)
    }

    /// Encrypts a line that began in the clear.
    pub(super) async fn encrypted(mut self) -> Result<Self> {
        self.order("STARTTLS", 0).await?;
        self.line = self.line.encrypted().await.map_err(Trouble::Lost)?;
        Ok(self)
    }

    /// Says who we are, where the server does not know it already.
    pub(super) async fn come_in(&mut self, user: &str, password: &str) -> Result<()> {
        if !self.is_in {
            self.ask_able().await?;
            self.sign_in(user, password).await?;
        }
        self.ask_able().await
    }

    async fn ask_able(&mut self) -> Result<()> {
        let told = self.order("CAPABILITY", 0).await?;
        let able = told.iter().filter_map(|told| told.text.strip_prefix("* CAPABILITY "));
        self.able = able.flat_map(str::split_whitespace).map(str::to_ascii_uppercase).collect();
        Ok(())
    }

    /// Tells whether the server can do something.
    pub(super) fn can(&self, what: &str) -> bool {
        self.able.iter().any(|able| able == what)
    }

    async fn sign_in(&mut self, user: &str, password: &str) -> Result<()> {
        if self.can("AUTH=PLAIN") {
            let tag = self.send("AUTHENTICATE PLAIN").await?;
            self.go_on().await?;
            let secret = STANDARD.encode(format!("\0{user}\0{password}"));
            self.write(format!("{secret}\r\n").as_bytes()).await?;
            return self.answered(&tag, 0).await.map(drop);
        }
        if self.can("LOGINDISABLED") {
            return Err(Trouble::Refused("the server takes no password this way: set the security to tls".to_owned()));
        }
        // As literals, so that a password may be of any letters.
        let tag = self.send(&format!("LOGIN {{{}}}", user.len())).await?;
        self.go_on().await?;
        self.write(format!("{user} {{{}}}\r\n", password.len()).as_bytes()).await?;
        self.go_on().await?;
        self.write(format!("{password}\r\n").as_bytes()).await?;
        self.answered(&tag, 0).await.map(drop)
    }

    /// Opens a folder to look at it.
    pub(super) async fn look_at(&mut self, folder: &str) -> Result<Folder> {
        let told = self.order(&format!("EXAMINE {}", quoted(&utf7(folder))), 0).await?;
        let validity = told.iter().find_map(|told| number_after(&told.text, "[UIDVALIDITY "));
        let uid_validity = validity.ok_or_else(|| Trouble::Refused("the server does not number its mails".to_owned()))?;
        Ok(Folder { uid_validity })
    }

    /// Returns the numbers of mails that a search finds, in order.
    pub(super) async fn find(&mut self, what: &str) -> Result<Vec<i64>> {
        self.has_news = false;
        let told = self.order(&format!("UID SEARCH {what}"), 0).await?;
        let found = told.iter().filter_map(|told| told.text.strip_prefix("* SEARCH"));
        let mut uids: Vec<i64> = found.flat_map(str::split_whitespace).filter_map(|uid| uid.parse().ok()).collect();
        uids.sort_unstable();
        uids.dedup();
        Ok(uids)
    }

    /// Returns how many bytes a mail has; `None` when it is gone.
    pub(super) async fn size(&mut self, uid: i64) -> Result<Option<i64>> {
        let told = self.order(&format!("UID FETCH {uid} (UID RFC822.SIZE)"), 0).await?;
        Ok(told
            .iter()
            .filter(|told| number_after(&told.text, "UID ") == Some(uid))
            .find_map(|told| number_after(&told.text, "RFC822.SIZE ")))
    }

    /// Fetches the first `most` bytes of a mail; `None` when it is gone.
    pub(super) async fn fetch(&mut self, uid: i64, most: usize) -> Result<Option<Vec<u8>>> {
        let told = self.order(&format!("UID FETCH {uid} (UID BODY.PEEK[]<0.{most}>)"), most).await?;
        for told in told {
            if number_after(&told.text, "UID ") == Some(uid) && told.text.contains("BODY[]") {
                // A mail of nothing is told as "".
                return Ok(Some(told.literals.into_iter().next().unwrap_or_default()));
            }
        }
        Ok(None)
    }

    /// Waits until the server says that something is new, or for so long at most.
    pub(super) async fn wait(&mut self, long: Duration) -> Result<()> {
        if self.has_news {
            return Ok(());
        }
        if !self.can("IDLE") {
            tokio::time::sleep(long.min(Duration::from_secs(60))).await;
            return self.order("NOOP", 0).await.map(drop);
        }
        let tag = self.send("IDLE").await?;
        self.go_on().await?;
        let until = tokio::time::Instant::now() + long;
        // Until the time is over.
        while let Ok(told) = tokio::time::timeout_at(until, self.told(0, long)).await {
            let text = told?.text;
            if text.starts_with("* BYE") {
                return Err(Trouble::Lost(shown(&text)));
            }
            if self.has_news {
                break;
            }
        }
        self.write(b"DONE\r\n").await?;
        self.answered(&tag, 0).await.map(drop)
    }

    /// Says goodbye; whether it is heard changes nothing.
    pub(super) async fn end(mut self) {
        let _ = self.order("LOGOUT", 0).await;
    }

    async fn order(&mut self, what: &str, most: usize) -> Result<Vec<Told>> {
        let tag = self.send(what).await?;
        self.answered(&tag, most).await
    }

    async fn send(&mut self, what: &str) -> Result<String> {
        self.number += 1;
        let tag = format!("t{}", self.number);
        self.write(format!("{tag} {what}\r\n").as_bytes()).await?;
        Ok(tag)
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.line.write(bytes).await.map_err(Trouble::Lost)
    }

    /// Waits for leave to go on.
    async fn go_on(&mut self) -> Result<()> {
        for _ in 0..LINES_MAX {
            let told = self.told(0, PATIENCE).await?;
            if told.text.starts_with('+') {
                return Ok(());
            }
            if !told.text.starts_with("* ") {
                return Err(Trouble::Refused(shown(&told.text)));
            }
        }
        Err(Trouble::Lost("the server does not stop talking".to_owned()))
    }

    /// Reads what the server tells until it has answered an order.
    async fn answered(&mut self, tag: &str, most: usize) -> Result<Vec<Told>> {
        let (mut all, mut size) = (Vec::new(), 0);
        for _ in 0..LINES_MAX {
            let told = self.told(most, PATIENCE).await?;
            size += told.text.len() + told.literals.iter().map(Vec::len).sum::<usize>();
            if size as u64 > 8 * LINE_MAX + most as u64 {
                break;
            }
            let Some(rest) = told.text.strip_prefix(tag).and_then(|rest| rest.strip_prefix(' ')) else {
                if told.text.starts_with("* BYE") && !tag.is_empty() {
                    return Err(Trouble::Lost(shown(&told.text)));
                }
                all.push(told);
                continue;
            };
            return if is_yes(rest) { Ok(all) } else { Err(Trouble::Refused(shown(rest))) };
        }
        Err(Trouble::Lost("the server does not stop talking".to_owned()))
    }

    /// Reads one line with the bytes in it, of which the first `most` are kept.
    async fn told(&mut self, most: usize, patience: Duration) -> Result<Told> {
        let mut told = Told { text: String::new(), literals: Vec::new() };
        loop {
            let line = self.line.read(LINE_MAX, patience).await.map_err(Trouble::Lost)?;
            let piece = String::from_utf8_lossy(&line);
            let piece = piece.trim_end_matches(['\r', '\n']);
            told.text.push_str(piece);
            let Some(count) = literal(piece) else {
                self.has_news |= told.text.starts_with("* ") && told.text.ends_with(" EXISTS");
                return Ok(told);
            };
            if told.literals.len() > 100 || told.text.len() as u64 > LINE_MAX {
                return Err(Trouble::Lost("the server does not stop talking".to_owned()));
            }
            // What was asked for is one text; whatever else comes so is thrown away.
            let most = if told.literals.is_empty() { most } else { 0 };
            let bytes = self.line.read_exact(count, most).await.map_err(Trouble::Lost)?;
            told.literals.push(bytes);
        }
    }
}

/// Tells whether an answer is a yes.
fn is_yes(answer: &str) -> bool {
    answer.get(..2).is_some_and(|word| word.eq_ignore_ascii_case("OK"))
}

/// Reads how many bytes follow a line that ends in `{n}`.
fn literal(line: &str) -> Option<u64> {
    line.strip_suffix('}')?.rsplit_once('{')?.1.trim_end_matches('+').parse().ok()
}

fn number_after(text: &str, word: &str) -> Option<i64> {
    let rest = &text[text.find(word)? + word.len()..];
    rest[..rest.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(rest.len())].parse().ok()
}

/// Is what is shown of what a server says: short, and on one line.
fn shown(text: &str) -> String {
    text.chars().filter(|sign| !sign.is_control()).take(200).collect()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Writes the name of a folder in the letters of IMAP (RFC 3501, 5.1.3).
fn utf7(name: &str) -> String {
    let mut out = String::new();
    let mut far: Vec<u8> = Vec::new();
    let flush = |far: &mut Vec<u8>, out: &mut String| {
        if !far.is_empty() {
            out.push('&');
            out.push_str(&STANDARD.encode(&far).trim_end_matches('=').replace('/', ","));
            out.push('-');
            far.clear();
        }
    };
    for sign in name.chars() {
        if (' '..='~').contains(&sign) {
            flush(&mut far, &mut out);
            out.push(sign);
            if sign == '&' {
                out.push('-');
            }
        } else {
            let mut units = [0; 2];
            far.extend(sign.encode_utf16(&mut units).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    flush(&mut far, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_folders_are_written_as_the_standard_says() {
        // RFC 3501, 5.1.3.
        assert_eq!(utf7("~peter/mail/台北/日本語"), "~peter/mail/&U,BTFw-/&ZeVnLIqe-");
        assert_eq!(utf7("A & B"), "A &- B");
        assert_eq!(quoted("a\"b\\c"), "\"a\\\"b\\\\c\"");
    }

    #[test]
    fn an_answer_of_any_letters_is_a_yes_or_a_no() {
        assert!(is_yes("OK done") && is_yes("ok"));
        for no in ["", "O", "NO", "O€", "€", "NOK"] {
            assert!(!is_yes(no), "{no}");
        }
    }

    #[test]
    fn what_follows_a_line_is_counted() {
        assert_eq!(literal("* 1 FETCH (UID 7 BODY[] {123}"), Some(123));
        assert_eq!(literal("* 1 FETCH (UID 7 BODY[] {123+}"), Some(123));
        for wrong in ["* OK", "}", "{}", "{-1}", "{x}", "{123} "] {
            assert_eq!(literal(wrong), None, "{wrong}");
        }
        assert_eq!(number_after("* OK [UIDVALIDITY 42] yes", "[UIDVALIDITY "), Some(42));
    }
}
