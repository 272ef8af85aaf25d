"""An empirical distribution: from numbers to ranks and from ranks to numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sparring.kinds.columns.keep import KEEP_ALL, Keep

DISCRETE = 1_000  # at most so many distinct numbers are kept one by one
LEVELS = 1_001  # otherwise this many quantiles stand for the column
STEPS = 100  # between the ends of a column, where counts of its numbers get noise


@dataclass(frozen=True)
class Distribution:
    """A distribution function F and its inverse.

    Attributes:
        values: increasing numbers: every distinct one (`discrete`), quantiles at equal steps, or
            those that are frequent, twice, and means of the others (see `_pooled`).
        levels: F at each value, up to 1.
        discrete: whether `values` are all there are.
    """

    values: tuple[float, ...]
    levels: tuple[float, ...]
    discrete: bool

    @classmethod
    def fit(cls, cells: np.ndarray, keep: Keep = KEEP_ALL) -> Distribution:
        """Learn from numbers (n,), at least `keep.min_count`, none missing.

        Of more than 1,000 distinct numbers, no more than about twice as many are kept.
        """
        distinct, counts = np.unique(cells, return_counts=True)
        discrete = len(distinct) <= DISCRETE
        if counts.min() < keep.min_count:
            discrete = False
            values, levels = _pooled(cells, keep.min_count, len(distinct) > DISCRETE)
        elif discrete:
            values, levels = distinct, np.cumsum(counts) / len(cells)
        else:
            levels = np.linspace(0, 1, LEVELS)
            values = np.quantile(cells, levels)
        whole = cls(tuple(values.tolist()), tuple(levels.tolist()), discrete)
        return whole.within(keep.tail_quantile) if keep.tail_quantile else whole

    def within(self, tail: float) -> Distribution:
        """The same with the numbers beyond the quantiles `tail` and 1 - `tail` drawn to these."""
        low, high = self.quantile(np.array([tail, 1 - tail]))
        values, levels = np.array(self.values).clip(low, high), np.array(self.levels)
        kept = np.ones(len(values), dtype=bool)
        if self.discrete:
            kept[:-1] = np.diff(values) > 0
        else:  # an atom needs its two ends only
            kept[1:-1] = (np.diff(values[:-1]) > 0) | (np.diff(values[1:]) > 0)
        return Distribution(
            tuple(values[kept].tolist()), tuple(levels[kept].tolist()), self.discrete
        )

    def noised(
        self, x: np.ndarray, deviation: float, random: np.random.Generator,
        rounded: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> Distribution:  # fmt: skip
        """The distribution of other numbers (n,), as Gaussian noise on their counts lets it be.

        Each is counted at one place, so that one number more or less changes one count by 1. A
        number beyond `values` counts as the first or last of them.

        Args:
            rounded: numbers to the next that can be. They are counted at up to 100 of `values`, at
                the ends of 100 equal steps between the first and last, and between each two of
                these. None: `values` are all that can be.
        """
        values = np.unique(self.values)
        if rounded is not None:
            chosen = np.linspace(0, len(values) - 1, min(len(values), STEPS)).astype(np.int64)
            equal = rounded(np.linspace(values[0], values[-1], STEPS + 1))
            values = np.union1d(values[chosen], equal.clip(values[0], values[-1]))
        x = x.clip(values[0], values[-1])
        at = np.searchsorted(values, x)
        places = at if rounded is None else 2 * at - (values[at] != x)
        size = len(values) if rounded is None else 2 * len(values) - 1
        counts = np.bincount(places, minlength=size) + random.normal(0, deviation, size)
        if rounded is not None:
            middles = rounded((values[1:] + values[:-1]) / 2)
            counts[1::2][(middles <= values[:-1]) | (middles >= values[1:])] = 0.0
        from scipy.optimize import isotonic_regression  # slow to import

        levels = isotonic_regression(counts.cumsum()).x.clip(min=0)
        levels += np.arange(1, size + 1) * 1e-6 * (levels[-1] or 1.0)  # no place is empty
        levels /= levels[-1]
        if rounded is not None:
            values, levels = np.repeat(values, 2), np.concatenate([[0.0], levels])
        return Distribution(tuple(values.tolist()), tuple(levels.tolist()), rounded is None)

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


def _pooled(cells: np.ndarray, least: int, many: bool) -> tuple[np.ndarray, np.ndarray]:
    """A distribution function that gives away no number of fewer than `least` cells.

    A frequent number is an atom. Those between two atoms are taken `least` or more together, in
    their order, and stand for their mean, at the middle of their ranks; between these points the
    quantile function is straight. Too few of them for one mean have the atoms around them alone.

    Args:
        many: whether about as many are to be taken together as leave 1,000 points.

    Returns:
        The numbers and the distribution function there, both (k,).
    """
    cells, n = np.sort(cells), len(cells)
    size = max(least, -(-n // LEVELS)) if many else least
    distinct, first, counts = np.unique(cells, return_index=True, return_counts=True)
    values, levels, start = [], [], 0
    for atom in [*np.flatnonzero(counts >= size), len(distinct)]:
        stop = n if atom == len(distinct) else int(first[atom])
        cuts = np.linspace(start, stop, (stop - start) // size + 1).astype(np.int64).tolist()
        if len(cuts) > 1 and size >= 2 * least:  # the ends as close as may be
            cuts += [start + least] * (start == 0) + [stop - least] * (stop == n)
        for low, high in pairwise(sorted(set(cuts))):
            values.append(cells[low:high].mean())
            levels.append((low + high) / 2)
        if atom < len(distinct):
            start = stop + int(counts[atom])
            values += [distinct[atom]] * 2
            levels += [stop, start]
    return np.array([values[0], *values, values[-1]]), np.array([0, *levels, n]) / n
