-- What an organisation has thought about before it draws its map: one row, whose document `features/goals` reads.
CREATE TABLE setup (
    id         BIGINT PRIMARY KEY,
    version    BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    document   TEXT   NOT NULL
);
