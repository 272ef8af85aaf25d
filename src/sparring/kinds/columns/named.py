"""The numbers of cells that people name, and the cells of numbers."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sparring.errors import InputError, listed
from sparring.kinds.columns.base import known_places, places
from sparring.kinds.columns.category import CategoryColumn
from sparring.kinds.columns.clock import Clock
from sparring.kinds.columns.dtype import Dtype, is_text, plain
from sparring.kinds.columns.order import MapColumn, OrderColumn
from sparring.kinds.columns.rank import MomentColumn, NumberColumn, RankColumn
from sparring.kinds.labels import as_text

Learnt = RankColumn | CategoryColumn


@dataclass(frozen=True)
class Among:
    """A condition: the cell is one of these values; None stands for a missing cell."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class Span:
    """A condition: the cell is present and within these ends; None is no end.

    Attributes:
        open_low, open_high: whether an end itself is left out.
    """

    low: Any = None
    high: Any = None
    open_low: bool = False
    open_high: bool = False


def is_missing(value: Any) -> bool:
    return value is None or bool(pd.api.types.is_scalar(value) and pd.isna(value))


def number(column: Learnt, value: Any) -> float:
    """The number of a cell that a condition names.

    Raises:
        InputError: a category that training never saw, no cell of this type, or out of range.
    """
    if isinstance(column, (CategoryColumn, OrderColumn)):
        return category_code(column, value)
    value = _as_moment(column, value)
    found = _read(column, value)
    values = column.distribution.values
    if not values[0] <= found <= values[-1]:
        raise InputError(f"column {column.name!r}: {value} is out of range ({valid(column)})")
    exact = isinstance(column, NumberColumn) or _difference(column.clock, value, found) == 0  # type: ignore[attr-defined]
    if not exact or grid(column, np.array([found]))[0] != found:
        raise InputError(f"column {column.name!r} holds no such cell: {value} ({valid(column)})")
    return found


def span(column: Learnt, condition: Span) -> tuple[float, float]:
    """The lowest and the highest number within a condition's ends; low > high where none is.

    Raises:
        InputError: a column without an order, or an end that is no cell of its type.
    """
    low, high = -np.inf, np.inf
    if condition.low is None and condition.high is None:
        return low, high
    if isinstance(column, MapColumn) or not _ordered(column):
        raise InputError(f"column {column.name!r} has no order: ask for one category, or several")
    if isinstance(column, CategoryColumn):
        return _code_span(column, condition)
    if condition.low is not None:
        low = _end(column, condition.low, condition.open_low, up=True)
    if condition.high is not None:
        high = _end(column, condition.high, condition.open_high, up=False)
    return low, high


def _end(column: RankColumn, value: Any, is_open: bool, *, up: bool) -> float:
    """The nearest number at or beyond an end, inward."""
    inward = 1.0 if up else -1.0
    if isinstance(column, OrderColumn):
        return category_code(column, value) + inward * is_open
    value = _as_moment(column, value)
    found = _read(column, value)
    if isinstance(column, MomentColumn):
        # A clock's tick is at or before a moment, but for those before the first.
        beyond = _difference(column.clock, value, found)
        if beyond < 0:
            return 0.0 if up else -1.0
        return found + 1.0 if up and beyond > 0 else found + inward * (is_open and beyond == 0)
    return float(np.nextafter(found, inward * np.inf)) if is_open else found


def _difference(clock: Clock, value: Any, tick: float) -> int:
    """The sign of a moment minus a tick."""
    moment, at = clock.read(pd.Series([value])), clock.read(clock.moments(np.array([tick])))
    return int((moment > at).iloc[0]) - int((moment < at).iloc[0])


def _code_span(column: CategoryColumn, condition: Span) -> tuple[float, float]:
    """Codes of numbers or booleans are in the order of these."""
    values = np.array([float(value) for value in column.values if value is not None])
    inside = np.ones(len(values), dtype=bool)
    if condition.low is not None:
        low = _as_number(column, condition.low)
        inside &= values > low if condition.open_low else values >= low
    if condition.high is not None:
        high = _as_number(column, condition.high)
        inside &= values < high if condition.open_high else values <= high
    codes = np.flatnonzero(inside)
    return (float(codes[0]), float(codes[-1])) if len(codes) else (1.0, 0.0)


