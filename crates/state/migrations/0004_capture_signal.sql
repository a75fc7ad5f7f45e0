-- The signatures by which interactions are recognised, numbered densely from 0.
CREATE TABLE signal (
    id         BIGINT PRIMARY KEY,
    source     TEXT   NOT NULL,
    event      TEXT   NOT NULL,
    channel    TEXT   NOT NULL,
    place      TEXT   NOT NULL,
    campaign   TEXT   NOT NULL,
    touchpoint TEXT   NOT NULL,
    UNIQUE (source, event, channel, place, campaign, touchpoint)
);
