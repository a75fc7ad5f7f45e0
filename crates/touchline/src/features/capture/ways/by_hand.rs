//! Entries by hand: calls, visits, meetings, letters, events, which no machine reports.
//!
//! An entry is a fact like any other and is never changed or taken away. Whoever was wrong enters a correction: a fact
//! inside the organisation that answers the wrong one, with the difference in money and a note. Counts of contacts stay as
//! they were entered, sums of money become right, and the time line of the person shows both.

use super::{Ways, draw_id};
use crate::failure::Result;
use crate::features::account::Worker;
use crate::features::capture::import::amount::minor_units;
use crate::features::capture::{Caller, Delivery, NotTaken, SourceKind};
use crate::features::map::Maps;
use crate::platform::http::{Body, Problem, Refusal};
use crate::telling::Telling;
use crate::{fail, tell};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use model::map::nearest;
use model::time::{DAY, SECOND};
use model::{Arrival, Currency, Direction, Form, Identity, Instant, InteractionId, Signature};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The source of all entries.
const SOURCE: &str = "by-hand";
/// A note is what somebody can type after a call.
const NOTE_MAX: usize = 10_000;
/// Words of a signature: the map shows them.
const WORD_MAX: usize = 200;
/// The longest address of e-mail has 254 bytes.
const NAME_MAX: usize = 320;
/// Several people in one meeting are several entries.
const NAMES_MAX: usize = 10;
/// The clock of whoever enters may be fast; what lies further ahead has not happened.
const AHEAD_MAX: i64 = 300 * SECOND;
/// Nobody remembers what was before: it is a mistyped year.
const BEHIND_MAX: i64 = 100 * 366 * DAY;

/// Is what somebody enters.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A telephone or video call.
    Call,
    /// Somebody came by, or was visited.
    Visit,
    /// People sat together.
    Meeting,
    /// A letter or card.
    Letter,
    /// Somebody took part in an event.
    Event,
    /// A message of any written channel.
    Message,
    /// A complaint, however it came.
    Complaint,
    /// Somebody recommended us to somebody.
    Referral,
    /// Something was bought, signed or enrolled for.
    Purchase,
    /// An earlier entry was wrong.
    Correction,
}

impl What {
    /// Returns form, direction where nothing is said, channel and event.
    const fn meaning(self) -> (Form, Direction, &'static str, &'static str) {
        match self {
            Self::Call => (Form::Call, Direction::Inbound, "phone", "call"),
            Self::Visit => (Form::Visit, Direction::Inbound, "in person", "visit"),
            Self::Meeting => (Form::Conversation, Direction::TwoWay, "in person", "meeting"),
            Self::Letter => (Form::Message, Direction::Inbound, "post", "letter"),
            Self::Event => (Form::Visit, Direction::Inbound, "event", "event"),
            Self::Message => (Form::Message, Direction::Inbound, "", "message"),
            Self::Complaint => (Form::Complaint, Direction::Inbound, "", "complaint"),
            Self::Referral => (Form::Referral, Direction::Inbound, "", "referral"),
            Self::Purchase => (Form::Purchase, Direction::Inbound, "", "purchase"),
            Self::Correction => (Form::Other, Direction::Internal, "", "correction"),
        }
    }
}

/// Is a name of a person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = HandName)]
pub struct Who {
    /// The kind of name: `email`, `phone`, `customer` …
    pub namespace: String,
    /// The name itself.
    pub value: String,
}

impl std::fmt::Debug for Who {
    /// Shows the kind only: the name is personal.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:…", self.namespace)
    }
}

impl std::str::FromStr for Who {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (namespace, value) = text.split_once(':').ok_or("write it as `email:ann@example.org`")?;
        Ok(Self { namespace: namespace.to_owned(), value: value.to_owned() })
    }
}

/// Is an amount of money.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// The amount with a decimal point, such as `12.50`; less than zero where money went back.
    pub amount: String,
    /// The currency, such as `EUR`.
    #[schema(value_type = String)]
    pub currency: Currency,
}

