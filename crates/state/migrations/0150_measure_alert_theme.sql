-- What texts are about, where the number that is watched is complaints about it; empty: whatever they are about.
ALTER TABLE alert ADD COLUMN theme TEXT NOT NULL DEFAULT '';
