"""Cells of rows of which only some are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sparring.kinds.columns.base import Name


@dataclass(frozen=True, eq=False)
class Cells:
    """Columns of rows in the table's dtypes, and which of their cells are known; both (n, m)."""

    frame: pd.DataFrame
    known: pd.DataFrame

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Cells:
        """All cells that are not missing."""
        return cls(frame, frame.notna())

    def filled(self, name: Name, cells: pd.Series) -> Cells:
        """The same with all cells of a column known: these, where they were not."""
        if name in self.frame.columns:
            cells = mixed(cells, self.frame[name], self.known[name].to_numpy())
        frame, known = self.frame.copy(deep=False), self.known.copy(deep=False)
        frame[name], known[name] = cells.set_axis(frame.index), True
        return Cells(frame, known)

    def take(self, places: np.ndarray) -> Cells:
        """The rows at these places, numbered anew."""
        frame, known = self.frame.iloc[places], self.known.iloc[places]
        return Cells(frame.reset_index(drop=True), known.reset_index(drop=True))

    def unless(self, name: Name, here: np.ndarray) -> Cells:
        """The same, but a column's cells not known where `here` holds, of the first rows (k,)."""
        known, mine = self.known.copy(deep=False), self.known[name].to_numpy(copy=True)
        mine[: len(here)] &= ~here
        known[name] = mine
        return Cells(self.frame, known)

    def put_in(self, made: pd.DataFrame) -> pd.DataFrame:
        """Samples, as many as there are rows or fewer, with the known cells put in."""
        frame = made.copy()
        for name in self.frame.columns:
            frame[name] = mixed(frame[name], self.frame[name][: len(frame)],
                                self.known[name].to_numpy()[: len(frame)])  # fmt: skip
        return frame


def mixed(made: pd.Series, cells: pd.Series, known: np.ndarray) -> pd.Series:
    """A column as made, but for the cells that are known; in its dtype if that holds them."""
    cells = cells.set_axis(made.index)
    if cells.dtype == made.dtype:
        return made.where(~known, cells)
    if isinstance(cells.dtype, pd.CategoricalDtype):
        cells = cells.astype(cells.dtype.categories.dtype)
    objects = made.astype(object).where(~known, cells.astype(object))
    column = objects.astype(made.dtype)
    exact = column[known].isna().to_numpy() | (column[known] == cells[known]).to_numpy()
    return column if exact.all() else objects.infer_objects()
