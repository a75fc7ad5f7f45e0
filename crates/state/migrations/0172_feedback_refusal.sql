-- The language in which a comment was written (en, fr, ru), empty where nobody noted it; and of a refusal that its writer was told, the
-- reason that was chosen, empty where none was.
ALTER TABLE page_comment ADD COLUMN language TEXT NOT NULL DEFAULT '';
ALTER TABLE page_comment ADD COLUMN why TEXT NOT NULL DEFAULT '';
