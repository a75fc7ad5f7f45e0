-- When a survey asks by itself: so many days after something happened. What happened until `done_until` was looked at.
CREATE TABLE survey_trigger (
    survey     BIGINT PRIMARY KEY,
    moment     TEXT   NOT NULL,
    days       BIGINT NOT NULL,
    done_until BIGINT NOT NULL
);
