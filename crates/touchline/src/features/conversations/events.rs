//! News of conversations: one number that grows with every change, and who is looking at what just now.
//!
//! Whoever listens says up to which number it knows everything, and gets exactly the rest. Presence is no fact: it lives in
//! memory, and ends by itself.

use model::Instant;
use model::time::SECOND;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;
use utoipa::ToSchema;

/// Presence that is not said again within this time is over.
const PRESENT: i64 = 15 * SECOND;
/// Of so many conversations presence is kept; beyond it the oldest is forgotten.
const PRESENT_MAX: usize = 10_000;

/// Is one change, as listeners are told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ConversationEvent)]
pub struct Event {
    /// Its number.
    pub seq: i64,
    /// Of which conversation.
    pub conversation: String,
    /// What: `message`, `note`, `status`, `assigned`, `labels`, `seen` or `sent`.
    pub what: String,
    /// When, in microseconds since 1970.
    pub at: i64,
}

/// Is what a listener is told of a while.
#[derive(Debug)]
pub struct Heard {
    /// The changes of what they may see.
    pub events: Vec<Event>,
    /// Up to which number they have heard everything that they may.
    pub through: i64,
    /// Whether something may have gone out of their sight.
    pub has_left: bool,
}

/// Is that something has changed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Changed {
    /// How often.
    pub count: u64,
    /// In which conversation last; none: who knows where.
    pub of: Option<String>,
}

/// Is somebody who looks at a conversation, or writes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Present {
    /// Their account; 0 is the customer.
    pub account: i64,
    /// Their name.
    pub name: String,
    /// Whether they are writing.
    pub typing: bool,
}

/// Is who looks at each conversation, and when they were last seen there.
type Presences = HashMap<String, Vec<(Present, i64)>>;

/// Is who waits for news of each conversation.
type Chats = Arc<Mutex<HashMap<String, watch::Sender<()>>>>;

/// Tells that something has changed. Clones share it.
///
/// Staff hear of everything. A visitor waits for one conversation alone: two thousand of them must not all look up their own
/// because one of them said something.
#[derive(Clone)]
pub struct News {
    changed: Arc<watch::Sender<Changed>>,
    chats: Chats,
    present: Arc<Mutex<Presences>>,
}

/// Waits for news of one conversation, until it is dropped.
pub(super) struct Ear {
    id: String,
    chats: Chats,
    heard: watch::Receiver<()>,
}

impl Ear {
    /// Waits until something has changed since the last news, or since it began to listen.
    pub(super) async fn news(&mut self) {
        if self.heard.changed().await.is_err() {
            // The teller lives as long as this does; were it gone, waiting for ever is right: the caller has a limit.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        let mut chats = self.chats.lock().unwrap_or_else(PoisonError::into_inner);
        // This one is still counted.
        if chats.get(&self.id).is_some_and(|chat| chat.receiver_count() <= 1) {
            chats.remove(&self.id);
        }
    }
}

impl News {
    pub(super) fn new() -> Self {
        Self { changed: Arc::new(watch::Sender::new(Changed::default())), chats: Chats::default(), present: Arc::default() }
    }

    /// Says that something has changed, who knows where.
    pub(super) fn tell(&self) {
        self.note_change(None);
        let chats = self.chats.lock().unwrap_or_else(PoisonError::into_inner);
        chats.values().for_each(|chat| chat.send_modify(|()| ()));
    }

    /// Says that a conversation has changed.
    pub(super) fn tell_of(&self, conversation: &str) {
        self.note_change(Some(conversation));
        let chats = self.chats.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(chat) = chats.get(conversation) {
            chat.send_modify(|()| ());
        }
    }

    fn note_change(&self, of: Option<&str>) {
        self.changed.send_modify(|changed| *changed = Changed { count: changed.count + 1, of: of.map(str::to_owned) });
    }

    /// Returns what changes with every change.
    #[must_use]
    pub fn listen(&self) -> watch::Receiver<Changed> {
        self.changed.subscribe()
    }

    /// Listens to one conversation.
    #[must_use]
    pub(super) fn listen_to(&self, conversation: &str) -> Ear {
        let mut chats = self.chats.lock().unwrap_or_else(PoisonError::into_inner);
        let heard = chats.entry(conversation.to_owned()).or_insert_with(|| watch::Sender::new(())).subscribe();
        Ear { id: conversation.to_owned(), chats: Arc::clone(&self.chats), heard }
    }

    /// Notes that somebody is there.
    pub(super) fn note(&self, conversation: &str, who: Present, now: Instant) {
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        if present.len() >= PRESENT_MAX && !present.contains_key(conversation) {
            present.retain(|_, all| all.iter().any(|(_, until)| *until > now.0));
            if present.len() >= PRESENT_MAX {
                return;
            }
        }
        let all = present.entry(conversation.to_owned()).or_default();
        let is_news = !all.iter().any(|(one, until)| *one == who && *until > now.0);
        all.retain(|(one, until)| one.account != who.account && *until > now.0);
        all.push((who, now.0 + PRESENT));
        drop(present);
        if is_news {
            self.tell_of(conversation);
        }
    }

    /// Returns who is there, but one.
    #[must_use]
    pub fn present(&self, conversation: &str, but: i64, now: Instant) -> Vec<Present> {
        let present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        let all = present.get(conversation).into_iter().flatten();
        let mut here: Vec<Present> =
            all.filter(|(one, until)| one.account != but && *until > now.0).map(|(one, _)| one.clone()).collect();
        here.sort_by_key(|one| one.account);
        here
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_waits_for_one_conversation_hears_of_that_alone() {
        let news = News::new();
        let is_told = |ear: &Ear| ear.heard.has_changed().expect("the teller is there");
        let (mut one, other) = (news.listen_to("one"), news.listen_to("other"));
        let staff = news.listen();
        news.tell_of("one");
        assert!(is_told(&one) && !is_told(&other) && staff.has_changed().expect("the teller is there"));
        one.news().await;
        assert!(!is_told(&one), "the same news come once");
        news.tell();
        assert!(is_told(&one) && is_told(&other), "an erasure may be of anybody");
        let again = news.listen_to("one");
        drop(one);
        news.tell_of("one");
        assert!(is_told(&again), "of two tabs one has gone");
        drop((again, other));
        assert!(news.chats.lock().expect("is sound").is_empty(), "who has gone is forgotten");
    }

    #[test]
    fn presence_ends_by_itself_and_news_come_once() {
        let news = News::new();
        let mut heard = news.listen();
        let ada = |typing| Present { account: 1, name: "Ada".to_owned(), typing };
        news.note("c", ada(false), Instant(0));
        news.note("c", ada(false), Instant(SECOND));
        assert_eq!(heard.borrow_and_update().count, 1, "the same again is no news");
        news.note("c", ada(true), Instant(2 * SECOND));
        assert_eq!(heard.borrow_and_update().count, 2);
        assert_eq!(news.present("c", 2, Instant(3 * SECOND)), [ada(true)]);
        assert!(news.present("c", 1, Instant(3 * SECOND)).is_empty(), "nobody collides with themselves");
        assert!(news.present("c", 2, Instant(2 * SECOND + PRESENT)).is_empty());
    }
}
