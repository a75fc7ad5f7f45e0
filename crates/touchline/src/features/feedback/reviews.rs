//! Reviews: the table `review`, and what the ledger and the inbox are told.
//!
//! A review is an interaction from the moment it is written. It is a conversation of the inbox too, unless it came in a file and is old, or
//! answered already; then the inbox tells the ledger, of it and of our answer.

use super::in_inbox::{Standing, conversation_of};
use super::room::{Feedback, SHOWN_MAX, SOURCE, actor_of, failed, place_of};
use crate::failure::{Failure, Result};
use crate::features::conversations::{Author, Incoming, Reader};
use crate::features::people::{open, seal};
use model::{ActorId, Arrival, Direction, Form, Identity, Instant, Scale, Score, Signature};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::Row;
use sqlx::any::AnyRow;
use utoipa::ToSchema;

/// Where reviews are written, for the ledger.
const PLACE: &str = "review page";

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
    /// Its conversation in the inbox; empty: it has none.
    pub conversation: String,
    /// When, in microseconds since 1970.
    pub at: i64,
}

/// Is a review on its way in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Written<'a> {
    pub(super) id: &'a str,
    pub(super) product: &'a str,
    pub(super) stars: i16,
    pub(super) name: &'a str,
    pub(super) words: &'a str,
    /// None: now.
    pub(super) at: Option<Instant>,
    /// Whether it is a conversation of the inbox too.
    pub(super) in_inbox: bool,
}

/// Is what published reviews come to.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Published {
    pub(super) n: u64,
    pub(super) mean: f64,
}

