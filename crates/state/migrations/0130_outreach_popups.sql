-- Windows over a page: what they say, when they open, and for how long somebody is left in peace afterwards.
CREATE TABLE popup (
    id         BIGINT PRIMARY KEY,
    settings   TEXT   NOT NULL,
    is_on      BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

-- Each time one was shown, the how manieth time to whoever it was, and how it ended. Who it was is known to the contact
-- policy alone, where it can be erased.
CREATE TABLE popup_showing (
    id           TEXT   PRIMARY KEY,
    popup        BIGINT NOT NULL,
    nth          BIGINT NOT NULL,
    at           BIGINT NOT NULL,
    closed_after BIGINT,
    acted_after  BIGINT
);
CREATE INDEX popup_showing_of ON popup_showing (popup, at);
