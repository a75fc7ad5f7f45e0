"""Measures what must be fast: the whole map analysis over 10 million invented interactions, beside DuckDB, Polars and
chDB each answering one of its questions on the same files; import of a public file where it is present; starting and idling.

Every program runs as its own process on the same two threads. A peer's time is its query alone, on files in the page cache,
with its own start left out; Touchline's time is the whole process, start, state and printing of the report included.
"""

import argparse
import json
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARY = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "touchline"
RUNS = 5
PEERS = [(engine, question) for engine in ("duckdb", "polars", "chdb") for question in ("ends", "journeys")]


def measure(command, **kwargs):
    """Runs a command; returns its seconds, peak memory in MB, and output."""
    with tempfile.TemporaryFile() as out:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, **kwargs)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        if status != 0:
            raise SystemExit(f"failed: {' '.join(map(str, command))}")
        out.seek(0)
        return seconds, usage.ru_maxrss / 1024, out.read().decode()


def row(what, seconds, memory, note=""):
    print(f"| {what} | {seconds:.3f} | {memory:.0f} | {note} |", flush=True)


def analysis(data, people):
    seconds, memory, out = measure([BINARY, "demo", "--people", str(people), "--no-serve", "--data", data, "--format", "json"], stderr=subprocess.DEVNULL)
    made = json.loads(out)
    total = made["interactions"]
    row("invent, take in and compact", seconds, memory, f"{total:,} interactions, {total / seconds:,.0f} a second")
    runs = [measure([BINARY, "analyze", "map", "--data", data, "--format", "json"]) for _ in range(RUNS)]
    report = json.loads(runs[0][2])[0]
    assert report["totals"]["interactions"] == total, "the analysis saw every interaction"
    row("**whole map analysis, all segments**", statistics.median(run[0] for run in runs), max(run[1] for run in runs), f"{len(report['touchpoints'])} touchpoints, all metrics")
    answers = {}
    for engine, question in PEERS:
        runs = [measure([sys.executable, ROOT / "bench" / "peer.py", engine, question, Path(data) / "ledger"]) for _ in range(RUNS)]
        found = [json.loads(run[2]) for run in runs]
        row(f"{engine}, {question} only", statistics.median(one["seconds"] for one in found), max(run[1] for run in runs), found[0]["note"])
        answers.setdefault(question, set()).add(found[0]["answer"])
        assert found[0]["rows"] == total, f"{engine} saw {found[0]['rows']} of {total} interactions"
    for question, given in answers.items():
        assert len(given) == 1, f"the peers disagree on {question}: {given}"


def imports(folder):
    shared = Path(os.environ.get("TOUCHLINE_SHARED", ROOT.parent / "shared")) / "data"
    file = shared / "completejourney_transactions.parquet"
    if not file.exists():
        print(f"| import | – | – | left out: no {file.name} in the folder of public data sets |")
        return
    times = []
    for run in range(3):
        data = Path(folder) / f"import{run}"
        measure([BINARY, "init", "--template", "shop", "--data", data])
        mapping = ROOT / "samples" / "mappings" / "completejourney_transactions.toml"
        seconds, memory, out = measure([BINARY, "import", file, "--data", data, "--mapping", mapping, "--format", "json"], stderr=subprocess.DEVNULL)
        times.append((seconds, memory, json.loads(out)))
    seconds, memory = statistics.median(run[0] for run in times), max(run[1] for run in times)
    rows = times[0][2]["rows"]
    row("import of completejourney_transactions.parquet", seconds, memory, f"{rows:,} rows, {rows / seconds:,.0f} a second")


def serving(folder):
    data = Path(folder) / "empty"
    measure([BINARY, "init", "--template", "shop", "--data", data])
    start = time.perf_counter()
    process = subprocess.Popen([BINARY, "serve", "--data", data, "--bind", "127.0.0.1:0", "--format", "json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        address = json.loads(process.stdout.readline())["address"]
        urllib.request.urlopen(f"{address}/healthz").read()
        seconds = time.perf_counter() - start
        time.sleep(1)
        memory = int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())[1]) / 1024
        row("start on an empty directory, idle", seconds, memory)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--people", type=int, default=500_000, help="people of the invented company; about 20 interactions each")
    people = arguments.parse_args().people
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    print(f"{os.cpu_count()} cores ({cpu}), {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB, medians of {RUNS} runs.")
    print(f"Binary: {BINARY.stat().st_size / 1e6:.1f} MB.\n")
    print("| what | seconds | peak MB | |\n|---|---|---|---|")
    folder = tempfile.mkdtemp(prefix="touchline-bench-")
    try:
        analysis(os.path.join(folder, "company"), people)
        imports(folder)
        serving(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
