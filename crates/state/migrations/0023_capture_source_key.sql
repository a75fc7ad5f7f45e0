-- Keys of sources that were replaced and still work, until they are retired.
CREATE TABLE source_key (
    write_key   TEXT   PRIMARY KEY,
    source      TEXT   NOT NULL REFERENCES source (name),
    replaced_at BIGINT NOT NULL
);
