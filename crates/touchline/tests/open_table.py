"""Counts what a ledger holds, once with Polars through the Delta log and once with DuckDB over the same log's files."""

import json
import sys

import deltalake
import duckdb
import polars as pl

EPHEMERAL = 2  # the flag of actors who are nobody known
PURCHASE = 6  # the form that is the target outcome of the sample company

ledger = sys.argv[1]

table = pl.scan_delta(ledger)
known = (pl.col("flags") & EPHEMERAL) == 0
bought = pl.col("form") == PURCHASE
by_polars = table.select(
    interactions=pl.len(),
    people=pl.col("person").filter(known).n_unique(),
    value=pl.col("value").filter(bought).sum(),
    outcomes=bought.sum(),
).collect().row(0, named=True)

files = deltalake.DeltaTable(ledger).file_uris()
numbers = duckdb.execute(
    f"""SELECT count(*), count(DISTINCT person) FILTER (flags & {EPHEMERAL} = 0), sum(value) FILTER (form = {PURCHASE}),
               count(*) FILTER (form = {PURCHASE}) FROM read_parquet(?)""",
    [list(files)],
).fetchone()
by_duckdb = dict(zip(("interactions", "people", "value", "outcomes"), map(int, numbers)))

print(json.dumps({"polars": {name: int(number) for name, number in by_polars.items()}, "duckdb": by_duckdb}))
