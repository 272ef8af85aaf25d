"""Samples that a predicate keeps: rows are drawn until there are enough of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sparring.data.dataset import Dataset
from sparring.errors import InputError
from sparring.kinds.base import Kind
from sparring.kinds.constraints.reading import predicates
from sparring.kinds.table import Table
from sparring.model import Model
from sparring.sample import block_rows, stream

LEAST_SHARE = 1_000  # of so many rows one must be kept, or the search is given up
LEAST_TRIED = 10_000  # rows, before it is

Predicate = Callable[[Dataset], Any]  # rows to True or False for each, (n,)


@dataclass
class Tally:
    """How many rows were drawn, and how many of them were kept."""

    tried: int = 0
    kept: int = 0

    @property
    def share(self) -> float:
        """The acceptance rate."""
        return self.kept / max(self.tried, 1)


def kept(
    model: Model,
    n: int,
    keep: Predicate,
    tally: Tally,
    where: Any = None,
    seed: int = 0,
) -> Iterator[Dataset]:
    """The first `n` rows of `stream` without end that a predicate keeps, in constant memory.

    Args:
        tally: is counted up; also by rows of the last block beyond the n-th.
        where: conditions, as `Kind.ask` takes them, but no rows to complete.

    Raises:
        InputError: as of `stream`; a predicate that does not answer for every row, or that keeps
            fewer rows than one in LEAST_SHARE.
    """
    if isinstance(where, pd.DataFrame):
        raise InputError("keep chooses among rows that are asked to be alike, not rows to complete")
    if n < 1:
        raise InputError(f"cannot draw {n} samples: ask for at least 1")
    most = max(LEAST_SHARE * n, LEAST_TRIED) + block_rows(model.kind)
    found = 0
    for rows in stream(model, most, seed=seed, asked=model.kind.ask(most, None, where)):
        places = np.flatnonzero(answers(keep(rows), len(rows)))
        tally.tried += len(rows)
        tally.kept += len(places)
        if len(places):
            some = rows.take(places[: n - found])
            yield model.kind.numbered(some, found)
            found += len(some)
        if found == n:
            return
        if tally.tried >= LEAST_TRIED and tally.kept * LEAST_SHARE < tally.tried:
            break
    raise InputError(
        f"keep: {tally.kept:,} of {tally.tried:,} rows were kept, fewer than one in "
        f"{LEAST_SHARE:,} (a condition in `where` or a constraint in training costs no rows)"
    )


def answers(answer: Any, n: int) -> np.ndarray:
    """What a predicate said of n rows, bool (n,); missing is False.

    Raises:
        InputError: it is no truth value for each row.
    """
    try:
        mask = pd.Series(np.asarray(answer), dtype="boolean").fillna(False).to_numpy(dtype=bool)
    except (TypeError, ValueError):
        mask = None
    if mask is None or len(mask) != n:
        raise InputError(f"keep must give True or False for each of {n:,} rows, not {answer!r:.60}")
    return mask


def of_texts(kind: Kind, texts: str | Iterable[str]) -> Predicate:
    """What tells of rows whether they obey all of these comparisons; see `constraints.reading`.

    A row with a missing cell in a compared column does not.

    Raises:
        InputError: a text that is no comparison, or no table.
    """
    if not isinstance(kind, Table):
        raise InputError(f"keep: a model of {kind.name} has no columns (give a function)")
    statements, columns = predicates(texts, kind.columns), kind.held.learnt

    def obeys(rows: Dataset) -> np.ndarray:
        assert isinstance(rows.x, pd.DataFrame)
        holds = np.ones(len(rows), bool)
        for statement in statements:
            judged, obeys = statement.judge(rows.x, columns)
            holds &= judged & obeys
        return holds

    return obeys
