//! What the organisation decides about its conversations: hours, targets, the widget, mail. One document in the table
//! `inbox_setting`; the secrets of mail are in it, sealed, and are never told back.

use super::locked::Secrets;
use super::{CommunitySettings, Hours};
use crate::failure::{Failure, Result};
use crate::platform::home::Stores;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use state::StateError;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Answers are due within so many seconds; `business` of them count only while somebody is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AnswerTarget)]
pub struct Target {
    /// Within so many seconds.
    pub seconds: u32,
    /// Whether only business hours count.
    pub business: bool,
}

/// Is how the widget looks and speaks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WidgetSettings {
    /// The name on its head.
    pub name: String,
    /// The colour of its head and button, as `#1c5799`.
    pub colour: String,
    /// A greeting; empty: the usual one in the visitor's language.
    pub greeting: String,
    /// Lines of contact data, such as a telephone number, shown on it.
    pub contact: Vec<String>,
}

impl Default for WidgetSettings {
    fn default() -> Self {
        Self { name: "Touchline".to_owned(), colour: "#1c5799".to_owned(), greeting: String::new(), contact: Vec::new() }
    }
}

/// Is how mail is sent.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MailSettings {
    /// The address that customers write to and that answers come from; empty: no mail.
    pub address: String,
    /// The name beside it.
    pub name: String,
    /// The server that sends, as `smtp.example.org:587`; empty: mail is caught and shown, and not sent.
    pub server: String,
    /// `starttls`, `tls` or `plain`, the last for a server on this machine.
    pub security: String,
    /// The user at that server.
    pub user: String,
    /// The password at that server; never told back. Empty in a change: it stays.
    pub password: String,
    /// The server from which mail is fetched, as `imap.example.org:993`; empty: none is.
    pub imap_server: String,
    /// `tls`, where nothing is said, `starttls` or `plain`, the last for a server on this machine.
    pub imap_security: String,
    /// The user at that server.
    pub imap_user: String,
    /// The password at that server; never told back. Empty in a change: it stays.
    pub imap_password: String,
    /// The folder to read; empty: `INBOX`.
    pub imap_folder: String,
    /// The name under which your own mail server writes into `Authentication-Results` what it has found about a sender (SPF,
    /// DKIM, DMARC); empty: every sender counts as not verified.
    pub checked_by: String,
    /// The domain that signs, and the selector of its key; empty: no signature.
    pub dkim_domain: String,
    /// The selector.
    pub dkim_selector: String,
    /// Whether somebody who writes is told at once that their mail has arrived.
    pub acknowledge: bool,
}

/// Is what is decided.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct InboxSettings {
    /// When somebody is there.
    pub hours: Hours,
    /// By channel, when an answer is due.
    pub targets: BTreeMap<String, Target>,
    /// By channel, the touchpoint of the map that messages belong to.
    pub touchpoints: BTreeMap<String, String>,
    /// The widget.
    pub widget: WidgetSettings,
    /// Mail.
    pub mail: MailSettings,
    /// Whether questions in Alexa's format are taken without its signature, because a gateway of one's own asks them.
    pub unsigned_voices: bool,
    /// Questions that customers answer each other.
    pub community: CommunitySettings,
}

impl Default for InboxSettings {
    fn default() -> Self {
        let target = |seconds, business| Target { seconds, business };
        let targets = [
            ("chat", target(120, false)),
            ("phone", target(30, false)),
            ("messenger", target(3_600, true)),
            ("email", target(4 * 3_600, true)),
            ("form", target(4 * 3_600, true)),
            ("review", target(48 * 3_600, false)),
            ("comment", target(48 * 3_600, false)),
            ("in_person", target(4 * 3_600, true)),
            ("post", target(5 * 86_400, false)),
        ];
        let touchpoints = [
            ("chat", "help-chat"),
            ("form", "contact-form"),
            ("review", "review"),
            ("voice", "voice-assistant"),
            ("community", "community"),
        ];
        let owned = |(one, other): (&str, &str)| (one.to_owned(), other.to_owned());
        Self {
            hours: Hours::default(),
            targets: targets.into_iter().map(|(name, target)| (name.to_owned(), target)).collect(),
            touchpoints: touchpoints.into_iter().map(owned).collect(),
            widget: WidgetSettings::default(),
            mail: MailSettings::default(),
            unsigned_voices: false,
            community: CommunitySettings::default(),
        }
    }
}

impl MailSettings {
    /// Fills in the passwords that were left out. A password goes to the server it was given for, and to no other one.
    pub(super) fn keep_passwords(&mut self, before: &Self) {
        if self.password.is_empty() && self.server == before.server {
            self.password.clone_from(&before.password);
        }
        if self.imap_password.is_empty() && self.imap_server == before.imap_server {
            self.imap_password.clone_from(&before.imap_password);
        }
    }

