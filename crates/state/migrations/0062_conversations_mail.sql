-- Mail on its way out. `send_key` names it for the contact policy; to, subject and body are sealed with the key of `actor`.
CREATE TABLE letter (
    id           TEXT   PRIMARY KEY,
    actor        BIGINT NOT NULL,
    conversation TEXT   NOT NULL,
    seq          BIGINT NOT NULL,
    class        TEXT   NOT NULL,
    tag          TEXT   NOT NULL,
    recipient    TEXT   NOT NULL,
    subject      TEXT   NOT NULL,
    body         TEXT   NOT NULL,
    headers      TEXT   NOT NULL,
    state        TEXT   NOT NULL,
    attempts     BIGINT NOT NULL,
    next_at      BIGINT NOT NULL,
    at           BIGINT NOT NULL,
    said         TEXT   NOT NULL
);
CREATE INDEX letter_state ON letter (state, next_at);
CREATE INDEX letter_of ON letter (conversation, seq);

-- Mail as it came, whole, sealed with the key of its sender: what could not be read is here to be looked at.
CREATE TABLE mail_received (
    id           TEXT   PRIMARY KEY,
    actor        BIGINT NOT NULL,
    conversation TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    trouble      TEXT   NOT NULL,
    raw          TEXT   NOT NULL
);
CREATE INDEX mail_received_of ON mail_received (conversation);

-- When somebody was last answered by a machine, so that two machines never talk to each other.
CREATE TABLE auto_answer (
    actor BIGINT PRIMARY KEY,
    at    BIGINT NOT NULL
);
