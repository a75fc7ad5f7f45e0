//! What people said about being contacted, addresses that must not be written to, and holds: the tables `contact_word`,
//! `contact_suppression` and `contact_hold`.
//!
//! Each is kept with a raw identity and counts for the person, whoever they are joined to later: of words the last one, of
//! two at the same time the no; of suppressions and holds any.

use super::{Channel, Class, Policy, failed};
use crate::failure::Result;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::{ActorId, Instant};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::any::AnyRow;
use state::Transaction;
use utoipa::ToSchema;

/// How many bytes of the keyed hash stand in a link: nobody guesses 128 bits.
const MAC_BYTES: usize = 16;

/// Is what somebody said about one class of message on one channel.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ContactWord {
    /// What for.
    pub class: Class,
    /// On which path.
    pub channel: Channel,
    /// Yes or no.
    pub given: bool,
    /// Not more often than once in so many days; 0: no wish.
    #[serde(default)]
    pub every_days: u16,
}

/// Is an address that must not be written to any more.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Suppression {
    /// The identity, as the ledger numbers it.
    pub actor: String,
    /// On which path.
    pub channel: Channel,
    /// Why: `bounced`, `complained`, `said_stop`, `by_staff`.
    pub reason: String,
    /// Since when, in microseconds since 1970.
    pub at: i64,
}

/// Is the way to somebody's preferences without signing in: who they are, under a keyed hash that only we can make.
pub struct PreferenceToken;

impl PreferenceToken {
    /// Writes the token of an identity for a use, such as `preferences`.
    #[must_use]
    pub fn write(secret: &[u8; 32], what_for: &str, actor: ActorId) -> String {
        let mut bytes = actor.0.to_be_bytes().to_vec();
        bytes.extend_from_slice(&mac(secret, what_for, actor)[..MAC_BYTES]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Returns whose a token says it is, which proves nothing: for a use that depends on whose it is.
    #[must_use]
    pub fn claimed(token: &str) -> Option<ActorId> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        Some(ActorId(u64::from_be_bytes(bytes.get(..8)?.try_into().ok()?)))
    }

    /// Reads a token; `None` for what we did not write.
    #[must_use]
    pub fn read(secret: &[u8; 32], what_for: &str, token: &str) -> Option<ActorId> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (actor, told) = bytes.split_at_checked(8)?;
        let actor = ActorId(u64::from_be_bytes(actor.try_into().ok()?));
        let is_ours = subtle::ConstantTimeEq::ct_eq(&mac(secret, what_for, actor)[..MAC_BYTES], told);
        bool::from(is_ours).then_some(actor)
    }
}

fn mac(secret: &[u8; 32], what_for: &str, actor: ActorId) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_keyed(secret);
    hasher.update(what_for.as_bytes()).update(&[0]).update(&actor.0.to_be_bytes());
    *hasher.finalize().as_bytes()
}

