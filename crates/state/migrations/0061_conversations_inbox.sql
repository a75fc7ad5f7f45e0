-- What somebody and we say to each other. Whatever is personal in it is sealed with the key of `actor`; see people's text_key.
CREATE TABLE conversation (
    id            TEXT   PRIMARY KEY,
    number        BIGINT NOT NULL UNIQUE,
    channel       TEXT   NOT NULL,
    actor         BIGINT NOT NULL,
    subject       TEXT   NOT NULL,
    status        TEXT   NOT NULL,
    assignee      BIGINT,
    assigned_name TEXT   NOT NULL,
    team          TEXT   NOT NULL,
    labels        TEXT   NOT NULL,
    touchpoint    TEXT   NOT NULL,
    snoozed_until BIGINT,
    opened_at     BIGINT NOT NULL,
    last_at       BIGINT NOT NULL,
    -- The first message of theirs that nobody has answered, and when the answer is due.
    waiting_since BIGINT,
    due_at        BIGINT,
    answered_at   BIGINT,
    resolved_at   BIGINT,
    seq           BIGINT NOT NULL,
    -- How far the person has seen, so that receipts go both ways.
    seen_seq      BIGINT NOT NULL,
    thread_key    TEXT   NOT NULL
);
CREATE INDEX conversation_status ON conversation (status, last_at);
CREATE INDEX conversation_of ON conversation (actor);
CREATE INDEX conversation_due ON conversation (due_at);

-- Every message, note and event, in the order of `seq` within its conversation. `client_id` makes sending idempotent;
-- `actor` is whose key seals it: the person it is from, of ours the person it is for.
CREATE TABLE message (
    conversation TEXT   NOT NULL,
    seq          BIGINT NOT NULL,
    actor        BIGINT NOT NULL,
    client_id    TEXT   NOT NULL,
    kind         TEXT   NOT NULL,
    account      BIGINT,
    author       TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    body         TEXT   NOT NULL,
    html         TEXT   NOT NULL,
    state        TEXT   NOT NULL,
    told         BIGINT NOT NULL,
    meta         TEXT   NOT NULL,
    PRIMARY KEY (conversation, seq)
);
CREATE UNIQUE INDEX message_client ON message (conversation, client_id);
CREATE INDEX message_told ON message (told);

-- Who takes part beside the staff: the person, and whoever else wrote. A flagged one is unknown and sees no history.
CREATE TABLE participant (
    conversation TEXT   NOT NULL,
    actor        BIGINT NOT NULL,
    identity     TEXT   NOT NULL,
    address      TEXT   NOT NULL,
    name         TEXT   NOT NULL,
    flagged      BIGINT NOT NULL,
    since        BIGINT NOT NULL,
    PRIMARY KEY (conversation, actor)
);

-- One line per change of any conversation, so that a page that was away gets exactly what it missed.
CREATE TABLE conversation_event (
    seq          BIGINT PRIMARY KEY,
    conversation TEXT   NOT NULL,
    what         TEXT   NOT NULL,
    at           BIGINT NOT NULL
);

-- Answers that are written once.
CREATE TABLE canned_reply (
    id    BIGINT PRIMARY KEY,
    name  TEXT   NOT NULL,
    text  TEXT   NOT NULL,
    used  BIGINT NOT NULL
);

-- Hours, targets, the widget, mail: one document.
CREATE TABLE inbox_setting (
    id      BIGINT PRIMARY KEY,
    setting TEXT   NOT NULL
);
