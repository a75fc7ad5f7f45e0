//! XES event logs (IEEE 1849): one row an event; attributes of its trace are columns that begin with `case:`.
//!
//! The usual columns are `case:concept:name` (who or what), `concept:name` (what happened), `time:timestamp`
//! and `org:resource`. Attributes inside attributes are left out. Lines are the numbers of the events.

use super::fuse::Fuse;
use super::{Wants, damaged, documents};
use crate::features::capture::Reason;
use crate::features::capture::import::page::{Out, Page, Stop};
use crate::features::capture::import::source::Member;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value};
use std::cell::Cell;
use std::io::{BufRead, BufReader};

/// An event, or the attributes of a trace, larger than this are none.
const EVENT_BYTES: usize = 16 << 20;

pub(super) fn read(
    member: Member<'_>,
    wants: &Wants,
    consumed: &dyn Fn() -> u64,
    send: &mut dyn FnMut(Page) -> Result<(), Stop>,
) -> Result<Vec<Reason>, Stop> {
    let mut seen = Vec::new();
    // The sample may end anywhere: what could be read of it is enough.
    let _ = events(member.sample.as_slice(), &mut |_, document| {
        documents::paths(&document, "", &mut seen);
        Ok(())
    });
    let (header, notes) = documents::header(&member.name, seen, wants)?;
    let columns = header.columns.clone();
    let mut out = Out::new(header, consumed, send);
    let result = events(member.stream, &mut |number, mut document| {
        let number = documents::without_marks(&mut document).unwrap_or(number);
        for column in &columns {
            let value = document.get(column).and_then(Value::as_str).unwrap_or_default();
            out.cell(value);
        }
        out.end_row(number, Some(Value::Object(document).to_string()))
    });
    out.finish(result).map(|()| notes)
}

/// Is where in the tree the parser stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Log,
    Trace,
    Event,
    Other,
}

/// Calls `visit` with the number and the attributes of every event.
fn events(stream: impl BufRead, visit: &mut dyn FnMut(u64, Map<String, Value>) -> Result<(), Stop>) -> Result<(), Stop> {
    let left = Cell::new(EVENT_BYTES);
    let mut xml = quick_xml::Reader::from_reader(BufReader::new(Fuse::new(stream, &left)));
    let mut buffer = Vec::new();
    let mut places = vec![Place::Other];
    let (mut number, mut trace, mut event) = (0, Map::new(), Map::new());
    loop {
        buffer.clear();
        let here = places.last().copied().unwrap_or(Place::Other);
        if here == Place::Log {
            left.set(EVENT_BYTES);
        }
        match xml.read_event_into(&mut buffer).map_err(|error| damaged(&error))? {
            Event::Start(tag) => {
                let place = enter(&tag, here);
                match place {
                    Place::Trace => trace.clear(),
                    Place::Event => event.clone_from(&trace),
                    Place::Log => {}
                    Place::Other => keep(&tag, here, &mut trace, &mut event)?,
                }
                places.push(place);
            }
            Event::Empty(tag) => keep(&tag, here, &mut trace, &mut event)?,
            Event::End(_) => {
                if here == Place::Event {
                    number += 1;
                    left.set(EVENT_BYTES);
                    visit(number, std::mem::take(&mut event))?;
                }
                places.pop();
            }
            Event::Eof if places.len() > 1 => return Err(Stop::Damaged("the event log ends in the middle".to_owned())),
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

fn enter(tag: &BytesStart<'_>, here: Place) -> Place {
    match (here, tag.local_name().as_ref().as_bytes()) {
        (Place::Other, b"log") => Place::Log,
        (Place::Log, b"trace") => Place::Trace,
        (Place::Trace, b"event") => Place::Event,
        _ => Place::Other,
    }
}

/// Keeps an attribute of the trace or of the event.
fn keep(tag: &BytesStart<'_>, here: Place, trace: &mut Map<String, Value>, event: &mut Map<String, Value>) -> Result<(), Stop> {
    if !matches!(here, Place::Trace | Place::Event) {
        return Ok(());
    }
    let (mut key, mut value) = (None, None);
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| damaged(&error))?;
        let text = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| damaged(&error))?.into_owned();
        match attribute.key.as_ref().as_bytes() {
            b"key" => key = Some(text),
            b"value" => value = Some(text),
            _ => {}
        }
    }
    if let (Some(key), Some(value)) = (key, value) {
        match here {
            Place::Trace => trace.insert(format!("case:{key}"), Value::String(value)),
            _ => event.insert(key, Value::String(value)),
        };
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_carry_the_attributes_of_their_trace() {
        let log = r#"<?xml version="1.0"?><log><global scope="event"><string key="x" value="no"/></global>
            <trace><string key="concept:name" value="case &amp; 1"/>
              <event><string key="concept:name" value="call"/><date key="time:timestamp" value="2020-01-01T10:00:00Z">
                <string key="inner" value="no"/></date></event>
              <event><string key="concept:name" value="visit"/></event></trace>
            <trace><event><string key="concept:name" value="alone"/></event></trace></log>"#;
        let mut found = Vec::new();
        events(log.as_bytes(), &mut |number, document| {
            found.push(format!("{number} {}", Value::Object(document)));
            Ok(())
        })
        .expect("well-formed");
        assert_eq!(
            found,
            [
                r#"1 {"case:concept:name":"case & 1","concept:name":"call","time:timestamp":"2020-01-01T10:00:00Z"}"#,
                r#"2 {"case:concept:name":"case & 1","concept:name":"visit"}"#,
                r#"3 {"concept:name":"alone"}"#
            ]
        );
    }

    #[test]
    fn a_log_cut_off_is_damaged() {
        let result = events(&b"<log><trace><event></event>"[..], &mut |_, _| Ok(()));
        assert!(matches!(result, Err(Stop::Damaged(_))));
    }
}
