-- The text of every raw identity, under the number by which the ledger knows it (64 bits, as a signed number).
CREATE TABLE actor (
    id        BIGINT PRIMARY KEY,
    namespace TEXT   NOT NULL,
    value     TEXT   NOT NULL
);

-- Append-only statements that two identities belong together; one is the smaller number.
CREATE TABLE identity_fact (
    one   BIGINT NOT NULL,
    other BIGINT NOT NULL,
    link  BIGINT NOT NULL,
    at    BIGINT NOT NULL,
    PRIMARY KEY (one, other, link)
);

-- People who were joined to another person since the ledger was last compacted: rows may still bear their number.
CREATE TABLE relocation (
    person BIGINT PRIMARY KEY
);

-- What is known of an identity: the last value by time.
CREATE TABLE trait (
    actor BIGINT NOT NULL,
    key   TEXT   NOT NULL,
    value TEXT   NOT NULL,
    at    BIGINT NOT NULL,
    PRIMARY KEY (actor, key)
);
