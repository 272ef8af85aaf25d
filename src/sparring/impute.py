"""Tables with conditions: the rest of rows that have holes, and how common a condition is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sparring.data.dataset import Dataset
from sparring.errors import InputError
from sparring.kinds.base import Kind
from sparring.kinds.columns.allowed import allowed
from sparring.kinds.columns.known import mixed
from sparring.kinds.columns.named import Span, cells_of
from sparring.kinds.constraints.follow import Follow
from sparring.kinds.table import Table
from sparring.model import Model
from sparring.plan import reopen
from sparring.sample import sample

ROUNDS = 8  # of draws, where "missing" is one of a column's categories and was drawn


def impute(model: Model, frame: Any, seed: int = 0) -> pd.DataFrame:
    """A table with what goes with its other cells in place of its missing ones, one draw each.

    Raises:
        InputError: no table, an unknown column, or a cell such as training never saw.
    """
    table = _table(model.kind)
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"impute fills the cells of a DataFrame, not of {type(frame).__name__}")
    whole = _drawn(model, table, frame.reset_index(drop=True), seed)
    free = [name for name in whole.columns if name not in table.held.learnt]
    for turn in range(1, ROUNDS):
        left = whole.drop(columns=free).isna().any(axis=1)
        if not left.any():
            break
        again = _drawn(model, table, frame[left.to_numpy()], seed + turn)
        again = again.set_axis(whole.index[left])
        again[free] = whole.loc[left, free]  # which are numbered from the first row on
        whole = pd.concat([whole[~left], again]).sort_index()
    whole = _alone(table, whole, frame, seed).set_axis(frame.index)
    holes = [name for name in whole.columns if frame[name].hasnans]
    return pd.DataFrame({n: whole[n] if n in holes else frame[n] for n in frame.columns})


def _drawn(model: Model, table: Table, frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Rows with their holes filled, but where a category that is drawn stands for missing."""
    drawn = sample(model, len(frame), seed=seed, asked=table.ask_whole(frame)).x
    assert isinstance(drawn, pd.DataFrame)
    return drawn[[name for name in frame.columns if name in drawn.columns]]


def _alone(table: Table, whole: pd.DataFrame, frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The cells that are missing still by the shares of their column alone, as constraints allow.

    Args:
        frame: the rows as they came, of which every cell stays.
    """
    if not whole.isna().any(axis=None):
        return whole
    random = np.random.default_rng(seed)
    for column in table.held.learnt.values():
        if column.name not in whole:
            continue
        left = whole[column.name].isna().to_numpy(copy=True)
        for rule in table.held.rules:  # what is known may follow from a missing cell alone
            if isinstance(rule, Follow) and rule.source == column.name and rule.name in frame:
                left &= frame[rule.name].isna().to_numpy()
        if left.any():
            cells = cells_of(column, allowed(column, [Span()], "").draw(len(whole), random))
            whole[column.name] = mixed(cells, whole[column.name], ~left)
    for rule in table.held.rules:
        if {rule.name, *rule.sources} <= set(whole.columns):
            cells = rule.mended(whole, table.held.learnt)
            whole[rule.name] = mixed(cells, whole[rule.name], frame[rule.name].notna().to_numpy())
    return whole


def mass(model: Model, where: Any, train: Dataset | None = None) -> float:
    """The share of training rows that obey conditions; see `GAN.mass`.

    Args:
        train: the training rows; omitted = read again, if they must be.

    Raises:
        InputError: no table, a condition that cannot be met, or rows that are not there any more.
    """
    table = _table(model.kind)
    masses = table.masses(where)
    if len(masses) == 1:
        return next(iter(masses.values()))
    rows = reopen(model)[0] if train is None else train
    return float(table.obeyed(where, rows).mean())


def _table(kind: Kind) -> Table:
    if not isinstance(kind, Table):
        raise InputError(f"a model of {kind.name} has no columns (accepted: models of tables)")
    return kind
