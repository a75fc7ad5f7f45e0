-- Members, and the ways they prove who they are. Passwords are Argon2id hashes; codes and tokens are hashes too.
ALTER TABLE account ADD COLUMN email TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN password TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN totp TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN totp_draft TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN totp_step BIGINT NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN ended_at BIGINT NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX account_email ON account (email) WHERE email <> '';

-- A session is named by an id that is no secret, so that it can be listed and ended.
ALTER TABLE session ADD COLUMN id TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN browser TEXT NOT NULL DEFAULT '';

CREATE TABLE recovery_code (
    hash    TEXT   PRIMARY KEY,
    account BIGINT NOT NULL REFERENCES account (id)
);

-- Counted before anything is compared, so that attempts at the same time count too. Names are hashes.
CREATE TABLE sign_in_attempt (
    id   BIGINT PRIMARY KEY,
    name TEXT   NOT NULL,
    at   BIGINT NOT NULL
);
CREATE INDEX sign_in_attempt_name ON sign_in_attempt (name, at);

CREATE TABLE api_token (
    id         BIGINT PRIMARY KEY,
    hash       TEXT   NOT NULL UNIQUE,
    account    BIGINT NOT NULL REFERENCES account (id),
    name       TEXT   NOT NULL,
    role       TEXT   NOT NULL,
    scopes     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
