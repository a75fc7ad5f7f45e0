//! Writing letters as they travel, and signing them: work for threads that have nothing else to do.

use super::dkim;
use super::send::marked;
use crate::failure::{Failure, Result};
use crate::features::conversations::Talk;
use crate::features::conversations::files::Opened;
use crate::features::conversations::settings::MailSettings;
use crate::features::people::TextKey;
use crate::features::people::policy::{Class, PreferenceToken, Ticket};
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Body, Mailbox, Message, MessageBuilder, MultiPart, SinglePart};
use model::time::SECOND;
use model::{ActorId, Instant};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

/// Is a letter in the clear, ready to be written.
pub(super) struct Ready {
    pub(super) id: String,
    pub(super) actor: ActorId,
    pub(super) class: Class,
    pub(super) tag: String,
    pub(super) recipient: String,
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) answers: Option<String>,
    pub(super) files: Vec<Opened>,
    pub(super) attempts: i64,
    /// Seals what is noted of it.
    pub(super) key: Option<TextKey>,
}

/// Is a letter as it travels, with its place.
pub(super) struct Written {
    pub(super) letter: Ready,
    pub(super) ticket: Ticket,
    /// By it answers and bounces are known.
    pub(super) mark: String,
    pub(super) mail: Vec<u8>,
}

/// Is a few letters, those that could be written and those that could not.
#[derive(Default)]
pub(super) struct Group {
    pub(super) written: Vec<Written>,
    pub(super) failed: Vec<(Ready, Ticket, Failure)>,
}

/// Holds what is needed to write, so that writing asks nobody.
pub(super) struct Pen {
    name: String,
    /// Who writes.
    own: String,
    /// Signs, where a domain signs: its keys, its name and its selector.
    signing: Option<(Arc<dkim::Keys>, String, String)>,
    /// Where preferences are changed.
    place: String,
    marks: [u8; 32],
    preferences: [u8; 32],
    now: Instant,
}

impl Talk {
    /// Takes up the pen.
    pub(super) async fn pen(&self, settings: &MailSettings) -> Result<Pen> {
        let signs = !settings.dkim_domain.is_empty() && !settings.dkim_selector.is_empty();
        Ok(Pen {
            name: settings.name.clone(),
            own: if settings.address.is_empty() { "touchline@localhost" } else { &settings.address }.to_owned(),
            signing: match signs {
                true => Some((self.dkim_keys().await?, settings.dkim_domain.clone(), settings.dkim_selector.clone())),
                false => None,
            },
            place: self.address().to_owned(),
            marks: self.door.policy().secret("mail").await?,
            preferences: self.door.policy().secret("contact").await?,
            now: self.inbox.now(),
        })
    }
}

impl Pen {
    /// Writes a few letters on a thread of its own.
    pub(super) async fn write_all(self: Arc<Self>, letters: Vec<(Ready, Ticket)>) -> Result<Group> {
        let writing = tokio::task::spawn_blocking(move || {
            let mut group = Group::default();
            for (letter, ticket) in letters {
                let mark = blake3::keyed_hash(&self.marks, letter.id.as_bytes()).to_hex()[..32].to_owned();
                match self.write(&letter, &mark) {
                    Ok(mail) => group.written.push(Written { letter, ticket, mark, mail }),
                    Err(failure) => group.failed.push((letter, ticket, failure)),
                }
            }
            group
        });
        writing.await.map_err(|error| Failure::new("Letters could not be written").because(&error))
    }

    /// Writes a letter as it travels, signed where a domain signs.
    fn write(&self, letter: &Ready, mark: &str) -> Result<Vec<u8>> {
        // A person has written an answer; all else comes from a machine, and wants no machine's answer.
        let machine = match letter.tag.as_str() {
            "reply" => None,
            "acknowledgement" => Some("auto-replied"),
            _ => Some("auto-generated"),
        };
        let mut builder = self.head(("", &letter.recipient), &letter.subject, mark, machine)?;
        builder = builder.reply_to(mailbox(&self.name, &marked(&self.own, mark))?);
        if let Some(id) = &letter.answers {
            builder = builder.in_reply_to(id.clone()).references(id.clone());
        }
        if letter.class.counts() {
            let token = PreferenceToken::write(&self.preferences, "preferences", letter.actor);
            let link = format!("<{}/p/unsubscribe/{token}>", self.place);
            builder = raw(builder, "List-Unsubscribe", link);
            // One press is promised where receivers may press: RFC 8058 wants HTTPS.
            if self.place.starts_with("https://") {
                builder = raw(builder, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned());
            }
        }
        let message = with_body(builder, letter).map_err(|error| unfit("This letter").because(&*error))?;
        self.signed(&message)
    }

