-- The keyed mark of a letter: in its Message-ID, its return address and its reply address. By it answers and bounces are known.
ALTER TABLE letter ADD COLUMN mark TEXT NOT NULL DEFAULT '';
CREATE INDEX letter_mark ON letter (mark);
