"""Measures the instruments beside the tools one would use instead: attribution, survival, the customer base, process graphs, budgets,
and questions about sequences over the same files. Run with `make bench-analysis`.

Every program runs as its own process, alone, one after the other. A peer's seconds and CPU are its analysis alone, after its input is
read and built; Touchline's are the whole process: start, reading, every model of the command, printing. Memory is the peak of the
process for both. A peer that is not there, fails, or takes longer than the cap is named with the reason.

Parts may be named: `bench/analysis.py budgets attribution sequences instruments`; all of them otherwise.
BENCH_PEOPLE (500000: 10 million interactions), BENCH_JOURNEYS (10000000: the largest set of journeys), BENCH_RUNS (3) and BENCH_CAP_S (240)
make a run shorter.
"""

import importlib.util
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from run import BINARY, ROOT

PEOPLE, JOURNEYS = int(os.environ.get("BENCH_PEOPLE", 500_000)), int(os.environ.get("BENCH_JOURNEYS", 10_000_000))
RUNS, CAP = int(os.environ.get("BENCH_RUNS", 3)), float(os.environ.get("BENCH_CAP_S", 240))
CHANNELS = 10
RAW_MOST = 1_000_000
MODULES = {"ChannelAttribution": "ChannelAttribution", "marketing-attribution-models": "mam", "do-attribution": "do_attribution",
           "lifelines": "lifelines", "lifetimes": "lifetimes", "pm4py": "pm4py", "scipy": "scipy", "duckdb": "duckdb", "polars": "polars", "chdb": "chdb"}


class Failed(Exception):
    """Says why a program gave no time."""


def process(command):
    """Runs a command within the cap; returns its seconds, CPU seconds, peak memory in MB, and output."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        child = subprocess.Popen([str(part) for part in command], stdout=out, stderr=err)
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            seconds = time.perf_counter() - start
            if pid:
                break
            if seconds > CAP:
                child.kill()
                os.wait4(child.pid, 0)
                raise Failed(f"stopped after {CAP:.0f} s")
            time.sleep(0.002)
        child.returncode = status
        out.seek(0), err.seek(0)
        if status != 0:
            said = err.read().decode(errors="replace").strip().splitlines()
            raise Failed(f"failed: {said[-1][:90] if said else f'status {status}'}")
        return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, out.read().decode()


def apart(work, *arguments):
    """Does something big in a process of its own: a child's peak memory is never told as less than its parent had when it was begun."""
    with ProcessPoolExecutor(1) as pool:
        return pool.submit(work, *arguments).result()


def row(what, who, seconds, cpu, memory, note=""):
    print(f"| {what} | {who} | {seconds:.3f} | {cpu:.2f} | {memory:,.0f} | {note} |", flush=True)


def ours(what, arguments, note=lambda answer: "", name="**Touchline**"):
    """Measures a command of ours and returns its answer."""
    runs = [process([BINARY, *arguments, "--format", "json"]) for _ in range(RUNS)]
    answer = json.loads(runs[0][3])
    row(what, name, *(statistics.median(run[i] for run in runs) for i in (0, 1)), max(run[2] for run in runs), note(answer))
    return answer


def peer(what, tool, script, arguments, note=lambda answer: ""):
    """Measures a peer and returns what it answered, or none."""
    if importlib.util.find_spec(MODULES[tool]) is None:
        print(f"| {what} | {tool} | – | – | – | left out: not installed |", flush=True)
        return None
    runs = []
    try:
        for _ in range(RUNS):
            runs.append(process([sys.executable, ROOT / "bench" / script, *arguments]))
    except Failed as failed:
        # One time within the cap is better than none.
        if not runs:
            print(f"| {what} | {tool} | – | – | – | {failed} |", flush=True)
            return None
    found = [json.loads(run[3].strip().splitlines()[-1]) for run in runs]
    row(what, tool, *(statistics.median(one[name] for one in found) for name in ("seconds", "cpu")), max(run[2] for run in runs), note(found[0]))
    return found[0]


