//! What somebody may ask of us about their own data: to erase, to export, to restrict, to note what they agree to.
//!
//! Routes and the command line come here; both have the door for arrivals open, so that whatever is on its way is found.

use super::erase::{Erasing, OfPerson};
use super::retention::{Retained, Retention};
use super::spoken::EVENT;
use crate::failure::{Failure, Result};
use crate::features::capture::export::in_words;
use crate::features::capture::{Capture, Delivery, NotTaken, Sources, signals};
use crate::features::people::{Consents, ErasureReceipt, PersonalData, Purpose, Word, lift, personal_data, restrict};
use crate::platform::home::Stores;
use futures_util::future::BoxFuture;
use model::{ActorId, Arrival, Direction, Form, Identity, Interaction, Signature};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use state::StateError;
use utoipa::ToSchema;

/// The source of interactions that we record ourselves.
const OURS: &str = "touchline";

/// Answers what people ask about their own data. To be called from threads that may block. Clones share everything.
#[derive(Clone)]
pub struct Rights(Capture);

/// Is everything we hold of one person, in one document.
#[derive(Serialize, Deserialize, Debug, ToSchema)]
pub struct Dossier {
    /// When it was written, ISO 8601.
    pub exported_at: String,
    /// The person, as the ledger numbers them.
    pub person: String,
    /// What the state store holds.
    #[serde(flatten)]
    pub known: PersonalData,
    /// Every interaction, by time, with its texts opened.
    #[schema(value_type = Vec<Object>)]
    pub interactions: Vec<Value>,
    /// What they answered in surveys and wrote under pages, in words.
    #[serde(default)]
    pub answers: Vec<HeldAnswer>,
    /// Refused events that name the person, as they came.
    pub refused: Vec<String>,
}

/// Is something somebody said that a later room keeps, and that no interaction tells in full.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, Debug, ToSchema)]
pub struct HeldAnswer {
    /// `survey`, or `comment`.
    pub what: String,
    /// Which survey, or which page.
    pub place: String,
    /// What was asked; empty where nothing was.
    pub question: String,
    /// What was said, in words; none: it cannot be read any more.
    pub said: Vec<Option<String>>,
    /// When, ISO 8601.
    pub at: String,
}

/// Tells what a later room keeps of somebody.
pub type AlsoHeld = Box<dyn Fn(Vec<ActorId>) -> BoxFuture<'static, Result<Vec<HeldAnswer>>> + Send + Sync>;

/// Is what an erasure would remove.
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq, Debug, ToSchema)]
pub struct Extent {
    /// Raw identities.
    pub identities: u64,
    /// Interactions.
    pub interactions: u64,
}

impl Rights {
    /// Answers by the door for arrivals, so that what is on its way is found too.
    #[must_use]
    pub const fn new(capture: Capture) -> Self {
        Self(capture)
    }

    /// Erases the person behind an identity: see `docs/people/erasure.md`. `None` when nobody is known by it.
    ///
    /// # Errors
    /// Fails when a store does. What has begun is taken up again at the next start.
    pub fn erase(&self, who: &Identity) -> Result<Option<ErasureReceipt>> {
        let receipt = self.erasing().person(who)?;
        self.stores().block_on(self.0.spoken().reload())?;
        Ok(receipt)
    }

    /// Tells what an erasure would remove; `None` when nobody is known by the identity.
    ///
    /// # Errors
    /// Fails when a store does.
    pub fn extent(&self, who: &Identity) -> Result<Option<Extent>> {
        let Some(actors) = self.known(who)? else { return Ok(None) };
        let known = self.stores().block_on(personal_data(&self.stores().state, &actors))?;
        let interactions = self.rows(&actors)?.len() as u64;
        Ok(Some(Extent { identities: known.identities.len() as u64, interactions }))
    }

    /// Writes down everything we hold of a person; `None` when nobody is known by the identity.
    ///
    /// # Errors
    /// Fails when a store does.
    pub fn dossier(&self, who: &Identity) -> Result<Option<Dossier>> {
        let Some(actors) = self.known(who)? else { return Ok(None) };
        let stores = self.stores();
        let rows = self.rows(&actors)?;
        let (known, signals, texts) = stores.block_on(async {
            let known = personal_data(&stores.state, &actors).await?;
            Result::Ok((known, signals(&stores.state).await?, self.0.guard().texts(&rows).await?))
        })?;
        let answers = match self.0.also_held() {
            Some(held) => stores.block_on(held(actors))?,
            None => Vec::new(),
        };
        let person = self.0.books().people().person_of(who.actor());
        let told = |row: Interaction| {
            let text = texts.get(&row.id).cloned();
            let mut told = serde_json::to_value(in_words(row, &signals, person)).unwrap_or_default();
            if let Some(text) = text {
                told["text"] = Value::from(text);
            }
            told
        };
        let interactions = rows.into_iter().map(told).collect();
        let names: Vec<String> = known.identities.iter().map(|name| name.value.clone()).collect();
        let refused = stores.block_on(self.0.quarantine().holding(&names))?;
        let exported_at = jiff::Timestamp::from_microsecond(stores.now().0).map_or_else(|_| String::new(), |at| at.to_string());
        Ok(Some(Dossier { exported_at, person: person.to_string(), known, interactions, answers, refused }))
    }

