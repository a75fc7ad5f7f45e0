//! How channels are set up: the table `messenger_channel`, and the routes behind the door. Secrets come in, and are never
//! told back, but one: a secret that we draw is told once, when it is drawn.

use super::adapter::{Capability, Outcome};
use super::{adapter, proof};
use crate::failure::{Failure, Result};
use crate::features::account::Keeper;
use crate::features::conversations::Talk;
use crate::features::conversations::locked::Secrets;
use crate::features::conversations::store::failed;
use crate::platform::calls::Calls;
use crate::platform::http::{Body, Problem, Refusal};
use crate::platform::mark;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::any::AnyRow;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// So many channels can be set up.
const CHANNELS_MAX: i64 = 100;

/// Returns the routes behind the door.
pub(in crate::features::conversations) fn routes() -> OpenApiRouter<Talk> {
    OpenApiRouter::new()
        .routes(routes!(channels, add_channel))
        .routes(routes!(change_channel, drop_channel))
        .routes(routes!(try_channel))
}

/// Is a kind of channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ChannelKind)]
pub enum Kind {
    /// Anything that speaks HTTP and signs.
    Webhook,
    /// Telegram.
    Telegram,
    /// Short messages.
    Sms,
    /// WhatsApp.
    Whatsapp,
    /// Messenger, of a page.
    Facebook,
    /// Instagram.
    Instagram,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 6] = [Self::Webhook, Self::Telegram, Self::Sms, Self::Whatsapp, Self::Facebook, Self::Instagram];

    /// Returns the name used in files and interfaces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Telegram => "telegram",
            Self::Sms => "sms",
            Self::Whatsapp => "whatsapp",
            Self::Facebook => "facebook",
            Self::Instagram => "instagram",
        }
    }

    /// Returns the channel of its conversations.
    #[must_use]
    pub const fn channel(self) -> &'static str {
        match self {
            Self::Webhook => "messenger",
            other => other.name(),
        }
    }
}

/// Is how a provider of short messages names its fields.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SmsFields {
    /// To whom.
    pub to: String,
    /// From whom.
    pub from: String,
    /// What it says.
    pub text: String,
    /// Its id, of what comes in.
    pub id: String,
}

impl Default for SmsFields {
    fn default() -> Self {
        let owned = str::to_owned;
        Self { to: owned("to"), from: owned("from"), text: owned("text"), id: owned("id") }
    }
}

/// Is a message that the other side has approved, to be sent when it is too late for anything else.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MessageTemplate)]
pub struct Template {
    /// Its name there.
    pub name: String,
    /// Its language there, such as `en_US`.
    pub language: String,
    /// What it says, as it was approved: shown to staff and kept in the conversation.
    pub text: String,
}

/// Is how a channel is reached.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelSetup {
    /// What it is.
    pub kind: Kind,
    /// What staff call it.
    pub name: String,
    /// Whether it takes and sends.
    #[serde(default)]
    pub is_on: bool,
    /// Where messages are sent to (webhook, short messages); empty: nothing is sent.
    #[serde(default)]
    pub send_to: String,
    /// The server that speaks the protocol (Telegram, WhatsApp, Messenger, Instagram); empty: the usual one.
    #[serde(default)]
    pub server: String,
    /// Our own number or name (short messages), or the id of the number, page or account that writes (WhatsApp, Messenger, Instagram).
    #[serde(default)]
    pub sender: String,
    /// Secret. The token of the bot, the access token, or the key of the provider. Never told back; empty in a change: it stays.
    #[serde(default)]
    pub token: String,
    /// The header that the provider's key stands in; empty: `Authorization`.
    #[serde(default)]
    pub token_header: String,
    /// Secret. That of the app, by which its webhooks are signed. Never told back; empty in a change: it stays.
    #[serde(default)]
    pub app_secret: String,
    /// Secret. What proves that messages come from the other side. Empty: one is drawn, and told once.
    #[serde(default)]
    pub secret: String,
    /// How the provider of short messages names its fields.
    #[serde(default)]
    pub fields: SmsFields,
    /// Whether the provider of short messages wants JSON instead of a form.
    #[serde(default)]
    pub as_json: bool,
    /// What may be sent when it is too late for anything else.
    #[serde(default)]
    pub templates: Vec<Template>,
}

