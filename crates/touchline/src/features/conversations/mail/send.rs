//! Sending letters: asked of the contact policy, written, signed, handed to the organisation's server, or caught where there
//! is none.

use super::dkim;
use crate::failure::{Failure, Result};
use crate::features::conversations::Talk;
use crate::features::conversations::seal::sealed;
use crate::features::conversations::settings::MailSettings;
use crate::features::conversations::store::{actor_of, failed, note_event};
use crate::features::people::policy::{Answer, Ask, Channel, Class, PreferenceToken};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use model::time::SECOND;
use model::{ActorId, Instant};
use sqlx::Row;
use sqlx::any::AnyRow;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

/// So many letters are sent in one round.
const AT_ONCE: i64 = 50;
/// A letter is tried so often before it is said not to be sent.
const TRIES_MAX: i64 = 5;
/// The first pause before another try; each is four times the one before.
const PAUSE: i64 = 30 * SECOND;
/// How long the server may take for one answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// A line of its answer.
const LINE_MAX: u64 = 2_048;

/// Is a letter in the clear, ready to be written.
struct Ready {
    id: String,
    actor: ActorId,
    class: Class,
    tag: String,
    recipient: String,
    subject: String,
    text: String,
    answers: Option<String>,
    attempts: i64,
}

/// Is why a letter was not taken.
enum Trouble {
    /// It may be tried again.
    Later(String),
    /// It never will be.
    Never(String),
    /// It may have been taken: nobody knows.
    Unknown(String),
}

