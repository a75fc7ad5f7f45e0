-- Teams that look after conversations. What is in a closed one is seen by its members, the owner and admins alone. A conversation
-- names its team by name, so that one without a row here is open, as all were before.
CREATE TABLE inbox_team (
    id        BIGINT PRIMARY KEY,
    name      TEXT   NOT NULL UNIQUE,
    is_closed BIGINT NOT NULL
);
CREATE TABLE inbox_team_member (
    team    BIGINT NOT NULL,
    account BIGINT NOT NULL,
    PRIMARY KEY (team, account)
);
CREATE INDEX inbox_team_member_of ON inbox_team_member (account);

-- To which team what begins on a channel comes: so nothing of a closed one lies open until somebody has moved it.
CREATE TABLE inbox_team_channel (
    channel TEXT   PRIMARY KEY,
    team    BIGINT NOT NULL
);

INSERT INTO inbox_team (id, name, is_closed)
SELECT ROW_NUMBER() OVER (ORDER BY team), team, 0 FROM (SELECT DISTINCT team FROM conversation WHERE team <> '') AS named;

CREATE INDEX conversation_team ON conversation (team);
