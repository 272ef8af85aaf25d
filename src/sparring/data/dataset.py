"""The one bundle that every source yields and every kind reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sparring.data.mapped import rows_of
from sparring.data.parquet import ParquetRows


@dataclass(frozen=True, eq=False)
class Modes:
    """The true centres of a mixture and the spread around each.

    Attributes:
        centres: (K, d) float64.
        covariances: (K, d, d) float64, in the squared units of the points.
        weights: (K,) float64, the true share of each mode, summing to 1.
    """

    centres: np.ndarray
    covariances: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows as they came, before any kind encodes them.

    Attributes:
        x: a DataFrame (table), float array (n, d) (points) or uint8 array (n, h, w, c) (images).
        y: labels (n,), of any scalar type, or None. For a table the target column stays in `x`.
        name: what messages and file names call the data.
        modes: for a toy mixture, its known modes.
        file: all the rows of which `x` is a sample, where they are too many to be held.
    """

    x: np.ndarray | pd.DataFrame
    y: np.ndarray | None = None
    name: str = "data"
    modes: Modes | None = None
    file: ParquetRows | None = None

    def __len__(self) -> int:
        """How many rows are held."""
        return len(self.x)

    @property
    def total(self) -> int:
        """How many rows there are."""
        return len(self) if self.file is None else len(self.file)

    def take(self, rows: np.ndarray) -> Dataset:
        """The held rows at integer positions `rows`, in that order, and no others."""
        x = self.x.iloc[rows] if isinstance(self.x, pd.DataFrame) else rows_of(self.x, rows)
        return replace(self, x=x, y=None if self.y is None else self.y[rows], file=None)

    def without(self, rows: np.ndarray) -> Dataset:
        """All but the held rows at integer positions `rows`."""
        kept = self.take(np.delete(np.arange(len(self)), rows))
        return replace(kept, file=None if self.file is None else self.file.without(rows))

    def parts(self) -> Iterator[Dataset]:
        """All rows, as many at once as can be held.

        Raises:
            InputError: they cannot be read any more.
        """
        if self.file is None:
            yield self
            return
        for frame in self.file.parts():
            yield replace(self, x=frame, y=None, file=None)
