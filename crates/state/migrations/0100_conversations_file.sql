-- Files in conversations. Those of a mail are parts of the mail as it came, and `part` says which; of all others `body` is the
-- file itself. Name and body are sealed with the key of `actor`. Until its message is sent, `seq` is 0.
CREATE TABLE message_file (
    id           TEXT   PRIMARY KEY,
    actor        BIGINT NOT NULL,
    conversation TEXT   NOT NULL,
    seq          BIGINT NOT NULL,
    place        BIGINT NOT NULL,
    at           BIGINT NOT NULL,
    name         TEXT   NOT NULL,
    size         BIGINT NOT NULL,
    kind         TEXT   NOT NULL,
    part         BIGINT,
    body         BLOB   NOT NULL
);
CREATE INDEX message_file_of ON message_file (conversation, seq);
CREATE INDEX message_file_actor ON message_file (actor);
-- A mail is known again wherever it was put the first time.
CREATE INDEX message_client_id ON message (client_id);
