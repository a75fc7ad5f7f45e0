//! What happened: every way in which interactions reach the ledger.
//!
//! Whatever the way, there is one door. [`import`] brings files to the [`Intake`]; while the server runs, everything
//! else is a [`Delivery`] from a [`Source`] and goes through [`Capture`].

mod batch;
mod books;
mod delivery;
mod export;
mod guard;
pub mod import;
mod intake;
mod live;
mod privacy;
mod quarantine;
mod recent;
mod roll;
mod signals;
pub mod signature;
mod sources;
mod timeline;
mod ways;
mod wire;

pub use delivery::{Delivery, NotTaken, ReadAgain, Reason, Receipt, Refused};
pub use export::{Exported, export};
pub use guard::is_crowded;
pub use intake::{Claim, Intake, Known, Taken};
pub use live::Pulse;
pub use live::{Capture, catch_up};
pub use privacy::{AlsoHeld, Caller, Dossier, Extent, HeldAnswer, Retained, Rights, well_known};
pub use quarantine::Quarantine;
pub use recent::routes as recent;
pub use roll::routes as roll;
pub use signals::signals;
pub use sources::{IpPolicy, SignalPolicy, Source, SourceKind, SourceSettings, Sources, Withdrawn};
pub use timeline::{Curtain, routes as timeline};
pub use ways::*;
pub use wire::{collectors, formats};

use utoipa_axum::router::OpenApiRouter;

/// Returns the routes behind the door.
pub fn routes(ways: Ways) -> OpenApiRouter {
    sources::routes(ways.sources.clone(), ways.clock.clone())
        .merge(quarantine::routes(&ways.capture, &ways.sources))
        .merge(privacy::routes(Rights::new(ways.capture.clone()), ways.sources.clone()))
        .merge(ways::routes(ways))
}

/// Finds the reader of a format by the name that its deliveries bear. A format that refuses events has one.
#[must_use]
pub fn read_again(format: &str) -> Option<ReadAgain> {
    if format == import::BODIES { Some(import::read_again) } else { wire::read_again(format) }
}
