"""Answers one question over the ledger's files with another engine, and prints the seconds of the query as JSON.

ends: how many people began, and how many ended, with each signal. journeys: how many different sequences of signals people went through.
Both are questions that the map analysis answers, among others, in its one pass.
"""

import glob
import hashlib
import json
import sys
import time

THREADS = 2


def digest(rows):
    return hashlib.sha256(json.dumps(sorted(rows)).encode()).hexdigest()[:16]


def duckdb(question, files):
    import duckdb as engine

    connection = engine.connect(config={"threads": THREADS})
    table = f"read_parquet({files!r})"
    queries = {
        "ends": f"""WITH ends AS (SELECT arg_min(signal, ("at", signal)) AS first, arg_max(signal, ("at", signal)) AS last FROM {table} GROUP BY person)
                    SELECT 'first', first, count(*) FROM ends GROUP BY first UNION ALL SELECT 'last', last, count(*) FROM ends GROUP BY last""",
        "journeys": f"""SELECT count(DISTINCT path), count(*) FROM
                    (SELECT string_agg(signal::VARCHAR, '>' ORDER BY "at", signal) AS path FROM {table} GROUP BY person)""",
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
    # Sorting inside each group is the quicker way for this engine: rows arrive almost sorted by person.
    grouped = table.select("person", "at", "signal").group_by("person")
    in_order = col("signal").sort_by("at", "signal")
    if question == "ends":
        ends = grouped.agg(in_order.first().alias("first"), in_order.last().alias("last"))

        def run():
            found = ends.collect(engine="streaming")
            return [(end, signal, count) for end in ("first", "last") for signal, count in found.group_by(end).len().rows()]
    else:
        paths = grouped.agg(in_order.cast(engine.String).str.join(">").alias("path"))
        counts = paths.select(col("path").n_unique(), engine.len().alias("people"))

        def run():
            return counts.collect(engine="streaming").rows()
    rows = table.select(engine.len()).collect().item()
    return run, rows


def chdb(question, files):
    from chdb import session

    folder = files[0].rsplit("/", 2)[0]
    table = f"file('{folder}/bucket=*/*.parquet', Parquet)"
    connection = session.Session()
    connection.query(f"SET max_threads = {THREADS}")
    queries = {
        "ends": f"""WITH ends AS (SELECT argMin(signal, (at, signal)) AS first, argMax(signal, (at, signal)) AS last FROM {table} GROUP BY person)
                    SELECT 'first', first, count() FROM ends GROUP BY first UNION ALL SELECT 'last', last, count() FROM ends GROUP BY last""",
        "journeys": f"""SELECT uniqExact(path), count() FROM (SELECT arrayStringConcat(arrayMap(x -> toString(x.2), arraySort(groupArray((at, signal)))), '>') AS path
                    FROM {table} GROUP BY person)""",
    }
    run = lambda: [tuple(row) for row in json.loads(connection.query(queries[question], "JSONCompact").data())["data"]]
    rows = int(json.loads(connection.query(f"SELECT count() FROM {table}", "JSONCompact").data())["data"][0][0])
    return run, rows


def main():
    engine, question, ledger = sys.argv[1:]
    files = sorted(glob.glob(f"{ledger}/bucket=*/*.parquet"))
    run, rows = {"duckdb": duckdb, "polars": polars, "chdb": chdb}[engine](question, files)
    start = time.perf_counter()
    answer = run()
    seconds = time.perf_counter() - start
    answer = [tuple(str(value) for value in row) for row in answer]
    print(json.dumps({"seconds": seconds, "rows": rows, "answer": digest(answer), "note": f"{len(answer)} rows of answer"}))


if __name__ == "__main__":
    main()
