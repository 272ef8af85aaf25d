"""How one column of a table becomes numbers that a net can produce, and comes back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from sparring.errors import InputError, unknown

DISCRETE = 1_000  # at most so many distinct numbers are kept one by one
LEVELS = 1_001  # otherwise this many quantiles stand for the column


@dataclass(frozen=True)
class Dtype:
    """A pandas dtype that JSON can hold.

    Attributes:
        name: as pandas writes it.
        categories: of a categorical dtype, in its order; else None.
        ordered: whether that order means something.
    """

    name: str
    categories: tuple[Any, ...] | None = None
    ordered: bool = False

    @classmethod
    def of(cls, series: pd.Series) -> Dtype:
        if isinstance(series.dtype, pd.CategoricalDtype):
            categories = tuple(series.dtype.categories.tolist())
            return cls("category", categories, bool(series.dtype.ordered))
        return cls(str(series.dtype))

    def restore(self, series: pd.Series) -> pd.Series:
        """The same cells in this dtype."""
        if self.categories is None:
            return series.astype(self.name)
        return series.astype(pd.CategoricalDtype(list(self.categories), self.ordered))


@dataclass(frozen=True)
class Column(ABC):
    """A fitted column.

    Attributes:
        name: of the column.
        dtype: that samples return as.
    """

    name: str
    dtype: Dtype

    @abstractmethod
    def encode(self, series: pd.Series) -> tuple[np.ndarray, ...]:
        """The column's cells in numbers, one array (n,) or more."""

    @abstractmethod
    def decode(self, cells: np.ndarray) -> pd.Series:
        """Samples (n,) back in the column's dtype."""

    def to_dict(self) -> dict[str, Any]:
        return {"type": type(self).__name__} | asdict(self)


@dataclass(frozen=True)
class RankColumn(Column):
    """Cells by their rank: the distributional transform (Rueschendorf 2009).

    A cell x becomes the interval [F(x-), F(x)] of its rank. Training draws a uniform number in it,
    afresh each time, and takes its normal score, so every column is exactly N(0, 1); ties, integers
    and spikes need no care. Missing cells are one more atom, below all values. Decoding maps a
    normal score through the quantile function, which cannot leave the training range.

    Attributes:
        values: increasing; every distinct value (`discrete`), or quantiles at equal steps. Values
            are numbers, or categories in any fixed order.
        levels: F at each value: cumulative shares of the present cells.
        discrete: whether `values` are all there are.
        decimals: places to round samples to, or None.
        missing: share of missing cells, in [0, 1).
    """

    values: tuple[Any, ...]
    levels: tuple[float, ...]
    discrete: bool
    decimals: int | None
    missing: float

    @classmethod
    def fit(cls, series: pd.Series) -> RankColumn:
        """Learn a numeric column; at least one cell is present."""
        cells = series.dropna().to_numpy(dtype=np.float64)
        missing = 1 - len(cells) / len(series)
        distinct, counts = np.unique(cells, return_counts=True)
        discrete = len(distinct) <= DISCRETE
        if discrete:
            values, levels = distinct, np.cumsum(counts) / len(cells)
        else:
            levels = np.linspace(0, 1, LEVELS)
            values = np.quantile(cells, levels)
        integral = pd.api.types.is_integer_dtype(series.dtype)
        return cls(
            str(series.name), Dtype.of(series), tuple(values.tolist()), tuple(levels.tolist()),
            discrete, 0 if integral else decimals_of(distinct), float(missing),
        )  # fmt: skip

    @classmethod
    def fit_categories(cls, series: pd.Series) -> RankColumn:
        """Learn a column of many categories, in order of their frequency."""
        counts = plain(series).value_counts()
        levels = np.cumsum(counts.to_numpy()) / counts.sum()
        missing = float(series.isna().mean())
        return cls(
            str(series.name), Dtype.of(series), tuple(counts.index.tolist()),
            tuple(levels.tolist()), True, None, missing,
        )  # fmt: skip

    def encode(self, series: pd.Series) -> tuple[np.ndarray, ...]:
        """Each cell's rank interval: low and high, float32 in [0, 1]."""
        present = series.notna().to_numpy()
        low = np.zeros(len(series))
        high = np.full(len(series), self.missing)
        cells = plain(series[present])
        inner = self._discrete_ranks(cells) if self.discrete else self._quantile_ranks(cells)
        for out, rank in zip((low, high), inner, strict=True):
            out[present] = self.missing + (1 - self.missing) * rank
        return low.astype(np.float32), high.astype(np.float32)

    def decode(self, cells: np.ndarray) -> pd.Series:
        """Ranks (n,) in [0, 1] to values."""
        present = cells >= self.missing if self.missing else np.ones(len(cells), bool)
        rank = (cells - self.missing) / (1 - self.missing)
        if self.discrete:
            at = np.searchsorted(self.levels, rank, side="right").clip(0, len(self.values) - 1)
            values = np.asarray(self.values, dtype=None if self._numeric else object)[at]
        else:
            values = np.interp(rank, self.levels, self.values)
        if self.decimals is not None:
            values = np.round(values, self.decimals)
        series = pd.Series(values, name=self.name, dtype=object if not self._numeric else None)
        return self.dtype.restore(series.where(present))

    def numbers(self, series: pd.Series) -> np.ndarray:
        """Cells as float64: the numbers themselves, or the places of categories; NaN = missing."""
        if self._numeric:
            return series.to_numpy(dtype=np.float64, na_value=np.nan)
        codes = pd.Index(self.values).get_indexer(pd.Index(plain(series)))
        return np.where(series.notna(), codes, np.nan)

    @property
    def _numeric(self) -> bool:
        return not isinstance(self.values[0], (str, bool))

    def _discrete_ranks(self, cells: pd.Series) -> tuple[np.ndarray, np.ndarray]:
        steps = np.concatenate([[0.0], self.levels])
        if self._numeric:
            # A number that training never saw takes the place of its neighbour.
            numbers = cells.to_numpy(dtype=np.float64)
            at = np.searchsorted(self.values, numbers).clip(0, len(self.values) - 1)
        else:
            at = pd.Index(self.values).get_indexer(pd.Index(cells))
            if (at < 0).any():
                new = cells.iloc[int((at < 0).argmax())]
                raise InputError(unknown(f"category of column {self.name!r}", new, self.values))
        return steps[at], steps[at + 1]

    def _quantile_ranks(self, cells: pd.Series) -> tuple[np.ndarray, np.ndarray]:
        x = cells.to_numpy(dtype=np.float64).clip(self.values[0], self.values[-1])
        levels = np.asarray(self.levels)
        left = np.searchsorted(self.values, x, side="left")
        right = np.searchsorted(self.values, x, side="right")
        between = np.interp(x, self.values, levels)
        knot = right > left  # x is a quantile, perhaps a repeated one: an atom
        low = np.where(knot, levels[left.clip(max=len(levels) - 1)], between)
        high = np.where(knot, levels[(right - 1).clip(min=0)], between)
        return low, high


