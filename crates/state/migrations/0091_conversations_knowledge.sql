-- What is known and may be told: one article in up to three languages. Nothing in it is personal.
CREATE TABLE article (
    id         TEXT   PRIMARY KEY,
    status     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    changed_by TEXT   NOT NULL
);
CREATE TABLE article_text (
    article  TEXT NOT NULL,
    language TEXT NOT NULL,
    title    TEXT NOT NULL,
    body     TEXT NOT NULL,
    spoken   TEXT NOT NULL,
    PRIMARY KEY (article, language)
);

-- How often an article was read, helped, did not, was put into an answer, was told by a machine: per day.
CREATE TABLE article_use (
    article TEXT   NOT NULL,
    day     BIGINT NOT NULL,
    how     TEXT   NOT NULL,
    count   BIGINT NOT NULL,
    PRIMARY KEY (article, day, how)
);
