-- Blocks of comments under pages of the organisation. `levels` says who may write, as words with spaces between: anonymous, named, verified.
CREATE TABLE comment_block (
    id         BIGINT PRIMARY KEY,
    token      TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    touchpoint TEXT   NOT NULL,
    levels     TEXT   NOT NULL,
    in_inbox   BIGINT NOT NULL,
    is_on      BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX comment_block_token ON comment_block (token);

-- What was written there. `state` is unproved (a link of a mail was not followed yet), pending, published or refused. Identity, name,
-- the address of a page of theirs and words are sealed with the key of `actor`; `conversation` is its one in the inbox, if any.
CREATE TABLE page_comment (
    id           TEXT   PRIMARY KEY,
    block        BIGINT NOT NULL,
    page         TEXT   NOT NULL,
    actor        BIGINT NOT NULL,
    identity     TEXT   NOT NULL,
    level        TEXT   NOT NULL,
    name         TEXT   NOT NULL,
    link         TEXT   NOT NULL,
    body         TEXT   NOT NULL,
    wants_word   BIGINT NOT NULL,
    state        TEXT   NOT NULL,
    reason       TEXT   NOT NULL,
    reply        TEXT   NOT NULL,
    conversation TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    replied_at   BIGINT
);
CREATE INDEX page_comment_of ON page_comment (block, page, state, at);
CREATE INDEX page_comment_state ON page_comment (state, at);
CREATE INDEX page_comment_actor ON page_comment (actor);
