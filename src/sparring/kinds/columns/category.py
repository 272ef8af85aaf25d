"""Columns of a few categories, one-hot for the nets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from sparring.errors import InputError
from sparring.kinds.columns.base import LearntColumn, categories, known_places, name_of, places
from sparring.kinds.columns.dtype import Dtype


@dataclass(frozen=True)
class CategoryColumn(LearntColumn):
    """Cells as one of a few categories, one-hot for the nets; a missing cell is a category too.

    Where missing cells are told apart, a missing one is encoded as a present one of another row.

    Attributes:
        values: the categories as plain Python values; None at the end stands for missing.
        gap: whether missing cells are told apart (see `Table`).
    """

    values: tuple[Any, ...]
    gap: bool = False

    @classmethod
    def fit(cls, series: pd.Series, type: str) -> CategoryColumn:
        """Learn the categories that occur.

        Raises:
            InputError: a boolean column that holds more than two values.
        """
        present = categories(series.dropna()).unique().tolist()
        if type == "boolean" and len(present) > 2:
            raise InputError(f"column {series.name!r} has {len(present)} values, a boolean two")
        values = sorted(present, key=lambda v: (v.__class__.__name__, v))
        missing = [None] if series.isna().any() else []
        return cls(name_of(series), type, Dtype.of(series), (*values, *missing))

    def encode(self, series: pd.Series) -> tuple[np.ndarray, ...]:
        """Each cell's category, int64 in [0, len(values))."""
        if not self.gap:
            return (known_places(series, self.values, self.name),)
        present = series.notna().to_numpy()
        codes = np.zeros(len(series), dtype=np.int64)
        codes[present] = known_places(series[present], self.values, self.name)
        if present.any():
            others = np.random.default_rng(0).choice(codes[present], len(codes))
            codes = np.where(present, codes, others)
        return (codes,)

    def one_hot(self, series: pd.Series) -> np.ndarray:
        """Cells as (n, len(values)) of 0 and 1; all 0 for a category that training never saw."""
        return np.eye(len(self.values) + 1)[places(series, self.values), :-1]

    def decode(self, cells: np.ndarray, missing: np.ndarray | None = None) -> pd.Series:
        """Category codes (n,) to values."""
        if missing is not None:
            cells = np.where(missing, len(self.values), cells)
        return self._restored.take(cells).reset_index(drop=True)

    @cached_property
    def _restored(self) -> pd.Series:
        """The values in the column's dtype, with a missing one where these are told apart.

        A dtype takes far longer to restore than a place in an array to look up.
        """
        values = (*self.values, None) if self.gap else self.values
        cells = pd.Series(np.array([*values, ""], dtype=object)[:-1], name=self.name, dtype=object)
        return self.dtype.restore(cells.where(cells.notna()))

    def measured(self, series: pd.Series) -> pd.Series:
        return categories(series)
