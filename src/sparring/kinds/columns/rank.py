"""Columns learnt by rank: numbers and moments in time."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from sparring.errors import InputError
from sparring.kinds.columns.base import LearntColumn, name_of, numbers
from sparring.kinds.columns.clock import Clock
from sparring.kinds.columns.distribution import Distribution
from sparring.kinds.columns.dtype import Dtype
from sparring.kinds.columns.keep import KEEP_ALL, Keep

FEW_VALUES, PARTS = 128, 32  # of a number, told one by one; else of its ranks
MANY_VALUES, SHARED = 1_000, 0.99  # as many if this share of the rows has one that others have too

NARROW: dict[str, type[np.floating[Any]]] = {
    "float16": np.float16, "float32": np.float32,
    "halffloat[pyarrow]": np.float16, "float[pyarrow]": np.float32,
}  # fmt: skip


@dataclass(frozen=True)
class RankColumn(LearntColumn):
    """Cells by their rank: the distributional transform (Rueschendorf 2009).

    A cell x becomes the interval [F(x-), F(x)] of its rank. Training draws a uniform number in it,
    afresh each time, and takes its normal score, so every column is exactly N(0, 1); ties, integers
    and spikes need no care. A missing cell may be of any rank: which cells are missing is told
    apart (see `Table`). Decoding maps a normal score through the quantile function, which cannot
    leave the training range.

    Attributes:
        distribution: of the present cells as numbers.
        missing: share of missing cells, in [0, 1).
    """

    distribution: Distribution
    missing: float

    width: ClassVar[int] = 1  # how many ranks a cell has

    @abstractmethod
    def numbers(self, series: pd.Series) -> np.ndarray:
        """Cells as float64 (n,); a missing one is NaN.

        Raises:
            InputError: cells of another sort than training saw.
        """

    @abstractmethod
    def cells(self, numbers: np.ndarray) -> pd.Series:
        """Numbers (n,) as cells, in plain pandas."""

    def encode(self, series: pd.Series) -> tuple[np.ndarray, ...]:
        """Each cell's rank interval: low and high, float32 in [0, 1].

        A number that training never saw takes the rank of a neighbour.
        """
        x = self.numbers(series)
        present = self.present(x)
        low, high = np.zeros(len(x), np.float32), np.ones(len(x), np.float32)
        low[present], high[present] = self.distribution.interval(x[present])
        return low, high

    def decode(self, cells: np.ndarray, missing: np.ndarray | None = None) -> pd.Series:
        """Ranks (n,) or (n, 1) in [0, 1] to values."""
        return self.restored(self.distribution.quantile(cells.reshape(-1)), missing)

    def noised(
        self, series: pd.Series, deviation: float, random: np.random.Generator
    ) -> RankColumn:
        """The same column with the distribution of other cells, Gaussian noise on their counts.

        One cell more or less changes one count by 1.
        """
        x = self.numbers(series)
        found = self.distribution.noised(x[self.present(x)], deviation, random, self.rounded)
        return replace(self, distribution=found)

    @property
    def rounded(self) -> Callable[[np.ndarray], np.ndarray] | None:
        """Numbers to the next that a cell can hold; None where the distribution has them all."""
        return None

    def steps(self) -> tuple[np.ndarray, bool]:
        """The ranks where steps of the cells begin, but the first, and whether each is one value.

        Of more than 128 values (1,000 where nearly all rows share theirs with others), frequent
        ones are steps, and 32 equal parts of the ranks.
        """
        low, high = self.distribution.interval(np.unique(self.distribution.values))
        if len(low) <= (MANY_VALUES if self.repeats else FEW_VALUES):
            return np.unique(low)[1:], True
        frequent = high - low > 1 / (2 * PARTS)
        parts = np.concatenate([np.arange(1, PARTS) / PARTS, low[frequent], high[frequent]])
        return np.unique(parts[(parts > 0) & (parts < 1)]), False

    @property
    def repeats(self) -> bool:
        """Whether nearly all cells have a value that others have, too."""
        low, high = self.distribution.interval(np.unique(self.distribution.values))
        return bool((high - low).sum() >= SHARED)

    def present(self, numbers: np.ndarray) -> np.ndarray:
        """Which cells are not missing, (n,).

        Raises:
            InputError: one is, and training saw none.
        """
        present: np.ndarray = ~np.isnan(numbers)
        if not self.missing and not present.all():
            row = int((~present).argmax())
            raise InputError(f"column {self.name!r}, row {row}: missing; training saw no such cell")
        return present

    def restored(self, numbers: np.ndarray, missing: np.ndarray | None) -> pd.Series:
        """Numbers (n,) as cells in the column's dtype, but where they are missing."""
        cells = self.cells(numbers).rename(self.name)
        return self.dtype.restore(cells if missing is None else cells.where(~missing))

    def measured(self, series: pd.Series) -> pd.Series:
        return pd.Series(self.numbers(series), series.index, name=self.name)


