//! Surveys and reviews: the tables `survey`, `survey_invite`, `survey_answer` and `review`, and what the ledger is told.

use super::results::{Results, results};
use super::triggers::SurveyTrigger;
use crate::failure::{Failure, Result};
use crate::features::conversations::{Talk, Wanted};
use crate::features::people::policy::Class;
use crate::features::people::{TextKeys, open, seal};
use crate::platform::home::Stores;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::{ActorId, Arrival, Direction, Form, Identity, Instant, InteractionId, Scale, Score, Signature};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::any::AnyRow;
use state::{State, StateError};
use utoipa::ToSchema;

/// The source of everything that this room tells the ledger.
const SOURCE: &str = "feedback";
/// Surveys there may be.
const SURVEYS_MAX: i64 = 200;
/// What somebody may say beside a score.
pub(super) const WORDS_MAX: usize = 5_000;
/// Answers and reviews that are shown at once.
const SHOWN_MAX: i64 = 200;
/// How often what was erased elsewhere is taken away here.
const KEEP_EVERY: std::time::Duration = std::time::Duration::from_secs(60);
/// The survey after a conversation, which is made when it is first needed.
const AFTER: &str = "After a conversation";

/// Is what a survey asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SurveyKind {
    /// Whether they would recommend us, 0 to 10.
    Nps,
    /// How satisfied they are, 1 to 5.
    Csat,
    /// Whether it was easy, 1 to 7.
    Ces,
    /// Stars, 1 to 5.
    Rating,
}

impl SurveyKind {
    /// Returns the scale of its answers.
    #[must_use]
    pub const fn scale(self) -> Scale {
        match self {
            Self::Nps => Scale::Nps,
            Self::Ces => Scale::Seven,
            Self::Csat | Self::Rating => Scale::Five,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Nps => "nps",
            Self::Csat => "csat",
            Self::Ces => "ces",
            Self::Rating => "rating",
        }
    }

    fn parse(name: &str) -> Self {
        match name {
            "nps" => Self::Nps,
            "ces" => Self::Ces,
            "rating" => Self::Rating,
            _ => Self::Csat,
        }
    }
}

/// Is a survey to be made.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSurvey {
    /// Its name, for staff and for the map.
    pub name: String,
    /// What it asks.
    pub kind: SurveyKind,
    /// The question in the organisation's own words; empty: the usual one in the reader's language.
    #[serde(default)]
    pub question: String,
    /// The touchpoint of the map that its answers are about.
    #[serde(default)]
    pub touchpoint: String,
}

/// Is a survey with what was answered.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Survey {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// What it asks.
    pub kind: SurveyKind,
    /// The question; empty: the usual one.
    pub question: String,
    /// The touchpoint that its answers are about.
    pub touchpoint: String,
    /// Whether no more answers are taken.
    pub is_closed: bool,
    /// The address at which anybody answers it: for a page, a receipt, a code in print.
    pub link: String,
    /// When it asks by itself; none: never.
    pub trigger: Option<SurveyTrigger>,
    /// What the answers say.
    pub results: Results,
}

/// Is one answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SurveyAnswer {
    /// The survey.
    pub survey: i64,
    /// The number of whoever answered.
    pub person: String,
    /// The score as given.
    pub score: i16,
    /// What they said beside it; none: it cannot be read any more.
    pub words: Option<String>,
    /// `link`, `email` or `widget`.
    pub channel: String,
    /// The conversation it is about.
    pub conversation: String,
    /// When, in microseconds since 1970.
    pub at: i64,
}

/// Is one review.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = CustomerReview)]
pub struct Review {
    /// Its id.
    pub id: String,
    /// What it is about; empty: the organisation.
    pub product: String,
    /// The stars, 1 to 5.
    pub stars: i16,
    /// The name they gave.
    pub name: String,
    /// What they wrote; none: it cannot be read any more.
    pub words: Option<String>,
    /// `pending`, `published` or `rejected`.
    pub state: String,
    /// What we answered.
    pub reply: String,
    /// When, in microseconds since 1970.
    pub at: i64,
}

