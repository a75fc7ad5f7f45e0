//! A mailbox as servers have it, with the troubles that servers make: for tests of fetching.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Is what the server has, and what is wrong with it.
#[derive(Default)]
pub(crate) struct Mailbox {
    pub(crate) uid_validity: i64,
    pub(crate) mails: BTreeMap<i64, Vec<u8>>,
    /// The line breaks in the middle of this mail, so many times.
    pub(crate) breaks_over: HashMap<i64, u32>,
    /// This mail is in the list, and the server will not give it.
    pub(crate) refuses: Option<i64>,
    /// The password is wrong from now on.
    pub(crate) refuses_password: bool,
    /// The server says lines without an end instead of a greeting.
    pub(crate) floods: bool,
    pub(crate) cannot_idle: bool,
    /// How often somebody connected, and what was ordered.
    pub(crate) connections: u32,
    pub(crate) orders: Vec<String>,
}

pub(crate) type Shared = Arc<Mutex<Mailbox>>;

/// Starts a server with an empty mailbox; returns its port.
pub(crate) async fn serve() -> (u16, Shared) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let port = listener.local_addr().expect("has one").port();
    let shared: Shared = Arc::new(Mutex::new(Mailbox { uid_validity: 1, ..Mailbox::default() }));
    let mailbox = Arc::clone(&shared);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mailbox = Arc::clone(&mailbox);
            tokio::spawn(async move {
                // Whoever breaks the line off ends it.
                let _ = attend(BufReader::new(stream), &mailbox).await;
            });
        }
    });
    (port, shared)
}

async fn attend(mut stream: BufReader<TcpStream>, mailbox: &Shared) -> io::Result<()> {
    let (floods, password_is_wrong) = {
        let mut mailbox = mailbox.lock().expect("not poisoned");
        mailbox.connections += 1;
        (mailbox.floods, mailbox.refuses_password)
    };
    if floods {
        loop {
            stream.write_all(&[b'*'; 65_536]).await?;
        }
    }
    stream.write_all(b"* OK [CAPABILITY IMAP4rev1] ready\r\n").await?;
    // A new mail is told of once, whenever there is something to say.
    let mut told_of = 0;
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let order = line.trim_end().to_owned();
        mailbox.lock().expect("not poisoned").orders.push(order.clone());
        let (tag, what) = order.split_once(' ').unwrap_or((&order, ""));
        let upper = what.to_ascii_uppercase();
        if upper == "CAPABILITY" {
            let idle = if mailbox.lock().expect("not poisoned").cannot_idle { "" } else { " IDLE" };
            stream.write_all(format!("* CAPABILITY IMAP4rev1 AUTH=PLAIN{idle}\r\n{tag} OK done\r\n").as_bytes()).await?;
        } else if upper == "AUTHENTICATE PLAIN" {
            stream.write_all(b"+ \r\n").await?;
            line.clear();
            stream.read_line(&mut line).await?;
            // "\0help\0secret"
            let is_right = line.trim() == "AGhlbHAAc2VjcmV0" && !password_is_wrong;
            let said = if is_right { "OK welcome" } else { "NO [AUTHENTICATIONFAILED] who are you?" };
            stream.write_all(format!("{tag} {said}\r\n").as_bytes()).await?;
        } else if upper.starts_with("EXAMINE \"MISSING") {
            stream.write_all(format!("{tag} NO [NONEXISTENT] no such folder\r\n").as_bytes()).await?;
        } else if upper.starts_with("EXAMINE") {
            let (validity, count) = {
                let mailbox = mailbox.lock().expect("not poisoned");
                (mailbox.uid_validity, mailbox.mails.len())
            };
            told_of = count;
            let told = format!(
                "* {count} EXISTS\r\n* OK [UIDVALIDITY {validity}] valid\r\n* FLAGS (\\Seen)\r\n{tag} OK [READ-ONLY] done\r\n"
            );
            stream.write_all(told.as_bytes()).await?;
        } else if let Some(search) = upper.strip_prefix("UID SEARCH ") {
            let from = search.strip_prefix("UID ").and_then(|range| range.split_once(':')?.0.parse::<i64>().ok());
            let uids: Vec<i64> = mailbox.lock().expect("not poisoned").mails.keys().copied().collect();
            // As real servers do: `n:*` holds the last mail even where its number is smaller.
            let last = uids.last().copied();
            let found = uids.into_iter().filter(|uid| from.is_none_or(|from| *uid >= from) || Some(*uid) == last);
            let found = found.map(|uid| format!(" {uid}")).collect::<String>();
            let count = mailbox.lock().expect("not poisoned").mails.len();
            let news = if count > told_of { format!("* {count} EXISTS\r\n") } else { String::new() };
            told_of = count;
            stream.write_all(format!("* SEARCH{found}\r\n{news}* 3 RECENT\r\n{tag} OK done\r\n").as_bytes()).await?;
        } else if let Some(fetch) = what.strip_prefix("UID FETCH ") {
            let uid: i64 = fetch.split(' ').next().and_then(|uid| uid.parse().ok()).unwrap_or_default();
            give(&mut stream, mailbox, tag, uid, fetch).await?;
        } else if upper == "IDLE" {
            idle(&mut stream, mailbox, tag, &mut told_of).await?;
        } else if upper == "LOGOUT" {
            stream.write_all(format!("* BYE bye\r\n{tag} OK done\r\n").as_bytes()).await?;
            return Ok(());
        } else {
            stream.write_all(format!("{tag} OK done\r\n").as_bytes()).await?;
        }
    }
}

