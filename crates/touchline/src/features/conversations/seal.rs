//! Sealing what somebody wrote: with the key of their identity, bound to its place, exactly as the ledger does it.

use crate::failure::Result;
use crate::features::people::{TextKey, TextKeys, open, open_bytes, seal, seal_bytes};
use crate::platform::id_map::IdMap;
use model::{ActorId, InteractionId};

/// The source of everything that this room tells the ledger.
pub(super) const SOURCE: &str = "conversations";

/// Seals and opens the texts of conversations.
#[derive(Clone)]
pub(crate) struct Sealer {
    keys: TextKeys,
}

/// Opens texts of some identities.
pub(crate) struct Opener {
    keys: IdMap<ActorId, TextKey>,
}

impl Sealer {
    pub(crate) const fn new(keys: TextKeys) -> Self {
        Self { keys }
    }

    /// Draws the key of an identity where it has none, so that its texts can be sealed.
    pub(crate) async fn of(&self, actor: ActorId) -> Result<TextKey> {
        Ok(self.keys.of(&[actor]).await?[&actor])
    }

    /// Returns an opener for texts of some identities; of one whose key is gone nothing can be opened.
    pub(crate) async fn opener(&self, actors: &[ActorId]) -> Result<Opener> {
        Ok(Opener { keys: self.keys.known(actors).await? })
    }
}

impl Opener {
    /// Opens a text; an empty one where there is none, `None` where it cannot be opened any more.
    pub(crate) fn open(&self, actor: ActorId, place: &str, sealed: &str) -> Option<String> {
        if sealed.is_empty() { Some(String::new()) } else { open(self.keys.get(&actor)?, id_of(place), sealed) }
    }

    /// Returns the key of an identity, if it is there still.
    pub(crate) fn key(&self, actor: ActorId) -> Option<&TextKey> {
        self.keys.get(&actor)
    }

    /// Tells whether texts of an identity can be opened.
    pub(crate) fn knows(&self, actor: ActorId) -> bool {
        self.keys.contains_key(&actor)
    }
}

/// Seals a text for its place; an empty one stays empty.
pub(crate) fn sealed(key: &TextKey, place: &str, text: &str) -> Result<String> {
    if text.is_empty() { Ok(String::new()) } else { seal(key, id_of(place), text) }
}

/// Seals the bytes of a file for its place.
pub(crate) fn sealed_file(key: &TextKey, place: &str, bytes: &[u8]) -> Result<Vec<u8>> {
    seal_bytes(key, id_of(place), bytes)
}

/// Opens the bytes of a file; `None` where they were changed.
pub(crate) fn open_file(key: &TextKey, place: &str, sealed: &[u8]) -> Option<Vec<u8>> {
    open_bytes(key, id_of(place), sealed)
}

/// Is the number of a place: of a message, it is that of its interaction.
fn id_of(place: &str) -> InteractionId {
    InteractionId::of(SOURCE, place.as_bytes())
}
