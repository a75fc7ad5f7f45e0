//! The Segment HTTP Tracking API, which the clients of RudderStack and Jitsu speak as well, with small differences that
//! are all understood here: `originalTimestamp` instead of `timestamp`, traits in `context.traits`, one event alone or
//! a batch, the type in the path or in the event.
//!
//! What an event becomes:
//!
//! | event | becomes |
//! |---|---|
//! | `page` | an interaction of the form `visit` at the host and path |
//! | `screen` | an interaction of the form `visit` at the name of the screen |
//! | `track` | an interaction of the form that [`forms`] tells from its name |
//! | `identify` | traits, and the claim that both ids are one person; no interaction, for nobody met anybody |
//! | `group` | traits `group_id` and `group.…` |
//! | `alias` | the claim that one id became the other; to itself: nothing |

use super::super::signature::{Tags, Web, label};
use super::super::{Caller, Claim, Delivery, Reason, Refused, SourceKind};
use super::batch::Batch;
use super::clock::{self, Stamps};
use super::json::{self, Entries, Maybe, Members, Word};
use super::limits::{
    BATCH_EVENTS_MAX, EVENT_BYTES_MAX, EXTERNAL_IDS_MAX, IDENTITY_LETTERS_MAX, MESSAGE_ID_BYTES_MAX, NAME_LETTERS_MAX,
    TRAIT_LETTERS_MAX, TRAITS_MAX,
};
use super::properties::Properties;
use super::request::Incoming;
use super::{Door, Format, Scene, answer, forms, way};
use crate::tell;
use crate::telling::Code;
use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use model::{Arrival, Direction, Form, Identity, Instant, Link};
use serde::Deserialize;
use serde_json::value::RawValue;

pub(super) static FORMAT: Format = Format {
    name: "segment",
    keys,
    read,
    again: |source, raw, at| super::again(&FORMAT, source, raw, at),
    answer: answer::taken,
};

/// Returns the routes: the documented ones, and the short ones that the browser client uses instead.
pub(super) fn routes() -> Router<Door> {
    let long = ["identify", "track", "page", "screen", "group", "alias", "batch", "import"];
    let short = ["i", "t", "p", "s", "g", "a", "b"];
    let paths = long.into_iter().chain(short).map(|kind| format!("/v1/{kind}"));
    let collecting = paths.fold(Router::new(), |router, path| router.route(&path, way(&FORMAT)));
    collecting.route("/v1/projects/{key}/settings", get(settings))
}

/// Answers what the browser client asks first: the only destination is this server. The key is not looked up, so that
/// nobody learns which exist.
async fn settings(Path(key): Path<String>) -> Response {
    let settings = serde_json::json!({
        "integrations": { "Segment.io": { "apiKey": key, "unbundledIntegrations": [], "addBundledMetadata": false } },
        "plan": { "track": { "__default": { "enabled": true, "integrations": {} } }, "identify": {}, "group": {} },
        "edgeFunction": {}, "analyticsNextEnabled": true, "middlewareSettings": {}, "enabledMiddleware": {}, "metrics": { "sampleRate": 0 },
        "legacyVideoPluginsEnabled": false, "remotePlugins": [],
    });
    ([(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"))], Json(settings)).into_response()
}

/// Is what an event says it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Identify,
    Track,
    Page,
    Screen,
    Group,
    Alias,
}

impl Kind {
    /// Reads the name of a type, or the part of a path that implies it.
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "track" | "t" | "event" => Self::Track,
            "page" | "p" => Self::Page,
            "identify" | "i" => Self::Identify,
            "screen" | "s" => Self::Screen,
            "group" | "g" => Self::Group,
            "alias" | "a" => Self::Alias,
            _ => return None,
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Identify => "identify",
            Self::Track => "track",
            Self::Page => "page",
            Self::Screen => "screen",
            Self::Group => "group",
            Self::Alias => "alias",
        }
    }
}

/// Is what stands around a batch.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(borrow)]
    batch: Batch<'a>,
    #[serde(borrow)]
    write_key: Word<'a>,
    #[serde(borrow)]
    sent_at: Word<'a>,
    #[serde(borrow)]
    r#type: Word<'a>,
    #[serde(borrow)]
    context: Option<&'a RawValue>,
}

