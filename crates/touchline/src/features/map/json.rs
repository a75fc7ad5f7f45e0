//! The native document: everything that a map holds, and back without loss.

use super::store::check;
use crate::failure::{Failure, Result};
use model::TouchpointMap;
use model::map::nearest;

/// Writes a map as its native document.
///
/// # Errors
/// Fails when a number in the map is not finite.
pub fn export(map: &TouchpointMap) -> Result<String> {
    let mut text =
        serde_json::to_string_pretty(map).map_err(|error| Failure::new("Cannot write the map as JSON").because(&error))?;
    text.push('\n');
    Ok(text)
}

/// Reads a native document and refuses one that is not sound.
///
/// # Errors
/// Fails with line and column where the text is no map, and with every problem where the map is not sound.
pub fn apply(text: &str) -> Result<TouchpointMap> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let map: TouchpointMap = serde_json::from_str(text).map_err(|error| {
        let failure = Failure::new("The file is not a touchpoint map").because(&error);
        match meant(&error.to_string()) {
            Some(near) => failure.hint(format!("Did you mean `{near}`?")),
            None => failure.hint("See a sound one with: touchline map export --format json"),
        }
    })?;
    check(&map)?;
    Ok(map)
}

/// Finds the name that was meant in a message such as ``unknown field `x`, expected one of `y`, `z` ``.
fn meant(message: &str) -> Option<String> {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let written = quoted.next().filter(|_| message.starts_with("unknown "))?;
    nearest(written, quoted).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::super::store::tests::sample;
    use super::*;

    #[test]
    fn nothing_is_lost() {
        let map = sample();
        assert_eq!(apply(&export(&map).expect("writes")).expect("reads"), map);
    }

    #[track_caller]
    fn check_refused(change: (&str, &str), reasons: &[&str]) {
        let text = export(&sample()).expect("writes");
        assert!(text.contains(change.0), "{}", change.0);
        let failure = apply(&text.replacen(change.0, change.1, 1)).expect_err("is refused").to_string();
        for reason in reasons {
            assert!(failure.contains(reason), "{reason} is not in: {failure}");
        }
    }

    #[test]
    fn refusals_name_the_place_and_the_nearest_word() {
        check_refused(
            ("\"channel\": \"e-mail\"", "\"chanel\": \"e-mail\""),
            &["unknown field `chanel`", "line", "Did you mean `channel`"],
        );
        check_refused(("\"kind\": \"static\"", "\"kind\": \"statik\""), &["unknown variant `statik`", "Did you mean `static`"]);
        check_refused(
            ("\"channel\": \"e-mail\"", "\"channel\": \"email\""),
            &["touchpoints.newsletter.channel", "did you mean `e-mail`"],
        );
        check_refused(("\"weight\": 0.4", "\"weight\": 0.5"), &["the weights sum to 1.100"]);
        check_refused(("{", "["), &["not a touchpoint map"]);
    }

    #[test]
    fn every_problem_is_listed_at_once() {
        let mut map = sample();
        map.touchpoints[0].channel = "email".into();
        map.touchpoints[1].primary_stage = "awarenes".into();
        let text = serde_json::to_string(&map).expect("writes");
        let failure = apply(&text).expect_err("is refused");
        assert_eq!(failure.because.len(), 2, "{failure}");
    }
}