def invent(folder, count):
    """Invents journeys over ten channels and writes them, grouped by path and (up to a million) one by one."""
    import numpy

    chance = numpy.random.default_rng(7)
    likes = 1.0 / numpy.arange(1, CHANNELS + 1)
    lengths = numpy.minimum(chance.geometric(0.28, count), 12)
    touches = chance.choice(CHANNELS, (count, 12), p=likes / likes.sum()).astype(numpy.int64)
    there = numpy.arange(12) < lengths[:, None]
    codes = ((touches + 1) * there * 11 ** numpy.arange(12, dtype=numpy.int64)).sum(1)
    helped = (touches * there).max(1) / CHANNELS
    converted = chance.random(count) < 0.02 + 0.06 * helped
    value = numpy.where(converted, chance.integers(10, 200, count), 0)

    def name(code):
        path = []
        while code:
            path.append(f"channel {(code % 11) - 1}")
            code //= 11
        return " > ".join(path)

    paths, at, each = numpy.unique(codes, return_inverse=True, return_counts=True)
    names = [name(int(code)) for code in paths]
    sums = [numpy.bincount(at, weights=weights).astype(int) for weights in (converted, value)]
    head = "path,total_conversions,total_conversion_value,total_null\n"
    grouped = Path(folder) / f"{count}-grouped.csv"
    with open(grouped, "w") as file:
        file.write(head)
        file.writelines(f"{path},{n},{worth},{all_ - n}\n" for path, n, worth, all_ in zip(names, *sums, each))
    raw = None
    if count <= RAW_MOST:
        raw = Path(folder) / f"{count}-raw.csv"
        with open(raw, "w") as file:
            file.write(head)
            file.writelines(f"{names[path]},{int(did)},{worth},{1 - int(did)}\n" for path, did, worth in zip(at, converted, value))
    return raw, grouped, int(lengths.sum()), len(paths)


def furthest(exact, found):
    """Says how far the furthest share of outcomes is off."""
    if not found:
        return ""
    off = max(abs(found.get(channel, 0.0) / share - 1.0) for channel, share in exact.items() if share > 0.01)
    return "exact to 1e-6" if off < 1e-6 else f"channels above 1 % off by up to {100 * off:.2f} %"


def attribution(folder):
    sizes = [count for count in (10_000, 100_000, 1_000_000, 10_000_000) if count <= JOURNEYS] or [JOURNEYS]
    for count in sizes:
        raw, grouped, touches, paths = apart(invent, folder, count)
        for kind, file in (("one by one", raw), ("grouped", grouped)):
            if file is None:
                continue
            about = f"{count:,} journeys {kind}"
            for order in (1, 2, 3):
                said = f"{touches:,} touches, {paths:,} paths; all rules, sum game and chain" if order == 1 else ""
                answer = ours(f"{about}: rules, Shapley, Markov {order}", ["attribution", "--paths", file, "--order", order], lambda _: said)
                total = answer["totals"]["conversions"]
                exact = {one["channel"]: one["models"]["markov"]["conversions"] / total for one in answer["channels"]}
                for tool in ("ChannelAttribution", "do-attribution") + (("marketing-attribution-models",) if order == 1 else ()):
                    asked = [tool, f"markov{order}", file]
                    peer(f"{about}: Markov {order}", tool, "tool.py", asked, lambda found: furthest(exact, found["answer"]))
            peer(f"{about}: first, last, linear", "ChannelAttribution", "tool.py", ["ChannelAttribution", "rules", file])
            peer(f"{about}: first, last, linear, position", "marketing-attribution-models", "tool.py", ["marketing-attribution-models", "rules", file])
            for tool in ("marketing-attribution-models", "do-attribution"):
                peer(f"{about}: Shapley", tool, "tool.py", [tool, "shapley", file], lambda _: "sets cut to 4 channels" if "mod" in tool else "")


def extracts(data, folder):
    """Takes from the ledger what the peers for survival, customers and processes are fed with."""
    import polars

    table = polars.scan_parquet(sorted(map(str, Path(data, "ledger").glob("bucket=*/*.parquet"))))
    col, day = polars.col, 86_400_000_000.0
    at = col("at").dt.epoch("us")
    end = table.select(at.max()).collect().item()
    bought = col("form") == 6
    people = table.group_by("person").agg(begins=at.min(), buys=at.filter(bought).min())
    people = people.with_columns(bought=col("buys").is_not_null(), until=col("buys").fill_null(end))
    people = people.select("bought", days=(col("until") - col("begins")) / day).filter(col("days") >= 0).collect(engine="streaming")
    people.write_parquet(Path(folder, "people.parquet"))
    days = table.filter(bought).select("person", day=(at / day).floor()).unique()
    buyers = days.group_by("person").agg(first=col("day").min(), final=col("day").max(), x=polars.len() - 1)
    buyers = buyers.select("x", last=col("final") - col("first"), watched=end / day - col("first")).collect(engine="streaming")
    buyers.write_parquet(Path(folder, "buyers.parquet"))
    most = int(os.environ.get("BENCH_PM4PY_EVENTS", 1_000_000))
    events = table.select("person", "signal", "at").sort("person", "at").head(most)
    events = events.with_columns(col("person").cast(polars.String), col("signal").cast(polars.String)).collect(engine="streaming")
    events.write_parquet(Path(folder, "events.parquet"))
    return people.height, buyers.height, events.height


def near(one, other):
    """Tells whether two counts differ by less than a thousandth."""
    return abs(one - other) <= 0.001 * max(one, other) + 1


