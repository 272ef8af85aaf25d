"""Repeats and copies: does the generator know few rows by heart, perhaps those it was shown?"""

from __future__ import annotations

import hashlib

import numpy as np
from scipy.spatial.distance import cdist

from sparring.errors import InputError
from sparring.evaluate.jackknife import (
    Statistic,
    group_sizes,
    group_starts,
    groups_kept,
    kept,
    mean_of,
)
from sparring.evaluate.kernel import block_sums, pair_mean
from sparring.evaluate.prdc import neighbour_distance
from sparring.evaluate.rows import enough, paired

# Two rows collide when they are nearer than all but this share of real rows are to another one.
COLLISION_SHARE = 0.05


def row_keys(rows: np.ndarray) -> np.ndarray:
    """A 64-bit number for each row of an array of any shape; equal rows have equal numbers."""
    if rows.dtype.kind == "f":
        rows = rows + 0.0  # -0 is 0
        rows[np.isnan(rows)] = np.nan  # and of NaN there are many
    rows = np.ascontiguousarray(rows)
    keys = [hashlib.blake2b(row.tobytes(), digest_size=8).digest() for row in rows]
    return np.frombuffer(b"".join(keys), dtype=np.uint64)


def duplicates(keys: np.ndarray) -> Statistic[float]:
    """Share of rows that stand in their set more than once.

    Args:
        keys: (n,) from `row_keys`, n >= 1.
    """

    def statistic(without: int | None) -> float:
        _, place, count = np.unique(kept(keys, without), return_inverse=True, return_counts=True)
        enough(place, least=1)
        return float((count[place] > 1).mean())

    return statistic


def birthday_support(real: np.ndarray, fake: np.ndarray) -> Statistic[float]:
    """How many equally likely outcomes would collide as often as the fake rows do.

    n rows have n (n - 1) / 2 pairs, of which a share 1 / support collides. Rows of numbers never
    repeat exactly, so two collide when they are no farther apart than 5 % of the real rows are
    from their nearest other one. The number means something only beside that of real rows. With
    no collision it is the number of pairs: the support is then larger than these rows can tell.

    Args:
        real: (n, d) features, n >= 2; they set the distance.
        fake: (m, d) features, m >= 2, whose collisions are counted.

    Returns:
        A statistic in [1, inf).

    Raises:
        InputError: too few rows, widths that differ, or values that are not finite.

    Source: Arora & Zhang 2017, "Do GANs actually learn the distribution? An empirical study", with
    a distance in place of the human eye.
    """
    real, fake = paired(real, fake, least=2)
    radius = float(np.quantile(neighbour_distance(real, 1), COLLISION_SHARE))
    # Of ordered pairs, so that one collision counts twice.
    collisions = block_sums(lambda a, b: (cdist(a, b) <= radius) * 1.0, fake, fake, same=True)
    sizes = group_sizes(len(fake))

    def statistic(without: int | None) -> float:
        groups = groups_kept(len(sizes), without)
        found = max(2, collisions[np.ix_(groups, groups)].sum())
        return 1 / float(pair_mean(found, sizes[groups].sum()))

    return statistic


def copies(train_keys: np.ndarray, keys: np.ndarray) -> Statistic[float]:
    """Share of rows that stand among the training rows, cell for cell.

    Args:
        train_keys: from `row_keys`, of the training rows.
        keys: (n,) likewise, of samples or, beside them, of rows held out.
    """
    return mean_of(np.isin(keys, train_keys).astype(float))


def nearest_distance(rows: np.ndarray, to: np.ndarray) -> np.ndarray:
    """Distance from each row (n, d) to the nearest row in each group of `to` (m, d), (n, groups).

    Raises:
        InputError: an empty set, widths that differ, or values that are not finite.
    """
    from sklearn.neighbors import NearestNeighbors  # slow to import

    rows, to = paired(rows, to, least=1)
    # The search takes inner products, which round: least so about the origin. A copy is at 0.
    centre = to.mean(axis=0)
    distances = []
    for part in np.split(to, group_starts(len(to))[1:]):
        search = NearestNeighbors(n_neighbors=1).fit(part - centre)
        nearest = search.kneighbors(rows - centre, return_distance=False)[:, 0]
        distances.append(np.linalg.norm(rows - part[nearest], axis=1))
    return np.stack(distances, axis=1)


def nearness(distance: np.ndarray, control: np.ndarray) -> Statistic[float]:
    """Median distance to the closest training row, over that of rows held out.

    1 is expected; less says that rows lie nearer to training rows than new rows do.

    Args:
        distance: (n, groups) from samples to the training rows, by `nearest_distance`.
        control: (m, groups) from rows held out to the same training rows.

    Source: the distance to closest record, as in Zhao et al. 2021, "CTAB-GAN", section 4.
    """

    def statistic(without: int | None) -> float:
        near, usual = (float(np.median(_nearest(d, without))) for d in (distance, control))
        if usual == 0:
            raise InputError(
                "half of the held-out rows, or more, stand among the training rows too"
            )
        return near / usual

    return statistic


def closer(rows: np.ndarray, train: np.ndarray, holdout: np.ndarray) -> Statistic[float]:
    """Share of rows nearer to a training row than to one held out, as if both were equally many.

    The nearest of t training and h held-out rows is a training row with chance t / (t + h) where
    nothing distinguishes them. A share s of rows nearer to training rows (equally near counts
    half) is told as (s / t) / (s / t + (1 - s) / h): .5 is expected for any t and h, and none of
    the training rows is left aside. More says that rows lean on those that were trained on.

    Args:
        rows: (n, d) samples.
        train: (t, d) training rows.
        holdout: (h, d) rows held out, none of which is among `rows`.

    Raises:
        InputError: an empty set, widths that differ, or values that are not finite.

    Source: Platzer & Reutterer 2021, "Holdout-based empirical assessment of mixed-type synthetic
    data", section 3.2, for sets of one size.
    """
    to_train, to_holdout = (nearest_distance(rows, part) for part in (train, holdout))

    def statistic(without: int | None) -> float:
        t, h = (len(kept(part, without)) for part in (train, holdout))
        a, b = (_nearest(distance, without) for distance in (to_train, to_holdout))
        share = float(np.mean((a < b) + 0.5 * (a == b)))
        return share / t / (share / t + (1 - share) / h)

    return statistic


def _nearest(distance: np.ndarray, without: int | None) -> np.ndarray:
    """The smallest of (n, groups) in each row, both rows and groups less the one left out."""
    here = kept(distance, without)[:, groups_kept(distance.shape[1], without)]
    enough(here, here.T, least=1)
    nearest: np.ndarray = here.min(axis=1)
    return nearest
