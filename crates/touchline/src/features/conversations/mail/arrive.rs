//! Mail that has arrived: which conversation it belongs to, what came back, and whether somebody is told that it is here.
//!
//! The order: the mark in the address it was sent to, a mark among what it answers, the number in its subject if its sender
//! takes part, a mail of theirs that it follows, else a new conversation. A stranger who answers joins as a flagged
//! participant and is sent nothing of what was said before.

use super::letters::Draft;
use super::read::{self, Letter, mark, plain_address, unmarked};
use crate::failure::{Failure, Result};
use crate::features::conversations::files::{Noted, note_file};
use crate::features::conversations::seal::sealed;
use crate::features::conversations::store::{Author, cut, failed};
use crate::features::conversations::{Incoming, Posted, Talk};
use crate::features::people::policy::Channel;
use crate::platform::mark::is_mark;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::time::WEEK;
use model::{ActorId, Identity};
use serde_json::json;
use sqlx::Row;

/// What of a mail is kept as it came: all that the receiver takes.
const RAW_MAX: usize = super::receive::MAIL_MAX;

/// Is a letter of ours that something refers to.
struct Ours {
    id: String,
    conversation: String,
    actor: ActorId,
}

/// Finds what may be marks of ours in a mail: in the addresses it was sent to, and in the ids of what it answers.
fn marks(letter: &Letter, recipients: &[String]) -> Vec<String> {
    let in_addresses = recipients.iter().chain(&letter.to).filter_map(|address| mark(address)).map(String::from);
    let in_ids = letter.answers.iter().map(String::as_str).chain(letter.report.iter().map(|report| report.message_id.as_str()));
    let in_ids = in_ids.filter_map(|id| id.trim_matches(['<', '>']).split('@').next()).map(String::from);
    in_addresses.chain(in_ids).filter(|found| is_mark(found)).collect()
}

impl Talk {
    /// Tells whether an address is the organisation's own mailbox, with or without a mark.
    pub(super) async fn is_ours(&self, address: &str) -> bool {
        let settings = self.inbox.settings().await.unwrap_or_default();
        let address = plain_address(address).unwrap_or_default();
        !settings.mail.address.is_empty() && unmarked(&address).eq_ignore_ascii_case(&settings.mail.address)
    }

    /// Takes a mail as it came. Durable when this returns; the same mail again changes nothing.
    ///
    /// # Errors
    /// Fails when a store does; the mail may then come again. What cannot be read is no failure.
    pub async fn mail_arrives(&self, raw: &[u8], envelope: &str, recipients: &[String]) -> Result<()> {
        self.take_mail(raw, envelope, recipients, None).await
    }

    /// As [`Talk::mail_arrives`]; `trouble` says what is wrong with it that it does not tell itself.
    pub(super) async fn take_mail(
        &self,
        raw: &[u8],
        envelope: &str,
        recipients: &[String],
        trouble: Option<&'static str>,
    ) -> Result<()> {
        let settings = self.inbox.settings().await?;
        let mut letter = read::read_checked(raw, &settings.mail.address, envelope, &settings.mail.checked_by);
        letter.trouble = trouble.or(letter.trouble);
        let fingerprint = blake3::hash(raw).to_hex().to_string();
        let name = if letter.message_id.is_empty() { fingerprint } else { format!("{} {}", letter.from, letter.message_id) };
        let client_id = format!("mail:{}", &blake3::hash(name.as_bytes()).to_hex()[..32]);
        // Known again wherever it was put: what it answers may have another place by now.
        let known = self.known_mail(&client_id).await?;
        if self.staff_answered(&letter, &marks(&letter, recipients)).await? {
            return Ok(());
        }
        let ours = self.referred(&letter, recipients).await?;
        if let (Some(report), Some(ours)) = (&letter.report, &ours) {
            return self.came_back(ours, report).await;
        }
        // A stranger's address in a broken mail is none; the mail is kept all the same.
        let from = if letter.from.is_empty() { "unknown@invalid".to_owned() } else { letter.from.clone() };
        let identity = Identity::new("email", &from).ok_or_else(|| Failure::new("A sender is not blank"))?;
        let conversation = match &ours {
            _ if known.is_some() => known,
            Some(ours) if !ours.conversation.is_empty() => Some(ours.conversation.clone()),
            _ => self.followed(&letter, identity.actor()).await?,
        };
        let is_new = conversation.is_none();
        let conversation = conversation.unwrap_or_else(|| client_id[5..].to_owned());
        let incoming = Incoming {
            conversation: conversation.clone(),
            client_id,
            channel: "email".to_owned(),
            identity,
            name: letter.name.clone(),
            address: from.clone(),
            subject: letter.subject.clone(),
            text: text_of(&letter),
            html: letter.html.clone(),
            at: self.inbox.now(),
            place: "mailbox".to_owned(),
            // Anybody can write anybody's address on a mail. Also where it is theirs, no name is joined because of it.
            meta: json!({ "unverified": !letter.verdict.as_ref().is_some_and(|verdict| verdict.is_verified),
                          "verdict": letter.verdict, "trouble": letter.trouble, "robot": letter.robot }),
            thread_key: thread_key(&letter.message_id),
        };
        let posted = self.inbox.incoming(&incoming).await?;
        // Also of one that is known: the server may have ended between the two.
        if let Posted::Added(seq) | Posted::Known(seq) = posted {
            self.keep_raw(&conversation, seq, incoming.identity.actor(), raw, &letter).await?;
            if is_new && settings.mail.acknowledge && letter.robot.is_none() && letter.trouble.is_none() {
                self.acknowledge(&conversation, seq, &incoming.identity, &from).await?;
            }
        }
        Ok(())
    }