/// Is a channel as staff see it.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct ShownChannel {
    /// Its id.
    id: String,
    /// How it is reached, without its secrets.
    setup: ChannelSetup,
    /// Whether a token is there.
    has_token: bool,
    /// Whether the secret of an app is there.
    has_app_secret: bool,
    /// The address to which the other side sends.
    address: String,
    /// What it can do.
    capability: Capability,
    /// When something came last, in microseconds since 1970.
    heard_at: Option<i64>,
    /// When something was sent last.
    sent_at: Option<i64>,
    /// What went wrong last; empty: nothing since it last worked.
    trouble: String,
}

/// Is a new channel.
#[derive(Serialize, Deserialize, ToSchema)]
struct AddedChannel {
    /// Its id.
    id: String,
    /// The address to which the other side sends.
    address: String,
    /// The secret that was drawn for it, told this once; none where one was given.
    secret: Option<String>,
}

/// Is what became of a try.
#[derive(Serialize, Deserialize, ToSchema)]
struct ChannelTried {
    /// Whether the other side has taken it.
    works: bool,
    /// What it said.
    said: String,
}

/// Is a channel as it is kept.
#[derive(Clone)]
pub(super) struct Channel {
    pub(super) id: String,
    pub(super) setup: ChannelSetup,
}

impl std::fmt::Debug for ChannelSetup {
    /// Shows no secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} …", self.kind.name())
    }
}

impl ChannelSetup {
    /// Returns it without what is secret.
    fn told(mut self) -> Self {
        self.token = String::new();
        self.app_secret = String::new();
        self.secret = String::new();
        self
    }

    /// Fills in what was left out: what stands for itself, and secrets as they were.
    fn filled(mut self, before: Option<&Self>) -> Self {
        if self.server.is_empty() {
            self.server = match self.kind {
                Kind::Telegram => "https://api.telegram.org".to_owned(),
                Kind::Whatsapp | Kind::Facebook | Kind::Instagram => "https://graph.facebook.com".to_owned(),
                Kind::Webhook | Kind::Sms => String::new(),
            };
        }
        if self.token_header.is_empty() {
            self.token_header = "Authorization".to_owned();
        }
        if let Some(before) = before {
            // A secret goes with its address: whoever changes where it is sent must know it.
            let is_same_place = (&before.send_to, &before.server) == (&self.send_to, &self.server);
            for (new, old) in [(&mut self.token, &before.token), (&mut self.secret, &before.secret)] {
                if new.is_empty() && is_same_place {
                    new.clone_from(old);
                }
            }
            if self.app_secret.is_empty() {
                self.app_secret.clone_from(&before.app_secret);
            }
        }
        self
    }

