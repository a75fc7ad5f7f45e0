//! Conversations: chat, mail, forms and calls, in one inbox, and who answers them by when.
//!
//! Whatever the channel, there is one [`Inbox`]: it keeps what was said, in order, and tells the ledger of every message in
//! or out. What somebody wrote stands in the state store sealed with the key of their identity, as it does in the ledger;
//! when the key is gone the conversation cannot be read any more, and is taken away.
//!
//! Whatever reaches out to somebody from here asks the contact policy of `people` ([`Door`]).

mod agents;
mod bot;
mod brand;
mod canned;
mod community;
mod door;
mod events;
mod files;
mod hours;
mod knowledge;
mod limits;
mod locked;
mod mail;
mod messenger;
mod outbox;
mod parts;
mod pass;
mod public;
mod seal;
mod settings;
mod signing;
mod store;
mod teams;
mod widget;

pub use agents::routes;
pub use bot::{BotSettings, Choice as BotChoice, OrderHook, Rule as BotRule, Step as BotStep, ThreeTexts};
pub use community::{BroughtQuestion, CommunityAnswer, CommunityQuestion, CommunitySettings, public as community_pages};
pub use door::Door;
pub use events::{Changed, News};
pub use files::MessageFile;
pub use hours::{Block, Forecast, Hours};
pub use knowledge::{Article, ArticleText, Hit, Knowledge, NewArticle, public as help};
pub(in crate::features) use limits::Limits;
pub use mail::{ShownLetter, StaffFile, StaffLetter, Wanted, listen as receive_mail};
pub use messenger::{
    Button, Capability, Carries, ChannelSetup, Counted, Kind as ChannelKind, Reach, SmsFields, Template as MessageTemplate,
    Thread, public as messenger_webhooks,
};
pub(in crate::features) use pass::{holder, pass_for};
pub use public::{BAIT, Language, Pages, Sent, escaped, no_such_link, nonce, page_of, public_headers};
pub use settings::{InboxSettings, MailSettings, Target, WidgetSettings};
pub use store::{
    Author, ChannelRequests, Conversation, Counts, CustomerWords, Filter, Inbox, Incoming, Kind, Message, OurLastWord,
    Participant, Posted, Status,
};
pub use teams::{NewTeam, Reader, Team};
pub use widget::public;
pub(in crate::features) use widget::{signed_visitor, site, visitor, widget_script};

use super::capture::{Capture, Sources};
use super::people::policy::Policy;
use crate::failure::Result;
use crate::platform::calls::Calls;
use crate::platform::home::Stores;
use crate::platform::outbound::Outbound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// How often what is due is looked for.
const KEEP_EVERY: std::time::Duration = std::time::Duration::from_secs(5);

/// Is what this room and the rooms after it need of it. Clones share everything.
#[derive(Clone)]
pub struct Talk {
    /// The inbox.
    pub inbox: Inbox,
    /// The way to people.
    pub door: Door,
    /// Where visitors come from.
    pub sources: Sources,
    /// What is known and may be told.
    pub knowledge: Knowledge,
    /// What customers ask and answer in public.
    community: community::Community,
    /// The address by which customers reach us, once that is known.
    address: Arc<OnceLock<String>>,
    /// Whether a page has windows to ask for.
    popups: Arc<AtomicBool>,
    /// The way to servers of others.
    outbound: Arc<OnceLock<Outbound>>,
    /// What signs our letters.
    keys: Arc<tokio::sync::OnceCell<Arc<mail::Keys>>>,
}

impl Talk {
    /// Opens the room.
    #[must_use]
    pub fn new(stores: &Stores, capture: &Capture, sources: &Sources, policy: Policy) -> Self {
        let inbox = Inbox::new(stores.clone(), capture.clone(), policy.clone());
        let door = Door::new(policy, capture.clone(), stores.state.clone(), stores.clock.clone());
        let knowledge = Knowledge::new(stores.state.clone(), stores.clock.clone());
        Self {
            knowledge,
            community: community::Community::default(),
            inbox,
            door,
            sources: sources.clone(),
            address: Arc::default(),
            popups: Arc::default(),
            outbound: Arc::default(),
            keys: Arc::default(),
        }
    }

    /// Says by which address customers reach us, for links in letters. Only the first word counts.
    pub fn is_at(&self, address: &str) {
        // Said twice, it is the same server.
        let _ = self.address.set(address.trim_end_matches('/').to_owned());
    }

    /// Says by which way servers of others are reached; without a word nothing inside our own network is. Only the first word
    /// counts.
    pub fn goes_out_by(&self, outbound: Outbound) {
        // Said twice, it is the same server.
        let _ = self.outbound.set(outbound);
    }

    pub(crate) fn outbound(&self) -> Outbound {
        self.outbound.get().cloned().unwrap_or_default()
    }

    /// Returns what sends requests to servers of others.
    pub(crate) fn calls(&self) -> Calls {
        Calls::by(self.outbound())
    }

    /// Returns the address by which customers reach us.
    #[must_use]
    pub fn address(&self) -> &str {
        self.address.get().map_or("http://localhost", String::as_str)
    }

    /// Says whether a page that loads the widget should ask for windows: where there are none, no request is spent on them.
    pub fn announce_popups(&self, are_there: bool) {
        self.popups.store(are_there, Ordering::Relaxed);
    }

    fn has_popups(&self) -> bool {
        self.popups.load(Ordering::Relaxed)
    }

    /// Does what is due without anybody asking, until it is aborted: wakes what sleeps, tells the ledger what it does not
    /// know yet, sends what is queued.
    pub async fn keep(self) {
        if let Err(failure) = self.door.policy().let_go_of_the_dead().await {
            tracing::warn!("{failure}");
        }
        let looking = async {
            loop {
                warned([
                    self.inbox.look_after().await,
                    self.door.tell_skips().await,
                    self.send_letters().await,
                    self.send_staff_letters().await,
                    self.bot_lets_go().await,
                    self.keep_community().await,
                ]);
                tokio::time::sleep(KEEP_EVERY).await;
            }
        };
        // Apart from the rest: a server that does not answer keeps nobody else waiting.
        tokio::join!(looking, self.keep_sending(), self.keep_fetching());
    }
}

fn warned<const COUNT: usize>(outcomes: [Result<()>; COUNT]) {
    for failure in outcomes.into_iter().filter_map(Result::err) {
        tracing::warn!("{failure}");
    }
}
