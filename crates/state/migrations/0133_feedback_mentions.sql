-- What others say of us elsewhere: blogs, press, pages of reviews. Author and words are sealed with the key of `actor`.
CREATE TABLE mention (
    id         TEXT   PRIMARY KEY,
    actor      BIGINT NOT NULL,
    source     TEXT   NOT NULL,
    link       TEXT   NOT NULL,
    title      TEXT   NOT NULL,
    author     TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    stars      BIGINT,
    touchpoint TEXT   NOT NULL,
    via        TEXT   NOT NULL,
    at         BIGINT NOT NULL
);
CREATE INDEX mention_at ON mention (at);
CREATE INDEX mention_actor ON mention (actor);

-- Feeds (RSS, Atom) in which others speak of us, read again and again. `wanted` are the words that make an item a mention; empty: all.
CREATE TABLE mention_feed (
    id         BIGINT PRIMARY KEY,
    address    TEXT   NOT NULL,
    source     TEXT   NOT NULL,
    wanted     TEXT   NOT NULL,
    touchpoint TEXT   NOT NULL,
    read_at    BIGINT,
    problem    TEXT   NOT NULL
);
