-- The language that a member reads, for what the house writes to them: `en`, `fr`, `ru`; empty: that of the organisation.
ALTER TABLE account ADD COLUMN language TEXT NOT NULL DEFAULT '';
