"""Which cells are missing, told apart from what stands in the others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from sparring.kinds.columns.base import Column, LearntColumn, Name
from sparring.kinds.columns.category import CategoryColumn
from sparring.kinds.columns.rank import RankColumn

Gaps = tuple[tuple[Name, ...], ...]


def gaps_of(columns: Iterable[Column], frame: pd.DataFrame) -> Gaps:
    """The columns that have missing cells, together where these are in the same rows.

    Args:
        columns: fitted to `frame`, without the target.

    Returns:
        The names of the columns of each gap. A column of a few categories has none of its own.
    """
    gaps: dict[bytes, list[Column]] = {}
    for column in columns:
        missing = frame[column.name].isna()
        if isinstance(column, LearntColumn) and missing.any():
            gaps.setdefault(np.packbits(missing).tobytes(), []).append(column)
    return tuple(
        tuple(column.name for column in together)
        for together in gaps.values()
        if len(together) > 1 or isinstance(together[0], RankColumn)
    )


def with_gaps(columns: Iterable[Column], gaps: Gaps) -> list[Column]:
    """The columns; those of few categories in a gap without a category for missing cells."""
    names = {name for together in gaps for name in together}
    return [
        replace(column, values=column.values[:-1], shares=column.shares[:-1], gap=True)
        if isinstance(column, CategoryColumn) and column.name in names
        else column
        for column in columns
    ]
