"""Small tables: the G of the last step beside the one that did best on rows held out.

Each table is halved anew under each seed: one half to train on, of which a fifth may be held out to
choose by, and the other half, which nothing but the scores here has seen.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.ablation import gather, keep, key
from benchmarks.machine import processor_seconds, spread
from benchmarks.tables import TABLES
from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.evaluate.suite import METRICS
from sparring.fit import fit
from sparring.judge import judge
from sparring.plan import Plan, plan

SMALL = ("wine", "diabetes", "breast cancer", "StressLevel")
SCORES = ("shape", "trend", "c2st", "sliced_wasserstein")
ENDS: dict[str, dict[str, Any]] = {
    "the last, nothing held out": {"holdout": 0.0},
    "the last, a fifth held out": {},
    "the best by sliced_wasserstein": {"monitor": "sliced_wasserstein"},
    "the best by trend": {"monitor": "trend"},
}


def run(seeds: int) -> list[dict[str, str]]:
    """One row per table and way to end."""
    jobs = [(name, end, seed) for name in SMALL for end in ENDS for seed in range(seeds)]
    found = dict(zip(jobs, gather("early-stop", one, jobs, prepared), strict=True))
    rows = []
    for name in SMALL:
        for end in ENDS:
            mine = [found[name, end, seed] for seed in range(seeds)]
            row = {"table": f"{name}, {mine[0]['rows']:,} rows", "G of which step": end}
            for score in SCORES:
                title = METRICS[score].title.partition(" [")[0]
                row[title] = spread([r[score] for r in mine], 3)
            row["CPU seconds"] = spread([r["seconds"] for r in mine], 0)
            rows.append(row)
    return rows


def halves(name: str, seed: int) -> tuple[Dataset, Dataset]:
    dataset = TABLES[name].open()
    order = np.random.default_rng(seed).permutation(len(dataset))
    return dataset.take(order[::2]), dataset.take(order[1::2])


def prepared(name: str, end: str, seed: int) -> Plan:
    config = Config(seed=seed, threads=1, engine="traced").replace(ENDS[end])
    return plan(halves(name, seed)[0], config)


def one(name: str, end: str, seed: int) -> None:
    """Train and judge one run, and keep what came out."""
    planned, (_, others) = prepared(name, end, seed), halves(name, seed)
    before = processor_seconds()
    model = fit(planned)
    seconds = processor_seconds() - before
    scores = judge(model, others, planned.train, metrics=SCORES)
    kept = {s.name: s.value for s in scores} | {"seconds": seconds, "rows": len(others)}
    keep("early-stop", {"run": key(planned)} | kept)
    print(name, end, seed, kept, flush=True)