/// Is whom a link to a survey is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Link {
    pub(super) survey: i64,
    /// None: anybody's.
    pub(super) actor: Option<ActorId>,
}

/// Is one answer on its way in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Answered<'a> {
    pub(super) survey: i64,
    pub(super) who: Option<Identity>,
    pub(super) id: String,
    pub(super) score: i16,
    pub(super) words: &'a str,
    pub(super) channel: &'static str,
    pub(super) conversation: String,
}

/// Asks and listens. Clones share everything.
#[derive(Clone)]
pub struct Feedback {
    pub(super) state: State,
    pub(super) talk: Talk,
    pub(super) stores: Stores,
    pub(super) keys: TextKeys,
    pub(super) people: crate::features::people::SharedPeople,
    clock: crate::platform::clock::Clock,
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

    /// Makes a survey.
    ///
    /// # Errors
    /// Fails when something is wrong with it, or the state store fails.
    pub async fn make(&self, new: &NewSurvey) -> Result<i64> {
        let is_word = |text: &str, most: usize| text.len() <= most && !text.chars().any(char::is_control);
        if new.name.trim().is_empty()
            || !is_word(&new.name, 100)
            || !is_word(&new.question, 500)
            || !is_word(&new.touchpoint, 100)
        {
            return Err(Failure::new("A survey has a name of at most 100 bytes and a question of at most 500"));
        }
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let (count, last): (i64, i64) = sqlx::query_as("SELECT COUNT(*), COALESCE(MAX(id), 0) FROM survey")
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed)?;
        if count >= SURVEYS_MAX {
            return Err(Failure::new(format!("There are {SURVEYS_MAX} surveys already")));
        }
        sqlx::query("INSERT INTO survey (id, name, kind, question, touchpoint, created_at, closed_at) VALUES ($1, $2, $3, $4, $5, $6, NULL)")
            .bind(last + 1)
            .bind(new.name.trim().to_owned())
            .bind(new.kind.name())
            .bind(new.question.clone())
            .bind(new.touchpoint.clone())
            .bind(self.now().0)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(last + 1)
    }

    /// Takes no more answers to a survey, or takes them again; tells whether there is one.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn close(&self, id: i64, is_closed: bool) -> Result<bool> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let changed = sqlx::query("UPDATE survey SET closed_at = $1 WHERE id = $2")
            .bind(is_closed.then(|| self.now().0))
            .bind(id)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(changed.rows_affected() > 0)
    }

    /// Lists the surveys with what was answered.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn surveys(&self) -> Result<Vec<Survey>> {
        let sql = "SELECT id, name, kind, question, touchpoint, closed_at FROM survey ORDER BY id";
        let rows = sqlx::query(sql).fetch_all(self.state.reader()).await.map_err(failed)?;
        let mut all = Vec::with_capacity(rows.len());
        for row in &rows {
            let id: i64 = row.get("id");
            let scores: Vec<i64> = sqlx::query_scalar("SELECT score FROM survey_answer WHERE survey = $1")
                .bind(id)
                .fetch_all(self.state.reader())
                .await
                .map_err(failed)?;
            let scores: Vec<i16> = scores.into_iter().filter_map(|score| i16::try_from(score).ok()).collect();
            let (invited, responded): (i64, i64) =
                sqlx::query_as("SELECT COUNT(*), COUNT(answered_at) FROM survey_invite WHERE survey = $1")
                    .bind(id)
                    .fetch_one(self.state.reader())
                    .await
                    .map_err(failed)?;
            let kind = SurveyKind::parse(&row.get::<String, _>("kind"));
            all.push(Survey {
                id,
                name: row.get("name"),
                kind,
                question: row.get("question"),
                touchpoint: row.get("touchpoint"),
                is_closed: row.get::<Option<i64>, _>("closed_at").is_some(),
                link: format!("/p/survey/{}", self.token(Link { survey: id, actor: None }).await?),
                trigger: self.trigger_of(id).await?,
                results: results(kind, &scores, invited.cast_unsigned(), responded.cast_unsigned()),
            });
        }
        Ok(all)
    }

    /// Returns name, kind, question and touchpoint of a survey that takes answers.
    pub(super) async fn open_survey(&self, id: i64) -> Result<Option<(String, SurveyKind, String, String)>> {
        let sql = "SELECT name, kind, question, touchpoint FROM survey WHERE id = $1 AND closed_at IS NULL";
        let row = sqlx::query(sql).bind(id).fetch_optional(self.state.reader()).await.map_err(failed)?;
        Ok(row.map(|row| {
            let kind = SurveyKind::parse(&row.get::<String, _>("kind"));
            (row.get("name"), kind, row.get("question"), row.get("touchpoint"))
        }))
    }

    /// Returns the survey after a conversation; makes it where it is not there.
    pub(super) async fn after_conversation(&self) -> Result<i64> {
        let sql = "SELECT id FROM survey WHERE name = $1 ORDER BY id LIMIT 1";
        let known: Option<i64> = sqlx::query_scalar(sql).bind(AFTER).fetch_optional(self.state.reader()).await.map_err(failed)?;
        if let Some(id) = known {
            return Ok(id);
        }
        let touchpoint = self.talk.inbox.settings().await?.touchpoints.get("chat").cloned().unwrap_or_default();
        self.make(&NewSurvey { name: AFTER.to_owned(), kind: SurveyKind::Csat, question: String::new(), touchpoint }).await
    }

    /// Asks somebody by mail. The letter goes through the contact policy when its turn comes; asking twice is once.
    ///
    /// # Errors
    /// Fails when a store does.
    pub async fn invite(&self, survey: i64, address: &str) -> Result<bool> {
        let Some((name, ..)) = self.open_survey(survey).await? else { return Ok(false) };
        let Some(who) = Identity::new("email", &address.trim().to_lowercase()) else { return Ok(false) };
        let actor = who.actor();
        let token = self.token(Link { survey, actor: Some(actor) }).await?;
        let link = format!("{}/p/survey/{token}", self.talk.address());
        let text = format!(
            "May we ask you one question? It takes a minute:\n{link}\n\n\
             Pouvons-nous vous poser une question ? Cela prend une minute :\n{link}\n\n\
             Можно задать вам один вопрос? Это займёт минуту:\n{link}\n"
        );
        let key = self.keys.of(&[actor]).await?[&actor];
        let identity = seal(&key, invited(survey, actor), &who.value)?;
        let mut transaction = self.state.begin().await.map_err(failed)?;
        sqlx::query(
            "INSERT INTO survey_invite (survey, actor, identity, channel, at, answered_at) VALUES ($1, $2, $3, 'email', $4, NULL) \
             ON CONFLICT (survey, actor) DO NOTHING",
        )
            .bind(survey)
            .bind(actor.0.cast_signed())
            .bind(identity)
            .bind(self.now().0)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        let wanted = Wanted {
            id: format!("survey:{survey}:{actor}"),
            address: who.value.clone(),
            who,
            class: Class::Survey,
            tag: "survey".to_owned(),
            subject: name,
            text,
        };
        self.talk.queue_letter(&wanted).await?;
        Ok(true)
    }

    /// Takes an answer; the same one again changes nothing. `false` when the survey takes none, or the score is not on its scale.
    ///
    /// # Errors
    /// Fails when a store does; the same may come again.
    pub(super) async fn answer(&self, answered: Answered<'_>) -> Result<bool> {
        let Some((name, kind, _, touchpoint)) = self.open_survey(answered.survey).await? else { return Ok(false) };
        let Some(score) = Score::new(kind.scale(), answered.score) else { return Ok(false) };
        let who = match answered.who {
            Some(who) => who,
            // Whoever comes by a link for everybody is somebody, and nobody known.
            None => Identity::new("anonymous", &format!("survey-{}", answered.id))
                .ok_or_else(|| Failure::new("An id is not blank"))?,
        };
        let (actor, at) = (who.actor(), self.now());
        let message = format!("answer:{}:{}", answered.survey, answered.id);
        let key = self.keys.of(&[actor]).await?[&actor];
        let words = answered.words.trim();
        let body =
            if words.is_empty() { String::new() } else { seal(&key, InteractionId::of(SOURCE, message.as_bytes()), words)? };
        let mut transaction = self.state.begin().await.map_err(failed)?;
        sqlx::query(
            "INSERT INTO survey_answer (id, survey, actor, score, body, channel, conversation, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
             ON CONFLICT (id) DO NOTHING",
        )
        .bind(message.clone())
        .bind(answered.survey)
        .bind(actor.0.cast_signed())
        .bind(i64::from(answered.score))
        .bind(body)
        .bind(answered.channel)
        .bind(answered.conversation.clone())
        .bind(at.0)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        sqlx::query("UPDATE survey_invite SET answered_at = $1 WHERE survey = $2 AND actor = $3 AND answered_at IS NULL")
            .bind(at.0)
            .bind(answered.survey)
            .bind(actor.0.cast_signed())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        let channel = if answered.channel == "email" { "e-mail" } else { "survey" };
        let signature = Signature {
            source: SOURCE.to_owned(),
            event: "answer".to_owned(),
            channel: channel.to_owned(),
            place: name,
            touchpoint,
            ..Signature::default()
        };
        let mut arrival = Arrival::new(message.into_bytes(), signature, at, Form::SurveyAnswer, Direction::Inbound);
        arrival.source = SOURCE.to_owned();
        arrival.identities = vec![who];
        arrival.score = Some(score);
        arrival.text = (!words.is_empty()).then(|| words.to_owned());
        arrival.conversation = (!answered.conversation.is_empty()).then_some(answered.conversation);
        self.talk.door.deliver(vec![arrival]).await?;
        Ok(true)
    }

    /// Takes an answer that somebody known gave.
    ///
    /// # Errors
    /// Fails when a store does.
    pub async fn take(&self, survey: i64, who: &Identity, score: i16, words: &str) -> Result<bool> {
        let answered = Answered {
            survey,
            who: Some(who.clone()),
            id: who.actor().to_string(),
            score,
            words,
            channel: "email",
            conversation: String::new(),
        };
        self.answer(answered).await
    }

    /// Takes a review, published or waiting.
    ///
    /// # Errors
    /// Fails when a store does.
    pub async fn take_review(
        &self,
        id: &str,
        product: &str,
        stars: i16,
        name: &str,
        words: &str,
        is_published: bool,
    ) -> Result<()> {
        self.review(id, product, stars, name, words).await?;
        if is_published {
            self.moderate(id, "published", None).await?;
        }
        Ok(())
    }

    /// Tells whether somebody has answered already.
    pub(super) async fn has_answered(&self, survey: i64, id: &str) -> Result<bool> {
        let sql = "SELECT COUNT(*) FROM survey_answer WHERE id = $1";
        let count: i64 =
            sqlx::query_scalar(sql).bind(format!("answer:{survey}:{id}")).fetch_one(self.state.reader()).await.map_err(failed)?;
        Ok(count > 0)
    }

    /// Returns the identity of whom a link is for, as it stood on the invitation.
    pub(super) async fn whose(&self, survey: i64, actor: ActorId) -> Result<Option<Identity>> {
        let sealed: Option<String> = sqlx::query_scalar("SELECT identity FROM survey_invite WHERE survey = $1 AND actor = $2")
            .bind(survey)
            .bind(actor.0.cast_signed())
            .fetch_optional(self.state.reader())
            .await
            .map_err(failed)?;
        let keys = self.keys.known(&[actor]).await?;
        let text = sealed.zip(keys.get(&actor)).and_then(|(sealed, key)| open(key, invited(survey, actor), &sealed));
        Ok(text.and_then(|address| Identity::new("email", &address)))
    }

    /// Returns the last answers.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn answers(&self) -> Result<Vec<SurveyAnswer>> {
        let sql =
            "SELECT id, survey, actor, score, body, channel, conversation, at FROM survey_answer ORDER BY at DESC, id LIMIT $1";
        let rows = sqlx::query(sql).bind(SHOWN_MAX).fetch_all(self.state.reader()).await.map_err(failed)?;
        let actors: Vec<ActorId> = rows.iter().map(actor_of).collect();
        let keys = self.keys.known(&actors).await?;
        let people = self.people.read();
        let answer = |row: &AnyRow| {
            let (actor, id, body): (ActorId, String, String) = (actor_of(row), row.get("id"), row.get("body"));
            let words = if body.is_empty() {
                Some(String::new())
            } else {
                keys.get(&actor).and_then(|key| open(key, InteractionId::of(SOURCE, id.as_bytes()), &body))
            };
            SurveyAnswer {
                survey: row.get("survey"),
                person: people.person_of(actor).to_string(),
                score: i16::try_from(row.get::<i64, _>("score")).unwrap_or(0),
                words,
                channel: row.get("channel"),
                conversation: row.get("conversation"),
                at: row.get("at"),
            }
        };
        Ok(rows.iter().map(answer).collect())
    }

    /// Takes a review; it waits until somebody has looked at it.
    ///
    /// # Errors
    /// Fails when a store does; the same may come again.
    pub(super) async fn review(&self, id: &str, product: &str, stars: i16, name: &str, words: &str) -> Result<()> {
        let who = Identity::new("anonymous", &format!("review-{id}")).ok_or_else(|| Failure::new("An id is not blank"))?;
        let (actor, at) = (who.actor(), self.now());
        let message = format!("review:{id}");
        let key = self.keys.of(&[actor]).await?[&actor];
        let place = |what: &str| InteractionId::of(SOURCE, format!("{message}{what}").as_bytes());
        let mut transaction = self.state.begin().await.map_err(failed)?;
        sqlx::query(
            "INSERT INTO review (id, actor, product, stars, name, body, state, reply, at, replied_at) VALUES ($1, $2, $3, $4, $5, $6, 'pending', '', $7, NULL) \
             ON CONFLICT (id) DO NOTHING",
        )
        .bind(id.to_owned())
        .bind(actor.0.cast_signed())
        .bind(product.to_owned())
        .bind(i64::from(stars))
        .bind(seal(&key, place(":name"), name)?)
        .bind(seal(&key, place(""), words)?)
        .bind(at.0)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        let touchpoint = self.talk.inbox.settings().await?.touchpoints.get("review").cloned().unwrap_or_default();
        let signature = Signature {
            source: SOURCE.to_owned(),
            event: "review".to_owned(),
            channel: "reviews".to_owned(),
            place: "review page".to_owned(),
            touchpoint,
            ..Signature::default()
        };
        let mut arrival = Arrival::new(message.into_bytes(), signature, at, Form::Review, Direction::Inbound);
        arrival.source = SOURCE.to_owned();
        arrival.identities = vec![who];
        arrival.score = Score::new(Scale::Five, stars);
        arrival.text = Some(words.to_owned());
        self.talk.door.deliver(vec![arrival]).await
    }

    /// Lists reviews in a state, or all; of one product, or all.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn reviews(&self, state: &str, product: Option<&str>) -> Result<Vec<Review>> {
        let sql = "SELECT id, actor, product, stars, name, body, state, reply, at FROM review WHERE ($1 = '' OR state = $1) \
                   AND ($2 = '' OR product = $2) ORDER BY CASE WHEN state = 'pending' THEN 0 ELSE 1 END, at DESC, id LIMIT $3";
        let rows = sqlx::query(sql)
            .bind(state.to_owned())
            .bind(product.unwrap_or_default().to_owned())
            .bind(SHOWN_MAX)
            .fetch_all(self.state.reader())
            .await
            .map_err(failed)?;
        let actors: Vec<ActorId> = rows.iter().map(actor_of).collect();
        let keys = self.keys.known(&actors).await?;
        let review = |row: &AnyRow| {
            let (actor, id): (ActorId, String) = (actor_of(row), row.get("id"));
            let open = |what: &str, column: &str| {
                let place = InteractionId::of(SOURCE, format!("review:{id}{what}").as_bytes());
                keys.get(&actor).and_then(|key| open(key, place, &row.get::<String, _>(column)))
            };
            Review {
                product: row.get("product"),
                stars: i16::try_from(row.get::<i64, _>("stars")).unwrap_or(0),
                name: open(":name", "name").unwrap_or_default(),
                words: open("", "body"),
                state: row.get("state"),
                reply: row.get("reply"),
                at: row.get("at"),
                id,
            }
        };
        Ok(rows.iter().map(review).collect())
    }

    /// Publishes, rejects or answers a review; tells whether there is one.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn moderate(&self, id: &str, state: &'static str, reply: Option<&str>) -> Result<bool> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let changed = sqlx::query(
            "UPDATE review SET state = CASE WHEN $1 = '' THEN state ELSE $1 END, reply = COALESCE($2, reply), \
             replied_at = CASE WHEN $2 IS NULL THEN replied_at ELSE $3 END WHERE id = $4",
        )
        .bind(state)
        .bind(reply.map(str::to_owned))
        .bind(self.now().0)
        .bind(id.to_owned())
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        if changed.rows_affected() > 0 && reply.is_some_and(|reply| !reply.is_empty()) {
            self.tell_reply(id).await?;
        }
        Ok(changed.rows_affected() > 0)
    }

    /// Tells the ledger that a review was answered, so that the time of answer counts (M15).
    async fn tell_reply(&self, id: &str) -> Result<()> {
        let who = Identity::new("anonymous", &format!("review-{id}")).ok_or_else(|| Failure::new("An id is not blank"))?;
        let signature = Signature {
            source: SOURCE.to_owned(),
            event: "reply".to_owned(),
            channel: "reviews".to_owned(),
            place: "review page".to_owned(),
            touchpoint: self.talk.inbox.settings().await?.touchpoints.get("review").cloned().unwrap_or_default(),
            ..Signature::default()
        };
        let mut arrival =
            Arrival::new(format!("reply:{id}").into_bytes(), signature, self.now(), Form::Reply, Direction::Outbound);
        arrival.source = SOURCE.to_owned();
        arrival.identities = vec![who];
        arrival.reply_to = Some(format!("review:{id}").into_bytes());
        self.talk.door.deliver(vec![arrival]).await
    }

    /// Does what is due without anybody asking, until it is aborted.
    pub async fn keep(self) {
        loop {
            for outcome in [self.sweep().await, self.ask_due().await.map(drop)] {
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
        let sql = "SELECT DISTINCT actor FROM survey_answer UNION SELECT actor FROM review";
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
            "DELETE FROM survey_answer WHERE actor IN",
            "DELETE FROM survey_invite WHERE actor IN",
            "DELETE FROM review WHERE actor IN",
        ] {
            state::delete_in(&mut transaction, head, &gone).await.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)
    }
}

/// Is the place of the name on an invitation.
fn invited(survey: i64, actor: ActorId) -> InteractionId {
    InteractionId::of(SOURCE, format!("invite:{survey}:{actor}").as_bytes())
}

pub(super) fn actor_of(row: &AnyRow) -> ActorId {
    ActorId(row.get::<i64, _>("actor").cast_unsigned())
}

pub(super) fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("Cannot look after feedback").because(&error.into())
}
