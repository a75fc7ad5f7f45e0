//! Looking before launching: whom a message would reach, and why not the others.

use super::{Answer, Ask, Channel, Class, Policy};
use crate::failure::Result;
use crate::features::people::store::identities_in;
use model::{ActorId, PersonId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use utoipa::ToSchema;

/// So many people are asked about; of more, these are a sample by chance of their numbers.
const PEOPLE_MAX: usize = 1_000;

/// Is what would become of a message to everybody who has an address.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ContactPreview)]
pub struct Preview {
    /// How many people have an address for the channel.
    pub people: u64,
    /// How many of them were asked about.
    pub looked_at: u64,
    /// How many of these would be reached now.
    pub reached: u64,
    /// How many would wait, by reason.
    pub later: BTreeMap<String, u64>,
    /// How many would not be reached, by reason.
    pub never: BTreeMap<String, u64>,
}

impl Policy {
    /// Tells whom a message of some class and tag would reach on a channel now. Nothing is reserved.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn preview(&self, channel: Channel, class: Class, tag: &str) -> Result<Preview> {
        let namespace = match channel {
            Channel::Email => "email",
            Channel::Sms | Channel::Phone => "phone",
            Channel::Post => "address",
            Channel::Messenger => "messenger",
            Channel::Push => "device",
            Channel::Popup | Channel::Chat => "anonymous",
        };
        let known = identities_in(&self.state, namespace).await?;
        let one_each: Vec<ActorId> = {
            let people = self.people.read();
            let mut seen: HashSet<PersonId> = HashSet::new();
            known.into_iter().filter(|actor| seen.insert(people.person_of(*actor))).collect()
        };
        let mut preview =
            Preview { people: one_each.len() as u64, looked_at: 0, reached: 0, later: BTreeMap::new(), never: BTreeMap::new() };
        let deadline = Some(model::Instant(self.now().0 + super::rules::WINDOW_MAX));
        let ask = |actor| Ask {
            key: format!("preview {actor}"),
            actor,
            channel,
            class,
            tag: tag.to_owned(),
            segments: Vec::new(),
            worth: 0.0,
            deadline,
            holdout: None,
        };
        let asks: Vec<Ask> = one_each.into_iter().take(PEOPLE_MAX).map(ask).collect();
        preview.looked_at = asks.len() as u64;
        for answer in self.would(&asks).await? {
            match answer {
                Answer::Go(_) | Answer::Already => preview.reached += 1,
                Answer::Later(why) => *preview.later.entry(why.code).or_default() += 1,
                Answer::No(why) => *preview.never.entry(why.code).or_default() += 1,
            }
        }
        Ok(preview)
    }
}