impl Policy {
    /// Returns a secret of this installation.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn secret(&self, what_for: &'static str) -> Result<[u8; 32]> {
        super::super::secret::of(&self.state, what_for).await
    }

    /// Notes what somebody said; of each class and channel the last word stays, and of two at the same time the no.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn note(&self, actor: ActorId, words: &[ContactWord], at: Instant, proof: &str) -> Result<()> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        for word in words {
            sqlx::query(
                "INSERT INTO contact_word (actor, class, channel, given, every, at, proof) VALUES ($1, $2, $3, $4, $5, $6, $7) \
                 ON CONFLICT (actor, class, channel) DO UPDATE SET given = excluded.given, every = excluded.every, \
                 at = excluded.at, proof = excluded.proof WHERE excluded.at > contact_word.at \
                 OR (excluded.at = contact_word.at AND excluded.given <= contact_word.given)",
            )
            .bind(actor.0.cast_signed())
            .bind(word.class.name())
            .bind(word.channel.name())
            .bind(i64::from(word.given))
            .bind(i64::from(word.every_days))
            .bind(at.0)
            .bind(proof.to_owned())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)
    }

    /// Returns what the person behind an identity said last, per class and channel.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn words_of(&self, actor: ActorId) -> Result<Vec<ContactWord>> {
        let (_, actors) = self.actors_of(actor);
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let said = said(&mut transaction, &actors).await?;
        Ok(last(&said).into_iter().map(|said| said.word.clone()).collect())
    }

    /// Notes that an address must not be written to any more.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn suppress(&self, actor: ActorId, channel: Channel, reason: &str) -> Result<()> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        sqlx::query(
            "INSERT INTO contact_suppression (actor, channel, reason, at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (actor, channel) DO NOTHING",
        )
        .bind(actor.0.cast_signed())
        .bind(channel.name())
        .bind(reason.to_owned())
        .bind(self.now().0)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    /// Takes a suppression back; tells whether there was one.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn release(&self, actor: ActorId, channel: Channel) -> Result<bool> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let gone = sqlx::query("DELETE FROM contact_suppression WHERE actor = $1 AND channel = $2")
            .bind(actor.0.cast_signed())
            .bind(channel.name())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(gone.rows_affected() > 0)
    }

    /// Holds promotions to somebody, in the transaction of what makes them wait. Twice is once.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn hold(transaction: &mut Transaction, actor: ActorId, reason: &str, since: Instant) -> Result<()> {
        sqlx::query("INSERT INTO contact_hold (actor, reason, since) VALUES ($1, $2, $3) ON CONFLICT (actor, reason) DO NOTHING")
            .bind(actor.0.cast_signed())
            .bind(reason.to_owned())
            .bind(since.0)
            .execute(&mut **transaction)
            .await
            .map_err(failed)?;
        Ok(())
    }

    /// Lets promotions go on, in the transaction of what ends the reason.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn let_go(transaction: &mut Transaction, actor: ActorId, reason: &str) -> Result<()> {
        sqlx::query("DELETE FROM contact_hold WHERE actor = $1 AND reason = $2")
            .bind(actor.0.cast_signed())
            .bind(reason.to_owned())
            .execute(&mut **transaction)
            .await
            .map_err(failed)?;
        Ok(())
    }

    /// Returns the addresses of a person that must not be written to.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn suppressions_of(&self, actor: ActorId) -> Result<Vec<Suppression>> {
        let (_, actors) = self.actors_of(actor);
        let head = "SELECT actor, channel, reason, at FROM contact_suppression WHERE actor IN";
        let rows = state::read_in(self.state.reader(), head, &actors).await.map_err(failed)?;
        let suppression = |row: &AnyRow| {
            Some(Suppression {
                actor: ActorId(row.get::<i64, _>("actor").cast_unsigned()).to_string(),
                channel: Channel::parse(&row.get::<String, _>("channel"))?,
                reason: row.get("reason"),
                at: row.get("at"),
            })
        };
        Ok(rows.iter().filter_map(suppression).collect())
    }
}

/// Is a word with the time at which it was said.
#[derive(Clone, Debug)]
pub(super) struct Said {
    /// The identity that said it.
    pub(super) actor: i64,
    pub(super) word: ContactWord,
    pub(super) at: Instant,
}

impl Said {
    /// Is what decides between two words: the later one, and of two at the same time the no.
    pub(super) fn counts(&self) -> (Instant, bool, u16) {
        (self.at, !self.word.given, self.word.every_days)
    }
}

/// Reads every word of some identities.
pub(super) async fn said(transaction: &mut Transaction, actors: &[i64]) -> Result<Vec<Said>> {
    let head = "SELECT actor, class, channel, given, every, at FROM contact_word WHERE actor IN";
    let rows = state::select_in(transaction, head, actors).await.map_err(failed)?;
    let said = |row: &AnyRow| {
        Some(Said {
            actor: row.get("actor"),
            word: ContactWord {
                class: Class::parse(&row.get::<String, _>("class"))?,
                channel: Channel::parse(&row.get::<String, _>("channel"))?,
                given: row.get::<i64, _>("given") != 0,
                every_days: u16::try_from(row.get::<i64, _>("every")).unwrap_or(0),
            },
            at: Instant(row.get("at")),
        })
    };
    Ok(rows.iter().filter_map(said).collect())
}

