//! What people have agreed to, per purpose: the table `consent`.
//!
//! Every word is an interaction in the ledger; here stands the last one of each identity. For a person the last word
//! over all identities counts, and where two have the same time, the no: the answer does not depend on the order in
//! which the words came.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Is what somebody may agree to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ConsentPurpose)]
pub enum Purpose {
    /// That we count what they do.
    Measure,
    /// That we adapt what they see.
    Personalise,
    /// That we write or call.
    Contact,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 3] = [Self::Measure, Self::Personalise, Self::Contact];

    /// Returns the name used in files and interfaces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Measure => "measure",
            Self::Personalise => "personalise",
            Self::Contact => "contact",
        }
    }

    /// Finds a purpose by its name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == name)
    }
}

/// Is the state of all purposes: yes, no, or nothing said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Consents {
    /// For [`Purpose::Measure`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measure: Option<bool>,
    /// For [`Purpose::Personalise`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personalise: Option<bool>,
    /// For [`Purpose::Contact`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<bool>,
}

impl Consents {
    /// Joins what was said under two names where nobody knows which is later: a no wins over a yes.
    #[must_use]
    pub fn strictest(self, other: Self) -> Self {
        let strict = |one: Option<bool>, two: Option<bool>| one.zip(two).map(|(one, two)| one && two).or(one).or(two);
        Self {
            measure: strict(self.measure, other.measure),
            personalise: strict(self.personalise, other.personalise),
            contact: strict(self.contact, other.contact),
        }
    }

    /// Sets the state of one purpose.
    pub const fn set(&mut self, purpose: Purpose, given: bool) {
        match purpose {
            Purpose::Measure => self.measure = Some(given),
            Purpose::Personalise => self.personalise = Some(given),
            Purpose::Contact => self.contact = Some(given),
        }
    }

    /// Returns the states as they go along with an interaction.
    #[must_use]
    pub fn to_json(self) -> serde_json::Value {
        serde_json::to_value(self).expect("three truth values are JSON")
    }
}
