//! How the installation is: what `/readyz` says, and the numbers of `/metrics` that are not counted as they happen.

use super::super::Site;
use crate::platform::http::{Check, Looking, Vitals};
use crate::platform::operate::disk_free;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// Is how much room the disk must have for the server to call itself ready: enough for what the memory holds, once, and
/// for the state store to be put right.
const DISK_RESERVE: u64 = 64 << 20;

/// Is how far the files of the ledger may be behind what was acknowledged: flushes come every few seconds.
const FLUSH_LAG_MAX: Duration = Duration::from_secs(60);

/// Is how long the state store may take to begin a change.
const STATE_ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// Is how long a look is good for: everybody may ask, and each look takes the right to write for a moment.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Is what was seen, and when.
type Look = (Instant, Vec<Check>);

/// Looks at a site.
#[derive(Clone)]
pub(in crate::features) struct Installation {
    site: Site,
    /// The last look. Held while somebody looks: the others wait for what he sees.
    last: Arc<Mutex<Option<Look>>>,
}

impl Installation {
    pub(in crate::features) fn new(site: Site) -> Self {
        Self { site, last: Arc::default() }
    }

    async fn look(&self) -> Vec<Check> {
        let mut last = self.last.lock().await;
        if let Some((_, checks)) = last.as_ref().filter(|(when, _)| when.elapsed() < LOOK_EVERY) {
            return checks.clone();
        }
        let site = &self.site;
        let checks = vec![state(site).await, ledger(site).await, journal(site), flush(site), disk(site)];
        *last = Some((Instant::now(), checks.clone()));
        checks
    }
}

impl Vitals for Installation {
    fn checks(&self) -> Looking<Vec<Check>> {
        let this = self.clone();
        Box::pin(async move { this.look().await })
    }

    fn gauge(&self) -> Looking<()> {
        let this = self.clone();
        Box::pin(async move {
            gauge(&this.site).await;
            let is_ready = this.look().await.iter().all(|check| check.ok);
            metrics::gauge!("touchline_ready").set(f64::from(u8::from(is_ready)));
        })
    }
}

/// Begins a change, and leaves everything as it was.
async fn state(site: &Site) -> Check {
    let change = async {
        let mut transaction = site.stores.state.begin().await?;
        sqlx::query("INSERT INTO meta (key, value) VALUES ('ready', '') ON CONFLICT (key) DO NOTHING")
            .execute(&mut *transaction)
            .await?;
        drop(transaction);
        Ok::<_, state::StateError>(())
    };
    let outcome = match tokio::time::timeout(STATE_ANSWERS_WITHIN, change).await {
        Ok(Ok(())) => Ok("The state store can be written, and its tables are up to date"),
        Ok(Err(error)) => {
            tracing::warn!("the state store cannot be written: {error}");
            Err("The state store cannot be written: look at the disk of the data directory, and at the log")
        }
        Err(_) => Err("The state store does not answer: something holds it for long"),
    };
    Check::of("state", outcome)
}

/// Opens a file of the ledger.
async fn ledger(site: &Site) -> Check {
    let stores = site.stores.clone();
    let looked = tokio::task::spawn_blocking(move || {
        let files = stores.ledger().files();
        let folder = stores.dir.join(crate::platform::home::LEDGER_FOLDER);
        // One of them stands for all: whether each is as it was written is for `touchline verify` to say.
        files.first().map_or(Ok(()), |file| std::fs::File::open(folder.join(&file.path)).map(drop))
    });
    let outcome = match looked.await {
        Ok(Ok(())) => Ok("The ledger can be read"),
        _ => Err("A file of the ledger cannot be opened: run `touchline verify`"),
    };
    Check::of("ledger", outcome)
}

fn journal(site: &Site) -> Check {
    let pulse = site.capture.pulse();
    let outcome = match pulse.journal_fault {
        None if !pulse.broken_off.is_empty() => Err(format!(
            "The thread `{}` has broken off: start the server again, and report what the log says",
            pulse.broken_off[0]
        )),
        None => Ok("What arrives can be made durable"),
        Some(_) => Err("What arrives cannot be made durable: look at the disk of the data directory, and at the log".to_owned()),
    };
    Check::of("journal", outcome)
}

fn flush(site: &Site) -> Check {
    let pulse = site.capture.pulse();
    let is_behind = pulse.tail_rows > 0 && pulse.flush_lag > FLUSH_LAG_MAX;
    let outcome = if is_behind {
        Err(format!("The ledger is {} s behind what was acknowledged: the log says why", pulse.flush_lag.as_secs()))
    } else {
        Ok("The ledger keeps up")
    };
    Check::of("flush", outcome)
}

fn disk(site: &Site) -> Check {
    let outcome = match disk_free(&site.stores.dir) {
        Some(free) if free < DISK_RESERVE => {
            Err(format!("The disk has {} MB left, less than {}: make room", free >> 20, DISK_RESERVE >> 20))
        }
        Some(_) => Ok("The disk has room"),
        None => Err("The disk does not say how much room it has".to_owned()),
    };
    Check::of("disk", outcome)
}

async fn gauge(site: &Site) {
    let pulse = site.capture.pulse();
    metrics::gauge!("touchline_capture_waiting_bytes").set(pulse.waiting_bytes as f64);
    metrics::gauge!("touchline_capture_held_bytes").set(pulse.held_bytes as f64);
    metrics::gauge!("touchline_capture_tail_rows").set(pulse.tail_rows as f64);
    let lag = if pulse.tail_rows > 0 { pulse.flush_lag.as_secs_f64() } else { 0.0 };
    metrics::gauge!("touchline_flush_lag_seconds").set(lag);
    let (files, version) = {
        let ledger = site.stores.ledger();
        (ledger.files(), ledger.version())
    };
    metrics::gauge!("touchline_ledger_files").set(files.len() as f64);
    metrics::gauge!("touchline_ledger_rows").set(files.iter().map(|file| file.rows).sum::<u64>() as f64);
    metrics::gauge!("touchline_ledger_bytes").set(files.iter().map(|file| file.bytes).sum::<u64>() as f64);
    metrics::gauge!("touchline_ledger_version").set(version as f64);
    if let Some(free) = disk_free(&site.stores.dir) {
        metrics::gauge!("touchline_disk_free_bytes").set(free as f64);
    }
    // What cannot be read just now is left as it was.
    for (source, held, dropped) in site.capture.quarantine().totals().await.unwrap_or_default() {
        metrics::gauge!("touchline_quarantine_events", "source" => source.clone()).set(held as f64);
        metrics::counter!("touchline_quarantine_dropped_total", "source" => source).absolute(dropped.unsigned_abs());
    }
    metrics::gauge!("touchline_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
}
