//! Doing what was decided: saying it, looking it up, handing over, and counting how it ended.

use super::flow::{MARK, Move, Stand, decide, first};
use super::settings::BotSettings;
use super::words::{Says, say};
use crate::failure::Result;
use crate::features::conversations::knowledge::guessed;
use crate::features::conversations::messenger::standard_headers;
use crate::features::conversations::store::failed;
use crate::features::conversations::{Author, Button, Kind, Language, Posted, Status, Talk};
use crate::platform::calls::{Call, NotAnswered};
use model::time::SECOND;
use model::{Identity, Instant};
use serde_json::{Value, json};
use sqlx::Row;
use std::time::Duration;

/// What speaks of less of a question than this is no answer.
const ANSWERS_FROM: f64 = 0.5;
/// After so many times without understanding it hands over.
const MISSES_MAX: i64 = 2;
/// Whoever has said nothing for so long is gone.
const LEFT_AFTER: i64 = 3_600 * SECOND;
/// So many are let go at once.
const LEFT_AT_ONCE: i64 = 100;
/// How long a visitor is kept waiting for the state of an order.
const ORDER_PATIENCE: Duration = Duration::from_secs(4);
/// What an order may be told to be.
const ORDER_TEXT_MAX: usize = 1_000;

/// Is a message of a customer, for the bot.
#[derive(Clone, Copy)]
pub(in crate::features::conversations) struct Turn<'a> {
    pub(in crate::features::conversations) conversation: &'a str,
    /// Its place.
    pub(in crate::features::conversations) seq: i64,
    pub(in crate::features::conversations) channel: &'a str,
    pub(in crate::features::conversations) who: &'a Identity,
    pub(in crate::features::conversations) text: &'a str,
    pub(in crate::features::conversations) button: Option<&'a str>,
    /// The language of their program, where it is known.
    pub(in crate::features::conversations) language: Option<Language>,
    /// Whether they have only opened the chat.
    pub(in crate::features::conversations) begins: bool,
}

/// Is one time that the bot looks after somebody.
struct Going {
    began_at: i64,
    language: Language,
    stand: Stand,
    article: String,
    misses: i64,
    answers: i64,
    is_new: bool,
}

/// Is what is said next.
struct Word {
    text: String,
    buttons: Vec<Button>,
    awaits: &'static str,
}

impl Talk {
    /// Lets the bot answer, where it is its turn; tells whether it was. What fails is written down, and a person answers.
    pub(in crate::features::conversations) async fn bot_hears(&self, turn: Turn<'_>) -> bool {
        match self.bot_answers(turn).await {
            Ok(did) => did,
            Err(failure) => {
                tracing::warn!("the bot: {failure}");
                false
            }
        }
    }

    async fn bot_answers(&self, turn: Turn<'_>) -> Result<bool> {
        let settings = BotSettings::load(&self.inbox.stores).await?;
        if !settings.is_on || !settings.channels.iter().any(|known| known == turn.channel) {
            return Ok(false);
        }
        let Some(mut going) = self.going(turn).await? else { return Ok(false) };
        let next = decide(&settings, &going.stand, turn.text, turn.button, turn.begins);
        match self.word(&settings, turn, &mut going, next).await? {
            Some(word) => self.bot_says(&settings, turn, &mut going, word).await?,
            None => self.bot_hands_over(&settings, turn, &mut going).await?,
        }
        Ok(true)
    }

