//! How tests of formats tell what a request became: one line for each thing, without any personal value.

use super::super::{Delivery, Source, SourceKind, SourceSettings};
use super::Scene;
use super::request::Incoming;
use model::{Arrival, Instant};

/// When requests of tests come: 2023-11-14T22:13:20Z.
pub(crate) const RECEIVED: Instant = Instant(1_700_000_000_000_000);

/// Is a source to read for.
pub(crate) struct Staged(Source);

/// Makes a source of a kind.
pub(crate) fn scene_of(kind: SourceKind) -> Staged {
    let settings = SourceSettings::default();
    Staged(Source { name: "site".into(), kind, write_key: "key".into(), settings })
}

impl Staged {
    /// Sets the currency of amounts that come without one.
    pub(crate) fn paying_in(mut self, code: &str) -> Self {
        self.0.settings.currency = Some(model::Currency::parse(code).expect("is a code"));
        self
    }

    /// Returns what a format is told.
    pub(crate) fn scene(&self) -> Scene<'_> {
        Scene { source: &self.0, received: RECEIVED }
    }
}

/// Makes a request to a path.
pub(crate) fn arrived(path: &str, body: &[u8]) -> Incoming {
    let uri = if path.is_empty() { "/" } else { path };
    Incoming { uri: uri.parse().expect("is a path"), ..Incoming::again(body) }
}

/// Tells a delivery in lines: interactions, claims, traits, refusals; times in seconds after the receipt.
pub(crate) fn told(delivery: &Delivery) -> Vec<String> {
    let after = |at: Instant| (at.0 - RECEIVED.0) / 1_000_000;
    let claims = delivery
        .claims
        .iter()
        .map(|(one, other, link, at)| format!("claim {} {} {link:?} at {}", one.namespace, other.namespace, after(*at)));
    let traits = delivery.traits.iter().map(|(of, key, _, at)| format!("trait of {} {key} at {}", of.namespace, after(*at)));
    let refused = delivery.refused.iter().map(|refused| format!("refused {} {}", refused.position, refused.reason.code));
    let arrivals = delivery.arrivals.iter().map(|arrival| interaction(arrival, after(arrival.at)));
    arrivals.chain(claims).chain(traits).chain(refused).collect()
}

fn interaction(arrival: &Arrival, at: i64) -> String {
    let signature = &arrival.signature;
    let mut line = vec![arrival.form.to_string(), arrival.direction.to_string(), signature.event.clone()];
    let marks = [&signature.channel, &signature.place, &signature.campaign, &signature.touchpoint];
    line.extend(marks.into_iter().filter(|mark| !mark.is_empty()).cloned());
    line.push(format!("at {at}"));
    let names: Vec<&str> = arrival.identities.iter().map(|name| name.namespace.as_str()).collect();
    line.push(if names.is_empty() { "by nobody".to_owned() } else { format!("by {}", names.join(" ")) });
    if let Some(value) = arrival.value {
        line.push(format!("worth {value} {}", arrival.currency.map_or_else(|| "?".to_owned(), |code| code.to_string())));
    }
    line.extend(arrival.score.map(|score| format!("answers {} on {:?}", score.answer, score.scale)));
    line.extend(arrival.offer.as_ref().map(|offer| format!("offer {offer}")));
    line.extend(arrival.props.clone());
    line.join(" ")
}
