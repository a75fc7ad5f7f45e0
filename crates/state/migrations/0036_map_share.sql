-- Links by which somebody without an account may look at the map until a day: the link itself is kept as a hash only.
CREATE TABLE map_share (
    id         BIGINT PRIMARY KEY,
    hash       TEXT   NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    author     TEXT   NOT NULL,
    variant    TEXT   NOT NULL,
    figures    BIGINT NOT NULL
);
