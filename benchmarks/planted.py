"""Runs with a planted failure, and healthy ones: their logs, and the truth that no log tells.

The truth comes from rows that the run has never held: known modes or a classifier of the labels,
the two-sample test of boosted trees, copies among all training rows, D's answers on fresh rows, and
samples of the raw G late in the run. What was planted counts only where that truth says that
something is wrong.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from threadpoolctl import threadpool_limits

from benchmarks.plants import FRESH, PLANTS, SOURCES, Source
from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.errors import DivergedError
from sparring.evaluate.c2st import classifier_two_sample
from sparring.evaluate.copying import nearest_distance
from sparring.evaluate.frechet import frechet_distance
from sparring.files import user_cache
from sparring.model import Model
from sparring.objective.objective import judge
from sparring.plan import Plan, encodable, plan
from sparring.sample import sample
from sparring.train.run import read_lines
from sparring.train.runtime import thread_count
from sparring.train.trainer import Trainer

FIRST = 28  # seed that took no part in setting the doctor's references
SNAPSHOTS = (0.7, 0.8, 0.9)  # of the run: where the raw G's samples are kept
SHOWN = 300  # samples that are kept for pictures


def planted_run(source: str, name: str, seed: int, changes: dict[str, Any]) -> dict[str, Any]:
    """Train one run and find out the truth about it; `changes` to the settings come last."""
    plant, origin = PLANTS[name], SOURCES[source]
    rows, fresh = origin.draw(seed, plant.rows)
    config = Config(
        seed=seed, threads=1, engine="traced", log_every_steps=10, precision="fp32"
    ).replace(origin.settings | plant.settings | changes)
    if config.penalty == "none":  # the record of a step pays only where its backward pass is deep
        config = config.replace({"engine": "eager"})
    begun = time.process_time()
    planned = plan(rows, config)
    records, model, snapshots, diverged, game = train(planned, plant.spoil)
    shown = plane_of(sample(model, SHOWN, seed=1)).round(3).tolist()
    with thread_count(1), threadpool_limits(1):
        truth = (
            {"diverged": diverged} | game | true_of(model, planned.train, fresh, origin, snapshots)
        )
    return {
        "source": source, "plant": name, "seed": seed, "changes": changes,
        "settings": planned.config.as_dict(), "log": records, "truth": truth, "shown": shown,
        "seconds": time.process_time() - begun,
    }  # fmt: skip


def plane_of(rows: Dataset) -> np.ndarray:
    """Two coordinates of rows, (n, 2), or none of images, (0, 2)."""
    if isinstance(rows.x, pd.DataFrame):
        return rows.x[["a", "b"]].to_numpy()
    x = np.asarray(rows.x)
    return x if x.ndim == 2 else np.empty((0, 2))


def train(
    planned: Plan, spoil: Callable[[Trainer], None] | None
) -> tuple[list[dict[str, float]], Model, list[Dataset], bool, dict[str, float]]:
    """The log, the model, late samples of the raw G, whether it diverged, and `true_game`."""
    trainer = planned.build()
    if spoil is not None:
        spoil(trainer)
    model = Model(planned.config, planned.kind, trainer.average.net, trainer.D, {})
    raw = Model(planned.config, planned.kind, trainer.G, trainer.D, {})
    records: list[dict[str, float]] = []
    snapshots: list[Dataset] = []
    diverged = False
    with thread_count(1):
        try:
            for step in trainer.steps():
                if trainer.went_back:
                    records = [r for r in records if r["step"] <= step]
                elif step % planned.config.log_every_steps == 0 or trainer.progress == 1:
                    records.append(trainer.record())
                due = len(snapshots) < len(SNAPSHOTS)
                if due and trainer.progress >= SNAPSHOTS[len(snapshots)]:
                    snapshots.append(sample(raw, FRESH, seed=1))
        except DivergedError:
            records.append(trainer.ending())
            diverged = True
        if not diverged:
            snapshots.append(sample(raw, FRESH, seed=1))
    diverged |= not trainer.healthy()
    return records, model, snapshots, diverged, {} if diverged else true_game(trainer)


def true_game(trainer: Trainer) -> dict[str, float]:
    """What is true of G's rows before they are decoded, and of what D passes on to it."""
    random = torch.Generator().manual_seed(1)
    real, y = trainer.batches.take(torch.arange(min(FRESH, trainer.batches.rows)), random)
    z = torch.randn(len(real), trainer.G.latent_dim, generator=random)
    average = trainer.average.net
    average.eval()
    with torch.no_grad():
        fake = average(z, y).float()
        real_logits, fake_logits = judge(trainer.D, real, y), judge(trainer.D, trainer.G(z, y), y)
    fake_logits.requires_grad_()
    loss = trainer.objective.loss.generator(real=real_logits, fake=fake_logits)
    (slope,) = torch.autograd.grad(loss, fake_logits)
    spread = [float(rows.flatten(1).var(dim=0).sum()) for rows in (fake, real)]
    return {
        "raw_spread": float(np.sqrt(spread[0] / spread[1])),
        "passed": float(slope.abs().sum()),
    }