@dataclass(frozen=True)
class NumberColumn(RankColumn):
    """Numbers.

    Attributes:
        decimals: places to round samples to, or None.
    """

    decimals: int | None

    @classmethod
    def fit(cls, series: pd.Series, type: str, keep: Keep = KEEP_ALL) -> NumberColumn:
        """Learn from a numeric column; at least `keep.min_count` cells are present."""
        cells, dtype = numbers(series.dropna()), Dtype.of(series)
        return cls(
            name_of(series), type, dtype, Distribution.fit(cells, keep),
            float(series.isna().mean()), decimals_of(np.unique(cells), dtype),
        )  # fmt: skip

    @property
    def rounded(self) -> Callable[[np.ndarray], np.ndarray]:
        return lambda x: x if self.decimals is None else np.round(x, self.decimals)

    @property
    def float_type(self) -> type[np.floating[Any]]:
        """The floats that its dtype holds."""
        return NARROW.get(self.dtype.name.lower(), np.float64)

    def in_dtype(self, number: float) -> float:
        """A number as a cell of this dtype would hold it: .7 is no float32."""
        with np.errstate(over="ignore"):
            return float(self.float_type(number))

    def numbers(self, series: pd.Series) -> np.ndarray:
        return numbers(series)

    def cells(self, numbers: np.ndarray) -> pd.Series:
        return pd.Series(numbers if self.decimals is None else np.round(numbers, self.decimals))


@dataclass(frozen=True)
class MomentColumn(RankColumn):
    """Dates and times, also written as text, and durations.

    Attributes:
        clock: how they become numbers.
    """

    clock: Clock

    @classmethod
    def fit(cls, series: pd.Series, type: str, keep: Keep = KEEP_ALL) -> MomentColumn:
        """Learn from dates, times or durations; at least `keep.min_count` cells are present.

        Raises:
            InputError: texts that are no dates, or not all in one format.
        """
        clock = Clock.fit(series)
        if keep != KEEP_ALL:
            clock = clock.earlier()
        return cls(
            name_of(series), type, Dtype.of(series),
            Distribution.fit(clock.ticks(series.dropna()), keep),
            float(series.isna().mean()), clock,
        )  # fmt: skip

    @property
    def rounded(self) -> Callable[[np.ndarray], np.ndarray]:
        return np.round

    def numbers(self, series: pd.Series) -> np.ndarray:
        return self.clock.ticks(series)

    def cells(self, numbers: np.ndarray) -> pd.Series:
        return self.clock.moments(np.round(numbers))

    def pictured(self, series: pd.Series) -> pd.Series:
        values, unit = self.clock.pictured(self.numbers(series), self.distribution.values[-1])
        return pd.Series(values, series.index, name=f"{self.name} ({unit})")


def decimals_of(cells: np.ndarray, dtype: Dtype, most: int = 6) -> int | None:
    """The fewest decimal places that write every cell exactly in its dtype, None above `most`."""
    exact = numbers(dtype.restore(pd.Series(cells)))
    for digits in range(most + 1):
        rounded = dtype.restore(pd.Series(np.round(cells, digits)))
        if np.array_equal(numbers(rounded), exact):
            return digits
    return None
