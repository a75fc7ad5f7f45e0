//! The events of a batch, as they stand, up to the limit; and what lies beyond it, in one piece.

use super::super::Reason;
use super::limits::BATCH_EVENTS_MAX;
use crate::tell;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::fmt;

/// Is a list of events.
#[derive(Default)]
pub(crate) struct Batch<'a> {
    events: Option<Vec<&'a RawValue>>,
    /// The first and the last event beyond the limit.
    surplus: Option<(&'a RawValue, &'a RawValue)>,
}

impl<'a> Batch<'a> {
    /// Tells whether there is a list at all.
    pub(crate) const fn is_there(&self) -> bool {
        self.events.is_some()
    }

    /// Returns the events within the limit and, where there are more, the rest as it stands in `text`, with the reason.
    ///
    /// The rest is one piece, not thousands: it is a batch by itself that can be replayed as it is.
    pub(crate) fn parts(self, text: &'a str) -> (Vec<&'a RawValue>, Option<(Reason, &'a str)>) {
        let rest = self.surplus.map(|(first, last)| {
            // Both are parts of the text, so that the distance of their beginnings is their place in it.
            let place = |part: &RawValue| part.get().as_ptr() as usize - text.as_ptr() as usize;
            let reason = tell!(
                batch_too_long,
                "A batch has at most {limit} events: here are the rest. Replay them; send smaller batches",
                limit = BATCH_EVENTS_MAX
            );
            (reason, &text[place(first)..place(last) + last.get().len()])
        });
        (self.events.unwrap_or_default(), rest)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Batch<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Walk)
    }
}

struct Walk;

impl<'de> Visitor<'de> for Walk {
    type Value = Batch<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of events")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Batch::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut events = Vec::with_capacity(128);
        let mut surplus: Option<(&RawValue, &RawValue)> = None;
        while let Some(event) = seq.next_element::<&RawValue>()? {
            if events.len() < BATCH_EVENTS_MAX {
                events.push(event);
            } else {
                surplus = Some((surplus.map_or(event, |(first, _)| first), event));
            }
        }
        Ok(Batch { events: Some(events), surplus })
    }
}
