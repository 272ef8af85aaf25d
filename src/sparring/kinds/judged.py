"""Rows of a table as the metrics take them: as a table, and as numbers to measure distances of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from sparring.kinds.columns.base import LearntColumn
from sparring.kinds.columns.category import CategoryColumn
from sparring.kinds.columns.rank import RankColumn


def measured(columns: Iterable[LearntColumn], frame: pd.DataFrame) -> pd.DataFrame:
    """The columns as metrics take them.

    Raises:
        InputError: cells of another sort than training saw.
    """
    return pd.DataFrame({column.name: column.measured(frame[column.name]) for column in columns})


def features_of(
    columns: Iterable[RankColumn | CategoryColumn], frames: Sequence[pd.DataFrame]
) -> list[np.ndarray]:
    """What each row is to a distance, numbers first: (n, d) of each frame."""
    parts: list[list[np.ndarray]] = [[np.empty((len(frame), 0))] for frame in frames]
    for column in sorted(columns, key=lambda column: isinstance(column, CategoryColumn)):
        for part, cells in zip(parts, _numbers(column, frames), strict=True):
            part.append(cells)
    return [np.hstack(part) for part in parts]


def _numbers(
    column: RankColumn | CategoryColumn, frames: Sequence[pd.DataFrame]
) -> list[np.ndarray]:
    """A column's cells standardised by the first frame (missing = its mean), or one-hot / 2."""
    if isinstance(column, CategoryColumn):
        return [column.one_hot(frame[column.name]) / 2 for frame in frames]
    cells = [column.numbers(frame[column.name]) for frame in frames]
    present = cells[0][~np.isnan(cells[0])]
    mean, scale = (present.mean(), present.std()) if len(present) else (0.0, 0.0)
    return [np.nan_to_num((cell - mean) / (scale or 1.0))[:, None] for cell in cells]