    fn check(&self, calls: &Calls) -> Result<()> {
        let is_word = |text: &str| text.len() <= 200 && !text.chars().any(char::is_control);
        let is_secret = |text: &str| text.len() <= 1_000 && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        let is_name = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.+ ".contains(&byte));
        if self.name.trim().is_empty() || !is_word(&self.name) {
            return Err(Failure::new("A channel has a name of at most 200 bytes"));
        }
        for (what, url) in [("Where to send", &self.send_to), ("The server", &self.server)] {
            if let Err(says) = calls.check(url).or_else(|says| if url.is_empty() { Ok(()) } else { Err(says) }) {
                return Err(Failure::new(format!("{what}: {says}")).hint("Write it as https://api.example.org/messages"));
            }
        }
        if ![&self.token, &self.app_secret, &self.secret].into_iter().all(|text| is_secret(text)) {
            return Err(Failure::new("A secret has at most 1,000 plain letters, digits and signs"));
        }
        let fields = [&self.fields.to, &self.fields.from, &self.fields.text, &self.fields.id, &self.sender];
        if !fields.into_iter().all(|text| is_word(text) && is_name(text)) {
            return Err(Failure::new("Numbers, ids and names of fields have letters, digits and -_.+ only"));
        }
        if self.token_header.parse::<axum::http::HeaderName>().is_err() || self.token_header.eq_ignore_ascii_case("host") {
            return Err(Failure::new("This is no name of a header").hint("Write it as X-Api-Key"));
        }
        let is_template = |one: &Template| {
            !one.name.is_empty()
                && is_name(&one.name)
                && is_name(&one.language)
                && !one.text.is_empty()
                && one.text.len() <= 4_096
        };
        if self.templates.len() > 50 || !self.templates.iter().all(is_template) {
            return Err(Failure::new("A template has a name, a language and a text, and there are at most 50"));
        }
        self.check_kind()
    }

    /// Checks what a kind cannot do without.
    fn check_kind(&self) -> Result<()> {
        let is_bot_token = self.token.split_once(':').is_some_and(|(number, rest)| {
            number.bytes().all(|byte| byte.is_ascii_digit())
                && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        });
        let is_id = !self.sender.is_empty() && self.sender.bytes().all(|byte| byte.is_ascii_alphanumeric());
        match self.kind {
            Kind::Webhook if !proof::is_key(&self.secret) => {
                Err(Failure::new("The secret is too short to sign with: a key has at least 16 bytes")
                    .hint("Leave it empty, and one is drawn"))
            }
            Kind::Telegram if !is_bot_token => {
                Err(Failure::new("This is no token of a bot").hint("Copy it from @BotFather: 123456:ABC…"))
            }
            // Telegram takes no other signs in it.
            Kind::Telegram if !self.secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) => {
                Err(Failure::new("The secret of a Telegram channel has letters, digits, - and _ only").hint("Leave it empty"))
            }
            Kind::Whatsapp | Kind::Facebook | Kind::Instagram
                if !is_id || self.token.is_empty() || self.app_secret.is_empty() =>
            {
                Err(Failure::new("This channel needs the id of the number, page or account, an access token and the app secret"))
            }
            Kind::Sms if self.fields.text.is_empty() || self.fields.from.is_empty() || self.fields.to.is_empty() => {
                Err(Failure::new("The fields of the provider have names").hint("Usual are to, from, text and id"))
            }
            _ => Ok(()),
        }
    }
}

/// Draws a secret as Standard Webhooks writes it.
pub(in crate::features::conversations) fn drawn_secret() -> Result<String> {
    drawn(Kind::Webhook)
}

/// Draws a secret as the kind wants it.
fn drawn(kind: Kind) -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Failure::new("No secret can be drawn").because(&error))?;
    Ok(match kind {
        Kind::Webhook => format!("whsec_{}", STANDARD.encode(bytes)),
        _ => mark::hex(&bytes),
    })
}

fn channel_in(row: &AnyRow, dir: &std::path::Path) -> Option<Channel> {
    let mut setup: ChannelSetup = serde_json::from_str(&row.get::<String, _>("setting")).ok()?;
    setup.unlock(dir).inspect_err(|failure| tracing::warn!("{failure}")).ok()?;
    setup.is_on = row.get::<i64, _>("is_on") == 1;
    Some(Channel { id: row.get("id"), setup })
}

impl Talk {
    /// Finds a channel.
    pub(super) async fn channel(&self, id: &str) -> Result<Option<Channel>> {
        let sql = "SELECT id, setting, is_on, heard_at, sent_at, trouble FROM messenger_channel WHERE id = $1";
        let row = sqlx::query(sql).bind(id.to_owned()).fetch_optional(self.inbox.stores.state.reader()).await.map_err(failed)?;
        Ok(row.as_ref().and_then(|row| channel_in(row, &self.inbox.stores.dir)))
    }

