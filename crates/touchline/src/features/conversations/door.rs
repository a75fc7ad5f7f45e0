//! The contact policy with the ledger behind it: whoever reaches out from here asks through this door, and what was not
//! sent, and why, becomes an interaction.

use super::seal::SOURCE;
use crate::failure::{Failure, Result};
use crate::features::capture::{Capture, Delivery, NotTaken};
use crate::features::people::policy::{Answer, Ask, Channel, ContactWord, Policy, Skip};
use crate::features::people::texts;
use crate::platform::clock::Clock;
use model::{ActorId, Arrival, Direction, Form, Identity, Signature};
use serde_json::json;
use state::State;

/// So many skipped messages are told to the ledger at once.
const TOLD_AT_ONCE: usize = 500;
/// The event of a message that was not sent.
pub(super) const SKIPPED: &str = "contact_skipped";
/// The event of somebody's choice.
pub(super) const CHOSEN: &str = "contact_choice";

/// Asks before it reaches somebody. Clones share everything.
#[derive(Clone)]
pub struct Door {
    policy: Policy,
    capture: Capture,
    state: State,
    clock: Clock,
}

impl Door {
    /// Opens the door.
    #[must_use]
    pub const fn new(policy: Policy, capture: Capture, state: State, clock: Clock) -> Self {
        Self { policy, capture, state, clock }
    }

    /// Returns the policy itself.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Asks to reach somebody; what is refused is told to the ledger.
    ///
    /// # Errors
    /// As [`Policy::ask`].
    pub async fn ask(&self, ask: &Ask) -> Result<Answer> {
        let answer = self.policy.ask(ask).await?;
        if matches!(answer, Answer::No(_)) {
            self.tell_skips().await?;
        }
        Ok(answer)
    }

    /// As [`Door::ask`], for many at once.
    ///
    /// # Errors
    /// As [`Policy::ask_all`].
    pub async fn ask_all(&self, asks: &[Ask]) -> Result<Vec<Answer>> {
        let answers = self.policy.ask_all(asks).await?;
        if answers.iter().any(|answer| matches!(answer, Answer::No(_))) {
            self.tell_skips().await?;
        }
        Ok(answers)
    }

    /// Tells the ledger what was not sent, and why. Telling twice changes nothing.
    ///
    /// # Errors
    /// Fails when a store does; it is told later then.
    pub async fn tell_skips(&self) -> Result<()> {
        let skips = self.policy.untold(TOLD_AT_ONCE).await?;
        if skips.is_empty() {
            return Ok(());
        }
        let actors: Vec<ActorId> = skips.iter().map(|skip| skip.actor).collect();
        let names = texts(&self.state, &actors).await?;
        let arrivals = skips.iter().filter_map(|skip| Some(skipped(skip, names.get(&skip.actor)?.clone()))).collect();
        self.deliver(arrivals).await?;
        self.policy.told(&skips).await
    }

    /// Notes what somebody chose about being contacted, as the state from now on and as an interaction.
    ///
    /// # Errors
    /// Fails when a store does; the same may be noted again.
    pub async fn choose(&self, who: ActorId, words: &[ContactWord], place: &str) -> Result<()> {
        let at = (self.clock)();
        let proof = format!("{place} at {}", at.0);
        self.policy.note(who, words, at, &proof).await?;
        let Some(identity) = texts(&self.state, &[who]).await?.remove(&who) else { return Ok(()) };
        let refused = words.iter().all(|word| !word.given);
        let form = if refused { Form::Unsubscribe } else { Form::Other };
        let signature = ours(CHOSEN, Channel::Email, place);
        let message = format!("{CHOSEN} {who} {}", at.0);
        let mut arrival = Arrival::new(message.into_bytes(), signature, at, form, Direction::Inbound);
        arrival.identities = vec![identity];
        arrival.props = serde_json::to_string(words).ok();
        self.deliver(vec![arrival]).await
    }

    /// Tells the ledger of interactions.
    ///
    /// # Errors
    /// Fails when a store does; the same may be told again.
    pub async fn deliver(&self, arrivals: Vec<Arrival>) -> Result<()> {
        if arrivals.is_empty() {
            return Ok(());
        }
        let delivery = Delivery { source: SOURCE.to_owned(), format: SOURCE, arrivals, ..Delivery::default() };
        self.capture.take(delivery).await.map(drop).map_err(|why| match why {
            NotTaken::Failed(failure) => failure,
            NotTaken::Busy { retry_after_s, .. } => {
                Failure::new("More is waiting than can be stored in good time").hint(format!("Try again in {retry_after_s} s"))
            }
        })
    }
}

/// Makes an interaction of a message that was not sent: inside the organisation, for the person met nobody.
fn skipped(skip: &Skip, who: Identity) -> Arrival {
    let Skip { key, at, why, class, tag, channel, .. } = skip;
    let message = format!("{SKIPPED} {key} {}", at.0);
    let signature = Signature { campaign: tag.clone(), ..ours(SKIPPED, *channel, "") };
    let mut arrival = Arrival::new(message.into_bytes(), signature, *at, Form::Other, Direction::Internal);
    arrival.identities = vec![who];
    arrival.arm = (why.code == "hold_out").then(|| "hold_out".to_owned());
    let told = json!({ "why": why.code, "rule": why.rule, "competing": why.competing, "class": class.name(), "message": key });
    arrival.props = Some(told.to_string());
    arrival
}

fn ours(event: &str, channel: Channel, place: &str) -> Signature {
    let channel = if channel == Channel::Email { "e-mail" } else { channel.name() };
    Signature {
        source: SOURCE.to_owned(),
        event: event.to_owned(),
        channel: channel.to_owned(),
        place: place.to_owned(),
        ..Signature::default()
    }
}
