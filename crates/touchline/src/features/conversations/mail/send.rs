//! Sending letters: asked of the contact policy, written, signed, handed to the organisation's server, or caught where there
//! is none.

use super::dkim;
use super::line::{Line, PATIENCE};
use super::pen::{Group, Ready, Written};
use super::rsa;
use crate::failure::{Failure, Result};
use crate::features::conversations::Talk;
use crate::features::conversations::seal::{Opener, sealed};
use crate::features::conversations::settings::MailSettings;
use crate::features::conversations::store::{actor_of, failed, note_event};
use crate::features::people::policy::{Answer, Ask, Channel, Class, Policy, Ticket};
use crate::platform::outbound::Outbound;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::stream::{self, StreamExt};
use model::time::SECOND;
use model::{ActorId, Instant};
use sqlx::Row;
use sqlx::any::AnyRow;
use state::Transaction;
use std::sync::Arc;

/// So many letters are asked for in one round.
const AT_ONCE: i64 = 500;
/// So many are on their way at one time, over so many lines.
const GROUP: usize = 64;
const CARRIERS: usize = 8;
/// So many groups are written and signed while one travels.
const WRITTEN_AHEAD: usize = 2;
/// A letter is tried so often before it is said not to be sent.
pub(super) const TRIES_MAX: i64 = 5;
/// The first pause before another try; each is four times the one before.
pub(super) const PAUSE: i64 = 30 * SECOND;
/// A line of an answer of the server, and its lines.
const LINE_MAX: u64 = 2_048;
const LINES_MAX: usize = 100;

/// Is why a letter was not taken.
pub(super) enum Trouble {
    /// It may be tried again.
    Later(String),
    /// It never will be.
    Never(String),
    /// It may have been taken: nobody knows.
    Unknown(String),
}

impl Trouble {
    pub(super) fn said(self) -> String {
        match self {
            Self::Later(said) | Self::Never(said) | Self::Unknown(said) => said,
        }
    }
}