def _ordered(column: Learnt) -> bool:
    """Whether more and less mean something."""
    if not isinstance(column, CategoryColumn):
        return True
    return all(isinstance(value, (int, float)) for value in column.values if value is not None)


def category_code(column: CategoryColumn | OrderColumn, value: Any) -> float:
    """The code of a category, also written as text.

    Raises:
        InputError: training never saw it; the message lists those it saw.
    """
    known = tuple(v for v in column.values if v is not None)
    plain = value.item() if isinstance(value, np.generic) else value
    if plain not in known:
        texts = {as_text(v): v for v in known} | {str(v): v for v in known}
        plain = texts.get(str(plain), plain)
    cells = pd.Series([plain], dtype=object, name=column.name)
    if column.dtype.name.startswith(("datetime64", "timedelta64")):
        with suppress(TypeError, ValueError):
            cells = column.dtype.restore(cells)
    return float(known_places(cells, known, column.name)[0])


def _as_number(column: Learnt, value: Any) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = np.nan
    if np.isnan(found):
        raise InputError(f"column {column.name!r} holds numbers; {value!r} is none")
    return found


def _as_moment(column: Learnt, value: Any) -> Any:
    """A text that the column's clock does not read as the date it is by ISO 8601, if it is one."""
    if not isinstance(column, MomentColumn) or not isinstance(value, str):
        return value
    try:
        column.clock.read(pd.Series([value], name=column.name))
    except InputError:
        with suppress(ValueError):
            moment = pd.to_datetime(value, format="ISO8601")
            zone = column.clock.zone
            return moment.tz_localize(zone) if zone is not None and moment.tz is None else moment
    return value


def _read(column: RankColumn, value: Any) -> float:
    """A number or a moment, also written as text.

    Raises:
        InputError: it is none.
    """
    if isinstance(column, NumberColumn):
        return column.in_dtype(_as_number(column, value))
    try:
        found = float(column.numbers(pd.Series([value], name=column.name))[0])
    except InputError:
        found = np.nan
    if np.isnan(found):
        raise InputError(
            f"column {column.name!r} holds {column.type}s; {value!r} is none ({valid(column)})"
        )
    return found


def grid(column: Learnt, numbers: np.ndarray) -> np.ndarray:
    """The numbers of the cells that are restored from numbers (n,)."""
    if isinstance(column, NumberColumn):
        return column.numbers(column.restored(numbers, None))
    return np.round(numbers)


def cells_of(column: Learnt, numbers: np.ndarray) -> pd.Series:
    """Cells in the column's dtype of its numbers (n,); NaN is missing."""
    missing = np.isnan(numbers)
    gone = missing if missing.any() else None
    if isinstance(column, CategoryColumn):
        return column.decode(np.where(missing, 0, numbers).astype(np.int64), gone)
    return column.restored(np.where(missing, column.distribution.values[0], numbers), gone)


def numbers_of(column: Learnt, series: pd.Series) -> np.ndarray:
    """The numbers of cells (n,); a missing one is NaN, an unknown category -1."""
    if isinstance(column, RankColumn):
        return column.numbers(series)
    return np.where(series.isna(), np.nan, places(series, column.values))


def as_held(column: Learnt, series: pd.Series) -> pd.Series:
    """Cells in the column's own way of writing, where they are texts and it is not, or it alone.

    Raises:
        InputError: cells of another sort than the column holds.
    """
    if Dtype.of(series) == column.dtype or series.isna().all():
        return series
    text = is_text(plain(series))
    if isinstance(column, NumberColumn) and text:
        return pd.Series(column.numbers(series), series.index, name=series.name)
    objects = text or "object" in (series.dtype, column.dtype.name)
    if isinstance(column, MomentColumn) and (objects or column.clock.format is not None):
        return column.dtype.restore(column.clock.written(series))
    return series


def valid(column: Learnt) -> str:
    """What cells there are, for a message."""
    if isinstance(column, (CategoryColumn, OrderColumn)):
        return f"valid: {listed((v for v in column.values if v is not None), 60)}"
    ends = cells_of(column, np.array([column.distribution.values[i] for i in (0, -1)]))
    return f"training rows: {ends.iloc[0]} to {ends.iloc[1]}"
