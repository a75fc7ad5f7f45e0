//! What happened: every way in which interactions reach the ledger.
