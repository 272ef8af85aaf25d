"""One setting changed at a time from the defaults, over seeds: what each is worth, and how far
gamma may be from its default. Finished runs are kept in results/, so a stopped table goes on.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks.machine import RESULTS, in_processes, spread
from sparring.config import Config
from sparring.data.source import open_source
from sparring.errors import DivergedError
from sparring.evaluate.suite import METRICS
from sparring.fit import fit
from sparring.judge import judge
from sparring.kinds.columns.distribution import Distribution
from sparring.kinds.columns.keep import Keep
from sparring.model import Model
from sparring.nets.base import Generator
from sparring.plan import HOLDOUT_ROWS, Plan, plan

Settings = Mapping[str, Any]


def from_end_to_end(cells: np.ndarray, keep: Keep) -> Distribution:
    """A column's numbers scaled from the smallest to the largest, for `Distribution.fit`."""
    return Distribution((float(cells.min()), float(cells.max())), (0.0, 1.0), discrete=False)


def uncalibrated(model: Model, *_: object) -> Generator:
    """In the place of the calibrated G."""
    return model.G


# What no setting switches off; a change names it under "without".
WITHOUT: dict[str | None, Callable[[], AbstractContextManager[object]]] = {
    None: nullcontext,
    "ranks": lambda: patch.object(Distribution, "fit", staticmethod(from_end_to_end)),
    "calibration": lambda: patch("sparring.select.calibrated", uncalibrated),
}


@dataclass(frozen=True)
class Ablation:
    """What is changed, on what, and what is looked at.

    Attributes:
        sources: names or files that `open_source` knows.
        metrics: names of metrics, in the order of the columns.
        changes: what the row is called -> the settings that differ from the defaults, and of
            `WITHOUT` the one that is left out.
    """

    sources: tuple[str, ...]
    metrics: tuple[str, ...]
    changes: Mapping[str, Settings]

    def run(self, name: str, seeds: int) -> list[dict[str, str]]:
        """One row per change and source; two runs at once, one thread each."""
        runs = [
            (title, source, seed)
            for title in self.changes
            for source in self.sources
            for seed in range(seeds)
        ]
        jobs = [(source, self.changes[title], seed) for title, source, seed in runs]
        results = dict(zip(runs, gather(name, partial(one, name), jobs, prepared), strict=True))
        return [
            self._row(title, source, [results[title, source, seed] for seed in range(seeds)])
            for title in self.changes
            for source in self.sources
        ]

    def _row(self, title: str, source: str, results: list[Settings]) -> dict[str, str]:
        row = {"change": title, "data": source.rpartition("/")[2]}
        for metric in (*self.metrics, "CPU seconds"):
            values = [r[metric] for r in results if metric in r]
            digits = 0 if metric in ("modes", "CPU seconds") else 3
            title = METRICS[metric].title.partition(" [")[0] if metric in METRICS else metric
            row[title] = spread(values, digits) if values else "-"
        lost = sum("diverged" in r for r in results)
        return row | {"diverged": f"{lost} of {len(results)}"}


def one(name: str, source: str, settings: Settings, seed: int) -> None:
    """Train and judge one run, and keep what came out."""
    planned = prepared(source, settings, seed)
    kept: dict[str, Any] = {"run": key(planned)}
    before = time.process_time()
    try:
        with WITHOUT[settings.get("without")]():
            model = fit(planned)
    except DivergedError as error:
        kept["diverged"] = str(error)
    else:
        kept["CPU seconds"] = time.process_time() - before
        metrics = ABLATIONS[name].metrics
        scores = judge(model, planned.holdout, planned.train, metrics=metrics)
        kept |= {s.name: s.value for s in scores if s.value is not None}
    keep(name, kept)
    print(f"{name}: {source}, seed {seed}, {settings}: {kept}", flush=True)


def prepared(source: str, settings: Settings, seed: int) -> Plan:
    """A run under the defaults but for `settings`.

    Args:
        source: "NAME, 32 points" are 32 to train on, and as many as may be to judge by; "NAME, no
            labels" are rows without theirs.
    """
    settings = dict(settings)
    left_out = settings.pop("without", None)
    with WITHOUT[left_out]():
        planned = set_up(source, settings, seed)
    if left_out is None:
        return planned
    mark = f"{planned.source['fingerprint']} without {left_out}"  # for the `key`
    return replace(planned, source={**planned.source, "fingerprint": mark})


