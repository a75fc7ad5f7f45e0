-- Why and since when we hold an identity fact: the interaction that said so (half of its id; 0: none), when it was
-- recorded first, and the namespaces of both identities as numbers (-1: recorded before there were any).
ALTER TABLE identity_fact ADD COLUMN said BIGINT NOT NULL DEFAULT 0;
ALTER TABLE identity_fact ADD COLUMN recorded BIGINT NOT NULL DEFAULT 0;
ALTER TABLE identity_fact ADD COLUMN one_namespace BIGINT NOT NULL DEFAULT -1;
ALTER TABLE identity_fact ADD COLUMN other_namespace BIGINT NOT NULL DEFAULT -1;
CREATE INDEX identity_fact_other ON identity_fact (other);

-- With whom a device was seen, the first moment of each visit: what decides whose it was, when several used it.
CREATE TABLE sighting (
    device   BIGINT NOT NULL,
    who      BIGINT NOT NULL,
    visit    BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    recorded BIGINT NOT NULL,
    PRIMARY KEY (device, who, visit)
);
CREATE INDEX sighting_who ON sighting (who);

-- What staff decided about identities, append-only: undoing is a decision too. Several rows of one id are one decision.
CREATE TABLE identity_decision (
    id              BIGINT NOT NULL,
    place           BIGINT NOT NULL,
    what            TEXT   NOT NULL,
    one             BIGINT NOT NULL,
    one_namespace   BIGINT NOT NULL,
    other           BIGINT NOT NULL,
    other_namespace BIGINT NOT NULL,
    undoes          BIGINT NOT NULL,
    at              BIGINT NOT NULL,
    by_whom         TEXT   NOT NULL,
    PRIMARY KEY (id, place)
);

-- Since which reading a person is unsettled: a compaction that began before does not settle them.
ALTER TABLE relocation ADD COLUMN since BIGINT NOT NULL DEFAULT 0;

-- How far the source of a trait is to be believed: more beats less, whatever the time.
ALTER TABLE trait ADD COLUMN weight BIGINT NOT NULL DEFAULT 0;
