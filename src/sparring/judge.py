"""Scores of a model: its samples against rows it never saw, beside the real-vs-real floor."""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_limits

from sparring.data.dataset import Dataset
from sparring.errors import InputError
from sparring.evaluate.suite import METRICS, Score, score
from sparring.evaluate.views import Classifier, Known
from sparring.model import Model
from sparring.sample import sample
from sparring.train.runtime import thread_count

MOST_ROWS = 10_000


def judge(
    model: Model, against: Dataset, train: Dataset | None, *, rows: int = MOST_ROWS, seed: int = 0
) -> list[Score]:
    """Score as many samples as there are rows to compare them with.

    Args:
        against: rows that training never saw.
        train: training rows: the floor compares them with `against`, and the classifier of labels
            learns from them. Without them, half of `against` does both.
        rows: at most so many are compared.
        seed: of the samples and of every random choice in the metrics.

    Raises:
        InputError: too few rows, or rows that do not fit the model's.
    """
    if not 0 <= seed < 2**32:
        raise InputError(f"seed {seed}: it must be from 0 to {2**32 - 1}")
    against = model.kind.adopt(against)
    if train is None:
        order = np.random.default_rng(seed).permutation(len(against))
        half = len(against) // 2
        against, train = against.take(order[half:]), against.take(order[:half])
    if len(against) < 2:
        raise InputError(
            f"{against.name}: {len(against)} row(s) to judge by; train with a larger holdout, or "
            "give other rows"
        )
    # One thread, also for scikit-learn and BLAS: the scores are then the same for every number of
    # cores, and no library waits for a thread on a core that something else keeps busy.
    with thread_count(1), threadpool_limits(1):
        return _scores(model, against, train, rows, seed)


def _scores(model: Model, against: Dataset, train: Dataset, rows: int, seed: int) -> list[Score]:
    model.kind.check(against)  # rows that do not fit are named here, before anything is computed
    random = np.random.default_rng(seed)
    chosen = random.permutation(len(against))[:rows]
    reference = random.permutation(len(train))[:rows]
    fake = sample(model, len(chosen), seed=seed)
    views = model.kind.views(against.take(chosen), fake, train.take(reference))
    known = Known(modes=against.modes, classifier=_classifier(model, train, seed), seed=seed)
    return score(_names(model, against), views[0], views[1], views[2], known)


def _classifier(model: Model, train: Dataset, seed: int) -> Classifier | None:
    """The judge of labels, or None when the training rows are too few to learn it."""
    try:
        return model.kind.classifier(train, seed)
    except InputError:
        return None


def _names(model: Model, against: Dataset) -> list[str]:
    """The kind's metrics, without those whose question this data does not ask."""
    pointless = set()
    if against.modes is None:
        pointless |= {"modes", "high_quality", "mode_kl"}
    if model.kind.labels is None:
        pointless.add("label_agreement")
    assert pointless <= set(METRICS)
    return [name for name in model.kind.metrics if name not in pointless]