impl Talk {
    /// Sends what is queued and due.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn send_letters(&self) -> Result<()> {
        let settings = self.inbox.settings().await?.mail;
        let mut carriers: Vec<Carrier<'_>> = (0..CARRIERS).map(|_| Carrier::new(&settings, self.outbound())).collect();
        // As long as there is more, without a pause.
        while self.send_round(&settings, &mut carriers).await? {
            self.tell_letters().await?;
        }
        self.tell_letters().await?;
        for carrier in carriers {
            carrier.end().await;
        }
        Ok(())
    }

    /// Sends the letters that are due first; tells whether there may be more.
    async fn send_round(&self, settings: &MailSettings, carriers: &mut [Carrier<'_>]) -> Result<bool> {
        let now = self.inbox.now();
        let sql = "SELECT id, actor, conversation, seq, class, tag, recipient, subject, body, attempts FROM letter \
                   WHERE state = 'queued' AND next_at <= $1 ORDER BY next_at, id LIMIT $2";
        let rows =
            sqlx::query(sql).bind(now.0).bind(AT_ONCE).fetch_all(self.inbox.stores.state.reader()).await.map_err(failed)?;
        if rows.is_empty() {
            return Ok(false);
        }
        let mut actors: Vec<ActorId> = rows.iter().map(actor_of).collect();
        actors.sort_unstable();
        actors.dedup();
        let opener = self.inbox.sealer.opener(&actors).await?;
        let (mut letters, mut fates) = (Vec::new(), Vec::new());
        for row in &rows {
            match self.ready(row, &opener).await? {
                Some(letter) => letters.push(letter),
                // The person is erased, or the conversation gone.
                None => fates.push(Fate::ended(row.get("id"), "stopped", "erased")),
            }
        }
        let asks: Vec<Ask> = letters.iter().map(|letter| letter.ask(now)).collect();
        let mut granted = Vec::new();
        for (letter, answer) in letters.into_iter().zip(self.door.ask_all(&asks).await?) {
            match answer {
                Answer::Go(ticket) => granted.push((letter, ticket)),
                Answer::Already => fates.push(Fate::ended(letter.id, "sent", "perhaps sent before the server stopped")),
                Answer::No(why) => fates.push(Fate::ended(letter.id, "stopped", &why.code)),
                Answer::Later(why) => {
                    let until = why.until.unwrap_or(now.0 + 60 * SECOND);
                    fates.push(Fate::again(letter.id, until, &why.code, letter.attempts));
                }
            }
        }
        self.note_fates(&fates).await?;
        // While one group travels, the next are written and signed on other threads.
        let pen = Arc::new(self.pen(settings).await?);
        let mut rest = granted.into_iter();
        let groups =
            std::iter::from_fn(move || Some(rest.by_ref().take(GROUP).collect::<Vec<_>>()).filter(|group| !group.is_empty()));
        let mut written = stream::iter(groups.map(|group| pen.clone().write_all(group))).buffered(WRITTEN_AHEAD);
        while let Some(group) = written.next().await {
            self.send_group(group?, settings, carriers).await?;
        }
        Ok(rows.len() as i64 == AT_ONCE)
    }

    /// Sends a few letters at the same time. What a crash in the middle leaves uncertain is this group alone.
    async fn send_group(&self, group: Group, settings: &MailSettings, carriers: &mut [Carrier<'_>]) -> Result<()> {
        let failed = |(letter, ticket, failure): (Ready, Ticket, Failure)| Fate {
            ticket: Some((ticket, false)),
            ..Fate::ended(letter.id, "failed", &failure.what)
        };
        let mut fates: Vec<Fate> = group.failed.into_iter().map(failed).collect();
        // From here on they count as sent, whatever happens to us.
        let written = self.begin(group.written).await?;
        if settings.server.is_empty() {
            let caught = |one: Written| Fate { ticket: Some((one.ticket, true)), ..Fate::ended(one.letter.id, "caught", "") };
            fates.extend(written.into_iter().map(caught));
        } else {
            let count = carriers.len();
            let mut loads: Vec<Vec<Written>> = (0..count).map(|_| Vec::new()).collect();
            for (place, one) in written.into_iter().enumerate() {
                loads[place % count].push(one);
            }
            let carrying = carriers.iter_mut().zip(loads).map(|(carrier, load)| self.carry(carrier, load, settings));
            fates.extend(futures_util::future::join_all(carrying).await.into_iter().flatten());
        }
        self.note_fates(&fates).await
    }

    /// Notes by what answers and bounces are known, and that the sending begins; leaves out whoever lost their place.
    async fn begin(&self, written: Vec<Written>) -> Result<Vec<Written>> {
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        let mut begun = Vec::with_capacity(written.len());
        for one in written {
            if !self.door.policy().begin_in(&mut transaction, &one.ticket).await? {
                continue;
            }
            self.note_mark(&mut transaction, &one.letter, &one.mark).await?;
            begun.push(one);
        }
        transaction.commit().await.map_err(failed)?;
        Ok(begun)
    }

    /// Hands letters over, one after the other.
    async fn carry(&self, carrier: &mut Carrier<'_>, load: Vec<Written>, settings: &MailSettings) -> Vec<Fate> {
        let mut fates = Vec::with_capacity(load.len());
        for Written { letter, ticket, mark, mail } in load {
            let sender = marked(&settings.address, &mark);
            let (id, attempts) = (letter.id, letter.attempts);
            fates.push(match carrier.hand_over(&sender, &letter.recipient, &mail).await {
                Ok(()) => Fate { ticket: Some((ticket, true)), ..Fate::ended(id, "sent", "") },
                Err(Trouble::Unknown(said)) => Fate::ended(id, "failed", &format!("perhaps sent: {said}")),
                Err(Trouble::Later(said)) if attempts + 1 < TRIES_MAX => {
                    let pause = PAUSE << (2 * attempts.clamp(0, 10));
                    Fate { ticket: Some((ticket, false)), ..Fate::again(id, self.inbox.now().0 + pause, &said, attempts + 1) }
                }
                Err(Trouble::Never(said) | Trouble::Later(said)) => {
                    Fate { ticket: Some((ticket, false)), ..Fate::ended(id, "failed", &said) }
                }
            });
        }
        fates
    }

    /// Opens a letter. Of an answer, address, subject and text are those of its conversation.
    async fn ready(&self, row: &AnyRow, opener: &Opener) -> Result<Option<Ready>> {
        let (id, actor): (String, ActorId) = (row.get("id"), actor_of(row));
        let conversation: String = row.get("conversation");
        let open = |what: &str| opener.open(actor, &format!("letter:{id}:{what}"), &row.get::<String, _>(what));
        let (Some(mut recipient), Some(mut subject), Some(mut text)) = (open("recipient"), open("subject"), open("body")) else {
            return Ok(None);
        };
        let (mut answers, mut files) = (None, Vec::new());
        if !conversation.is_empty() {
            let Some(found) = self.inbox.find(&conversation).await? else { return Ok(None) };
            let seq: i64 = row.get("seq");
            answers = self.mail_id_before(&conversation, seq).await?;
            if recipient.is_empty() {
                recipient = found.customer.address;
                // Without a number in the subject an answer without references could not be placed.
                let about = found.subject.trim_start_matches("Re: ");
                let about = if about.is_empty() { "Your message" } else { about };
                subject = if about.contains(&format!("[#{}]", found.number)) {
                    format!("Re: {about}")
                } else {
                    format!("Re: {about} [#{}]", found.number)
                };
                files = self.files_of(&conversation, seq).await?;
                let said = self.inbox.messages(&conversation, Some(seq - 1)).await?;
                text = said.into_iter().find(|message| message.seq == seq).and_then(|message| message.text).unwrap_or_default();
            }
        }
        let class = Class::parse(&row.get::<String, _>("class")).unwrap_or(Class::Marketing);
        Ok(Some(Ready {
            id,
            actor,
            class,
            tag: row.get("tag"),
            recipient,
            subject,
            text,
            answers,
            files,
            attempts: row.get("attempts"),
            key: opener.key(actor).copied(),
        }))
    }

    /// Returns the id of the mail that an answer answers.
    async fn mail_id_before(&self, conversation: &str, seq: i64) -> Result<Option<String>> {
        let last: Option<i64> =
            sqlx::query_scalar("SELECT MAX(seq) FROM message WHERE conversation = $1 AND kind = 'in' AND seq < $2")
                .bind(conversation.to_owned())
                .bind(seq.max(1))
                .fetch_one(self.inbox.stores.state.reader())
                .await
                .map_err(failed)?;
        // An acknowledgement stands beside the mail that it answers.
        let Some(raw) = self.raw_mail(conversation, last.unwrap_or(seq)).await? else { return Ok(None) };
        let id = super::read::read(&raw, "", "x@invalid").message_id;
        Ok((!id.is_empty()).then(|| format!("<{}>", id.trim_matches(['<', '>']))))
    }

    /// Returns the records by which receivers check our signatures, each with its name below the domain.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn dkim_records(&self) -> Result<Vec<(String, String)>> {
        let settings = self.inbox.settings().await?.mail;
        let records = self.dkim_keys().await?.records(&settings.dkim_selector);
        Ok(records.into_iter().map(|record| (record.name, record.text)).collect())
    }

    /// Returns the keys that sign, drawn when they are asked for the first time.
    pub(super) async fn dkim_keys(&self) -> Result<Arc<dkim::Keys>> {
        let keys = self.keys.get_or_try_init(async || {
            let state = &self.inbox.stores.state;
            let sql = "SELECT key FROM mail_key WHERE name = 'rsa'";
            let mut rsa: Option<Vec<u8>> = sqlx::query_scalar(sql).fetch_optional(state.reader()).await.map_err(failed)?;
            if rsa.is_none() {
                let drawn = tokio::task::spawn_blocking(rsa::draw).await;
                let drawn = drawn.map_err(|error| Failure::new("A key to sign mail with cannot be drawn").because(&error))??;
                let mut transaction = state.begin().await.map_err(failed)?;
                sqlx::query("INSERT INTO mail_key (name, key) VALUES ('rsa', $1) ON CONFLICT (name) DO NOTHING")
                    .bind(drawn)
                    .execute(&mut *transaction)
                    .await
                    .map_err(failed)?;
                // Of two that draw at the same time, the first one counts.
                rsa = sqlx::query_scalar(sql).fetch_optional(&mut *transaction).await.map_err(failed)?;
                transaction.commit().await.map_err(failed)?;
            }
            let seed = self.door.policy().secret("dkim").await?;
            let keys = dkim::Keys::read(&seed, &rsa.unwrap_or_default());
            keys.map(Arc::new).ok_or_else(|| Failure::new("The key that signs mail is damaged").hint("Restore the last backup"))
        });
        keys.await.cloned()
    }

    /// Notes by what answers and bounces of a letter are known, and what it says, where that is read from its conversation.
    async fn note_mark(&self, transaction: &mut Transaction, letter: &Ready, mark: &str) -> Result<()> {
        sqlx::query("UPDATE letter SET mark = $1 WHERE id = $2")
            .bind(mark.to_owned())
            .bind(letter.id.clone())
            .execute(&mut **transaction)
            .await
            .map_err(failed)?;
        if letter.tag != "reply" {
            return Ok(());
        }
        let Some(key) = letter.key else { return Ok(()) };
        let place = |what: &str| format!("letter:{}:{what}", letter.id);
        sqlx::query("UPDATE letter SET recipient = $1, subject = $2, body = $3 WHERE id = $4")
            .bind(sealed(&key, &place("recipient"), &letter.recipient)?)
            .bind(sealed(&key, &place("subject"), &letter.subject)?)
            .bind(sealed(&key, &place("body"), &letter.text)?)
            .bind(letter.id.clone())
            .execute(&mut **transaction)
            .await
            .map_err(failed)?;
        Ok(())
    }

    /// Notes what became of letters, and of their places.
    async fn note_fates(&self, fates: &[Fate]) -> Result<()> {
        if fates.is_empty() {
            return Ok(());
        }
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        for fate in fates {
            if let Some((ticket, is_sent)) = &fate.ticket {
                Policy::ended_in(&mut transaction, ticket, *is_sent).await?;
            }
            let is_reply = fate.id.starts_with("reply:");
            sqlx::query(
                "UPDATE letter SET state = $1, said = $2, next_at = COALESCE($3, next_at), attempts = COALESCE($4, attempts), \
                 sent_at = $5, told = $6 WHERE id = $7",
            )
            .bind(fate.state)
            .bind(fate.said.clone())
            .bind(fate.next_at)
            .bind(fate.attempts)
            .bind((fate.state == "sent").then_some(self.inbox.now().0))
            .bind(i64::from(is_reply))
            .bind(fate.id.clone())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
            if fate.state != "queued" && is_reply {
                self.note_reply(&mut transaction, fate).await?;
            }
        }
        transaction.commit().await.map_err(failed)?;
        self.inbox.news.tell();
        Ok(())
    }

    /// Shows at an answer what became of its letter.
    async fn note_reply(&self, transaction: &mut Transaction, fate: &Fate) -> Result<()> {
        let row = sqlx::query("SELECT conversation, seq FROM letter WHERE id = $1 AND tag = 'reply'").bind(fate.id.clone());
        let Some(row) = row.fetch_optional(&mut **transaction).await.map_err(failed)? else { return Ok(()) };
        let conversation: String = row.get("conversation");
        sqlx::query("UPDATE message SET state = $1 WHERE conversation = $2 AND seq = $3")
            .bind(if fate.state == "stopped" { "failed" } else { fate.state })
            .bind(conversation.clone())
            .bind(row.get::<i64, _>("seq"))
            .execute(&mut **transaction)
            .await
            .map_err(failed)?;
        note_event(transaction, &conversation, "sent", self.inbox.now()).await
    }
}