impl Talk {
    /// Sends what is queued and due.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn send_letters(&self) -> Result<()> {
        let settings = self.inbox.settings().await?.mail;
        let now = self.inbox.now();
        let sql = "SELECT id, actor, conversation, seq, class, tag, recipient, subject, body, attempts FROM letter \
                   WHERE state = 'queued' AND next_at <= $1 ORDER BY at, id LIMIT $2";
        let rows =
            sqlx::query(sql).bind(now.0).bind(AT_ONCE).fetch_all(self.inbox.stores.state.reader()).await.map_err(failed)?;
        for row in &rows {
            match self.ready(row).await? {
                Some(letter) => self.send_letter(letter, &settings).await?,
                // The person is erased, or the conversation gone.
                None => self.ended(&row.get::<String, _>("id"), "stopped", "erased").await?,
            }
        }
        Ok(())
    }

    /// Opens a letter. Of an answer, address, subject and text are those of its conversation.
    async fn ready(&self, row: &AnyRow) -> Result<Option<Ready>> {
        let (id, actor): (String, ActorId) = (row.get("id"), actor_of(row));
        let conversation: String = row.get("conversation");
        let opener = self.inbox.sealer.opener(&[actor]).await?;
        let open = |what: &str| opener.open(actor, &format!("letter:{id}:{what}"), &row.get::<String, _>(what));
        let (Some(mut recipient), Some(mut subject), Some(mut text)) = (open("recipient"), open("subject"), open("body")) else {
            return Ok(None);
        };
        let mut answers = None;
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
            attempts: row.get("attempts"),
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

    async fn send_letter(&self, letter: Ready, settings: &MailSettings) -> Result<()> {
        let ask = Ask {
            key: letter.id.clone(),
            actor: letter.actor,
            channel: Channel::Email,
            class: letter.class,
            tag: letter.tag.clone(),
            segments: Vec::new(),
            worth: 1.0,
            deadline: Some(Instant(self.inbox.now().0 + 7 * 86_400 * SECOND)),
            holdout: None,
        };
        let ticket = match self.door.ask(&ask).await? {
            Answer::Go(ticket) => ticket,
            Answer::Already => return self.ended(&letter.id, "sent", "perhaps sent before the server stopped").await,
            Answer::No(why) => return self.ended(&letter.id, "stopped", &why.code).await,
            Answer::Later(why) => {
                let until = why.until.unwrap_or(self.inbox.now().0 + 60 * SECOND);
                return self.again(&letter.id, until, &why.code, letter.attempts).await;
            }
        };
        let secret = self.door.policy().secret("mail").await?;
        let mark = blake3::keyed_hash(&secret, letter.id.as_bytes()).to_hex()[..32].to_owned();
        self.note_mark(&letter, &mark).await?;
        let mail = self.written(&letter, settings, &mark).await;
        let mail = match mail {
            Ok(mail) => mail,
            Err(failure) => {
                self.door.policy().unsent(&ticket).await?;
                return self.ended(&letter.id, "failed", &failure.what).await;
            }
        };
        // From here on it counts as sent, whatever happens to us.
        if !self.door.policy().begin(&ticket).await? {
            return Ok(());
        }
        if settings.server.is_empty() {
            self.door.policy().sent(&ticket).await?;
            return self.ended(&letter.id, "caught", "").await;
        }
        let sender = marked(&settings.address, &mark);
        match hand_over(settings, &sender, &letter.recipient, &mail).await {
            Ok(()) => {
                self.door.policy().sent(&ticket).await?;
                self.ended(&letter.id, "sent", "").await
            }
            Err(Trouble::Unknown(said)) => self.ended(&letter.id, "failed", &format!("perhaps sent: {said}")).await,
            Err(Trouble::Never(said)) => {
                self.door.policy().unsent(&ticket).await?;
                self.ended(&letter.id, "failed", &said).await
            }
            Err(Trouble::Later(said)) => {
                self.door.policy().unsent(&ticket).await?;
                if letter.attempts + 1 >= TRIES_MAX {
                    return self.ended(&letter.id, "failed", &said).await;
                }
                let pause = PAUSE << (2 * letter.attempts.clamp(0, 10));
                self.again(&letter.id, self.inbox.now().0 + pause, &said, letter.attempts + 1).await
            }
        }
    }

    /// Writes a letter as it travels, signed where a domain signs.
    async fn written(&self, letter: &Ready, settings: &MailSettings, mark: &str) -> Result<Vec<u8>> {
        let wrong = |what: &str| Failure::new(format!("{what} cannot stand in a mail"));
        let own = if settings.address.is_empty() { "touchline@localhost" } else { &settings.address };
        let domain = own.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
        let mailbox = |name: &str, address: &str| {
            let name = (!name.is_empty()).then(|| name.to_owned());
            address.parse().map(|address| Mailbox::new(name, address)).map_err(|_| wrong("This address"))
        };
        // The builder encodes what is not plain, line breaks among it; they have no business here all the same.
        let subject: String = letter.subject.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect();
        let at = UNIX_EPOCH + Duration::from_micros(u64::try_from(self.inbox.now().0).unwrap_or(0));
        let mut builder = Message::builder()
            .from(mailbox(&settings.name, own)?)
            .to(mailbox("", &letter.recipient)?)
            .reply_to(mailbox(&settings.name, &marked(own, mark))?)
            .subject(subject)
            .date(at)
            .message_id(Some(format!("<{mark}@{domain}>")))
            .header(ContentType::TEXT_PLAIN);
        if let Some(id) = &letter.answers {
            builder = builder.in_reply_to(id.clone()).references(id.clone());
        }
        let raw = |builder: lettre::message::MessageBuilder, name: &'static str, value: String| {
            builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value))
        };
        builder = raw(builder, "X-Touchline-Loop", "1".to_owned());
        if letter.tag != "reply" {
            let kind = if letter.tag == "acknowledgement" { "auto-replied" } else { "auto-generated" };
            builder = raw(builder, "Auto-Submitted", kind.to_owned());
            builder = raw(builder, "X-Auto-Response-Suppress", "All".to_owned());
        }
        if letter.class.counts() {
            let token = PreferenceToken::write(&self.door.policy().secret("contact").await?, "preferences", letter.actor);
            let link = format!("<{}/p/unsubscribe/{token}>", self.address());
            builder = raw(builder, "List-Unsubscribe", link);
            builder = raw(builder, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned());
        }
        let message = builder.body(letter.text.clone()).map_err(|error| wrong("This letter").because(&error))?;
        let mail = message.formatted();
        if settings.dkim_domain.is_empty() || settings.dkim_selector.is_empty() {
            return Ok(mail);
        }
        let seed = self.door.policy().secret("dkim").await?;
        let seconds = self.inbox.now().0 / SECOND;
        let signature = dkim::signature(&seed, &settings.dkim_domain, &settings.dkim_selector, &mail, seconds);
        let signature = signature.ok_or_else(|| Failure::new("The letter could not be signed"))?;
        Ok([signature.into_bytes(), mail].concat())
    }

    /// Returns the record by which receivers check our signatures.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn dkim_record(&self) -> Result<String> {
        Ok(dkim::record(&self.door.policy().secret("dkim").await?))
    }

    /// Notes by what answers and bounces are known, and what is sent, before it is.
    async fn note_mark(&self, letter: &Ready, mark: &str) -> Result<()> {
        let key = self.inbox.sealer.of(letter.actor).await?;
        let place = |what: &str| format!("letter:{}:{what}", letter.id);
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        sqlx::query("UPDATE letter SET mark = $1, recipient = $2, subject = $3, body = $4 WHERE id = $5")
            .bind(mark.to_owned())
            .bind(sealed(&key, &place("recipient"), &letter.recipient)?)
            .bind(sealed(&key, &place("subject"), &letter.subject)?)
            .bind(sealed(&key, &place("body"), &letter.text)?)
            .bind(letter.id.clone())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    async fn ended(&self, id: &str, state: &'static str, said: &str) -> Result<()> {
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        sqlx::query("UPDATE letter SET state = $1, said = $2 WHERE id = $3")
            .bind(state)
            .bind(said.to_owned())
            .bind(id.to_owned())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        let shown = if state == "stopped" { "failed" } else { state };
        let row = sqlx::query("SELECT conversation, seq FROM letter WHERE id = $1 AND tag = 'reply'").bind(id.to_owned());
        if let Some(row) = row.fetch_optional(&mut *transaction).await.map_err(failed)? {
            let conversation: String = row.get("conversation");
            sqlx::query("UPDATE message SET state = $1 WHERE conversation = $2 AND seq = $3")
                .bind(shown)
                .bind(conversation.clone())
                .bind(row.get::<i64, _>("seq"))
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
            note_event(&mut transaction, &conversation, "sent", self.inbox.now()).await?;
        }
        transaction.commit().await.map_err(failed)?;
        self.inbox.news.tell();
        Ok(())
    }

    async fn again(&self, id: &str, at: i64, said: &str, attempts: i64) -> Result<()> {
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        sqlx::query("UPDATE letter SET next_at = $1, said = $2, attempts = $3 WHERE id = $4")
            .bind(at)
            .bind(said.to_owned())
            .bind(attempts)
            .bind(id.to_owned())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }
}

