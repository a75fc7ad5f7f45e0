//! Raw identities, and the facts that link them.

use crate::{ActorId, Instant};

/// Is a name under which somebody met us: a namespace such as `email` and a value in it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// The kind of name: `customer`, `email`, `phone`, `nick`, `device` …
    pub namespace: String,
    /// The name itself. It is personal: it never goes into logs, URLs or the ledger.
    pub value: String,
}

impl std::fmt::Debug for Identity {
    /// Shows the namespace only: the value is personal.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:…", self.namespace)
    }
}

impl Identity {
    /// Makes an identity; returns `None` for a blank value, which never names anybody.
    #[must_use]
    pub fn new(namespace: &str, value: &str) -> Option<Self> {
        let value = value.trim();
        (!value.is_empty()).then(|| Self { namespace: namespace.to_owned(), value: value.to_owned() })
    }

    /// Returns the id under which the ledger knows this identity.
    #[must_use]
    pub fn actor(&self) -> ActorId {
        ActorId::of(&self.namespace, &self.value)
    }
}

/// Is why two identities are held to be one person, strongest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Link {
    /// A person of our staff said so.
    Manual = 0,
    /// The source sent both names with one interaction.
    Together = 1,
    /// The source said that one name became the other.
    Renamed = 2,
}

/// Is one append-only statement that two identities belong together.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct IdentityFact {
    /// The smaller of the two actors: a fact has no direction.
    pub one: ActorId,
    /// The larger of the two actors.
    pub other: ActorId,
    /// Why.
    pub link: Link,
    /// When it happened.
    pub at: Instant,
}

impl IdentityFact {
    /// States that two actors belong together; `None` when they are the same, which says nothing.
    #[must_use]
    pub fn new(a: ActorId, b: ActorId, link: Link, at: Instant) -> Option<Self> {
        (a != b).then(|| Self { one: a.min(b), other: a.max(b), link, at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_names_nobody_and_self_links_say_nothing() {
        assert!(Identity::new("email", "  ").is_none());
        let ada = Identity::new("email", "ada@example.org").expect("not blank").actor();
        assert!(IdentityFact::new(ada, ada, Link::Together, Instant(0)).is_none());
    }

    #[test]
    fn debug_output_keeps_the_value_to_itself() {
        let ada = Identity::new("email", "ada@example.org").expect("not blank");
        assert_eq!(format!("{ada:?}"), "email:…");
    }
}
