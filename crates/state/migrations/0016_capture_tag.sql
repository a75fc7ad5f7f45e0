-- Codes in print and elsewhere that lead people somewhere. Where to is fixed here, and nothing in a request changes it.
-- A code is never used twice: it may hang on a wall for years.
CREATE TABLE tag (
    code       TEXT   PRIMARY KEY,
    target     TEXT   NOT NULL,
    source     TEXT   NOT NULL,
    form       TEXT   NOT NULL,
    event      TEXT   NOT NULL,
    channel    TEXT   NOT NULL,
    place      TEXT   NOT NULL,
    campaign   TEXT   NOT NULL,
    touchpoint TEXT   NOT NULL,
    utm        BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT
);
