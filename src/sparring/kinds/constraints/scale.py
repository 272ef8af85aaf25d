"""Cells of numbers and moments as places on a line, where they can be compared and added."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sparring.errors import InputError
from sparring.kinds.columns.base import Column
from sparring.kinds.columns.clock import PER_SECOND
from sparring.kinds.columns.named import grid
from sparring.kinds.columns.rank import MomentColumn, NumberColumn

Measured = NumberColumn | MomentColumn
TRIES = 4  # ticks on a wall that one moment can have, where summer time begins


@dataclass(frozen=True)
class Scale:
    """Between a column's cells and places: numbers as they are, moments as whole numbers of a unit.

    Attributes:
        column: whose cells.
        unit: of moments, a key of PER_SECOND; places count from 1970 in UTC.
    """

    column: Measured
    unit: str

    def read(self, series: pd.Series) -> tuple[np.ndarray, np.ndarray]:
        """The place of each cell, float64 or int64 (n,), and which cells are present (n,).

        Raises:
            InputError: cells of another sort than training saw, or moments out of the unit's range.
        """
        if isinstance(self.column, NumberColumn):
            numbers = self.column.numbers(series)
            return np.nan_to_num(numbers), ~np.isnan(numbers)
        moments = self.column.clock.read(series)
        if isinstance(moments.dtype, pd.DatetimeTZDtype):
            moments = moments.dt.tz_convert(None)
        try:
            moments = moments.astype(self._dtype)  # type: ignore[call-overload]
        except ValueError as error:
            raise InputError(f"column {self.column.name!r}: {error}") from None
        present = moments.notna().to_numpy()
        return np.where(present, moments.to_numpy().view(np.int64), 0), present

    def near(self, places: np.ndarray) -> np.ndarray:
        """The nearest places that are a cell's."""
        if isinstance(self.column, NumberColumn):
            return grid(self.column, places)
        ticks = self._ticks(places)
        below, above = self._at(ticks), self._at(ticks + 1)
        return np.where(above - places < places - below, above, below)

    def up(self, places: np.ndarray, *, strictly: bool) -> np.ndarray:
        """The next places at or above (strictly: above) that are a cell's."""
        return self._moved(places, 1, np.less_equal if strictly else np.less)

    def down(self, places: np.ndarray, *, strictly: bool) -> np.ndarray:
        """The next places at or below (strictly: below) that are a cell's."""
        return self._moved(places, -1, np.greater_equal if strictly else np.greater)

    def cells(self, places: np.ndarray, missing: np.ndarray) -> pd.Series:
        """Places (n,) of cells as these, missing where they are."""
        gone = missing if missing.any() else None
        if isinstance(self.column, NumberColumn):
            return self.column.restored(places, gone)
        return self.column.restored(self._ticks(places), gone)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of places."""
        return np.dtype(np.float64 if isinstance(self.column, NumberColumn) else np.int64)

    @property
    def ends(self) -> tuple[float, float]:
        """The places of the lowest and the highest cell that samples have."""
        values = np.array([self.column.distribution.values[i] for i in (0, -1)])
        low, high = self._places(values)
        return low, high

    @property
    def typical(self) -> float:
        """The place of the median."""
        place: float = self._places(self.column.distribution.quantile(np.array([0.5])))[0]
        return place

    def _places(self, numbers: np.ndarray) -> np.ndarray:
        if isinstance(self.column, NumberColumn):
            return grid(self.column, numbers)
        return self._at(np.round(numbers))

    def _moved(
        self, places: np.ndarray, step: int, beyond: Callable[..., np.ndarray]
    ) -> np.ndarray:
        """The nearest places of cells that are not beyond the given ones."""
        if isinstance(self.column, NumberColumn):
            found = grid(self.column, places)
            for _ in range(TRIES):
                wrong = beyond(found, places)
                found = np.where(wrong, grid(self.column, self._next(found, step)), found)
            return found
        ticks = self._ticks(places)
        for _ in range(TRIES):
            ticks = np.where(beyond(self._at(ticks), places), ticks + step, ticks)
        return self._at(ticks.clip(min=0))

    def _next(self, numbers: np.ndarray, step: int) -> np.ndarray:
        """The numbers of the next cells."""
        assert isinstance(self.column, NumberColumn)
        if self.column.decimals is not None:
            return numbers + step * 10.0**-self.column.decimals
        near = numbers.astype(self.column.float_type)
        following: np.ndarray = np.nextafter(near, near.dtype.type(step * np.inf))
        return following.astype(np.float64)

    @property
    def _dtype(self) -> str:
        assert isinstance(self.column, MomentColumn)
        return f"{kind_of(self.column)}[{self.unit}]"

    def _ticks(self, places: np.ndarray) -> np.ndarray:
        """The tick at or before each place."""
        assert isinstance(self.column, MomentColumn)
        moments = pd.Series(places.astype(np.int64).view(self._dtype), name=self.column.name)
        if zoned(self.column):
            moments = moments.dt.tz_localize("UTC")
        return self.column.clock.ticks(moments)

    def _at(self, ticks: np.ndarray) -> np.ndarray:
        """The places of ticks."""
        assert isinstance(self.column, MomentColumn)
        return self.read(self.column.clock.moments(ticks))[0]


def kind_of(column: MomentColumn) -> str:
    """What pandas calls its moments, "datetime64" or "timedelta64", without their unit."""
    return column.clock.dtype.partition("[")[0]


def zoned(column: MomentColumn) -> bool:
    """Whether moments have a time zone."""
    return "," in column.clock.dtype


def measured(column: Column, text: str) -> Measured:
    """A column that a constraint can compare.

    Raises:
        InputError: it holds neither numbers nor moments.
    """
    if not isinstance(column, (NumberColumn, MomentColumn)):
        raise InputError(
            f"{text!r}: column {column.name!r} is {column.type} (accepted: integer, "
            "float, datetime or duration)"
        )
    return column


def unit_of(columns: Sequence[Column]) -> str:
    """The finest unit of the moments among these."""
    units = [
        column.clock.dtype.partition("[")[2].partition(",")[0].rstrip("]")
        for column in columns
        if isinstance(column, MomentColumn)
    ]
    return max(units, key=PER_SECOND.__getitem__, default="s")
