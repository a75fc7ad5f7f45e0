//! The map, read as a cast: for every touchpoint that is heard of, when people meet it and what then arrives.
//!
//! Everything comes from the map's own rules: the first rule of a touchpoint gives the signature of a contact, a rule
//! with the event `reply`, `unsubscribe` or `spam_report` that of what follows. The stage that a contact leads to
//! comes from the stages' entry triggers, so that people of the sample company walk through the map as it is drawn.

use super::Truths;
use super::script::{ADVOCACY, Care, STAGES, Script};
use model::catalogue::{Identified, entry};
use model::map::{Touchpoint, TouchpointMap};
use model::rules::Trigger;
use model::{Class, Direction, Form, Life, Signature};

/// The chance per week to meet a touchpoint in its primary stage, unless the script says otherwise.
const RATE_PRIMARY: f64 = 0.15;
/// The chance per week to meet it in another stage.
const RATE_ELSEWHERE: f64 = 0.05;
/// The chance to move on that one contact adds, unless the script says otherwise.
const EFFECT: f64 = 0.02;
/// What one contact of the under-used touchpoint adds in its primary stage.
const EFFECT_UNDER_USED: f64 = 0.5;
/// How often the under-used touchpoint is met in its primary stage.
const RATE_UNDER_USED: f64 = 0.02;

/// Is one touchpoint as the sample company plays it.
pub(super) struct Part {
    /// The id of the touchpoint.
    pub(super) id: String,
    /// The signatures under which contacts arrive: one per place.
    pub(super) contact: Vec<Signature>,
    /// The signature of our answers, where customers ask.
    pub(super) reply: Option<Signature>,
    /// The signature of an unsubscription.
    pub(super) unsubscribe: Option<Signature>,
    /// The signature of a complaint.
    pub(super) complaint: Option<Signature>,
    /// The signatures of its being closed: one per place.
    pub(super) close: Vec<Signature>,
    /// Within how many days customers are answered: before the target of the channel, nearly always.
    pub(super) answered_within: (f64, f64),
    /// What happens in a contact.
    pub(super) form: Form,
    /// Who speaks.
    pub(super) direction: Direction,
    /// Whether only people known by name are met.
    pub(super) known: bool,
    /// Whether people are met by their e-mail address.
    pub(super) mail: bool,
    /// Whether some contacts stay anonymous.
    pub(super) anonymous: bool,
    /// The cost that the source records with each contact, in minor units.
    pub(super) cost: Option<i64>,
    /// The stage that a contact leads to.
    pub(super) opens: Option<usize>,
    /// Where it is met: the chance per week, by stage.
    pub(super) rates: [f64; STAGES],
    /// What a contact adds to the chance to move on, by stage.
    pub(super) effects: [f64; STAGES],
}

