-- Letters of the house to its own members. No customer's: the contact policy is not asked, and the ledger is told nothing.
-- The address is that of the account when the letter goes. `mark` names it in bounces.
CREATE TABLE staff_letter (
    id       TEXT   PRIMARY KEY,
    account  BIGINT NOT NULL,
    subject  TEXT   NOT NULL,
    body     TEXT   NOT NULL,
    html     TEXT   NOT NULL,
    state    TEXT   NOT NULL,
    said     TEXT   NOT NULL,
    mark     TEXT   NOT NULL,
    attempts BIGINT NOT NULL,
    next_at  BIGINT NOT NULL,
    at       BIGINT NOT NULL
);
CREATE INDEX staff_letter_state ON staff_letter (state, next_at);
CREATE INDEX staff_letter_mark ON staff_letter (mark);
CREATE TABLE staff_letter_file (
    letter TEXT   NOT NULL,
    place  BIGINT NOT NULL,
    name   TEXT   NOT NULL,
    kind   TEXT   NOT NULL,
    bytes  BLOB   NOT NULL,
    PRIMARY KEY (letter, place)
);
