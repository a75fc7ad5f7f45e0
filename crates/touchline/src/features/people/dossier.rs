//! Everything that this room knows of a person, in words: for whoever asks what we hold of them (Art. 15 and 20 GDPR).

use super::policy::{HeldContact, of_person};
use crate::failure::{Failure, Result};
use model::ActorId;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::any::AnyRow;
use state::{State, StateError, Transaction};
use utoipa::ToSchema;

/// Is a name under which somebody met us.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, ToSchema)]
pub struct HeldName {
    /// The number by which the ledger knows it.
    pub actor: String,
    /// The kind of name.
    pub namespace: String,
    /// The name itself.
    pub value: String,
}

/// Is a statement that two names are one person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct HeldFact {
    /// One name, by its number.
    pub one: String,
    /// The other, by its number.
    pub other: String,
    /// The kind of statement, as stored.
    pub link: i64,
    /// When it was made, ISO 8601.
    pub at: String,
}

/// Is one thing known of a name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct HeldTrait {
    /// The name, by its number.
    pub actor: String,
    /// What.
    pub key: String,
    /// Which.
    pub value: String,
    /// Since when it is known.
    pub at: String,
}

/// Is the last word on one purpose.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct HeldWord {
    /// The name, by its number.
    pub actor: String,
    /// What for.
    pub purpose: String,
    /// Yes or no.
    pub given: bool,
    /// When it was said.
    pub at: String,
    /// What shows it.
    pub proof: String,
}

/// Is a restriction in force.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct HeldRestriction {
    /// The name, by its number.
    pub actor: String,
    /// Since when.
    pub since: String,
    /// Why.
    pub note: String,
}

/// Is a visit on which a device was seen with a name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct HeldSighting {
    /// The device, by its number.
    pub device: String,
    /// The name, by its number.
    pub who: String,
    /// When.
    pub at: String,
}

/// Is what staff decided about names.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct HeldDecision {
    /// What was decided.
    pub what: String,
    /// About which name, by its number.
    pub one: String,
    /// And which other.
    pub other: String,
    /// When.
    pub at: String,
}

/// Is everything that this room knows of a person.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct PersonalData {
    /// The table `actor`.
    pub identities: Vec<HeldName>,
    /// The table `identity_fact`.
    pub facts: Vec<HeldFact>,
    /// The table `sighting`.
    pub sightings: Vec<HeldSighting>,
    /// The table `identity_decision`.
    pub decisions: Vec<HeldDecision>,
    /// The table `trait`.
    pub traits: Vec<HeldTrait>,
    /// The table `consent`.
    pub consents: Vec<HeldWord>,
    /// The table `restriction`.
    pub restrictions: Vec<HeldRestriction>,
    /// The tables of the contact policy.
    pub contacts: Vec<HeldContact>,
}

/// Returns everything known of some identities.
///
/// # Errors
/// Fails when the state store does.
pub async fn personal_data(state: &State, actors: &[ActorId]) -> Result<PersonalData> {
    let ids: Vec<i64> = actors.iter().map(|actor| actor.0.cast_signed()).collect();
    let mut transaction = state.begin().await.map_err(failed)?;
    let read = async |transaction: &mut Transaction, head| state::select_in(transaction, head, &ids).await.map_err(failed);
    let mut told = PersonalData::default();
    let rows = read(&mut transaction, "SELECT id, namespace, value FROM actor WHERE id IN").await?;
    let name = |row: &AnyRow| HeldName { actor: number(row, "id"), namespace: row.get("namespace"), value: row.get("value") };
    told.identities = rows.iter().map(name).collect();
    told.identities.sort();
    // A fact stands once, with the smaller number first; both are of the same person.
    let rows = read(&mut transaction, "SELECT one, other, link, at FROM identity_fact WHERE one IN").await?;
    let fact = |row: &AnyRow| HeldFact {
        one: number(row, "one"),
        other: number(row, "other"),
        link: row.get("link"),
        at: time(row, "at"),
    };
    told.facts = rows.iter().map(fact).collect();
    let rows = read(&mut transaction, "SELECT device, who, at FROM sighting WHERE who IN").await?;
    let sighting = |row: &AnyRow| HeldSighting { device: number(row, "device"), who: number(row, "who"), at: time(row, "at") };
    told.sightings = rows.iter().map(sighting).collect();
    let rows = read(&mut transaction, "SELECT what, one, other, at FROM identity_decision WHERE one IN").await?;
    let decision = |row: &AnyRow| HeldDecision {
        what: row.get("what"),
        one: number(row, "one"),
        other: number(row, "other"),
        at: time(row, "at"),
    };
    told.decisions = rows.iter().map(decision).collect();
    let rows = read(&mut transaction, "SELECT actor, key, value, at FROM trait WHERE actor IN").await?;
    let known = |row: &AnyRow| HeldTrait {
        actor: number(row, "actor"),
        key: row.get("key"),
        value: row.get("value"),
        at: time(row, "at"),
    };
    told.traits = rows.iter().map(known).collect();
    let rows = read(&mut transaction, "SELECT actor, purpose, given, at, proof FROM consent WHERE actor IN").await?;
    let word = |row: &AnyRow| HeldWord {
        actor: number(row, "actor"),
        purpose: row.get("purpose"),
        given: row.get::<i64, _>("given") != 0,
        at: time(row, "at"),
        proof: row.get("proof"),
    };
    told.consents = rows.iter().map(word).collect();
    let rows = read(&mut transaction, "SELECT actor, since, note FROM restriction WHERE actor IN").await?;
    let restriction =
        |row: &AnyRow| HeldRestriction { actor: number(row, "actor"), since: time(row, "since"), note: row.get("note") };
    told.restrictions = rows.iter().map(restriction).collect();
    told.contacts = of_person(&mut transaction, &ids).await?;
    Ok(told)
}