impl Ready {
    /// Is the question whether it may be sent.
    fn ask(&self, now: Instant) -> Ask {
        Ask {
            key: self.id.clone(),
            actor: self.actor,
            channel: Channel::Email,
            class: self.class,
            tag: self.tag.clone(),
            segments: Vec::new(),
            worth: 1.0,
            deadline: Some(Instant(now.0 + 7 * 86_400 * SECOND)),
            holdout: None,
        }
    }
}

/// Is what became of a letter.
struct Fate {
    id: String,
    state: &'static str,
    said: String,
    next_at: Option<i64>,
    attempts: Option<i64>,
    /// Its place, and whether it was used.
    ticket: Option<(Ticket, bool)>,
}

impl Fate {
    fn ended(id: String, state: &'static str, said: &str) -> Self {
        Self { id, state, said: said.to_owned(), next_at: None, attempts: None, ticket: None }
    }

    fn again(id: String, at: i64, said: &str, attempts: i64) -> Self {
        Self { next_at: Some(at), attempts: Some(attempts), ..Self::ended(id, "queued", said) }
    }
}

/// Writes a mark between the name and the domain of an address.
pub(super) fn marked(address: &str, mark: &str) -> String {
    address.rsplit_once('@').map_or_else(|| address.to_owned(), |(local, domain)| format!("{local}+{mark}@{domain}"))
}

