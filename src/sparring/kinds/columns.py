"""How one column of a table becomes numbers that a net can produce, and comes back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from sparring.errors import InputError, unknown
from sparring.evaluate.rows import LARGEST

DISCRETE = 1_000  # at most so many distinct numbers are kept one by one
LEVELS = 1_001  # otherwise this many quantiles stand for the column
# Pandas 2 calls text "object", and its astype("str") would write a missing cell as "nan".
TEXT = pd.Series(["text"]).dtype

Name = str | int | float  # of a column, as JSON keeps it


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
        dtype: Any = TEXT if self.name == "str" else self.name
        if self.categories is not None:
            dtype = pd.CategoricalDtype(list(self.categories), self.ordered)
        return series.astype(dtype)


@dataclass(frozen=True)
class Column(ABC):
    """A fitted column.

    Attributes:
        name: of the column.
        dtype: that samples return as.
    """

    name: Name
    dtype: Dtype

    @abstractmethod
    def encode(self, series: pd.Series) -> tuple[np.ndarray, ...]:
        """The column's cells in numbers, one array (n,) or more.

        Raises:
            InputError: a cell such as training never saw.
        """

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
        values: increasing numbers: every distinct one (`discrete`), or quantiles at equal steps;
            or every category, the most frequent first or in the order of an ordered dtype.
        levels: F at each value: cumulative shares of the present cells.
        numeric: whether `values` are numbers.
        discrete: whether `values` are all there are.
        decimals: places to round samples to, or None.
        missing: share of missing cells, in [0, 1).
    """

    values: tuple[Any, ...]
    levels: tuple[float, ...]
    numeric: bool
    discrete: bool
    decimals: int | None
    missing: float

    @classmethod
    def fit(cls, series: pd.Series) -> RankColumn:
        """Learn a numeric column; at least one cell is present."""
        cells = numbers(series.dropna())
        distinct, counts = np.unique(cells, return_counts=True)
        discrete = len(distinct) <= DISCRETE
        if discrete:
            values, levels = distinct, np.cumsum(counts) / len(cells)
        else:
            levels = np.linspace(0, 1, LEVELS)
            values = np.quantile(cells, levels)
        dtype = Dtype.of(series)
        return cls(
            name_of(series), dtype, tuple(values.tolist()), tuple(levels.tolist()),
            True, discrete, decimals_of(distinct, dtype), float(series.isna().mean()),
        )  # fmt: skip

    @classmethod
    def fit_categories(cls, series: pd.Series) -> RankColumn:
        """Learn a column of many categories."""
        ordered = isinstance(series.dtype, pd.CategoricalDtype) and bool(series.dtype.ordered)
        counts = series.value_counts(sort=not ordered)
        counts = counts[counts > 0]
        levels = np.cumsum(counts.to_numpy()) / counts.sum()
        return cls(
            name_of(series), Dtype.of(series), tuple(counts.index.tolist()),
            tuple(levels.tolist()), False, True, None, float(series.isna().mean()),
        )  # fmt: skip

    def encode(self, series: pd.Series) -> tuple[np.ndarray, ...]:
        """Each cell's rank interval: low and high, float32 in [0, 1].

        A number that training never saw takes the rank of a neighbour.
        """
        present = series.notna().to_numpy()
        if not self.missing and not present.all():
            row = int((~present).argmax())
            raise InputError(f"column {self.name!r}, row {row}: missing; training saw no such cell")
        low, high = np.zeros(len(series)), np.full(len(series), self.missing)
        if self.discrete:
            steps = np.concatenate([[0.0], self.levels])
            at = self._places(series[present])
            inner = steps[at], steps[at + 1]
        else:
            inner = self._quantile_ranks(numbers(series[present]))
        for out, rank in zip((low, high), inner, strict=True):
            out[present] = self.missing + (1 - self.missing) * rank
        return low.astype(np.float32), high.astype(np.float32)

    def decode(self, cells: np.ndarray) -> pd.Series:
        """Ranks (n,) in [0, 1] to values."""
        rank = (cells - self.missing) / (1 - self.missing)
        if not self.numeric:
            values = np.array(self.values, dtype=object)[self._steps(rank)]
        elif self.discrete:
            values = np.asarray(self.values)[self._steps(rank)]
        else:
            values = np.interp(rank, self.levels, self.values)
        if self.decimals is not None:
            values = np.round(values, self.decimals)
        series = pd.Series(values, name=self.name, dtype=None if self.numeric else object)
        return self.dtype.restore(series.where(cells >= self.missing) if self.missing else series)

    def features(self, series: pd.Series) -> np.ndarray:
        """Cells as float64: the numbers themselves, or the places of categories; NaN = missing."""
        if self.numeric:
            return numbers(series)
        return np.where(series.notna(), places(series, self.values), np.nan)

    def _places(self, cells: pd.Series) -> np.ndarray:
        """Where each present cell is in `values`."""
        if not self.numeric:
            return known_places(cells, self.values, self.name)
        return np.searchsorted(self.values, numbers(cells)).clip(0, len(self.values) - 1)

    def _steps(self, rank: np.ndarray) -> np.ndarray:
        """The place in `values` whose levels enclose each rank."""
        return np.searchsorted(self.levels, rank, side="right").clip(0, len(self.values) - 1)

    def _quantile_ranks(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x = x.clip(self.values[0], self.values[-1])
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
        present = series.dropna().astype(object).unique().tolist()
        values = sorted(present, key=lambda v: (type(v).__name__, v))
        missing = [None] if series.isna().any() else []
        return cls(name_of(series), Dtype.of(series), (*values, *missing))

    def encode(self, series: pd.Series) -> tuple[np.ndarray, ...]:
        """Each cell's category, int64 in [0, len(values))."""
        return (known_places(series, self.values, self.name),)

    def one_hot(self, series: pd.Series) -> np.ndarray:
        """Cells as (n, len(values)) of 0 and 1; all 0 for a category that training never saw."""
        return np.eye(len(self.values) + 1)[places(series, self.values), :-1]

    def decode(self, cells: np.ndarray) -> pd.Series:
        """Category codes (n,) to values."""
        values = pd.Series(np.array(self.values, dtype=object)[cells], name=self.name, dtype=object)
        return self.dtype.restore(values.where(values.notna()))


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


def name_of(series: pd.Series) -> Name:
    """A column's name as a plain Python value.

    Raises:
        InputError: it is no text and no number.
    """
    name = series.name.item() if isinstance(series.name, np.generic) else series.name
    if not isinstance(name, (str, int, float)) or name != name:
        raise InputError(f"column {name!r}: a column's name must be a text or a number")
    return name


def numbers(series: pd.Series) -> np.ndarray:
    """Cells as float64 (n,); a missing one is NaN.

    Raises:
        InputError: text, or a number that is infinite or too large to compute with.
    """
    try:
        cells = series.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        raise InputError(f"column {series.name!r} is numeric, but here it holds text") from None
    beyond = np.abs(cells) > LARGEST
    if beyond.any():
        raise InputError(
            f"column {series.name!r} holds {cells[beyond][0]:g}; numbers must be within "
            f"{LARGEST:g} of 0"
        )
    return cells


def places(series: pd.Series, values: tuple[Any, ...]) -> np.ndarray:
    """Where each cell is in `values`, int64 (n,): a missing cell at None, an unknown one at -1."""
    present = series.notna().to_numpy()
    found = np.full(len(series), values.index(None) if None in values else -1, dtype=np.int64)
    known = pd.Index(values, dtype=object)
    found[present] = known.get_indexer(pd.Index(series[present], dtype=object))
    return found


def known_places(series: pd.Series, values: tuple[Any, ...], name: Name) -> np.ndarray:
    """The same where every cell must be there.

    Raises:
        InputError: a cell that is not; the message lists those that are.
    """
    found = places(series, values)
    if (found < 0).any():
        new = series.iloc[int((found < 0).argmax())]
        raise InputError(unknown(f"category of column {name!r}", new, values))
    return found


def decimals_of(cells: np.ndarray, dtype: Dtype, most: int = 6) -> int | None:
    """The fewest decimal places that write every cell exactly in its dtype, None above `most`."""
    exact = numbers(dtype.restore(pd.Series(cells)))
    for digits in range(most + 1):
        rounded = dtype.restore(pd.Series(np.round(cells, digits)))
        if np.array_equal(numbers(rounded), exact):
            return digits
    return None
