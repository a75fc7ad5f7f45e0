//! What a person reads when something did not work: what failed, for which input, and what to do now.

use crate::telling::Telling;
use std::fmt;

/// Is an error for people. Its parts are kept apart so that the command line and HTTP can each lay them out.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What failed, naming the input.
    pub what: String,
    /// Why, from the outside in.
    pub because: Vec<String>,
    /// What to do now.
    pub hint: Option<String>,
    /// The same for a reader of another language, where it can be said.
    pub telling: Option<Box<Telling>>,
}

/// Is the result of everything that a person asked for.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// Makes a failure from a sentence that says what failed.
    #[must_use]
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), because: Vec::new(), hint: None, telling: None }
    }

    /// Makes a failure from a sentence that can be said in any language: see [`crate::fail!`].
    #[must_use]
    pub fn telling(telling: Telling) -> Self {
        Self { telling: Some(Box::new(telling.clone())), ..Self::new(telling.says) }
    }

    /// Adds an error, with its whole chain of sources, as the reason.
    #[must_use]
    pub fn because(mut self, error: &dyn std::error::Error) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            let text = error.to_string();
            // Many errors repeat their source in their own words.
            if !self.because.last().is_some_and(|reason| reason.contains(&text)) {
                self.because.push(text);
            }
            next = error.source();
        }
        if self.hint.is_none() && self.because.iter().any(|reason| says_disk_full(reason)) {
            self.hint = Some("The disk is full: make room and do it again; what was stored before is safe".to_owned());
        }
        self
    }

    /// Adds what to do now.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Recognises a full disk in any layer's words: the system's (ENOSPC is 28), and SQLite's, to which a full disk may
/// also be one on which it cannot make the index of its log (SQLITE_IOERR_SHMSIZE is 4874).
fn says_disk_full(reason: &str) -> bool {
    ["(os error 28)", "database or disk is full", "(code: 4874)", "No space left on device"]
        .iter()
        .any(|words| reason.contains(words))
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.what)?;
        for reason in &self.because {
            write!(f, "\n  because: {reason}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Error;

    #[test]
    fn every_part_has_its_line() {
        let failure = Failure::new("Cannot read x").because(&Error::other("it is torn")).hint("Mend it");
        assert_eq!(failure.to_string(), "Cannot read x\n  because: it is torn\n  hint: Mend it");
    }

    #[test]
    fn a_full_disk_is_named_as_such() {
        let failure = Failure::new("Cannot write x").because(&Error::from_raw_os_error(28));
        assert!(failure.hint.expect("has a hint").contains("make room"));
        assert!(Failure::new("Cannot write x").because(&Error::from_raw_os_error(13)).hint.is_none());
    }
}
