-- Reports that go by mail again and again. `next_at` is the moment of the next one: whoever moves it on sends, and it is moved in
-- the transaction that queues the letters. `told` is what the last letter said, for the changes since.
CREATE TABLE report_plan (
    id        BIGINT PRIMARY KEY,
    name      TEXT   NOT NULL,
    plan      TEXT   NOT NULL,
    is_paused BIGINT NOT NULL,
    next_at   BIGINT NOT NULL,
    last_at   BIGINT,
    last_to   BIGINT NOT NULL,
    told      TEXT   NOT NULL,
    trouble   TEXT   NOT NULL,
    made_by   TEXT   NOT NULL,
    made_at   BIGINT NOT NULL
);
CREATE INDEX report_plan_next ON report_plan (is_paused, next_at);
