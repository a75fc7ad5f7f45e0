//! Messengers: channels on which somebody else's server stands between a customer and us.
//!
//! Each kind is an [`Adapter`]: pure functions that prove and read what comes in, and write what goes out. What they can
//! and cannot do is a [`Capability`], which the composer and the server obey. Everything around them is the same for all:
//! how they are set up ([`setup`]), taking in ([`arrive`]), getting files ([`fetch`]), sending ([`deliver`]), and the words by which somebody ends it
//! ([`words`]).

mod adapter;
mod arrive;
mod deliver;
mod fetch;
mod meta;
mod multipart;
mod proof;
mod setup;
mod sms;
mod telegram;
mod webhook;
mod words;

pub use adapter::{Button, Capability, Carries, Counted};
pub use arrive::public;
pub(super) use deliver::queue_parcel;
pub use deliver::{Reach, Thread};
pub(super) use proof::{headers as standard_headers, is_key};
pub(super) use setup::drawn_secret;
pub(super) use setup::routes;
pub use setup::{ChannelSetup, Kind, SmsFields, Template};

use adapter::Adapter;

/// Returns what speaks for a kind of channel.
fn adapter(kind: Kind) -> &'static dyn Adapter {
    match kind {
        Kind::Webhook => &webhook::Webhook,
        Kind::Telegram => &telegram::Telegram,
        Kind::Sms => &sms::Sms,
        Kind::Whatsapp => &meta::Whatsapp,
        Kind::Facebook => &meta::Page { is_instagram: false },
        Kind::Instagram => &meta::Page { is_instagram: true },
    }
}
