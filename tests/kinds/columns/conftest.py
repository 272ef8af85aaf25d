"""There and back: what a fitted column, restored from JSON, makes of cells."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from sparring.kinds.columns.base import Column, LearntColumn
from sparring.kinds.columns.catalogue import fit_column, restored_column
from sparring.kinds.columns.fit import type_of
from sparring.kinds.columns.rank import RankColumn


def fitted(series: pd.Series, asked: str | None = None, one_hot: int = 64) -> LearntColumn:
    """A column that is learnt, as a model file restores it."""
    column = saved(fit_column(series, type_of(series, asked), one_hot))
    assert isinstance(column, LearntColumn)
    return column


def saved(column: Column) -> Column:
    """The column after a round through a file."""
    restored = restored_column(json.loads(json.dumps(column.to_dict(), allow_nan=False)))
    assert restored == column
    return restored


def decoded(column: LearntColumn, series: pd.Series) -> pd.Series:
    """There and back; a rank in the middle of its interval."""
    cells = column.encode(series)
    if not isinstance(column, RankColumn):
        return column.decode(cells[0])
    low, high = np.column_stack(cells[::2]), np.column_stack(cells[1::2])
    return column.decode((low.astype(np.float64) + high) / 2, series.isna().to_numpy())


def same(found: pd.Series, expected: pd.Series) -> None:
    """Cells, dtype, name and what stands for missing are the same; the index starts at 0."""
    expected = expected.reset_index(drop=True)
    pd.testing.assert_series_equal(found, expected, check_exact=True)
    if expected.dtype == object:
        kinds = [[type(cell) for cell in series] for series in (found, expected)]
        assert kinds[0] == kinds[1]
