//! The properties of an event: what of them becomes a field of the interaction, what is kept as JSON, and what is
//! personal free text and therefore never stored in the clear.
//!
//! The names are those of the Segment e-commerce specification, which most clients of other makers use as well.

use super::super::Reason;
use super::super::import::amount;
use super::json::{self, Entries, Members, Word};
use super::limits::NAME_LETTERS_MAX;
use crate::tell;
use model::{Arrival, Currency, Form, Scale, Score};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Is what a property is by its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Nature {
    /// People write or say something in it. It becomes the text of the interaction, which is sealed.
    FreeText,
    /// It names or reaches a person. It goes with the text, for the ledger holds no names in the clear.
    Personal,
    /// It is the address of a page, which is kept without its query.
    Address,
    /// It repeats the query of an address.
    Search,
    /// It becomes a field of the interaction.
    Telling,
    /// None of these.
    Plain,
}

impl Nature {
    fn of(key: &str) -> Self {
        match key {
            "answer_text" | "body" | "comment" | "comments" | "feedback" | "message" | "message_body" | "note" | "notes"
            | "question" | "review" | "review_body" | "review_text" | "text" | "transcript" => Self::FreeText,
            "address" | "birthday" | "email" | "email_address" | "first_name" | "firstName" | "full_name" | "fullName"
            | "last_name" | "lastName" | "phone" | "phone_number" | "phoneNumber" | "postal_address" | "street" => Self::Personal,
            "href" | "initial_referrer" | "link" | "link_url" | "path" | "referrer" | "url" => Self::Address,
            "query_string" | "search" => Self::Search,
            "campaign" | "campaign_name" | "conversation_id" | "cost" | "coupon" | "coupon_id" | "currency"
            | "experiment_variant" | "in_reply_to" | "nps" | "offer" | "promotion_id" | "rating" | "reply_to" | "revenue"
            | "score" | "stars" | "thread_id" | "total" | "value" | "variation_id" | "variation_name" => Self::Telling,
            _ => Self::Plain,
        }
    }
}

/// Is the properties of one event, read once.
#[derive(Default)]
pub(crate) struct Properties<'a> {
    raw: Option<&'a RawValue>,
    entries: Entries<'a>,
    /// Whether something has to be left out or cut, so that the raw text cannot be kept as it is.
    is_rewritten: bool,
}

