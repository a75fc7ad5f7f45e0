//! Identifiers as types: a person never meets a touchpoint by accident.

use std::fmt;

/// Makes a newtype over an integer that prints as hexadecimal of fixed width.
macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident, $inner:ty, $digits:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!("{:0", $digits, "x}"), self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:0", $digits, "x})"), self.0)
            }
        }
    };
}

hex_id!(
    /// Identifies one interaction: a 128-bit hash of its source and its message id.
    ///
    /// The same message of the same source has the same id for ever, which is what makes capture exactly-once.
    InteractionId, u128, 32
);
hex_id!(
    /// Identifies a raw identity, such as `email:…` or `device:…`: a 64-bit hash of namespace and value.
    ///
    /// Its text lives once in the state store, which also notices the (very improbable) collision of two texts.
    ActorId, u64, 16
);
hex_id!(
    /// Identifies a person: the canonical actor among all raw identities known to be theirs.
    PersonId, u64, 16
);

/// Identifies a [`crate::Signature`]: a small dense number given by the state store, usable as an array index.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct SignalId(pub u32);

impl InteractionId {
    /// Derives the id of a message from its source and the source's own message id.
    #[must_use]
    pub fn of(source: &str, message_id: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&(source.len() as u64).to_le_bytes());
        hasher.update(source.as_bytes());
        hasher.update(message_id);
        let mut head = [0; 16];
        head.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Self(u128::from_be_bytes(head))
    }
}

impl ActorId {
    /// Derives the id of a raw identity. The length prefix keeps `("a", "b:c")` and `("a:b", "c")` apart.
    #[must_use]
    pub fn of(namespace: &str, value: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&(namespace.len() as u64).to_le_bytes());
        hasher.update(namespace.as_bytes());
        hasher.update(value.as_bytes());
        let mut head = [0; 8];
        head.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        Self(u64::from_be_bytes(head))
    }
}

impl From<ActorId> for PersonId {
    /// Whoever is linked to nobody is a person of their own.
    fn from(actor: ActorId) -> Self {
        Self(actor.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_message_same_id() {
        assert_eq!(InteractionId::of("till", b"7"), InteractionId::of("till", b"7"));
        assert_ne!(InteractionId::of("till", b"7"), InteractionId::of("shop", b"7"));
    }

    #[test]
    fn namespace_and_value_do_not_run_together() {
        assert_ne!(ActorId::of("a", "bc"), ActorId::of("ab", "c"));
    }
}