/// Is one event, before anything in it is believed.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Event<'a> {
    #[serde(borrow)]
    r#type: Word<'a>,
    #[serde(borrow)]
    message_id: Word<'a>,
    #[serde(borrow)]
    user_id: Word<'a>,
    #[serde(borrow)]
    anonymous_id: Word<'a>,
    #[serde(borrow)]
    previous_id: Word<'a>,
    #[serde(borrow)]
    group_id: Word<'a>,
    #[serde(borrow)]
    timestamp: Word<'a>,
    #[serde(borrow)]
    original_timestamp: Word<'a>,
    #[serde(borrow)]
    sent_at: Word<'a>,
    #[serde(borrow)]
    event: Word<'a>,
    #[serde(borrow)]
    name: Word<'a>,
    #[serde(borrow)]
    category: Word<'a>,
    #[serde(borrow)]
    properties: Option<&'a RawValue>,
    #[serde(borrow)]
    traits: Option<&'a RawValue>,
    #[serde(borrow)]
    context: Maybe<Context<'a>>,
}

/// Is what surrounds an event: who, where, with what. Advertising ids and tokens are not even read: they say more of a
/// person than a touchpoint needs. Address and browser are read for the privacy policy alone, and only from servers: a
/// browser's own are those of its request.
#[derive(Deserialize, Default, Clone)]
#[serde(default, rename_all = "camelCase")]
struct Context<'a> {
    #[serde(borrow)]
    page: Maybe<Page<'a>>,
    #[serde(borrow)]
    ip: Word<'a>,
    #[serde(borrow)]
    direct: Option<&'a RawValue>,
    #[serde(borrow)]
    user_agent: Word<'a>,
    #[serde(borrow)]
    channel: Word<'a>,
    #[serde(borrow)]
    group_id: Word<'a>,
    #[serde(borrow)]
    traits: Option<&'a RawValue>,
    #[serde(borrow)]
    external_ids: Option<&'a RawValue>,
    #[serde(borrow)]
    external_id: Option<&'a RawValue>,
    #[serde(borrow)]
    app: Option<&'a RawValue>,
    #[serde(borrow)]
    campaign: Option<&'a RawValue>,
    #[serde(borrow)]
    device: Maybe<Device<'a>>,
    #[serde(borrow)]
    library: Option<&'a RawValue>,
    #[serde(borrow)]
    locale: Option<&'a RawValue>,
    #[serde(borrow)]
    network: Option<&'a RawValue>,
    #[serde(borrow)]
    os: Option<&'a RawValue>,
    #[serde(borrow)]
    screen: Option<&'a RawValue>,
    #[serde(borrow)]
    session_id: Option<&'a RawValue>,
    #[serde(borrow)]
    timezone: Option<&'a RawValue>,
}

#[derive(Deserialize, Default, Clone)]
#[serde(default)]
struct Page<'a> {
    #[serde(borrow)]
    url: Word<'a>,
    #[serde(borrow)]
    referrer: Word<'a>,
    #[serde(borrow)]
    title: Word<'a>,
}

/// Is what the client read from a tagged link.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Campaign<'a> {
    #[serde(borrow)]
    source: Word<'a>,
    #[serde(borrow)]
    medium: Word<'a>,
    #[serde(borrow)]
    name: Word<'a>,
}

#[derive(Deserialize, Default, Clone)]
#[serde(default)]
struct Device<'a> {
    #[serde(borrow)]
    r#type: Option<&'a RawValue>,
    #[serde(borrow)]
    manufacturer: Option<&'a RawValue>,
    #[serde(borrow)]
    model: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct External<'a> {
    #[serde(borrow)]
    id: Word<'a>,
    #[serde(borrow)]
    r#type: Word<'a>,
}

/// Finds the key in the body. Jitsu masks it as `***`, which belongs to nobody.
fn keys(incoming: &Incoming) -> Vec<String> {
    let text = json::text(&incoming.body);
    let envelope: Envelope = serde_json::from_str(&text).unwrap_or_default();
    envelope.write_key.get().map(str::to_owned).into_iter().collect()
}

/// Reads a request: one event, a batch, or a bare list of events.
pub(super) fn read(incoming: &Incoming, scene: &Scene<'_>) -> Result<Delivery, Reason> {
    let text = json::text(&incoming.body);
    let implied = Kind::parse(incoming.last_part());
    let unreadable = |error: serde_json::Error| json::unreadable(&error);
    if text.trim_start().starts_with('[') {
        let batch: Batch = serde_json::from_str(&text).map_err(unreadable)?;
        return Ok(batch_of(&text, Envelope { batch, ..Envelope::default() }, None, scene));
    }
    // An event alone has no batch; asking for one first would read it twice, so the path decides where it can.
    if implied.is_none() {
        let envelope: Envelope = serde_json::from_str(&text).map_err(unreadable)?;
        if envelope.batch.is_there() {
            let implied = envelope.r#type.get().and_then(Kind::parse);
            return Ok(batch_of(&text, envelope, implied, scene));
        }
    }
    let event: &RawValue = serde_json::from_str(&text).map_err(unreadable)?;
    let mut reader = Reader::new(scene, implied, Envelope::default());
    reader.take(0, event);
    Ok(reader.delivery)
}

