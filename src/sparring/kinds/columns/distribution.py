"""An empirical distribution: from numbers to ranks and from ranks to numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DISCRETE = 1_000  # at most so many distinct numbers are kept one by one
LEVELS = 1_001  # otherwise this many quantiles stand for the column


@dataclass(frozen=True)
class Distribution:
    """A distribution function F and its inverse.

    Attributes:
        values: increasing numbers: every distinct one (`discrete`), or quantiles at equal steps.
        levels: F at each value, up to 1.
        discrete: whether `values` are all there are.
    """

    values: tuple[float, ...]
    levels: tuple[float, ...]
    discrete: bool

    @classmethod
    def fit(cls, cells: np.ndarray, most: int = DISCRETE) -> Distribution:
        """Learn from numbers (n,), at least one, none missing.

        Args:
            most: of more distinct numbers than this, only quantiles are kept.
        """
        distinct, counts = np.unique(cells, return_counts=True)
        discrete = len(distinct) <= most
        if discrete:
            values, levels = distinct, np.cumsum(counts) / len(cells)
        else:
            levels = np.linspace(0, 1, LEVELS)
            values = np.quantile(cells, levels)
        return cls(tuple(values.tolist()), tuple(levels.tolist()), discrete)

    def interval(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """[F(x-), F(x)] of each number (n,); one that is new takes the rank of a neighbour."""
        if self.discrete:
            at = np.searchsorted(self.values, x).clip(0, len(self.values) - 1)
            steps = np.concatenate([[0.0], self.levels])
            return steps[at], steps[at + 1]
        x = x.clip(self.values[0], self.values[-1])
        levels = np.asarray(self.levels)
        left = np.searchsorted(self.values, x, side="left")
        right = np.searchsorted(self.values, x, side="right")
        between = np.interp(x, self.values, levels)
        knot = right > left  # x is a quantile, perhaps a repeated one: an atom
        low = np.where(knot, levels[left.clip(max=len(levels) - 1)], between)
        high = np.where(knot, levels[(right - 1).clip(min=0)], between)
        return low, high

    def quantile(self, rank: np.ndarray) -> np.ndarray:
        """The numbers at ranks (n,) in [0, 1]; they cannot leave the range of `values`."""
        values = np.asarray(self.values)
        if not self.discrete:
            between: np.ndarray = np.interp(rank, self.levels, values)
            return between
        at = np.searchsorted(self.levels, rank, side="right").clip(0, len(values) - 1)
        found: np.ndarray = values[at]
        return found