def set_up(source: str, settings: Settings, seed: int) -> Plan:
    """The same with nothing left out."""
    config = Config(seed=seed, threads=1, engine="traced").replace(settings)
    name, _, part = source.partition(", ")
    dataset = open_source(name)
    if part == "no labels":
        dataset = replace(dataset, y=None)
    elif part:
        count = int(part.removesuffix(" points"))
        order = np.random.default_rng(seed).permutation(len(dataset))
        few, others = dataset.take(order[:count]), dataset.take(order[count:][:HOLDOUT_ROWS])
        return replace(plan(few, config.replace({"holdout": 0.0}), source), holdout=others)
    return plan(dataset, config, source)


def gather(
    name: str, function: Callable[..., None], jobs: Sequence[tuple[Any, ...]],
    prepared: Callable[..., Plan],
) -> list[dict[str, Any]]:  # fmt: skip
    """What came of every job; those not kept yet are run, two at once.

    Args:
        name: of the benchmark.
        function: runs one job and keeps what comes of it; prepared: its plan, for the `key`.
    """
    keys = [key(prepared(*job)) for job in jobs]
    known = finished(name)
    new = [job for job, k in zip(jobs, keys, strict=True) if k not in known]
    in_processes(function, new, at_once=2)
    known = finished(name)
    return [known[k] for k in keys]


def key(planned: Plan) -> str:
    """What makes a run the same run: its rows, and every setting that decides its result."""
    return f"{planned.source['fingerprint']} {json.dumps(planned.config.as_dict())}"


