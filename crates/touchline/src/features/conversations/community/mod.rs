//! Questions that customers ask and answer in public (AIM-23), beside what staff have written down.
//!
//! Whoever takes part has opened a link that was sent to their address; by it we know whose words these are, so they are interactions
//! like any other and go with their person. What is written waits until somebody of the house has looked at it, unless it is
//! decided otherwise. Before somebody asks they are shown what may answer already; where that does, it is counted (M20).

mod draw;
mod ledger;
mod look;
mod member;
mod public;
mod routes;
mod store;
mod words;

pub(super) use look::Community;
pub use public::public;
pub(super) use routes::routes;
pub use store::{BroughtQuestion, CommunityAnswer, CommunityQuestion};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Is what is decided about questions of the community.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CommunitySettings {
    /// Whether there is one.
    pub is_open: bool,
    /// Whether what members write appears at once, and is looked at afterwards.
    pub appears_at_once: bool,
}
