-- When verdicts were checked and at least one had changed: the map and the data they stood on.
CREATE TABLE verdict_run (
    id           BIGINT PRIMARY KEY,
    at           BIGINT NOT NULL,
    map_version  BIGINT NOT NULL,
    window_from  BIGINT NOT NULL,
    window_to    BIGINT NOT NULL,
    interactions BIGINT NOT NULL
);

-- A verdict as it was when it changed: word, rule, and everything needed to check it again. It holds until the next row
-- of its touchpoint. A touchpoint that left the map has a last row without a document.
CREATE TABLE verdict (
    run        BIGINT NOT NULL,
    touchpoint TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    rule       TEXT   NOT NULL,
    document   TEXT   NOT NULL,
    -- What had changed, as a JSON list: first, data, settings, touchpoint, rules, map.
    causes     TEXT   NOT NULL,
    PRIMARY KEY (run, touchpoint)
);

CREATE INDEX verdict_by_touchpoint ON verdict (touchpoint, run);