/// Carries mails to the organisation's server, many over one line.
pub(super) struct Carrier<'a> {
    settings: &'a MailSettings,
    outbound: Outbound,
    line: Option<Line>,
}

impl<'a> Carrier<'a> {
    pub(super) const fn new(settings: &'a MailSettings, outbound: Outbound) -> Self {
        Self { settings, outbound, line: None }
    }

    /// Hands a mail over. After trouble the next one goes over a new line.
    pub(super) async fn hand_over(&mut self, sender: &str, recipient: &str, mail: &[u8]) -> Result<(), Trouble> {
        if let Some(mut line) = self.line.take() {
            match begin_mail(&mut line, sender, recipient).await {
                Ok(()) => {
                    say_mail(&mut line, mail).await?;
                    self.line = Some(line);
                    return Ok(());
                }
                Err(Trouble::Never(said)) => return Err(Trouble::Never(said)),
                // The server may have tired of this line; of the mail itself it has seen nothing.
                Err(_) => {}
            }
        }
        let mut line = self.open().await?;
        begin_mail(&mut line, sender, recipient).await?;
        say_mail(&mut line, mail).await?;
        self.line = Some(line);
        Ok(())
    }

    /// Opens a line, encrypted as it is set, and says who we are.
    async fn open(&self) -> Result<Line, Trouble> {
        let settings = self.settings;
        let mut line = Line::open(&self.outbound, &settings.server, settings.security == "tls").await.map_err(Trouble::Later)?;
        take_greeting(&mut line).await?;
        if !matches!(settings.security.as_str(), "tls" | "plain") {
            order(&mut line, "STARTTLS", b'2').await?;
            line = line.encrypted().await.map_err(Trouble::Later)?;
            order(&mut line, "EHLO touchline", b'2').await?;
        }
        sign_in(&mut line, settings).await?;
        Ok(line)
    }

