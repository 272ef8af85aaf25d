"""The sliced Wasserstein distance: the earth mover's distance, averaged over directions."""

from __future__ import annotations

import numpy as np

from sparring.errors import InputError
from sparring.evaluate.rows import paired


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
    if projections < 1:
        raise InputError(f"projections is {projections}; at least 1 is needed")
    real, fake = paired(real, fake, least=1)
    directions = np.random.default_rng(seed).normal(size=(projections, real.shape[1]))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)

    # Both quantile functions are steps; between two neighbouring edges both are constant. The
    # edges are counted in units of 1 / (n m), so that they are exact integers.
    n, m = len(real), len(fake)
    edges = np.union1d(np.arange(n + 1) * m, np.arange(m + 1) * n)
    width = np.diff(edges) / (n * m)
    real_rank, fake_rank = edges[:-1] // m, edges[:-1] // n

    total = 0.0
    for direction in directions:
        gap = np.sort(real @ direction)[real_rank] - np.sort(fake @ direction)[fake_rank]
        total += float(width @ np.abs(gap))
    return total / projections
