//! Arrivals in the form in which they are stored: names as numbers, and beside the rows what the state store must learn
//! of people. Making a batch needs no store, so every request does it for itself.

use super::{Claim, Known};
use crate::failure::Result;
use crate::features::people::{Trait, collision};
use crate::platform::id_map::IdMap;
use model::{ActorId, Arrival, Flags, Identity, IdentityFact, Instant, Interaction, InteractionId, Link, SignalId};
use std::sync::Arc;

/// Is what some arrivals, claims and traits bring.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// The interactions. They may be part of the ledger's tail at the same time.
    pub(super) rows: Arc<Vec<Interaction>>,
    /// Interactions of which only the ledger's files can tell whether they are new; no part of the tail.
    pub(super) suspects: Vec<Interaction>,
    /// Who is named in it.
    pub(super) met: IdMap<ActorId, Identity>,
    /// Who is one person with whom.
    pub(super) facts: Vec<IdentityFact>,
    /// What is known of people.
    pub(super) traits: Vec<Trait>,
}

impl Batch {
    /// Puts arrivals, whose signatures have these numbers, into the form in which they are stored. Several identities
    /// on one arrival state that they belong together. Traits come with the weight of their source.
    ///
    /// # Errors
    /// Fails when two identities have the same number.
    pub(super) fn of(
        arrivals: Vec<Arrival>,
        signals: &[SignalId],
        claims: Vec<Claim>,
        traits: (Vec<Known>, u8),
        received: Instant,
        marks: Flags,
    ) -> Result<Self> {
        debug_assert_eq!(arrivals.len(), signals.len(), "every arrival has a signal");
        let mut this = Self::default();
        let mut rows = Vec::with_capacity(arrivals.len());
        for (arrival, signal) in arrivals.into_iter().zip(signals) {
            let strongest = this.greet(&arrival)?;
            debug_assert!(arrival.text.is_none(), "texts are sealed before");
            rows.push(interaction(arrival, strongest, *signal, received, marks));
        }
        for (one, other, link, at) in claims {
            this.meet(&one)?;
            this.meet(&other)?;
            this.facts.extend(IdentityFact::new(&one, &other, link, at));
        }
        let (traits, weight) = traits;
        for (identity, key, value, at) in traits {
            let actor = this.meet(&identity)?;
            this.traits.push(Trait { actor, key, value, at, weight: i64::from(weight) });
        }
        this.rows = Arc::new(rows);
        Ok(this)
    }

    /// Notes what an arrival says of its identities. Returns the strongest; `None` for the anonymous.
    ///
    /// An ephemeral identity is nobody's name: it is not kept.
    fn greet(&mut self, arrival: &Arrival) -> Result<Option<ActorId>> {
        if arrival.flags.has(Flags::EPHEMERAL) {
            return Ok(arrival.identities.first().map(Identity::actor));
        }
        let mut strongest = None;
        for identity in &arrival.identities {
            let actor = self.meet(identity)?;
            let (first, _) = *strongest.get_or_insert((identity, actor));
            if first != identity {
                let fact = IdentityFact::new(first, identity, Link::Together, arrival.at);
                self.facts.extend(fact.map(|fact| fact.said_by(arrival.id())));
            }
        }
        Ok(strongest.map(|(_, actor)| actor))
    }

    /// Returns the number of an identity. Its text is copied only once.
    fn meet(&mut self, identity: &Identity) -> Result<ActorId> {
        let actor = identity.actor();
        let noted = self.met.entry(actor).or_insert_with(|| identity.clone());
        if noted == identity { Ok(actor) } else { Err(collision(actor, identity)) }
    }
}

fn interaction(arrival: Arrival, strongest: Option<ActorId>, signal: SignalId, received: Instant, marks: Flags) -> Interaction {
    let (actor, flags) = strongest.map_or_else(|| arrival.actor(), |actor| (actor, Flags::default()));
    Interaction {
        id: arrival.id(),
        actor,
        at: arrival.at,
        received: arrival.received.unwrap_or(received),
        sent: arrival.sent,
        original: arrival.original,
        signal,
        form: arrival.form,
        direction: arrival.direction,
        value: arrival.value,
        cost: arrival.cost,
        currency: arrival.currency,
        score: arrival.score,
        reply_to: arrival.reply_to.map(|message| InteractionId::of(&arrival.source, &message)),
        offer: arrival.offer,
        arm: arrival.arm,
        campaign: arrival.campaign,
        conversation: arrival.conversation,
        flags: flags.with(arrival.flags).with(marks),
        props: arrival.props,
    }
}
