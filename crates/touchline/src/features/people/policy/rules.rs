//! Rules of frequency: how many messages of which kind somebody may see in which time. All rules hold at once, so the
//! strictest wins. Pure: what was sent is given, what follows is told.

use super::hours::{Stretch, stretch};
use super::{Channel, Class};
use jiff::tz::TimeZone;
use model::Instant;
use model::time::{DAY, SECOND};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The longest window: what lies further back is not looked at.
pub(super) const WINDOW_MAX: i64 = 92 * DAY;
/// A limit beyond this is none.
pub(super) const MOST_MAX: u32 = 1_000;

/// Is to which messages a rule applies.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "of", content = "is")]
#[schema(as = ContactScope)]
pub enum Scope {
    /// To all, on every channel together.
    Any,
    /// To those of one channel.
    Channel(Channel),
    /// To those with a tag, such as `newsletter`.
    Tag(String),
    /// To those of one class.
    Class(Class),
    /// To all, for people of one segment.
    Segment(String),
}

/// Is how long a rule looks back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind", content = "seconds")]
#[schema(as = ContactWindow)]
pub enum Window {
    /// So many seconds up to now.
    Rolling(i64),
    /// The person's own day.
    Day,
    /// The person's own week, from Monday.
    Week,
    /// The person's own month.
    Month,
}

/// Is what becomes of a message that a rule stops.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ContactAction)]
pub enum Action {
    /// It is not sent.
    Drop,
    /// It waits until there is room, or its deadline has passed.
    Defer,
    /// It waits, in the place of what waits already with the same tag.
    Replace,
}

/// Is one rule.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ContactRule)]
pub struct Rule {
    /// To what it applies.
    pub scope: Scope,
    /// How many there may be.
    pub most: u32,
    /// In which time.
    pub window: Window,
    /// What becomes of the next one.
    pub action: Action,
}

/// Is a rule with its number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredRule {
    /// Its number.
    pub id: i64,
    /// What it says.
    pub rule: Rule,
}

/// Is a message as rules see it: one that was sent, or one that wants to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Seen {
    pub(super) key: String,
    pub(super) channel: Channel,
    pub(super) class: Class,
    pub(super) tag: String,
    pub(super) segments: Vec<String>,
    pub(super) at: Instant,
}

/// Is a rule that is full.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Full {
    pub(super) rule: i64,
    pub(super) action: Action,
    /// When there is room again.
    pub(super) until: Instant,
    /// The message that took the last place.
    pub(super) competing: Option<String>,
}

impl Rule {
    /// Says what is wrong with a rule.
    ///
    /// # Errors
    /// Returns a sentence.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.most > MOST_MAX {
            return Err("`most` is at most 1,000");
        }
        match (&self.window, &self.scope) {
            (Window::Rolling(seconds), _) if *seconds < 60 || *seconds > WINDOW_MAX / SECOND => {
                Err("A rolling window has 60 seconds to 92 days")
            }
            (_, Scope::Tag(name) | Scope::Segment(name)) if name.is_empty() || name.len() > 100 => {
                Err("A tag or segment has 1 to 100 bytes")
            }
            _ => Ok(()),
        }
    }

    fn applies(&self, seen: &Seen) -> bool {
        match &self.scope {
            Scope::Any => true,
            Scope::Channel(channel) => seen.channel == *channel,
            Scope::Tag(tag) => seen.tag == *tag,
            Scope::Class(class) => seen.class == *class,
            Scope::Segment(segment) => seen.segments.contains(segment),
        }
    }

    /// Returns when the window began, and when a calendar window ends.
    fn window(&self, now: Instant, zone: &TimeZone) -> (Instant, Option<Instant>) {
        let calendar = |kind| stretch(now, zone, kind).map_or((Instant(now.0 - DAY), None), |(start, next)| (start, Some(next)));
        match self.window {
            Window::Rolling(seconds) => (Instant(now.0 - seconds * SECOND), None),
            Window::Day => calendar(Stretch::Day),
            Window::Week => calendar(Stretch::Week),
            Window::Month => calendar(Stretch::Month),
        }
    }
}