impl std::str::FromStr for Money {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (amount, currency) = text.trim().rsplit_once(' ').ok_or("write it as `12.50 EUR`")?;
        let currency = Currency::parse(currency).map_err(|error| error.to_string())?;
        Ok(Self { amount: amount.trim().to_owned(), currency })
    }
}

/// Is by what the map recognises an entry. What is left out follows from what was entered.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HandSignal {
    /// The event.
    pub event: Option<String>,
    /// The channel.
    pub channel: Option<String>,
    /// The place: a branch, a telephone number of ours, a fair.
    pub place: Option<String>,
    /// The campaign.
    pub campaign: Option<String>,
}

/// Is one entry.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = HandEntry)]
pub struct Entry {
    /// What happened.
    pub what: What,
    /// An id of one's own: the same entry sent twice is then one. Drawn where none is given.
    #[serde(default)]
    pub id: Option<String>,
    /// When, RFC 3339 or `2026-11-25 10:30` in UTC. The default is now.
    #[serde(default)]
    pub at: Option<String>,
    /// With whom: every name that is known, the strongest first. None: with somebody unknown.
    #[serde(default)]
    pub who: Vec<Who>,
    /// The touchpoint, by its id in the map.
    #[serde(default)]
    pub touchpoint: String,
    /// By what the map recognises it.
    #[serde(default)]
    pub signal: HandSignal,
    /// The form, where it is another than `what` says.
    #[serde(default)]
    pub form: Option<Form>,
    /// Who spoke to whom.
    #[serde(default)]
    pub direction: Option<Direction>,
    /// How long it took, in seconds.
    #[serde(default)]
    pub duration_s: Option<u32>,
    /// What came of it, such as `signed`: a purchase, one second later, which bears the value.
    #[serde(default)]
    pub outcome: Option<String>,
    /// What it was worth; of a correction, the difference.
    #[serde(default)]
    pub value: Option<Money>,
    /// What was said. It is kept sealed, for as long as the person is.
    #[serde(default)]
    pub note: Option<String>,
    /// The id of the entry that a correction corrects.
    #[serde(default)]
    pub corrects: Option<String>,
}

/// Says what became of an entry, once it is durable.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Entered {
    /// Its id, by which it can be corrected.
    pub id: String,
    /// Its number in the ledger.
    pub interaction: String,
    /// Whether it is new; it is not, where the same id was entered before.
    pub added: bool,
    /// What whoever entered it should know: the map has no such touchpoint. It was entered all the same, for a map may
    /// change and a call that took place may not get lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<Telling>,
}

/// Returns the route behind the door.
pub(super) fn routes() -> OpenApiRouter<Ways> {
    OpenApiRouter::new().routes(routes!(enter))
}

/// Enters what no machine reports. A correction is a new entry; none is ever changed or taken away.
#[utoipa::path(post, path = "/api/capture/interactions", tag = "capture", request_body = Entry, responses(
    (status = 200, description = "The same id was entered before.", body = Entered),
    (status = 201, body = Entered),
    (status = 400, description = "The entry says too little, or what cannot be.", body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 503, description = "It could not be stored; send the same again.", body = Problem),
))]
async fn enter(_: Worker, State(ways): State<Ways>, Body(entry): Body<Entry>) -> Result<Response, Refusal> {
    let advice = advice(&ways, &entry.touchpoint).await?;
    let (delivery, mut entered) = delivery(entry, ways.now()).map_err(Refusal::told)?;
    entered.advice = advice;
    // A source of this name may be registered for the sake of its settings, such as how long entries are kept.
    let source = ways.source_named(SOURCE, SourceKind::Server);
    match ways.capture.take_from(delivery, &source, &Caller::default()).await {
        Ok(receipt) => {
            entered.added = receipt.added > 0;
            let status = if entered.added { StatusCode::CREATED } else { StatusCode::OK };
            Ok((status, Json(entered)).into_response())
        }
        Err(NotTaken::Busy { retry_after_s, .. }) => Err(Refusal::because_of(
            StatusCode::SERVICE_UNAVAILABLE,
            fail!(
                hand_busy,
                "More is waiting than can be stored in good time",
                "Try again in {seconds} s",
                seconds = retry_after_s
            ),
        )),
        Err(NotTaken::Failed(failure)) => Err(failure.into()),
    }
}

