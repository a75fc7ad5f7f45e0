-- Who wants a letter when a watched number crosses its limit; and whether the crossing that lasts was written about.
CREATE TABLE alert_mail (
    alert   BIGINT NOT NULL,
    account BIGINT NOT NULL,
    PRIMARY KEY (alert, account)
);
ALTER TABLE alert ADD COLUMN is_written BIGINT NOT NULL DEFAULT 0;
