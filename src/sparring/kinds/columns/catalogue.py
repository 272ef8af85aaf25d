"""Which types of columns there are, how each is learnt, and how a fitted one is read again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from sparring.errors import InputError
from sparring.kinds.columns.base import Column
from sparring.kinds.columns.category import CategoryColumn
from sparring.kinds.columns.clock import Clock
from sparring.kinds.columns.distribution import Distribution
from sparring.kinds.columns.dtype import Dtype, plain
from sparring.kinds.columns.free import ConstantColumn, IdentifierColumn
from sparring.kinds.columns.infer import check_dtype
from sparring.kinds.columns.keep import KEEP_ALL, Keep
from sparring.kinds.columns.order import MapColumn, OrderColumn
from sparring.kinds.columns.rank import MomentColumn, NumberColumn

ONE_HOT = 64  # categories, at most, of a column that is learnt one-hot
LARGEST_WHOLE = 2**53  # beyond, a float confuses some whole numbers


@dataclass(frozen=True)
class Type:
    """What a column can be taken for.

    Attributes:
        meaning: in a few words.
        fit: a column, the type's name and what is kept of its cells to the fitted column; None
            where nothing can be learnt.
    """

    meaning: str
    fit: Callable[[pd.Series, str, Keep], Column] | None


def fit_column(
    series: pd.Series, type: str, one_hot: int = ONE_HOT, keep: Keep = KEEP_ALL
) -> Column:
    """Learn a column as the type it was taken for.

    Args:
        one_hot: more categories than this are learnt on a map.
        keep: what is kept of its cells.

    Raises:
        InputError: cells that are not of this type, or of one that cannot be learnt.
    """
    check_dtype(plain(series))
    fit = TYPES[type].fit
    if fit is None:
        raise InputError(f"column {series.name!r} holds {type}, which is not learnt")
    if type == "categorical" and one_hot_size(series, keep) > one_hot:
        fit = MapColumn.fit
    return fit(series, type, keep)


def one_hot_size(series: pd.Series, keep: Keep) -> int:
    """How many categories a column has with that of missing cells, those that are kept."""
    distinct = series.nunique(dropna=False)
    if keep.min_count == 1 or distinct == 1:
        return distinct
    return len(keep.counts(series)) + int(series.isna().any())


def fit_integer(series: pd.Series, type: str, keep: Keep = KEEP_ALL) -> Column:
    """Learn whole numbers, which may be floats because some are missing.

    Raises:
        InputError: a number that is not whole, or too large.
    """
    column = NumberColumn.fit(series, type, keep)
    largest = max(map(abs, column.distribution.values))
    if column.decimals != 0 or largest > LARGEST_WHOLE:
        raise InputError(
            f"column {series.name!r} holds other numbers than whole ones within 2**53 of 0 "
            "(accepted: float, categorical)"
        )
    return column


def restored_column(saved: dict[str, Any]) -> Column:
    """A column from `to_dict`."""
    fields = _tuples(saved)
    for name, part in PARTS.items():
        if name in fields:
            fields[name] = part(**_tuples(fields[name]))
    return COLUMNS[fields.pop("encoding")](**fields)


def _tuples(saved: dict[str, Any]) -> dict[str, Any]:
    """JSON's lists as the tuples they were."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in saved.items()}


TYPES: dict[str, Type] = {
    "integer": Type("whole numbers", fit_integer),
    "float": Type("numbers, with as many decimals as they came with", NumberColumn.fit),
    "boolean": Type("two values", CategoryColumn.fit),
    "categorical": Type("texts, or numbers that are codes", CategoryColumn.fit),
    "ordinal": Type("categories in an order", OrderColumn.fit),
    "datetime": Type("dates and times, also written as text", MomentColumn.fit),
    "duration": Type("differences of times", MomentColumn.fit),
    "constant": Type("one value in every row, or none", ConstantColumn.fit),
    "identifier": Type("a name for each row: not learnt, made anew", IdentifierColumn.fit),
    "text": Type("prose: refused, or left out", None),
}

COLUMNS: dict[str, type[Column]] = {
    column.__name__: column
    for column in (
        NumberColumn, MomentColumn, OrderColumn, MapColumn, CategoryColumn, ConstantColumn,
        IdentifierColumn,
    )
}  # fmt: skip
PARTS: dict[str, Callable[..., Any]] = {
    "dtype": Dtype, "distribution": Distribution, "clock": Clock
}  # fmt: skip