    /// Finds the letter of ours that a mail refers to by a mark that only we can make.
    async fn referred(&self, letter: &Letter, recipients: &[String]) -> Result<Option<Ours>> {
        for mark in marks(letter, recipients) {
            let row = sqlx::query("SELECT id, conversation, actor FROM letter WHERE mark = $1")
                .bind(mark.to_lowercase())
                .fetch_optional(self.inbox.stores.state.reader())
                .await
                .map_err(failed)?;
            if let Some(row) = row {
                let actor = ActorId(row.get::<i64, _>("actor").cast_unsigned());
                return Ok(Some(Ours { id: row.get("id"), conversation: row.get("conversation"), actor }));
            }
        }
        Ok(None)
    }

    /// Finds the conversation that a mail goes on with, where its sender takes part in it.
    async fn followed(&self, letter: &Letter, sender: ActorId) -> Result<Option<String>> {
        let number = letter.subject.split_once("[#").and_then(|(_, rest)| rest.split_once(']')?.0.parse::<i64>().ok());
        let sql = "SELECT c.id FROM conversation c JOIN participant p ON p.conversation = c.id AND p.actor = $1 AND p.flagged = 0 \
                   WHERE (c.number = $2 OR (c.thread_key <> '' AND c.thread_key = $3)) LIMIT 1";
        let mut keys: Vec<String> = letter.answers.iter().map(|id| thread_key(id)).collect();
        if keys.is_empty() {
            keys.push("no such key".to_owned());
        }
        for key in keys {
            let found: Option<String> = sqlx::query_scalar(sql)
                .bind(sender.0.cast_signed())
                .bind(number.unwrap_or(-1))
                .bind(key)
                .fetch_optional(self.inbox.stores.state.reader())
                .await
                .map_err(failed)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Notes that a letter came back, or was called unwanted. Only a report that bears our mark is believed.
    async fn came_back(&self, ours: &Ours, report: &read::Report) -> Result<()> {
        if !report.is_complaint && !report.came_back() {
            return Ok(());
        }
        let reason = if report.is_complaint { "complained" } else { "bounced" };
        if report.is_complaint || report.is_final() {
            self.door.policy().suppress(ours.actor, Channel::Email, reason).await?;
        }
        if !report.is_complaint {
            self.door.policy().came_back(&ours.id).await?;
        }
        let said = if report.is_complaint { "complaint".to_owned() } else { cut(&report.status, 20).to_owned() };
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        sqlx::query("UPDATE letter SET state = 'bounced', said = $1 WHERE id = $2")
            .bind(said.clone())
            .bind(ours.id.clone())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        sqlx::query("UPDATE message SET state = 'bounced' WHERE conversation = $1 AND kind = 'out' AND seq = (SELECT seq FROM letter WHERE id = $2)")
            .bind(ours.conversation.clone())
            .bind(ours.id.clone())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        if !ours.conversation.is_empty() {
            let nobody = Author { account: 0, name: "Touchline".to_owned() };
            let text = format!("Our mail came back ({said}). Reach them on another way.");
            self.inbox.note(&ours.conversation, &nobody, &format!("bounce:{}", ours.id), &text).await?;
        }
        Ok(())
    }

    /// Finds the conversation that has a mail already.
    async fn known_mail(&self, client_id: &str) -> Result<Option<String>> {
        let sql = "SELECT conversation FROM message WHERE client_id = $1 LIMIT 1";
        let known = sqlx::query_scalar(sql).bind(client_id.to_owned()).fetch_optional(self.inbox.stores.state.reader());
        known.await.map_err(failed)
    }

    /// Keeps a mail as it came, and notes which files are in it.
    async fn keep_raw(&self, conversation: &str, seq: i64, actor: ActorId, raw: &[u8], letter: &Letter) -> Result<()> {
        let (key, at) = (self.inbox.sealer.of(actor).await?, self.inbox.now().0);
        let id = format!("{conversation}:{seq}");
        let text = STANDARD.encode(&raw[..raw.len().min(RAW_MAX)]);
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        sqlx::query(
            "INSERT INTO mail_received (id, actor, conversation, at, trouble, raw) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (id) DO NOTHING",
        )
        .bind(id.clone())
        .bind(actor.0.cast_signed())
        .bind(conversation.to_owned())
        .bind(at)
        .bind(letter.trouble.unwrap_or_default().to_owned())
        .bind(sealed(&key, &format!("{id}:raw"), &text)?)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        for (place, file) in letter.files.iter().enumerate() {
            let file_id = &blake3::hash(format!("{id}:{}", file.part).as_bytes()).to_hex()[..32];
            let (name, size, kind, part) = (file.name.as_str(), file.size, file.kind, Some(file.part));
            let noted = Noted { conversation, seq, place, at, name, size, kind, part, body: Vec::new() };
            note_file(&mut transaction, (file_id, actor, &key), noted).await?;
        }
        transaction.commit().await.map_err(failed)
    }

    /// Returns a mail as it came.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn raw_mail(&self, conversation: &str, seq: i64) -> Result<Option<Vec<u8>>> {
        let id = format!("{conversation}:{seq}");
        let row = sqlx::query("SELECT actor, raw FROM mail_received WHERE id = $1").bind(id.clone());
        let Some(row) = row.fetch_optional(self.inbox.stores.state.reader()).await.map_err(failed)? else { return Ok(None) };
        let actor = ActorId(row.get::<i64, _>("actor").cast_unsigned());
        let opener = self.inbox.sealer.opener(&[actor]).await?;
        let text = opener.open(actor, &format!("{id}:raw"), &row.get::<String, _>("raw"));
        Ok(text.and_then(|text| STANDARD.decode(text).ok()))
    }

    /// Tells somebody that their mail is here: once in a week, never a machine, never with a word of theirs in it.
    async fn acknowledge(&self, conversation: &str, seq: i64, who: &Identity, address: &str) -> Result<()> {
        let (actor, now) = (who.actor(), self.inbox.now());
        let key = self.inbox.sealer.of(actor).await?;
        let id = format!("ack:{conversation}:{seq}");
        let place = |what: &str| format!("letter:{id}:{what}");
        let text = "Thank you for your mail. It has arrived, and one of us will answer it.\n\n\
                    Merci de votre message. Il est arrivé, et l’un de nous y répondra.\n\n\
                    Спасибо за письмо. Оно получено, и мы на него ответим.\n";
        let texts = [
            sealed(&key, &place("recipient"), address)?,
            sealed(&key, &place("subject"), "Your mail has arrived")?,
            sealed(&key, &place("body"), text)?,
        ];
        let [recipient, subject, body] = [&texts[0], &texts[1], &texts[2]].map(String::as_str);
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        let noted = sqlx::query(
            "INSERT INTO auto_answer (actor, at) VALUES ($1, $2) ON CONFLICT (actor) DO UPDATE SET at = excluded.at \
             WHERE auto_answer.at < $3",
        )
        .bind(actor.0.cast_signed())
        .bind(now.0)
        .bind(now.0 - WEEK)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        if noted.rows_affected() == 0 {
            return Ok(());
        }
        let draft = Draft {
            id: &id,
            actor,
            conversation,
            seq,
            class: "service",
            tag: "acknowledgement",
            texts: [recipient, subject, body],
            about: "",
        };
        draft.queue(&mut transaction, now).await?;
        transaction.commit().await.map_err(failed)
    }
}

/// Is by what a following mail of the same person finds the first one. A hash: the id itself may name somebody.
fn thread_key(message_id: &str) -> String {
    let id = message_id.trim_matches(['<', '>', ' ']);
    if id.is_empty() { String::new() } else { blake3::hash(id.as_bytes()).to_hex()[..32].to_owned() }
}

fn text_of(letter: &Letter) -> String {
    let text = letter.text.trim();
    match letter.trouble {
        _ if !text.is_empty() => text.to_owned(),
        Some(trouble) => format!("[{trouble}: see the mail as it came]"),
        None => "[no text]".to_owned(),
    }
}