impl StoredRule {
    /// Tells whether the rule is full for a message; `sent` is what counts, in any order.
    pub(super) fn full(&self, wanted: &Seen, sent: &[Seen], zone: &TimeZone) -> Option<Full> {
        let rule = &self.rule;
        if !rule.applies(wanted) {
            return None;
        }
        let (start, next) = rule.window(wanted.at, zone);
        // A rule for a segment counts everything its people saw, whichever segment they were in then.
        let counts = |seen: &&Seen| matches!(rule.scope, Scope::Segment(_)) || rule.applies(seen);
        let in_window = |seen: &&Seen| if next.is_some() { seen.at >= start } else { seen.at > start };
        let mut inside: Vec<&Seen> = sent.iter().filter(in_window).filter(counts).collect();
        let most = rule.most as usize;
        if inside.len() < most {
            return None;
        }
        inside.sort_by(|one, other| (one.at, &one.key).cmp(&(other.at, &other.key)));
        let until = match (next, rule.window) {
            (Some(next), _) => next,
            // There is room when all but `most - 1` have left the window; where nothing is allowed, never.
            (None, Window::Rolling(seconds)) => {
                let leaves = inside.len().checked_sub(most.max(1)).and_then(|place| inside.get(place));
                leaves.map_or(Instant(wanted.at.0 + seconds * SECOND), |seen| Instant(seen.at.0 + seconds * SECOND))
            }
            (None, _) => Instant(wanted.at.0 + DAY),
        };
        let competing = inside.last().map(|seen| seen.key.clone());
        Some(Full { rule: self.id, action: rule.action, until, competing })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant(text.parse::<jiff::Timestamp>().expect("a time").as_microsecond())
    }

    fn seen(key: &str, channel: Channel, class: Class, tag: &str, moment: &str) -> Seen {
        let segments = if tag == "gold" { vec!["gold".to_owned()] } else { Vec::new() };
        Seen { key: key.to_owned(), channel, class, tag: tag.to_owned(), segments, at: at(moment) }
    }

    fn mail(key: &str, moment: &str) -> Seen {
        seen(key, Channel::Email, Class::Marketing, "newsletter", moment)
    }

    fn rule(scope: Scope, most: u32, window: Window) -> StoredRule {
        StoredRule { id: 7, rule: Rule { scope, most, window, action: Action::Defer } }
    }

    #[test]
    fn a_rolling_window_opens_when_the_oldest_leaves_it() {
        let sent = [mail("b", "2026-11-25T11:00:00Z"), mail("a", "2026-11-25T09:00:00Z")];
        let two_a_day = rule(Scope::Any, 2, Window::Rolling(86_400));
        let full = two_a_day.full(&mail("c", "2026-11-25T12:00:00Z"), &sent, &TimeZone::UTC).expect("is full");
        assert_eq!((full.until, full.competing.as_deref(), full.rule), (at("2026-11-26T09:00:00Z"), Some("b"), 7));
        assert_eq!(two_a_day.full(&mail("c", "2026-11-26T09:00:00Z"), &sent, &TimeZone::UTC), None);
    }

    #[test]
    fn a_day_is_the_persons_own() {
        let sent = [mail("a", "2026-11-25T22:30:00Z")];
        let one_a_day = rule(Scope::Any, 1, Window::Day);
        let wanted = mail("b", "2026-11-25T23:30:00Z");
        // In Paris midnight has passed between the two, in UTC it has not.
        assert_eq!(one_a_day.full(&wanted, &sent, &TimeZone::get("Europe/Paris").expect("a zone")), None);
        let full = one_a_day.full(&wanted, &sent, &TimeZone::UTC).expect("is full");
        assert_eq!(full.until, at("2026-11-26T00:00:00Z"));
    }

    #[test]
    fn a_scope_says_what_counts() {
        let moment = "2026-11-25T11:00:00Z";
        let sent = [
            mail("a", moment),
            seen("b", Channel::Sms, Class::Marketing, "offer", moment),
            seen("c", Channel::Popup, Class::Survey, "nps", moment),
        ];
        let check = |scope: Scope, most: u32, wanted: &Seen, is_full: bool| {
            let rule = rule(scope.clone(), most, Window::Week);
            assert_eq!(rule.full(wanted, &sent, &TimeZone::UTC).is_some(), is_full, "{scope:?} {most}");
        };
        let wanted = mail("d", "2026-11-25T12:00:00Z");
        check(Scope::Any, 3, &wanted, true);
        check(Scope::Any, 4, &wanted, false);
        check(Scope::Channel(Channel::Email), 1, &wanted, true);
        check(Scope::Channel(Channel::Sms), 1, &wanted, false);
        check(Scope::Tag("offer".to_owned()), 1, &wanted, false);
        check(Scope::Class(Class::Marketing), 2, &wanted, true);
        check(Scope::Class(Class::Survey), 1, &wanted, false);
        check(Scope::Segment("gold".to_owned()), 1, &wanted, false);
        check(Scope::Segment("gold".to_owned()), 3, &seen("e", Channel::Email, Class::Marketing, "gold", moment), true);
    }

    #[test]
    fn a_rule_that_allows_nothing_is_always_full() {
        let none = rule(Scope::Any, 0, Window::Rolling(3_600));
        assert!(none.full(&mail("a", "2026-11-25T12:00:00Z"), &[], &TimeZone::UTC).is_some());
    }
}