/// Reads a batch. What lies beyond the limit becomes one refused batch, which can be replayed as it is.
fn batch_of(text: &str, mut envelope: Envelope<'_>, implied: Option<Kind>, scene: &Scene<'_>) -> Delivery {
    let (events, surplus) = std::mem::take(&mut envelope.batch).parts(text);
    let mut reader = Reader::new(scene, implied, envelope);
    reader.delivery.arrivals.reserve(events.len());
    for (position, event) in events.iter().enumerate() {
        reader.take(position, event);
    }
    if let Some((reason, rest)) = surplus {
        reader.refuse(BATCH_EVENTS_MAX, reason, rest);
    }
    reader.delivery
}

/// Reads events of one request one after the other.
struct Reader<'a> {
    scene: &'a Scene<'a>,
    implied: Option<Kind>,
    envelope: Envelope<'a>,
    sent: Option<Instant>,
    context: Context<'a>,
    delivery: Delivery,
}

impl<'a> Reader<'a> {
    fn new(scene: &'a Scene<'a>, implied: Option<Kind>, envelope: Envelope<'a>) -> Self {
        let sent = envelope.sent_at.get().and_then(clock::instant);
        let context = envelope.context.and_then(|raw| serde_json::from_str::<Maybe<Context>>(raw.get()).ok()?.0);
        Self { scene, implied, envelope, sent, context: context.unwrap_or_default(), delivery: Delivery::default() }
    }

    fn take(&mut self, position: usize, raw: &'a RawValue) {
        if let Err(reason) = self.read(position, raw) {
            self.refuse(position, reason, raw.get());
        }
    }

    /// Keeps events with what stood around them, so that they mean the same when they are read again.
    fn refuse(&mut self, position: usize, reason: Reason, events: &str) {
        let Envelope { sent_at, context, .. } = &self.envelope;
        let is_one = reason.code != Code::batch_too_long.name();
        let stands_alone = is_one && sent_at.get().is_none() && context.is_none() && self.implied.is_none();
        let mut raw = String::with_capacity(events.len() + 64);
        if stands_alone {
            raw.push_str(events);
        } else {
            raw.push('{');
            for (name, value) in [("type", self.implied.map(Kind::name)), ("sentAt", sent_at.get())] {
                if let Some(value) = value {
                    raw.push_str(&format!("\"{name}\":{},", serde_json::Value::from(value)));
                }
            }
            if let Some(context) = context {
                raw.push_str(&format!("\"context\":{context},"));
            }
            raw.push_str(&format!("\"batch\":[{events}]}}"));
        }
        self.delivery.refused.push(Refused { position, reason, raw: raw.into_bytes() });
    }

    fn read(&mut self, position: usize, raw: &'a RawValue) -> Result<(), Reason> {
        if raw.get().len() > EVENT_BYTES_MAX {
            return Err(tell!(event_too_large, "An event has at most {limit} bytes", limit = EVENT_BYTES_MAX));
        }
        let event: Maybe<Event<'a>> = serde_json::from_str(raw.get()).map_err(|error| json::unreadable(&error))?;
        let Some(event) = event.0 else {
            return Err(tell!(wrong_shape, "An event must be an object"));
        };
        let kind = event.kind(self.implied)?;
        let context = event.context.0.as_ref();
        let stamps = event.stamps(self)?;
        let at = stamps.happened(self.scene.source.kind);
        let names = self.names(&event, kind)?;
        match kind {
            Kind::Identify => self.identify(&event, &names, at),
            Kind::Group => self.group(&event, &names, at),
            Kind::Alias => self.alias(&event, at),
            Kind::Track | Kind::Page | Kind::Screen => {
                let message_id = event.message_id(raw, position, self.scene.received);
                let arrival = self.interaction(&event, kind, context, message_id, at)?;
                self.delivery.arrivals.push(Arrival {
                    identities: names,
                    received: Some(stamps.received),
                    sent: stamps.sent,
                    original: stamps.original,
                    ..arrival
                });
                if self.scene.source.kind == SourceKind::Server
                    && let Some(customer) = self.customer(context)
                {
                    self.delivery.customers.insert(self.delivery.arrivals.len() - 1, customer);
                }
                Ok(())
            }
        }
    }