@dataclass(frozen=True)
class CategoryColumn(Column):
    """Cells as one of a few categories, one-hot for the nets; a missing cell is a category too.

    Attributes:
        values: the categories as plain Python values; None at the end stands for missing.
    """

    values: tuple[Any, ...]

    @classmethod
    def fit(cls, series: pd.Series) -> CategoryColumn:
        """Learn the categories that occur."""
        values = sorted(plain(series.dropna()).unique().tolist(), key=lambda v: (str(type(v)), v))
        missing = [None] if series.isna().any() else []
        return cls(str(series.name), Dtype.of(series), (*values, *missing))

    def encode(self, series: pd.Series) -> tuple[np.ndarray, ...]:
        """Each cell's category, int64 in [0, len(values))."""
        codes = self._codes(series)
        if (codes < 0).any():
            new = series.iloc[int((codes < 0).argmax())]
            raise InputError(unknown(f"category of column {self.name!r}", new, self.values))
        return (codes,)

    def one_hot(self, series: pd.Series) -> np.ndarray:
        """Cells as (n, len(values)) of 0 and 1; all 0 for a category that training never saw."""
        return np.eye(len(self.values) + 1)[self._codes(series), :-1]

    def _codes(self, series: pd.Series) -> np.ndarray:
        """Each cell's place in `values`, int64; -1 for one that is not there."""
        places = {value: i for i, value in enumerate(self.values)}
        return plain(series).where(series.notna(), None).map(places).fillna(-1).to_numpy(np.int64)

    def decode(self, cells: np.ndarray) -> pd.Series:
        """Category codes (n,) to values."""
        values = np.empty(len(self.values), dtype=object)
        values[:] = self.values
        return self.dtype.restore(pd.Series(values[cells], name=self.name, dtype=object))


COLUMNS: dict[str, type[Column]] = {
    "RankColumn": RankColumn,
    "CategoryColumn": CategoryColumn,
}


def restored_column(saved: dict[str, Any]) -> Column:
    """A column from `to_dict`."""
    fields = _tuples(saved)
    fields["dtype"] = Dtype(**_tuples(fields["dtype"]))
    return COLUMNS[fields.pop("type")](**fields)


def _tuples(saved: dict[str, Any]) -> dict[str, Any]:
    """JSON's lists as the tuples they were."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in saved.items()}


def plain(series: pd.Series) -> pd.Series:
    """The same cells as an object column of Python values (a missing cell is whatever it was)."""
    return series.astype(object)


def decimals_of(numbers: np.ndarray, most: int = 6) -> int | None:
    """The fewest decimal places that write every number exactly, or None above `most`."""
    for places in range(most + 1):
        if np.array_equal(np.round(numbers, places), numbers):
            return places
    return None
