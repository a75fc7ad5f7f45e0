-- Who may come in. Tokens are stored as hashes: whoever reads this table cannot use them.
CREATE TABLE account (
    id         BIGINT PRIMARY KEY,
    name       TEXT   NOT NULL,
    role       TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE one_time_token (
    hash       TEXT   PRIMARY KEY,
    account    BIGINT NOT NULL REFERENCES account (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE session (
    hash       TEXT   PRIMARY KEY,
    account    BIGINT NOT NULL REFERENCES account (id),
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
