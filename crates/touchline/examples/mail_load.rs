//! Measures mail: how much comes in, and how much goes out with the contact policy and the ledger on.
//!
//! Out: so many letters to as many people, each asked of the policy under two rules, signed twice, handed to a server that
//! takes everything, noted, and told to the ledger. In: as many mails over eight lines, each durable before its answer. All of
//! it in one process, the server that takes and the senders included.
//!
//! `cargo run --release --example mail_load -- [LETTERS [MAILS]]`
#![allow(clippy::print_stdout, reason = "an example prints what it measured")]

use model::{Identity, Instant as Moment};
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use touchline::features::Site;
use touchline::features::conversations::{Wanted, receive_mail};
use touchline::features::people::policy::{Action, Class, Rule, Scope, Window};
use touchline::platform::home::Home;
use touchline::platform::outbound::Outbound;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const LINES: u64 = 8;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let letters: u64 = arguments.next().map_or(Ok(20_000), |count| count.parse())?;
    let mails: u64 = arguments.next().map_or(Ok(2_000), |count| count.parse())?;
    let folder = tempfile::tempdir()?;
    let clock = Arc::new(|| {
        #[expect(clippy::disallowed_methods, reason = "a measurement beside the server has no clock of the platform")]
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Moment(i64::try_from(since.as_micros()).unwrap_or_default())
    });
    let home = Home::create(&folder.path().join("data"), clock).map_err(|failure| failure.to_string())?;
    let site = Site::open(home.stores(), false).map_err(|failure| failure.to_string())?;
    println!("{} cores, one machine for everything.", std::thread::available_parallelism()?);
    home.block_on(async {
        out(&site, letters).await?;
        inward(&site, mails).await
    })
}

/// Sends letters, and tells how many went in a minute.
async fn out(site: &Site, letters: u64) -> Outcome<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let place = listener.local_addr()?;
    let taken = Arc::<AtomicU64>::default();
    tokio::spawn(sink(listener, Arc::clone(&taken)));
    site.talk.goes_out_by(Outbound::with(&[place]));
    let mut settings = site.talk.inbox.settings().await.map_err(|failure| failure.to_string())?;
    settings.mail.address = "help@shop.example.org".to_owned();
    settings.mail.server = place.to_string();
    settings.mail.security = "plain".to_owned();
    settings.mail.dkim_domain = "shop.example.org".to_owned();
    settings.mail.dkim_selector = "touch".to_owned();
    settings.save(&site.stores).await.map_err(|failure| failure.to_string())?;
    let policy = site.talk.door.policy();
    let mut decided = policy.settings().await.map_err(|failure| failure.to_string())?;
    (decided.quiet.from, decided.quiet.to) = (0, 0);
    policy.decide(&decided).await.map_err(|failure| failure.to_string())?;
    for (scope, most) in [(Scope::Any, 3), (Scope::Class(Class::Survey), 1)] {
        let rule = Rule { scope, most, window: Window::Rolling(7 * 86_400), action: Action::Drop };
        policy.add_rule(&rule).await.map_err(|failure| failure.to_string())?;
    }
    for number in 0..letters {
        let address = format!("person{number}@customers.example.org");
        let wanted = Wanted {
            id: format!("load:{number}"),
            who: Identity::new("email", &address).ok_or("an address is a name")?,
            address,
            class: Class::Survey,
            tag: "survey".to_owned(),
            subject: "One question".to_owned(),
            text: "May we ask you one question? It takes a minute.\n".repeat(10),
            about: String::new(),
        };
        site.talk.queue_letter(&wanted).await.map_err(|failure| failure.to_string())?;
    }
    // The key that signs is drawn once in the life of an installation.
    site.talk.dkim_records().await.map_err(|failure| failure.to_string())?;
    let began = Instant::now();
    site.talk.send_letters().await.map_err(|failure| failure.to_string())?;
    let seconds = began.elapsed().as_secs_f64();
    let taken = taken.load(Ordering::SeqCst);
    println!(
        "out: {taken} of {letters} letters in {seconds:.1} s: {:.0} a minute (policy, two rules, two signatures, ledger)",
        taken as f64 / seconds * 60.0
    );
    Ok(())
}

/// Takes every mail, and counts.
async fn sink(listener: TcpListener, taken: Arc<AtomicU64>) {
    while let Ok((stream, _)) = listener.accept().await {
        let taken = Arc::clone(&taken);
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            let mut stream = BufReader::new(stream);
            stream.write_all(b"220 sink\r\n").await?;
            let (mut line, mut is_mail) = (Vec::new(), false);
            while stream.read_until(b'\n', &mut line).await? > 0 {
                let answer: &[u8] = match is_mail {
                    true if line == b".\r\n" => {
                        is_mail = false;
                        taken.fetch_add(1, Ordering::SeqCst);
                        b"250 taken\r\n"
                    }
                    true => b"",
                    false if line.starts_with(b"DATA") => {
                        is_mail = true;
                        b"354 go on\r\n"
                    }
                    false => b"250 yes\r\n",
                };
                stream.write_all(answer).await?;
                line.clear();
            }
            Ok::<_, std::io::Error>(())
        });
    }
}

/// Sends mails to the receiver, and tells how many it took in a second.
async fn inward(site: &Site, mails: u64) -> Outcome<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let place = listener.local_addr()?;
    let receiving = tokio::spawn(receive_mail(listener, site.talk.clone()));
    let began = Instant::now();
    let senders: Vec<_> = (0..LINES).map(|line| tokio::spawn(send(place, line, mails / LINES))).collect();
    for sender in senders {
        sender.await??;
    }
    let seconds = began.elapsed().as_secs_f64();
    let count = mails / LINES * LINES;
    println!("in: {count} mails in {seconds:.1} s: {:.0} a second, each durable before its answer", count as f64 / seconds);
    receiving.abort();
    Ok(())
}

async fn send(place: SocketAddr, line: u64, count: u64) -> Outcome<()> {
    let mut stream = BufReader::new(TcpStream::connect(place).await?);
    let mut said = String::new();
    stream.read_line(&mut said).await?;
    for number in 0..count {
        if number % 90 == 89 {
            // The receiver takes a hundred over one line.
            stream = BufReader::new(TcpStream::connect(place).await?);
            stream.read_line(&mut said).await?;
        }
        let from = format!("writer{line}x{number}@customers.example.org");
        let text = "Where is my order? I have waited for a week.\r\n".repeat(20);
        let mail = format!(
            "From: {from}\r\nTo: help@shop.example.org\r\nMessage-ID: <{line}.{number}@customers.example.org>\r\nSubject: Order {number}\r\n\r\n{text}.\r\n"
        );
        let orders =
            [format!("MAIL FROM:<{from}>\r\n"), "RCPT TO:<help@shop.example.org>\r\n".to_owned(), "DATA\r\n".to_owned(), mail];
        for order in orders {
            stream.write_all(order.as_bytes()).await?;
            said.clear();
            stream.read_line(&mut said).await?;
            if !said.starts_with(['2', '3']) {
                return Err(said.into());
            }
        }
    }
    Ok(())
}
