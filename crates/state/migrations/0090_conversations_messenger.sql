-- Messengers and other channels that a server of somebody else stands between: how each is reached. `setting` holds secrets,
-- which are never told back.
CREATE TABLE messenger_channel (
    id         TEXT   PRIMARY KEY,
    kind       TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    setting    TEXT   NOT NULL,
    is_on      BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    heard_at   BIGINT,
    sent_at    BIGINT,
    trouble    TEXT   NOT NULL
);

-- On which channel a conversation is, and where its answers go: sealed with the key of `actor`. `stopped`: they said STOP,
-- and nothing since.
CREATE TABLE messenger_thread (
    conversation TEXT   PRIMARY KEY,
    channel      TEXT   NOT NULL,
    actor        BIGINT NOT NULL,
    address      TEXT   NOT NULL,
    language     TEXT   NOT NULL,
    heard_at     BIGINT NOT NULL,
    stopped      BIGINT NOT NULL
);
CREATE INDEX messenger_thread_of ON messenger_thread (actor);

-- Messages on their way out. What they say stands in their conversation; `id` names them for the contact policy and for
-- the other side.
CREATE TABLE parcel (
    id           TEXT   PRIMARY KEY,
    channel      TEXT   NOT NULL,
    actor        BIGINT NOT NULL,
    conversation TEXT   NOT NULL,
    seq          BIGINT NOT NULL,
    state        TEXT   NOT NULL,
    attempts     BIGINT NOT NULL,
    next_at      BIGINT NOT NULL,
    at           BIGINT NOT NULL,
    said         TEXT   NOT NULL,
    their_id     TEXT   NOT NULL
);
CREATE INDEX parcel_state ON parcel (state, next_at);
CREATE INDEX parcel_theirs ON parcel (channel, their_id);
CREATE INDEX parcel_of ON parcel (actor);
