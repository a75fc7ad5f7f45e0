-- Keys that are drawn once, and take too long to be made of a secret each time: the RSA key that signs mail.
CREATE TABLE mail_key (
    name TEXT PRIMARY KEY,
    key  BLOB NOT NULL
);
