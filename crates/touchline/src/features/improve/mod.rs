//! What to change: verdicts in words, with their actions.
