//! One fact: somebody met us, through a signal, at a time, in a form, worth this much.

use crate::{ActorId, Currency, Direction, Form, Identity, Instant, InteractionId, SignalId, Signature};

/// Is one row of the ledger. Facts only: no person, no touchpoint, no stage. Those are meaning, added when reading.
#[derive(Clone, PartialEq, Debug)]
pub struct Interaction {
    /// Who-said-what, exactly once.
    pub id: InteractionId,
    /// The raw identity.
    pub actor: ActorId,
    /// When it happened, after the clock rule.
    pub at: Instant,
    /// When we received it.
    pub received: Instant,
    /// When the client says it sent it.
    pub sent: Option<Instant>,
    /// When the client says it happened.
    pub original: Option<Instant>,
    /// By what it is recognised.
    pub signal: SignalId,
    /// What happened.
    pub form: Form,
    /// Who spoke to whom.
    pub direction: Direction,
    /// What it was worth, in minor units.
    pub value: Option<i64>,
    /// What it cost us, in minor units.
    pub cost: Option<i64>,
    /// The currency of value and cost.
    pub currency: Option<Currency>,
    /// An answer on a scale.
    pub score: Option<Score>,
    /// The interaction that this one answers.
    pub reply_to: Option<InteractionId>,
    /// The offer or coupon.
    pub offer: Option<String>,
    /// The arm of an experiment.
    pub arm: Option<String>,
    /// The campaign, finer than the signature's tag.
    pub campaign: Option<String>,
    /// The conversation it belongs to.
    pub conversation: Option<String>,
    /// Marks; see [`Flags`].
    pub flags: Flags,
    /// Everything else the source sent, as JSON; never personal free text.
    pub props: Option<String>,
}

/// Is an answer as given, with the scale it was given on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Score {
    /// The scale of the question.
    pub scale: Scale,
    /// The raw answer.
    pub answer: i16,
}

/// Is the scale of a question.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Scale {
    /// 0 to 10, "would you recommend us".
    Nps = 0,
    /// 1 to 5, satisfaction or stars.
    Five = 1,
    /// 1 to 7, "made it easy".
    Seven = 2,
    /// 1 to 10, rating.
    Ten = 3,
    /// 0 or 1, recommended or not.
    YesNo = 4,
    /// 1 to 7, quality of service: the mean of the five RATER items, rounded. Apart from effort, which has the same answers.
    Quality = 5,
}

impl Scale {
    /// Returns the lowest and the highest answer.
    #[must_use]
    pub const fn range(self) -> (i16, i16) {
        match self {
            Self::Nps => (0, 10),
            Self::Five => (1, 5),
            Self::Seven | Self::Quality => (1, 7),
            Self::Ten => (1, 10),
            Self::YesNo => (0, 1),
        }
    }

    /// Finds a scale by its number in the ledger.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Nps),
            1 => Some(Self::Five),
            2 => Some(Self::Seven),
            3 => Some(Self::Ten),
            4 => Some(Self::YesNo),
            5 => Some(Self::Quality),
            _ => None,
        }
    }
}

impl Score {
    /// Makes a score; `None` when the answer is not on the scale.
    #[must_use]
    pub const fn new(scale: Scale, answer: i16) -> Option<Self> {
        let (low, high) = scale.range();
        if answer < low || answer > high { None } else { Some(Self { scale, answer }) }
    }

    /// Tells whether the answer says "satisfied": the top two of five and their like on other scales.
    ///
    /// CSAT is defined on 1–5 as the share of 4 and 5 (M7); the others are the usual top boxes.
    #[must_use]
    pub const fn is_satisfied(self) -> bool {
        match self.scale {
            Scale::Nps => self.answer >= 9,
            Scale::Five => self.answer >= 4,
            Scale::Seven | Scale::Quality => self.answer >= 5,
            Scale::Ten => self.answer >= 8,
            Scale::YesNo => self.answer == 1,
        }
    }
}

/// Holds the marks of an interaction as bits. The bits are stored in the ledger: they only grow.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Flags(pub u32);

