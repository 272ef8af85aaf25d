"""Two public tables, no option given: `$SPARRING_DATA` holds StressLevelDataset.csv, adult.csv."""

from __future__ import annotations

import os
import time
from pathlib import Path

from benchmarks.machine import in_processes, peak_gigabytes, spread
from sparring.config import Config
from sparring.data.source import open_source
from sparring.fit import fit
from sparring.judge import judge
from sparring.plan import plan
from sparring.sample import sample

METRICS = {"shape": "Shape error", "trend": "Trend error", "c2st": "C2ST AUC"}
TABLES = ("StressLevelDataset.csv", "adult.csv")


def run(seeds: int) -> list[dict[str, str]]:
    """One row per table."""
    folder = Path(os.environ.get("SPARRING_DATA", "."))
    jobs = [(str(folder / name), seed) for name in TABLES for seed in range(seeds)]
    results = in_processes(one, jobs, at_once=2)
    rows = []
    for name in TABLES:
        mine = [r for j, r in zip(jobs, results, strict=True) if Path(j[0]).name == name]
        row = {"table": f"{name}, {mine[0]['rows']:,.0f} x {mine[0]['columns']:.0f}"}
        for metric, title in METRICS.items():
            row[title] = spread(r[metric] for r in mine)
            row[f"{title}, real rows"] = spread(r[f"{metric} floor"] for r in mine)
        row["seconds"] = spread((r["seconds"] for r in mine), 0)
        row["peak memory"] = f"{max(r['gigabytes'] for r in mine):.2f} GB"
        rows.append(row)
    return rows


def one(path: str, seed: int) -> dict[str, float]:
    """Train, score and sample as many rows as there were."""
    planned = plan(open_source(path), Config(seed=seed, threads=1))
    before = time.perf_counter()
    model = fit(planned)
    seconds = time.perf_counter() - before
    rows, columns = planned.train.x.shape
    assert sample(model, rows).x.shape == (rows, columns)
    result = {"rows": rows + len(planned.holdout), "columns": columns, "seconds": seconds}
    for s in judge(model, planned.holdout, planned.train):
        result |= {s.name: s.value, f"{s.name} floor": s.floor}
    return result | {"gigabytes": peak_gigabytes()}
