"""Precision, recall, density and coverage: are the samples plausible, and is everything there?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist

from sparring.errors import InputError
from sparring.evaluate.rows import paired

CHUNK_ROWS = 256


class PRDC(NamedTuple):
    """Four shares that compare two sets by balls around their rows.

    Attributes:
        precision: share of fake rows within a ball of some real row, in [0, 1].
        recall: share of real rows within a ball of some fake row, in [0, 1].
        density: mean number of real balls around a fake row over k, in [0, n / k]; 1 is expected
            of a perfect generator, more says that samples crowd where data is dense.
        coverage: share of real rows whose ball holds a fake row, in [0, 1].
    """

    precision: float
    recall: float
    density: float
    coverage: float


def precision_recall_density_coverage(real: np.ndarray, fake: np.ndarray, *, k: int = 5) -> PRDC:
    """Compare two sets through closed balls that reach to each row's k-th nearest neighbour.

    Distances are exact differences in chunks: the shortcut over inner products rounds, and a
    radius of 0 (repeated rows) would then miss the very rows that define it.

    Args:
        real: (n, d) features, n > k.
        fake: (m, d) features, m > k.
        k: the neighbour, other than the row itself, that a ball reaches to; >= 1.

    Returns:
        The four shares; memory grows with n + m, not with n m.

    Raises:
        InputError: k < 1, a set of k rows or fewer, widths that differ, values that are not finite.

    Source: Kynkäänniemi et al. 2019, "Improved precision and recall metric for assessing
    generative models", eq. 1-2; Naeem et al. 2020, "Reliable fidelity and diversity metrics for
    generative models", section 3.
    """
    if k < 1:
        raise InputError(f"k is {k}; at least 1 is needed")
    real, fake = paired(real, fake, least=k + 1)
    real_radius, fake_radius = _neighbour_distance(real, k), _neighbour_distance(fake, k)

    balls_around_fake = np.empty(len(fake))
    real_is_reached = np.zeros(len(real), dtype=bool)
    nearest_fake = np.full(len(real), np.inf)
    for start in range(0, len(fake), CHUNK_ROWS):
        rows = slice(start, start + CHUNK_ROWS)
        distance = cdist(fake[rows], real)
        balls_around_fake[rows] = (distance <= real_radius).sum(axis=1)
        real_is_reached |= (distance <= fake_radius[rows, None]).any(axis=0)
        nearest_fake = np.minimum(nearest_fake, distance.min(axis=0))
    return PRDC(
        precision=float((balls_around_fake > 0).mean()),
        recall=float(real_is_reached.mean()),
        density=float(balls_around_fake.mean() / k),
        coverage=float((nearest_fake <= real_radius).mean()),
    )


def _neighbour_distance(rows: np.ndarray, k: int) -> np.ndarray:
    """Distance from each row to its k-th nearest other row, (n,)."""
    # Position 0 of the sorted distances is the row itself, or a twin of it at the same distance.
    return np.concatenate(
        [
            np.partition(cdist(rows[start : start + CHUNK_ROWS], rows), k, axis=1)[:, k]
            for start in range(0, len(rows), CHUNK_ROWS)
        ]
    )
