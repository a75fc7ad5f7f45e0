//! Who of us deals with single people: the owner, admins, and agents, who talk with them. They decide who is who, and read
//! what somebody wrote; analysts and viewers do neither.

use crate::features::account::Who;
use crate::platform::http::Refusal;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// Tells whether somebody deals with single people.
#[must_use]
pub fn attends(who: &Who) -> bool {
    who.keeps_house() || who.role == "agent"
}

/// Is proof that whoever asks deals with single people. To be taken as an argument by routes behind the door.
#[derive(Clone, Debug)]
pub struct Attendant(pub Who);

impl<S: Send + Sync> FromRequestParts<S> for Attendant {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let who = parts.extensions.get::<Who>().ok_or_else(Refusal::unauthenticated)?;
        if attends(who) { Ok(Self(who.clone())) } else { Err(Refusal::not_for_your_role()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_attend_and_those_who_only_look_do_not() {
        for (role, expected) in
            [("owner", true), ("admin", true), ("agent", true), ("analyst", false), ("viewer", false), ("", false)]
        {
            let who = Who { account: 2, name: "Ada".to_owned(), role: role.to_owned() };
            assert_eq!(attends(&who), expected, "{role}");
        }
    }
}