/// Writes a mark between the name and the domain of an address.
fn marked(address: &str, mark: &str) -> String {
    address.rsplit_once('@').map_or_else(|| address.to_owned(), |(local, domain)| format!("{local}+{mark}@{domain}"))
}

/// Hands a mail to the organisation's server.
async fn hand_over(settings: &MailSettings, sender: &str, recipient: &str, mail: &[u8]) -> Result<(), Trouble> {
    let later = |error: &dyn std::fmt::Display| Trouble::Later(format!("the server is not reached: {error}"));
    let host = settings.server.rsplit_once(':').map_or(settings.server.as_str(), |(host, _)| host).to_owned();
    let stream = timeout(PATIENCE, TcpStream::connect(&settings.server)).await.map_err(|error| later(&error))?;
    let stream = stream.map_err(|error| later(&error))?;
    match settings.security.as_str() {
        "tls" => {
            let stream = encrypted(stream, &host).await?;
            converse(BufReader::new(stream), settings, sender, recipient, mail, true).await
        }
        "plain" => converse(BufReader::new(stream), settings, sender, recipient, mail, true).await,
        _ => {
            let mut stream = BufReader::new(stream);
            expect(&mut stream, b'2').await?;
            order(&mut stream, "EHLO touchline", b'2').await?;
            order(&mut stream, "STARTTLS", b'2').await?;
            // Nothing that came before the encryption is believed.
            let stream = encrypted(stream.into_inner(), &host).await?;
            converse(BufReader::new(stream), settings, sender, recipient, mail, false).await
        }
    }
}

