"""The cells of one column that conditions allow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sparring.errors import InputError
from sparring.kinds.columns.category import CategoryColumn
from sparring.kinds.columns.named import (
    Among,
    Learnt,
    Span,
    grid,
    is_missing,
    number,
    numbers_of,
    span,
    valid,
)
from sparring.kinds.columns.rank import NumberColumn, RankColumn

LEAST = 1e-12  # the share of a cell that no training row has, and that is asked for all the same


@dataclass(frozen=True, eq=False)
class Allowed:
    """What conditions leave of a column, in its numbers: ranked values, or codes of categories.

    Attributes:
        column: whose cells.
        points: the numbers that are allowed, increasing; None where a whole span is.
        weights: of each of them, or of the span, its share of the training rows.
        low, high: the span, where it is one; both are cells of the column.
        missing: share of training rows whose cell is missing, as far as that is allowed.
    """

    column: Learnt
    points: np.ndarray | None
    weights: np.ndarray
    low: float = -np.inf
    high: float = np.inf
    missing: float = 0.0

    @property
    def mass(self) -> float:
        """The share of training rows that obey."""
        return float(self.weights.sum()) + self.missing

    def holds(self, series: pd.Series) -> np.ndarray:
        """Which cells obey, (n,)."""
        numbers = numbers_of(self.column, series)
        if self.points is None:
            inside = (numbers >= self.low) & (numbers <= self.high)
        else:
            inside = np.isin(numbers, self.points)
        return np.where(np.isnan(numbers), self.missing > 0, inside)

    def draw(self, n: int, random: np.random.Generator) -> np.ndarray:
        """Numbers (n,) as training rows have them among those that are allowed; NaN = missing."""
        share, gone = random.random(n), random.random(n)
        weights = self.weights.clip(LEAST)
        if self.points is None:
            assert isinstance(self.column, RankColumn)
            start, end = _ranks(self.column, self.low, self.high)
            found = self.column.distribution.quantile(start + share * (end - start))
            # Rounded to a cell, a number at an end could be beyond it.
            numbers = grid(self.column, found).clip(self.low, self.high)
        elif len(self.points):
            steps = np.cumsum(weights) / weights.sum()
            numbers = self.points[np.searchsorted(steps[:-1], share, side="right")]
        else:
            return np.full(n, np.nan)
        return np.where(gone < self.missing / (self.missing + weights.sum()), np.nan, numbers)


def allowed(column: Learnt, conditions: Iterable[Among | Span], words: str) -> Allowed:
    """What a column's cells may be under all these conditions; all that training saw under none.

    Args:
        words: the conditions as they were written, for errors.

    Raises:
        InputError: a value that the column cannot have, or nothing is left.
    """
    missing, asked = missing_share(column), None
    low, high = -np.inf, np.inf
    for condition in conditions:
        if isinstance(condition, Span):
            missing, (start, end) = 0.0, span(column, condition)
            low, high = max(low, start), min(high, end)
            continue
        present = [value for value in condition.values if not is_missing(value)]
        if len(present) == len(condition.values):
            missing = 0.0
        elif not missing_share(column):
            raise InputError(f"{words}: no cell of column {column.name!r} was missing in training")
        numbers = np.unique([number(column, value) for value in present])
        asked = numbers if asked is None else np.intersect1d(asked, numbers)
    points = known_numbers(column) if asked is None else asked
    if points is None:
        low, high = _snapped(column, low, high)
        weights = np.array([_share(column, low, high)] if low <= high else [])
        points = None if low <= high else np.empty(0)
    else:
        points = points[(points >= low) & (points <= high)]
        weights = _shares(column, points)
    if not (len(weights) or missing):
        raise InputError(f"{words}: no row can be so ({valid(column)})")
    return Allowed(column, points, weights, low, high, missing)


def missing_share(column: Learnt) -> float:
    """The share of training rows whose cell is missing."""
    if isinstance(column, RankColumn):
        return column.missing
    if column.gap:
        return max(1 - sum(column.shares) - column.rare, LEAST)
    return sum(s for v, s in zip(column.values, column.shares, strict=True) if v is None)


def known_numbers(column: Learnt) -> np.ndarray | None:
    """All the numbers that a column's cells have, or None where they have any between two."""
    if isinstance(column, CategoryColumn):
        return np.flatnonzero([value is not None for value in column.values]).astype(float)
    return np.array(column.distribution.values) if column.distribution.discrete else None


def _shares(column: Learnt, points: np.ndarray) -> np.ndarray:
    """The share of training rows at each of these numbers."""
    if isinstance(column, CategoryColumn):
        return np.array(column.shares)[points.astype(np.int64)]
    low, high = column.distribution.interval(points)
    seen = not column.distribution.discrete or np.isin(points, column.distribution.values)
    return np.where(seen, high - low, 0.0) * (1 - column.missing)


def _share(column: Learnt, low: float, high: float) -> float:
    """The share of training rows between two numbers."""
    assert isinstance(column, RankColumn)
    start, end = _ranks(column, low, high)
    return (end - start) * (1 - column.missing)


def _ranks(column: RankColumn, low: float, high: float) -> tuple[float, float]:
    """The rank interval of a span."""
    (start, _), (_, end) = (column.distribution.interval(np.array([x])) for x in (low, high))
    return float(start[0]), float(end[0])


def _snapped(column: Learnt, low: float, high: float) -> tuple[float, float]:
    """A span from the first to the last number of it that a cell can hold."""
    assert isinstance(column, RankColumn)
    values = column.distribution.values
    low, high = max(low, values[0]), min(high, values[-1])
    start, end = grid(column, np.array([low, high]))
    if isinstance(column, NumberColumn) and column.decimals is None:  # only the dtype rounds
        infinity = column.float_type(np.inf)
        start = start if start >= low else np.nextafter(column.float_type(start), infinity)
        end = end if end <= high else np.nextafter(column.float_type(end), -infinity)
        return float(start), float(end)
    step = 10.0 ** -(column.decimals or 0) if isinstance(column, NumberColumn) else 1.0
    start, end = start + step * (start < low), end - step * (end > high)
    start, end = grid(column, np.array([start, end]))
    return float(start), float(end)
