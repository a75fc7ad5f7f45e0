-- What somebody wants to be told of: a number that goes beyond another one. `turn` notes whenever that begins or ends.
CREATE TABLE alert (
    id         BIGINT PRIMARY KEY,
    number     TEXT   NOT NULL,
    touchpoint TEXT   NOT NULL,
    segment    TEXT   NOT NULL,
    side       TEXT   NOT NULL,
    than       DOUBLE PRECISION NOT NULL,
    made_by    TEXT   NOT NULL,
    made_at    BIGINT NOT NULL
);
CREATE TABLE alert_turn (
    alert BIGINT NOT NULL,
    at    BIGINT NOT NULL,
    stand TEXT   NOT NULL,
    value DOUBLE PRECISION,
    PRIMARY KEY (alert, at)
);
-- What happened that the numbers do not say: a campaign began, a shop was closed.
CREATE TABLE annotation (
    id         BIGINT PRIMARY KEY,
    day        BIGINT NOT NULL,
    text       TEXT   NOT NULL,
    touchpoint TEXT   NOT NULL,
    made_by    TEXT   NOT NULL
);
CREATE INDEX annotation_day ON annotation (day);
