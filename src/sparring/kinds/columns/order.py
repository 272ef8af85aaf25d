"""Categories learnt by rank: those that have an order, and those that are too many for one-hot."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, ClassVar
from zlib import crc32

import numpy as np
import pandas as pd

from sparring.kinds.columns.base import categories, known_places, name_of, places
from sparring.kinds.columns.distribution import Distribution
from sparring.kinds.columns.dtype import Dtype, plain
from sparring.kinds.columns.rank import RankColumn


@dataclass(frozen=True)
class OrderColumn(RankColumn):
    """Categories in the order of their dtype or, without one, of their values.

    Attributes:
        values: the categories; the distribution is that of their places here.
    """

    values: tuple[Any, ...]

    @classmethod
    def fit(cls, series: pd.Series, type: str) -> OrderColumn:
        """Learn the categories that occur; at least one cell is present."""
        cells = plain(series)
        counts = categories(cells).value_counts().sort_index()
        if isinstance(cells.dtype, pd.CategoricalDtype) and cells.dtype.ordered:
            counts = counts.reindex([c for c in cells.dtype.categories if c in counts.index])
        return cls(
            name_of(series), type, Dtype.of(series), of_counts(counts.to_numpy()),
            float(series.isna().mean()), tuple(counts.index.tolist()),
        )  # fmt: skip

    def encode(self, series: pd.Series) -> tuple[np.ndarray, ...]:
        known_places(series.dropna(), self.values, self.name)
        return super().encode(series)

    def numbers(self, series: pd.Series) -> np.ndarray:
        """The place of each category; -1 for one that training never saw."""
        return np.where(series.notna(), places(series, self.values), np.nan)

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
    def fit(cls, series: pd.Series, type: str) -> MapColumn:
        """Learn the categories, by frequency for now; at least one cell is present."""
        counts = categories(series).value_counts()
        return cls(
            name_of(series), type, Dtype.of(series), of_counts(counts.to_numpy()),
            float(series.isna().mean()), tuple(counts.index.tolist()), (len(counts),),
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
        place = super().numbers(series)
        new = place == -1
        share = [crc32(str(cell).encode()) / 2**32 for cell in categories(series)[new]]
        place[new] = self.distribution.quantile(np.array(share))
        return place

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
