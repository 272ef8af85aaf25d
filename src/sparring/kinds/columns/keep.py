"""What of a table's cells a model file may hold."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from sparring.kinds.columns.base import categories
from sparring.kinds.columns.dtype import Dtype


@dataclass(frozen=True)
class Keep:
    """What fitted columns keep of the cells they learn from.

    Attributes:
        min_count: rows that must have a category or number for it to be kept as it is.
        tail_quantile: share of the numbers at each end that are kept as its quantile, in [0, .25].
    """

    min_count: int = 1
    tail_quantile: float = 0.0

    def counts(self, series: pd.Series) -> pd.Series:
        """How often each category comes that is kept, the most frequent first."""
        counts = categories(series.dropna()).value_counts()
        return counts[counts >= self.min_count]

    def dtype(self, series: pd.Series, values: Collection[Any]) -> Dtype:
        """The dtype of cells, without the categories that occur and are not among `values`.

        Those that it declares and no cell has stay: they tell of no row.
        """
        dtype = Dtype.of(series)
        if dtype.categories is None:
            return dtype
        rare = set(series.dropna().unique()) - set(values)
        return replace(dtype, categories=tuple(c for c in dtype.categories if c not in rare))

    @staticmethod
    def rare(series: pd.Series, counts: pd.Series) -> float:
        """The share of cells whose category is not among those counted."""
        return float((series.count() - counts.sum()) / len(series))


KEEP_ALL = Keep()
