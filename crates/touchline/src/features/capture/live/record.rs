//! A delivery as bytes in the journal: everything needed to take it again after a crash.
//!
//! The first byte is the version of the form. Records live for seconds, but an upgrade may come between a crash and the
//! next start: a new form gets a new version, and the old one is still read.

use crate::failure::{Failure, Result};
use crate::features::capture::{Claim, Delivery, Known};
use model::{Arrival, Currency, Direction, Flags, Form, Identity, Instant, Link, Scale, Score, Signature};
use serde::{Deserialize, Serialize};

/// Is the version of the form below: a byte with the weight of the traits, then [`Record`].
const VERSION: u8 = 2;
/// Is the version before, in which traits had no weight.
const WITHOUT_WEIGHT: u8 = 1;

/// Mirrors what of a [`Delivery`] is taken.
#[derive(Serialize, Deserialize)]
struct Record<'a> {
    received: i64,
    #[serde(borrow)]
    arrivals: Vec<ArrivalRecord<'a>>,
    claims: Vec<(Name<'a>, Name<'a>, u8, i64)>,
    traits: Vec<(Name<'a>, &'a str, &'a str, i64)>,
}

/// Is an identity: namespace and value.
type Name<'a> = (&'a str, &'a str);

/// Mirrors [`Arrival`].
#[derive(Serialize, Deserialize)]
struct ArrivalRecord<'a> {
    /// None: as in the signature.
    source: Option<&'a str>,
    message_id: &'a [u8],
    #[serde(borrow)]
    identities: Vec<Name<'a>>,
    signature: [&'a str; 6],
    at: i64,
    received: Option<i64>,
    sent: Option<i64>,
    original: Option<i64>,
    form: u8,
    direction: u8,
    value: Option<i64>,
    cost: Option<i64>,
    currency: Option<&'a str>,
    score: Option<(u8, i16)>,
    reply_to: Option<&'a [u8]>,
    offer: Option<&'a str>,
    arm: Option<&'a str>,
    campaign: Option<&'a str>,
    conversation: Option<&'a str>,
    flags: u32,
    props: Option<&'a str>,
    text: Option<&'a str>,
}

/// Writes a delivery that came at this moment, without what was refused.
///
/// # Errors
/// Fails when the form cannot be written, which no value of these types should cause.
pub(super) fn encode(delivery: &Delivery, received: Instant) -> Result<Vec<u8>> {
    let record = Record {
        received: received.0,
        arrivals: delivery.arrivals.iter().map(arrival_record).collect(),
        claims: delivery.claims.iter().map(|(one, other, link, at)| (name(one), name(other), link_number(*link), at.0)).collect(),
        traits: delivery
            .traits
            .iter()
            .map(|(identity, key, value, at)| (name(identity), key.as_str(), value.as_str(), at.0))
            .collect(),
    };
    let unwritten = |error| Failure::new("Cannot write a delivery into the journal").because(&error);
    postcard::to_extend(&record, vec![VERSION, delivery.trait_weight]).map_err(unwritten)
}

/// Reads a delivery, and when it came.
///
/// # Errors
/// Fails when the bytes are in a form that this version does not know.
pub(super) fn decode(bytes: &[u8]) -> Result<(Delivery, Instant)> {
    let unknown = || {
        Failure::new("The journal holds a delivery in a form that this version does not know")
            .hint("Start the version that wrote it once more, or a newer one")
    };
    let (trait_weight, body) = match bytes {
        [VERSION, weight, body @ ..] => (*weight, body),
        [WITHOUT_WEIGHT, body @ ..] => (0, body),
        _ => return Err(unknown()),
    };
    let record: Record<'_> = postcard::from_bytes(body).map_err(|error| unknown().because(&error))?;
    let arrivals = record.arrivals.iter().map(arrival).collect::<Option<Vec<_>>>().ok_or_else(unknown)?;
    let claim = |(one, other, link, at): &(Name<'_>, Name<'_>, u8, i64)| -> Option<Claim> {
        Some((identity(one), identity(other), link_from(*link)?, Instant(*at)))
    };
    let claims = record.claims.iter().map(claim).collect::<Option<Vec<_>>>().ok_or_else(unknown)?;
    let known = |(name, key, value, at): &(Name<'_>, &str, &str, i64)| -> Known {
        (identity(name), (*key).to_owned(), (*value).to_owned(), Instant(*at))
    };
    let traits = record.traits.iter().map(known).collect();
    Ok((Delivery { arrivals, claims, traits, trait_weight, ..Delivery::default() }, Instant(record.received)))
}

fn arrival_record(arrival: &Arrival) -> ArrivalRecord<'_> {
    let Signature { source, event, channel, place, campaign, touchpoint } = &arrival.signature;
    ArrivalRecord {
        source: Some(arrival.source.as_str()).filter(|own| own != source),
        message_id: &arrival.message_id,
        identities: arrival.identities.iter().map(name).collect(),
        signature: [source, event, channel, place, campaign, touchpoint],
        at: arrival.at.0,
        received: arrival.received.map(|at| at.0),
        sent: arrival.sent.map(|at| at.0),
        original: arrival.original.map(|at| at.0),
        form: arrival.form as u8,
        direction: arrival.direction as u8,
        value: arrival.value,
        cost: arrival.cost,
        currency: arrival.currency.as_ref().map(Currency::code),
        score: arrival.score.map(|score| (score.scale as u8, score.answer)),
        reply_to: arrival.reply_to.as_deref(),
        offer: arrival.offer.as_deref(),
        arm: arrival.arm.as_deref(),
        campaign: arrival.campaign.as_deref(),
        conversation: arrival.conversation.as_deref(),
        flags: arrival.flags.0,
        props: arrival.props.as_deref(),
        text: arrival.text.as_deref(),
    }
}

