-- Events that were refused, as they came, to be mended and replayed. The number is a hash of source, format and event,
-- so that what is sent again is kept once.
CREATE TABLE quarantine (
    id       BIGINT PRIMARY KEY,
    source   TEXT   NOT NULL,
    format   TEXT   NOT NULL,
    received BIGINT NOT NULL,
    code     TEXT   NOT NULL,
    says     TEXT   NOT NULL,
    body     BLOB   NOT NULL,
    is_cut   BIGINT NOT NULL,
    -- What the browser asked for: 1 GPC, 2 DNT.
    wishes   BIGINT NOT NULL
);

CREATE INDEX quarantine_by_source ON quarantine (source, received);

-- How many had to make room for newer ones, or grew too old.
CREATE TABLE quarantine_dropped (
    source TEXT   NOT NULL,
    code   TEXT   NOT NULL,
    events BIGINT NOT NULL,
    PRIMARY KEY (source, code)
);
