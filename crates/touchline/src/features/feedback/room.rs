//! The room itself: what it stands on, the links it writes, and what it does without anybody asking.

use crate::failure::{Failure, Result};
use crate::features::conversations::Talk;
use crate::features::people::{SharedPeople, TextKeys};
use crate::platform::clock::Clock;
use crate::platform::home::Stores;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::{ActorId, Instant, InteractionId};
use sqlx::Row;
use sqlx::any::AnyRow;
use state::{State, StateError};

/// The source of everything that this room tells the ledger.
pub(super) const SOURCE: &str = "feedback";
/// What somebody may say beside a score.
pub(super) const WORDS_MAX: usize = 5_000;
/// Answers, reviews and mentions that are shown at once.
pub(super) const SHOWN_MAX: i64 = 200;
/// How often what was erased elsewhere is taken away here.
const KEEP_EVERY: std::time::Duration = std::time::Duration::from_secs(60);

/// Is whom a link to a survey is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Link {
    pub(super) survey: i64,
    /// None: anybody's.
    pub(super) actor: Option<ActorId>,
}

/// Asks and listens. Clones share everything.
#[derive(Clone)]
pub struct Feedback {
    pub(super) state: State,
    pub(super) talk: Talk,
    pub(super) stores: Stores,
    pub(super) keys: TextKeys,
    pub(super) people: SharedPeople,
    clock: Clock,
}

impl Feedback {
    /// Opens the room.
    #[must_use]
    pub fn new(stores: &Stores, capture: &crate::features::capture::Capture, talk: Talk) -> Self {
        Self {
            state: stores.state.clone(),
            stores: stores.clone(),
            talk,
            keys: capture.text_keys(),
            people: capture.people(),
            clock: stores.clock.clone(),
        }
    }

    pub(super) fn now(&self) -> Instant {
        (self.clock)()
    }

    async fn secret(&self) -> Result<[u8; 32]> {
        self.talk.door.policy().secret("survey").await
    }

    /// Writes the token of a link.
    pub(super) async fn token(&self, link: Link) -> Result<String> {
        let mut bytes = link.survey.to_be_bytes().to_vec();
        bytes.extend_from_slice(&link.actor.map_or(0, |actor| actor.0).to_be_bytes());
        let mac = blake3::keyed_hash(&self.secret().await?, &bytes);
        bytes.extend_from_slice(&mac.as_bytes()[..16]);
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads a token; `None` for what we did not write.
    pub(super) async fn link(&self, token: &str) -> Result<Option<Link>> {
        let Some(bytes) = URL_SAFE_NO_PAD.decode(token).ok().filter(|bytes| bytes.len() == 32) else { return Ok(None) };
        let (told, mac) = bytes.split_at(16);
        let ours = blake3::keyed_hash(&self.secret().await?, told);
        if !bool::from(subtle::ConstantTimeEq::ct_eq(&ours.as_bytes()[..16], mac)) {
            return Ok(None);
        }
        let number = |part: &[u8]| u64::from_be_bytes(part.try_into().unwrap_or_default());
        let actor = number(&told[8..]);
        Ok(Some(Link { survey: number(&told[..8]).cast_signed(), actor: (actor != 0).then_some(ActorId(actor)) }))
    }

    /// Returns the touchpoint that something is about where nobody names another.
    pub(super) async fn usual_touchpoint(&self, what: &str) -> Result<String> {
        Ok(self.talk.inbox.settings().await?.touchpoints.get(what).cloned().unwrap_or_default())
    }

    /// Does what is due without anybody asking, until it is aborted.
    pub async fn keep(self) {
        loop {
            for outcome in [
                self.sweep().await,
                self.ask_due().await.map(drop),
                self.read_feeds().await.map(drop),
                self.keep_comments().await,
                self.keep_reviews().await,
            ] {
                if let Err(failure) = outcome {
                    tracing::warn!("{failure}");
                }
            }
            tokio::time::sleep(KEEP_EVERY).await;
        }
    }

    /// Takes away the words of people who were erased: the keys of their texts are gone.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn sweep(&self) -> Result<()> {
        let sql = "SELECT DISTINCT actor FROM survey_answer UNION SELECT actor FROM review UNION SELECT actor FROM mention \
                   UNION SELECT actor FROM page_comment";
        let actors: Vec<i64> = sqlx::query_scalar(sql).fetch_all(self.state.reader()).await.map_err(failed)?;
        let actors: Vec<ActorId> = actors.into_iter().map(|actor| ActorId(actor.cast_unsigned())).collect();
        let keys = self.keys.known(&actors).await?;
        let gone: Vec<i64> =
            actors.iter().filter(|actor| !keys.contains_key(*actor)).map(|actor| actor.0.cast_signed()).collect();
        if gone.is_empty() {
            return Ok(());
        }
        let mut transaction = self.state.begin().await.map_err(failed)?;
        for head in [
            "DELETE FROM survey_given WHERE actor IN",
            "DELETE FROM survey_answer WHERE actor IN",
            "DELETE FROM survey_invite WHERE actor IN",
            "DELETE FROM review WHERE actor IN",
            "DELETE FROM mention WHERE actor IN",
            "DELETE FROM page_comment WHERE actor IN",
        ] {
            state::delete_in(&mut transaction, head, &gone).await.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)
    }
}

/// Is the place of a sealed text.
pub(super) fn place_of(what: &str) -> InteractionId {
    InteractionId::of(SOURCE, what.as_bytes())
}

pub(super) fn actor_of(row: &AnyRow) -> ActorId {
    ActorId(row.get::<i64, _>("actor").cast_unsigned())
}

pub(super) fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("Cannot look after feedback").because(&error.into())
}
