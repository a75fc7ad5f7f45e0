//! The touchpoints and templates that an organisation can start from.
//!
//! Both are data: `catalogue/entries.json` lists the kinds of touchpoint, and each template is a whole map in the
//! native format, so that editing one needs no Rust. The files are part of the binary; tests prove them sound.

use crate::map::TouchpointMap;
use crate::text::Text;
use crate::words::{Class, Direction, Kind};
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;
use utoipa::ToSchema;

/// The names of the templates, in the order in which they are offered.
pub const TEMPLATES: &[&str] = &["online-shop", "shop", "school", "b2b"];

/// Is one kind of touchpoint that organisations use, with what is usual for it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The number: `1` to `58`, `I…` inside the organisation, `X…` outside but not with customers.
    pub id: String,
    /// The name on the screen.
    pub name: Text,
    /// The usual channel.
    pub channel: String,
    /// The nature of the contact.
    pub kind: Kind,
    /// Who takes part.
    pub class: Class,
    /// Who speaks to whom.
    pub direction: Direction,
    /// The stages of the seven-stage life cycle in which it is usual; empty without customers.
    pub stages: Vec<String>,
    /// Whether one can know who was met.
    pub identified: Identified,
    /// The relative cost of one contact, 1 (little) to 5 (much); none where it cannot be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<u8>,
    /// What is usually measured.
    pub metric: Text,
}

/// Says whether the people met at a touchpoint are known.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Identified {
    /// Nobody can be known.
    Never,
    /// Some are known.
    Optional,
    /// Everybody is known.
    Always,
}

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../catalogue/entries.json")).expect("the built-in catalogue is checked by a test")
});

/// Returns every entry of the catalogue, in its order.
#[must_use]
pub fn entries() -> &'static [Entry] {
    &ENTRIES
}

/// Finds an entry by its number, such as `18` or `X1`.
#[must_use]
pub fn entry(id: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.id == id)
}

