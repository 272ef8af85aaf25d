"""Columns of a few categories, one-hot for the nets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from sparring.errors import InputError
from sparring.kinds.columns.base import LearntColumn, categories, known_places, name_of, places
from sparring.kinds.columns.keep import KEEP_ALL, Keep


@dataclass(frozen=True)
class CategoryColumn(LearntColumn):
    """Cells as one of a few categories, one-hot for the nets; a missing cell is a category too.

    A cell of a rare category, and where missing cells are told apart a missing one, is encoded as
    that of another row, so that the shares of the other categories stay.

    Attributes:
        values: the categories as plain Python values; None at the end stands for missing.
        shares: of each of them in the training rows.
        gap: whether missing cells are told apart (see `Table`).
        rare: share of training cells whose category was too rare to be kept.
    """

    values: tuple[Any, ...]
    shares: tuple[float, ...]
    gap: bool = False
    rare: float = 0.0

    @classmethod
    def fit(cls, series: pd.Series, type: str, keep: Keep = KEEP_ALL) -> CategoryColumn:
        """Learn the categories that occur; of a boolean both, however rare.

        Raises:
            InputError: a boolean column that holds more than two values.
        """
        counts = (KEEP_ALL if type == "boolean" else keep).counts(series)
        if type == "boolean" and len(counts) > 2:
            raise InputError(f"column {series.name!r} has {len(counts)} values, a boolean two")
        values = sorted(counts.index.tolist(), key=lambda v: (v.__class__.__name__, v))
        dtype, shares = keep.dtype(series, values), [counts[v] / len(series) for v in values]
        if series.isna().any():
            values, shares = [*values, None], [*shares, float(series.isna().mean())]
        return cls(
            name_of(series), type, dtype, tuple(values), tuple(map(float, shares)),
            rare=keep.rare(series, counts),
        )  # fmt: skip

    def encode(self, series: pd.Series) -> tuple[np.ndarray, ...]:
        """Each cell's category, int64 in [0, len(values))."""
        codes = places(series, self.values)
        known = codes >= 0
        accepted = np.where(series.isna(), self.gap, self.rare > 0)
        known_places(series[~known & ~accepted], self.values, self.name)
        others = codes[known] if known.any() else np.zeros(1, dtype=np.int64)
        return (np.where(known, codes, np.random.default_rng(0).choice(others, len(codes))),)

    def noised(
        self, series: pd.Series, deviation: float, random: np.random.Generator
    ) -> CategoryColumn:
        """The same categories with the shares of other cells, Gaussian noise on their counts.

        One cell more or less changes one count by 1.
        """
        counts = self.one_hot(series).sum(0) + random.normal(0, deviation, len(self.values))
        shares = counts.clip(min=1.0) / counts.clip(min=1.0).sum()
        return replace(self, shares=tuple(shares.tolist()))

    def one_hot(self, series: pd.Series) -> np.ndarray:
        """Cells as (n, len(values)) of 0 and 1; all 0 for a category that training never saw."""
        return np.eye(len(self.values) + 1)[places(series, self.values), :-1]

    def decode(self, cells: np.ndarray, missing: np.ndarray | None = None) -> pd.Series:
        """Category codes (n,) to values."""
        if missing is not None:
            cells = np.where(missing, len(self._restored) - 1, cells)
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