async fn give(stream: &mut BufReader<TcpStream>, mailbox: &Shared, tag: &str, uid: i64, fetch: &str) -> io::Result<()> {
    let (mail, refuses, breaks) = {
        let mut mailbox = mailbox.lock().expect("not poisoned");
        let breaks = fetch.contains("BODY") && mailbox.breaks_over.get(&uid).is_some_and(|times| *times > 0);
        if breaks {
            *mailbox.breaks_over.entry(uid).or_default() -= 1;
        }
        (mailbox.mails.get(&uid).cloned(), mailbox.refuses == Some(uid), breaks)
    };
    let Some(mail) = mail.filter(|_| !refuses) else {
        return stream.write_all(format!("{tag} NO not that one\r\n").as_bytes()).await;
    };
    if fetch.contains("SIZE") {
        return stream
            .write_all(format!("* 1 FETCH (UID {uid} RFC822.SIZE {})\r\n{tag} OK done\r\n", mail.len()).as_bytes())
            .await;
    }
    let most: usize = fetch.rsplit_once("<0.").and_then(|(_, most)| most.trim_end_matches(['>', ')']).parse().ok()).unwrap_or(0);
    let part = &mail[..mail.len().min(most)];
    stream.write_all(format!("* 1 FETCH (UID {uid} BODY[]<0> {{{}}}\r\n", part.len()).as_bytes()).await?;
    if breaks {
        stream.write_all(&part[..part.len() / 2]).await?;
        stream.flush().await?;
        return Err(io::ErrorKind::BrokenPipe.into());
    }
    stream.write_all(part).await?;
    stream.write_all(format!(")\r\n{tag} OK done\r\n").as_bytes()).await
}

async fn idle(stream: &mut BufReader<TcpStream>, mailbox: &Shared, tag: &str, told_of: &mut usize) -> io::Result<()> {
    stream.write_all(b"+ idling\r\n").await?;
    let count = || mailbox.lock().expect("not poisoned").mails.len();
    let mut line = String::new();
    loop {
        tokio::select! {
            read = stream.read_line(&mut line) => {
                read?;
                return stream.write_all(format!("{tag} OK done\r\n").as_bytes()).await;
            }
            () = tokio::time::sleep(Duration::from_millis(20)) => {
                if count() > *told_of {
                    *told_of = count();
                    stream.write_all(format!("* {} EXISTS\r\n", count()).as_bytes()).await?;
                }
            }
        }
    }
}
