-- Questions to customers: one question on a scale, and a field for words.
CREATE TABLE survey (
    id         BIGINT PRIMARY KEY,
    name       TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    question   TEXT   NOT NULL,
    touchpoint TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    closed_at  BIGINT
);

-- Who was asked, so that silence is seen too. The address is sealed with the key of `actor`.
CREATE TABLE survey_invite (
    survey      BIGINT NOT NULL,
    actor       BIGINT NOT NULL,
    identity    TEXT   NOT NULL,
    channel     TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    answered_at BIGINT,
    PRIMARY KEY (survey, actor)
);

-- What was answered. Each is an interaction too; here it stands for the page. The words are sealed with the key of `actor`.
CREATE TABLE survey_answer (
    id           TEXT   PRIMARY KEY,
    survey       BIGINT NOT NULL,
    actor        BIGINT NOT NULL,
    score        BIGINT NOT NULL,
    body         TEXT   NOT NULL,
    channel      TEXT   NOT NULL,
    conversation TEXT   NOT NULL,
    at           BIGINT NOT NULL
);
CREATE INDEX survey_answer_of ON survey_answer (survey, at);

-- Reviews, from written to published. Name and words are sealed with the key of `actor`.
CREATE TABLE review (
    id         TEXT   PRIMARY KEY,
    actor      BIGINT NOT NULL,
    product    TEXT   NOT NULL,
    stars      BIGINT NOT NULL,
    name       TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    reply      TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    replied_at BIGINT
);
CREATE INDEX review_state ON review (state, at);
