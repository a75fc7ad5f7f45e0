//! What each touchpoint does: the analyses over ledger and map.
