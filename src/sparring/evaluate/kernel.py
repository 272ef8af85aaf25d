"""Maximum mean discrepancy: how far apart two sets are in the mean of a kernel's features."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import pdist

from sparring.errors import InputError
from sparring.evaluate.jackknife import (
    Statistic,
    group_sizes,
    group_starts,
    groups_kept,
    kept,
    pieces,
)
from sparring.evaluate.rows import paired

# k(x, y) of all pairs of rows, (n, d) and (m, d) to (n, m).
Kernel = Callable[[np.ndarray, np.ndarray], np.ndarray]

BANDWIDTHS = 5
MEDIAN_ROWS = 1_000
# What summing in another order can change; two permutations closer than this are equal.
ROUNDING = 1e-12


class MMDTest(NamedTuple):
    """A kernel two-sample test.

    Attributes:
        squared: unbiased squared MMD, in [-1, 2]; about 0, also below, when nothing differs.
        p_value: share of the random relabellings that are at least as far apart, in (0, 1].
    """

    squared: float
    p_value: float


def kernel_distance(real: np.ndarray, fake: np.ndarray) -> float:
    """Unbiased squared MMD under the kernel (<x, y> / d + 1)^3; about 0 when nothing differs.

    The kernel inception distance is the mean of this over random subsets of both sets. The mean
    over all subsets, of any one size, is the value over all rows, which is what is computed: the
    same expectation with less variance. Unlike the Fréchet distance it has no bias to speak of,
    so that small sets are only noisier, not farther.

    Args:
        real: (n, d) features, n >= 2; n may be smaller than d.
        fake: (m, d) features, m >= 2.

    Returns:
        A number, slightly below 0 at times.

    Raises:
        InputError: too few rows, widths that differ, or values that are not finite.

    Source: Bińkowski et al. 2018, "Demystifying MMD GANs", section 4.
    """
    return kernel_statistic(real, fake)(None)


def kernel_statistic(real: np.ndarray, fake: np.ndarray) -> Statistic[float]:
    """`kernel_distance` of all rows or without a group of them."""
    return _unbiased(polynomial, *paired(real, fake, least=2))


def mmd_test(
    real: np.ndarray, fake: np.ndarray, *, permutations: int = 200, seed: int = 0
) -> MMDTest:
    """Squared MMD under Gaussian kernels of five widths, and how seldom chance does as much.

    Args:
        real: (n, d) features, n >= 2.
        fake: (m, d) features, m >= 2.
        permutations: random relabellings of the pooled rows that the value is compared with; the
            smallest p-value is 1 / (permutations + 1).
        seed: of the relabellings.

    Raises:
        InputError: too few rows or no permutation, widths that differ, values that are not finite.

    Source: Gretton et al. 2012, "A kernel two-sample test", eq. 3; the widths are 1/4, 1/2, 1, 2
    and 4 times the median distance, and the kernel is their mean.
    """
    return mmd_statistic(real, fake, permutations=permutations, seed=seed)(None)


def mmd_statistic(
    real: np.ndarray, fake: np.ndarray, *, permutations: int = 200, seed: int = 0
) -> Statistic[MMDTest]:
    """`mmd_test` of all rows or without a group of them.

    A p-value is about these very rows. Of it, a group of the permutations is left out instead, so
    that its interval tells how well they have pinned it down.
    """
    if permutations < 1:
        raise InputError(f"permutations is {permutations}; at least 1 is needed")
    real, fake = paired(real, fake, least=2)
    pooled = np.concatenate([real, fake])
    random = np.random.default_rng(seed)
    kernel = partial(gaussian, scale=median_distance(pooled, random))
    squared = _unbiased(kernel, real, fake)
    chance = _relabelled(kernel, pooled, len(real), permutations, random)
    farther = chance >= squared(None) - ROUNDING

    def statistic(without: int | None) -> MMDTest:
        drawn = kept(farther, without)
        return MMDTest(squared(without), float((1 + drawn.sum()) / (1 + len(drawn))))

    return statistic


def polynomial(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(<x, y> / d + 1)^3 for all pairs of rows."""
    base = a @ b.T / a.shape[1] + 1
    cube: np.ndarray = base * base * base  # many times faster than a power
    return cube


