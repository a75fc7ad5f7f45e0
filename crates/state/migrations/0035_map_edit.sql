-- Who made a version, what it changed (a list of lines as JSON), which version it takes back, and to which design it
-- belongs: `as_is` is read by every analysis, `to_be` is what the organisation plans.
ALTER TABLE map ADD COLUMN variant TEXT NOT NULL DEFAULT 'as_is';
ALTER TABLE map ADD COLUMN account BIGINT NOT NULL DEFAULT 0;
ALTER TABLE map ADD COLUMN author TEXT NOT NULL DEFAULT '';
ALTER TABLE map ADD COLUMN told TEXT NOT NULL DEFAULT '[]';
ALTER TABLE map ADD COLUMN reverts BIGINT;
CREATE INDEX map_of_variant ON map (variant, id);
