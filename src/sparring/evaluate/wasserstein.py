"""Wasserstein distances: the least work that turns one set of points into the other."""

from __future__ import annotations

import numpy as np

from sparring.errors import InputError
from sparring.evaluate.jackknife import Statistic, group_numbers, rerun
from sparring.evaluate.rows import enough, paired


def sliced_wasserstein(
    real: np.ndarray, fake: np.ndarray, *, projections: int = 128, seed: int = 0
) -> float:
    """Mean 1-Wasserstein distance of the two sets projected on random unit directions.

    Args:
        real: (n, d) points, n >= 1.
        fake: (m, d) points, m >= 1; n and m may differ.
        projections: number of directions, >= 1, uniform on the sphere.
        seed: of the directions; the same seed and d give the same directions.

    Returns:
        A number in [0, inf), in the units of the points; a shift by t gives E|<v, t>|.

    Raises:
        InputError: an empty set, widths that differ, values that are not finite, no direction.

    Source: Bonneel et al. 2015, "Sliced and Radon Wasserstein barycenters of measures", with the
    first power of the distance.
    """
    return sliced_statistic(real, fake, projections=projections, seed=seed)(None)


def sliced_statistic(
    real: np.ndarray, fake: np.ndarray, *, projections: int = 128, seed: int = 0
) -> Statistic[float]:
    """`sliced_wasserstein` of all rows or without a group of them, sorted only once."""
    if projections < 1:
        raise InputError(f"projections is {projections}; at least 1 is needed")
    real, fake = paired(real, fake, least=1)
    directions = np.random.default_rng(seed).normal(size=(projections, real.shape[1]))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    sets = [_sorted(directions @ rows.T) for rows in (real, fake)]

    def statistic(without: int | None) -> float:
        # Every direction loses the same rows, so what is left is rectangular again.
        a, b = (
            line if without is None else line[group != without].reshape(projections, -1)
            for line, group in sets
        )
        enough(a.T, b.T, least=1)
        return _mean_gap(a, b)

    return statistic


def exact_wasserstein(real: np.ndarray, fake: np.ndarray) -> float:
    """The 1-Wasserstein distance itself: mean distance within the best pairing of the two sets.

    Time grows with the cube of n and memory with its square: for a thousand rows or so.

    Args:
        real: (n, d) points, n >= 1.
        fake: (n, d) points, as many.

    Returns:
        A number in [0, inf), in the units of the points.

    Raises:
        InputError: an empty set, sets of different sizes or widths, values that are not finite.

    Source: Villani 2009, "Optimal transport: old and new", chapter 6; solved as an assignment.
    """
    from scipy.optimize import linear_sum_assignment  # slow to import
    from scipy.spatial.distance import cdist

    real, fake = paired(real, fake, least=1)
    if len(real) != len(fake):
        raise InputError(f"{len(real)} real and {len(fake)} fake rows cannot be paired off")
    distance = cdist(real, fake)
    return float(distance[linear_sum_assignment(distance)].mean())


def exact_statistic(real: np.ndarray, fake: np.ndarray) -> Statistic[float]:
    """`exact_wasserstein` of all rows or without a group of them."""
    return rerun(exact_wasserstein, real, fake)


def _sorted(lines: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each line of (projections, n) in ascending order, and the groups its values came from."""
    order = np.argsort(lines, axis=1)
    return np.take_along_axis(lines, order, axis=1), group_numbers(lines.shape[1])[order]


def _mean_gap(a: np.ndarray, b: np.ndarray) -> float:
    """Mean area between the quantile functions of sorted lines (p, n) and (p, m)."""
    n, m = a.shape[1], b.shape[1]
    if n == m:
        return float(np.abs(a - b).mean())
    # Both quantile functions are steps; between two neighbouring edges both are constant. The
    # edges are counted in units of 1 / (n m), so that they are exact integers.
    edges = np.union1d(np.arange(n + 1) * m, np.arange(m + 1) * n)
    width = np.diff(edges) / (n * m)
    gap = np.abs(a[:, edges[:-1] // m] - b[:, edges[:-1] // n])
    return float((gap @ width).mean())
