//! What a person reads when something did not work: what failed, for which input, and what to do now.

use std::fmt;

/// Is an error for people. Its parts are kept apart so that the command line and HTTP can each lay them out.
#[derive(Debug)]
pub struct Failure {
    /// What failed, naming the input.
    pub what: String,
    /// Why, from the outside in.
    pub because: Vec<String>,
    /// What to do now.
    pub hint: Option<String>,
}

/// Is the result of everything that a person asked for.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// Makes a failure from a sentence that says what failed.
    #[must_use]
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), because: Vec::new(), hint: None }
    }

    /// Adds an error, with its whole chain of sources, as the reason.
    #[must_use]
    pub fn because(mut self, error: &dyn std::error::Error) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            let text = error.to_string();
            if self.because.last() != Some(&text) {
                self.because.push(text);
            }
            next = error.source();
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
