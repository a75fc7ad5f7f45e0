-- The conversation of a review in the inbox; empty: it has none, as those that came before there was one, and older ones of a file.
ALTER TABLE review ADD COLUMN conversation TEXT NOT NULL DEFAULT '';
CREATE INDEX review_conversation ON review (conversation);
CREATE INDEX page_comment_conversation ON page_comment (conversation);
