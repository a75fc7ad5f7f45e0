-- When a letter was sent, and whether the ledger knows. An answer is told as the message that it is.
ALTER TABLE letter ADD COLUMN sent_at BIGINT;
ALTER TABLE letter ADD COLUMN told BIGINT NOT NULL DEFAULT 0;
CREATE INDEX letter_told ON letter (told, sent_at);
