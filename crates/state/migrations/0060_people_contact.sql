-- What people said about being contacted: per class of message and channel, and how often at most (in days; 0: no wish).
CREATE TABLE contact_word (
    actor   BIGINT NOT NULL,
    class   TEXT   NOT NULL,
    channel TEXT   NOT NULL,
    given   BIGINT NOT NULL,
    every   BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    proof   TEXT   NOT NULL,
    PRIMARY KEY (actor, class, channel)
);

-- Addresses that must not be written to any more, whoever asks: bounced, complained, said STOP.
CREATE TABLE contact_suppression (
    actor   BIGINT NOT NULL,
    channel TEXT   NOT NULL,
    reason  TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (actor, channel)
);

-- Why nothing is promoted to somebody just now, such as an open conversation.
CREATE TABLE contact_hold (
    actor  BIGINT NOT NULL,
    reason TEXT   NOT NULL,
    since  BIGINT NOT NULL,
    PRIMARY KEY (actor, reason)
);

-- Everything that was reserved, sent or, for a hold-out, not sent on the same schedule. `lease` fences workers that died.
CREATE TABLE contact_send (
    send_key  TEXT   PRIMARY KEY,
    actor     BIGINT NOT NULL,
    channel   TEXT   NOT NULL,
    class     TEXT   NOT NULL,
    tag       TEXT   NOT NULL,
    segments  TEXT   NOT NULL,
    state     TEXT   NOT NULL,
    counts    BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    lease     TEXT   NOT NULL,
    lease_end BIGINT NOT NULL
);
CREATE INDEX contact_send_of ON contact_send (actor, at);

-- What was not sent, and why.
CREATE TABLE contact_skip (
    send_key  TEXT   PRIMARY KEY,
    actor     BIGINT NOT NULL,
    channel   TEXT   NOT NULL,
    class     TEXT   NOT NULL,
    tag       TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    why       TEXT   NOT NULL,
    rule      BIGINT,
    competing TEXT,
    told      BIGINT NOT NULL
);
CREATE INDEX contact_skip_of ON contact_skip (actor, at);
CREATE INDEX contact_skip_told ON contact_skip (told);

-- What waits for a better moment, until its deadline. `ask` is the whole question, to be asked anew.
CREATE TABLE contact_waiting (
    send_key TEXT   PRIMARY KEY,
    actor    BIGINT NOT NULL,
    until    BIGINT NOT NULL,
    deadline BIGINT NOT NULL,
    worth    DOUBLE PRECISION NOT NULL,
    tag      TEXT   NOT NULL,
    ask      TEXT   NOT NULL
);
CREATE INDEX contact_waiting_until ON contact_waiting (until);

-- The rules of frequency, all of which hold at once.
CREATE TABLE contact_rule (
    id         BIGINT PRIMARY KEY,
    rule       TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);

-- Everything else that the organisation decides about contact, as one document.
CREATE TABLE contact_policy (
    id     BIGINT PRIMARY KEY,
    policy TEXT   NOT NULL
);
