-- Feeds of publications. The link of an item is a tag of the same code, so that opening it is counted.
CREATE TABLE feed (
    name        TEXT   PRIMARY KEY,
    title       TEXT   NOT NULL,
    link        TEXT   NOT NULL,
    description TEXT   NOT NULL,
    language    TEXT   NOT NULL,
    touchpoint  TEXT   NOT NULL,
    changed_at  BIGINT NOT NULL
);

CREATE TABLE publication (
    code         TEXT   PRIMARY KEY REFERENCES tag (code),
    feed         TEXT   NOT NULL REFERENCES feed (name),
    title        TEXT   NOT NULL,
    summary      TEXT   NOT NULL,
    published_at BIGINT NOT NULL,
    withdrawn_at BIGINT
);

-- What programs that fetch a feed for many said last of how many they fetch it for.
CREATE TABLE feed_reader (
    feed        TEXT   NOT NULL REFERENCES feed (name),
    reader      TEXT   NOT NULL,
    subscribers BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL,
    PRIMARY KEY (feed, reader)
);