    /// Returns every name of the person, strongest first.
    fn names(&self, event: &Event<'_>, kind: Kind) -> Result<Vec<Identity>, Reason> {
        let mut names = Vec::with_capacity(2);
        names.extend(named("user", &event.user_id)?);
        if kind != Kind::Alias {
            names.extend(named("anonymous", &event.anonymous_id)?);
        }
        // The key of a site is public: whoever has it could call himself by anybody's address and become that person.
        if self.scene.source.kind == SourceKind::Server {
            let context = event.context.0.as_ref();
            let lists = [context, Some(&self.context)]
                .into_iter()
                .flatten()
                .flat_map(|context| [context.external_ids, context.external_id]);
            for list in lists.flatten() {
                let externals: Vec<Maybe<External<'_>>> = serde_json::from_str(list.get()).unwrap_or_default();
                for external in externals.iter().take(EXTERNAL_IDS_MAX).filter_map(|external| external.0.as_ref()) {
                    if let Some(namespace) = external.r#type.get() {
                        names.extend(named(&json::clean(&namespace.to_lowercase(), NAME_LETTERS_MAX), &external.id)?);
                    }
                }
            }
        }
        if names.is_empty() {
            return Err(tell!(
                no_user_anon_id,
                "The event names nobody: it needs a `userId` or an `anonymousId`",
                fields = ["userId", "anonymousId"]
            ));
        }
        Ok(names)
    }

    /// Returns what a server tells of its customer; `None` where that is neither an address, its own or another, nor a
    /// browser.
    fn customer(&self, context: Option<&Context<'_>>) -> Option<Caller> {
        let around = [context, Some(&self.context)];
        let first = |field: for<'c> fn(&'c Context<'_>) -> Option<&'c str>| {
            around.iter().flatten().find_map(|context| field(context)).unwrap_or_default()
        };
        let (address, agent) = (first(|context| context.ip.get()), first(|context| context.user_agent.get()));
        let page = first(|context| context.page.0.as_ref()?.url.get());
        let is_direct = around.iter().flatten().find_map(|context| context.direct).is_some_and(|said| said.get() == "true");
        let is_told = is_direct || !address.is_empty() || !agent.is_empty();
        is_told.then(|| Caller { is_direct, ..Caller::told(address, agent, page) })
    }

    fn identify(&mut self, event: &Event<'a>, names: &[Identity], at: Instant) -> Result<(), Reason> {
        let (strongest, others) = names.split_first().expect("names are not empty");
        let together = others.iter().map(|other| (strongest.clone(), other.clone(), Link::Together, at));
        let context = event.context.0.as_ref();
        let mut email = None;
        let mut traits = Vec::new();
        // The event's own traits come last, so that they win.
        for list in [context.and_then(|context| context.traits), event.traits].into_iter().flatten() {
            for (key, value) in said(list)? {
                email = if key == "email" { Identity::new("email", &value.to_lowercase()) } else { email };
                traits.push((strongest.clone(), key, value, at));
            }
        }
        self.delivery.claims.extend(together);
        if let Some(email) = email.filter(|_| self.scene.source.kind == SourceKind::Server) {
            self.delivery.claims.push((strongest.clone(), email, Link::Together, at));
        }
        self.delivery.traits.extend(traits);
        Ok(())
    }

    fn group(&mut self, event: &Event<'a>, names: &[Identity], at: Instant) -> Result<(), Reason> {
        let Some(group) = event.group_id.get() else {
            return Err(tell!(no_group_id, "The event needs a `{field}`", field = "groupId"));
        };
        let strongest = names.first().expect("names are not empty");
        let group = ("group_id".to_owned(), json::clean(group, TRAIT_LETTERS_MAX));
        let of_group = event.traits.map(said).transpose()?.unwrap_or_default();
        let of_group = of_group.into_iter().map(|(key, value)| (format!("group.{key}"), value));
        let traits = std::iter::once(group).chain(of_group);
        self.delivery.traits.extend(traits.map(|(key, value)| (strongest.clone(), key, value, at)));
        Ok(())
    }

    /// Notes that one id became another. Whether the earlier one was of a user or of a device is not said: unless it is
    /// the event's own `anonymousId`, it is taken for both, of which one names nobody.
    fn alias(&mut self, event: &Event<'_>, at: Instant) -> Result<(), Reason> {
        let Some(now) = named("user", &event.user_id)? else {
            return Err(tell!(no_user_id, "An alias needs a `{field}`: who the person is from now on", field = "userId"));
        };
        let previous = if event.previous_id.get().is_some() { &event.previous_id } else { &event.anonymous_id };
        if previous.get().is_none() {
            return Err(tell!(no_previous_id, "An alias needs a `{field}`: who the person was until now", field = "previousId"));
        }
        if previous.get() == event.user_id.get() {
            return Ok(());
        }
        let namespaces: &[&str] =
            if previous.get() == event.anonymous_id.get() { &["anonymous"] } else { &["user", "anonymous"] };
        for namespace in namespaces {
            let claim: Option<Claim> = named(namespace, previous)?.map(|previous| (previous, now.clone(), Link::Renamed, at));
            self.delivery.claims.extend(claim);
        }
        Ok(())
    }

    fn interaction(
        &self,
        event: &Event<'a>,
        kind: Kind,
        context: Option<&Context<'a>>,
        message_id: Vec<u8>,
        at: Instant,
    ) -> Result<Arrival, Reason> {
        let (name, (form, direction)) = match kind {
            Kind::Track => match event.event.get() {
                Some(name) => (name, forms::of(name)),
                None => {
                    return Err(tell!(
                        no_event,
                        "A `track` event needs an `event`: the name of what happened",
                        fields = ["event"]
                    ));
                }
            },
            kind => (kind.name(), (Form::Visit, Direction::Inbound)),
        };
        let properties = Properties::read(event.properties)?;
        let around = [context, Some(&self.context)];
        let page = around.iter().find_map(|context| context.as_ref()?.page.0.as_ref());
        let url = properties.url().or_else(|| page.and_then(|page| page.url.get().map(Into::into)));
        let referrer = properties.referrer().or_else(|| page.and_then(|page| page.referrer.get().map(Into::into)));
        let campaign = around.iter().find_map(|context| context.as_ref()?.campaign);
        let campaign: Campaign<'_> =
            campaign.map_or_else(Campaign::default, |raw| serde_json::from_str(raw.get()).unwrap_or_default());
        let [from, medium, occasion] =
            [&campaign.source, &campaign.medium, &campaign.name].map(|tag| tag.get().unwrap_or_default());
        let web = Web {
            url: url.as_deref().unwrap_or_default(),
            referrer: referrer.as_deref().unwrap_or_default(),
            campaign: Tags { source: from, medium, name: occasion },
            ..Web::default()
        };
        let mut signature = web.signature(&self.scene.source.name, name);
        signature.touchpoint = properties.touchpoint();
        match kind {
            Kind::Screen => (signature.place, signature.channel) = (label(&titled(event)), "app".to_owned()),
            Kind::Page if signature.place.is_empty() => signature.place = label(&titled(event)),
            _ => {}
        }
        let props = properties.kept(&self.surroundings(&around, kind)?);
        let mut arrival = Arrival { props, ..Arrival::new(message_id, signature, at, form, direction) };
        properties.tell(&mut arrival, self.scene.source.settings.currency)?;
        Ok(arrival)
    }

    /// Writes what is kept of the context as JSON; empty when that is nothing.
    fn surroundings(&self, around: &[Option<&Context<'a>>; 2], kind: Kind) -> Result<String, Reason> {
        let first = |field: fn(&Context<'a>) -> Option<&'a RawValue>| around.iter().find_map(|context| field(context.as_ref()?));
        let kept = [
            ("app", first(|context| context.app)),
            ("campaign", first(|context| context.campaign)),
            ("library", first(|context| context.library)),
            ("locale", first(|context| context.locale)),
            ("network", first(|context| context.network)),
            ("os", first(|context| context.os)),
            ("screen", first(|context| context.screen)),
            ("sessionId", first(|context| context.session_id)),
            ("timezone", first(|context| context.timezone)),
            ("deviceType", first(|context| context.device.0.as_ref()?.r#type)),
            ("deviceMaker", first(|context| context.device.0.as_ref()?.manufacturer)),
            ("deviceModel", first(|context| context.device.0.as_ref()?.model)),
        ];
        let mut written = Members::default();
        for (name, raw) in kept {
            let Some(raw) = raw else { continue };
            json::check(raw)?;
            written.push(name, raw.get());
        }
        // A page event tells its page in its properties.
        if let Some(page) = around.iter().find_map(|context| context.as_ref()?.page.0.as_ref()).filter(|_| kind != Kind::Page) {
            let mut parts = Members::default();
            for (name, word) in [("url", &page.url), ("referrer", &page.referrer), ("title", &page.title)] {
                if let Some(word) = word.get() {
                    parts.push(name, &json::quoted(if name == "title" { word } else { json::without_search(word) }));
                }
            }
            written.push("page", &parts.finish());
        }
        Ok(written.finish())
    }
}

impl Event<'_> {
    fn kind(&self, implied: Option<Kind>) -> Result<Kind, Reason> {
        match self.r#type.get() {
            Some(name) => Kind::parse(name).or(implied).ok_or_else(|| {
                tell!(
                    unknown_type,
                    "The `{field}` of the event is none of {known}",
                    field = "type",
                    known = ["identify", "track", "page", "screen", "group", "alias"]
                )
            }),
            None => implied.ok_or_else(|| tell!(no_type, "An event of a batch needs a `{field}`", field = "type")),
        }
    }

    /// Reads the stamps. A time that nobody can read is refused rather than guessed: the quarantine lets it be mended.
    fn stamps(&self, reader: &Reader<'_>) -> Result<Stamps, Reason> {
        let original = self.timestamp.get().or(self.original_timestamp.get());
        let original = original.map(|text| {
            clock::instant(text).ok_or_else(|| {
                tell!(
                    bad_timestamp,
                    "The `{field}` of the event is no time: write ISO 8601, such as 2024-05-01T12:34:56.789Z",
                    field = "timestamp"
                )
            })
        });
        // The stamp of the request is the later one: some clients stamp events when they queue them.
        let sent = reader.sent.or_else(|| self.sent_at.get().and_then(clock::instant));
        Ok(Stamps { received: reader.scene.received, sent, original: original.transpose()? })
    }

    /// Returns the id of the message. Where the client gave none, it is made from the event: with a time in it, the
    /// same event is the same message whenever it comes; without one, two of them cannot be told from one that came
    /// twice, and each counts.
    fn message_id(&self, raw: &RawValue, position: usize, received: Instant) -> Vec<u8> {
        match self.message_id.get() {
            Some(id) if id.len() <= MESSAGE_ID_BYTES_MAX => id.as_bytes().to_vec(),
            Some(id) => blake3::hash(id.as_bytes()).as_bytes().to_vec(),
            None => {
                let mut hasher = blake3::Hasher::new();
                hasher.update(raw.get().as_bytes());
                if self.timestamp.get().or(self.original_timestamp.get()).is_none() {
                    hasher.update(&received.0.to_le_bytes());
                    hasher.update(&position.to_le_bytes());
                }
                hasher.finalize().as_bytes().to_vec()
            }
        }
    }
}

/// Makes an identity of an id; `None` where it is absent.
fn named(namespace: &str, id: &Word<'_>) -> Result<Option<Identity>, Reason> {
    let Some(id) = id.get() else {
        return Ok(None);
    };
    if id.len() > IDENTITY_LETTERS_MAX {
        return Err(tell!(
            id_too_long,
            "An id has at most {limit} bytes: a longer one is a token or a mistake",
            limit = IDENTITY_LETTERS_MAX
        ));
    }
    Ok(Identity::new(namespace, &json::clean(id, IDENTITY_LETTERS_MAX)))
}

/// Reads traits: words as they are, everything else as JSON, nothing for `null`.
fn said(traits: &RawValue) -> Result<Vec<(String, String)>, Reason> {
    let mut said = Vec::new();
    for (key, value) in Entries::of(traits).0.into_iter().take(TRAITS_MAX) {
        json::check(value)?;
        let value = match Word::of(value).0 {
            Some(word) => json::clean(&word, TRAIT_LETTERS_MAX),
            None if value.get() == "null" => continue,
            None => json::clean(value.get(), TRAIT_LETTERS_MAX),
        };
        said.push((json::clean(&key, NAME_LETTERS_MAX), value));
    }
    Ok(said)
}

/// Returns the name of a page or screen, behind its category.
fn titled(event: &Event<'_>) -> String {
    let parts = [event.category.get(), event.name.get()];
    json::clean(&parts.into_iter().flatten().collect::<Vec<_>>().join(" / "), NAME_LETTERS_MAX)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Staged, arrived, scene_of, told};
    use super::*;

    /// Checks what a request to a path becomes, told in lines.
    #[track_caller]
    fn check(kind: SourceKind, path: &str, body: &str, expected: &[&str]) {
        let delivery = read(&arrived(path, body.as_bytes()), &scene_of(kind).scene()).expect("is read");
        assert_eq!(told(&delivery), expected, "{body}");
    }

    #[test]
    fn what_each_event_becomes() {
        use SourceKind::{Server, Site};
        check(
            Site,
            "/v1/p",
            r#"{"type":"page","anonymousId":"a-1","userId":null,"messageId":"m","timestamp":"2023-11-14T22:13:10.000Z",
                "sentAt":"2023-11-14T22:13:20Z","name":"Home","context":{"page":{"url":"https://shop.example.org/p?e=ada%40example.org"}},
                "properties":{"url":"https://shop.example.org/p?e=ada%40example.org","search":"?e=ada%40example.org","title":"P"}}"#,
            &["visit inbound page (direct) / (none) shop.example.org/p at -10 by anonymous \
                 {\"properties\":{\"url\":\"https://shop.example.org/p\",\"title\":\"P\"}}"],
        );
        check(
            Server,
            "/v1/batch",
            r#"{"batch":[
                {"type":"track","event":"Order Completed","userId":"u","anonymousId":"a","messageId":"1",
                 "properties":{"order_id":"7","revenue":39.95,"currency":"eur","coupon":"MAY"}},
                {"type":"track","event":"Order Refunded","userId":"u","messageId":"2","properties":{"total":"10.00","currency":"EUR"}},
                {"type":"screen","name":"Basket","userId":42,"messageId":"3"}],"sentAt":"2023-11-14T22:13:20Z"}"#,
            &[
                "purchase inbound Order Completed at 0 by user anonymous worth 3995 EUR offer MAY \
                 {\"properties\":{\"order_id\":\"7\",\"revenue\":39.95,\"currency\":\"eur\",\"coupon\":\"MAY\"}}",
                "cancellation inbound Order Refunded at 0 by user worth -1000 EUR \
                 {\"properties\":{\"total\":\"10.00\",\"currency\":\"EUR\"}}",
                "visit inbound screen app Basket at 0 by user",
            ],
        );
        check(
            Server,
            "/v1/identify",
            r#"{"userId":"u","anonymousId":"a","traits":{"email":"Ada@Example.org","plan":"pro","age":36,"gone":null}}"#,
            &[
                "claim user anonymous Together at 0",
                "claim user email Together at 0",
                "trait of user email at 0",
                "trait of user plan at 0",
                "trait of user age at 0",
            ],
        );
        check(
            Site,
            "/v1/i",
            r#"{"userId":"u","context":{"traits":{"email":"ada@example.org"},"externalIds":[{"id":"9","type":"crm"}]}}"#,
            &["trait of user email at 0"],
        );
        check(
            Server,
            "/v1/group",
            r#"{"userId":"u","groupId":"g","traits":{"name":"Analytical Engines"}}"#,
            &["trait of user group_id at 0", "trait of user group.name at 0"],
        );
        check(
            Server,
            "/v1/alias",
            r#"{"userId":"new","previousId":"old"}"#,
            &["claim user user Renamed at 0", "claim anonymous user Renamed at 0"],
        );
        check(Site, "/v1/a", r#"{"userId":"new","previousId":"a","anonymousId":"a"}"#, &["claim anonymous user Renamed at 0"]);
        check(Site, "/v1/a", r#"{"userId":"same","previousId":"same"}"#, &[]);
    }

    #[test]
    fn a_bad_event_is_refused_alone() {
        let body = r#"{"sentAt":"2023-11-14T22:13:20Z","batch":[
            {"type":"track","event":"ok","userId":"u","messageId":"1"},
            {"type":"track","event":"nobody","messageId":"2"},
            {"type":"track","userId":"u"}, {"type":"dance","userId":"u"}, {"userId":"u"}, 7, null, [],
            {"type":"track","event":"when","userId":"u","timestamp":"yesterday"},
            {"type":"track","event":"Order Completed","userId":"u","properties":{"revenue":"a lot"}},
            {"type":"track","event":"x","userId":"u","properties":{"n":1e400}},
            {"type":"group","userId":"u"}, {"type":"alias","userId":"u"}]}"#;
        check(
            SourceKind::Server,
            "/v1/batch",
            body,
            &[
                "other inbound ok at 0 by user",
                "refused 1 no_user_anon_id",
                "refused 2 no_event",
                "refused 3 unknown_type",
                "refused 4 no_type",
                "refused 5 wrong_shape",
                "refused 6 wrong_shape",
                "refused 7 wrong_shape",
                "refused 8 bad_timestamp",
                "refused 9 bad_amount",
                "refused 10 number_out_of_range",
                "refused 11 no_group_id",
                "refused 12 no_previous_id",
            ],
        );
    }

    #[test]
    fn what_is_refused_can_be_mended_and_read_again() {
        let scene = scene_of(SourceKind::Site);
        let read_all = |path: &str, body: &[u8]| read(&arrived(path, body), &scene.scene()).expect("is read");
        let first = read_all(
            "/v1/t",
            br#"{"userid":"u","event":"x","timestamp":"2023-11-14T21:13:10Z","sentAt":"2023-11-14T21:13:20Z"}"#,
        );
        let mended = String::from_utf8(first.refused[0].raw.clone()).expect("text").replace("userid", "userId");
        assert_eq!(told(&read_all("", mended.as_bytes())), ["other inbound x at -10 by user"]);
        let body = r#"{"sentAt":"2023-11-14T21:13:20Z","context":{"locale":"fr"},"batch":[{"type":"track","event":"x","timestamp":"2023-11-14T21:13:10Z"}]}"#;
        let first = read_all("/v1/batch", body.as_bytes());
        let mended =
            String::from_utf8(first.refused[0].raw.clone()).expect("text").replace(r#""event""#, r#""userId":"u","event""#);
        assert_eq!(told(&read_all("", mended.as_bytes())), [r#"other inbound x at -10 by user {"context":{"locale":"fr"}}"#]);
    }

    #[test]
    fn a_batch_that_is_too_long_loses_nothing() {
        let scene = scene_of(SourceKind::Server);
        let event = |n: usize| format!(r#"{{"type":"track","event":"x","userId":"u","messageId":"{n}"}}"#);
        let events: Vec<String> = (0..BATCH_EVENTS_MAX + 3).map(event).collect();
        let body = format!(r#"{{"batch":[{}]}}"#, events.join(" , "));
        let first = read(&arrived("/v1/batch", body.as_bytes()), &scene.scene()).expect("is read");
        assert_eq!((first.arrivals.len(), first.refused.len()), (BATCH_EVENTS_MAX, 1));
        assert_eq!(first.refused[0].reason.code, "batch_too_long");
        let rest = read(&arrived("", &first.refused[0].raw), &scene.scene()).expect("is read");
        assert_eq!((rest.arrivals.len(), rest.refused.len()), (3, 0));
    }

    #[test]
    fn an_amount_without_a_currency_is_in_that_of_the_source() {
        let read = |scene: &Staged, properties: &str| {
            let body = format!(r#"{{"userId":"u","event":"Order Completed","properties":{properties}}}"#);
            let delivery = read(&arrived("/v1/track", body.as_bytes()), &scene.scene()).expect("is read");
            let arrival = &delivery.arrivals[0];
            (arrival.value, arrival.currency.map(|currency| currency.code().to_owned()))
        };
        let scene = scene_of(SourceKind::Server);
        assert_eq!(read(&scene, r#"{"revenue":1000}"#), (Some(100_000), None));
        let scene = scene.paying_in("JPY");
        assert_eq!(read(&scene, r#"{"revenue":1000}"#), (Some(1_000), Some("JPY".to_owned())));
        assert_eq!(read(&scene, r#"{"revenue":1000,"currency":"EUR"}"#), (Some(100_000), Some("EUR".to_owned())));
        assert_eq!(read(&scene, r#"{"coupon":"c"}"#), (None, None), "nothing was paid");
    }

    #[test]
    fn only_a_server_may_say_who_its_customer_is() {
        let body = r#"{"batch":[
            {"type":"track","event":"a","userId":"u","context":{"ip":"203.0.113.77","userAgent":"Browser/1","page":{"url":"https://shop.example/x"}}},
            {"type":"track","event":"b","userId":"u"},
            {"type":"track","event":"c","userId":"u","context":{"direct":true}},
            {"type":"track","event":"d","userId":"u","context":{"direct":"yes"}}]}"#;
        let customers = |kind| {
            let delivery = read(&arrived("/v1/batch", body.as_bytes()), &scene_of(kind).scene()).expect("is read");
            assert!(delivery.arrivals.iter().all(|arrival| !format!("{:?}", arrival.props).contains("203.0")));
            delivery.customers
        };
        assert!(customers(SourceKind::Site).is_empty());
        let told = Caller::told("203.0.113.77", "Browser/1", "https://shop.example/x");
        let direct = Caller { is_direct: true, ..Caller::default() };
        assert_eq!(customers(SourceKind::Server), [(0, told), (2, direct)].into());
    }

    #[test]
    fn personal_texts_leave_the_properties() {
        let body = r#"{"userId":"u","event":"Form Submitted","properties":{"form":"contact","message":"I am ill","email":"ada@example.org"}}"#;
        let delivery = read(&arrived("/v1/track", body.as_bytes()), &scene_of(SourceKind::Site).scene()).expect("is read");
        let arrival = &delivery.arrivals[0];
        assert_eq!(arrival.props.as_deref(), Some(r#"{"properties":{"form":"contact"}}"#));
        assert_eq!(arrival.text.as_deref(), Some("message: I am ill\nemail: ada@example.org"));
        assert_eq!(arrival.form, Form::Submission);
    }

    #[test]
    fn messages_without_an_id_get_one() {
        let scene = scene_of(SourceKind::Server);
        let id = |body: &str, received: i64| {
            let mut scene = scene.scene();
            scene.received = Instant(received);
            read(&arrived("/v1/t", body.as_bytes()), &scene).expect("is read").arrivals[0].message_id.clone()
        };
        let timed = r#"{"userId":"u","event":"x","timestamp":"2023-11-14T22:13:10Z"}"#;
        assert_eq!(id(timed, 1), id(timed, 2));
        let untimed = r#"{"userId":"u","event":"x"}"#;
        assert_ne!(id(untimed, 1), id(untimed, 2));
        let long = |end: char| format!(r#"{{"userId":"u","event":"x","messageId":"{}{end}"}}"#, "m".repeat(500));
        assert_ne!(id(&long('a'), 1), id(&long('b'), 1));
        assert_eq!(id(&long('a'), 1).len(), 32);
    }
}
