-- How far the mailbox was read over IMAP. `box` is a hash of server, user and folder: of another box this says nothing.
CREATE TABLE mail_fetch (
    id           BIGINT PRIMARY KEY,
    box          TEXT   NOT NULL,
    uid_validity BIGINT NOT NULL,
    uid          BIGINT NOT NULL,
    -- The mail that comes next, and how often fetching it broke off.
    tries        BIGINT NOT NULL,
    looked_at    BIGINT NOT NULL,
    trouble      TEXT   NOT NULL
);