    /// Restricts the use of what is known of a person, or lifts that. Returns of how many identities; `None` when
    /// nobody is known by the identity.
    ///
    /// # Errors
    /// Fails when a store does.
    pub fn restrict(&self, who: &Identity, is_restricted: bool, note: &str) -> Result<Option<u64>> {
        let Some(actors) = self.known(who)? else { return Ok(None) };
        let stores = self.stores();
        let changed = stores.block_on(async {
            let mut transaction = stores.state.begin().await.map_err(failed)?;
            let changed = if is_restricted {
                restrict(&mut transaction, &actors, stores.now(), note).await?;
                actors.len() as u64
            } else {
                lift(&mut transaction, &actors).await?
            };
            transaction.commit().await.map_err(|error| failed(error.into()))?;
            Result::Ok(changed)
        })?;
        Ok(Some(changed))
    }

    /// Notes what somebody agreed to or took back, as an interaction of the ledger and as the state from now on.
    ///
    /// # Errors
    /// Fails when a store does; the same may then be noted again.
    pub fn note_consent(&self, who: &Identity, said: &Consents, proof: &str) -> Result<Consents> {
        let at = self.stores().now();
        let purposes = Purpose::ALL.into_iter().filter_map(|purpose| Some((purpose, said.of(purpose)?)));
        let word = |(purpose, given)| Word { actor: who.actor(), purpose, given, at, proof: proof.to_owned() };
        let words: Vec<Word> = purposes.map(word).collect();
        let signature = Signature { source: OURS.to_owned(), event: EVENT.to_owned(), ..Signature::default() };
        let message = format!("{EVENT} {} {} {}", who.actor(), at.0, said.to_json());
        let mut arrival = Arrival::new(message.into_bytes(), signature, at, Form::Other, Direction::Inbound);
        arrival.identities = vec![who.clone()];
        arrival.props = Some(said.to_json().to_string());
        let delivery = Delivery { source: OURS.to_owned(), arrivals: vec![arrival], ..Delivery::default() };
        self.stores().block_on(async {
            self.0.take(delivery).await.map_err(|why| match why {
                NotTaken::Failed(failure) => failure,
                NotTaken::Busy { retry_after_s, .. } => Failure::new("More is waiting than can be stored in good time")
                    .hint(format!("Try again in {retry_after_s} s")),
            })?;
            self.0.spoken().note(&words).await
        })?;
        Ok(self.consents(who))
    }

    /// Returns what a person has agreed to.
    #[must_use]
    pub fn consents(&self, who: &Identity) -> Consents {
        let people = self.0.books().people();
        let actors = people.identities_of(people.person_of(who.actor()));
        self.0.spoken().of(&actors)
    }

    /// Removes what is older than its source keeps it.
    ///
    /// # Errors
    /// Fails when a store does; what is left is removed the next time.
    pub fn retain(&self, sources: &Sources) -> Result<Retained> {
        self.stores().block_on(self.0.settle())?;
        Retention { books: self.0.books(), guard: self.0.guard() }.run(&sources.all())
    }

    /// Returns the installation's receipts of erasures, the oldest first.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub fn receipts(&self) -> Result<Vec<ErasureReceipt>> {
        self.stores().block_on(ErasureReceipt::all(&self.stores().state))
    }

    /// Tells whether this installation wrote a receipt, and nobody changed it.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub fn is_ours(&self, receipt: &ErasureReceipt) -> Result<bool> {
        self.stores().block_on(receipt.is_ours(&self.stores().state))
    }

    fn stores(&self) -> &Stores {
        &self.0.books().stores
    }

    fn erasing(&self) -> Erasing<'_> {
        Erasing { books: self.0.books(), guard: self.0.guard(), settle: Box::new(|| self.stores().block_on(self.0.settle())) }
    }

    /// Returns every identity of the person, as of everything acknowledged by now.
    fn known(&self, who: &Identity) -> Result<Option<Vec<ActorId>>> {
        self.stores().block_on(self.0.settle())?;
        self.erasing().known(who)
    }

    /// Returns what a person did: by names that are theirs alone, and on devices of several.
    fn rows(&self, actors: &[ActorId]) -> Result<Vec<Interaction>> {
        let theirs = OfPerson::new(actors, self.0.books());
        let rows = self.stores().ledger().interactions(&theirs.possible());
        let mut rows = rows.map_err(|error| Failure::new("Cannot read the ledger").because(&error))?;
        rows.retain(|row| theirs.is_theirs(row.actor, row.at));
        Ok(rows)
    }
}

fn failed(error: StateError) -> Failure {
    Failure::new("Cannot change a restriction").because(&error)
}
