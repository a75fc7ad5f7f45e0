//! What was said in public and is a conversation of the inbox too: reviews, and the comments of blocks that say so. There is one answer:
//! what is said on either side stands on the other, and what nobody shall see is done with in the inbox.

use super::room::{Feedback, failed};
use crate::failure::Result;
use crate::features::conversations::{Author, Status};
use sqlx::Row;

/// So many conversations of a channel, those that changed last, are looked at for an answer at once.
const ANSWERS_AT_ONCE: i64 = 200;

/// Is an answer that was given in the inbox and does not stand in public yet.
pub(super) struct AnsweredThere {
    pub(super) id: String,
    pub(super) reply: String,
}

/// Is how something stands in public.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Standing<'a> {
    pub(super) state: &'a str,
    pub(super) is_answered: bool,
}

impl Standing<'_> {
    /// Tells whether nobody shall see it: comments are refused, reviews rejected.
    fn is_away(self) -> bool {
        ["refused", "rejected"].contains(&self.state)
    }
}

/// Returns the conversation of a comment or a review.
pub(super) fn conversation_of(what: &str, id: &str) -> String {
    blake3::hash(format!("{what} {id}").as_bytes()).to_hex()[..32].to_owned()
}

/// Is who does what nobody of the house does in person.
pub(super) fn nobody_of_us() -> Author {
    Author { account: 0, name: String::new() }
}

impl Feedback {
    /// Says in the inbox what was answered in public, and ends the conversation: whoever answers here does not go there.
    pub(super) async fn answer_in_inbox(&self, conversation: &str, what: &str, reply: &str, by: &Author) -> Result<()> {
        let client_id = format!("{what}-reply-{}", &blake3::hash(reply.as_bytes()).to_hex()[..32]);
        self.talk.inbox.reply(conversation, by, &client_id, reply, i64::MAX, true).await?;
        self.talk.inbox.set_status(conversation, by, Status::Resolved, None).await.map(drop)
    }

    /// Ends the conversation of what nobody shall see, and opens that of what was put back without an answer.
    pub(super) async fn follow(&self, conversation: &str, before: Standing<'_>, now: &str, by: &Author) -> Result<()> {
        let (was_away, is_away) = (before.is_away(), Standing { state: now, ..before }.is_away());
        match (was_away, is_away) {
            _ if conversation.is_empty() => Ok(()),
            (false, true) => self.talk.inbox.set_status(conversation, by, Status::Resolved, None).await.map(drop),
            (true, false) if !before.is_answered => self.talk.inbox.waits_again(conversation, by).await,
            _ => Ok(()),
        }
    }

    /// Returns what was answered in the inbox and stands otherwise in public. `sql` finds the row of a conversation.
    pub(super) async fn answered_there(&self, channel: &str, sql: &'static str) -> Result<Vec<AnsweredThere>> {
        let mut fresh = Vec::new();
        for word in self.talk.inbox.our_last_words(channel, ANSWERS_AT_ONCE).await? {
            let row = sqlx::query(sql).bind(word.conversation).fetch_optional(self.state.reader()).await.map_err(failed)?;
            let Some(row) = row else { continue };
            let (id, stands): (String, String) = (row.get("id"), row.get("reply"));
            let since = row.get::<Option<i64>, _>("replied_at").unwrap_or(0);
            // What was taken back in public since then is not put there again.
            if word.at > since && word.text.trim() != stands {
                fresh.push(AnsweredThere { id, reply: word.text.trim().to_owned() });
            }
        }
        Ok(fresh)
    }
}
