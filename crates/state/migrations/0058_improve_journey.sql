-- Designed journeys. Saving adds a version, nothing is overwritten; a journey that was taken away has a last version
-- without a document.
CREATE TABLE journey (
    id         TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    document   TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT   NOT NULL,
    PRIMARY KEY (id, version)
);
