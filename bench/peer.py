"""Answers one question over the ledger's files with another engine, and prints the seconds of the query as JSON.

ends: how many people began, and how many ended, with each signal. journeys: how many different sequences of signals people went through.
funnel: how many people viewed, clicked, and bought, one after the other within 30 days. retention: how many came back in the first,
second, third … period of 30 days after their own first interaction, of those who have lived through it.
All are questions that the map analysis or another of our commands answers in one pass.
"""

import glob
import hashlib
import json
import sys
import time

THREADS = 2
VIEW, CLICK, PURCHASE = 0, 1, 6  # forms, as in docs/ledger.md
NOBODY = 2  # the flag of rows without a known person
SPAN = 30 * 86_400 * 1_000_000  # microseconds


def digest(rows):
    return hashlib.sha256(json.dumps(sorted(rows)).encode()).hexdigest()[:16]


def duckdb(question, files):
    import duckdb as engine

    connection = engine.connect(config={"threads": THREADS})
    table = f"read_parquet({files!r})"
    # Rows of one moment are taken in the order of the steps, by every engine alike.
    run_up = 'OVER (PARTITION BY person ORDER BY t, form ROWS UNBOUNDED PRECEDING)'
    queries = {
        "ends": f"""WITH ends AS (SELECT arg_min(signal, ("at", signal)) AS first, arg_max(signal, ("at", signal)) AS last FROM {table} GROUP BY person)
                    SELECT 'first', first, count(*) FROM ends GROUP BY first UNION ALL SELECT 'last', last, count(*) FROM ends GROUP BY last""",
        "journeys": f"""SELECT count(DISTINCT path), count(*) FROM
                    (SELECT string_agg(signal::VARCHAR, '>' ORDER BY "at", signal) AS path FROM {table} GROUP BY person)""",
        "funnel": f"""WITH rows AS (SELECT person, form, epoch_us("at") AS t FROM {table}
                    WHERE form IN ({VIEW}, {CLICK}, {PURCHASE}) AND flags & {NOBODY} = 0),
                    one AS (SELECT *, max(t) FILTER (form = {VIEW}) {run_up} AS viewed FROM rows),
                    two AS (SELECT *, max(viewed) FILTER (form = {CLICK} AND t <= viewed + {SPAN}) {run_up} AS began FROM one)
                    SELECT count(DISTINCT person) FILTER (form = {VIEW}), count(DISTINCT person) FILTER (form = {CLICK} AND t <= viewed + {SPAN}),
                    count(DISTINCT person) FILTER (form = {PURCHASE} AND t <= began + {SPAN}) FROM two""",
        "retention": f"""WITH rows AS (SELECT person, epoch_us("at") AS t FROM {table} WHERE flags & {NOBODY} = 0), began AS (SELECT person, min(t) AS began FROM rows GROUP BY person),
                    ages AS (SELECT DISTINCT person, began, (t - began) // {SPAN} AS age FROM rows JOIN began USING (person))
                    SELECT age, count(*) FROM ages WHERE began + (age + 1) * {SPAN} <= (SELECT max(t) FROM rows) GROUP BY age""",
    }
    run = lambda: connection.execute(queries[question]).fetchall()
    rows = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    return run, rows


