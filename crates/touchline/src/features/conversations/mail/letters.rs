//! Letters on their way out: the table `letter`, from queued to sent.
//!
//! A letter is queued in the transaction of what it tells, so an answer that stands in a conversation is sent or seen not to
//! be. Whoever sends it asks the contact policy first, under the letter's own id: it is never sent twice.

use crate::failure::Result;
use crate::features::conversations::seal::{Opener, SOURCE, sealed};
use crate::features::conversations::store::{actor_of, failed};
use crate::features::conversations::teams::{Reader, in_sight};
use crate::features::conversations::{Inbox, Talk};
use crate::features::people::policy::{Class, PreferenceToken};
use model::{ActorId, Arrival, Direction, Form, Identity, Instant, Signature};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::any::AnyRow;
use state::Transaction;
use utoipa::ToSchema;

/// So many letters are shown.
const SHOWN_MAX: i64 = 200;
/// So many are told to the ledger at once.
const TOLD_AT_ONCE: i64 = 1_000;
/// Stands at the end of letters that somebody may choose not to get, over the link to that choice. It begins as signatures do, so
/// that answers leave it out.
const FAREWELL: &str = "\n-- \nNo more such letters, or fewer · Ne plus recevoir ces messages, ou moins · Не получать таких писем или получать реже:";

/// Is a letter that another part wants sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// Names it for ever: the same id is one letter.
    pub id: String,
    /// To whom.
    pub who: Identity,
    /// Where to.
    pub address: String,
    /// What for.
    pub class: Class,
    /// What rules may name.
    pub tag: String,
    /// What it is about.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// The conversation that it tells something of without being an answer in it, for who may see it; empty: none.
    pub about: String,
}

/// Is a letter as staff see it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ShownLetter {
    /// Its id.
    pub id: String,
    /// Where to.
    pub recipient: String,
    /// What it is about.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// What for: `service`, `survey` …; `staff`: to a member of the house.
    pub class: String,
    /// `queued`, `sending`, `sent`, `caught`, `stopped`, `failed` or `bounced`.
    pub state: String,
    /// Why it is not sent, or what came back.
    pub said: String,
    /// When, in microseconds since 1970.
    pub at: i64,
    /// The names of what is attached to a letter to a member.
    pub files: Vec<String>,
}

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
    let id = format!("reply:{conversation}:{seq}");
    Draft { id: &id, actor, conversation, seq, class: "service", tag: "reply", texts: ["", "", ""], about: "" }
        .queue(transaction, now)
        .await
}

/// Is a letter to be queued; its texts (recipient, subject, body) are sealed.
pub(super) struct Draft<'a> {
    pub(super) id: &'a str,
    pub(super) actor: ActorId,
    pub(super) conversation: &'a str,
    pub(super) seq: i64,
    pub(super) class: &'a str,
    pub(super) tag: &'a str,
    pub(super) texts: [&'a str; 3],
    /// The conversation that it tells something of without being a part of it; empty: none.
    pub(super) about: &'a str,
}

impl Draft<'_> {
    pub(super) async fn queue(self, transaction: &mut Transaction, now: Instant) -> Result<()> {
        let [recipient, subject, body] = self.texts;
        sqlx::query(
            "INSERT INTO letter (id, actor, conversation, seq, class, tag, recipient, subject, body, headers, state, attempts, \
             next_at, at, said, mark, about) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '{}', 'queued', 0, $10, $10, '', '', $11) \
             ON CONFLICT (id) DO NOTHING",
        )
        .bind(self.id.to_owned())
        .bind(self.actor.0.cast_signed())
        .bind(self.conversation.to_owned())
        .bind(self.seq)
        .bind(self.class.to_owned())
        .bind(self.tag.to_owned())
        .bind(recipient.to_owned())
        .bind(subject.to_owned())
        .bind(body.to_owned())
        .bind(now.0)
        .bind(self.about.to_owned())
        .execute(&mut **transaction)
        .await
        .map_err(failed)?;
        Ok(())
    }
}

impl Talk {
    /// Tells the ledger of letters that were sent. Answers are told as the messages that they are.
    ///
    /// # Errors
    /// Fails when a store does; the same is told again then, which changes nothing.
    pub(super) async fn tell_letters(&self) -> Result<()> {
        let sql = "SELECT id, actor, recipient, tag, sent_at FROM letter WHERE told = 0 AND sent_at IS NOT NULL ORDER BY sent_at LIMIT $1";
        let rows = sqlx::query(sql).bind(TOLD_AT_ONCE).fetch_all(self.inbox.stores.state.reader()).await.map_err(failed)?;
        if rows.is_empty() {
            return Ok(());
        }
        let mut actors: Vec<ActorId> = rows.iter().map(actor_of).collect();
        actors.sort_unstable();
        actors.dedup();
        let opener = self.inbox.sealer.opener(&actors).await?;
        // Of somebody who was erased meanwhile nothing is told.
        let arrivals = rows.iter().filter_map(|row| letter_as_interaction(row, &opener)).collect();
        self.door.deliver(arrivals).await?;
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        for row in &rows {
            sqlx::query("UPDATE letter SET told = 1 WHERE id = $1")
                .bind(row.get::<String, _>("id"))
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)
    }