/// Is everything that can happen to a person of the company.
pub(super) struct Cast {
    /// The touchpoints that are heard of.
    pub(super) parts: Vec<Part>,
    /// The parts met by chance, by stage.
    pub(super) met: [Vec<usize>; STAGES],
    /// The parts that lead to a stage.
    pub(super) openers: [Vec<usize>; STAGES],
    /// What follows a purchase.
    pub(super) aftercare: Vec<(usize, &'static Care)>,
    /// The part of the mailing.
    pub(super) mailing: usize,
    /// The signature of the target outcome.
    pub(super) purchase: Signature,
}

impl Cast {
    /// Reads a map and a script.
    pub(super) fn new(map: &TouchpointMap, script: &Script, truths: Truths) -> Self {
        let silent = |touchpoint: &Touchpoint| truths.dark && touchpoint.id == script.dark;
        let heard = |touchpoint: &&Touchpoint| {
            touchpoint.emits && touchpoint.life == Life::Live && touchpoint.class == Class::Customer && !silent(touchpoint)
        };
        let parts: Vec<Part> =
            map.touchpoints.iter().filter(heard).filter_map(|touchpoint| part(map, touchpoint, script, truths)).collect();
        let find = |id: &str| parts.iter().position(|part| part.id == id);
        let mailing = find(script.mailing).expect("a test finds the mailing of every script in its template");
        let aftercare: Vec<(usize, &'static Care)> =
            script.aftercare.iter().filter_map(|care| Some((find(care.touchpoint)?, care))).collect();
        let by_chance = |number: &usize| *number != mailing && aftercare.iter().all(|(other, _)| other != number);
        let met = std::array::from_fn(|stage| {
            (0..parts.len()).filter(by_chance).filter(|number| parts[*number].rates[stage] > 0.0).collect()
        });
        let openers =
            std::array::from_fn(|stage| (0..parts.len()).filter(|number| parts[*number].opens == Some(stage)).collect());
        Self { met, openers, aftercare, mailing, purchase: purchase(map, script.sale), parts }
    }
}

/// Reads one touchpoint; `None` when no rule says how it would be recognised.
fn part(map: &TouchpointMap, touchpoint: &Touchpoint, script: &Script, truths: Truths) -> Option<Part> {
    let contact = signatures(map, touchpoint, None);
    // A till is where the outcome happens: it is met with a purchase, never by chance.
    let form = form_of(&contact.first()?.event).filter(|form| *form != Form::Purchase)?;
    let follow_up = |event: &str| signatures(map, touchpoint, Some(event)).into_iter().next();
    let identified = touchpoint.catalogue.as_deref().and_then(entry).map_or(Identified::Optional, |entry| entry.identified);
    let advertisement = map.channels.iter().any(|channel| channel.id == touchpoint.channel && channel.group == "advertising");
    let opens = opens(map, &touchpoint.id, form);
    Some(Part {
        id: touchpoint.id.clone(),
        reply: follow_up("reply"),
        unsubscribe: follow_up("unsubscribe"),
        complaint: follow_up("spam_report"),
        close: signatures(map, touchpoint, Some("popup_close")),
        answered_within: answered_within(&touchpoint.channel),
        contact,
        form,
        // Where somebody is answered, somebody has asked.
        direction: if follow_up("reply").is_some() { Direction::Inbound } else { touchpoint.direction },
        // A card to a whole neighbourhood needs no name: its code tells who came.
        known: identified == Identified::Always && touchpoint.channel != "post",
        mail: touchpoint.channel == "e-mail",
        anonymous: identified != Identified::Always,
        cost: (advertisement && touchpoint.cost.per_contact > 0).then_some(touchpoint.cost.per_contact),
        opens,
        rates: rates(map, touchpoint, script, truths, opens),
        effects: effects(map, touchpoint, script),
    })
}

/// Tells within how many days customers are answered on a channel where nothing is wrong.
fn answered_within(channel: &str) -> (f64, f64) {
    // An hour is what people put up with there.
    if ["social", "messenger"].iter().any(|quick| channel.contains(quick)) { (0.003, 0.044) } else { (0.01, 0.15) }
}

/// Returns the signatures that the touchpoint's rules describe, for its contacts or for one event that follows them.
///
/// A `*` stands for several places; three are enough to look real.
fn signatures(map: &TouchpointMap, touchpoint: &Touchpoint, event: Option<&str>) -> Vec<Signature> {
    let mut rules = map.rules.iter().filter(|rule| rule.touchpoint == touchpoint.id);
    let rule = match event {
        None => rules.next(),
        Some(event) => rules.find(|rule| rule.signal.event == event),
    };
    let Some(rule) = rule else { return Vec::new() };
    let places = if rule.signal.place.contains('*') { 1..=3 } else { 1..=1 };
    places
        .map(|place| Signature {
            source: rule.signal.source.clone(),
            event: rule.signal.event.clone(),
            channel: touchpoint.channel.clone(),
            place: rule.signal.place.replace('*', &place.to_string()),
            ..Signature::default()
        })
        .collect()
}

/// Finds the signature under which the target outcome arrives: that of the rule which binds it to a touchpoint.
fn purchase(map: &TouchpointMap, (source, event): (&str, &str)) -> Signature {
    let rule = map.rules.iter().find(|rule| rule.signal.source == source && rule.signal.event == event);
    let rule = rule.expect("a test finds the target of every template bound to a touchpoint");
    let channel = map.touchpoint(&rule.touchpoint).map(|at| map.touchpoints[at].channel.clone()).unwrap_or_default();
    Signature {
        source: rule.signal.source.clone(),
        event: rule.signal.event.clone(),
        channel,
        place: rule.signal.place.clone(),
        ..Signature::default()
    }
}

/// Finds the furthest stage that a contact of this form leads to.
fn opens(map: &TouchpointMap, touchpoint: &str, form: Form) -> Option<usize> {
    let fires = |trigger: &Trigger| match trigger {
        Trigger::Forms { forms } => forms.contains(&form),
        Trigger::Touchpoints { touchpoints } => touchpoints.iter().any(|id| id == touchpoint),
        Trigger::Contact {} | Trigger::Outcome { .. } | Trigger::Score { .. } | Trigger::QuietAfter { .. } => false,
    };
    map.stages.iter().rposition(|stage| stage.entry.iter().any(fires))
}

/// Tells how often a touchpoint is met, by stage: never where it would itself lead further.
fn rates(map: &TouchpointMap, touchpoint: &Touchpoint, script: &Script, truths: Truths, opens: Option<usize>) -> [f64; STAGES] {
    let usual = named(script.rates, &touchpoint.id).unwrap_or(RATE_PRIMARY * script.bustle);
    let scarce = truths.under_used && touchpoint.id == script.under_used;
    std::array::from_fn(|stage| {
        let here = touchpoint.cells.iter().any(|cell| cell.stage == map.stages[stage].id);
        let primary = touchpoint.primary_stage == map.stages[stage].id;
        match (here && opens.is_none_or(|opens| opens <= stage), primary) {
            (false, _) => 0.0,
            (true, true) if scarce => RATE_UNDER_USED,
            (true, false) if scarce => RATE_UNDER_USED / 2.0,
            (true, true) => usual,
            (true, false) if stage == ADVOCACY || named(script.rates, &touchpoint.id).is_some() => usual / 2.0,
            (true, false) => RATE_ELSEWHERE * script.bustle,
        }
    })
}

/// Tells how much a contact helps, by stage.
fn effects(map: &TouchpointMap, touchpoint: &Touchpoint, script: &Script) -> [f64; STAGES] {
    let usual = named(script.effects, &touchpoint.id).unwrap_or(EFFECT);
    std::array::from_fn(|stage| match touchpoint.primary_stage == map.stages[stage].id {
        true if touchpoint.id == script.under_used => EFFECT_UNDER_USED,
        true => usual,
        false => usual.min(EFFECT),
    })
}

fn named(list: &[(&str, f64)], id: &str) -> Option<f64> {
    list.iter().find(|(name, _)| *name == id).map(|(_, value)| *value)
}

/// Tells which form the events of the templates' rules have; `None` for an event that no template uses.
fn form_of(event: &str) -> Option<Form> {
    Some(match event {
        "ad_view" | "coupon_seen" | "page_view" | "content_read" | "popup_view" | "promo_view" | "post_view" | "shop_view"
        | "app_open" | "mention" => Form::View,
        "search_click" => Form::Click,
        "visit" | "event_visit" | "fair_visit" => Form::Visit,
        "call_in" | "call_out" | "call_video" => Form::Call,
        "mail_sent" | "mail_in" | "sms_sent" | "bot_message" | "direct_message" | "mailing" => Form::Message,
        "chat" | "served" | "meeting" | "review_meeting" | "consultation" | "workshop" | "discussion" | "activity"
        | "feedback" => Form::Conversation,
        "share" => Form::Share,
        "code_scan" => Form::Brochure,
        "comment" => Form::Comment,
        "review" => Form::Review,
        "answer" => Form::SurveyAnswer,
        "referral" => Form::Referral,
        "download" => Form::Download,
        "form_sent" => Form::Submission,
        "document_sent" | "delivered" => Form::Delivery,
        "stamp" => Form::Redemption,
        "basket" => Form::Basket,
        "usage" | "meal" => Form::Usage,
        "sale" | "order" | "enrolled" | "contract_signed" => Form::Purchase,
        _ => return None,
    })
}
