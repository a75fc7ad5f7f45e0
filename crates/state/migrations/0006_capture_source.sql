-- Where interactions come from. The key of a site is public: it stands in its pages.
CREATE TABLE source (
    name       TEXT   PRIMARY KEY,
    kind       TEXT   NOT NULL,
    write_key  TEXT   NOT NULL UNIQUE,
    settings   TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT
);
