-- The secret in the address at which voices ask, while there is one: whoever knows it is answered from what is published. It is told to
-- whoever sets the voice up as often as they look, for the maker of the voice has to be given it again when a skill is made anew.
CREATE TABLE voice_address (
    id       BIGINT PRIMARY KEY,
    secret   TEXT   NOT NULL,
    drawn_at BIGINT NOT NULL,
    asked_at BIGINT
);
