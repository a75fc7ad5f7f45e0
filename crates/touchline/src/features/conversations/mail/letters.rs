//! Letters on their way out: the table `letter`, from queued to sent.
//!
//! A letter is queued in the transaction of what it tells, so an answer that stands in a conversation is sent or seen not to
//! be. Whoever sends it asks the contact policy first, under the letter's own id: it is never sent twice.

use crate::failure::Result;
use crate::features::conversations::store::failed;
use model::{ActorId, Instant};
use state::Transaction;

/// Queues the answer at a place of a conversation. What it says is read from there when it is sent.
///
/// # Errors
/// Fails when the state store does.
pub(in crate::features::conversations) async fn queue_reply(
    transaction: &mut Transaction,
    conversation: &str,
    seq: i64,
    actor: ActorId,
    now: Instant,
) -> Result<()> {
    let letter = Draft {
        id: format!("reply:{conversation}:{seq}"),
        actor,
        conversation: conversation.to_owned(),
        seq,
        class: "service",
        tag: "reply".to_owned(),
        recipient: String::new(),
        subject: String::new(),
        body: String::new(),
        headers: "{}".to_owned(),
    };
    letter.queue(transaction, now).await
}

/// Is a letter to be queued; its texts are sealed.
pub(in crate::features::conversations) struct Draft {
    pub(super) id: String,
    pub(super) actor: ActorId,
    pub(super) conversation: String,
    pub(super) seq: i64,
    pub(super) class: &'static str,
    pub(super) tag: String,
    pub(super) recipient: String,
    pub(super) subject: String,
    pub(super) body: String,
    pub(super) headers: String,
}

impl Draft {
    pub(super) async fn queue(self, transaction: &mut Transaction, now: Instant) -> Result<()> {
        sqlx::query(
            "INSERT INTO letter (id, actor, conversation, seq, class, tag, recipient, subject, body, headers, state, attempts, \
             next_at, at, said) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'queued', 0, $11, $11, '') \
             ON CONFLICT (id) DO NOTHING",
        )
        .bind(self.id)
        .bind(self.actor.0.cast_signed())
        .bind(self.conversation)
        .bind(self.seq)
        .bind(self.class)
        .bind(self.tag)
        .bind(self.recipient)
        .bind(self.subject)
        .bind(self.body)
        .bind(self.headers)
        .bind(now.0)
        .execute(&mut **transaction)
        .await
        .map_err(failed)?;
        Ok(())
    }
}
