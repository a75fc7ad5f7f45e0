//! The one door to a person: whatever wants to reach somebody asks here first.
//!
//! A question ([`Ask`]) is answered once, in one transaction: go, later, or no and why. Whoever may go holds a reservation
//! under a lease, says when the sending begins and how it ended. A worker that dies before it begins gives its place back
//! when the lease ends; one that dies while it sends has used it, so that nobody is reached twice. What was not sent is kept
//! with its reason, and told to the ledger by the rooms that have one.
//!
//! What is here decides; it sends nothing.

mod door;
mod facts;
mod http;
mod hours;
mod preview;
mod rules;
mod settings;
mod words;

pub use door::{Answer, Ask, Skip, Ticket, Why};
pub use hours::{Quiet, in_zone};
pub use http::routes;
pub use preview::Preview;
pub use rules::{Action, Rule, Scope, StoredRule, Window};
pub use settings::Settings;
pub(super) use words::of_person;
pub use words::{ContactWord, HeldContact, PreferenceToken, Suppression};

use super::SharedPeople;
use crate::failure::Failure;
use crate::platform::clock::Clock;
use model::{ActorId, Instant};
use serde::{Deserialize, Serialize};
use state::{State, StateError, Transaction};
use utoipa::ToSchema;

/// Is the path by which somebody is reached.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ContactChannel)]
pub enum Channel {
    /// E-mail.
    Email,
    /// Short messages of the telephone network.
    Sms,
    /// Calls.
    Phone,
    /// Messengers and social networks.
    Messenger,
    /// Letters.
    Post,
    /// Notices of an application.
    Push,
    /// Windows over a page.
    Popup,
    /// Invitations into a chat.
    Chat,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 8] =
        [Self::Email, Self::Sms, Self::Phone, Self::Messenger, Self::Post, Self::Push, Self::Popup, Self::Chat];

    /// Returns the name used in files and interfaces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Phone => "phone",
            Self::Messenger => "messenger",
            Self::Post => "post",
            Self::Push => "push",
            Self::Popup => "popup",
            Self::Chat => "chat",
        }
    }

    /// Finds a channel by its name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == name)
    }
}

/// Is what a message is for, which decides what may stop it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ContactClass)]
pub enum Class {
    /// What a purchase brings along: confirmations, invoices. Bypasses caps and does not count.
    Transactional,
    /// An answer to somebody who asked. Bypasses caps and does not count; a person who answers is never held up.
    Service,
    /// Whatever promotes.
    Marketing,
    /// Questions to customers.
    Survey,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 4] = [Self::Transactional, Self::Service, Self::Marketing, Self::Survey];
    /// The classes that people choose about.
    pub const CHOSEN: [Self; 2] = [Self::Marketing, Self::Survey];

    /// Returns the name used in files and interfaces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Transactional => "transactional",
            Self::Service => "service",
            Self::Marketing => "marketing",
            Self::Survey => "survey",
        }
    }

    /// Finds a class by its name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }

    /// Tells whether caps, quiet hours, hold-outs and wishes do not stop it.
    #[must_use]
    pub const fn bypasses(self) -> bool {
        matches!(self, Self::Transactional | Self::Service)
    }

    /// Tells whether it uses up the budget of a person.
    #[must_use]
    pub const fn counts(self) -> bool {
        !self.bypasses()
    }
}

/// Decides who may be reached. Clones share everything.
#[derive(Clone)]
pub struct Policy {
    state: State,
    people: SharedPeople,
    clock: Clock,
}

impl Policy {
    /// Opens the policy of an installation.
    #[must_use]
    pub const fn new(state: State, people: SharedPeople, clock: Clock) -> Self {
        Self { state, people, clock }
    }

    fn now(&self) -> Instant {
        (self.clock)()
    }

    /// Returns every identity of the person behind one, so that two addresses share one budget.
    fn actors_of(&self, actor: ActorId) -> (u64, Vec<i64>) {
        let people = self.people.read();
        let person = people.person_of(actor);
        let mut actors: Vec<i64> = people.identities_of(person).iter().map(|actor| actor.0.cast_signed()).collect();
        if !actors.contains(&actor.0.cast_signed()) {
            // Somebody who is met in this very moment has no person yet.
            actors.push(actor.0.cast_signed());
        }
        (person.0, actors)
    }
}

/// Takes everything of some identities out of the tables of this part.
pub(super) async fn forget(transaction: &mut Transaction, actors: &[i64]) -> std::result::Result<u64, StateError> {
    let mut gone = 0;
    for head in [
        "DELETE FROM contact_word WHERE actor IN",
        "DELETE FROM contact_suppression WHERE actor IN",
        "DELETE FROM contact_hold WHERE actor IN",
        "DELETE FROM contact_send WHERE actor IN",
        "DELETE FROM contact_skip WHERE actor IN",
        "DELETE FROM contact_waiting WHERE actor IN",
    ] {
        gone += state::delete_in(transaction, head, actors).await?;
    }
    Ok(gone)
}

fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("Cannot look after the contact policy").because(&error.into())
}
