//! The English sentences of reasons and actions, for the command line. The browser has its own in three languages.
//!
//! `docs/improve.md` lists the keys with their numbers.

use model::{Action, Currency, Reason};
use std::collections::BTreeMap;

/// Says why a verdict was given.
#[must_use]
pub fn reason(reason: &Reason, currency: Currency) -> String {
    let n = Numbers { numbers: &reason.numbers, currency };
    match reason.key.as_str() {
        "none.planned" => "Not in use: nothing to judge.".to_owned(),
        "none.not_customer" => "Not met by customers: judged on the board of partners and departments.".to_owned(),
        "dark.silent" => format!("Live, yet nothing was heard of it in {} days.", n.count("days")),
        "insufficient.unseen" => "It sends no interactions by nature: ask people or look for yourself.".to_owned(),
        "insufficient.not_met" => "Nobody of this segment has met it.".to_owned(),
        "insufficient.n" => format!(
            "{} people could be compared, which is too few to tell: about {} more are needed.",
            n.count("n"),
            n.count("needed")
        ),
        "over_used.r1" => format!(
            "Suspected over-use: a contact after number {} in a period costs more than it brings; {} of {} person-periods ({}) got more.",
            n.count("saturation"),
            n.count("over_periods"),
            n.count("n"),
            n.share("beyond"),
        ),
        "over_used.r2" => format!(
            "Suspected over-use: complaints and unsubscriptions rise with frequency (z {:.2}, p {:.4}), and the most frequent contact loses {} each.",
            n.raw("z"),
            n.raw("p"),
            n.money_of(-n.raw("net")),
        ),
        "over_used.r3" => format!("Suspected over-use: {} of contacts led to a complaint.", n.share("complaint_rate")),
        "over_used.r4" => format!(
            "Suspected over-use: {} close it within two seconds the third time they see it, {} the first time; the rise is {}, at least {}.",
            n.share("third"),
            n.share("first"),
            n.points("rise"),
            n.points("low"),
        ),
        "wasted.ratio" => format!(
            "It takes {} of all cost and brings {} of the effect; {} is spent above the average price of an effect.",
            n.share("cost_share"),
            n.share("effect_share"),
            n.money("waste"),
        ),
        "under_used.reach" => format!(
            "It moves people on ({} against a median of {}) and reaches only {} of them; about {} more [{}; {}] could be won.",
            n.points("effect"),
            n.points("stage_median"),
            n.share("reach"),
            n.count("potential"),
            n.count("potential_low"),
            n.count("potential_high"),
        ),
        "effective.progression" => format!(
            "People who meet it move on more often: {} [{}; {}]; the stage's median is {}.",
            n.points("lift"),
            n.points("low"),
            n.points("high"),
            n.points("stage_median"),
        ),
        "needs_care.satisfaction" => {
            format!("Only {} are satisfied; the target is {}.", n.share("satisfaction"), n.share("target"))
        }
        "needs_care.unanswered" => {
            format!(
                "Only {} of {} requests are answered at all; at least {} should be.",
                n.share("share"),
                n.count("n"),
                n.share("target")
            )
        }
        "needs_care.late" => format!(
            "Only {} of {} requests are answered within {} minutes, the target; at least {} should be.",
            n.share("share"),
            n.count("n"),
            n.number("minutes"),
            n.share("target"),
        ),
        "effective.keep_up" => format!(
            "It matters to customers more than most ({}), and {} are satisfied, more than elsewhere: surely so by {}.",
            n.number("importance"),
            n.share("satisfaction"),
            n.share("probability"),
        ),
        "needs_care.concentrate" => format!(
            "It matters to customers more than most ({}), and {} are satisfied, fewer than elsewhere: surely so by {}.",
            n.number("importance"),
            n.share("satisfaction"),
            n.share("probability"),
        ),
        "neutral.ordinary" => format!("Nothing stands out (effect {}).", n.points("lift")),
        "neutral.justified" => format!(
            "Costly ({} of cost for {} of effect), justified by its declared purpose.",
            n.share("cost_share"),
            n.share("effect_share"),
        ),
        other => other.to_owned(),
    }
}