    /// Begins a letter to somebody of some name and address; `machine` says in which way one has written it.
    pub(super) fn head(
        &self,
        (name, address): (&str, &str),
        subject: &str,
        mark: &str,
        machine: Option<&str>,
    ) -> Result<MessageBuilder> {
        let domain = self.own.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
        // The builder encodes what is not plain, line breaks among it; they have no business here all the same.
        let subject: String = subject.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect();
        let at = UNIX_EPOCH + Duration::from_micros(u64::try_from(self.now.0).unwrap_or(0));
        let mut builder = Message::builder()
            .from(mailbox(&self.name, &self.own)?)
            .to(mailbox(name, address)?)
            .subject(subject)
            .date(at)
            .message_id(Some(format!("<{mark}@{domain}>")));
        builder = raw(builder, "X-Touchline-Loop", "1".to_owned());
        if let Some(machine) = machine {
            builder = raw(builder, "Auto-Submitted", machine.to_owned());
            builder = raw(builder, "X-Auto-Response-Suppress", "All".to_owned());
        }
        Ok(builder)
    }

    /// Signs a mail, where a domain signs.
    pub(super) fn signed(&self, message: &Message) -> Result<Vec<u8>> {
        let mail = message.formatted();
        let Some((keys, domain, selector)) = &self.signing else { return Ok(mail) };
        let signature = keys.signatures(domain, selector, &mail, self.now.0 / SECOND);
        let signature = signature.ok_or_else(|| Failure::new("The letter could not be signed"))?;
        Ok([signature.into_bytes(), mail].concat())
    }
}

/// Says that something cannot stand in a mail.
pub(super) fn unfit(what: &str) -> Failure {
    Failure::new(format!("{what} cannot stand in a mail"))
}

fn mailbox(name: &str, address: &str) -> Result<Mailbox> {
    let name = (!name.is_empty()).then(|| name.to_owned());
    address.parse().map(|address| Mailbox::new(name, address)).map_err(|_| unfit("This address"))
}

fn raw(builder: MessageBuilder, name: &'static str, value: String) -> MessageBuilder {
    builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value))
}

/// Puts text and files into a mail. Files travel as bytes to be stored, whatever they are.
fn with_body(builder: MessageBuilder, letter: &Ready) -> std::result::Result<Message, Box<dyn std::error::Error>> {
    if letter.files.is_empty() {
        return Ok(builder.header(ContentType::TEXT_PLAIN).body(letter.text.clone())?);
    }
    let mut parts = MultiPart::mixed().singlepart(SinglePart::plain(letter.text.clone()));
    for Opened { file, bytes, .. } in &letter.files {
        // Always in letters: a text in a file is as it was, whatever servers make of its line ends.
        let body = Body::new_with_encoding(bytes.clone(), ContentTransferEncoding::Base64);
        let body = body.map_err(|_| "a file cannot be written as letters")?;
        parts = parts.singlepart(Attachment::new(file.name.clone()).body(body, file.kind.parse()?));
    }
    Ok(builder.multipart(parts)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pen(place: &str) -> Pen {
        Pen {
            name: "Shop".to_owned(),
            own: "help@shop.example.org".to_owned(),
            signing: None,
            place: place.to_owned(),
            marks: [1; 32],
            preferences: [2; 32],
            now: Instant(1_764_072_000 * SECOND),
        }
    }

    fn letter(class: Class, tag: &str) -> Ready {
        Ready {
            id: "letter".to_owned(),
            actor: ActorId(7),
            class,
            tag: tag.to_owned(),
            recipient: "ann@example.org".to_owned(),
            subject: "One\r\nBcc: eve@example.org".to_owned(),
            text: "Good day".to_owned(),
            answers: None,
            files: Vec::new(),
            attempts: 0,
            key: None,
        }
    }

    fn written(place: &str, class: Class, tag: &str) -> String {
        String::from_utf8(pen(place).write(&letter(class, tag), "mark").expect("writes")).expect("is text")
    }

    #[test]
    fn a_letter_one_may_choose_about_says_how_and_by_one_press_where_receivers_may_press() {
        let mail = written("https://shop.example.org", Class::Survey, "survey");
        assert!(mail.contains("List-Unsubscribe: <https://shop.example.org/p/unsubscribe/"), "{mail}");
        assert!(mail.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"), "{mail}");
        let mail = written("http://localhost", Class::Survey, "survey");
        assert!(mail.contains("List-Unsubscribe: <") && !mail.contains("One-Click"), "{mail}");
        assert!(!written("https://shop.example.org", Class::Service, "reply").contains("List-"), "an answer is always welcome");
    }

    #[test]
    fn a_letter_says_who_wrote_it_and_nothing_smuggled() {
        let mail = written("https://shop.example.org", Class::Service, "acknowledgement");
        assert!(mail.contains("Reply-To: Shop <help+mark@shop.example.org>\r\n"), "{mail}");
        assert!(mail.contains("Message-ID: <mark@shop.example.org>\r\n") && mail.contains("Auto-Submitted: auto-replied\r\n"));
        assert!(mail.contains("Subject: One  Bcc: eve@example.org\r\n"), "{mail}");
        assert!(!written("https://shop.example.org", Class::Service, "reply").contains("Auto-Submitted"));
    }
}
