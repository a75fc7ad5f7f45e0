//! Roles: what each may do, and the proofs of it that routes ask for.
//!
//! A route behind the door takes the proof it needs as an argument, before its body: so whoever may not is refused
//! before anything else is looked at.

use super::Who;
use crate::platform::http::Refusal;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Is what somebody is in the organisation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything; at least one there always is.
    Owner,
    /// Everything but the owner's own rights.
    Admin,
    /// Designs the map, measures, improves; sees no single people's texts.
    Analyst,
    /// Talks with customers.
    Agent,
    /// Looks.
    Viewer,
}

impl Role {
    /// Every role, the most powerful first.
    pub const ALL: [Self; 5] = [Self::Owner, Self::Admin, Self::Analyst, Self::Agent, Self::Viewer];

    /// Returns its name as it is stored and sent.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Analyst => "analyst",
            Self::Agent => "agent",
            Self::Viewer => "viewer",
        }
    }

    /// Finds a role by its name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Tells whether whoever has this role may do all that the other may. Analysts and agents do different things.
    #[must_use]
    pub fn includes(self, other: Self) -> bool {
        self == other || other == Self::Viewer || self == Self::Owner || (self == Self::Admin && other != Self::Owner)
    }
}

impl Who {
    /// Returns the role; whoever has none that we know may only look.
    #[must_use]
    pub fn role(&self) -> Role {
        Role::named(&self.role).unwrap_or(Role::Viewer)
    }
}

/// Makes a proof of a right: a type that only a request of somebody who has it can be turned into.
macro_rules! proof {
    ($(#[$words:meta])* $name:ident, $allowed:expr, $refusal:expr) => {
        $(#[$words])*
        #[derive(Clone, Debug)]
        pub struct $name(pub Who);

        impl<S: Send + Sync> FromRequestParts<S> for $name {
            type Rejection = Refusal;

            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
                let who = parts.extensions.get::<Who>().ok_or_else(Refusal::unauthenticated)?;
                let allowed: fn(Role) -> bool = $allowed;
                if allowed(who.role()) { Ok(Self(who.clone())) } else { Err($refusal) }
            }
        }
    };
}

proof!(
    /// Is proof that whoever asks is signed in.
    SignedIn,
    |_| true,
    Refusal::unauthenticated()
);
proof!(
    /// Is proof that whoever asks may look after the installation: the owner and admins may.
    Keeper,
    |role| role.includes(Role::Admin),
    Refusal::not_allowed()
);
proof!(
    /// Is proof that whoever asks may change the map, goals and improvements: analysts may too.
    Editor,
    |role| role.includes(Role::Analyst),
    Refusal::only_for("the owner, admins and analysts")
);
proof!(
    /// Is proof that whoever asks may answer customers: agents may too.
    Answerer,
    |role| role.includes(Role::Agent),
    Refusal::not_for_your_role()
);
proof!(
    /// Is proof that whoever asks works here: everybody but those who only look.
    Worker,
    |role| role != Role::Viewer,
    Refusal::only_for("those who work here, not those who only look,")
);

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{Request, StatusCode};

    fn parts(role: &str) -> Parts {
        let mut parts = Request::new(()).into_parts().0;
        parts.extensions.insert(Who { account: 2, name: "Ada".to_owned(), role: role.to_owned() });
        parts
    }

    #[tokio::test]
    async fn each_right_has_its_roles() {
        for (role, keeper, editor, answerer, worker) in [
            ("owner", true, true, true, true),
            ("admin", true, true, true, true),
            ("analyst", false, true, false, true),
            ("agent", false, false, true, true),
            ("viewer", false, false, false, false),
            ("emperor", false, false, false, false),
        ] {
            let mut parts = parts(role);
            assert_eq!(Keeper::from_request_parts(&mut parts, &()).await.is_ok(), keeper, "{role}");
            assert_eq!(Editor::from_request_parts(&mut parts, &()).await.is_ok(), editor, "{role}");
            assert_eq!(Answerer::from_request_parts(&mut parts, &()).await.is_ok(), answerer, "{role}");
            assert_eq!(Worker::from_request_parts(&mut parts, &()).await.is_ok(), worker, "{role}");
            assert!(SignedIn::from_request_parts(&mut parts, &()).await.is_ok(), "{role}");
        }
        let mut parts = Request::new(()).into_parts().0;
        let stranger = Keeper::from_request_parts(&mut parts, &()).await.expect_err("is refused");
        assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
    }

    #[test]
    fn roles_include_those_below_them() {
        for role in Role::ALL {
            assert!(Role::Owner.includes(role) && role.includes(Role::Viewer));
            assert_eq!(Role::named(role.name()), Some(role));
            assert_eq!(Role::Admin.includes(role), role != Role::Owner);
        }
        assert!(!Role::Analyst.includes(Role::Agent) && !Role::Agent.includes(Role::Analyst));
    }
}
