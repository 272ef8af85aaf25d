"""All metrics under one roof: each is measured on the samples, and beside them on real rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np
import pandas as pd

from sparring.errors import InputError, choose
from sparring.evaluate.c2st import classifier_two_sample
from sparring.evaluate.classifier import label_agreement
from sparring.evaluate.frechet import frechet_distance
from sparring.evaluate.modes import ModeReport, mode_report
from sparring.evaluate.prdc import PRDC, precision_recall_density_coverage
from sparring.evaluate.tables import shape_error, trend_error
from sparring.evaluate.views import Known, Views
from sparring.evaluate.wasserstein import sliced_wasserstein

T = TypeVar("T")

# A number is a target: the closer to it, the better.
Better = Literal["lower", "higher"] | float


@dataclass(frozen=True)
class Metric:
    """One entry of the catalogue.

    Attributes:
        title: for a person; `{space}` and `{columns}` stand for what was looked at.
        better: the direction of better values, or the value that is best.
        meaning: one line in plain words.
        function: (real, fake, known) to a number, or to a tuple of which `field` is the number.
            Metrics that share a function share one call of it.
        field: name in the tuple, or "" for a number.
        max_rows: more rows than this are not looked at, for time.
    """

    title: str
    better: Better
    meaning: str
    function: Callable[[Views, Views, Known], Any]
    field: str = ""
    max_rows: int = 10_000


@dataclass(frozen=True)
class Score:
    """One metric, measured; `dataclasses.asdict` of it is ready for JSON.

    Attributes:
        name: key of the metric in `METRICS`.
        title, better, meaning: as in `Metric`, the title completed.
        rows: number of rows of each set that were compared.
        value: of the samples, or None if it was skipped.
        floor: of real rows in the place of the samples, or None if it was skipped.
        skipped: why there is no value, or None.
    """

    name: str
    title: str
    better: Better
    meaning: str
    rows: int
    value: float | None
    floor: float | None
    skipped: str | None


def score(
    names: Sequence[str], real: Views, fake: Views, reference: Views, known: Known
) -> list[Score]:
    """Measure samples against rows that training never saw, and set the real-vs-real floor beside.

    All three sets are cut at random to one size, that of the smallest, at most `Metric.max_rows`.
    The value is metric(real, fake). The floor is metric(reference, real): the rows never seen take
    the place of the samples, so that no floor is flattered by what was trained on the reference
    (a classifier knows its own training rows better than any others).

    Args:
        names: keys of `METRICS`.
        real: rows that training never saw.
        fake: samples.
        reference: rows of the training set.
        known: what the metrics may use beside the rows.

    Returns:
        One score for each name, in that order. A metric that these rows do not allow (no modes,
        no classifier, no labels, no table, too few or unusable rows) is there with its reason.

    Raises:
        ConfigError: a name that is not in `METRICS`.
        InputError: feature spaces that differ.
    """
    metrics = [choose("metric", name, METRICS) for name in names]
    if not real.space == fake.space == reference.space:
        raise InputError(
            f"features are in different spaces: {real.space}, {fake.space}, {reference.space}"
        )
    random = np.random.default_rng(known.seed)
    sets = [(views, random.permutation(len(views))) for views in (real, fake, reference)]
    fewest = min(len(views) for views, _ in sets)

    measured: dict[tuple[Callable[[Views, Views, Known], Any], int], Any] = {}
    scores = []
    for name, metric in zip(names, metrics, strict=True):
        rows = min(fewest, metric.max_rows)
        key = metric.function, rows
        if key not in measured:
            cut = [views.take(order[:rows]) for views, order in sets]
            measured[key] = _measure(metric, cut, known)
        scores.append(_score(name, metric, real, rows, measured[key]))
    return scores


def _measure(metric: Metric, sets: Sequence[Views], known: Known) -> tuple[Any, Any] | str:
    """The function's results on samples and on real rows, or the reason why there are none."""
    real, fake, reference = sets
    try:
        return metric.function(real, fake, known), metric.function(reference, real, known)
    except InputError as error:
        return str(error)


def _score(
    name: str, metric: Metric, real: Views, rows: int, measured: tuple[Any, Any] | str
) -> Score:
    value = floor = None
    skipped = measured if isinstance(measured, str) else None
    if not isinstance(measured, str):
        value, floor = (
            float(getattr(result, metric.field) if metric.field else result) for result in measured
        )
        if not (math.isfinite(value) and math.isfinite(floor)):
            skipped = f"the value {value} or its floor {floor} is not finite"
            value = floor = None
    columns = real.space if real.frame is None else "table"
    return Score(
        name=name,
        title=metric.title.format(space=real.space, columns=columns),
        better=metric.better,
        meaning=metric.meaning,
        rows=rows,
        value=value,
        floor=floor,
        skipped=skipped,
    )


