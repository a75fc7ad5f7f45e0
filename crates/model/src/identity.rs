//! Raw identities, and the facts that link them.

use crate::{ActorId, Instant, InteractionId};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::LazyLock;

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

/// Is how far a namespace can be trusted to tell people apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Trust {
    /// One person has one: two of them are two people, unless somebody says otherwise.
    Unique,
    /// A device or browser, which several people may use one after the other.
    Device,
    /// Any other name.
    Open,
}

/// Namespaces of which one person has one. An e-mail address is among them: a second one is worth a look.
const UNIQUE: [&str; 12] = [
    "user",
    "user_id",
    "customer",
    "customer_id",
    "account",
    "account_id",
    "member",
    "member_id",
    "contact_id",
    "external_id",
    "login",
    "email",
];

/// Namespaces of devices and browsers.
const DEVICES: [&str; 11] = [
    "device",
    "device_id",
    "anonymous",
    "anonymous_id",
    "cookie",
    "browser",
    "visitor",
    "visitor_id",
    "client_id",
    "session",
    "advertising_id",
];

/// Is a namespace as a number that is the same everywhere: a hash, so that facts need no dictionary.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Namespace(pub u32);

impl Namespace {
    /// Returns the number of a namespace.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let hash = blake3::hash(name.as_bytes());
        let [a, b, c, d, ..] = *hash.as_bytes();
        Self(u32::from_be_bytes([a, b, c, d]))
    }

    /// Returns how far it can be trusted to tell people apart.
    #[must_use]
    pub fn trust(self) -> Trust {
        static KNOWN: LazyLock<HashMap<Namespace, Trust>> = LazyLock::new(|| {
            let unique = UNIQUE.iter().map(|name| (Namespace::of(name), Trust::Unique));
            unique.chain(DEVICES.iter().map(|name| (Namespace::of(name), Trust::Device))).collect()
        });
        KNOWN.get(&self).copied().unwrap_or(Trust::Open)
    }
}

/// Values that programs send where they know nobody. Compared without regard to case, brackets and quotes.
const NOBODY: [&str; 23] = [
    "null",
    "nil",
    "none",
    "undefined",
    "nan",
    "n/a",
    "na",
    "unknown",
    "not set",
    "not_set",
    "anonymous",
    "anonymous_id",
    "anon",
    "guest",
    "user",
    "user_id",
    "id",
    "email",
    "test",
    "true",
    "false",
    "[object object]",
    "object object",
];

/// Is the longest value that still names somebody, in bytes: what is longer is a token or a mistake.
pub const VALUE_BYTES_MAX: usize = 512;

impl Identity {
    /// Tells whether the value names nobody: a program's word for nothing, zeros only, or far too long.
    ///
    /// Such an identity may be the actor of an interaction, but never links anybody to anybody.
    #[must_use]
    pub fn is_nobody(&self) -> bool {
        let value = self.value.trim_matches(|sign: char| sign.is_whitespace() || "\"'()[]{}<>".contains(sign));
        let is_filler = |sign: char| matches!(sign, '0' | '-' | '.' | ':' | '_' | '+' | '*' | '?' | ' ');
        value.len() > VALUE_BYTES_MAX
            || value.chars().all(is_filler)
            || NOBODY.iter().any(|nobody| nobody.eq_ignore_ascii_case(value))
            || self.value.eq_ignore_ascii_case("[object object]")
    }
}

/// Is why two identities are held to be one person. The numbers are stored.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Link {
    /// A person of our staff said so.
    Manual = 0,
    /// The source sent both names with one interaction.
    Together = 1,
    /// The source said that one name became the other.
    Renamed = 2,
    /// Somebody proved to own an address, by answering what was sent to it.
    Verified = 3,
    /// The source found the same telephone number on both.
    Phone = 4,
}

impl Link {
    /// Every reason, strongest first.
    pub const ALL: [Self; 5] = [Self::Manual, Self::Renamed, Self::Verified, Self::Phone, Self::Together];

