"""Columns that are sums of others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sparring.errors import InputError
from sparring.kinds.columns.base import Name
from sparring.kinds.columns.catalogue import fit_column
from sparring.kinds.columns.keep import Keep
from sparring.kinds.columns.rank import NumberColumn
from sparring.kinds.constraints.base import Rule, rest_name, rounded
from sparring.kinds.constraints.scale import Scale
from sparring.kinds.constraints.statements import Columns, Total


@dataclass(frozen=True)
class Sum(Rule):
    """A sum: nothing of it is learnt, unless it or one of its parts can be missing.

    Then `rest` is what it is more than the sum in which a missing part counts as its median: 0
    where none is missing. It also tells which cells are missing.

    Attributes:
        parts: the other columns, and their signs.
        constant: that is added.
    """

    parts: tuple[tuple[Name, int], ...]
    constant: float

    @classmethod
    def fit(cls, total: Total, frame: pd.DataFrame, columns: Columns, keep: Keep) -> Sum:
        """Learn what the parts do not tell.

        Raises:
            InputError: sums of samples would not fit the column.
        """
        rule = cls(total.name, None, total.parts, total.constant)
        rule._check_fitting(total, columns)
        if not any(column.missing for column in total.measured(columns)):
            return rule
        name = rest_name(f"{total.name} beyond its parts", columns)
        rest = rule._beyond(frame, columns).rename(name)
        learnt = fit_column(rest, "float", keep=keep)
        assert isinstance(learnt, NumberColumn)
        return replace(rule, rest=learnt)

    def _check_fitting(self, total: Total, columns: Columns) -> None:
        top, *parts = total.measured(columns)
        places = [100 if column.decimals is None else column.decimals for column in parts]
        own = 100 if top.decimals is None else top.decimals
        if own < max(places):
            raise InputError(
                f"{total.text!r}: {top.name!r} has fewer decimals than its parts, so not every sum "
                "is a cell of it (solve the sum for one of the parts)"
            )
        ends = np.array(self.reach(columns, {}))
        try:
            with np.errstate(all="ignore"):
                back = top.numbers(top.restored(ends, None))
            fitting = np.allclose(back, ends, rtol=1e-6)
        except (ValueError, OverflowError, TypeError):
            fitting = False
        if not fitting:
            raise InputError(
                f"{total.text!r}: sums from {ends[0]:g} to {ends[1]:g} are possible, which "
                f"{top.name!r} of type {top.dtype.name} does not hold (give it a larger one)"
            )

    def reach(
        self, columns: Columns, known: Mapping[Name, tuple[float, float]]
    ) -> tuple[float, float]:
        """The least and the largest sum of cells that samples can have.

        Args:
            known: the same of parts that come from others.
        """
        ends = [
            sorted(sign * end for end in known.get(name) or self.scale(name, columns).ends)
            for name, sign in self.parts
        ]
        low, high = (self.constant + sum(end[i] for end in ends) for i in (0, 1))
        return low, high

    @property
    def sources(self) -> tuple[Name, ...]:
        return tuple(name for name, _ in self.parts)

    def remainder(self, frame: pd.DataFrame, columns: Columns) -> pd.Series | None:
        return None if self.rest is None else self._beyond(frame, columns)

    def _beyond(self, frame: pd.DataFrame, columns: Columns) -> pd.Series:
        total, present = self.scale(self.name, columns).read(frame[self.name])
        base, whole = self.added(frame, columns)
        rest = np.where(whole, 0.0, total - base)
        return pd.Series(rest, frame.index).where(present)

    def added(self, frame: pd.DataFrame, columns: Columns) -> tuple[np.ndarray, np.ndarray]:
        """The sum, in which a missing part counts as its median, and where none is missing."""
        base, whole = np.full(len(frame), self.constant), np.ones(len(frame), bool)
        for name, sign in self.parts:
            scale = self.scale(name, columns)
            places, present = scale.read(frame[name])
            base = base + sign * np.where(present, places, scale.typical)
            whole &= present
        return rounded(base, [columns[name] for name in (self.name, *self.sources)]), whole

    def cells(self, frame: pd.DataFrame, columns: Columns) -> pd.Series:
        top = self.scale(self.name, columns)
        base, whole = self.added(frame, columns)
        if self.rest is None:
            return top.cells(top.near(base), ~whole)
        beyond, present = Scale(self.rest, "s").read(frame[self.rest.name])
        free = top.near((base + beyond).clip(*top.ends))
        return top.cells(np.where(whole, top.near(base), free), ~present)

    def mended(self, frame: pd.DataFrame, columns: Columns) -> pd.Series:
        top = self.scale(self.name, columns)
        places, present = top.read(frame[self.name])
        base, whole = self.added(frame, columns)
        return top.cells(np.where(whole, top.near(base), places), ~present & ~whole)

    def scale(self, name: Name, columns: Columns) -> Scale:
        """The places of one of the columns."""
        column = columns[name]
        assert isinstance(column, NumberColumn)
        return Scale(column, "s")
