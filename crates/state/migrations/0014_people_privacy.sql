-- The keys that seal what somebody wrote; without its key a text cannot be read anywhere, backups included.
CREATE TABLE text_key (
    actor BIGINT PRIMARY KEY,
    key   BLOB   NOT NULL
);

-- The last word of an identity on each purpose, with its proof.
CREATE TABLE consent (
    actor   BIGINT NOT NULL,
    purpose TEXT   NOT NULL,
    given   BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    proof   TEXT   NOT NULL,
    PRIMARY KEY (actor, purpose)
);

-- Identities of people whose data are kept but not used, since when, and why.
CREATE TABLE restriction (
    actor BIGINT PRIMARY KEY,
    since BIGINT NOT NULL,
    note  TEXT   NOT NULL
);

-- Who was erased, as a keyed hash of each identity: what happened until then is not taken again.
CREATE TABLE tombstone (
    actor     BLOB   PRIMARY KEY,
    erased_at BIGINT NOT NULL
);

-- Which interactions were erased, as keyed hashes of their ids: they are not taken again, whatever their date.
CREATE TABLE erased_interaction (
    id BLOB PRIMARY KEY
);

-- Erasures that are not finished, and the identities they concern; empty but for minutes.
CREATE TABLE erasure (
    id        TEXT   PRIMARY KEY,
    erased_at BIGINT NOT NULL,
    note      TEXT   NOT NULL
);
CREATE TABLE erasure_actor (
    erasure TEXT   NOT NULL,
    actor   BIGINT NOT NULL,
    PRIMARY KEY (erasure, actor)
);

-- What was erased, by count: nothing in it names anybody.
CREATE TABLE erasure_receipt (
    id        TEXT   PRIMARY KEY,
    erased_at BIGINT NOT NULL,
    receipt   TEXT   NOT NULL
);

-- Secrets of this installation, by use.
CREATE TABLE secret (
    use TEXT PRIMARY KEY,
    key BLOB NOT NULL
);
