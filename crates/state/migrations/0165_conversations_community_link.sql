-- Which link of a member counts, the first being 0, and when it was last sent or used; 0: nobody has noted that yet.
ALTER TABLE community_member ADD COLUMN link BIGINT NOT NULL DEFAULT 0;
ALTER TABLE community_member ADD COLUMN used_at BIGINT NOT NULL DEFAULT 0;
-- The conversation that a letter tells something of without being an answer in it: who may not see that sees no letter either. Empty: none.
ALTER TABLE letter ADD COLUMN about TEXT NOT NULL DEFAULT '';