    /// Finds a link by its stored number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Manual),
            1 => Some(Self::Together),
            2 => Some(Self::Renamed),
            3 => Some(Self::Verified),
            4 => Some(Self::Phone),
            _ => None,
        }
    }

    /// Returns its place among all, 0 for the strongest.
    #[must_use]
    pub fn rank(self) -> usize {
        Self::ALL.iter().position(|link| *link == self).expect("all are listed")
    }
}

/// Is one append-only statement that two identities belong together.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct IdentityFact {
    /// The smaller of the two actors: a fact has no direction.
    pub one: Named,
    /// The larger of the two actors.
    pub other: Named,
    /// Why.
    pub link: Link,
    /// When it happened.
    pub at: Instant,
    /// The first half of the id of the interaction that said so; 0 where none did.
    pub said: u64,
}

/// Is an identity without its text: its number, and the namespace, which says how far to trust it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Named {
    /// Who.
    pub actor: ActorId,
    /// In which namespace.
    pub namespace: Namespace,
}

impl From<&Identity> for Named {
    fn from(identity: &Identity) -> Self {
        Self { actor: identity.actor(), namespace: Namespace::of(&identity.namespace) }
    }
}

impl PartialOrd for Link {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Link {
    /// Orders the strongest first.
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl IdentityFact {
    /// States that two identities belong together; `None` where that says nothing: they are the same, or one of them
    /// names nobody.
    #[must_use]
    pub fn new(a: &Identity, b: &Identity, link: Link, at: Instant) -> Option<Self> {
        if a.is_nobody() || b.is_nobody() { None } else { Self::between(a.into(), b.into(), link, at) }
    }

    /// States that two identities belong together, of which it is known that they name somebody.
    #[must_use]
    pub fn between(a: Named, b: Named, link: Link, at: Instant) -> Option<Self> {
        let (one, other) = if a.actor < b.actor { (a, b) } else { (b, a) };
        (one.actor != other.actor).then_some(Self { one, other, link, at, said: 0 })
    }

    /// Notes which interaction said so.
    #[must_use]
    pub const fn said_by(mut self, interaction: InteractionId) -> Self {
        self.said = (interaction.0 >> 64) as u64;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_names_nobody_and_self_links_say_nothing() {
        assert!(Identity::new("email", "  ").is_none());
        let ada = Identity::new("email", "ada@example.org").expect("not blank");
        assert!(IdentityFact::new(&ada, &ada, Link::Together, Instant(0)).is_none());
    }

    #[test]
    fn words_for_nothing_link_nobody() {
        let ada = Identity::new("email", "ada@example.org").expect("not blank");
        let long = "x".repeat(VALUE_BYTES_MAX + 1);
        for value in ["null", "NULL", "undefined", "0", "000", "guest", "(not set)", "[object Object]", "\"\"", "-", &long]
            .into_iter()
            .chain(["00000000-0000-0000-0000-000000000000", " Anonymous ", "NaN"])
        {
            let nobody = Identity::new("user", value).expect("not blank");
            assert!(nobody.is_nobody(), "{value}");
            assert!(IdentityFact::new(&ada, &nobody, Link::Together, Instant(0)).is_none(), "{value}");
        }
        for value in ["ada", "0042", "guest-7", "10000000-0000-0000-0000-000000000000", "李"] {
            assert!(!Identity::new("user", value).expect("not blank").is_nobody(), "{value}");
        }
    }

    #[test]
    fn the_strongest_link_comes_first() {
        assert!(Link::Manual < Link::Renamed && Link::Renamed < Link::Together);
        assert!(Link::ALL.iter().all(|link| Link::from_number(*link as u8) == Some(*link)));
    }

    #[test]
    fn namespaces_are_trusted_differently() {
        let trust = |name| Namespace::of(name).trust();
        assert_eq!((trust("user_id"), trust("anonymous_id"), trust("nick")), (Trust::Unique, Trust::Device, Trust::Open));
    }

    #[test]
    fn debug_output_keeps_the_value_to_itself() {
        let ada = Identity::new("email", "ada@example.org").expect("not blank");
        assert_eq!(format!("{ada:?}"), "email:…");
    }
}
