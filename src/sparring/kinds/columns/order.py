"""Categories learnt by rank: those that have an order, and those that are too many for one-hot."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import Any, ClassVar
from zlib import crc32

import numpy as np
import pandas as pd

from sparring.kinds.columns.base import categories, known_places, name_of, places
from sparring.kinds.columns.distribution import Distribution
from sparring.kinds.columns.dtype import plain
from sparring.kinds.columns.keep import KEEP_ALL, Keep
from sparring.kinds.columns.rank import PARTS, RankColumn


@dataclass(frozen=True)
class OrderColumn(RankColumn):
    """Categories in the order of their dtype or, without one, of their values.

    Attributes:
        values: the categories; the distribution is that of their places here.
        rare: share of training cells whose category was too rare to be kept.
    """

    values: tuple[Any, ...]
    rare: float

    @classmethod
    def fit(cls, series: pd.Series, type: str, keep: Keep = KEEP_ALL) -> OrderColumn:
        """Learn the categories that occur; at least one cell is of one that is kept.

        A cell of another counts as one of the next above, or of the last.
        """
        cells = plain(series)
        counts = keep.counts(cells).sort_index()
        if isinstance(cells.dtype, pd.CategoricalDtype) and cells.dtype.ordered:
            counts = counts.reindex([c for c in cells.dtype.categories if c in counts.index])
        values, rare = tuple(counts.index.tolist()), keep.rare(series, counts)
        column = cls(
            name_of(series), type, keep.dtype(series, values), of_counts(counts.to_numpy()),
            float(series.isna().mean()), values, rare,
        )  # fmt: skip
        if not rare:
            return column
        place = column.numbers(series.dropna()).astype(np.int64)
        return replace(column, distribution=of_counts(np.bincount(place, minlength=len(values))))

    def encode(self, series: pd.Series) -> tuple[np.ndarray, ...]:
        if not self.rare:
            known_places(series.dropna(), self.values, self.name)
        return super().encode(series)

    def numbers(self, series: pd.Series) -> np.ndarray:
        """The place of each category; of one that training never saw -1, or a neighbour's."""
        place = places(series, self.values)
        if self.rare:
            new = (place == -1) & series.notna().to_numpy()
            place[new] = _next_above(series, self.values)[new]
        return np.where(series.notna(), place, np.nan)

    def cells(self, numbers: np.ndarray) -> pd.Series:
        values = np.array(self.values, dtype=object)
        return pd.Series(values[numbers.astype(np.int64)], dtype=object)

    def measured(self, series: pd.Series) -> pd.Series:
        return categories(series)


