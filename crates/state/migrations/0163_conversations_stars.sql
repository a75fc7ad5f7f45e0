-- The stars, 1 to 5, of a conversation that began with a review; none: there are no stars in it.
ALTER TABLE conversation ADD COLUMN stars BIGINT;
