"""Attacks on the training rows by one who has the samples, beside the same on rows held out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sparring.errors import InputError
from sparring.evaluate.copying import nearest_distance
from sparring.evaluate.jackknife import (
    CHUNK_ROWS,
    Statistic,
    groups_kept,
    kept,
    share_interval,
)
from sparring.evaluate.rows import enough

PREDICATES = 1_000
MOST_TRIES = 5_000  # at so many the search for predicates ends
MOST_COLUMNS = 4  # of one predicate
FEWEST_TRIALS = 20
TOLERANCE = 0.05  # a guessed number is right within this share of the true one


class Risk(NamedTuple):
    """How much more often an attack succeeds on training rows than on rows held out.

    Attributes:
        risk: (attack - control) / (1 - control); 0 when training gave nothing away, 1 when all.
        attack: rate of success on training rows, the centre of Wilson's interval.
        control: likewise on rows held out.
        low, high: 95 % interval of the risk, from Wilson's of both rates.
    """

    risk: float
    attack: float
    control: float
    low: float
    high: float


def risk(attack: np.ndarray, control: np.ndarray) -> Risk:
    """The risk that successes tell of.

    Args:
        attack: (n,) bool, success of each trial on training rows.
        control: (m,) likewise on rows held out.

    Raises:
        InputError: fewer than 20 trials of either.

    Source: Giomi et al. 2023, "A unified framework for quantifying privacy risk in synthetic
    data", section 3, the error of the rates carried over to first order.
    """
    enough(attack, control, least=FEWEST_TRIALS)
    (a, a_reach), (c, c_reach) = (_rate(hits) for hits in (attack, control))
    value = (a - c) / (1 - c)
    reach = float(np.hypot(a_reach / (1 - c), (1 - a) * c_reach / (1 - c) ** 2))
    return Risk(value, a, c, value - reach, value + reach)


def _rate(hits: np.ndarray) -> tuple[float, float]:
    low, high = share_interval(float(hits.mean()), len(hits))
    return (low + high) / 2, (high - low) / 2


def membership(train: np.ndarray, holdout: np.ndarray, fake: np.ndarray) -> Statistic[float]:
    """Advantage of one who calls a row a training row when a sample lies near enough.

    The share of training rows so called less that of rows held out. The distance that counts as
    near is the best one on half of the rows, and the advantage is measured on the other half, both
    ways round: an advantage that is found where it was sought would never be 0.

    Args:
        train: (n, d) training rows.
        holdout: (m, d) rows held out.
        fake: (k, d) samples.

    Returns:
        A statistic in [-1, 1].

    Raises:
        InputError: an empty set, widths that differ, values that are not finite, or fewer than 2
            rows.

    Source: Yeom et al. 2018, "Privacy risk in machine learning", definition 4, with the distance to
    the closest sample as in Chen et al. 2020, "GAN-Leaks", section 4.2.
    """
    members, others = (nearest_distance(rows, fake) for rows in (train, holdout))

    def statistic(without: int | None) -> float:
        near = []
        for distance in (members, others):
            here = kept(distance, without)[:, groups_kept(distance.shape[1], without)]
            enough(here, least=2)
            enough(here.T, least=1)
            near.append(here.min(axis=1))
        a, b = near
        ways = ((0, 1), (1, 0))
        return float(np.mean([_advantage(a, b, seek, test) for seek, test in ways]))

    return statistic


def _advantage(a: np.ndarray, b: np.ndarray, seek: int, test: int) -> float:
    """Of the distance that is best on every other row from `seek`, on every other from `test`."""
    at = np.unique(np.concatenate([a[seek::2], b[seek::2]]))
    best = at[np.argmax(_below(a[seek::2], at) - _below(b[seek::2], at))]
    return float((a[test::2] <= best).mean() - (b[test::2] <= best).mean())


def _below(values: np.ndarray, at: np.ndarray) -> np.ndarray:
    below: np.ndarray = np.searchsorted(np.sort(values), at, side="right") / len(values)
    return below


def singling_out(
    train: np.ndarray, holdout: np.ndarray, fake: np.ndarray, numeric: np.ndarray, *, seed: int
) -> Statistic[Risk]:
    """Risk that what describes one sample alone describes one training row alone.

    A predicate takes 1 to 4 columns of a random sample: a category as it is, a number with all
    that lie on its side of the median of the samples, a missing value as missing. Those that hold
    for no other sample are tried on the training rows, and on as many rows held out.

    Args:
        train: (n, d) training rows as `Columns.encode` gives them.
        holdout: (m, d) rows held out; m = n, since how often a row stands alone depends on n.
        fake: (k, d) samples.
        numeric: (d,) bool, the columns that hold numbers.
        seed: of the choice of samples and columns.

    Raises:
        InputError: rows of different number, or fewer than 20 samples that stand alone.

    Source: Giomi et al. 2023, section 4.1 and algorithm 1.
    """
    enough(train, holdout, fake, least=1)
    if len(train) != len(holdout):
        raise InputError(f"{len(train)} training rows and {len(holdout)} held out; as many needed")
    random = np.random.default_rng(seed)
    middle = np.array([np.median(_known(column)) for column in fake.T])
    counts = []
    for _ in range(MOST_TRIES):
        row = fake[random.integers(len(fake))]
        width = random.integers(1, min(MOST_COLUMNS, len(row)) + 1)
        columns = random.choice(len(row), width, replace=False)
        if _holds(fake, row, columns, numeric, middle).sum() == 1:
            sets = train, holdout
            counts.append([_holds(rows, row, columns, numeric, middle).sum() for rows in sets])
        if len(counts) == PREDICATES:
            break
    if len(counts) < FEWEST_TRIALS:
        raise InputError(f"{len(counts)} descriptions of one sample alone are too few to judge by")
    # Whether a row stands alone is no smooth function of the rows, as the jackknife would need it:
    # groups of predicates are left out instead.
    hits = np.array(counts) == 1
    return lambda without: risk(*kept(hits, without).T)


def _known(column: np.ndarray) -> np.ndarray:
    there = column[~np.isnan(column)]
    return there if len(there) else np.zeros(1)


def _holds(
    rows: np.ndarray, like: np.ndarray, columns: np.ndarray, numeric: np.ndarray, middle: np.ndarray
) -> np.ndarray:
    """For which rows the predicate holds that these columns of the row `like` make, (n,) bool."""
    holds = np.ones(len(rows), dtype=bool)
    for j in columns:
        if np.isnan(like[j]):
            holds &= np.isnan(rows[:, j])
        elif not numeric[j]:
            holds &= rows[:, j] == like[j]
        elif like[j] >= middle[j]:
            holds &= rows[:, j] >= like[j]
        else:
            holds &= rows[:, j] <= like[j]
    return holds


def attribute_inference(
    train: np.ndarray, holdout: np.ndarray, fake: np.ndarray, numeric: np.ndarray, *, seed: int
) -> Statistic[Risk]:
    """Risk that the sample most like a training row gives away a cell of it.

    Of each row one cell, of a random column, is secret. The guess is that cell of the sample
    nearest in all others: numbers differ by their distance over the range of the samples, at most
    1; categories, and a missing value from any other, by 1. A number is right within 5 %.

    Args:
        train, holdout, fake, numeric: as for `singling_out`, of any number of rows.
        seed: of the choice of secrets.

    Raises:
        InputError: fewer than 2 columns, or fewer than 20 rows.

    Source: Giomi et al. 2023, section 4.3, with the distance of Gower 1971.
    """
    enough(train, holdout, fake, least=FEWEST_TRIALS)
    if fake.shape[1] < 2:
        raise InputError("a table of one column has nothing to infer a cell from")
    random = np.random.default_rng(seed)
    hits = [_guessed(rows, fake, numeric, random) for rows in (train, holdout)]
    return lambda without: risk(*(kept(each, without) for each in hits))


def _guessed(
    rows: np.ndarray, fake: np.ndarray, numeric: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """Whether the secret cell of each row is guessed, (n,) bool."""
    secret = random.integers(fake.shape[1], size=len(rows))
    right = np.empty(len(rows), dtype=bool)
    for start in range(0, len(rows), CHUNK_ROWS):
        part = slice(start, start + CHUNK_ROWS)
        distance = np.zeros((len(rows[part]), len(fake)))
        for j, column in enumerate(fake.T):
            to_each = _differences(rows[part, j], column, bool(numeric[j]))
            distance += np.where((secret[part] == j)[:, None], 0, to_each)
        guess = fake[distance.argmin(axis=1), secret[part]]
        right[part] = _right(rows[part][np.arange(len(guess)), secret[part]], guess,
                             numeric[secret[part]])  # fmt: skip
    return right


def _differences(values: np.ndarray, column: np.ndarray, numeric: bool) -> np.ndarray:
    """How unlike each value (n,) is to each of a column of the samples (m,): (n, m) in [0, 1]."""
    a, b = values[:, None], column[None]
    unlike: np.ndarray = (a != b) * 1.0
    if numeric:
        unlike = np.minimum(np.abs(a - b) / (np.ptp(_known(column)) or 1.0), 1)
    unlike[np.isnan(a) != np.isnan(b)] = 1
    unlike[np.isnan(a) & np.isnan(b)] = 0
    return unlike


def _right(true: np.ndarray, guess: np.ndarray, numeric: np.ndarray) -> np.ndarray:
    near = np.abs(guess - true) <= np.where(numeric, TOLERANCE, 0) * np.abs(true)
    right: np.ndarray = near | (np.isnan(true) & np.isnan(guess))
    return right
