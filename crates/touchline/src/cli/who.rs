//! How a person is named on the command line: `NAMESPACE:VALUE`, or `-` for a line on standard input.

use crate::failure::{Failure, Result};
use serde_json::{Value, json};
use std::io::Read;

/// More than this is no name.
const NAME_BYTES_MAX: u64 = 64 * 1024;

/// Reads a name, as routes want it. It is personal: no failure repeats it.
pub(super) fn read(text: &str) -> Result<Value> {
    if text != "-" {
        return parsed(text);
    }
    let mut line = String::new();
    let unread = |error| Failure::new("Cannot read a name from standard input").because(&error);
    std::io::stdin().take(NAME_BYTES_MAX).read_to_string(&mut line).map_err(unread)?;
    parsed(line.trim())
}

fn parsed(text: &str) -> Result<Value> {
    match text.split_once(':').map(|(namespace, value)| (namespace.trim(), value.trim())) {
        Some((namespace, value)) if !namespace.is_empty() && !value.is_empty() => {
            Ok(json!({ "namespace": namespace, "value": value }))
        }
        _ => Err(Failure::new("A person is named by a namespace and a value, with a colon between")
            .hint("Such as email:ada@example.org")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_two_parts() {
        let check = |text, namespace: &str, value: &str| {
            assert_eq!(parsed(text).expect("is a name"), json!({ "namespace": namespace, "value": value }));
        };
        check("email:ada@example.org", "email", "ada@example.org");
        check("url:https://example.org", "url", "https://example.org");
        for wrong in ["", "ada", ":ada", "email:", "email:  "] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }
}
