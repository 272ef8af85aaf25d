"""Finds columns that are functions of another one."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np
import pandas as pd
from scipy.special import gammaln

from sparring.kinds.columns.allowed import known_numbers, missing_share
from sparring.kinds.columns.base import Column, Name
from sparring.kinds.columns.keep import Keep
from sparring.kinds.columns.named import Learnt, numbers_of
from sparring.kinds.constraints.statements import codes_of

MOST_VALUES = 1_000  # of a source
ROWS_PER_VALUE = 10  # of a source, at least, on average
CHANCE = 1e-9  # at most, that shuffled cells of a column were a function of the source
FEW_ROWS, UNUSUAL = 500, 3  # looked at first: rows at random, and these of each column


def followers(
    columns: Iterable[Column],
    frame: pd.DataFrame,
    keep: Keep,
    target: Name | None = None,
    taken: Collection[Name] = (),
) -> dict[Name, Name]:
    """The columns that are functions of another one, each with the name of that.

    Of two that are functions of each other the first stays, or the target. Only what is no
    accident counts: see `CHANCE` and `ROWS_PER_VALUE`.

    Args:
        frame: training rows.
        target: a column that follows none.
        taken: columns that other constraints speak of: they neither follow nor are followed.
    """
    learnt = [c for c in columns if isinstance(c, Learnt) and c.name not in taken]
    learnt.sort(key=lambda column: column.name != target)
    if len(learnt) < 2:
        return {}
    codes = np.stack([codes_of(frame[column.name]) for column in learnt]).astype(np.int32)
    counts = [np.bincount(row) for row in codes]
    sizes = np.array([len(count) for count in counts])
    early = codes[:, _telling(codes, counts)].T.copy()
    tells = np.zeros((len(learnt), len(learnt)), bool)
    for place, column in enumerate(learnt):
        if sizes[place] * ROWS_PER_VALUE > len(frame):
            continue
        kept = counts[place] >= keep.min_count
        smaller = (sizes >= 2) & (sizes <= sizes[place])
        smaller[place] = False
        if target is not None and learnt[0].name == target:
            smaller[0] = False
        seen = kept[early[:, place]]
        others = np.flatnonzero(smaller & _told(early[seen, place], early[seen]))
        if not len(others) or not could_be_source(column, frame, keep):
            continue
        rows = kept[codes[place]]
        for other in others:
            cells = codes[other][rows]
            tells[place, other] = bool(
                _told(codes[place][rows], cells[:, None])[0]
                and _chance(int(kept.sum()), cells) <= np.log(CHANCE)
            )
    return _sources(learnt, tells, sizes)


def could_be_source(column: Learnt, frame: pd.DataFrame, keep: Keep) -> bool:
    """Whether samples have no other values of a column than enough training rows have, and few."""
    numbers = known_numbers(column)
    if numbers is None or len(numbers) > MOST_VALUES:
        return False
    if missing_share(column) and frame[column.name].isna().sum() < keep.min_count:
        return False
    found, counts = np.unique(numbers_of(column, frame[column.name]), return_counts=True)
    return bool(np.isin(numbers, found[counts >= keep.min_count]).all())


def _telling(codes: np.ndarray, counts: list[np.ndarray]) -> np.ndarray:
    """Rows that soon tell that a column is no function: some at random, and unusual ones."""
    n = codes.shape[1]
    drawn = np.random.default_rng(0).permutation(n)[:FEW_ROWS]
    unusual = [
        np.flatnonzero(row != count.argmax())[:UNUSUAL]
        for row, count in zip(codes, counts, strict=True)
    ]
    return np.unique(np.concatenate([drawn, *unusual]))


def _told(source: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which of the others (n, k) have one value wherever the source (n,) has one, (k,)."""
    order = np.argsort(source, kind="stable")
    same = np.flatnonzero(np.diff(source[order]) == 0)
    told: np.ndarray = (others[order[same]] == others[order[same + 1]]).all(axis=0)
    return told


def _chance(values: int, others: np.ndarray) -> float:
    """The logarithm of the probability that shuffled cells are a function of a source, at most.

    Of n! / (m1! m2! ...) ways to lay the cells out, a function allows one for each choice of its
    values.

    Args:
        values: that the source has.
        others: the shuffled cells (n,), as codes.
    """
    counts = np.bincount(others)
    ways = gammaln(len(others) + 1) - gammaln(counts + 1).sum()
    return float(values * np.log((counts > 0).sum()) - ways)


def _sources(learnt: list[Learnt], tells: np.ndarray, sizes: np.ndarray) -> dict[Name, Name]:
    """A source for each column that has one: one that follows none, of as few values as may be."""
    # What follows from what follows, follows.
    for middle in np.flatnonzero(tells.any(axis=0) & tells.any(axis=1)):
        tells = tells | np.outer(tells[:, middle], tells[middle])
    np.fill_diagonal(tells, False)
    earlier = np.arange(len(tells))[:, None] < np.arange(len(tells))
    parents = tells & (~tells.T | earlier)
    free = ~parents.any(axis=0)
    found = {}
    for place in np.flatnonzero(~free):
        choice = np.flatnonzero(parents[:, place] & free)
        best = choice[np.argmin(sizes[choice])]
        found[learnt[place].name] = learnt[best].name
    return found
