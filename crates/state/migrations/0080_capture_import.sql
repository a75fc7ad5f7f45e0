-- Files that were brought in through the browser, and what became of them. The files themselves are in the data directory
-- while they are needed.
CREATE TABLE import (
    id       TEXT   PRIMARY KEY,
    name     TEXT   NOT NULL,
    bytes    BIGINT NOT NULL,
    -- waiting, running, done, failed, discarded
    stage    TEXT   NOT NULL,
    uploaded BIGINT NOT NULL,
    ended    BIGINT,
    by_whom  TEXT   NOT NULL,
    mapping  TEXT   NOT NULL,
    -- What became of it, as the command line tells it; JSON. Columns are named, never what stands in them.
    summary  TEXT,
    -- Why it failed.
    problem  TEXT
);
