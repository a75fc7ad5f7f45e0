//! What a touchpoint does to people: experiments, changes before and after, and what follows a bad contact.

pub mod after_contact;
pub mod before_after;
pub mod experiment;
pub mod follow_up;
pub mod peeking;
pub mod time_to;
pub mod trial;
pub mod weeks;
