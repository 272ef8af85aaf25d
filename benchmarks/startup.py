"""What a newcomer meets first: `sparring --help` and `sparring demo`, as processes of their own."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.machine import spread

SPARRING = str(Path(sys.executable).with_name("sparring"))
CALLS = 9


def run(seeds: int) -> list[dict[str, str]]:
    """The median of nine calls of `sparring --help`."""
    seconds = []
    for _ in range(CALLS):
        before = time.perf_counter()
        subprocess.run([SPARRING, "--help"], check=True, capture_output=True)
        seconds.append(time.perf_counter() - before)
    return [{"command": "sparring --help", "seconds": f"{statistics.median(seconds):.2f}"}]


def run_demo(seeds: int) -> list[dict[str, str]]:
    """`sparring demo` once per seed: time, memory, and how many digits are what was asked."""
    seconds, agreement = [], []
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as folder:
            run = Path(folder) / "run"
            before = time.perf_counter()
            subprocess.run(
                [SPARRING, "demo", "--run", str(run), "--seed", str(seed)],
                check=True, capture_output=True,
            )  # fmt: skip
            seconds.append(time.perf_counter() - before)
            scores = json.loads((run / "metrics.jsonl").read_text())["scores"]
        agreement += [s["value"] for s in scores if s["name"] == "label_agreement"]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e9
    return [
        {
            "command": "sparring demo",
            "label agreement": spread(agreement),
            "seconds": spread(seconds, 0),
            "peak memory": f"{peak:.2f} GB",
        }
    ]
