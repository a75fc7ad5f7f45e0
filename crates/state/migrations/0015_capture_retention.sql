-- How far the free texts of a source have been taken out: those of interactions before a moment, as of a run.
CREATE TABLE retention_run (
    source      TEXT   PRIMARY KEY,
    text_before BIGINT NOT NULL,
    ran_at      BIGINT NOT NULL
);
