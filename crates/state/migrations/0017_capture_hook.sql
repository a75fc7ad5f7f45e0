-- Addresses to which other programs send signed bodies. The secret is kept as it is: it has to be used to check.
CREATE TABLE hook (
    name       TEXT   PRIMARY KEY,
    scheme     TEXT   NOT NULL,
    secret     TEXT   NOT NULL,
    parts      TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
