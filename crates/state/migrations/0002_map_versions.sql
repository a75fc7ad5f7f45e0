-- Every version of the map that was ever applied; the one with the highest number is current.
CREATE TABLE map (
    id         BIGINT PRIMARY KEY,
    created_at BIGINT NOT NULL,
    document   TEXT   NOT NULL,
    note       TEXT   NOT NULL
);
