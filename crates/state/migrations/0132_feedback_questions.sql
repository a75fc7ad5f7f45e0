-- A survey asks several questions, in order, kept as JSON: [{"id": 1, "kind": "nps", "words": "", …}]. What asked one asks that one still.
ALTER TABLE survey ADD COLUMN questions TEXT NOT NULL DEFAULT '[]';
UPDATE survey SET questions =
    '[{"id":1,"kind":"' || kind || '","words":"' || replace(replace(question, '\', '\\'), '"', '\"') || '"}]';
ALTER TABLE survey DROP COLUMN kind;
ALTER TABLE survey DROP COLUMN question;

-- What was answered to each question; `survey_answer` is the whole of it. `part` numbers options and items; -1 says something of the
-- question as a whole: value 0 that it was left out, 1 that none of its options held. Texts are sealed with the key of `actor`.
CREATE TABLE survey_given (
    answer   TEXT   NOT NULL,
    survey   BIGINT NOT NULL,
    question BIGINT NOT NULL,
    part     BIGINT NOT NULL,
    value    BIGINT NOT NULL,
    body     TEXT   NOT NULL,
    actor    BIGINT NOT NULL,
    PRIMARY KEY (answer, question, part)
);
CREATE INDEX survey_given_of ON survey_given (survey, question, part, value);
CREATE INDEX survey_given_actor ON survey_given (actor);
INSERT INTO survey_given (answer, survey, question, part, value, body, actor)
    SELECT id, survey, 1, 0, score, '', actor FROM survey_answer;
ALTER TABLE survey_answer DROP COLUMN score;
