"""Intervals: each group of rows is left out in turn, and the spread of what remains is measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np
from scipy.special import stdtrit

from sparring.evaluate.rows import enough

T = TypeVar("T")

# A metric of sets that are already in hand: of all rows (None), or without group 0, 1, 2, ...
Statistic = Callable[[int | None], T]

GROUPS = 20
CHUNK_ROWS = 256
LEVEL = 0.95


def group_starts(rows: int) -> np.ndarray:
    """Where each of 20 groups of neighbouring rows begins; fewer groups when there are fewer rows.

    The rows must come in random order: the groups are what an interval is made from.
    """
    groups = min(GROUPS, rows)
    return np.arange(groups) * rows // max(groups, 1)


def group_sizes(rows: int) -> np.ndarray:
    """How many rows each group has."""
    return np.diff(group_starts(rows), append=rows)


def group_numbers(rows: int) -> np.ndarray:
    """The group of each row, (rows,)."""
    sizes = group_sizes(rows)
    return np.repeat(np.arange(len(sizes)), sizes)


def kept(values: np.ndarray, without: int | None) -> np.ndarray:
    """The rows of `values` that are not in group `without`."""
    return values if without is None else values[group_numbers(len(values)) != without]


def groups_kept(groups: int, without: int | None) -> np.ndarray:
    """The numbers of the groups that are not left out; a small set may not have that group."""
    return np.setdiff1d(np.arange(groups), [] if without is None else [without])


def pieces(rows: int) -> Iterator[tuple[int, slice]]:
    """All rows in slices of at most 256, each within one group, and the number of that group."""
    starts = group_starts(rows)
    for group, (start, size) in enumerate(zip(starts, group_sizes(rows), strict=True)):
        for first in range(start, start + size, CHUNK_ROWS):
            yield group, slice(first, min(first + CHUNK_ROWS, start + size))


def rerun(function: Callable[..., T], *sets: np.ndarray) -> Statistic[T]:
    """A statistic that calls `function` again on the rows that are kept; for cheap functions."""
    return lambda without: function(*(kept(rows, without) for rows in sets))


def mean_of(values: np.ndarray) -> Statistic[float]:
    """The statistic of one number for each row: their mean.

    Raises:
        InputError: no row is left, as the statistic itself does.
    """

    def statistic(without: int | None) -> float:
        here = kept(values, without)
        enough(here, least=1)
        return float(here.mean())

    return statistic


def interval(value: float, replicates: Sequence[float]) -> tuple[float, float] | None:
    """The 95 % interval around a value, from what it is without each group of rows.

    Args:
        value: of all rows.
        replicates: the same without group 0, 1, ..., g - 1.

    Returns:
        Both ends, or None with fewer than two replicates or one that is not finite.

    Source: Shao & Tu 1995, "The jackknife and bootstrap", section 2.3 (delete-a-group), with the
    quantile of Student's distribution of g - 1 degrees of freedom.
    """
    groups = len(replicates)
    if groups < 2 or not np.isfinite(replicates).all():
        return None
    away = np.array(replicates) - np.mean(replicates)
    largest = np.abs(away).max() or 1.0  # some distances are so large that no float is their square
    # The jackknife's variance: (g - 1) / g times the sum of squares.
    deviation = largest * np.sqrt((groups - 1) * np.mean((away / largest) ** 2))
    reach = float(stdtrit(groups - 1, (1 + LEVEL) / 2) * deviation)
    return value - reach, value + reach


def share_interval(share: float, rows: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share of independent rows.

    Unlike the jackknife it knows that 20 of 20 is less certain than 2,000 of 2,000.

    Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference".
    """
    z2 = stdtrit(np.inf, (1 + LEVEL) / 2) ** 2
    centre = (share + z2 / (2 * rows)) / (1 + z2 / rows)
    reach = np.sqrt(z2 * (share * (1 - share) / rows + z2 / (4 * rows**2))) / (1 + z2 / rows)
    return float(centre - reach), float(centre + reach)