impl Feedback {
    /// Takes a review, published and perhaps answered, or waiting.
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
        published: Option<(&Author, &str)>,
    ) -> Result<()> {
        self.review(&Written { id, product, stars, name, words, at: None, in_inbox: true }).await?;
        if let Some((by, reply)) = published {
            self.moderate(id, "published", Some(reply).filter(|reply| !reply.is_empty()), by).await?;
        }
        Ok(())
    }

    /// Takes a review; it waits until somebody has looked at it. Tells whether it is new.
    ///
    /// # Errors
    /// Fails when a store does; the same may come again.
    pub(super) async fn review(&self, written: &Written<'_>) -> Result<bool> {
        let (id, who) = (written.id, writer(written.id)?);
        let (actor, at) = (who.actor(), written.at.unwrap_or_else(|| self.now()));
        let message = format!("review:{id}");
        let conversation = if written.in_inbox { conversation_of("review", id) } else { String::new() };
        let key = self.keys.of(&[actor]).await?[&actor];
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let kept = sqlx::query(
            "INSERT INTO review (id, actor, product, stars, name, body, state, reply, at, replied_at, conversation) \
             VALUES ($1, $2, $3, $4, $5, $6, 'pending', '', $7, NULL, $8) ON CONFLICT (id) DO NOTHING",
        )
        .bind(id.to_owned())
        .bind(actor.0.cast_signed())
        .bind(written.product.to_owned())
        .bind(i64::from(written.stars))
        .bind(seal(&key, place_of(&format!("{message}:name")), written.name)?)
        .bind(seal(&key, place_of(&message), written.words)?)
        .bind(at.0)
        .bind(conversation)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        // Told again where it was here before: perhaps that broke off before the rest, and then it goes the way it began to go.
        let sql = "SELECT conversation, at FROM review WHERE id = $1";
        let row = sqlx::query(sql).bind(id.to_owned()).fetch_one(&mut *transaction).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        let (conversation, at): (String, i64) = (row.get("conversation"), row.get("at"));
        if conversation.is_empty() {
            self.tell_ledger_of(written, who, Instant(at)).await?;
        } else {
            self.tell_inbox_of(written, who, Instant(at), conversation).await?;
        }
        Ok(kept.rows_affected() > 0)
    }

    async fn tell_ledger_of(&self, written: &Written<'_>, who: Identity, at: Instant) -> Result<()> {
        let message = format!("review:{}", written.id).into_bytes();
        let mut arrival = Arrival::new(message, self.of_reviews("review").await?, at, Form::Review, Direction::Inbound);
        arrival.source = SOURCE.to_owned();
        arrival.identities = vec![who];
        arrival.score = Score::new(Scale::Five, written.stars);
        arrival.text = (!written.words.is_empty()).then(|| written.words.to_owned());
        self.talk.door.deliver(vec![arrival]).await
    }

    async fn tell_inbox_of(&self, written: &Written<'_>, who: Identity, at: Instant, conversation: String) -> Result<()> {
        let incoming = Incoming {
            conversation,
            client_id: format!("review-{}", blake3::hash(written.id.as_bytes()).to_hex()),
            channel: "review".to_owned(),
            identity: who,
            name: written.name.to_owned(),
            address: String::new(),
            subject: written.product.to_owned(),
            text: written.words.to_owned(),
            html: String::new(),
            at,
            place: PLACE.to_owned(),
            meta: json!({ "unverified": true, "stars": written.stars, "touchpoint": self.usual_touchpoint("review").await? }),
            thread_key: String::new(),
        };
        self.talk.inbox.incoming(&incoming).await.map(drop)
    }

    async fn of_reviews(&self, event: &str) -> Result<Signature> {
        Ok(Signature {
            source: SOURCE.to_owned(),
            event: event.to_owned(),
            channel: "reviews".to_owned(),
            place: PLACE.to_owned(),
            touchpoint: self.usual_touchpoint("review").await?,
            ..Signature::default()
        })
    }

    /// Lists reviews in a state, or all; of one product, or all. At most so many.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn reviews(&self, state: &str, product: Option<&str>) -> Result<Vec<Review>> {
        self.reviews_up_to(state, product, SHOWN_MAX).await
    }

    pub(super) async fn reviews_up_to(&self, state: &str, product: Option<&str>, most: i64) -> Result<Vec<Review>> {
        let sql = "SELECT id, actor, product, stars, name, body, state, reply, conversation, at FROM review WHERE ($1 = '' OR state = $1) \
                   AND ($2 = '' OR product = $2) ORDER BY CASE WHEN state = 'pending' THEN 0 ELSE 1 END, at DESC, id LIMIT $3";
        let rows = sqlx::query(sql)
            .bind(state.to_owned())
            .bind(product.unwrap_or_default().to_owned())
            .bind(most)
            .fetch_all(self.state.reader())
            .await
            .map_err(failed)?;
        let actors: Vec<ActorId> = rows.iter().map(actor_of).collect();
        let keys = self.keys.known(&actors).await?;
        let review = |row: &AnyRow| {
            let (actor, id): (ActorId, String) = (actor_of(row), row.get("id"));
            let open = |what: &str, column: &str| {
                let place = place_of(&format!("review:{id}{what}"));
                keys.get(&actor).and_then(|key| open(key, place, &row.get::<String, _>(column)))
            };
            Review {
                product: row.get("product"),
                stars: i16::try_from(row.get::<i64, _>("stars")).unwrap_or(0),
                name: open(":name", "name").unwrap_or_default(),
                words: open("", "body"),
                state: row.get("state"),
                reply: row.get("reply"),
                conversation: row.get("conversation"),
                at: row.get("at"),
                id,
            }
        };
        Ok(rows.iter().map(review).collect())
    }

    /// Sums up the published reviews of a product, or of everything: all of them, not only those that are shown. `None`: there is none.
    pub(super) async fn published(&self, product: &str) -> Result<Option<Published>> {
        let sql = "SELECT COUNT(*), CAST(COALESCE(SUM(stars), 0) AS BIGINT) FROM review WHERE state = 'published' AND ($1 = '' OR product = $1)";
        let (n, sum): (i64, i64) =
            sqlx::query_as(sql).bind(product.to_owned()).fetch_one(self.state.reader()).await.map_err(failed)?;
        Ok((n > 0).then(|| Published { n: n.cast_unsigned(), mean: sum as f64 / n as f64 }))
    }

    /// Publishes, rejects or answers a review; tells whether there is one.
    ///
    /// # Errors
    /// Fails when a store does.
    pub async fn moderate(&self, id: &str, state: &'static str, reply: Option<&str>, by: &Author) -> Result<bool> {
        let Some(stood) = self.change_review(id, state, reply).await? else { return Ok(false) };
        let conversation: String = stood.get("conversation");
        if let Some(reply) = reply.filter(|reply| !reply.is_empty()) {
            if conversation.is_empty() {
                self.tell_reply(id).await?;
            } else {
                self.answer_in_inbox(&conversation, "review", reply, by).await?;
            }
        }
        let (before, answered): (String, String) = (stood.get("state"), stood.get("reply"));
        let is_answered = !reply.unwrap_or(&answered).is_empty();
        let now = if state.is_empty() { &before } else { state };
        self.follow(&conversation, Standing { state: &before, is_answered }, now, by).await?;
        Ok(true)
    }

    /// Changes how a review stands, and our answer to it; returns how it stood. `None`: there is no such review.
    async fn change_review(&self, id: &str, state: &'static str, reply: Option<&str>) -> Result<Option<AnyRow>> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let sql = "SELECT state, reply, conversation FROM review WHERE id = $1";
        let stood = sqlx::query(sql).bind(id.to_owned()).fetch_optional(&mut *transaction).await.map_err(failed)?;
        sqlx::query(
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
        Ok(stood)
    }

    /// Leaves out the reviews that a closed team looks after, unless one is in it.
    pub(super) async fn in_sight(&self, reader: Reader, mut reviews: Vec<Review>) -> Result<Vec<Review>> {
        let about = reviews.iter().map(|one| one.conversation.clone()).filter(|about| !about.is_empty()).collect();
        let hidden = self.talk.inbox.out_of_sight(reader, about).await?;
        reviews.retain(|one| !hidden.contains(&one.conversation));
        Ok(reviews)
    }

    /// Returns the conversation of a review, empty where it has none; `None`: there is no such review.
    pub(super) async fn conversation_of_review(&self, id: &str) -> Result<Option<String>> {
        let sql = "SELECT conversation FROM review WHERE id = $1";
        sqlx::query_scalar(sql).bind(id.to_owned()).fetch_optional(self.state.reader()).await.map_err(failed)
    }

    /// Publishes what was answered in the inbox as our answer to the review.
    ///
    /// # Errors
    /// Fails when the state store does; what is left is done the next time.
    pub async fn keep_reviews(&self) -> Result<()> {
        let sql = "SELECT id, reply, replied_at FROM review WHERE conversation = $1 AND state IN ('pending', 'published')";
        for answered in self.answered_there("review", sql).await? {
            // The inbox has the answer already, and has told the ledger of it.
            self.change_review(&answered.id, "", Some(&answered.reply)).await?;
        }
        Ok(())
    }

    /// Tells the ledger that a review was answered, so that the time of answer counts (M15).
    async fn tell_reply(&self, id: &str) -> Result<()> {
        let message = format!("reply:{id}").into_bytes();
        let mut arrival = Arrival::new(message, self.of_reviews("reply").await?, self.now(), Form::Reply, Direction::Outbound);
        arrival.source = SOURCE.to_owned();
        arrival.identities = vec![writer(id)?];
        arrival.reply_to = Some(format!("review:{id}").into_bytes());
        self.talk.door.deliver(vec![arrival]).await
    }
}

/// Returns who wrote a review: somebody, and nobody known.
fn writer(id: &str) -> Result<Identity> {
    Identity::new("anonymous", &format!("review-{id}")).ok_or_else(|| Failure::new("An id is not blank"))
}
