//! Feedback: what customers say when asked and when not: surveys, reviews, mentions.