    /// Says goodbye; whether it is heard changes nothing.
    pub(super) async fn end(self) {
        if let Some(mut line) = self.line {
            let _ = order(&mut line, "QUIT", b'2').await;
        }
    }
}

/// Waits for the greeting of a server, and greets it.
pub(super) async fn take_greeting(line: &mut Line) -> Result<(), Trouble> {
    expect(line, b'2').await?;
    order(line, "EHLO touchline", b'2').await
}

/// Says who we are, where a user is set.
pub(super) async fn sign_in(line: &mut Line, settings: &MailSettings) -> Result<(), Trouble> {
    if settings.user.is_empty() {
        return Ok(());
    }
    let secret = STANDARD.encode(format!("\0{}\0{}", settings.user, settings.password));
    order(line, &format!("AUTH PLAIN {secret}"), b'2').await
}

async fn begin_mail(line: &mut Line, sender: &str, recipient: &str) -> Result<(), Trouble> {
    order(line, &format!("MAIL FROM:<{sender}>"), b'2').await?;
    order(line, &format!("RCPT TO:<{recipient}>"), b'2').await?;
    order(line, "DATA", b'3').await
}

async fn say_mail(line: &mut Line, mail: &[u8]) -> Result<(), Trouble> {
    let mut stuffed = Vec::with_capacity(mail.len() + 64);
    for one in mail.split_inclusive(|byte| *byte == b'\n') {
        if one.starts_with(b".") {
            stuffed.push(b'.');
        }
        stuffed.extend_from_slice(one);
    }
    if !stuffed.ends_with(b"\r\n") {
        stuffed.extend_from_slice(b"\r\n");
    }
    stuffed.extend_from_slice(b".\r\n");
    line.write(&stuffed).await.map_err(Trouble::Unknown)?;
    // Where no answer comes, it may have been taken.
    match expect(line, b'2').await {
        Err(Trouble::Later(said)) if !said.starts_with('4') => Err(Trouble::Unknown(said)),
        outcome => outcome,
    }
}

pub(super) async fn order(line: &mut Line, text: &str, wanted: u8) -> Result<(), Trouble> {
    line.write(format!("{text}\r\n").as_bytes()).await.map_err(Trouble::Later)?;
    expect(line, wanted).await
}

/// Reads an answer of several lines; what begins with 4 may be tried again, what begins with 5 not.
async fn expect(line: &mut Line, wanted: u8) -> Result<(), Trouble> {
    for _ in 0..LINES_MAX {
        let told = line.read(LINE_MAX, PATIENCE).await.map_err(Trouble::Later)?;
        if told.get(3) == Some(&b'-') {
            continue;
        }
        let said = String::from_utf8_lossy(&told).trim().chars().take(200).collect::<String>();
        return match told[0] {
            code if code == wanted => Ok(()),
            b'5' => Err(Trouble::Never(said)),
            _ => Err(Trouble::Later(said)),
        };
    }
    Err(Trouble::Later("the server does not stop talking".to_owned()))
}
