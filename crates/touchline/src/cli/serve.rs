//! `touchline serve`: serves a data directory to browsers.

use super::{Data, say};
use crate::failure::{Failure, Result};
use crate::features::account::Accounts;
use crate::features::conversations::receive_mail;
use crate::features::{Site, console as routes, router};
use crate::platform::console;
use crate::platform::home::Home;
use crate::platform::outbound::Outbound;
use crate::platform::{http, metrics};
use futures_util::FutureExt;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Is how many letters a token for the numbers has at least: nobody guesses so many.
const TOKEN_LETTERS_MIN: usize = 16;
/// So long after it broke off, what is done for ever begins again.
const AGAIN_AFTER: Duration = Duration::from_secs(60);

/// Serve a data directory to browsers.
///
/// Prints the address and, while nobody is signed in, a link that signs the owner in once, within an hour. An
/// empty folder becomes a new data directory; it has no map until one is applied.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  touchline serve --data my-shop\n  touchline serve --data my-shop --bind 0.0.0.0:7777 --url https://map.example.org"
)]
pub(super) struct Args {
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    place: Place,
}

/// Is where the server is found.
#[derive(clap::Args, Debug)]
pub(super) struct Place {
    /// The address to listen on; only this machine reaches the default one. Port 0 takes any free port.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7777")]
    bind: SocketAddr,
    /// The address by which browsers reach the server, where a proxy stands before it.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// A file with the token by which another machine may read /metrics; without one only this machine may.
    #[arg(long, value_name = "FILE")]
    metrics_token_file: Option<PathBuf>,
    /// The address on which to take mail for the inbox, such as 127.0.0.1:2525; without one no mail is taken.
    #[arg(long, value_name = "ADDRESS")]
    smtp: Option<SocketAddr>,
    /// An address inside this machine or its network that the server may connect to, such as 127.0.0.1:587 for a mail server;
    /// to be given once for each. All others inside are refused, whatever the settings say.
    #[arg(long, value_name = "ADDRESS")]
    inside: Vec<SocketAddr>,
    /// Print a one-time link even when somebody is signed in.
    #[arg(long)]
    link: bool,
    /// How to print address and link; JSON is one line.
    #[arg(long, value_enum, default_value_t)]
    format: super::Format,
}

impl Place {
    /// Returns how to print.
    pub(super) const fn format(&self) -> super::Format {
        self.format
    }
}

pub(super) fn run(args: &Args) -> Result<()> {
    open_house(&args.data.open_or_make()?, &args.place, |_, _| Ok(None))
}

/// Serves an open data directory until a signal to stop comes. `when_open` is told where the server can be reached.
pub(super) fn open_house(
    home: &Home,
    place: &Place,
    when_open: impl FnOnce(&Site, SocketAddr) -> Result<Option<JoinHandle<()>>>,
) -> Result<()> {
    let https = is_https(place.url.as_deref())?;
    metrics::start();
    let mut site = Site::open(home.stores(), https)?;
    site.metrics_token = place.metrics_token_file.as_deref().map(metrics_token).transpose()?;
    home.block_on(async {
        // Before the listener, so that a signal is never lost once somebody can reach us.
        let stop = http::stop_signal()?;
        let listener = listen(place.bind, "--bind 127.0.0.1:7778").await?;
        let bound = listener.local_addr().map_err(|error| Failure::new("The listener has no address").because(&error))?;
        let url = place.url.as_deref().map_or_else(|| format!("http://{bound}"), |url| url.trim_end_matches('/').to_owned());
        let link = invitation(&Accounts::new(home.state().clone(), home.clock().clone()), place.link).await?;
        if !https && !bound.ip().is_loopback() {
            tracing::warn!("others can read along on the network: put a proxy with HTTPS before it and start with --url");
        }
        // A server whose console cannot be had serves all the same.
        let socket = console::listen(home.dir()).inspect_err(|failure| tracing::warn!("{failure}")).ok();
        console::note_address(home.dir(), &url);
        let console = socket.map(|socket| tokio::spawn(axum::serve(socket, routes(&site)).into_future()));
        let upkeep = tokio::spawn(metrics::upkeep());
        site.talk.is_at(&url);
        site.talk.goes_out_by(Outbound::with(&place.inside));
        let mut beside = beside(&site);
        if let Some(address) = place.smtp {
            let listener = listen(address, "--smtp 127.0.0.1:2526").await?;
            beside.push(tokio::spawn(receive_mail(listener, site.talk.clone())));
        }
        announce(home, &url, link.as_deref(), place.format)?;
        beside.extend(when_open(&site, bound)?);
        site.capture.prepare();
        let mut broken = None;
        let end = async {
            tokio::select! {
                () = stop => {}
                thread = site.capture.broken() => broken = Some(thread),
            }
        };
        http::serve(listener, router(&site), http::Bounds::default(), end).await;
        // What is acknowledged is safe in the journal too: the next start would bring it in.
        if let Err(failure) = site.capture.settle().await {
            tracing::warn!("{failure}");
        }
        upkeep.abort();
        for task in beside {
            // They hold the stores, which are about to be closed.
            task.abort();
            let _ = task.await;
        }
        console::close(home.dir());
        if let Some(console) = console {
            // It holds the stores, which are about to be closed.
            console.abort();
            let _ = console.await;
        }
        tracing::info!("stopped");
        match broken {
            None => Ok(()),
            Some(thread) => Err(Failure::new(format!("The thread `{thread}` broke off, and nothing can be taken without it"))
                .hint("What was acknowledged is safe: start the server again, and report what the log says")),
        }
    })
}

