//! What the bot says and does, as somebody has written it: the table `bot_setting`.

use crate::failure::{Failure, Result};
use crate::features::conversations::Language;
use crate::features::conversations::locked::Secrets;
use crate::features::conversations::messenger::is_key;
use crate::features::conversations::store::failed;
use crate::platform::calls::Calls;
use crate::platform::home::Stores;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use utoipa::ToSchema;

const STEPS_MAX: usize = 100;
const CHOICES_MAX: usize = 9;
const RULES_MAX: usize = 100;
const TEXT_MAX: usize = 1_000;
/// Where a button or a rule can lead beside steps.
pub(super) const PLACES: [&str; 4] = ["person", "question", "order", "done"];

/// Is a text in three languages; where one is empty, another stands in.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ThreeTexts {
    /// English.
    pub en: String,
    /// French.
    pub fr: String,
    /// Russian.
    pub ru: String,
}

/// Is a button of a step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BotChoice)]
pub struct Choice {
    /// What stands on it.
    pub label: ThreeTexts,
    /// The id of a step, or `person`, `question`, `order`, `done`.
    pub to: String,
}

/// Is something the bot says, with what can be chosen then.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BotStep)]
pub struct Step {
    /// Its id.
    pub id: String,
    /// What is said.
    pub say: ThreeTexts,
    /// What can be chosen. A person can be asked for everywhere, without being written here.
    #[serde(default)]
    pub choices: Vec<Choice>,
}

/// Is what the bot listens for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BotRule)]
pub struct Rule {
    /// Any of these words or groups of words, in any language.
    pub words: Vec<String>,
    /// Where it leads, as a button does.
    pub to: String,
}

/// Is a server of the organisation that knows how orders stand. It is asked with a signed `POST`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OrderHook {
    /// Its address; empty: orders are not looked up.
    pub url: String,
    /// Secret. What our questions are signed with (Standard Webhooks). Never told back; empty in a change: it stays, or one is drawn.
    pub secret: String,
}

/// Is what the bot says and does.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BotSettings {
    /// Whether it answers.
    pub is_on: bool,
    /// On which channels: `chat`, `telegram`, `whatsapp` …
    pub channels: Vec<String>,
    /// What it is called.
    pub name: String,
    /// What it begins with: the first of its steps.
    pub steps: Vec<Step>,
    /// What it listens for.
    pub rules: Vec<Rule>,
    /// Who knows how orders stand.
    pub order: OrderHook,
}

impl Default for BotSettings {
    fn default() -> Self {
        let text = |en: &str, fr: &str, ru: &str| ThreeTexts { en: en.to_owned(), fr: fr.to_owned(), ru: ru.to_owned() };
        let choice = |label, to: &str| Choice { label, to: to.to_owned() };
        let start = Step {
            id: "start".to_owned(),
            say: text("Hello! What is it about?", "Bonjour ! De quoi s’agit-il ?", "Здравствуйте! Чем помочь?"),
            choices: vec![
                choice(text("I have a question", "J’ai une question", "У меня вопрос"), "question"),
                choice(text("Where is my order?", "Où est ma commande ?", "Где мой заказ?"), "order"),
            ],
        };
        let words = ["my order", "parcel", "ma commande", "colis", "мой заказ", "посылка"].map(str::to_owned).to_vec();
        Self {
            is_on: false,
            channels: vec!["chat".to_owned()],
            name: "Bot".to_owned(),
            steps: vec![start],
            rules: vec![Rule { words, to: "order".to_owned() }],
            order: OrderHook::default(),
        }
    }
}

impl ThreeTexts {
    /// Chooses the text of a language.
    #[must_use]
    pub fn pick(&self, language: Language) -> &str {
        let first = language.pick(&self.en, &self.fr, &self.ru);
        [first, &self.en, &self.fr, &self.ru].into_iter().find(|text| !text.is_empty()).unwrap_or_default()
    }

    fn all(&self) -> [&str; 3] {
        [&self.en, &self.fr, &self.ru]
    }