/// Reads an arrival; `None` when a number in it is unknown.
fn arrival(record: &ArrivalRecord<'_>) -> Option<Arrival> {
    let [source, event, channel, place, campaign, touchpoint] = record.signature.map(str::to_owned);
    let text = |text: Option<&str>| text.map(str::to_owned);
    let score = |(scale, answer)| Score::new(Scale::from_number(scale)?, answer);
    Some(Arrival {
        source: record.source.map_or_else(|| source.clone(), str::to_owned),
        message_id: record.message_id.to_vec(),
        identities: record.identities.iter().map(identity).collect(),
        signature: Signature { source, event, channel, place, campaign, touchpoint },
        at: Instant(record.at),
        received: record.received.map(Instant),
        sent: record.sent.map(Instant),
        original: record.original.map(Instant),
        form: Form::from_number(record.form)?,
        direction: Direction::from_number(record.direction)?,
        value: record.value,
        cost: record.cost,
        currency: record.currency.map(Currency::parse).transpose().ok()?,
        score: record.score.map(|pair| score(pair).ok_or(())).transpose().ok()?,
        reply_to: record.reply_to.map(<[u8]>::to_vec),
        offer: text(record.offer),
        arm: text(record.arm),
        campaign: text(record.campaign),
        conversation: text(record.conversation),
        flags: Flags(record.flags),
        props: text(record.props),
        text: text(record.text),
    })
}

fn name(identity: &Identity) -> Name<'_> {
    (&identity.namespace, &identity.value)
}

fn identity((namespace, value): &Name<'_>) -> Identity {
    Identity { namespace: (*namespace).to_owned(), value: (*value).to_owned() }
}

const fn link_number(link: Link) -> u8 {
    link as u8
}

const fn link_from(number: u8) -> Option<Link> {
    match number {
        0 => Some(Link::Manual),
        1 => Some(Link::Together),
        2 => Some(Link::Renamed),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(value: &str) -> Identity {
        Identity::new("email", value).expect("not blank")
    }

    fn full() -> Arrival {
        let signature = Signature {
            source: "shop".into(),
            event: "order".into(),
            channel: "web".into(),
            place: "shop.example/*".into(),
            campaign: "spring".into(),
            touchpoint: "checkout".into(),
        };
        Arrival {
            source: "till".into(),
            identities: vec![named("ada@example.org"), named("countess@example.org")],
            received: Some(Instant(-3)),
            sent: Some(Instant(i64::MAX)),
            original: Some(Instant(i64::MIN)),
            value: Some(-1),
            cost: Some(i64::MIN),
            currency: Some(Currency::EUR),
            score: Score::new(Scale::Five, 4),
            reply_to: Some(vec![0, 255]),
            offer: Some(String::new()),
            arm: Some("b".into()),
            campaign: Some("été".into()),
            conversation: Some("c\u{0}1".into()),
            flags: Flags(u32::MAX),
            props: Some("{}".into()),
            text: Some("good morning".into()),
            ..Arrival::new(vec![1, 2, 255], signature, Instant(7), Form::Purchase, Direction::Inbound)
        }
    }

    #[test]
    fn everything_that_is_taken_survives() {
        let plain = Arrival::new(Vec::new(), Signature::default(), Instant(0), Form::Visit, Direction::Outbound);
        let delivery = Delivery {
            arrivals: vec![full(), plain],
            claims: vec![(named("a"), named("b"), Link::Renamed, Instant(9))],
            traits: vec![(named("a"), "tier".into(), "gold".into(), Instant(5))],
            trait_weight: 7,
            ..Delivery::default()
        };
        let bytes = encode(&delivery, Instant(77)).expect("writes");
        assert_eq!(decode(&bytes).expect("reads"), (delivery.clone(), Instant(77)));
        let old = [&[WITHOUT_WEIGHT], &bytes[2..]].concat();
        assert_eq!(decode(&old).expect("reads"), (Delivery { trait_weight: 0, ..delivery }, Instant(77)));
    }

    #[test]
    fn every_link_has_its_number() {
        for link in [Link::Manual, Link::Together, Link::Renamed] {
            assert_eq!(link_from(link_number(link)), Some(link));
        }
    }

    #[test]
    fn another_form_is_refused() {
        let bytes = encode(&Delivery::default(), Instant(1)).expect("writes");
        for strange in [&[][..], &[VERSION + 1], &[VERSION], &[VERSION, 0], &[WITHOUT_WEIGHT], &bytes[..bytes.len() - 1]] {
            assert!(decode(strange).is_err(), "{strange:?}");
        }
    }
}