def gaussian(a: np.ndarray, b: np.ndarray, *, scale: float) -> np.ndarray:
    """Mean of exp(-|x - y|^2 / (2 w^2)) over w = scale times 4, 2, 1, 1/2, 1/4, for all pairs."""
    # In place: the matrix is large, and is made for every piece of the rows.
    values: np.ndarray = -2 * a @ b.T
    values += (a**2).sum(axis=1)[:, None]
    values += (b**2).sum(axis=1)
    np.maximum(values, 0, out=values)
    values /= -2 * (4 * scale) ** 2
    np.exp(values, out=values)
    total = values.copy()
    for _ in range(BANDWIDTHS - 1):
        for _ in range(2):  # half the width is the fourth power
            np.square(values, out=values)
        total += values
    total /= BANDWIDTHS
    return total


def median_distance(rows: np.ndarray, random: np.random.Generator) -> float:
    """Median distance of two rows, found on at most 1,000 of them; > 0 whatever they are."""
    some = pdist(rows[random.permutation(len(rows))[:MEDIAN_ROWS]])
    # Where more than half of the pairs are twins, the mean still tells the scale.
    return float(np.median(some)) or float(some.mean()) or 1.0


def block_sums(kernel: Kernel, a: np.ndarray, b: np.ndarray, *, same: bool = False) -> np.ndarray:
    """Sums of the kernel over each pair of groups of rows, (groups of a, groups of b).

    Args:
        same: a and b are one set; no row is paired with itself.
    """
    starts = group_starts(len(b))
    sums = np.zeros((len(group_starts(len(a))), len(starts)))
    for group, rows in pieces(len(a)):
        values = kernel(a[rows], b)
        if same:
            _without_diagonal(values, rows)
        sums[group] += np.add.reduceat(values.sum(axis=0), starts)
    return sums


def pair_mean(total: float, rows: int) -> float:
    """The mean over the ordered pairs of different rows, from their sum.

    Raises:
        InputError: there is no pair.
    """
    if rows < 2:
        raise InputError(f"{rows} rows are too few; at least 2 are needed")
    return total / (rows * (rows - 1))


def _unbiased(kernel: Kernel, real: np.ndarray, fake: np.ndarray) -> Statistic[float]:
    """The unbiased squared MMD, of all rows or without a group of them."""
    # Rows up to 1e60 are accepted; the suite names a result that is not finite.
    with np.errstate(over="ignore", invalid="ignore"):
        xx, yy = (block_sums(kernel, rows, rows, same=True) for rows in (real, fake))
        xy = block_sums(kernel, real, fake)
    real_sizes, fake_sizes = group_sizes(len(real)), group_sizes(len(fake))

    def statistic(without: int | None) -> float:
        a, b = (groups_kept(len(sizes), without) for sizes in (real_sizes, fake_sizes))
        n, m = real_sizes[a].sum(), fake_sizes[b].sum()
        return float(
            pair_mean(xx[np.ix_(a, a)].sum(), n)
            + pair_mean(yy[np.ix_(b, b)].sum(), m)
            - 2 * xy[np.ix_(a, b)].sum() / (n * m)
        )

    return statistic


def _relabelled(
    kernel: Kernel, pooled: np.ndarray, n: int, permutations: int, random: np.random.Generator
) -> np.ndarray:
    """Unbiased squared MMD of random relabellings, (permutations,), in one pass over the pairs."""
    labels = np.zeros((len(pooled), permutations))
    labels[:n] = 1
    labels = random.permuted(labels, axis=0)
    first = either = np.zeros(permutations)
    total = 0.0
    for _, rows in pieces(len(pooled)):
        values = kernel(pooled[rows], pooled)
        _without_diagonal(values, rows)
        here, sums = labels[rows], values.sum(axis=1)
        first = first + np.einsum("ip,ip->p", here, values @ labels)
        either = either + sums @ here
        total += sums.sum()
    across = either - first
    second = total - 2 * across - first
    m = len(pooled) - n
    chance: np.ndarray = first / (n * (n - 1)) + second / (m * (m - 1)) - 2 * across / (n * m)
    return chance


def _without_diagonal(values: np.ndarray, rows: slice) -> None:
    """Take out the pairs of a row with itself, where `values` belongs to `rows` of one set."""
    values[np.arange(len(values)), np.arange(rows.start, rows.stop)] = 0
