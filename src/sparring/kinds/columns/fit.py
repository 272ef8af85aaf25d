"""All columns of a table, each learnt as what it is."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from sparring.config import Config
from sparring.errors import ConfigError, InputError, choose, listed, unknown
from sparring.kinds.columns.base import Column, LearntColumn, Name, name_of
from sparring.kinds.columns.catalogue import ONE_HOT, TYPES, fit_column, one_hot_size
from sparring.kinds.columns.category import CategoryColumn
from sparring.kinds.columns.dtype import is_text, plain
from sparring.kinds.columns.infer import infer
from sparring.kinds.columns.keep import KEEP_ALL, Keep
from sparring.kinds.columns.order import OrderColumn
from sparring.kinds.columns.rank import MomentColumn, NumberColumn
from sparring.kinds.labels import Labels

NAMES = 0.25  # of the cells: if fewer of its texts are kept, a column is of names
WIDEST = 4_096  # all one-hot groups together, where that is possible


def fit_columns(
    frame: pd.DataFrame, config: Config, keep: Keep, name: str
) -> tuple[dict[Hashable, Column], tuple[Name, ...]]:
    """Learn every column but the target, and leave out free text.

    Args:
        keep: what is kept of the cells.
        name: what messages call the table.

    Returns:
        The columns by name, and the names of those left out.

    Raises:
        InputError: a column that cannot be learnt, or none that is to be, or too few rows.
        ConfigError: a type that does not exist.
    """
    asked = asked_types(config.types or (), frame.columns)
    learnt = [column for column in frame.columns if column != config.target]
    if not learnt:
        raise InputError(f"{name}: no column is left beside the target {config.target!r}")
    if len(frame) < keep.min_count:
        raise InputError(
            f"{name}: {len(frame)} training rows, fewer than min_count = {keep.min_count}: nothing "
            "would be kept"
        )
    types = {column: type_of(frame[column], asked.get(column), keep) for column in learnt}
    texts = [column for column, type in types.items() if TYPES[type].fit is None]
    if texts and not config.drop_text:
        raise InputError(
            f"{name}: free text in {listed(map(repr, texts))} is not learnt: leave it out with "
            f"--drop-text, or have it made anew with --types '{texts[0]}=identifier'"
        )
    sizes = [one_hot_size(frame[c], keep) for c, type in types.items() if type == "categorical"]
    one_hot = one_hot_limit(sizes)
    columns: dict[Hashable, Column] = {
        column: fit_column(frame[column], type, one_hot, keep)
        for column, type in types.items()
        if column not in texts
    }
    if not any(isinstance(column, LearntColumn) for column in columns.values()):
        raise InputError(
            f"{name}: nothing to learn: every column is an identifier, constant or text "
            "(--types 'NAME=TYPE' takes one for something else)"
        )
    return columns, tuple(name_of(frame[column]) for column in texts)


def fit_target(
    series: pd.Series, values: np.ndarray, keep: Keep
) -> tuple[CategoryColumn, Labels]:
    """Learn the target column and its classes, those that are kept.

    Args:
        values: its labels (n,).

    Raises:
        InputError: labels that cannot be conditions, or that are all too rare.
    """
    cells = pd.Series(values, dtype=object)
    counts = cells.value_counts()
    rare = cells.isin(counts.index[counts < keep.min_count]).to_numpy()
    if rare.all():
        raise InputError(nothing_kept(series.name, keep))
    labels = Labels.fit(values[~rare], str(series.name))
    column = CategoryColumn(
        name_of(series), "categorical", keep.dtype(series, labels.classes), labels.classes,
        tuple(share * float(1 - rare.mean()) for share in labels.shares), rare=float(rare.mean()),
    )  # fmt: skip
    return column, labels


def type_of(series: pd.Series, asked: str | None = None, keep: Keep = KEEP_ALL) -> str:
    """The type that was asked for, or that a column seems to have.

    Raises:
        InputError: a dtype that tables do not hold, errors among the cells, or nothing to keep.
    """
    # One value is learnt soon enough, whatever it is called; and too few are as good as none.
    if (asked is not None and series.nunique(dropna=False) == 1) or (
        series.isna().any() and series.count() < keep.min_count
    ):
        return "constant"
    type = infer(series) if asked is None else asked
    if type in ("categorical", "ordinal"):
        kept = keep.counts(series)
        if asked is None and kept.sum() < NAMES * series.count() and _could_be_names(series):
            return "identifier"
        if kept.empty:
            raise InputError(nothing_kept(series.name, keep))
    return type


def kept_notes(columns: Iterable[Column], keep: Keep) -> list[str]:
    """What a person should know of the values that are not kept, a line each."""
    columns, notes = list(columns), []
    rare = [
        f"{c.name!r} ({c.rare:.2%} of the cells)"
        for c in columns
        if isinstance(c, (CategoryColumn, OrderColumn)) and c.rare
    ]
    few = f"fewer than {keep.min_count} rows (min_count)"
    if rare:
        notes.append(f"categories of {few} are learnt as others: {listed(rare)}")
    numbers = [c for c in columns if isinstance(c, (NumberColumn, MomentColumn))]
    if keep.tail_quantile and numbers:
        tail = f"{keep.tail_quantile:g} and {1 - keep.tail_quantile:g}"
        notes.append(f"numbers end at their quantiles {tail} (tail_quantile)")
    pooled = [repr(c.name) for c in numbers if not c.distribution.discrete]
    if keep.min_count > 1 and pooled:
        notes.append(f"numbers of {few} are kept as means only: {listed(pooled)}")
    return notes


def nothing_kept(name: Hashable, keep: Keep) -> str:
    """What is said of a column without a frequent category."""
    return (
        f"column {name!r}: no value is in {keep.min_count} rows or more (leave the column out, or "
        "keep every value with min_count = 1)"
    )


def _could_be_names(series: pd.Series) -> bool:
    """Whether cells are texts or whole numbers, as identifiers are."""
    cells: Any = plain(series.dropna())
    if isinstance(cells.dtype, pd.CategoricalDtype):
        cells = cells.astype(cells.dtype.categories.dtype)
    return is_text(cells) or pd.api.types.is_integer_dtype(cells)


def one_hot_limit(sizes: Iterable[int]) -> int:
    """The most categories that a one-hot column may have, so that all are at most WIDEST wide."""
    kept = np.sort([size for size in sizes if size <= ONE_HOT])
    fitting = int(np.searchsorted(np.cumsum(kept), WIDEST, side="right"))
    return ONE_HOT if fitting == len(kept) else int(kept[fitting]) - 1


def asked_types(texts: Iterable[str], columns: pd.Index) -> dict[Hashable, str]:
    """The types that were asked for, by column, from texts such as "zip=categorical".

    Raises:
        ConfigError: a text of another form, or an unknown type.
        InputError: an unknown column.
    """
    names = {str(column): column for column in columns}
    asked = {}
    for text in texts:
        name, equals, type = text.rpartition("=")
        if not equals:
            raise ConfigError(f"types {text!r}: write it as column=type")
        if name not in names:
            raise InputError(unknown("column", name, names))
        choose("column type", type, TYPES)
        asked[names[name]] = type
    return asked
