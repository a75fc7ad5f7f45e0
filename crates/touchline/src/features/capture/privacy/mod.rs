//! How careful we are with people who meet us: the policy of each source, applied before anything is stored.
//!
//! [`Caller`] is what a request tells of its sender, `policy` decides, `visitor` and `salts` know somebody for a day,
//! `bots` recognises machines. [`Privacy`] holds what all of it needs.

mod bots;
mod caller;
mod gpc;
mod policy;
mod props;
mod salts;
mod visitor;

pub use caller::Caller;
pub use gpc::well_known;

use super::{Delivery, Source};
use crate::failure::Result;
use crate::features::people::Consents;
use crate::platform::clock::Clock;
use crate::platform::home::Stores;
use policy::Circumstances;
use salts::Salts;

/// Applies the policies of sources. Clones share what it knows.
#[derive(Clone)]
pub struct Privacy {
    clock: Clock,
    salts: Salts,
}

impl Privacy {
    /// Opens what policies need.
    #[must_use]
    pub fn new(stores: &Stores) -> Self {
        Self { clock: stores.clock.clone(), salts: Salts::new(stores.state.clone()) }
    }

    /// Applies the policy of a source to what a caller brings: what is left may be stored.
    ///
    /// # Errors
    /// Fails when the state store does; then nothing may be stored.
    pub async fn admit(&self, delivery: Delivery, source: &Source, caller: &Caller) -> Result<Delivery> {
        let now = (self.clock)();
        let salts = self.salts.at(now).await?;
        let consents = |_: &model::Identity| Consents::default();
        Ok(policy::apply(delivery, &Circumstances { source, caller, salts: &salts, now, consents: &consents }))
    }
}