    fn channel_address(&self, id: &str) -> String {
        format!("{}/m/{id}", self.address())
    }

    async fn shown_channels(&self) -> Result<Vec<ShownChannel>> {
        let sql = "SELECT id, setting, is_on, heard_at, sent_at, trouble FROM messenger_channel ORDER BY created_at, id";
        let rows = sqlx::query(sql).fetch_all(self.inbox.stores.state.reader()).await.map_err(failed)?;
        let shown = |row: &AnyRow| {
            let Channel { id, setup } = channel_in(row, &self.inbox.stores.dir)?;
            Some(ShownChannel {
                address: self.channel_address(&id),
                capability: adapter(setup.kind).capability(),
                has_token: !setup.token.is_empty(),
                has_app_secret: !setup.app_secret.is_empty(),
                setup: setup.told(),
                heard_at: row.get("heard_at"),
                sent_at: row.get("sent_at"),
                trouble: row.get("trouble"),
                id,
            })
        };
        Ok(rows.iter().filter_map(shown).collect())
    }

    async fn keep_channel(&self, id: &str, setup: &ChannelSetup, is_new: bool) -> Result<bool> {
        let mut sealed = setup.clone();
        sealed.lock(&self.inbox.stores.dir)?;
        let text = serde_json::to_string(&sealed).map_err(|error| Failure::new("Cannot write the channel").because(&error))?;
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        if is_new {
            let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM messenger_channel")
                .fetch_one(&mut *transaction)
                .await
                .map_err(failed)?;
            if count >= CHANNELS_MAX {
                return Ok(false);
            }
        }
        sqlx::query(
            "INSERT INTO messenger_channel (id, kind, name, setting, is_on, created_at, heard_at, sent_at, trouble) \
             VALUES ($1, $2, $3, $4, $5, $6, NULL, NULL, '') \
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, setting = excluded.setting, is_on = excluded.is_on, trouble = ''",
        )
        .bind(id.to_owned())
        .bind(setup.kind.name())
        .bind(setup.name.clone())
        .bind(text)
        .bind(i64::from(setup.is_on))
        .bind(self.inbox.now().0)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(true)
    }

    /// Notes that something came or went, or what went wrong.
    pub(super) async fn note_channel(&self, id: &str, heard: bool, sent: bool, trouble: Option<&str>) -> Result<()> {
        let now = self.inbox.now().0;
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        sqlx::query(
            "UPDATE messenger_channel SET heard_at = COALESCE($1, heard_at), sent_at = COALESCE($2, sent_at), \
             trouble = COALESCE($3, trouble) WHERE id = $4",
        )
        .bind(heard.then_some(now))
        .bind(sent.then_some(now))
        .bind(trouble.map(str::to_owned))
        .bind(id.to_owned())
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }
}

fn absent() -> Refusal {
    Refusal::not_found("There is no such channel", "List them with GET /api/conversations/channels")
}

/// Lists the channels, without their secrets.
#[utoipa::path(get, path = "/api/conversations/channels", tag = "conversations", responses(
    (status = 200, body = Vec<ShownChannel>), (status = 401, body = Problem), (status = 403, body = Problem),
))]
async fn channels(_: Keeper, State(talk): State<Talk>) -> Result<Json<Vec<ShownChannel>>, Refusal> {
    Ok(Json(talk.shown_channels().await?))
}

