//! What must hold of whatever foreigners send. The fuzzer looks for what breaks it; a test replays what it has found.
#![allow(dead_code, unreachable_pub, reason = "each target uses its own check")]

use model::Instant;
use touchline::features::capture::import::{Import, Preview, mapping::Mapping, run};
use touchline::features::capture::{Source, SourceKind, SourceSettings, formats, read_again};

/// When everything is received: 2025-11-25T12:00:00Z.
const RECEIVED: Instant = Instant(1_764_072_000_000_000);

/// Reads a body in the format that the first line names; in every format where it names none.
pub fn events(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (named, body) = (&data[..end], &data[(end + 1).min(data.len())..]);
    let known: Vec<&str> = formats().filter(|name| name.as_bytes() == named).collect();
    let names = if known.is_empty() { formats().collect() } else { known };
    for name in names {
        for kind in [SourceKind::Site, SourceKind::Server] {
            let settings = SourceSettings::default();
            in_format(name, &Source { name: "fuzz".into(), kind, write_key: "k".into(), settings }, body);
        }
    }
}

fn in_format(name: &str, source: &Source, body: &[u8]) {
    let read = read_again(name).expect("is listed");
    let delivery = read(source, body, RECEIVED);
    assert_eq!(delivery, read(source, body, RECEIVED), "{name}: read twice it is not the same");
    for arrival in &delivery.arrivals {
        assert!(arrival.at <= RECEIVED, "{name}: it happened after it was received");
        assert!(!arrival.message_id.is_empty() && arrival.source == source.name, "{name}: it cannot be told from another");
        let is_readable = |json: &String| serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(json).is_ok();
        assert!(arrival.props.as_ref().is_none_or(is_readable), "{name}: properties that nobody can read");
        let signature = &arrival.signature;
        let texts = [&signature.event, &signature.channel, &signature.place, &signature.campaign, &signature.touchpoint];
        assert!(texts.iter().all(|text| !text.contains('\0')), "{name}: a NUL in a name");
        assert!(arrival.identities.iter().all(|identity| !identity.value.contains('\0')), "{name}: a NUL in an identity");
    }
    // What is refused can be offered again and is no less than it was.
    for refused in &delivery.refused {
        let again = read(source, &refused.raw, RECEIVED);
        let count = again.arrivals.len() + again.claims.len() + again.traits.len() + again.refused.len();
        let (code, raw) = (&refused.reason.code, String::from_utf8_lossy(&refused.raw));
        // A list in the place of an event is read again as a list of events: an empty one is nothing.
        let is_nothing = raw.chars().all(|sign| sign.is_whitespace() || "[]".contains(sign));
        assert!(count > 0 || is_nothing, "{name}: refused as {code}, and lost when read again: {raw}");
    }
}

/// Imports a file by a mapping; they are parted by a line of `---`.
pub fn mapping(data: &[u8]) {
    const PART: &[u8] = b"\n---\n";
    let Some(at) = data.windows(PART.len()).position(|window| window == PART) else {
        return;
    };
    let (mapping, content) = (&data[..at], &data[at + PART.len()..]);
    let Ok(mapping) = Mapping::parse(&String::from_utf8_lossy(mapping), "fuzz") else {
        return;
    };
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("rows.csv");
    std::fs::write(&file, content).expect("is written");
    let import =
        Import { file: &file, mapping: &mapping, mapping_folder: None, rejects_folder: None, dry_run: true, rows_max: None };
    // That it fails is allowed; that it panics is not.
    let _ = run(&import, &mut Preview::default(), &mut |_| ());
}