def sequences(data):
    where = ["--data", data]
    ours("whole map, all segments", ["analyze", "map", *where], lambda answer: f"{answer[0]['totals']['interactions']:,} interactions, all metrics and verdicts")
    funnel = ours("funnel view, click, purchase within 30 days",
                  ["analyze", "funnel", "--step", "form:view", "--step", "form:click", "--step", "form:purchase", "--within-days", 30, *where],
                  lambda answer: " > ".join(f"{step['people']:,}" for step in answer["steps"]))
    retention = ours("retention by periods of 30 days", ["analyze", "retention", "--period-days", 30, *where],
                     lambda answer: ", ".join(f"{cell['active']:,}" for cell in answer["all"][:4]))
    ours("first and last touch with intervals", ["analyze", "attribution", "--model", "first", "--model", "last", *where])
    ours("paths and whole journeys", ["analyze", "paths", *where])
    counted = {"funnel": [step["people"] for step in funnel["steps"]], "retention": [cell["active"] for cell in retention["all"]]}

    def compare(question, found):
        if question not in counted:
            return ""
        theirs = [int(n) for n in found["counts"][0]] if question == "funnel" else [int(n) for _, n in sorted((int(age), n) for age, n in found["counts"])]
        pairs = list(zip(counted[question], theirs))
        same = sum(one == other for one, other in pairs)
        close = sum(near(one, other) for one, other in pairs)
        return f"{same} of {len(pairs)} counts as ours, {close} within a thousandth"

    for question, what in (("ends", "first and last signal only"), ("journeys", "distinct journeys only"), ("funnel", "that funnel"), ("retention", "that retention")):
        for engine in ("duckdb", "polars", "chdb"):
            peer(what, engine, "peer.py", [engine, question, Path(data) / "ledger"], lambda found: compare(question, found))


def instruments(data, folder):
    people, buyers, events = apart(extracts, data, folder)
    where = ["--data", data]
    ours("time to convert (Kaplan–Meier), all touchpoints", ["analyze", "time-to-convert", *where],
         lambda answer: f"{answer['all']['people']:,} people; by day 30: {answer['all']['within_30']['value']:.4f}")
    peer("one Kaplan–Meier curve", "lifelines", "tool.py", ["lifelines", "fit", Path(folder, "people.parquet")],
         lambda found: f"{people:,} people; by day 30: {found['answer']['within_30']:.4f}")
    for model in ("bg_nbd", "pareto_nbd"):
        ours(f"customer base by {model}, with RFM and value", ["analyze", "customers", "--model", model, *where], lambda answer: f"{answer['customers']:,} customers")
        peer(f"fit of {model}", "lifetimes", "tool.py", ["lifetimes", model, Path(folder, "buyers.parquet")], lambda _: f"{buyers:,} customers")
    ours("network and layers of all interactions", ["analyze", "flows", *where])
    peer("directly-follows graph and variants", "pm4py", "tool.py", ["pm4py", "graph", Path(folder, "events.parquet")],
         lambda found: f"first {events:,} events: {found['answer']['edges']:,} edges, {found['answer']['variants']:,} variants")


def budgets(folder):
    import random

    chance = random.Random(3)
    for count in (2, 10, 30):
        alike = count == 2
        items = [{"id": f"item-{i}", "response": {"hill": {"top": 10.0 if alike else chance.uniform(5, 50), "slope": 3.0 if alike else chance.uniform(1.5, 4),
                  "half": 10.0 if alike else chance.uniform(5, 40)}}} for i in range(count)]
        problem = {"budget": 12.0 if alike else 8.0 * count, "items": items}
        file = Path(folder, f"items-{count}.json")
        file.write_text(json.dumps(problem))
        best = ours(f"budget over {count} S-curves, certified", ["allocate", "--items", file], lambda answer: f"brings {answer['value']:.4f}, gap {answer['gap']:.1e}")
        peer(f"budget over {count} S-curves, SLSQP from an even split", "scipy", "tool.py", ["scipy", "slsqp", file],
             lambda found: f"brings {found['answer']['brings']:.4f}: {100 * (1 - found['answer']['brings'] / best['value']):.1f} % less")


def main():
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    print(f"{os.cpu_count()} cores ({cpu}), {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB, medians of {RUNS} runs, cap {CAP:.0f} s.\n")
    print("| what | who | seconds | CPU s | peak MB | |\n|---|---|---|---|---|---|")
    folder = tempfile.mkdtemp(prefix="touchline-bench-")
    try:
        parts = sys.argv[1:] or ["budgets", "attribution", "sequences", "instruments"]
        data = os.path.join(folder, "company")
        if {"sequences", "instruments"} & set(parts):
            made = [BINARY, "demo", "--people", str(PEOPLE), "--no-serve", "--data", data, "--format", "json"]
            if subprocess.run(made, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0:
                raise SystemExit("the sample company was not made")
        everything = {"budgets": lambda: budgets(folder), "attribution": lambda: attribution(folder),
                      "sequences": lambda: sequences(data), "instruments": lambda: instruments(data, folder)}
        for part in parts:
            everything[part]()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
