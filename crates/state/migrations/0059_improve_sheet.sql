-- The design sheet of an improvement that was tried on paper first: what we believe and why, what it should bring, what it
-- costs, until when it is tried, and what the trial said.
ALTER TABLE improvement ADD COLUMN sheet TEXT;
