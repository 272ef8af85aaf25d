"""How good rows are that were asked for by `where=`: Adult, no option given.

Beside them two others that need no asking: samples that happen to obey, and training rows, which
show what so few rows can score at best. `$SPARRING_DATA` holds adult.csv. Finished runs are kept in
results/, so a stopped table goes on.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.ablation import gather, keep, key
from benchmarks.machine import spread
from benchmarks.tables import prepared
from sparring.data.dataset import Dataset
from sparring.evaluate.c2st import classifier_two_sample
from sparring.evaluate.tables import shape_error, trend_error
from sparring.fit import fit
from sparring.kinds.base import Kind
from sparring.kinds.table import Table
from sparring.sample import sample

ASKED = (
    ("income=>50K",),
    ("age>=60",),
    ("education in Masters,Doctorate",),
    ("relationship=Wife",),
    ("sex=Female", "hours-per-week>=50"),
    ("income=>50K", "age<30"),
    ("marital-status in Married-civ-spouse,Divorced", "age<40", "hours-per-week>=45"),
)
UNASKED = 65_536  # samples, of which some obey
FROM = ("asked for", "samples that obey", "training rows that obey")


def run(seeds: int) -> list[dict[str, str]]:
    """One row per condition and where its rows are from."""
    jobs = [("adult", seed) for seed in range(seeds)]
    found = gather("conditions", one, jobs, prepared)
    rows = []
    for where in map(" and ".join, ASKED):
        for source in FROM:
            mine = [result["scores"][where][source] for result in found]
            rows.append(
                {
                    "where": where,
                    "rows": source,
                    "how many": spread((m["rows"] for m in mine), 0),
                    "Shape (%)": spread((100 * m["shape"] for m in mine), 2),
                    "Trend (%)": spread((100 * m["trend"] for m in mine), 2),
                    "C2ST AUC": spread(m["c2st"] for m in mine),
                }
            )
    return rows


def one(name: str, seed: int) -> None:
    """Train, and score rows for each condition beside the rows held out that obey it."""
    planned = prepared(name, seed)
    model, kind, random = fit(planned), planned.kind, np.random.default_rng(seed)
    unasked, scores = sample(model, UNASKED, seed=seed + 1), {}
    for where in ASKED:
        real = obeying(kind, where, planned.holdout)
        n = len(real)
        trained = obeying(kind, where, planned.train)
        sets = {
            "asked for": sample(model, n, seed=seed, asked=kind.ask(n, where=list(where))),
            "samples that obey": obeying(kind, where, unasked),
            "training rows that obey": trained.take(random.permutation(len(trained))),
        }
        scores[" and ".join(where)] = {
            source: scored(kind, real, rows.take(np.arange(n))) for source, rows in sets.items()
        }
    keep("conditions", {"run": key(planned), "scores": scores})


def obeying(kind: Kind, where: Sequence[str], rows: Dataset) -> Dataset:
    assert isinstance(kind, Table)
    return rows.take(np.flatnonzero(kind.obeyed(list(where), rows)))


def scored(kind: Kind, real: Dataset, rows: Dataset) -> dict[str, float]:
    """Shape, Trend and C2ST of rows beside as many real ones."""
    one, other = (view.frame for view in kind.views(real, rows))
    assert one is not None
    assert other is not None
    with threadpool_limits(1):
        told = classifier_two_sample(one, other)
    errors = {"shape": shape_error(one, other), "trend": trend_error(one, other)}
    return errors | {"c2st": told, "rows": len(rows)}