def keep(name: str, run: Settings) -> None:
    """Add a run to those that are kept."""
    with (RESULTS / f"{name}.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(run) + "\n")


def finished(name: str) -> dict[str, dict[str, Any]]:
    """The runs that were kept, by `key`."""
    path = RESULTS / f"{name}.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {kept["run"]: kept for kept in map(json.loads, lines)}


FILES = tuple(
    str(Path(os.environ.get("SPARRING_DATA", ".")) / name)
    for name in ("adult.csv", "StressLevelDataset.csv")
)
PLANE = ("moons", "grid")
BRIEF: Settings = {"steps": 3_000, "width": 64, "batch_size": 64}  # as with little time
DIGITS = ("frechet", "label_agreement", "precision", "coverage")
SEEN = ("c2st", "sliced_wasserstein", "modes", "high_quality", "mode_kl")

OF_POINTS: Mapping[str, Settings] = {
    "the defaults, 2,000 steps": {},
    "shuffled batches": {"stratified": False},
    "every sample is kept": {"candidates": 1},
    # Gamma for D's slope is counted once for each row of a pack. Nothing is stratified or chosen.
    "packs of 4": {"pac": 4, "gamma": 0.025},
    "neither stratified nor chosen": {"stratified": False, "candidates": 1},
    "D's learning rate as G's": {"critic_learning_rate": 2e-3},
    "batch 128, half the steps": {"batch_size": 128, "steps": 1_000},
    "2 D updates, 0.7 of the steps": {"d_steps": 2, "steps": 1_400},
    "gamma to a tenth": {"gamma_decay": 0.1},
    "gamma stays": {"gamma_decay": 1.0},
    "no penalty on fakes": {"penalty": "r1"},
    "no penalty": {"penalty": "none"},
    "non-saturating loss": {"loss": "non-saturating"},
    "no averaging": {"ema_half_life_steps": 0.0},
    "plain MLP": {"network": "mlp"},
    "no output noise": {"output_noise": False},
}
OF_TABLES: Mapping[str, Settings] = {
    "the defaults, 800 steps, no Gibbs sweep, no cells given": {},
    "with the Gibbs sweep": {"gibbs_sweep": True},
    "the same, and cells of half the rows are given": {"gibbs_sweep": True, "given_share": 0.5},
    "the best of 4 rows": {"candidates": 4},
    "numbers from end to end, not by rank": {"without": "ranks"},
    "numbers as G makes them, not calibrated": {"without": "calibration"},
    "packs of 10": {"pac": 10, "gamma": 0.3},
    "cells of half the rows are given": {"given_share": 0.5},
    "gamma x 3": {"gamma": 9.0},
    "gamma x 0.3": {"gamma": 0.9},
    "gamma x 0.1": {"gamma": 0.3},
    "non-saturating loss": {"loss": "non-saturating"},
    "no penalty on fakes": {"penalty": "r1"},
    "twice as wide, half the steps": {"width": 256, "steps": 400},
    "half as wide, twice the steps": {"width": 64, "steps": 1_600},
    "no averaging": {"ema_half_life_steps": 0.0},
    "plain MLP": {"network": "mlp"},
}
OF_IMAGES: Mapping[str, Settings] = {
    "the defaults, 3,000 steps, no histogram matching": {},
    "labels alone are told": {"clusters": 0},
    "20 clusters": {"clusters": 20},
    "gamma stays": {"gamma_decay": 1.0},
    "no penalty on fakes": {"penalty": "r1"},
    "no penalty": {"penalty": "none"},
    "non-saturating loss": {"loss": "non-saturating"},
    "Wasserstein loss, gradient penalty": {"loss": "wasserstein", "penalty": "gp", "gamma": 10.0},
    "no averaging": {"ema_half_life_steps": 0.0},
    "learning rate x 2": {"learning_rate": 8e-3},
    "learning rate x 0.5": {"learning_rate": 2e-3},
    "batch 64, half the steps": {"batch_size": 64, "steps": 1_500},
    "2 D updates, 0.7 of the steps": {"d_steps": 2, "steps": 2_100},
    "batch normalisation in G": {"generator_batch_norm": True},
    "residual networks, a third of the steps": {"network": "resnet", "steps": 1_000},
    "MLP": {"network": "mlp"},
    "residual MLP": {"network": "residual-mlp"},
}
ABLATIONS: dict[str, Ablation] = {
    # A fifth of the steps and a smaller net: all of them in an hour or two.
    "ablation-points": Ablation(PLANE, SEEN, {
        title: {**BRIEF, "steps": 2_000, **settings} for title, settings in OF_POINTS.items()
    }),
    "gamma-points": Ablation(PLANE, SEEN, {
        f"gamma x {share:g}": {"gamma": share * 0.1, **BRIEF} for share in (0.1, 0.3, 1, 3, 10)
    }),
    "ablation-images": Ablation(("digits",), DIGITS, {
        title: {"steps": 3_000, "match_histogram": False, **settings}
        for title, settings in OF_IMAGES.items()
    }),
    "gamma-images": Ablation(("digits",), DIGITS, {
        f"gamma x {share:g}": {"gamma": share * 0.1, "steps": 3_000, "match_histogram": False}
        for share in (0.1, 0.3, 1.0, 3.0, 10.0)
    }),
    "clusters": Ablation(
        ("digits, no labels",), ("frechet", "precision", "recall", "coverage", "c2st"),
        {
            f"{count} clusters" if count else "none": {"clusters": count, "steps": 3_000}
            for count in (0, 5, 10, 20, 100)
        },
    ),
    "clusters-by-label": Ablation(("digits",), DIGITS, {
        "labels alone are told": {"clusters": 0, "steps": 3_000},
        "and clusters of each label": {"steps": 3_000},
    }),
    "histogram": Ablation(
        ("digits", "digits, no labels"), ("c2st", "frechet", "precision", "recall", "coverage"),
        {
            "as G makes them": {"steps": 3_000, "match_histogram": False},
            "with the histogram of training images": {"steps": 3_000},
        },
    ),
    "clusters-mnist": Ablation(
        ("mnist",), ("classifier_frechet", "label_agreement", "precision", "coverage"),
        {f"{count} clusters": {"clusters": count, "steps": 4_000} for count in (0, 100, 200, 400)},
    ),
    "few-points": Ablation(
        tuple(
            f"{name}, {rows} points"
            for name in ("moons", "circles", "radial-gaussians", "sine")
            for rows in (32, 128, 512)
        ),
        ("sliced_wasserstein", "coverage"),
        {
            f"gamma to {share}": {"gamma_decay": decay, **BRIEF}
            for share, decay in {"a tenth": 0.1, "three thousandths": 0.003}.items()
        },
    ),
    # Each run by the clock: on a machine that is busy or slow, the numbers are others.
    "little-time": Ablation(
        ("moons", "circles", "two-gaussians", "radial-gaussians"), ("c2st", "sliced_wasserstein"),
        {
            f"{seconds} seconds, {net}": {"minutes": seconds / 60, **settings}
            for seconds in (6, 20)
            for net, settings in {
                "the defaults": {},
                "as for a long run": {"width": 128, "batch_size": 128},
                "half as deep": {"depth": 2},
            }.items()
        },
    ),
    # Few steps, which is enough to tell them apart; a sweep would make up for part of what is lost.
    "ablation-tables": Ablation(FILES, ("shape", "trend", "c2st"), {
        title: {"steps": 800, "gibbs_sweep": False, "given_share": 0.0, **settings}
        for title, settings in OF_TABLES.items()
    }),
}  # fmt: skip

RUNS = {name: partial(ablation.run, name) for name, ablation in ABLATIONS.items()}
