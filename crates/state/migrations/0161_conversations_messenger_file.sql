-- Files that came by messenger and are to be fetched: the name or address that the other side gave, sealed with the key of `actor`,
-- until the file is there or given up. Then the row says only that it was dealt with.
CREATE TABLE messenger_file (
    id           TEXT   PRIMARY KEY,
    actor        BIGINT NOT NULL,
    channel      TEXT   NOT NULL,
    conversation TEXT   NOT NULL,
    seq          BIGINT NOT NULL,
    place        BIGINT NOT NULL,
    name         TEXT   NOT NULL,
    reference    TEXT   NOT NULL,
    attempts     BIGINT NOT NULL,
    next_at      BIGINT NOT NULL,
    is_done      BIGINT NOT NULL
);
CREATE INDEX messenger_file_due ON messenger_file (is_done, next_at);
CREATE INDEX messenger_file_actor ON messenger_file (actor);