/// Sets up a channel. Where no secret is given one is drawn, and told this once.
#[utoipa::path(post, path = "/api/conversations/channels", tag = "conversations", request_body = ChannelSetup, responses(
    (status = 201, body = AddedChannel), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
))]
async fn add_channel(
    _: Keeper,
    State(talk): State<Talk>,
    Body(setup): Body<ChannelSetup>,
) -> Result<(StatusCode, Json<AddedChannel>), Refusal> {
    let mut setup = setup.filled(None);
    let is_drawn = setup.secret.is_empty();
    if is_drawn {
        setup.secret = drawn(setup.kind)?;
    }
    setup.check(&talk.calls()).map_err(Refusal::told)?;
    let id = mark::draw()?;
    if !talk.keep_channel(&id, &setup, true).await? {
        return Err(Refusal::malformed(format!("There are {CHANNELS_MAX} channels already"), "Take one away first"));
    }
    // Telegram is told its secret by us; everybody else is told by whoever sets it up.
    let secret = (is_drawn && setup.kind != Kind::Telegram).then_some(setup.secret);
    Ok((StatusCode::CREATED, Json(AddedChannel { address: talk.channel_address(&id), id, secret })))
}

/// Changes a channel. Secrets that are left out stay, unless the address they are sent to changes.
#[utoipa::path(put, path = "/api/conversations/channels/{id}", tag = "conversations", request_body = ChannelSetup,
    params(("id" = String, Path, description = "The channel.")),
    responses(
        (status = 204), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
)]
async fn change_channel(
    _: Keeper,
    State(talk): State<Talk>,
    Path(id): Path<String>,
    Body(setup): Body<ChannelSetup>,
) -> Result<StatusCode, Refusal> {
    let before = talk.channel(&id).await?.ok_or_else(absent)?;
    if before.setup.kind != setup.kind {
        return Err(Refusal::malformed("A channel stays what it is", "Set up another one"));
    }
    let setup = setup.filled(Some(&before.setup));
    if setup.secret.is_empty() {
        return Err(Refusal::malformed(
            "Messages are sent to another place now: its secrets are needed anew",
            "Give the secret and the token with the new address",
        ));
    }
    setup.check(&talk.calls()).map_err(Refusal::told)?;
    talk.keep_channel(&id, &setup, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a channel away. Its conversations stay.
#[utoipa::path(delete, path = "/api/conversations/channels/{id}", tag = "conversations",
    params(("id" = String, Path, description = "The channel.")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
async fn drop_channel(_: Keeper, State(talk): State<Talk>, Path(id): Path<String>) -> Result<StatusCode, Refusal> {
    let mut transaction = talk.inbox.stores.state.begin().await.map_err(failed)?;
    let gone =
        sqlx::query("DELETE FROM messenger_channel WHERE id = $1").bind(id).execute(&mut *transaction).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    if gone.rows_affected() > 0 { Ok(StatusCode::NO_CONTENT) } else { Err(absent()) }
}

/// Tries a channel: tells Telegram where to send, asks the platform whether the token is good, sends a signed `ping`.
#[utoipa::path(post, path = "/api/conversations/channels/{id}/try", tag = "conversations",
    params(("id" = String, Path, description = "The channel.")),
    responses(
        (status = 200, body = ChannelTried), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    ),
)]
async fn try_channel(_: Keeper, State(talk): State<Talk>, Path(id): Path<String>) -> Result<Json<ChannelTried>, Refusal> {
    let channel = talk.channel(&id).await?.ok_or_else(absent)?;
    let adapter = adapter(channel.setup.kind);
    let Some(call) = adapter.connect(&channel.setup, &talk.channel_address(&id), talk.inbox.now()) else {
        let said = "There is nothing to try: write to it from the other side".to_owned();
        return Ok(Json(ChannelTried { works: false, said }));
    };
    let (works, said) = match talk.calls().send(&call).await {
        Ok(answered) => match adapter.outcome(&answered) {
            Outcome::Taken(_) => (true, String::new()),
            Outcome::Later(said, _) | Outcome::Never(said) | Outcome::Unknown(said) => (false, said),
            Outcome::Blocked => (false, "refused".to_owned()),
        },
        Err(why) => (false, why.says().to_owned()),
    };
    talk.note_channel(&id, false, false, Some(if works { "" } else { &said })).await?;
    Ok(Json(ChannelTried { works, said }))
}
