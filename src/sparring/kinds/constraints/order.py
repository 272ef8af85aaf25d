"""Columns that are above others: what is learnt of them is by how much."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sparring.kinds.columns.base import Name
from sparring.kinds.columns.catalogue import fit_column
from sparring.kinds.columns.keep import Keep
from sparring.kinds.columns.rank import MomentColumn, NumberColumn
from sparring.kinds.constraints.base import Rule, rest_name, rounded
from sparring.kinds.constraints.scale import Scale
from sparring.kinds.constraints.statements import Columns, Order


@dataclass(frozen=True)
class Above(Rule):
    """A column that is nowhere below some others: the largest of these plus a gap.

    Where one of them is missing the others count; where all are, the gap is that to their typical
    values, and may be negative.

    Attributes:
        lows: the others, and whether the column is strictly above them.
        unit: in which moments are counted.
    """

    lows: tuple[tuple[Name, bool], ...]
    unit: str

    @classmethod
    def fit(
        cls, orders: list[Order], unit: str, frame: pd.DataFrame, columns: Columns, keep: Keep
    ) -> Above:
        """Learn the gap of the one column that is the higher in all of these."""
        name = orders[0].high
        strict = {order.low for order in orders if order.strictly}
        lows = dict.fromkeys(order.low for order in orders)
        rule = cls(name, None, tuple((low, low in strict) for low in lows), unit)
        gap = rule.remainder(frame, columns)
        types = {columns[n].type for n in (name, *rule.sources)}
        type = "duration" if rule._moments(columns) else "float"
        type = "integer" if types == {"integer"} else type
        text = rest_name(f"{name} above {', '.join(map(str, rule.sources))}", columns)
        learnt = fit_column(gap.rename(text), type, keep=keep)
        assert isinstance(learnt, (NumberColumn, MomentColumn))
        return replace(rule, rest=learnt)

    @property
    def sources(self) -> tuple[Name, ...]:
        return tuple(name for name, _ in self.lows)

    def remainder(self, frame: pd.DataFrame, columns: Columns) -> pd.Series:
        """The gap; missing where the column is."""
        top = self.scale(self.name, columns)
        places, present = top.read(frame[self.name])
        gap = places - self.base(frame, columns)
        if self._moments(columns):
            cells = pd.Series(gap.view(f"timedelta64[{self.unit}]"), frame.index)
        else:
            together = [columns[name] for name in (self.name, *self.sources)]
            cells = pd.Series(rounded(gap, together), frame.index)
        return cells.where(present)

    def base(self, frame: pd.DataFrame, columns: Columns) -> np.ndarray:
        """The largest of the others that are present, or of their typical values, (n,)."""
        scales = [self.scale(name, columns) for name in self.sources]
        best = None
        for scale in scales:
            places, present = scale.read(frame[scale.column.name])
            here = np.where(present, places, lowest(places.dtype))
            best = here if best is None else np.maximum(best, here)
        assert best is not None
        typical = max(scale.typical for scale in scales)
        return np.where(best > lowest(best.dtype), best, typical)

    def cells(self, frame: pd.DataFrame, columns: Columns) -> pd.Series:
        top = self.scale(self.name, columns)
        assert self.rest is not None
        gap, present = Scale(self.rest, self.unit).read(frame[self.rest.name])
        places = top.near(self.base(frame, columns) + gap).clip(*top.ends)
        return self.lifted(frame, columns, places, ~present)

    def mended(self, frame: pd.DataFrame, columns: Columns) -> pd.Series:
        places, present = self.scale(self.name, columns).read(frame[self.name])
        return self.lifted(frame, columns, places, ~present)

    def lifted(
        self, frame: pd.DataFrame, columns: Columns, places: np.ndarray, missing: np.ndarray
    ) -> pd.Series:
        """The column's cells at these places, or at the next ones that are above the others."""
        top = self.scale(self.name, columns)
        for name, strictly in self.lows:
            low, present = self.scale(name, columns).read(frame[name])
            short = present & ((places <= low) if strictly else (places < low))
            above = top.up(np.where(short, low, places), strictly=strictly)
            places = np.where(short, above, places)
        if top.column.missing:  # what is above all cells of the column had none beside it
            missing = missing | (places > top.ends[1])
        return top.cells(places, missing)

    def scale(self, name: Name, columns: Columns) -> Scale:
        """The places of one of the columns."""
        column = columns[name]
        assert isinstance(column, (NumberColumn, MomentColumn))
        return Scale(column, self.unit)

    def _moments(self, columns: Columns) -> bool:
        return isinstance(columns[self.name], MomentColumn)


def lowest(dtype: np.dtype) -> float | int:
    """A place below all cells."""
    return -np.inf if dtype.kind == "f" else int(np.iinfo(dtype).min)