async fn encrypted(stream: TcpStream, host: &str) -> Result<tokio_rustls::client::TlsStream<TcpStream>, Trouble> {
    let later = |what: String| Trouble::Later(what);
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| later(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(|error| Trouble::Never(error.to_string()))?;
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let connected = timeout(PATIENCE, connecting).await.map_err(|error| later(error.to_string()))?;
    connected.map_err(|error| later(format!("no encryption: {error}")))
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: BufReader<S>,
    settings: &MailSettings,
    sender: &str,
    recipient: &str,
    mail: &[u8],
    greets: bool,
) -> Result<(), Trouble> {
    use base64::Engine;
    if greets {
        expect(&mut stream, b'2').await?;
    }
    order(&mut stream, "EHLO touchline", b'2').await?;
    if !settings.user.is_empty() {
        let secret = format!("\0{}\0{}", settings.user, settings.password);
        let secret = base64::engine::general_purpose::STANDARD.encode(secret);
        order(&mut stream, &format!("AUTH PLAIN {secret}"), b'2').await?;
    }
    order(&mut stream, &format!("MAIL FROM:<{sender}>"), b'2').await?;
    order(&mut stream, &format!("RCPT TO:<{recipient}>"), b'2').await?;
    order(&mut stream, "DATA", b'3').await?;
    let mut stuffed = Vec::with_capacity(mail.len() + 64);
    for line in mail.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            stuffed.push(b'.');
        }
        stuffed.extend_from_slice(line);
    }
    if !stuffed.ends_with(b"\r\n") {
        stuffed.extend_from_slice(b"\r\n");
    }
    stuffed.extend_from_slice(b".\r\n");
    let unknown = |error: std::io::Error| Trouble::Unknown(error.to_string());
    stream.write_all(&stuffed).await.map_err(unknown)?;
    stream.flush().await.map_err(unknown)?;
    // Where no answer comes, it may have been taken.
    match expect(&mut stream, b'2').await {
        Err(Trouble::Later(said)) if !said.starts_with('4') => Err(Trouble::Unknown(said)),
        outcome => outcome,
    }?;
    // Whether the goodbye arrives changes nothing.
    let _ = order(&mut stream, "QUIT", b'2').await;
    Ok(())
}

async fn order<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>, line: &str, wanted: u8) -> Result<(), Trouble> {
    let later = |error: std::io::Error| Trouble::Later(error.to_string());
    stream.write_all(format!("{line}\r\n").as_bytes()).await.map_err(later)?;
    stream.flush().await.map_err(later)?;
    expect(stream, wanted).await
}

/// Reads an answer of several lines; what begins with 4 may be tried again, what begins with 5 not.
async fn expect<S: AsyncRead + Unpin>(stream: &mut BufReader<S>, wanted: u8) -> Result<(), Trouble> {
    loop {
        let mut line = Vec::new();
        let mut limited = (&mut *stream).take(LINE_MAX);
        let read = timeout(PATIENCE, limited.read_until(b'\n', &mut line)).await;
        let read = read.map_err(|error| Trouble::Later(error.to_string()))?.map_err(|error| Trouble::Later(error.to_string()))?;
        if read < 4 {
            return Err(Trouble::Later("the server hung up".to_owned()));
        }
        if line[3] == b'-' {
            continue;
        }
        let said = String::from_utf8_lossy(&line).trim().chars().take(200).collect::<String>();
        return match line[0] {
            code if code == wanted => Ok(()),
            b'5' => Err(Trouble::Never(said)),
            _ => Err(Trouble::Later(said)),
        };
    }
}