    /// Finds the talk that goes on, or begins one; `None` where a person looks after them.
    async fn going(&self, turn: Turn<'_>) -> Result<Option<Going>> {
        let Some(found) = self.inbox.find(turn.conversation).await? else { return Ok(None) };
        let sql = "SELECT began_at, language, awaits, offered, article, misses, answers FROM bot_talk \
                   WHERE conversation = $1 AND state = 'on' ORDER BY began_at DESC LIMIT 1";
        let row = sqlx::query(sql).bind(turn.conversation.to_owned()).fetch_optional(self.inbox.stores.state.reader());
        let row = row.await.map_err(failed)?;
        if found.assignee.is_some() {
            if let Some(row) = row {
                self.bot_ended(turn.conversation, row.get("began_at"), "person").await?;
            }
            return Ok(None);
        }
        let asked = guessed(turn.text);
        if let Some(row) = row {
            // A word of another language changes it; a number does not.
            let before = match row.get::<String, _>("language").as_str() {
                "fr" => Language::Fr,
                "ru" => Language::Ru,
                _ => Language::En,
            };
            let language = if turn.button.is_none() && asked != Language::En { asked } else { before };
            let offered = serde_json::from_str(&row.get::<String, _>("offered")).unwrap_or_default();
            return Ok(Some(Going {
                began_at: row.get("began_at"),
                language,
                stand: Stand { awaits: row.get("awaits"), offered },
                article: row.get("article"),
                misses: row.get("misses"),
                answers: row.get("answers"),
                is_new: false,
            }));
        }
        // It begins with a conversation, or with one that was done: never in the middle of one.
        let before = self.inbox.messages(turn.conversation, Some(turn.seq - 2)).await?;
        let opened = before.iter().find(|message| message.seq == turn.seq - 1 && message.kind == Kind::Event);
        let is_opened = opened.is_some_and(|event| event.meta["what"] == "opened" || event.meta["what"] == "reopened");
        let language = if asked == Language::En { turn.language.unwrap_or(asked) } else { asked };
        let going = Going {
            began_at: self.inbox.now().0,
            language,
            stand: Stand::default(),
            article: String::new(),
            misses: 0,
            answers: 0,
            is_new: true,
        };
        Ok(is_opened.then_some(going))
    }

    /// Finds what to say; `None`: a person is to go on.
    async fn word(&self, settings: &BotSettings, turn: Turn<'_>, going: &mut Going, next: Move) -> Result<Option<Word>> {
        let language = going.language;
        let plain = |what: Says, awaits| Some(Word { text: say(what, language).to_owned(), buttons: Vec::new(), awaits });
        Ok(match next {
            Move::Person => None,
            Move::Step(id) => step(settings, &id, language),
            Move::AskQuestion => plain(Says::AskQuestion, ""),
            Move::AskOrder if settings.order.url.is_empty() => None,
            Move::AskOrder => plain(Says::AskOrder, "order"),
            Move::Done => plain(Says::Thanks, "done"),
            Move::Order(number) => self.order(settings, turn, going, &number).await?,
            Move::Search => self.searched(settings, turn, going).await?,
        })
    }

    /// Answers from what is known.
    async fn searched(&self, settings: &BotSettings, turn: Turn<'_>, going: &mut Going) -> Result<Option<Word>> {
        let language = going.language;
        let hits = self.knowledge.find(turn.text, language, true, 1).await?;
        if let Some(hit) = hits.into_iter().find(|hit| hit.covers >= ANSWERS_FROM) {
            self.knowledge.count(&hit.article, "told").await?;
            going.misses = 0;
            going.answers += 1;
            going.article.clone_from(&hit.title);
            let more = format!("{} {}/help/{}", say(Says::ReadMore, language), self.address(), hit.article);
            let text = format!("{}\n{more}\n\n{}", hit.short, say(Says::DidItHelp, language));
            return Ok(Some(Word { text, buttons: after_answer(language), awaits: "" }));
        }
        if going.is_new {
            // Whoever says hello is greeted; whoever asks what nobody knows is asked what it is about.
            if let Move::Step(id) = first(settings) {
                going.misses += 1;
                return Ok(step(settings, &id, language));
            }
        }
        going.misses += 1;
        if going.misses > MISSES_MAX {
            return Ok(None);
        }
        let buttons = match first(settings) {
            Move::Step(id) => step(settings, &id, language).map(|word| word.buttons).unwrap_or_default(),
            _ => Vec::new(),
        };
        Ok(Some(Word { text: say(Says::NotUnderstood, language).to_owned(), buttons, awaits: "" }))
    }

