//! Who may come in: the one-time link, sessions, roles.
