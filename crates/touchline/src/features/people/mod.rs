//! Who is behind an identity: identity facts, traits, resolution.