    /// Asks the organisation's own server how an order stands.
    async fn order(&self, settings: &BotSettings, turn: Turn<'_>, going: &mut Going, number: &str) -> Result<Option<Word>> {
        let (language, now) = (going.language, self.inbox.now());
        if settings.order.url.is_empty() {
            return Ok(None);
        }
        // Whom it is told to is for that server to judge: it knows by which name they are known here.
        let (namespace, value) = (turn.who.namespace.as_str(), turn.who.value.as_str());
        // A system of their own knows its people without the name of our channel before it.
        let value = if namespace == "webhook" { value.split_once(':').map_or(value, |(_, own)| own) } else { value };
        let who = json!({ "namespace": namespace, "value": value });
        let id = format!("order-{}-{}", turn.conversation, turn.seq);
        let body = json!({ "type": "order_status", "id": id, "order": number, "language": language.code(), "channel": turn.channel, "who": who });
        let body = body.to_string().into_bytes();
        let headers = standard_headers(&settings.order.secret, &id, now.0 / SECOND, &body);
        let call = Call { method: "POST", url: settings.order.url.clone(), headers, body };
        // Whoever asks waits for it: a server that thinks longer is as one that does not know, and a person goes on.
        let answered = tokio::time::timeout(ORDER_PATIENCE, self.calls().send(&call)).await;
        let answered = answered.unwrap_or_else(|_| Err(NotAnswered::Unknown("the server does not answer".to_owned())));
        let told = answered.as_ref().ok().filter(|answered| answered.status == 200);
        let told: Value = told.and_then(|answered| serde_json::from_slice(&answered.body).ok()).unwrap_or_default();
        let text = told["text"][language.code()].as_str().or_else(|| told["text"].as_str()).unwrap_or_default();
        if !text.trim().is_empty() {
            going.misses = 0;
            going.answers += 1;
            let text: String = text.chars().filter(|sign| *sign == '\n' || !sign.is_control()).take(ORDER_TEXT_MAX).collect();
            return Ok(Some(Word { text, buttons: after_answer(language), awaits: "" }));
        }
        if answered.is_ok_and(|answered| answered.status == 404) {
            going.misses += 1;
            let word = Word { text: say(Says::NoSuchOrder, language).to_owned(), buttons: Vec::new(), awaits: "order" };
            return Ok((going.misses <= MISSES_MAX).then_some(word));
        }
        let word = Word { text: say(Says::OrderUnknown, language).to_owned(), buttons: Vec::new(), awaits: "" };
        self.bot_speaks(settings, turn, &word, "order").await?;
        Ok(None)
    }

    async fn bot_speaks(&self, settings: &BotSettings, turn: Turn<'_>, word: &Word, part: &str) -> Result<Posted> {
        let meta = json!({ "by": "bot", "buttons": word.buttons });
        let client_id = format!("bot:{part}:{}", turn.seq);
        self.inbox.machine_says(turn.conversation, &settings.name, &client_id, &word.text, &meta, part == "over").await
    }

    async fn bot_says(&self, settings: &BotSettings, turn: Turn<'_>, going: &mut Going, mut word: Word) -> Result<()> {
        let is_done = word.awaits == "done";
        if !is_done {
            word.buttons.retain(|button| button.id != format!("{MARK}person"));
            word.buttons.push(Button { id: format!("{MARK}person"), label: say(Says::Person, going.language).to_owned() });
        }
        going.stand =
            Stand { awaits: if is_done { String::new() } else { word.awaits.to_owned() }, offered: word.buttons.clone() };
        self.keep_going(turn, going, if is_done { "done" } else { "on" }).await?;
        self.bot_speaks(settings, turn, &word, "says").await?;
        if is_done {
            let bot = Author { account: 0, name: settings.name.clone() };
            self.inbox.set_status(turn.conversation, &bot, Status::Resolved, None).await?;
        }
        Ok(())
    }

