//! Outreach: what we say without being asked, where it is welcome. So far: windows over a page (WAY-3).
//!
//! A window opens on the visitor's side when its trigger comes, and only after it was allowed here: the contact policy
//! counts it with every mail and message to the same person, and the window's own cap keeps it from coming again and again. What
//! became of it (shown, closed after how long, acted upon) is in the ledger, and tells when it is over-used (M9, rule R4).

mod belonging;
mod http;
mod popup;
mod popups;
mod public;
mod results;

pub use http::routes;
pub use popup::{NewPopup, Trigger};
pub use popups::{Popup, Popups};
pub use public::public;
pub use results::PopupResults;
