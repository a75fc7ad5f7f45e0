-- What the bot says and does: one document. The secret of its hook is in it, and is never told back.
CREATE TABLE bot_setting (
    id      BIGINT PRIMARY KEY,
    setting TEXT   NOT NULL
);

-- Each time the bot looked after somebody, and how that ended: `on`, `person` (handed over), `done` (they said that it helped),
-- `left` (they said nothing more). `offered`: the buttons of its last word.
CREATE TABLE bot_talk (
    conversation TEXT   NOT NULL,
    began_at     BIGINT NOT NULL,
    actor        BIGINT NOT NULL,
    channel      TEXT   NOT NULL,
    language     TEXT   NOT NULL,
    state        TEXT   NOT NULL,
    awaits       TEXT   NOT NULL,
    offered      TEXT   NOT NULL,
    article      TEXT   NOT NULL,
    misses       BIGINT NOT NULL,
    answers      BIGINT NOT NULL,
    last_at      BIGINT NOT NULL,
    PRIMARY KEY (conversation, began_at)
);
CREATE INDEX bot_talk_state ON bot_talk (state, last_at);
CREATE INDEX bot_talk_of ON bot_talk (actor);
