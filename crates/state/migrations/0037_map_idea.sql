-- Notes of a brainstorm: what somebody wrote, the note that it was merged into, and the touchpoint that came of it.
CREATE TABLE map_idea (
    id         BIGINT PRIMARY KEY,
    created_at BIGINT NOT NULL,
    account    BIGINT NOT NULL,
    author     TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    merged     BIGINT,
    touchpoint TEXT
);