def polars(question, files):
    import os

    os.environ["POLARS_MAX_THREADS"] = str(THREADS)
    import polars as engine

    table = engine.scan_parquet(files)
    col = engine.col
    known = table.filter((col("flags") & NOBODY) == 0)
    # Sorting inside each group is the quicker way for this engine: rows arrive almost sorted by person.
    grouped = table.select("person", "at", "signal").group_by("person")
    in_order = col("signal").sort_by("at", "signal")
    collect = lambda frame: frame.collect(engine="streaming")
    if question == "ends":
        ends = grouped.agg(in_order.first().alias("first"), in_order.last().alias("last"))

        def run():
            found = collect(ends)
            return [(end, signal, count) for end in ("first", "last") for signal, count in found.group_by(end).len().rows()]
    elif question == "journeys":
        paths = grouped.agg(in_order.cast(engine.String).str.join(">").alias("path"))
        counts = paths.select(col("path").n_unique(), engine.len().alias("people"))
        run = lambda: collect(counts).rows()
    elif question == "funnel":
        rows = known.select("person", "form", col("at").dt.epoch("us").alias("t")).filter(col("form").is_in([VIEW, CLICK, PURCHASE]))
        last = lambda value: value.forward_fill().over("person")
        one = rows.sort("person", "t", "form").with_columns(viewed=last(engine.when(col("form") == VIEW).then(col("t"))))
        clicked = (col("form") == CLICK) & (col("t") <= col("viewed") + SPAN)
        two = one.with_columns(clicked=clicked, began=last(engine.when(clicked).then(col("viewed"))))
        people = lambda fits: col("person").filter(fits).n_unique()
        counts = two.select(
            one=people(col("form") == VIEW), two=people(col("clicked")), three=people((col("form") == PURCHASE) & (col("t") <= col("began") + SPAN))
        )
        run = lambda: collect(counts).rows()
    else:
        rows = known.select("person", col("at").dt.epoch("us").alias("t"))
        end = rows.select(col("t").max())
        began = rows.group_by("person").agg(col("t").min().alias("began"))
        aged = rows.join(began, on="person").with_columns(age=(col("t") - col("began")) // SPAN)

        def run():
            until = collect(end).item()
            seen = aged.select("person", "began", "age").unique().filter(col("began") + (col("age") + 1) * SPAN <= until)
            return collect(seen.group_by("age").len()).rows()
    rows = table.select(engine.len()).collect().item()
    return run, rows


def chdb(question, files):
    from chdb import session

    folder = files[0].rsplit("/", 2)[0]
    table = f"file('{folder}/bucket=*/*.parquet', Parquet)"
    connection = session.Session()
    connection.query(f"SET max_threads = {THREADS}")
    us = "toUInt64(toUnixTimestamp64Micro(at))"
    queries = {
        "ends": f"""WITH ends AS (SELECT argMin(signal, (at, signal)) AS first, argMax(signal, (at, signal)) AS last FROM {table} GROUP BY person)
                    SELECT 'first', first, count() FROM ends GROUP BY first UNION ALL SELECT 'last', last, count() FROM ends GROUP BY last""",
        "journeys": f"""SELECT uniqExact(path), count() FROM (SELECT arrayStringConcat(arrayMap(x -> toString(x.2), arraySort(groupArray((at, signal)))), '>') AS path
                    FROM {table} GROUP BY person)""",
        "funnel": f"""SELECT countIf(steps >= 1), countIf(steps >= 2), countIf(steps >= 3) FROM
                    (SELECT windowFunnel({SPAN})({us}, form = {VIEW}, form = {CLICK}, form = {PURCHASE}) AS steps FROM {table}
                    WHERE bitAnd(flags, {NOBODY}) = 0 GROUP BY person)""",
        "retention": f"""WITH (SELECT max({us}) FROM {table}) AS until
                    SELECT age, count() FROM (SELECT began, arrayJoin(arrayDistinct(arrayMap(t -> intDiv(t - began, {SPAN}), ts))) AS age FROM
                    (SELECT groupArray({us}) AS ts, arrayMin(ts) AS began FROM {table} WHERE bitAnd(flags, {NOBODY}) = 0 GROUP BY person)) WHERE began + (age + 1) * {SPAN} <= until GROUP BY age""",
    }
    run = lambda: [tuple(row) for row in json.loads(connection.query(queries[question], "JSONCompact").data())["data"]]
    rows = int(json.loads(connection.query(f"SELECT count() FROM {table}", "JSONCompact").data())["data"][0][0])
    return run, rows


def main():
    engine, question, ledger = sys.argv[1:]
    files = sorted(glob.glob(f"{ledger}/bucket=*/*.parquet"))
    run, rows = {"duckdb": duckdb, "polars": polars, "chdb": chdb}[engine](question, files)
    start, cpu = time.perf_counter(), time.process_time()
    answer = run()
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    answer = [tuple(str(value) for value in row) for row in answer]
    said = {"counts": sorted(answer)} if question in ("funnel", "retention") else {}
    print(json.dumps({"seconds": seconds, "cpu": cpu, "rows": rows, "answer": digest(answer), "note": f"{len(answer)} rows of answer"} | said))


if __name__ == "__main__":
    main()
