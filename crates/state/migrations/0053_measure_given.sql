-- What people enter because no machine can count it: audits, preferences, targets, opening hours. Each entry stays, so that an audit can be
-- compared with the one before; the latest of a kind counts.
CREATE TABLE measure_given (
    id   BIGINT PRIMARY KEY,
    kind TEXT   NOT NULL,
    body TEXT   NOT NULL,
    entered_by TEXT NOT NULL,
    at   BIGINT NOT NULL
);
CREATE INDEX measure_given_kind ON measure_given (kind, at);