impl Flags {
    /// Sent by a machine; left out of analyses unless asked for.
    pub const BOT: Self = Self(1);
    /// The actor is nobody known and will not be seen again: counts as an interaction, never as a person.
    pub const EPHEMERAL: Self = Self(1 << 1);
    /// Consent to be measured was given.
    pub const CONSENT: Self = Self(1 << 2);
    /// Loaded from a file after the fact, so clock correction is off.
    pub const BACKFILL: Self = Self(1 << 3);
    /// The actor is a day visitor: an ephemeral one who is told from others for a day.
    pub const VISITOR: Self = Self(1 << 4);
    /// Its properties hold a sealed text.
    pub const TEXT: Self = Self(1 << 5);

    /// Tells whether all marks of `other` are set.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Sets the marks of `other` too.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Is an interaction on its way in: names still as text, before the state store has given them numbers.
#[derive(Clone, PartialEq, Debug)]
pub struct Arrival {
    /// The source that vouches for the message id.
    pub source: String,
    /// The source's own id of the message; with `source` it makes the [`InteractionId`].
    pub message_id: Vec<u8>,
    /// Every name the source gave for the actor, strongest first. Empty: anonymous.
    pub identities: Vec<Identity>,
    /// By what it is recognised.
    pub signature: Signature,
    /// When it happened, after the clock rule.
    pub at: Instant,
    /// When we received it, where that is known already; else it is now.
    pub received: Option<Instant>,
    /// When the client says it sent it.
    pub sent: Option<Instant>,
    /// When the client says it happened.
    pub original: Option<Instant>,
    /// What happened.
    pub form: Form,
    /// Who spoke to whom.
    pub direction: Direction,
    /// What it was worth, in minor units.
    pub value: Option<i64>,
    /// What it cost us, in minor units.
    pub cost: Option<i64>,
    /// The currency of value and cost.
    pub currency: Option<Currency>,
    /// An answer on a scale.
    pub score: Option<Score>,
    /// The message id, in the same source, that this one answers.
    pub reply_to: Option<Vec<u8>>,
    /// The offer or coupon.
    pub offer: Option<String>,
    /// The arm of an experiment.
    pub arm: Option<String>,
    /// The campaign.
    pub campaign: Option<String>,
    /// The conversation.
    pub conversation: Option<String>,
    /// Marks beside those that follow from the identities.
    pub flags: Flags,
    /// Everything else, as JSON; never personal free text.
    pub props: Option<String>,
    /// Personal free text: what somebody wrote or said.
    pub text: Option<String>,
}

impl Arrival {
    /// Makes an arrival that says when, by what signal, in what form and direction; everything else is left open.
    #[must_use]
    pub fn new(message_id: Vec<u8>, signature: Signature, at: Instant, form: Form, direction: Direction) -> Self {
        Self {
            source: signature.source.clone(),
            message_id,
            identities: Vec::new(),
            signature,
            at,
            received: None,
            sent: None,
            original: None,
            form,
            direction,
            value: None,
            cost: None,
            currency: None,
            score: None,
            reply_to: None,
            offer: None,
            arm: None,
            campaign: None,
            conversation: None,
            flags: Flags::default(),
            props: None,
            text: None,
        }
    }

    /// Returns the id this arrival will have in the ledger.
    #[must_use]
    pub fn id(&self) -> InteractionId {
        InteractionId::of(&self.source, &self.message_id)
    }

    /// Returns the actor: the strongest identity, or one made from the message itself for the anonymous.
    #[must_use]
    pub fn actor(&self) -> (ActorId, Flags) {
        match self.identities.first() {
            Some(identity) => (identity.actor(), Flags::default()),
            None => (ActorId((self.id().0 >> 64) as u64), Flags::EPHEMERAL),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_off_the_scale_are_no_scores() {
        assert!(Score::new(Scale::Five, 6).is_none());
        assert!(Score::new(Scale::Nps, 0).is_some());
    }

    #[test]
    fn flags_combine() {
        let flags = Flags::BOT.with(Flags::BACKFILL);
        assert!(flags.has(Flags::BOT) && flags.has(Flags::BACKFILL) && !flags.has(Flags::EPHEMERAL));
    }
}
