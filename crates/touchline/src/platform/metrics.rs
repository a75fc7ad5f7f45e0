//! Numbers for whoever watches the server, in the text form of Prometheus. There is no HTTP server of their own: see
//! [`super::http::health`].
//!
//! Names bear their unit. Labels hold names of routes and sources only, so that their number stays bounded, and never
//! anything of a person. Where nobody asks, counting costs a look at a table.

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;
use std::time::Duration;

/// Bounds for the time that a request takes, in seconds: from a cached page to a whole analysis.
const SECONDS: [f64; 12] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 10.0];

/// Is how often what was observed is summed up, so that it does not pile up where nobody asks.
const UPKEEP_EVERY: Duration = Duration::from_secs(10);

/// Returns the one recorder of this process, and begins to record with the first call; `None` where another recorder
/// was there before.
fn recorder() -> Option<&'static PrometheusHandle> {
    static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    let start = || -> Result<PrometheusHandle, BuildError> {
        let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?;
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder).map_err(BuildError::FailedToSetGlobalRecorder)?;
        Ok(handle)
    };
    RECORDER.get_or_init(|| start().ok()).as_ref()
}

/// Begins to record.
pub fn start() {
    let _ = recorder();
}

/// Returns everything that was recorded.
#[must_use]
pub fn render() -> String {
    recorder().map(PrometheusHandle::render).unwrap_or_default()
}

/// Keeps what was observed from piling up, for ever.
pub async fn upkeep() {
    loop {
        tokio::time::sleep(UPKEEP_EVERY).await;
        if let Some(recorder) = recorder() {
            recorder.run_upkeep();
        }
    }
}
