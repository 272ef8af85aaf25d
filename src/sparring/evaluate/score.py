"""One metric measured: on samples, with its interval, and beside them on real rows."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from sparring.errors import InputError
from sparring.evaluate.jackknife import Statistic, group_sizes, interval, share_interval
from sparring.evaluate.tables import TableError
from sparring.evaluate.views import Known, Views

# A number is a target: the closer to it, the better.
Better = Literal["lower", "higher"] | float
# (real, fake, known) to what is measured on them, of all rows or without a group.
Function = Callable[[Views, Views, Known], Statistic[Any]]

MOST_PARTS = 200


@dataclass(frozen=True)
class Metric:
    """One entry of the catalogue.

    Attributes:
        title: for a person; `{space}`, `{embedding}` and `{columns}` stand for what was looked at.
        better: the direction of better values, or the value that is best.
        meaning: one line in plain words.
        function: of (real, fake, known), to a statistic whose values are numbers, or tuples of
            which `field` is the number. Metrics that share a function share its calls.
        field: name in the tuple, or "" for a number.
        most: name in the tuple of what the number cannot exceed, or "".
        control: of (reference, real, known), what real rows score in the place of the samples;
            `function` itself unless given.
        share: it is a share of rows, from 0 to 1: its interval is at least as wide as Wilson's.
        span: the tuple has an interval of its own, `low` and `high`: that given spans it too.
        limits: what the number can be at the least and at the most.
        max_rows: more rows than this are not looked at, for time.
        quick: it is measured unless others are asked for.
    """

    title: str
    better: Better
    meaning: str
    function: Function
    field: str = ""
    most: str = ""
    control: Function | None = None
    share: bool = False
    span: bool = False
    limits: tuple[float, float] = (0.0, math.inf)
    max_rows: int = 10_000
    quick: bool = True


@dataclass(frozen=True)
class Part:
    """The error of one column, or of a pair of them.

    Attributes:
        columns: one or two names.
        value: of the samples.
        floor: of real rows.
    """

    columns: tuple[str, ...]
    value: float
    floor: float


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
        low, high: 95 % interval of the value, by the jackknife over groups of rows; None where
            there is no value or where there are too few rows to leave any out.
        parts: of what the value is the mean, the worst first and at most 200; empty for most.
    """

    name: str
    title: str
    better: Better
    meaning: str
    rows: int
    value: float | None
    floor: float | None
    skipped: str | None
    low: float | None = None
    high: float | None = None
    parts: tuple[Part, ...] = ()


def record(scores: Sequence[Score], against: str) -> dict[str, Any]:
    """A line of metrics.jsonl."""
    return {"against": against, "scores": [asdict(score) for score in scores]}


@dataclass(frozen=True)
class Measured:
    """What a metric's function gave: numbers, or tuples that several metrics share.

    Attributes:
        value: of the samples.
        control: of real rows.
        replicates: of the samples, each time without one group of rows; empty if too few remain.
    """

    value: Any
    control: Any
    replicates: list[Any]


def measure(
    metrics: Mapping[str, Metric], real: Views, fake: Views, reference: Views, known: Known
) -> list[Score]:
    """Measure each metric; see `sparring.evaluate.suite.score`."""
    random = np.random.default_rng(known.seed)
    sets = [(views, random.permutation(len(views))) for views in (real, fake, reference)]
    fewest = min(len(views) for views, _ in sets)

    found: dict[tuple[Function, int], Measured | str] = {}
    scores = []
    for name, metric in metrics.items():
        rows = min(fewest, metric.max_rows)
        key = metric.function, rows
        if key not in found:
            cut = [views.take(order[:rows]) for views, order in sets]
            found[key] = _measured(metric, cut, known)
        scores.append(_score(name, metric, real, rows, found[key]))
    return scores


def _measured(metric: Metric, sets: Sequence[Views], known: Known) -> Measured | str:
    """The function's results, or the reason why there are none."""
    real, fake, reference = sets
    try:
        statistic = metric.function(real, fake, known)
        value = statistic(None)
        control = (metric.control or metric.function)(reference, real, known)(None)
    except InputError as error:
        return str(error)
    try:
        replicates = [statistic(group) for group in range(len(group_sizes(len(real))))]
    except InputError:
        replicates = []
    return Measured(value, control, replicates)


def _score(name: str, metric: Metric, real: Views, rows: int, measured: Measured | str) -> Score:
    def skipped(reason: str) -> Score:
        return Score(name, title, metric.better, metric.meaning, rows, None, None, reason)

    title = metric.title.format(
        space=real.space,
        embedding=real.embedding_space or "classifier",
        columns=real.space if real.frame is None else "table",
    )
    if isinstance(measured, str):
        return skipped(measured)
    value, floor = _number(metric, measured.value), _number(metric, measured.control)
    if not (math.isfinite(value) and math.isfinite(floor)):
        return skipped(f"the value {value} or its floor {floor} is not finite")
    low, high = _interval(metric, value, rows, measured)
    return Score(
        name, title, metric.better, metric.meaning, rows, value, floor, None, low, high,
        _parts(measured.value, measured.control),
    )  # fmt: skip


def _number(metric: Metric, result: Any) -> float:
    return float(getattr(result, metric.field) if metric.field else result)


def _interval(
    metric: Metric, value: float, rows: int, measured: Measured
) -> tuple[float, float] | tuple[None, None]:
    found = interval(value, [_number(metric, each) for each in measured.replicates])
    if found is None:
        return None, None
    low, high = found
    if metric.share:
        wilson = share_interval(value, rows)
        low, high = min(low, wilson[0]), max(high, wilson[1])
    if metric.span:
        low, high = min(low, measured.value.low), max(high, measured.value.high)
    lowest, highest = (0.0, 1.0) if metric.share else metric.limits
    if metric.most:
        highest = getattr(measured.value, metric.most)
    return max(low, lowest), min(high, float(highest))


def _parts(value: Any, control: Any) -> tuple[Part, ...]:
    if not (isinstance(value, TableError) and isinstance(control, TableError)):
        return ()
    largest = heapq.nlargest(MOST_PARTS, value.parts.items(), key=lambda part: part[1])
    return tuple(
        Part(tuple(map(str, names)), error, control.parts[names]) for names, error in largest
    )