/// Says that the map has no such touchpoint, and what may be meant; `None` where all is well.
async fn advice(ways: &Ways, touchpoint: &str) -> Result<Option<Telling>> {
    let Some(version) = Maps::new(ways.state.clone()).current().await? else { return Ok(None) };
    let touchpoint = touchpoint.trim();
    let known = || version.map.touchpoints.iter().map(|known| known.id.as_str());
    if touchpoint.is_empty() || known().any(|id| id == touchpoint) {
        return Ok(None);
    }
    Ok(Some(match nearest(touchpoint, known()) {
        Some(near) => tell!(
            hand_touchpoint_misspelt,
            "The map has no touchpoint `{touchpoint}`: the entry counts nowhere until it has one, or a rule binds it. Did you mean `{near}`?",
            touchpoint = touchpoint,
            near = near
        ),
        None => tell!(
            hand_touchpoint,
            "The map has no touchpoint `{touchpoint}`: the entry counts nowhere until it has one, or a rule binds it.",
            touchpoint = touchpoint
        ),
    }))
}

/// Checks an entry and makes of it what is stored. [`Entered::added`] is said by whoever stores it.
///
/// # Errors
/// Says what is missing, or cannot be.
fn delivery(entry: Entry, now: Instant) -> Result<(Delivery, Entered)> {
    if (entry.what == What::Correction) != entry.corrects.is_some() {
        return Err(fail!(
            hand_correction,
            "A correction names the entry that it corrects, and nothing else does",
            "Give the id of the wrong entry as `corrects`"
        ));
    }
    let at = moment(entry.at.as_deref(), now)?;
    let (form, direction, channel, event) = entry.what.meaning();
    let word = |name: &str, given: Option<String>, otherwise: &str| -> Result<String> {
        let text = given.unwrap_or_else(|| otherwise.to_owned());
        let is_word = text.len() <= WORD_MAX && !text.chars().any(char::is_control);
        if is_word {
            Ok(text.trim().to_owned())
        } else {
            Err(fail!(hand_word, "`{field}` is at most {limit} bytes of plain text", field = name, limit = WORD_MAX))
        }
    };
    let signature = Signature {
        source: SOURCE.to_owned(),
        event: word("event", entry.signal.event, event)?,
        channel: word("channel", entry.signal.channel, channel)?,
        place: word("place", entry.signal.place, "")?,
        campaign: word("campaign", entry.signal.campaign, "")?,
        touchpoint: word("touchpoint", Some(entry.touchpoint), "")?,
    };
    let id = match entry.id {
        Some(id) => word("id", Some(id), "")?,
        None => blake3::hash(&draw_id()).to_hex()[..32].to_owned(),
    };
    if id.is_empty() {
        return Err(fail!(hand_id_empty, "`id` is empty", "Leave it out, and one is drawn"));
    }
    let note = entry.note.map(|note| note.trim().to_owned()).filter(|note| !note.is_empty());
    if note.as_ref().is_some_and(|note| note.len() > NOTE_MAX) {
        return Err(fail!(
            hand_note,
            "The note is longer than {limit} bytes",
            "Keep the rest in a file of your own",
            limit = NOTE_MAX
        ));
    }
    let (value, currency) = match entry.value {
        None => (None, None),
        Some(money) => {
            let minor = minor_units(&money.amount, money.currency)
                .ok_or_else(|| fail!(hand_amount, "The value is no amount", "Write it with a decimal point, such as 12.50"))?;
            (Some(minor), Some(money.currency))
        }
    };
    let outcome = entry.outcome.map(|outcome| word("outcome", Some(outcome), "")).transpose()?.filter(|text| !text.is_empty());
    let props = entry.duration_s.map(|seconds| serde_json::json!({ "duration_s": seconds }).to_string());
    let mut first = Arrival {
        identities: names(&entry.who)?,
        reply_to: entry.corrects.map(String::into_bytes),
        props,
        text: note,
        ..Arrival::new(id.clone().into_bytes(), signature, at, entry.form.unwrap_or(form), entry.direction.unwrap_or(direction))
    };
    let entered = Entered { interaction: InteractionId::of(SOURCE, id.as_bytes()).to_string(), id, added: false, advice: None };
    let mut arrivals = Vec::with_capacity(2);
    match outcome {
        None => (first.value, first.currency) = (value, currency),
        // As in an import: what comes of a row follows one second after it.
        Some(outcome) => arrivals.push(Arrival {
            identities: first.identities.clone(),
            value,
            currency,
            ..Arrival::new(
                [&first.message_id, &b"!1"[..]].concat(),
                Signature { event: outcome, touchpoint: String::new(), ..first.signature.clone() },
                Instant(at.0 + SECOND),
                Form::Purchase,
                Direction::Inbound,
            )
        }),
    }
    arrivals.insert(0, first);
    Ok((Delivery { source: SOURCE.to_owned(), format: "by-hand", arrivals, ..Delivery::default() }, entered))
}

