//! A small receiver of mail: enough of SMTP (RFC 5321) for a server that hands mail on to us, and for tests.
//!
//! It takes mail for the organisation's own mailbox alone, so it relays nothing. The end of a mail is `CR LF . CR LF` and
//! nothing else, whatever other servers take for it: two servers that disagree are how mail is smuggled.

use crate::features::conversations::Talk;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// The largest mail: what most servers take.
pub(super) const MAIL_MAX: usize = 25 * 1024 * 1024;
/// A line of a command.
const LINE_MAX: u64 = 2_048;
/// Recipients of one mail.
const RECIPIENTS_MAX: usize = 100;
/// Connections at one time.
const CONNECTIONS_MAX: usize = 50;
/// How long the other side may think about a line, and about a mail.
const LINE_TIME: Duration = Duration::from_secs(60);
const MAIL_TIME: Duration = Duration::from_secs(300);
/// Mails over one connection.
const MAILS_MAX: usize = 100;

/// Takes mail until it is dropped.
pub async fn listen(listener: TcpListener, talk: Talk) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let _ = stream.set_nodelay(true);
                let talk = talk.clone();
                tokio::spawn(async move {
                    // Whoever goes away in the middle sends it again.
                    let _ = attend(stream, &talk).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection for mail was not accepted");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

/// Is one mail on its way in.
#[derive(Default)]
struct Envelope {
    from: Option<String>,
    to: Vec<String>,
}

async fn attend(stream: TcpStream, talk: &Talk) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    say(&mut stream, "220 touchline takes mail").await?;
    let mut envelope = Envelope::default();
    let mut mails = 0;
    loop {
        let Some(line) = line(&mut stream).await? else { return Ok(()) };
        let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "HELO" => say(&mut stream, "250 touchline").await?,
            "EHLO" => say(&mut stream, &format!("250-touchline\r\n250-SIZE {MAIL_MAX}\r\n250 8BITMIME")).await?,
            "NOOP" => say(&mut stream, "250 yes").await?,
            "RSET" => {
                envelope = Envelope::default();
                say(&mut stream, "250 forgotten").await?;
            }
            "QUIT" => {
                say(&mut stream, "221 goodbye").await?;
                return Ok(());
            }
            "MAIL" => match path(rest, "FROM:") {
                Some(from) => {
                    envelope = Envelope { from: Some(from), to: Vec::new() };
                    say(&mut stream, "250 go on").await?;
                }
                None => say(&mut stream, "501 MAIL FROM:<address>").await?,
            },
            "RCPT" => {
                let answer = match path(rest, "TO:") {
                    _ if envelope.from.is_none() => "503 MAIL first",
                    None => "501 RCPT TO:<address>",
                    Some(_) if envelope.to.len() >= RECIPIENTS_MAX => "452 that is enough",
                    Some(to) if talk.is_ours(&to).await => {
                        envelope.to.push(to);
                        "250 go on"
                    }
                    Some(_) => "550 nobody of that name is here",
                };
                say(&mut stream, answer).await?;
            }
            "DATA" if envelope.to.is_empty() => say(&mut stream, "503 RCPT first").await?,
            "DATA" => {
                say(&mut stream, "354 end with a line that is a dot").await?;
                let mail = timeout(MAIL_TIME, data(&mut stream)).await.map_err(|_| io::ErrorKind::TimedOut)??;
                let from = envelope.from.take().unwrap_or_default();
                let answer = match mail {
                    None => "552 that is too large",
                    Some(raw) => match talk.mail_arrives(&raw, &from, &envelope.to).await {
                        Ok(()) => "250 taken",
                        Err(failure) => {
                            tracing::warn!("{failure}");
                            "451 not now: send it again"
                        }
                    },
                };
                envelope = Envelope::default();
                say(&mut stream, answer).await?;
                mails += 1;
                if mails >= MAILS_MAX {
                    return Ok(());
                }
            }
            _ => say(&mut stream, "502 that is not spoken here").await?,
        }
    }
}

async fn say(stream: &mut BufReader<TcpStream>, text: &str) -> io::Result<()> {
    // In one piece: the second of two waits until the other side has said that the first one came, some 40 ms.
    stream.write_all(format!("{text}\r\n").as_bytes()).await?;
    stream.flush().await
}

/// Reads a line; `None` at the end. One that is too long ends the connection.
async fn line(stream: &mut BufReader<TcpStream>) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    let mut limited = stream.take(LINE_MAX);
    let read = timeout(LINE_TIME, limited.read_until(b'\n', &mut bytes)).await.map_err(|_| io::ErrorKind::TimedOut)??;
    if read == 0 || !bytes.ends_with(b"\n") {
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&bytes).trim_end().to_owned()))
}

/// Reads a mail up to its end; `None` when it is too large.
async fn data(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Vec<u8>>> {
    let mut mail = Vec::new();
    let mut is_too_large = false;
    let mut bytes = Vec::new();
    let mut before_ended = true;
    loop {
        bytes.clear();
        let mut limited = stream.take(64 * 1024);
        if limited.read_until(b'\n', &mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let ends = bytes.ends_with(b"\r\n");
        if before_ended && bytes == b".\r\n" {
            return Ok((!is_too_large).then_some(mail));
        }
        // A dot that begins a line was doubled by the sender.
        let kept = if before_ended && bytes.starts_with(b".") { &bytes[1..] } else { &bytes[..] };
        before_ended = ends;
        if mail.len() + kept.len() > MAIL_MAX {
            is_too_large = true;
            mail.clear();
        }
        if !is_too_large {
            mail.extend_from_slice(kept);
        }
    }
}

/// Reads `FROM:<address>`, with what may stand behind it.
fn path(rest: &str, what: &str) -> Option<String> {
    let rest = rest.trim_start();
    if rest.len() < what.len() || !rest.is_char_boundary(what.len()) || !rest[..what.len()].eq_ignore_ascii_case(what) {
        return None;
    }
    let rest = rest[what.len()..].trim_start();
    let address = rest.strip_prefix('<')?.split_once('>')?.0;
    let is_possible = address.len() <= 320 && !address.chars().any(|sign| sign.is_control() || sign.is_whitespace());
    is_possible.then(|| address.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_or_refused() {
        assert_eq!(path("FROM:<a@example.org> SIZE=9", "FROM:").as_deref(), Some("a@example.org"));
        assert_eq!(path("from: <>", "FROM:").as_deref(), Some(""));
        for wrong in ["", "FROM:a@example.org", "TO:<a>", "FROM:<a b>", "é", "FROM:<a"] {
            assert_eq!(path(wrong, "FROM:"), None, "{wrong}");
        }
    }
}
