//! How many events a second one core reads from the wire, arrivals included; nothing is stored.
//!
//! `cargo run --release -p touchline --example wire [SECONDS]` prints a line for each kind of body: what a server
//! client sends in batches of 100, the same packed, and what a browser sends alone.

use model::Instant;
use std::time::{Duration, Instant as Stopwatch};
use touchline::features::capture::{Source, SourceKind, SourceSettings, read_again};

/// Medians of this many runs.
const RUNS: usize = 5;

fn main() {
    let seconds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1.0);
    let source = |kind| Source { name: "bench".into(), kind, write_key: "k".into(), settings: SourceSettings::default() };
    let small = batch(100, |n| {
        format!(
            r#"{{"timestamp":"2025-11-25T12:00:{:02}.123Z","type":"track","event":"Product Viewed","userId":"user-{n}","messageId":"node-next-1764072000{n:03}-0f6a63f4","properties":{{"product_id":"p-{n}","price":12.5,"category":"shoes"}},"context":{{"library":{{"name":"@segment/analytics-node","version":"3.1.0"}}}}}}"#,
            n % 60
        )
    });
    let order = batch(100, |n| {
        format!(
            r#"{{"timestamp":"2025-11-25T12:00:{:02}.123Z","type":"track","event":"Order Completed","userId":"user-{n}","anonymousId":"5ad0f9a8-4c9d-4f4c-9d4b-{n:012}","messageId":"node-next-1764072000{n:03}-0f6a63f4","properties":{{"order_id":"o-{n}","revenue":39.95,"currency":"EUR","coupon":"MAY","products":[{{"product_id":"p-1","price":19.5,"quantity":2}},{{"product_id":"p-2","price":0.95,"quantity":1}}]}},"context":{{"library":{{"name":"@segment/analytics-node","version":"3.1.0"}},"locale":"fr-FR","campaign":{{"name":"may","source":"newsletter","medium":"email"}}}}}}"#,
            n % 60
        )
    });
    let page = r#"{"timestamp":"2025-11-25T12:00:00.123Z","integrations":{},"anonymousId":"5ad0f9a8-4c9d-4f4c-9d4b-1764072000123","type":"page","properties":{"path":"/shoes","referrer":"https://find.example/","search":"?utm_source=news","title":"Shoes","url":"https://shop.example.org/shoes?utm_source=news"},"context":{"page":{"path":"/shoes","referrer":"https://find.example/","search":"?utm_source=news","title":"Shoes","url":"https://shop.example.org/shoes?utm_source=news"},"userAgent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36","userAgentData":{"brands":[{"brand":"Chromium","version":"142"}],"mobile":false,"platform":"Linux"},"locale":"en-US","library":{"name":"analytics.js","version":"npm:next-1.84.3"},"timezone":"Europe/Paris"},"messageId":"ajs-next-1764072000123-0f6a63f4","writeKey":"k","userId":null,"sentAt":"2025-11-25T12:00:00.456Z","_metadata":{"bundled":[],"unbundled":[],"bundledIds":[]}}"#;
    for (name, events, kind, body) in [
        ("server, batch of 100, views", 100, SourceKind::Server, small.as_str()),
        ("server, batch of 100, orders", 100, SourceKind::Server, order.as_str()),
        ("browser, one page", 1, SourceKind::Site, page),
    ] {
        measure(name, events, &source(kind), body.as_bytes(), Duration::from_secs_f64(seconds));
    }
}

/// Returns how long this thread has had a core: what others do on the machine at the same time does not count.
fn on_cpu() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells how long a thread has run");
    Duration::from_nanos(told.split(' ').next().and_then(|nanos| nanos.parse().ok()).expect("is a count"))
}

fn batch(events: usize, event: impl Fn(usize) -> String) -> String {
    let events: Vec<String> = (0..events).map(event).collect();
    format!(r#"{{"batch":[{}],"writeKey":"k","sentAt":"2025-11-25T12:00:59.999Z"}}"#, events.join(","))
}

#[allow(clippy::print_stdout, reason = "printing is all that it does")]
fn measure(name: &str, events: usize, source: &Source, body: &[u8], time: Duration) {
    let read = read_again("segment").expect("is a format");
    let received = Instant(1_764_072_060_000_000);
    let first = read(source, body, received);
    assert_eq!((first.arrivals.len(), first.refused.len()), (events, 0), "{:?}", first.refused);
    let mut rates: Vec<f64> = (0..RUNS)
        .map(|_| {
            let (began, busy, mut taken) = (Stopwatch::now(), on_cpu(), 0);
            while began.elapsed() < time {
                taken += std::hint::black_box(read(source, std::hint::black_box(body), received)).arrivals.len();
            }
            taken as f64 / on_cpu().saturating_sub(busy).as_secs_f64()
        })
        .collect();
    rates.sort_by(f64::total_cmp);
    let rate = rates[RUNS / 2];
    let bytes = body.len() as f64 / events as f64;
    println!("{name}: {:.0} k events/s/core, {bytes:.0} bytes an event, {:.0} MB/s", rate / 1e3, rate * bytes / 1e6);
}