fn moment(text: Option<&str>, now: Instant) -> Result<Instant> {
    let Some(text) = text else {
        return Ok(now);
    };
    let stamp = text.trim().parse::<jiff::Timestamp>().ok().or_else(|| {
        let civil: jiff::civil::DateTime = text.trim().parse().ok()?;
        Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    });
    let at = stamp.map(|stamp| Instant(stamp.as_microsecond()));
    let at = at.ok_or_else(|| {
        fail!(hand_time, "`at` is no time", "Write it as 2026-11-25T10:30:00+01:00, or 2026-11-25 10:30 in UTC")
    })?;
    if at.0 > now.0 + AHEAD_MAX {
        return Err(fail!(hand_future, "`at` lies in the future", "Enter what has happened, after it has"));
    }
    if at.0 < now.0 - BEHIND_MAX {
        return Err(fail!(hand_early, "`at` lies more than a hundred years back", "Compare the year"));
    }
    Ok(at)
}

fn names(who: &[Who]) -> Result<Vec<Identity>> {
    if who.len() > NAMES_MAX {
        return Err(fail!(
            hand_names,
            "One person has at most {limit} names in an entry",
            "Enter several people one by one",
            limit = NAMES_MAX
        ));
    }
    let name = |who: &Who| {
        let is_kind = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '_';
        if who.namespace.is_empty() || who.namespace.len() > 40 || !who.namespace.chars().all(is_kind) {
            return Err(fail!(
                hand_name_kind,
                "The kind of a name has 1 to 40 letters of a to z, 0 to 9 and _",
                "Such as `email`, `phone`, `customer`"
            ));
        }
        let is_mail = who.namespace == "email";
        let value = if is_mail { who.value.trim().to_lowercase() } else { who.value.trim().to_owned() };
        // The value is personal: it is not repeated.
        let unreadable = || {
            let kind = &who.namespace;
            fail!(hand_name, "A name of the kind `{kind}` cannot be read", "Compare what was typed", kind = kind)
        };
        let is_long = value.len() > NAME_MAX || value.chars().any(char::is_control);
        if value.is_empty() || is_long || (is_mail && !value.contains('@')) {
            return Err(unreadable());
        }
        Identity::new(&who.namespace, &value).ok_or_else(unreadable)
    };
    who.iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant(1_764_000_000 * SECOND);

    fn entry(what: What) -> Entry {
        let text = format!("{{\"what\":{}}}", serde_json::to_string(&what).expect("a word"));
        serde_json::from_str(&text).expect("what alone is enough")
    }

    fn who(text: &str) -> Vec<Who> {
        vec![text.parse().expect("a name")]
    }

    #[test]
    fn every_kind_of_entry_has_its_form() {
        let expected = [
            (What::Call, Form::Call, "phone"),
            (What::Visit, Form::Visit, "in person"),
            (What::Meeting, Form::Conversation, "in person"),
            (What::Letter, Form::Message, "post"),
            (What::Event, Form::Visit, "event"),
        ];
        for (what, form, channel) in expected {
            let (delivery, _) = delivery(entry(what), NOW).expect("is taken");
            let [arrival] = delivery.arrivals.as_slice() else { panic!("one interaction") };
            assert_eq!((arrival.form, arrival.signature.channel.as_str(), arrival.at), (form, channel, NOW));
        }
    }

    #[test]
    fn an_outcome_follows_and_bears_the_value() {
        let call = Entry {
            who: who("email: Ann@Example.org"),
            value: Some("-1200.5 EUR".parse().expect("money")),
            outcome: Some("signed".to_owned()),
            note: Some(" wants it blue ".to_owned()),
            duration_s: Some(90),
            ..entry(What::Call)
        };
        let (delivery, entered) = delivery(call, NOW).expect("is taken");
        let [call, signed] = delivery.arrivals.as_slice() else { panic!("two interactions") };
        assert_eq!((call.value, call.text.as_deref()), (None, Some("wants it blue")));
        assert_eq!(call.props.as_deref(), Some("{\"duration_s\":90}"));
        assert_eq!(call.identities, [Identity::new("email", "ann@example.org").expect("a name")]);
        assert_eq!((signed.form, signed.value, signed.currency), (Form::Purchase, Some(-120_050), Some(Currency::EUR)));
        assert_eq!((signed.at.0 - call.at.0, signed.identities == call.identities), (SECOND, true));
        assert_ne!(signed.id(), call.id());
        assert_eq!(entered.interaction, call.id().to_string());
    }

    #[test]
    fn a_correction_answers_what_was_wrong() {
        let first = delivery(Entry { id: Some("e1".to_owned()), ..entry(What::Purchase) }, NOW).expect("is taken").0;
        let correction =
            Entry { corrects: Some("e1".to_owned()), value: Some("-10 EUR".parse().expect("money")), ..entry(What::Correction) };
        let (delivery, _) = delivery(correction, NOW).expect("is taken");
        let arrival = &delivery.arrivals[0];
        assert_eq!((arrival.direction, arrival.value), (Direction::Internal, Some(-1_000)));
        let answered = arrival.reply_to.as_ref().map(|id| InteractionId::of(&arrival.source, id));
        assert_eq!(answered, Some(first.arrivals[0].id()));
    }

    #[track_caller]
    fn check_refused(entry: Entry, says: &str) {
        let failure = delivery(entry, NOW).expect_err("is refused");
        assert!(failure.to_string().contains(says), "{failure}");
        assert!(!failure.to_string().contains("nn@"), "no name is repeated: {failure}");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let at = |text: &str| Entry { at: Some(text.to_owned()), ..entry(What::Call) };
        check_refused(at("yesterday"), "no time");
        check_refused(at("2125-01-01T00:00:00Z"), "future");
        check_refused(at("1825-01-01T00:00:00Z"), "hundred years");
        check_refused(entry(What::Correction), "names the entry");
        check_refused(Entry { corrects: Some("x".to_owned()), ..entry(What::Call) }, "names the entry");
        check_refused(Entry { who: who("E-Mail:ann@example.org"), ..entry(What::Call) }, "kind of a name");
        check_refused(Entry { who: who("email:nn"), ..entry(What::Call) }, "cannot be read");
        check_refused(Entry { note: Some("x".repeat(NOTE_MAX + 1)), ..entry(What::Call) }, "note");
        check_refused(Entry { touchpoint: "x".repeat(WORD_MAX + 1), ..entry(What::Call) }, "touchpoint");
        let odd = Money { amount: "twelve".to_owned(), currency: Currency::EUR };
        check_refused(Entry { value: Some(odd), ..entry(What::Call) }, "no amount");
        check_refused(Entry { id: Some(" ".to_owned()), ..entry(What::Call) }, "`id` is empty");
    }

    #[test]
    fn times_without_a_zone_are_utc() {
        assert_eq!(
            moment(Some("2025-11-24 10:30"), NOW).expect("a time"),
            moment(Some("2025-11-24T11:30:00+01:00"), NOW).expect("a time")
        );
    }
}