/// Returns per class and channel the last word, and of two at the same time the no.
pub(super) fn last(said: &[Said]) -> Vec<&Said> {
    let mut last: Vec<&Said> = Vec::new();
    for one in said {
        let place = last.iter().position(|other| (other.word.class, other.word.channel) == (one.word.class, one.word.channel));
        match place {
            None => last.push(one),
            Some(place) => {
                if one.counts() > last[place].counts() {
                    last[place] = one;
                }
            }
        }
    }
    last.sort_by_key(|said| (said.word.class, said.word.channel));
    last
}

/// Is one line of what this part knows of somebody, for whoever asks what we hold of them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct HeldContact {
    /// What: `word`, `suppression`, `hold`, `send`, `skip` or `waiting`.
    pub what: String,
    /// The identity, by its number.
    pub actor: String,
    /// On which channel, of which class, with which tag, or why.
    pub about: String,
    /// When, in microseconds since 1970.
    pub at: i64,
}

/// Returns everything that this part knows of some identities.
///
/// # Errors
/// Fails when the state store does.
pub(in crate::features::people) async fn of_person(transaction: &mut Transaction, actors: &[i64]) -> Result<Vec<HeldContact>> {
    let mut held = Vec::new();
    for (what, head) in [
        ("word", "SELECT actor, class || ' ' || channel || ' ' || given AS about, at FROM contact_word WHERE actor IN"),
        ("suppression", "SELECT actor, channel || ' ' || reason AS about, at FROM contact_suppression WHERE actor IN"),
        ("hold", "SELECT actor, reason AS about, since AS at FROM contact_hold WHERE actor IN"),
        (
            "send",
            "SELECT actor, class || ' ' || channel || ' ' || tag || ' ' || state AS about, at FROM contact_send WHERE actor IN",
        ),
        (
            "skip",
            "SELECT actor, class || ' ' || channel || ' ' || tag || ' ' || why AS about, at FROM contact_skip WHERE actor IN",
        ),
        ("waiting", "SELECT actor, tag AS about, until AS at FROM contact_waiting WHERE actor IN"),
    ] {
        for row in state::select_in(transaction, head, actors).await.map_err(failed)? {
            let actor = ActorId(row.get::<i64, _>("actor").cast_unsigned()).to_string();
            held.push(HeldContact { what: what.to_owned(), actor, about: row.get("about"), at: row.get("at") });
        }
    }
    held.sort_by(|one, other| (one.at, &one.what, &one.about).cmp(&(other.at, &other.what, &other.about)));
    Ok(held)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_one_door_of_one_person() {
        let (ours, theirs) = ([1; 32], [2; 32]);
        let token = PreferenceToken::write(&ours, "preferences", ActorId(9));
        assert_eq!(PreferenceToken::read(&ours, "preferences", &token), Some(ActorId(9)));
        assert_eq!(PreferenceToken::read(&theirs, "preferences", &token), None);
        assert_eq!(PreferenceToken::read(&ours, "survey", &token), None);
        for place in 0..token.len() {
            let mut forged = token.clone().into_bytes();
            forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).expect("is text");
            assert_eq!(PreferenceToken::read(&ours, "preferences", &forged), None, "letter {place}");
        }
        assert_eq!(PreferenceToken::read(&ours, "preferences", ""), None);
    }

    #[test]
    fn the_last_word_counts_and_of_two_the_no() {
        let said = |given, at| Said {
            actor: 1,
            word: ContactWord { class: Class::Marketing, channel: Channel::Email, given, every_days: 0 },
            at: Instant(at),
        };
        let check = |words: &[Said], expected: bool| assert_eq!(last(words)[0].word.given, expected);
        check(&[said(true, 1), said(false, 2)], false);
        check(&[said(true, 3), said(false, 2)], true);
        check(&[said(false, 2), said(true, 2)], false);
        check(&[said(true, 2), said(false, 2)], false);
    }
}
