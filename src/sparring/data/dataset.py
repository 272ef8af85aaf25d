"""The one bundle that every source yields and every kind reads."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd


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
    """

    x: np.ndarray | pd.DataFrame
    y: np.ndarray | None = None
    name: str = "data"
    modes: Modes | None = None

    def __len__(self) -> int:
        return len(self.x)

    def take(self, rows: np.ndarray) -> Dataset:
        """The rows at integer positions `rows`, in that order."""
        x = self.x.iloc[rows] if isinstance(self.x, pd.DataFrame) else self.x[rows]
        return replace(self, x=x, y=None if self.y is None else self.y[rows])