fn number(row: &AnyRow, column: &str) -> String {
    ActorId(row.get::<i64, _>(column).cast_unsigned()).to_string()
}

fn time(row: &AnyRow, column: &str) -> String {
    let at: i64 = row.get(column);
    jiff::Timestamp::from_microsecond(at).map_or_else(|_| at.to_string(), |stamp| stamp.to_string())
}

fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("Cannot read what is known of a person").because(&error.into())
}

#[cfg(test)]
mod tests {
    use super::super::OF_PEOPLE;
    use super::*;
    use std::collections::BTreeSet;

    /// Tables of people that are not told, and why.
    const UNTOLD: [(&str, &str); 22] = [
        ("auto_answer", "a moment: when a machine answered"),
        ("bot_talk", "how a machine looked after them: each word of it is an interaction, and told as one"),
        ("conversation", "each message is an interaction, and told as one"),
        ("community_answer", "each is an interaction, and told as one"),
        ("community_member", "the address is an identity, and told as such; the name stands beside what they wrote"),
        ("community_question", "each is an interaction, and told as one"),
        ("community_solved", "that something which was there helped: a count, a day, no words"),
        ("letter", "what was sent is an interaction, and told as one"),
        ("mail_received", "each mail is an interaction, and told as one"),
        ("message", "each is an interaction, and told as one"),
        ("message_file", "what came along with a message: each can be had from its conversation"),
        ("mention", "each is an interaction, and told as one"),
        ("messenger_file", "a moment: a file that is being fetched and then stands with its message"),
        ("messenger_thread", "where answers go: that name is an identity, and told as such"),
        ("parcel", "how a message stands: each is an interaction, and told as one"),
        ("review", "each is an interaction, and told as one"),
        ("survey_invite", "whether somebody was asked: what was sent is told under contacts"),
        ("participant", "their names are identities, and told as such"),
        ("erasure_actor", "an erasure under way: nobody is there to be told"),
        ("relocation", "numbers that follow from the facts"),
        ("text_key", "the key itself tells nothing: the texts are told instead, opened"),
        ("tombstone", "a keyed hash, of somebody who was erased"),
    ];

    #[test]
    fn every_table_of_people_is_told() {
        let told = serde_json::to_value(PersonalData::default()).expect("is JSON");
        let told: Vec<&str> = told.as_object().expect("is an object").keys().map(String::as_str).collect();
        assert_eq!(told, ["consents", "contacts", "decisions", "facts", "identities", "restrictions", "sightings", "traits"]);
        // These are told by the rooms that keep them.
        let elsewhere = ["quarantine", "survey_answer", "survey_given", "page_comment"];
        let tables = ["actor", "consent", "identity_decision", "identity_fact", "restriction", "sighting", "trait"];
        let contacts = ["contact_hold", "contact_send", "contact_skip", "contact_suppression", "contact_waiting", "contact_word"];
        let known: BTreeSet<&str> =
            tables.into_iter().chain(elsewhere).chain(contacts).chain(UNTOLD.map(|(table, _)| table)).collect();
        let missing: Vec<_> = OF_PEOPLE.iter().map(|(table, _)| *table).filter(|table| !known.contains(table)).collect();
        assert!(missing.is_empty(), "tables of people that an export leaves out: {missing:?}");
    }
}
