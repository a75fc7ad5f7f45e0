-- The values of the sentence that says why an event was refused, as JSON, by which it is said in the reader's language. Empty for
-- what was refused before: that is told by its sentence, in English.
ALTER TABLE quarantine ADD COLUMN told TEXT NOT NULL DEFAULT '';