def true_of(
    model: Model, train: Dataset, fresh: Dataset, origin: Source, snapshots: list[Dataset]
) -> dict[str, float]:
    """What is true of a run's samples and of its D, by rows that it never held."""
    kind = model.kind
    # Ten rows may lack a category that new rows have.
    fresh = fresh.take(encodable(kind, fresh, np.arange(len(fresh))))
    fake = sample(model, FRESH, seed=1)
    real, made, known = (view.features for view in kind.views(fresh, fake, train))
    share, usual, taught = (shares(origin, d) for d in (fake, fresh, train))
    missed = (share < 0.1 * usual) & (taught > 0)  # what no training row shows is not dropped
    to_train = nearest_distance(made, known).min(axis=1)
    beside = nearest_distance(real, known).min(axis=1)
    rows = [fresh.x, fake.x] if isinstance(fresh.x, pd.DataFrame) else [real, made]
    found = {
        "c2st": classifier_two_sample(rows[0], rows[1], folds=2),
        "frechet": frechet_distance(real, made),
        "frechet_scale": float(np.trace(np.cov(real.T))),
        "missing": float(usual[missed].sum()),
        "variety": perplexity(share) / perplexity(usual),
        "spread": float(np.sqrt(np.trace(np.cov(made.T)) / np.trace(np.cov(real.T)))),
        "variation": float(np.abs(share - usual).sum() / 2),
        "near_copies": float((to_train < 0.2 * np.median(beside)).mean()),
        "near_usual": float((beside < 0.2 * np.median(beside)).mean()),
        "leaning": float(np.median(to_train) / np.median(beside)),
        "knows_train": knows(model, train, fresh),
        "tells": knows(model, fresh, fake),
    }
    histograms = [shares(origin, d) for d in snapshots]
    if len(histograms) == len(SNAPSHOTS) + 1:
        turns = [np.abs(a - b).sum() / 2 for a, b in itertools.pairwise(histograms)]
        off = [np.abs(h - usual).sum() / 2 for h in histograms]
        found |= {"swing": float(np.mean(turns)), "off": float(np.mean(off))}
    return found


def shares(origin: Source, rows: Dataset) -> np.ndarray:
    count: np.ndarray = np.bincount(origin.groups(rows), minlength=10)[:10]
    part: np.ndarray = count / count.sum()
    return part


def perplexity(share: np.ndarray) -> float:
    """How many equally likely groups would be as varied."""
    some = share[share > 0]
    return float(np.exp(-(some * np.log(some)).sum()))


def knows(model: Model, a: Dataset, b: Dataset) -> float:
    """The chance that D prefers a row of `a` to one of `b`."""
    p, q = (np.sort(model.discriminate(d).numpy()) for d in (a, b))
    below = np.searchsorted(q, p, "left") + np.searchsorted(q, p, "right")
    return float(below.mean() / 2 / len(q))


def jobs(seeds: int) -> Iterator[tuple[str, str, int]]:
    """So many planted runs of every plant and source, and one more of the healthy, by seed."""
    for seed in range(FIRST, FIRST + seeds + 1):
        for name, plant in PLANTS.items():
            if seed < FIRST + seeds or plant.verdict == "healthy":
                for source in plant.sources:
                    yield source, name, seed


def collect(seeds: int) -> list[dict[str, Any]]:
    """All planted runs in the cache, those of so many seeds trained now where they are not."""
    found = {key(run): run for run in read_lines(cache())}
    for source, name, seed in jobs(seeds) if seeds else ():
        if (source, name, seed, "{}") not in found:
            run = keep(planted_run(source, name, seed, {}))
            found[key(run)] = run
    return [
        r for r in found.values()
        if not r["changes"] and r["plant"] in PLANTS and r["seed"] >= FIRST
    ]  # fmt: skip


def changed(run: dict[str, Any], changes: dict[str, Any], train: bool) -> dict[str, Any] | None:
    """The same run under other settings, from the cache or, if asked for, trained now."""
    wanted = key(run | {"changes": changes})
    for other in read_lines(cache()):
        if key(other) == wanted:
            return other
    return keep(planted_run(run["source"], run["plant"], run["seed"], changes)) if train else None


def key(run: dict[str, Any]) -> tuple[str, str, int, str]:
    return run["source"], run["plant"], run["seed"], json.dumps(run["changes"], sort_keys=True)


def cache() -> Path:
    """Planted runs, a line each: they stay when rules change."""
    return user_cache() / "planted.jsonl"


def keep(run: dict[str, Any]) -> dict[str, Any]:
    """Append a run to the cache."""
    cache().parent.mkdir(parents=True, exist_ok=True)
    with cache().open("a", encoding="utf-8") as file:
        file.write(json.dumps(run) + "\n")
    return run
