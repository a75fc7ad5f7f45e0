-- Who did what and when; and what the organisation wishes its pages to be like.
CREATE TABLE audit (
    id      BIGINT PRIMARY KEY,
    at      BIGINT NOT NULL,
    account BIGINT NOT NULL,
    name    TEXT   NOT NULL,
    action  TEXT   NOT NULL,
    about   TEXT   NOT NULL
);

CREATE TABLE organisation (
    id       BIGINT PRIMARY KEY,
    document TEXT   NOT NULL
);