    /// Gives the conversation to people: they see everything that was said, and that somebody waits since now.
    async fn bot_hands_over(&self, settings: &BotSettings, turn: Turn<'_>, going: &mut Going) -> Result<()> {
        self.keep_going(turn, going, "person").await?;
        let is_open = self.inbox.settings().await?.hours.is_open(self.inbox.now());
        let says = if is_open { Says::HandedOver } else { Says::HandedOverLater };
        let word = Word { text: say(says, going.language).to_owned(), buttons: Vec::new(), awaits: "" };
        self.bot_speaks(settings, turn, &word, "over").await?;
        let bot = Author { account: 0, name: settings.name.clone() };
        let meta = json!({ "what": "handed_over", "answers": going.answers, "article": going.article });
        self.inbox.hand_over(turn.conversation, &bot, meta).await
    }

    async fn keep_going(&self, turn: Turn<'_>, going: &Going, state: &'static str) -> Result<()> {
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        sqlx::query(
            "INSERT INTO bot_talk (conversation, began_at, actor, channel, language, state, awaits, offered, article, misses, answers, \
             last_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (conversation, began_at) DO UPDATE SET \
             language = excluded.language, state = excluded.state, awaits = excluded.awaits, offered = excluded.offered, \
             article = excluded.article, misses = excluded.misses, answers = excluded.answers, last_at = excluded.last_at",
        )
        .bind(turn.conversation.to_owned())
        .bind(going.began_at)
        .bind(turn.who.actor().0.cast_signed())
        .bind(turn.channel.to_owned())
        .bind(going.language.code())
        .bind(state)
        .bind(going.stand.awaits.clone())
        .bind(serde_json::to_string(&going.stand.offered).unwrap_or_default())
        .bind(going.article.clone())
        .bind(going.misses)
        .bind(going.answers)
        .bind(self.inbox.now().0)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    async fn bot_ended(&self, conversation: &str, began_at: i64, state: &'static str) -> Result<()> {
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        sqlx::query("UPDATE bot_talk SET state = $1 WHERE conversation = $2 AND began_at = $3")
            .bind(state)
            .bind(conversation.to_owned())
            .bind(began_at)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    /// Lets go whom the bot has answered and who says nothing more.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn bot_lets_go(&self) -> Result<()> {
        let now: Instant = self.inbox.now();
        let sql = "SELECT conversation, began_at FROM bot_talk WHERE state = 'on' AND last_at < $1 ORDER BY last_at LIMIT $2";
        let rows = sqlx::query(sql).bind(now.0 - LEFT_AFTER).bind(LEFT_AT_ONCE).fetch_all(self.inbox.stores.state.reader());
        let rows = rows.await.map_err(failed)?;
        if rows.is_empty() {
            return Ok(());
        }
        let settings = BotSettings::load(&self.inbox.stores).await?;
        let bot = Author { account: 0, name: settings.name };
        for row in rows {
            let conversation: String = row.get("conversation");
            // Somebody may have taken it meanwhile.
            let found = self.inbox.find(&conversation).await?;
            let is_theirs = found.as_ref().is_some_and(|found| found.assignee.is_some() || found.waiting_since.is_some());
            self.bot_ended(&conversation, row.get("began_at"), if is_theirs { "person" } else { "left" }).await?;
            if !is_theirs && found.is_some() {
                self.inbox.set_status(&conversation, &bot, Status::Resolved, None).await?;
            }
        }
        Ok(())
    }
}

fn step(settings: &BotSettings, id: &str, language: Language) -> Option<Word> {
    let step = settings.step(id)?;
    let shown = step
        .choices
        .iter()
        .map(|choice| Button { id: format!("{MARK}{}", choice.to), label: choice.label.pick(language).to_owned() });
    Some(Word { text: step.say.pick(language).to_owned(), buttons: shown.collect(), awaits: "" })
}

fn after_answer(language: Language) -> Vec<Button> {
    let button = |to: &str, what| Button { id: format!("{MARK}{to}"), label: say(what, language).to_owned() };
    vec![button("done", Says::ThatHelps), button("question", Says::SomethingElse)]
}