/// Is what to do with a property when it is kept.
enum Keeping<'a> {
    AsItIs,
    Cut(Cow<'a, str>),
    Text(Cow<'a, str>),
    Not,
}

impl<'a> Properties<'a> {
    /// Reads properties; what is no object has none.
    ///
    /// # Errors
    /// Says which value no program could read again.
    pub(crate) fn read(raw: Option<&'a RawValue>) -> Result<Self, Reason> {
        let entries = raw.map(Entries::of).unwrap_or_default();
        for (_, value) in &entries.0 {
            json::check(value)?;
        }
        let is_rewritten = entries.0.iter().any(|(key, value)| !matches!(keeping(key, value), Keeping::AsItIs));
        Ok(Self { raw: raw.filter(|_| !entries.0.is_empty()), entries, is_rewritten })
    }

    /// Finds a value. Of several with one name the last counts, as everywhere in JSON.
    fn find(&self, name: &str) -> Option<&'a RawValue> {
        self.entries.0.iter().rev().find(|(key, _)| key == name).map(|(_, value)| *value)
    }

    /// Finds the first of some values that is a text.
    fn word(&self, names: &[&str]) -> Option<Cow<'a, str>> {
        names.iter().find_map(|name| Word::of(self.find(name)?).0).filter(|word| !word.trim().is_empty())
    }

    /// Returns the address of the page.
    pub(crate) fn url(&self) -> Option<Cow<'a, str>> {
        self.word(&["url"])
    }

    /// Returns the address of the page before.
    pub(crate) fn referrer(&self) -> Option<Cow<'a, str>> {
        self.word(&["referrer"])
    }

    /// Returns the touchpoint, where the source names it itself.
    pub(crate) fn touchpoint(&self) -> String {
        self.word(&["touchpoint"]).map(|name| json::clean(&name, NAME_LETTERS_MAX)).unwrap_or_default()
    }

    /// Writes what is kept: the properties, and beside them what surrounded the event, which is JSON already.
    pub(crate) fn kept(&self, around: &str) -> Option<String> {
        let properties = match self.raw {
            Some(raw) if !self.is_rewritten => Cow::Borrowed(raw.get()),
            Some(_) => Cow::Owned(self.rewritten()),
            None => Cow::Borrowed(""),
        };
        let mut kept = Members::default();
        kept.push("properties", &properties);
        kept.push("context", around);
        Some(kept.finish()).filter(|kept| !kept.is_empty())
    }

    fn rewritten(&self) -> String {
        let mut written = Members::default();
        for (key, value) in &self.entries.0 {
            match keeping(key, value) {
                Keeping::AsItIs => written.push_any(key, value.get()),
                Keeping::Cut(text) => written.push_any(key, &json::quoted(&text)),
                Keeping::Text(_) | Keeping::Not => {}
            }
        }
        written.finish()
    }

    /// Tells an interaction what it was worth, which offer, experiment, conversation and answer it belongs to, and what
    /// somebody said in it. An amount without a currency is in the other one, which the source may have set.
    ///
    /// # Errors
    /// Says which amount nobody can read: revenue that silently counts as nothing would be worse than a mended event.
    pub(crate) fn tell(&self, arrival: &mut Arrival, otherwise: Option<Currency>) -> Result<(), Reason> {
        arrival.text = self.text();
        // Most events tell nothing more, and this is the hot path.
        if !self.entries.0.iter().any(|(key, _)| Nature::of(key) == Nature::Telling) {
            return Ok(());
        }
        let name =
            |names: &[&str]| self.word(names).map(|word| json::clean(&word, NAME_LETTERS_MAX)).filter(|name| !name.is_empty());
        arrival.offer = name(&["coupon", "coupon_id", "promotion_id", "offer"]);
        arrival.arm = name(&["variation_name", "variation_id", "experiment_variant"]);
        arrival.conversation = name(&["conversation_id", "thread_id"]);
        arrival.campaign = name(&["campaign", "campaign_name"]);
        arrival.reply_to = self.word(&["in_reply_to", "reply_to"]).map(|id| id.trim().as_bytes().to_vec());
        arrival.score = self.score(arrival.form);
        if is_worth_something(arrival.form) {
            let currency = self.word(&["currency"]).map(|code| Currency::parse(&code)).transpose();
            arrival.currency = currency.map_err(|_| {
                tell!(
                    bad_currency,
                    "The `{field}` of the event is no code of ISO 4217: write three letters, such as EUR",
                    field = "currency"
                )
            })?;
            let currency = arrival.currency.or(otherwise);
            let sign = if arrival.form == Form::Cancellation { -1 } else { 1 };
            arrival.value = self.amount(&["revenue", "total", "value"], currency)?.map(|amount| sign * amount.abs());
            arrival.cost = self.amount(&["cost"], currency)?;
            if arrival.value.is_some() || arrival.cost.is_some() {
                arrival.currency = currency;
            }
        }
        Ok(())
    }

    /// Reads an amount exactly, in minor units. Without a currency it has two decimals, as most have.
    fn amount(&self, names: &[&str], currency: Option<Currency>) -> Result<Option<i64>, Reason> {
        let present = names.iter().find_map(|name| Some((name, self.find(name)?)).filter(|(_, raw)| raw.get() != "null"));
        let Some((name, raw)) = present else {
            return Ok(None);
        };
        let text = if raw.get().starts_with('"') { Word::of(raw).0.unwrap_or_default() } else { Cow::Borrowed(raw.get()) };
        let minor =
            amount::parse(text.trim(), '.', None).and_then(|exact| amount::minor(exact, currency.unwrap_or(Currency::EUR)));
        minor.map(Some).ok_or_else(|| {
            tell!(bad_amount, "The `{field}` of the event is no amount of money: write a number, such as 39.95", field = *name)
        })
    }

    fn score(&self, form: Form) -> Option<Score> {
        let answer = |names: &[&str]| self.word(names)?.trim().parse::<i16>().ok();
        match form {
            Form::Review => Score::new(Scale::Five, answer(&["rating", "stars"])?),
            Form::SurveyAnswer => Score::new(Scale::Nps, answer(&["nps", "score"])?),
            _ => Score::new(Scale::Nps, answer(&["nps"])?),
        }
    }

    /// Collects what is personal: one text as it is, several behind their names.
    fn text(&self) -> Option<String> {
        if !self.is_rewritten {
            return None;
        }
        let texts = self.entries.0.iter().filter_map(|(key, value)| match keeping(key, value) {
            Keeping::Text(text) => Some((&**key, text)),
            _ => None,
        });
        let texts: Vec<(&str, Cow<'_, str>)> = texts.collect();
        match texts.as_slice() {
            [] => None,
            [(key, text)] if Nature::of(key) == Nature::FreeText => Some(text.clone().into_owned()),
            several => Some(several.iter().map(|(key, text)| format!("{key}: {text}")).collect::<Vec<_>>().join("\n")),
        }
    }
}

/// Tells whether an amount on such an interaction is money that changed hands, rather than the price of what was seen.
const fn is_worth_something(form: Form) -> bool {
    !matches!(form, Form::View | Form::Click | Form::Visit | Form::Basket | Form::Redemption | Form::Review | Form::Share)
}

/// Decides how one property is kept. Only texts can be personal: a number names nobody.
fn keeping<'a>(key: &str, value: &'a RawValue) -> Keeping<'a> {
    let is_text = value.get().starts_with('"');
    match Nature::of(key) {
        Nature::Search => Keeping::Not,
        Nature::FreeText | Nature::Personal if is_text => Keeping::Text(Word::of(value).0.unwrap_or_default()),
        Nature::Address if is_text => {
            let text = Word::of(value).0.unwrap_or_default();
            match json::without_search(&text).len() {
                end if end < text.len() => Keeping::Cut(Cow::Owned(text[..end].to_owned())),
                _ => Keeping::AsItIs,
            }
        }
        _ => Keeping::AsItIs,
    }
}
