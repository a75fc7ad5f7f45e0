//! Changing the rules of a map: what the command line and the interface send, and the map that comes of it.

use super::store::check;
use crate::failure::Result;
use model::TouchpointMap;
use model::channels::ChannelRule;
use model::map::MapRule;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Is a change of rules. What is left out stays as it is.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Change {
    /// Rules that bind signals to touchpoints; they come before those that are there, in this order.
    pub rules: Vec<MapRule>,
    /// Rules that are taken away, such as one that was put in front by mistake.
    pub without: Vec<MapRule>,
    /// The organisation's own channel rules: they replace those that are there.
    pub channel_rules: Option<Vec<ChannelRule>>,
    /// Why, in a few words.
    pub note: String,
}

impl Change {
    /// Returns the map as it would be.
    ///
    /// # Errors
    /// Fails when it would not be sound, with every problem.
    pub fn apply(&self, map: &TouchpointMap) -> Result<TouchpointMap> {
        let mut changed = map.clone();
        // A rule that is put in front again is moved, not doubled.
        changed.rules.retain(|rule| !self.rules.contains(rule) && !self.without.contains(rule));
        changed.rules.splice(0..0, self.rules.iter().cloned());
        if let Some(rules) = &self.channel_rules {
            changed.channel_rules.clone_from(rules);
        }
        check(&changed)?;
        Ok(changed)
    }
}

#[cfg(test)]
mod tests {
    use super::super::store::tests::sample;
    use super::*;
    use model::channels::ChannelMatch;
    use model::signal::SignalMatch;

    fn rule(touchpoint: &str, event: &str) -> MapRule {
        MapRule { touchpoint: touchpoint.into(), signal: SignalMatch { event: event.into(), ..SignalMatch::default() } }
    }

    #[test]
    fn new_rules_come_first_and_once() {
        let map = sample();
        let change = Change { rules: vec![rule("newsletter", "a"), rule("counter", "b")], ..Change::default() };
        let once = change.apply(&map).expect("is sound");
        assert_eq!(once.rules[..2], change.rules);
        assert_eq!(once.rules.len(), map.rules.len() + 2);
        assert_eq!(change.apply(&once).expect("is sound"), once);
    }

    #[test]
    fn what_was_put_in_front_can_be_taken_away() {
        let map = sample();
        let bound = Change { rules: vec![rule("newsletter", "a")], ..Change::default() };
        let undone = Change { without: bound.rules.clone(), ..Change::default() };
        assert_eq!(undone.apply(&bound.apply(&map).expect("is sound")).expect("is sound"), map);
    }

    #[test]
    fn channel_rules_are_replaced_whole_and_survive_both_files() {
        let own = |channel: &str| ChannelRule {
            channel: channel.into(),
            when: ChannelMatch { medium: vec!["cpc".into()], ..ChannelMatch::default() },
        };
        let change = |rules| Change { channel_rules: Some(rules), ..Change::default() };
        let map = change(vec![own("agency")]).apply(&sample()).expect("is sound");
        assert_eq!(super::super::apply_json(&super::super::export_json(&map).expect("writes")).expect("reads"), map);
        let table = super::super::export_csv(&map).expect("writes");
        assert_eq!(super::super::apply_csv(&map, &table).expect("applies"), map, "the table leaves them as they are");
        assert_eq!(change(Vec::new()).apply(&map).expect("is sound"), sample());
    }

    #[test]
    fn what_would_not_be_sound_is_refused() {
        let nowhere = Change { rules: vec![rule("newsleter", "a")], ..Change::default() };
        let failure = nowhere.apply(&sample()).expect_err("is refused").to_string();
        assert!(failure.contains("did you mean `newsletter`"), "{failure}");
        let empty = ChannelRule { channel: "x".into(), when: ChannelMatch::default() };
        assert!(Change { channel_rules: Some(vec![empty]), ..Change::default() }.apply(&sample()).is_err());
    }
}
