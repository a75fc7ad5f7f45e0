-- The salts by which day visitors are told apart: today's and yesterday's; a day is counted from 1970.
CREATE TABLE visitor_salt (
    day  BIGINT PRIMARY KEY,
    salt BLOB   NOT NULL
);
