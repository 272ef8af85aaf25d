"""What can be said of every row of a table, and which rows obey it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sparring.errors import InputError
from sparring.kinds.columns.allowed import allowed
from sparring.kinds.columns.base import Name
from sparring.kinds.columns.dtype import plain
from sparring.kinds.columns.named import Among, Learnt, Span, numbers_of, span
from sparring.kinds.columns.rank import MomentColumn, NumberColumn
from sparring.kinds.constraints.scale import Scale, kind_of, measured, unit_of, zoned

Judged = tuple[np.ndarray, np.ndarray]  # which rows (n,) can be judged, and which of them obey
Columns = Mapping[Name, Learnt]  # the learnt columns of a table, by name
MOST_DECIMALS = 6


@dataclass(frozen=True)
class Statement(ABC):
    """What is said of every row.

    Attributes:
        text: in which it is said.
    """

    text: str

    @property
    @abstractmethod
    def names(self) -> tuple[Name, ...]:
        """The columns that it speaks of."""

    @abstractmethod
    def judge(self, frame: pd.DataFrame, columns: Columns) -> Judged:
        """Rows with a missing cell among the columns' cannot be judged."""


@dataclass(frozen=True)
class Within(Statement):
    """The cells of a column are within these ends, or among these values."""

    name: Name
    condition: Among | Span

    @property
    def names(self) -> tuple[Name, ...]:
        return (self.name,)

    def judge(self, frame: pd.DataFrame, columns: Columns) -> Judged:
        column, series = columns[self.name], frame[self.name]
        if isinstance(self.condition, Among):
            return np.ones(len(frame), bool), allowed(column, [self.condition], self.text).holds(
                series
            )
        low, high = span(column, self.condition)
        numbers = numbers_of(column, series)
        return ~np.isnan(numbers), (numbers >= low) & (numbers <= high)


@dataclass(frozen=True)
class Order(Statement):
    """The cells of one column are below those of another, or equal to them unless `strictly`."""

    low: Name
    high: Name
    strictly: bool

    @property
    def names(self) -> tuple[Name, ...]:
        return (self.low, self.high)

    def judge(self, frame: pd.DataFrame, columns: Columns) -> Judged:
        low, high = self.measured(columns)
        unit = unit_of([low, high])
        (x, one), (y, other) = (Scale(c, unit).read(frame[c.name]) for c in (low, high))
        return one & other, x < y if self.strictly else x <= y

    def measured(self, columns: Columns) -> tuple[NumberColumn | MomentColumn, ...]:
        """The two columns.

        Raises:
            InputError: they cannot be compared.
        """
        low, high = (measured(columns[name], self.text) for name in self.names)
        if isinstance(low, MomentColumn) and isinstance(high, MomentColumn):
            like = kind_of(low) == kind_of(high)
            if like and zoned(low) != zoned(high):
                raise InputError(
                    f"{self.text!r}: one of them has a time zone and the other has none"
                )
        else:
            like = isinstance(low, NumberColumn) and isinstance(high, NumberColumn)
        if not like:
            raise InputError(
                f"{self.text!r}: {low.name!r} is {low.type} and {high.name!r} is "
                f"{high.type}, which cannot be compared"
            )
        return low, high


@dataclass(frozen=True)
class Total(Statement):
    """The cells of a column are a sum: of a constant and of other columns, each with its sign."""

    name: Name
    parts: tuple[tuple[Name, int], ...]
    constant: float

    @property
    def names(self) -> tuple[Name, ...]:
        return (self.name, *(name for name, _ in self.parts))

    def judge(self, frame: pd.DataFrame, columns: Columns) -> Judged:
        found = {name: numbers_of(columns[name], frame[name]) for name in self.names}
        total = found[self.name]
        wanted = self.constant + sum(sign * found[name] for name, sign in self.parts)
        decimals = self.decimals(columns)
        present = ~np.isnan(total + wanted)
        if decimals is None:
            scale = sum(np.abs(x) for x in found.values())
            return present, np.abs(total - wanted) <= 1e-6 * scale
        return present, np.round(total, decimals) == np.round(wanted, decimals)

    def measured(self, columns: Columns) -> list[NumberColumn]:
        """All its columns.

        Raises:
            InputError: one holds no numbers.
        """
        found = [measured(columns[name], self.text) for name in self.names]
        numbers = [column for column in found if isinstance(column, NumberColumn)]
        if len(numbers) < len(found):
            raise InputError(f"{self.text!r}: a sum is one of integers and floats")
        return numbers

    def decimals(self, columns: Columns) -> int | None:
        """The most decimals that any of its numbers has; None where that is no telling."""
        found = [column.decimals for column in self.measured(columns)]
        known = [decimals for decimals in found if decimals is not None]
        if len(known) < len(found):
            return None
        at = (d for d in range(MOST_DECIMALS + 1) if round(self.constant, d) == self.constant)
        return max(*known, next(at, MOST_DECIMALS))


@dataclass(frozen=True)
class Following(Statement):
    """Each value of one column has one value of another."""

    source: Name
    name: Name

    @property
    def names(self) -> tuple[Name, ...]:
        return (self.source, self.name)

    def judge(self, frame: pd.DataFrame, columns: Columns) -> Judged:
        source, codes = (codes_of(frame[name]) for name in self.names)
        first = np.unique(source, return_index=True)[1]
        return np.ones(len(frame), bool), codes[first][source] == codes


def codes_of(series: pd.Series) -> np.ndarray:
    """Cells as numbers 0, 1, ... of their values, (n,); missing is a value too."""
    return np.asarray(pd.factorize(plain(series), use_na_sentinel=False)[0])
