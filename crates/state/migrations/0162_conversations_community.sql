-- What customers ask each other in public. Whatever somebody wrote is sealed with the key of `actor`, so it goes with its person.
-- Who takes part: whoever has opened the link that was sent to their address. Without a name they have not yet.
CREATE TABLE community_member (
    actor    BIGINT PRIMARY KEY,
    identity TEXT   NOT NULL,
    name     TEXT   NOT NULL,
    language TEXT   NOT NULL,
    since    BIGINT NOT NULL
);

CREATE TABLE community_question (
    id         TEXT   PRIMARY KEY,
    actor      BIGINT NOT NULL,
    title      TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    language   TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    reason     TEXT   NOT NULL,
    decided_by TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    -- The answer that the asker, or staff, says is right.
    accepted   TEXT   NOT NULL,
    -- The article that was made of it.
    article    TEXT   NOT NULL,
    told       BIGINT NOT NULL
);
CREATE INDEX community_question_state ON community_question (state, at);
CREATE INDEX community_question_actor ON community_question (actor);

-- Answers of members, and ours: those have an account, and are sealed with the key of whoever asked.
CREATE TABLE community_answer (
    id         TEXT   PRIMARY KEY,
    question   TEXT   NOT NULL,
    actor      BIGINT NOT NULL,
    account    BIGINT,
    author     TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    reason     TEXT   NOT NULL,
    decided_by TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    told       BIGINT NOT NULL,
    letter     BIGINT NOT NULL
);
CREATE INDEX community_answer_of ON community_answer (question, at);
CREATE INDEX community_answer_actor ON community_answer (actor);

-- Who said that what was there already answered their question: `actor` 0 is somebody unknown. By article or by question.
CREATE TABLE community_solved (
    id     TEXT   PRIMARY KEY,
    actor  BIGINT NOT NULL,
    kind   TEXT   NOT NULL,
    target TEXT   NOT NULL,
    at     BIGINT NOT NULL
);
CREATE INDEX community_solved_at ON community_solved (at);
CREATE INDEX community_solved_actor ON community_solved (actor);