/// Returns the whole map of a template; `None` for a name that is not in [`TEMPLATES`].
#[must_use]
pub fn template(name: &str) -> Option<TouchpointMap> {
    let json = match name {
        "online-shop" => include_str!("../catalogue/online-shop.json"),
        "shop" => include_str!("../catalogue/shop.json"),
        "school" => include_str!("../catalogue/school.json"),
        "b2b" => include_str!("../catalogue/b2b.json"),
        _ => return None,
    };
    Some(serde_json::from_str(json).expect("the built-in templates are checked by a test"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeSet;

    fn named(name: &str) -> TouchpointMap {
        template(name).expect("a name from TEMPLATES")
    }

    #[test]
    fn the_catalogue_is_complete_and_in_order() {
        let ids: Vec<String> = entries().iter().map(|entry| entry.id.clone()).collect();
        let mut expected: Vec<String> = (1..=58).map(|number| number.to_string()).collect();
        expected.extend(["I1", "I2", "I3", "I4", "X1", "X2", "X3"].map(str::to_owned));
        assert_eq!(ids, expected);
        assert_eq!(entry("18").map(|entry| entry.name.en.as_str()), Some("Newsletter"));
        assert!(entry("59").is_none());
    }

    #[test]
    fn entries_know_the_stages_of_the_templates() {
        let map = named("online-shop");
        for entry in entries() {
            assert!(entry.stages.iter().all(|stage| map.stage(stage).is_some()), "{}", entry.id);
            assert_eq!(entry.stages.is_empty(), entry.class != Class::Customer, "{}", entry.id);
            assert!(entry.cost.is_none_or(|cost| (1..=5).contains(&cost)), "{}", entry.id);
        }
    }

    #[test]
    fn every_template_is_sound() {
        for name in TEMPLATES {
            let map = named(name);
            assert_eq!(map.problems(), [], "{name}");
            assert_eq!(map.template.as_deref(), Some(*name));
            let again: TouchpointMap = serde_json::from_str(&serde_json::to_string(&map).expect("serialises")).expect("reads");
            assert_eq!(again, map);
        }
        assert!(template("zoo").is_none());
    }

    #[test]
    fn weights_are_those_of_the_business_types() {
        fn check(name: &str, expected: [f64; 7]) {
            let weights: Vec<f64> = named(name).stages.iter().map(|stage| stage.weight).collect();
            assert_eq!(weights, expected, "{name}");
        }
        check("online-shop", [0.15, 0.10, 0.20, 0.25, 0.10, 0.15, 0.05]);
        check("shop", [0.20, 0.05, 0.10, 0.25, 0.20, 0.15, 0.05]);
        check("school", [0.10, 0.10, 0.15, 0.15, 0.30, 0.15, 0.05]);
        check("b2b", [0.10, 0.15, 0.25, 0.20, 0.15, 0.10, 0.05]);
    }

    #[test]
    fn templates_hold_the_touchpoints_of_their_business_type() {
        fn check(name: &str, numbers: &str) {
            let map = named(name);
            let present: BTreeSet<&str> =
                map.touchpoints.iter().filter_map(|touchpoint| touchpoint.catalogue.as_deref()).collect();
            for number in numbers.split_whitespace() {
                assert!(present.contains(number), "{name} lacks {number}");
            }
        }
        check("online-shop", "4 5 6 7 8 10 12 13 14 15 17 18 19 20 21 26 28 30 32 33 34 44 52 53 54 55 35 58");
        check("shop", "3 5 17 30 31 41 42 45 46 47 49 50 51 52 24 54 55 58 40");
        check("school", "6 28 18 23 40 45 15 36 26 54 57 58");
        check("b2b", "39 8 9 16 36 38 25 22 23 24 27 42 44 21 54 57 56 58 X1 X2 I1 I3");
    }

    #[test]
    fn touchpoints_agree_with_the_catalogue() {
        for name in TEMPLATES {
            for touchpoint in named(name).touchpoints {
                assert!(touchpoint.cells.iter().any(|cell| cell.stage == touchpoint.primary_stage), "{name}: {}", touchpoint.id);
                if let Some(number) = &touchpoint.catalogue {
                    let entry = entry(number).expect("a number of the catalogue");
                    assert_eq!(
                        (touchpoint.class, touchpoint.direction),
                        (entry.class, entry.direction),
                        "{name}: {}",
                        touchpoint.id
                    );
                }
            }
        }
    }

    #[test]
    fn only_what_a_rule_binds_is_expected_to_emit() {
        for name in TEMPLATES {
            let map = named(name);
            for touchpoint in &map.touchpoints {
                let bound = map.rules.iter().any(|rule| rule.touchpoint == touchpoint.id);
                assert_eq!(touchpoint.emits, bound, "{name}: {}", touchpoint.id);
                assert!(!bound || touchpoint.class == Class::Customer, "{name}: {}", touchpoint.id);
            }
        }
    }

    #[test]
    fn every_text_speaks_three_languages() {
        fn check(value: &Value, place: &str) {
            match value {
                Value::Object(fields) if fields.contains_key("en") => {
                    for language in ["en", "fr", "ru"] {
                        let text = fields.get(language).and_then(Value::as_str).unwrap_or_default();
                        assert!(!text.trim().is_empty(), "{place} lacks {language}: {value}");
                    }
                }
                Value::Object(fields) => fields.iter().for_each(|(name, value)| check(value, &format!("{place}.{name}"))),
                Value::Array(items) => items.iter().for_each(|item| check(item, place)),
                Value::String(_) => {
                    // A `Text` without translations is written as a plain string.
                    let field = place.rsplit('.').next().unwrap_or_default();
                    assert!(
                        !["name", "text", "needs", "message", "optimal_experience", "metric"].contains(&field),
                        "{place}: {value}"
                    );
                }
                _ => {}
            }
        }
        for name in TEMPLATES {
            check(&serde_json::to_value(named(name)).expect("serialises"), name);
        }
        check(&serde_json::to_value(entries()).expect("serialises"), "entries");
    }

    #[test]
    fn objectives_name_no_tool() {
        let tools =
            ["mail", "site", "web", "chat", "app ", "sms", "newsletter", "advert", "social", "phone", "survey", "portal", "bot"];
        for name in TEMPLATES {
            let map = named(name);
            assert!(!map.objectives.is_empty(), "{name}");
            for objective in map.objectives {
                let text = format!("{} ", objective.text.en.to_lowercase());
                assert!(tools.iter().all(|tool| !text.contains(tool)), "{name}: {text}");
            }
        }
    }

    #[test]
    fn key_touchpoints_say_what_the_customer_should_get() {
        for name in TEMPLATES {
            let described =
                named(name).touchpoints.iter().filter(|touchpoint| touchpoint.details.optimal_experience.is_some()).count();
            assert!(described >= 8, "{name}: {described}");
        }
    }
}