@dataclass(frozen=True)
class MapColumn(OrderColumn):
    """Many categories as places on a map: a group of them by rank, and one of the group by rank.

    Like categories are neighbours in both directions, once `arranged` has seen the other columns.
    Their frequencies are kept, as those of every rank are.

    Attributes:
        ends: the place in `values` after the last of each group.
    """

    ends: tuple[int, ...]

    width: ClassVar[int] = 2

    @classmethod
    def fit(cls, series: pd.Series, type: str, keep: Keep = KEEP_ALL) -> MapColumn:
        """Learn the categories, by frequency for now; at least one cell is of one that is kept."""
        counts = keep.counts(series)
        values = tuple(counts.index.tolist())
        return cls(
            name_of(series), type, keep.dtype(series, values), of_counts(counts.to_numpy()),
            float(series.isna().mean()), values, keep.rare(series, counts), (len(counts),),
        ).arranged(np.zeros((len(counts), 2)))  # fmt: skip

    def arranged(self, where: np.ndarray) -> MapColumn:
        """The same categories on another map.

        Args:
            where: two coordinates of each category, (k, 2).
        """
        counts = np.diff(self.distribution.levels, prepend=0.0)
        first = np.argsort(where[:, 0], kind="stable")
        middles = np.cumsum(counts[first]) - counts[first] / 2
        # As many groups as places in each, and about as many rows in every group.
        group = np.empty(len(first), dtype=np.int64)
        group[first] = middles * math.isqrt(len(first))
        order = np.lexsort((where[:, 1], group))
        return replace(
            self,
            distribution=of_counts(counts[order]),
            values=tuple(self.values[i] for i in order),
            ends=tuple((np.flatnonzero(np.diff(group[order], append=-1)) + 1).tolist()),
        )

    def encode(self, series: pd.Series) -> tuple[np.ndarray, ...]:
        """The rank interval of each cell's group, and that of the cell in its group."""
        if not self.rare:
            known_places(series.dropna(), self.values, self.name)
        numbers = self.numbers(series)
        present = self.present(numbers)
        place = numbers[present].astype(np.int64)
        group = np.searchsorted(self.ends, place, side="right")
        steps, bounds = self._steps()
        start, width = bounds[group], np.diff(bounds)[group]
        low, high = np.zeros((2, len(series)), np.float32), np.ones((2, len(series)), np.float32)
        low[:, present] = start, (steps[place] - start) / width
        high[:, present] = start + width, (steps[place + 1] - start) / width
        return low[0], high[0], low[1], high[1]

    def numbers(self, series: pd.Series) -> np.ndarray:
        """The place of each category; some place, always the same, for one never seen."""
        place = np.where(series.notna(), places(series, self.values), np.nan)
        new = place == -1
        share = [crc32(str(cell).encode()) / 2**32 for cell in categories(series)[new]]
        place[new] = self.distribution.quantile(np.array(share))
        return place

    def steps(self) -> tuple[np.ndarray, bool]:
        return np.arange(1, PARTS) / PARTS, False

    def measured(self, series: pd.Series) -> pd.Series:
        """Groups of categories: one by one, most would be in one set of rows and not in another."""
        place = self.numbers(series)
        group = np.searchsorted(self.ends, place, side="right").astype(object)
        return pd.Series(group, series.index, name=self.name).where(~np.isnan(place))

    def pictured(self, series: pd.Series) -> pd.Series:
        return categories(series)

    def decode(self, cells: np.ndarray, missing: np.ndarray | None = None) -> pd.Series:
        """Ranks (n, 2) in [0, 1] to values."""
        steps, bounds = self._steps()
        group = np.searchsorted(bounds[1:], cells[:, 0], side="right").clip(0, len(self.ends) - 1)
        inner = bounds[group] + cells[:, 1] * np.diff(bounds)[group]
        place = np.searchsorted(steps[1:], inner, side="right")
        ends = np.array([0, *self.ends])
        return self.restored(place.clip(ends[group], ends[group + 1] - 1), missing)

    def _steps(self) -> tuple[np.ndarray, np.ndarray]:
        """The share of cells before each place (k + 1,), and before each group (groups + 1,)."""
        steps = np.array([0.0, *self.distribution.levels])
        return steps, steps[[0, *self.ends]]


def of_counts(counts: np.ndarray) -> Distribution:
    """The distribution of places 0, 1, ... that come so often."""
    levels = np.cumsum(counts) / counts.sum()
    return Distribution(tuple(range(len(counts))), tuple(levels.tolist()), discrete=True)


def _next_above(series: pd.Series, values: tuple[Any, ...]) -> np.ndarray:
    """The place in `values` of the first that is no less than each cell, at most the last: (n,)."""
    cells, keys = categories(series), list(values)
    dtype = plain(series).dtype
    if isinstance(dtype, pd.CategoricalDtype) and dtype.ordered:
        order = dtype.categories.astype(object)
        cells = pd.Series(order.get_indexer(pd.Index(cells, dtype=object)))
        keys = order.get_indexer(pd.Index(keys, dtype=object)).tolist()
    found = [0 if pd.isna(cell) else bisect_left(keys, cell) for cell in cells]
    return np.minimum(found, len(values) - 1)
