//! Every limit of the wire formats, with its reason. `docs/capture/limits.md` tells them to people.

use std::time::Duration;

/// A body, packed or plain. RudderStack clients cut at 4 MB, those of Segment at 480 KB: both fit.
pub(crate) const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// All bodies in memory at one time, packed and plain together: memory stays bounded whoever sends.
pub(crate) const BODIES_BYTES_MAX: usize = 128 * 1024 * 1024;
/// Reading one body. A browser on a bad line sends 64 KB in seconds; whoever drips holds a connection no longer.
pub(crate) const BODY_TIME_MAX: Duration = Duration::from_secs(30);
/// One event, the limit of the Segment protocol. Its clients refuse larger ones themselves.
pub(crate) const EVENT_BYTES_MAX: usize = 32 * 1024;
/// Events of one batch, the limit of the Segment protocol.
pub(crate) const BATCH_EVENTS_MAX: usize = 2_500;
/// How deep JSON may be nested. Programs that read the ledger stop at 128 or so.
pub(crate) const DEPTH_MAX: usize = 64;
/// Letters of a message id, the limit of the Segment protocol. A longer one is replaced by its hash.
pub(crate) const MESSAGE_ID_BYTES_MAX: usize = 100;
/// Letters of the name of an event, page or campaign. It is shown in lists and stored once for each kind.
pub(crate) const NAME_LETTERS_MAX: usize = 200;
/// Letters of an identity. Longer ones are tokens or mistakes.
pub(crate) const IDENTITY_LETTERS_MAX: usize = 256;
/// Traits of one event.
pub(crate) const TRAITS_MAX: usize = 200;
/// Letters of the value of a trait.
pub(crate) const TRAIT_LETTERS_MAX: usize = 1_000;
/// Further names of one person in one event.
pub(crate) const EXTERNAL_IDS_MAX: usize = 20;
/// Bytes of a key. Ours have 43.
pub(crate) const KEY_BYTES_MAX: usize = 200;
/// Reasons told in one answer; the quarantine has all of them.
pub(crate) const REASONS_TOLD_MAX: usize = 100;
