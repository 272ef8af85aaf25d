"""Scores of a model: its samples against rows it never saw, beside the real-vs-real floor."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype
from threadpoolctl import threadpool_limits

from sparring.data.dataset import Dataset
from sparring.errors import InputError, choose
from sparring.evaluate.features import embedded
from sparring.evaluate.suite import METRICS, Score, score
from sparring.evaluate.views import Classifier, Known
from sparring.kinds.base import Kind
from sparring.model import Model
from sparring.sample import sample
from sparring.train.runtime import thread_count

MOST_ROWS = 10_000
TRAIN_ROWS = 50_000  # at most so many training rows are searched for copies

OF_MODES = {"modes", "high_quality", "mode_kl"}
OF_LABELS = {"label_agreement", "transfer", "classifier_frechet", "classifier_kernel_distance"}
BY_CLASSIFIER = OF_LABELS - {"transfer"}
IN_ITS_FEATURES = BY_CLASSIFIER - {"label_agreement"}

Draw = Callable[[int, int], Dataset]  # so many samples, by a seed


def judge(
    model: Model,
    against: Dataset,
    train: Dataset | None,
    *,
    metrics: str | Sequence[str] = "quick",
    rows: int = MOST_ROWS,
    seed: int = 0,
) -> list[Score]:
    """Score as many samples as there are rows to compare them with.

    Args:
        against: rows that training never saw.
        train: training rows: the floor compares them with `against`, the classifier of labels
            learns from them, and copies are looked for among them. Without them, half of `against`
            is the floor and teaches the classifier, and no copies are looked for.
        metrics: "quick", "all" that this kind of data has, or a list of names from `METRICS`, among
            which "quick" and "all" may stand too.
        rows: at most so many are compared.
        seed: of the samples and of every random choice in the metrics.

    Raises:
        InputError: too few rows, or rows that do not fit the model's.
        ConfigError: an unknown metric.
    """

    def draw(n: int, seed: int) -> Dataset:
        return sample(model, n, seed=seed)

    return judge_samples(model.kind, draw, against, train, metrics=metrics, rows=rows, seed=seed)


def judge_samples(
    kind: Kind,
    draw: Draw,
    against: Dataset,
    train: Dataset | None,
    *,
    metrics: str | Sequence[str] = "quick",
    rows: int = MOST_ROWS,
    seed: int = 0,
) -> list[Score]:
    """The same for whatever draws samples of a fitted kind; see `judge`."""
    if not 0 <= seed < 2**32:
        raise InputError(f"seed {seed}: it must be from 0 to {2**32 - 1}")
    against = kind.adopt(against)
    names = _names(kind, against, metrics)
    if len(against) < 2:
        raise InputError(
            f"{against.name}: {len(against)} row(s) to judge by; train with a larger holdout, or "
            "give other rows"
        )
    # One thread, also for scikit-learn and BLAS: the scores are then the same for every number of
    # cores, and no library waits for a thread on a core that something else keeps busy.
    with thread_count(1), threadpool_limits(1):
        return _scores(kind, draw, against, train, names, rows, seed)


def _scores(
    kind: Kind,
    draw: Draw,
    against: Dataset,
    train: Dataset | None,
    names: list[str],
    rows: int,
    seed: int,
) -> list[Score]:
    kind.check(against)  # rows that do not fit are named here, before anything is computed
    random = np.random.default_rng(seed)
    order = random.permutation(len(against))
    beside = train
    if beside is None:
        half = len(against) // 2
        beside, order = against.take(order[:half]), order[half:]
    shown = random.permutation(len(beside))[: max(rows, TRAIN_ROWS)]
    real = against.take(order[:rows])
    fake = draw(len(real), seed)
    _check_types(against, fake)

    views = kind.views(real, fake, beside.take(shown))
    reference = views[2].take(np.arange(min(rows, len(shown))))
    classifier = _classifier(kind, beside, seed) if BY_CLASSIFIER & set(names) else None
    known = Known(
        modes=against.modes,
        classifier=classifier,
        train=None if train is None else views[2],
        label_column=None if kind.labels is None else kind.labels.name,
        seed=seed,
    )
    sets = [views[0], views[1], reference]
    if classifier is not None and IN_ITS_FEATURES & set(names):
        # Real rows come again with the next samples; samples do not.
        sets = [embedded(v, classifier, remember=v is not views[1]) for v in sets]
    return score(names, sets[0], sets[1], sets[2], known)


def _classifier(kind: Kind, train: Dataset, seed: int) -> Classifier | None:
    """The judge of labels, or None when the training rows are too few to learn it."""
    try:
        return kind.classifier(train, seed)
    except InputError:
        return None


def _names(kind: Kind, against: Dataset, metrics: str | Sequence[str]) -> list[str]:
    """The metrics asked for; of the kind's, not those whose question this data does not ask."""
    sets = {"quick": [n for n in kind.metrics if METRICS[n].quick], "all": kind.metrics}
    pointless = OF_MODES if against.modes is None else set()
    if kind.labels is None:
        pointless = pointless | OF_LABELS
    if isinstance(metrics, str):
        metrics = [metrics]
    names: list[str] = []
    for name in metrics:
        if name in sets:
            names += [n for n in sets[name] if n not in pointless]
        else:
            choose("metric", name, METRICS)
            names.append(name)
    return list(dict.fromkeys(names))


def _check_types(against: Dataset, fake: Dataset) -> None:
    """See that columns of a table hold numbers where the model's do, and only there."""
    if not (isinstance(against.x, pd.DataFrame) and isinstance(fake.x, pd.DataFrame)):
        return
    for name in fake.x.columns.intersection(against.x.columns):
        found, expected = against.x[name], fake.x[name]
        if found.notna().any() and expected.notna().any() and _what(found) != _what(expected):
            raise InputError(
                f"{against.name}: column {name!r} holds {_what(found)}; the model's holds "
                f"{_what(expected)}"
            )


def _what(column: pd.Series) -> str:
    return "numbers" if is_numeric_dtype(column) and not is_bool_dtype(column) else "categories"
