"""Columns that are functions of another column of few values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sparring.errors import InputError
from sparring.kinds.columns.allowed import Allowed, known_numbers, missing_share
from sparring.kinds.columns.base import Name
from sparring.kinds.columns.category import CategoryColumn
from sparring.kinds.columns.named import Learnt, cells_of, numbers_of
from sparring.kinds.constraints.base import Rule
from sparring.kinds.constraints.statements import Columns, Judged


@dataclass(frozen=True)
class Follow(Rule):
    """A column whose cell is told by that of another, by a table of all the values this one has.

    Attributes:
        source: the other.
        keys: its numbers (see `columns.named`), increasing.
        values: the column's number at each; None where it is missing.
        gone: the same where the source is missing; nothing where it never is.
    """

    source: Name
    keys: tuple[float, ...]
    values: tuple[float | None, ...]
    gone: tuple[float | None, ...]

    @classmethod
    def fit(cls, source: Learnt, column: Learnt, frame: pd.DataFrame) -> Follow:
        """Learn the table from rows in which each value of the source has one value of the column.

        A value of the source that is too rare to be kept is not in samples, and not in the table.
        """
        keys = known_numbers(source)
        assert keys is not None
        rows = pd.DataFrame({"key": numbers_of(source, frame[source.name])})
        rows["value"] = numbers_of(column, frame[column.name])
        first = rows.drop_duplicates("key").set_index("key")["value"]
        if not isinstance(column, CategoryColumn):  # as samples of the column alone end
            first = first.clip(column.distribution.values[0], column.distribution.values[-1])
        values = first.reindex(keys)
        gone = (_plain(first.get(np.nan, np.nan)),) if missing_share(source) else ()
        return cls(
            column.name, None, source.name, tuple(keys.tolist()), tuple(map(_plain, values)), gone
        )

    @property
    def sources(self) -> tuple[Name, ...]:
        return (self.source,)

    def numbers(self, source: np.ndarray) -> np.ndarray:
        """The column's numbers at numbers of the source, NaN for missing, both (n,).

        A number that training never saw has those of the next above, or of the last.
        """
        places = np.searchsorted(self.keys, source).clip(max=len(self.keys) - 1)
        places = np.where(np.isnan(source) & bool(self.gone), len(self.keys), places)
        found: np.ndarray = np.array([*self.values, *self.gone], dtype=float)[places]
        return found

    def cells(self, frame: pd.DataFrame, columns: Columns) -> pd.Series:
        source = numbers_of(columns[self.source], frame[self.source])
        return cells_of(columns[self.name], self.numbers(source))

    def mended(self, frame: pd.DataFrame, columns: Columns) -> pd.Series:
        return self.cells(frame, columns)

    def judge(self, frame: pd.DataFrame, columns: Columns) -> Judged:
        """Which rows (n,) have a value of the source that is in the table, and which obey it."""
        source, own = (numbers_of(columns[n], frame[n]) for n in (self.source, self.name))
        known = np.isin(source, self.keys) | (np.isnan(source) & bool(self.gone))
        wanted = self.numbers(source)
        return known, (wanted == own) | (np.isnan(wanted) & np.isnan(own))

    def narrowed(self, asked: Allowed, source: Allowed) -> Allowed:
        """What is left of the source where the column obeys conditions too; perhaps nothing."""
        assert source.points is not None
        numbers = np.array([*self.values, *self.gone], dtype=float)
        obeys = asked.holds(cells_of(asked.column, numbers))
        left = np.isin(source.points, np.array(self.keys)[obeys[: len(self.keys)]])
        missing = source.missing if self.gone and obeys[-1] else 0.0
        return replace(
            source, points=source.points[left], weights=source.weights[left], missing=missing
        )

    def possible(self, asked: Iterable[Allowed]) -> tuple[Allowed, ...]:
        """Those that leave anything.

        Raises:
            InputError: none does.
        """
        left = tuple(a for a in asked if a.missing or len(a.weights))
        if not left:
            raise InputError(
                f"no row can be so: {self.name!r} follows from {self.source!r}, and no training "
                "row has the two like that"
            )
        return left


def _plain(number: float) -> float | None:
    """As JSON keeps it."""
    return None if np.isnan(number) else float(number)
