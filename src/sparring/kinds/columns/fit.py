"""All columns of a table, each learnt as what it is."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

import numpy as np
import pandas as pd

from sparring.config import Config
from sparring.errors import ConfigError, InputError, choose, listed, unknown
from sparring.kinds.columns.base import Column, LearntColumn, Name, name_of
from sparring.kinds.columns.catalogue import ONE_HOT, TYPES, fit_column
from sparring.kinds.columns.infer import infer

WIDEST = 4_096  # all one-hot groups together, where that is possible


def fit_columns(
    frame: pd.DataFrame, config: Config, name: str
) -> tuple[dict[Hashable, Column], tuple[Name, ...]]:
    """Learn every column but the target, and leave out free text.

    Args:
        name: what messages call the table.

    Returns:
        The columns by name, and the names of those left out.

    Raises:
        InputError: a column that cannot be learnt, or none that is to be.
        ConfigError: a type that does not exist.
    """
    asked = asked_types(config.types or (), frame.columns)
    learnt = [column for column in frame.columns if column != config.target]
    if not learnt:
        raise InputError(f"{name}: no column is left beside the target {config.target!r}")
    types = {column: type_of(frame[column], asked.get(column)) for column in learnt}
    texts = [column for column, type in types.items() if TYPES[type].fit is None]
    if texts and not config.drop_text:
        raise InputError(
            f"{name}: free text in {listed(map(repr, texts))} is not learnt: leave it out with "
            f"--drop-text, or have it made anew with --types '{texts[0]}=identifier'"
        )
    sizes = [frame[c].nunique(dropna=False) for c, type in types.items() if type == "categorical"]
    one_hot = one_hot_limit(sizes)
    columns: dict[Hashable, Column] = {
        column: fit_column(frame[column], type, one_hot)
        for column, type in types.items()
        if column not in texts
    }
    if not any(isinstance(column, LearntColumn) for column in columns.values()):
        raise InputError(
            f"{name}: nothing to learn: every column is an identifier, constant or text "
            "(--types 'NAME=TYPE' takes one for something else)"
        )
    return columns, tuple(name_of(frame[column]) for column in texts)


def type_of(series: pd.Series, asked: str | None = None) -> str:
    """The type that was asked for, or that a column seems to have.

    Raises:
        InputError: a dtype that tables do not hold, or errors among the cells.
    """
    if asked is None:
        return infer(series)
    # One value is learnt soon enough, whatever it is called.
    return "constant" if series.nunique(dropna=False) == 1 else asked


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
