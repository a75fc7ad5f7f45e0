-- The totals that an order had, by the id of its interaction: the first, and each that came later.
CREATE TABLE hook_total (
    order_id   TEXT   NOT NULL,
    place      BIGINT NOT NULL,
    total      BIGINT NOT NULL,
    currency   TEXT   NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (order_id, place)
);
