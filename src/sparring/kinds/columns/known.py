"""Cells of rows of which only some are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True, eq=False)
class Cells:
    """Columns of rows in the table's dtypes, and which of their cells are known; both (n, m)."""

    frame: pd.DataFrame
    known: pd.DataFrame

    def take(self, places: np.ndarray) -> Cells:
        """The rows at these places, numbered anew."""
        frame, known = self.frame.iloc[places], self.known.iloc[places]
        return Cells(frame.reset_index(drop=True), known.reset_index(drop=True))

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
    objects = made.astype(object).where(~known, cells.astype(object))
    column = objects.astype(made.dtype)
    exact = column[known].isna().to_numpy() | (column[known] == cells[known]).to_numpy()
    return column if exact.all() else objects.infer_objects()