    /// Queues a letter of another part. Twice with the same id is once. Whoever may choose whether to get such letters finds the
    /// way to it at its end.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn queue_letter(&self, wanted: &Wanted) -> Result<()> {
        let actor = wanted.who.actor();
        let key = self.inbox.sealer.of(actor).await?;
        let place = |what: &str| format!("letter:{}:{what}", wanted.id);
        let mut text = wanted.text.clone();
        if wanted.class.counts() {
            let token = PreferenceToken::write(&self.door.policy().secret("contact").await?, "preferences", actor);
            text.push_str(&format!("{FAREWELL}\n{}/p/preferences/{token}\n", self.address()));
        }
        let texts = [
            sealed(&key, &place("recipient"), &wanted.address)?,
            sealed(&key, &place("subject"), &wanted.subject)?,
            sealed(&key, &place("body"), &text)?,
        ];
        let [recipient, subject, body] = [&texts[0], &texts[1], &texts[2]].map(String::as_str);
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        let draft = Draft {
            id: &wanted.id,
            actor,
            conversation: "",
            seq: 0,
            class: wanted.class.name(),
            tag: &wanted.tag,
            texts: [recipient, subject, body],
            about: &wanted.about,
        };
        draft.queue(&mut transaction, self.inbox.now()).await?;
        transaction.commit().await.map_err(failed)
    }
}

/// Makes an interaction of a letter that was sent: something we said, unasked, by mail.
fn letter_as_interaction(row: &AnyRow, opener: &Opener) -> Option<Arrival> {
    let (id, actor): (String, ActorId) = (row.get("id"), actor_of(row));
    let address = opener.open(actor, &format!("letter:{id}:recipient"), &row.get::<String, _>("recipient"))?;
    let identity = Identity::new("email", &address.to_lowercase())?;
    let signature = Signature {
        source: SOURCE.to_owned(),
        event: "letter".to_owned(),
        channel: "e-mail".to_owned(),
        campaign: row.get("tag"),
        ..Signature::default()
    };
    let at = Instant(row.get("sent_at"));
    let message = format!("letter:{id}").into_bytes();
    Some(Arrival { identities: vec![identity], ..Arrival::new(message, signature, at, Form::Message, Direction::Outbound) })
}

impl Inbox {
    /// Returns the last letters, to customers and to members, sent or not. Those of conversations that somebody may not see are left out.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn letters(&self, reader: Reader) -> Result<Vec<ShownLetter>> {
        let sql = concat!(
            "SELECT l.id, l.actor, l.recipient, l.subject, l.body, l.class, l.state, l.said, l.at FROM letter l WHERE (l.conversation = '' \
             OR EXISTS (SELECT 1 FROM conversation WHERE id = l.conversation AND ",
            in_sight!("$2"),
            ")) AND (l.about = '' OR EXISTS (SELECT 1 FROM conversation WHERE id = l.about AND ",
            in_sight!("$2"),
            ")) ORDER BY l.at DESC, l.id LIMIT $1"
        );
        let rows =
            sqlx::query(sql).bind(SHOWN_MAX).bind(reader.bound()).fetch_all(self.stores.state.reader()).await.map_err(failed)?;
        let mut actors: Vec<ActorId> = rows.iter().map(actor_of).collect();
        actors.sort_unstable();
        actors.dedup();
        let opener = self.sealer.opener(&actors).await?;
        let shown = |row: &AnyRow| {
            let id: String = row.get("id");
            let open = |what: &str| {
                opener.open(actor_of(row), &format!("letter:{id}:{what}"), &row.get::<String, _>(what)).unwrap_or_default()
            };
            ShownLetter {
                recipient: open("recipient"),
                subject: open("subject"),
                text: open("body"),
                class: row.get("class"),
                state: row.get("state"),
                said: row.get("said"),
                at: row.get("at"),
                files: Vec::new(),
                id,
            }
        };
        let mut letters: Vec<ShownLetter> = rows.iter().map(shown).collect();
        letters.extend(self.staff_letters().await?);
        letters.sort_by(|one, other| other.at.cmp(&one.at).then_with(|| one.id.cmp(&other.id)));
        Ok(letters)
    }
}