    fn is_good(&self, most: usize) -> bool {
        self.all().iter().any(|text| !text.trim().is_empty()) && self.all().iter().all(|text| text.len() <= most)
    }
}

impl BotSettings {
    /// Reads what is written.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn load(stores: &Stores) -> Result<Self> {
        let row = sqlx::query("SELECT setting FROM bot_setting WHERE id = 1").fetch_optional(stores.state.reader()).await;
        let row = row.map_err(failed)?;
        let mut settings: Self =
            row.and_then(|row| serde_json::from_str(&row.get::<String, _>("setting")).ok()).unwrap_or_default();
        settings.unlock(&stores.dir)?;
        Ok(settings)
    }

    /// Writes anew.
    ///
    /// # Errors
    /// Fails when something is wrong with it, or the state store fails.
    pub async fn save(&self, stores: &Stores, calls: &Calls) -> Result<()> {
        self.check(calls)?;
        let mut sealed = self.clone();
        sealed.lock(&stores.dir)?;
        let text = serde_json::to_string(&sealed).map_err(|error| Failure::new("Cannot write the bot").because(&error))?;
        let mut transaction = stores.state.begin().await.map_err(failed)?;
        sqlx::query(
            "INSERT INTO bot_setting (id, setting) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET setting = excluded.setting",
        )
        .bind(text)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    /// Returns it without what is secret; an address may hold a secret too, and is told to those alone who can change it.
    #[must_use]
    pub fn told(mut self, to_keeper: bool) -> Self {
        self.order.secret = String::new();
        if !to_keeper {
            self.order.url = String::new();
        }
        self
    }

    /// Finds a step.
    #[must_use]
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == id)
    }

    fn check(&self, calls: &Calls) -> Result<()> {
        let is_id = |id: &str| {
            !id.is_empty() && id.len() <= 40 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        let leads = |to: &str| PLACES.contains(&to) || self.step(to).is_some();
        if self.steps.is_empty() || self.steps.len() > STEPS_MAX || self.rules.len() > RULES_MAX || self.channels.len() > 20 {
            return Err(Failure::new(format!("A bot has 1 to {STEPS_MAX} steps, and at most {RULES_MAX} rules")));
        }
        if self.name.trim().is_empty() || self.name.len() > 100 || self.name.chars().any(char::is_control) {
            return Err(Failure::new("The bot has a name of at most 100 bytes"));
        }
        for (place, step) in self.steps.iter().enumerate() {
            let is_twice = self.steps[..place].iter().any(|other| other.id == step.id);
            if !is_id(&step.id) || is_twice || PLACES.contains(&step.id.as_str()) {
                return Err(
                    Failure::new(format!("The step `{}` needs another id", step.id)).hint("Letters, digits, - and _; each once")
                );
            }
            if !step.say.is_good(TEXT_MAX) || step.choices.len() > CHOICES_MAX {
                return Err(Failure::new(format!(
                    "The step `{}` says something, and has at most {CHOICES_MAX} buttons",
                    step.id
                )));
            }
            for choice in &step.choices {
                if !choice.label.is_good(100) || !leads(&choice.to) {
                    return Err(Failure::new(format!("A button of the step `{}` has no label, or leads nowhere", step.id)));
                }
            }
        }
        for rule in &self.rules {
            let is_word = |word: &String| word.trim().chars().count() >= 2 && word.len() <= 100;
            if rule.words.is_empty() || rule.words.len() > 50 || !rule.words.iter().all(is_word) || !leads(&rule.to) {
                return Err(Failure::new("A rule has words of at least two letters, and leads to a step"));
            }
        }
        if !self.order.url.is_empty() {
            if !is_key(&self.order.secret) {
                return Err(Failure::new("The secret of the server that knows orders is too short: a key has at least 16 bytes")
                    .hint("Leave it empty, and one is drawn"));
            }
            calls.check(&self.order.url).map_err(|says| Failure::new(format!("The address that knows orders: {says}")))?;
        }
        Ok(())
    }
}