    /// Returns the folder that is read.
    pub(super) fn folder(&self) -> &str {
        if self.imap_folder.is_empty() { "INBOX" } else { &self.imap_folder }
    }
}

impl InboxSettings {
    /// Reads what is decided.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn load(stores: &Stores) -> Result<Self> {
        let row = sqlx::query("SELECT setting FROM inbox_setting WHERE id = 1").fetch_optional(stores.state.reader()).await;
        let row = row.map_err(failed)?;
        let mut settings: Self =
            row.and_then(|row| serde_json::from_str(&row.get::<String, _>("setting")).ok()).unwrap_or_default();
        settings.unlock(&stores.dir)?;
        Ok(settings)
    }

    /// Decides anew. An empty password stays what it was.
    ///
    /// # Errors
    /// Fails when something is wrong with it, or the state store fails.
    pub async fn save(mut self, stores: &Stores) -> Result<()> {
        self.check()?;
        let before = Self::load(stores).await?.mail;
        self.mail.keep_passwords(&before);
        self.lock(&stores.dir)?;
        let text = serde_json::to_string(&self).map_err(|error| Failure::new("Cannot write the settings").because(&error))?;
        let mut transaction = stores.state.begin().await.map_err(failed)?;
        sqlx::query(
            "INSERT INTO inbox_setting (id, setting) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET setting = excluded.setting",
        )
        .bind(text)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    /// Returns them without what is secret; servers and users of mail are told to those alone who can change them.
    #[must_use]
    pub fn told(mut self, to_keeper: bool) -> Self {
        let mail = &mut self.mail;
        (mail.password, mail.imap_password) = (String::new(), String::new());
        if !to_keeper {
            for told in [&mut mail.server, &mut mail.user, &mut mail.imap_server, &mut mail.imap_user, &mut mail.imap_folder] {
                told.clear();
            }
        }
        self
    }

    /// Returns when an answer to a message of a channel is due.
    #[must_use]
    pub fn due(&self, channel: &str, since: model::Instant) -> Option<model::Instant> {
        let target = self.targets.get(channel).or_else(|| self.targets.get(family(channel)))?;
        let seconds = i64::from(target.seconds);
        Some(if target.business {
            self.hours.due(since, seconds)
        } else {
            model::Instant(since.0 + seconds * model::time::SECOND)
        })
    }

    /// Returns the touchpoint that messages of a channel belong to; empty: the map says so.
    #[must_use]
    pub fn touchpoint(&self, channel: &str) -> String {
        let known = self.touchpoints.get(channel).or_else(|| self.touchpoints.get(family(channel)));
        known.cloned().unwrap_or_default()
    }

    /// Says what is wrong with them.
    pub(super) fn check(&self) -> Result<()> {
        self.hours.check().map_err(Failure::new)?;
        let is_word = |text: &str| text.len() <= 200 && !text.chars().any(char::is_control);
        let widget = &self.widget;
        let is_colour = widget.colour.len() == 7
            && widget.colour.starts_with('#')
            && widget.colour[1..].bytes().all(|digit| digit.is_ascii_hexdigit());
        if !is_colour {
            return Err(Failure::new("A colour is written as #1c5799"));
        }
        let mail = &self.mail;
        let words = [&widget.name, &mail.address, &mail.name, &mail.server, &mail.user, &mail.dkim_domain, &mail.dkim_selector];
        let words = words.into_iter().chain([
            &mail.password,
            &mail.imap_server,
            &mail.imap_user,
            &mail.imap_password,
            &mail.imap_folder,
            &mail.checked_by,
        ]);
        if !words.chain(&widget.contact).all(|text| is_word(text)) || widget.greeting.len() > 500 || widget.contact.len() > 5 {
            return Err(Failure::new("A setting is longer than 200 bytes, or no plain text"));
        }
        if !mail.address.is_empty() && mail.address.parse::<lettre::Address>().is_err() {
            return Err(Failure::new("The address of the mailbox is none").hint("Write it as help@example.org"));
        }
        if ![&mail.security, &mail.imap_security].iter().all(|one| ["", "starttls", "tls", "plain"].contains(&one.as_str())) {
            return Err(Failure::new("`security` and `imap_security` are starttls, tls or plain"));
        }
        if self.targets.len() > 50 || self.touchpoints.len() > 50 {
            return Err(Failure::new("There are at most 50 channels"));
        }
        Ok(())
    }
}

/// Returns the channel whose rules hold where a messenger has none of its own.
fn family(channel: &str) -> &str {
    match channel {
        "telegram" | "whatsapp" | "facebook" | "instagram" | "sms" => "messenger",
        other => other,
    }
}

fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("Cannot look after the settings of the inbox").because(&error.into())
}