/// Says what to do about a verdict.
#[must_use]
pub fn action(action: &Action, currency: Currency) -> String {
    let n = Numbers { numbers: &action.numbers, currency };
    match action.key.as_str() {
        "connect_source" => "Connect its source, or bind its signals to it.".to_owned(),
        "ask_people" => "Add a question to a survey, or a code that can be scanned.".to_owned(),
        "collect_data" => format!("Go on collecting: about {} more people.", n.count("needed")),
        "cap_frequency" => format!("Cap it at {} per person and period.", n.count("cap")),
        "reduce_spend" => format!("Move up to {} to where it brings more.", n.money("amount")),
        "raise_reach" => format!("Raise its reach to {}, as an experiment with a control group.", n.share("target")),
        "keep" => "Keep it up.".to_owned(),
        "improve_experience" => "Find out what displeases, and mend it.".to_owned(),
        "show_less" => format!("Show it to nobody more than {} times, or later, or to fewer.", n.count("cap")),
        "answer_all" => "Give each request an owner, so that none is left without an answer.".to_owned(),
        "answer_sooner" => format!("Answer sooner, or say there that it takes longer than {} minutes.", n.number("minutes")),
        "watch" => "Watch it.".to_owned(),
        "none" => String::new(),
        other => other.to_owned(),
    }
}

/// Lays out the numbers of a sentence.
struct Numbers<'a> {
    numbers: &'a BTreeMap<String, f64>,
    currency: Currency,
}

impl Numbers<'_> {
    fn raw(&self, name: &str) -> f64 {
        self.numbers.get(name).copied().unwrap_or(f64::NAN)
    }

    fn count(&self, name: &str) -> String {
        format!("{:.0}", self.raw(name))
    }

    /// With a decimal where it is not whole: half a minute is no minute.
    fn number(&self, name: &str) -> String {
        let value = self.raw(name);
        if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.1}") }
    }

    fn share(&self, name: &str) -> String {
        let percent = self.raw(name) * 100.0;
        if percent.abs() < 1.0 { format!("{percent:.2} %") } else { format!("{percent:.1} %") }
    }

    fn points(&self, name: &str) -> String {
        format!("{:+.1} points", self.raw(name) * 100.0)
    }

    fn money(&self, name: &str) -> String {
        self.money_of(self.raw(name))
    }

    fn money_of(&self, minor: f64) -> String {
        let digits = self.currency.digits() as usize;
        format!("{:.digits$} {}", self.currency.major(minor.round() as i64), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys with their numbers, as the documentation lists them.
    fn documented() -> Vec<(String, Vec<String>)> {
        let page = include_str!("../../../../../docs/improve.md");
        let rows = page.lines().filter(|line| line.starts_with("| `"));
        let mut keys = Vec::new();
        for row in rows {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            let numbers: Vec<String> =
                cells[1].split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
            keys.extend(cells[0].split(',').map(|key| (key.trim().trim_matches('`').to_owned(), numbers.clone())));
        }
        keys
    }

    #[test]
    fn every_documented_key_has_a_sentence_that_needs_only_its_numbers() {
        let documented = documented();
        assert!(documented.len() >= 20, "{documented:?}");
        for (key, names) in documented {
            let numbers: Vec<(&str, f64)> = names.iter().map(|name| (name.as_str(), 0.5)).collect();
            let Reason { key, numbers } = Reason::new(&key, &numbers);
            let said = if key.contains('.') {
                reason(&Reason { key: key.clone(), numbers }, Currency::EUR)
            } else {
                action(&Action { key: key.clone(), numbers }, Currency::EUR)
            };
            assert!(said != key && !said.contains("NaN"), "{key}: {said}");
        }
    }
}