/// Tells whether browsers reach us by HTTPS.
fn is_https(url: Option<&str>) -> Result<bool> {
    match url {
        Some(url) if url.starts_with("https://") => Ok(true),
        Some(url) if !url.starts_with("http://") => {
            Err(Failure::new(format!("`{url}` is no address of a web site")).hint("Write it as in --url https://map.example.org"))
        }
        _ => Ok(false),
    }
}

/// Listens on an address; `other` is how to name another one.
async fn listen(address: SocketAddr, other: &str) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        Failure::new(format!("Cannot listen on {address}"))
            .because(&error)
            .hint(format!("Stop what listens there, or name another port with {other}"))
    })
}

/// Starts what is done without anybody asking.
fn beside(site: &Site) -> Vec<JoinHandle<()>> {
    let (talk, mail, feedback) = (site.talk.clone(), site.talk.clone(), site.feedback.clone());
    let reports = site.reports.clone();
    vec![
        lasting("conversations", move || talk.clone().keep()),
        lasting("mail", move || mail.clone().fetch_mail()),
        lasting("feedback", move || feedback.clone().keep()),
        lasting("alerts", move || reports.clone().watch()),
    ]
}

/// Does some work for ever. Should it panic, on a mail that nobody foresaw for example, it begins again after a while: nobody
/// would notice that it had ended.
fn lasting<F: Future<Output = ()> + Send + 'static>(what: &'static str, work: impl Fn() -> F + Send + 'static) -> JoinHandle<()> {
    tokio::spawn(async move {
        while AssertUnwindSafe(work()).catch_unwind().await.is_err() {
            tracing::error!("what looks after {what} broke off; it begins again in a minute");
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    })
}

/// Reads the token from a file, so that it stands in no list of processes.
fn metrics_token(file: &Path) -> Result<Arc<str>> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::new(format!("Cannot read the token in {}", file.display())).because(&error))?;
    let token = text.trim();
    if token.len() < TOKEN_LETTERS_MIN {
        return Err(Failure::new(format!("The token in {} is shorter than {TOKEN_LETTERS_MIN} letters", file.display()))
            .hint("Make one with: openssl rand -hex 32"));
    }
    Ok(token.into())
}

/// Draws a one-time secret where one is needed.
async fn invitation(accounts: &Accounts, wanted: bool) -> Result<Option<String>> {
    if !wanted && accounts.anybody_signed_in().await? {
        return Ok(None);
    }
    Ok(Some(accounts.invite_owner().await?.secret().to_owned()))
}

/// The secret stands behind `#`: browsers never send that part, so it reaches no log of any
/// server or proxy. Standard output itself may be kept, by a service manager.
fn announce(home: &Home, url: &str, secret: Option<&str>, format: super::Format) -> Result<()> {
    let link = secret.map(|secret| format!("{url}/#token={secret}"));
    if format == super::Format::Json {
        return say(&serde_json::json!({ "address": url, "link": link, "data": home.dir() }).to_string());
    }
    let invitation = match link {
        Some(link) => format!("Sign in once, within an hour: {link}"),
        None => "Somebody is signed in; for a new one-time link start with --link.".to_owned(),
    };
    say(&format!("Touchline serves {} at {url}\n{invitation}", home.dir().display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn what_breaks_off_does_not_end_the_rest_and_what_is_done_ends() {
        let rounds = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&rounds);
        let task = lasting("a test", move || {
            let round = counted.fetch_add(1, Ordering::SeqCst);
            async move { assert!(round > 0, "the first time it breaks off") }
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!task.is_finished(), "it waits to begin again");
        task.abort();
        assert!(task.await.is_err_and(|error| error.is_cancelled()));
        lasting("a test", || async {}).await.expect("ends well");
        assert!(is_https(Some("https://a.example")).expect("is one") && !is_https(None).expect("is none"));
        assert!(is_https(Some("a.example")).is_err());
    }
}
