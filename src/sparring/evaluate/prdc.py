"""Precision, recall, density and coverage: are the samples plausible, and is everything there?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist

from sparring.errors import InputError
from sparring.evaluate.jackknife import (
    CHUNK_ROWS,
    Statistic,
    group_starts,
    groups_kept,
    kept,
    pieces,
)
from sparring.evaluate.rows import paired


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
    return prdc_statistic(real, fake, k=k)(None)


def prdc_statistic(real: np.ndarray, fake: np.ndarray, *, k: int = 5) -> Statistic[PRDC]:
    """The four shares of all rows or without a group of them; the balls keep their size."""
    if k < 1:
        raise InputError(f"k is {k}; at least 1 is needed")
    real, fake = paired(real, fake, least=k + 1)
    real_radius, fake_radius = neighbour_distance(real, k), neighbour_distance(fake, k)

    # What each row gets from each group of the other set, so that a group can be left out.
    starts = group_starts(len(real))
    balls_around_fake = np.empty((len(fake), len(starts)), dtype=np.int32)
    balls_around_real = np.zeros((len(real), len(group_starts(len(fake)))), dtype=np.int32)
    nearest_fake = np.full(balls_around_real.shape, np.inf)
    for group, rows in pieces(len(fake)):
        distance = cdist(fake[rows], real)
        within = (distance <= real_radius).astype(np.int32)
        balls_around_fake[rows] = np.add.reduceat(within, starts, axis=1)
        balls_around_real[:, group] += (distance <= fake_radius[rows, None]).sum(axis=0)
        nearest_fake[:, group] = np.minimum(nearest_fake[:, group], distance.min(axis=0))

    def statistic(without: int | None) -> PRDC:
        real_groups, fake_groups = (
            groups_kept(table.shape[1], without) for table in (balls_around_fake, balls_around_real)
        )
        around_fake = kept(balls_around_fake, without)[:, real_groups].sum(axis=1)
        around_real = kept(balls_around_real, without)[:, fake_groups].sum(axis=1)
        nearest = kept(nearest_fake, without)[:, fake_groups].min(axis=1)
        return PRDC(
            precision=float((around_fake > 0).mean()),
            recall=float((around_real > 0).mean()),
            density=float(around_fake.mean() / k),
            coverage=float((nearest <= kept(real_radius, without)).mean()),
        )

    return statistic


def neighbour_distance(rows: np.ndarray, k: int) -> np.ndarray:
    """Distance from each row to its k-th nearest other row, (n,)."""
    radius = np.empty(len(rows))
    for start in range(0, len(rows), CHUNK_ROWS):
        part = slice(start, start + CHUNK_ROWS)
        # Position 0 of the sorted distances is the row itself, or a twin at the same distance.
        radius[part] = np.partition(cdist(rows[part], rows), k, axis=1)[:, k]
    return radius
