-- The improvement backlog: what is to be done about a finding, what is expected of it, and how far it is.
CREATE TABLE improvement (
    id         BIGINT PRIMARY KEY,
    title      TEXT   NOT NULL,
    touchpoint TEXT,
    -- The verdict it came from, and what is expected of the action: as they were when it was made.
    verdict    TEXT,
    expected   TEXT,
    status     TEXT   NOT NULL,
    owner      TEXT   NOT NULL,
    due        TEXT,
    note       TEXT   NOT NULL,
    place      DOUBLE PRECISION NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT   NOT NULL,
    started_at BIGINT,
    done_at    BIGINT
);