def _needed(thing: T | None, what: str) -> T:
    if thing is None:
        raise InputError(what)
    return thing


def _frechet(real: Views, fake: Views, known: Known) -> float:
    return frechet_distance(real.features, fake.features)


def _prdc(real: Views, fake: Views, known: Known) -> PRDC:
    return precision_recall_density_coverage(real.features, fake.features)


def _sliced_wasserstein(real: Views, fake: Views, known: Known) -> float:
    return sliced_wasserstein(real.features, fake.features, seed=known.seed)


def _c2st(real: Views, fake: Views, known: Known) -> float:
    if real.frame is not None and fake.frame is not None:
        return classifier_two_sample(real.frame, fake.frame, seed=known.seed)
    return classifier_two_sample(real.features, fake.features, seed=known.seed)


def _modes(real: Views, fake: Views, known: Known) -> ModeReport:
    modes = _needed(known.modes, "the modes of this data are not known")
    return mode_report(_needed(fake.points, "these rows are not points"), modes)


def _shape(real: Views, fake: Views, known: Known) -> float:
    return shape_error(*_tables(real, fake))


def _trend(real: Views, fake: Views, known: Known) -> float:
    return trend_error(*_tables(real, fake))


def _tables(real: Views, fake: Views) -> tuple[pd.DataFrame, pd.DataFrame]:
    reason = "these rows are not a table"
    return _needed(real.frame, reason), _needed(fake.frame, reason)


def _label_agreement(real: Views, fake: Views, known: Known) -> float:
    labels = _needed(fake.labels, "these rows have no labels")
    classifier = _needed(known.classifier, "there is no classifier for this data")
    rows: np.ndarray | pd.DataFrame
    if fake.images is not None:
        rows = fake.images
    elif fake.frame is not None:
        rows = fake.frame
    else:
        rows = fake.features if fake.points is None else fake.points
    return label_agreement(classifier, rows, labels)


METRICS: dict[str, Metric] = {
    "frechet": Metric(
        title="Fréchet distance [{space}]",
        better="lower",
        meaning="how far mean and covariance of the samples are off",
        function=_frechet,
    ),
    "precision": Metric(
        title="Precision [{space}]",
        better="higher",
        meaning="share of the samples that look like real rows",
        function=_prdc,
        field="precision",
        max_rows=3_000,
    ),
    "recall": Metric(
        title="Recall [{space}]",
        better="higher",
        meaning="share of the real rows that the generator could have made",
        function=_prdc,
        field="recall",
        max_rows=3_000,
    ),
    "density": Metric(
        title="Density [{space}]",
        better=1.0,
        meaning="how many real rows surround a sample, beside what real rows would have",
        function=_prdc,
        field="density",
        max_rows=3_000,
    ),
    "coverage": Metric(
        title="Coverage [{space}]",
        better="higher",
        meaning="share of the real rows that have a sample close by",
        function=_prdc,
        field="coverage",
        max_rows=3_000,
    ),
    "sliced_wasserstein": Metric(
        title="Sliced Wasserstein distance [{space}]",
        better="lower",
        meaning="how far mass must be moved to turn samples into real rows",
        function=_sliced_wasserstein,
    ),
    "c2st": Metric(
        title="Two-sample test, AUC [{columns}]",
        better=0.5,
        meaning="how well a classifier tells samples from real rows; .5 is a guess, 1 is always",
        function=_c2st,
        max_rows=5_000,
    ),
    "modes": Metric(
        title="Modes captured",
        better="higher",
        meaning="number of the true modes with at least one good sample",
        function=_modes,
        field="captured",
    ),
    "high_quality": Metric(
        title="High-quality samples",
        better="higher",
        meaning="share of the samples within 3 standard deviations of a true mode",
        function=_modes,
        field="high_quality",
    ),
    "mode_kl": Metric(
        title="KL of the modes",
        better="lower",
        meaning="how far the shares of the modes are off, in nats",
        function=_modes,
        field="reverse_kl",
    ),
    "shape": Metric(
        title="Shape error",
        better="lower",
        meaning="how far the single columns are off, from 0 to 1",
        function=_shape,
    ),
    "trend": Metric(
        title="Trend error",
        better="lower",
        meaning="how far the pairs of columns are off, from 0 to 1",
        function=_trend,
    ),
    "label_agreement": Metric(
        title="Label agreement",
        better="higher",
        meaning="share of the samples that a classifier gives the label they were asked to have",
        function=_label_agreement,
    ),
}
