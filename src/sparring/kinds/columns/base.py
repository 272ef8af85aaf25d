"""What a fitted column promises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from sparring.errors import InputError, unknown
from sparring.evaluate.rows import LARGEST
from sparring.kinds.columns.dtype import Dtype, plain

Name = str | int | float  # of a column, as JSON keeps it


@dataclass(frozen=True)
class Column(ABC):
    """A fitted column.

    Attributes:
        name: of the column.
        type: what it was taken for, a key of TYPES.
        dtype: that samples return as.
    """

    name: Name
    type: str
    dtype: Dtype

    def to_dict(self) -> dict[str, Any]:
        return {"encoding": type(self).__name__} | asdict(self)


@dataclass(frozen=True)
class LearntColumn(Column):
    """A column that the nets learn."""

    @abstractmethod
    def encode(self, series: pd.Series) -> tuple[np.ndarray, ...]:
        """The column's cells in numbers, one array (n,) or more.

        Raises:
            InputError: a cell such as training never saw.
        """

    @abstractmethod
    def decode(self, cells: np.ndarray, missing: np.ndarray | None = None) -> pd.Series:
        """Samples (n,) back in the column's dtype.

        Args:
            missing: which cells are, (n,), where that is told apart; omitted = none.
        """

    @abstractmethod
    def measured(self, series: pd.Series) -> pd.Series:
        """Cells as metrics take them: numbers, or objects that are categories.

        Raises:
            InputError: cells of another sort than training saw.
        """

    def pictured(self, series: pd.Series) -> pd.Series:
        """The same as a person reads them, under a name that tells their unit."""
        return self.measured(series)


@dataclass(frozen=True)
class FreeColumn(Column):
    """A column that samples get without the nets."""

    @abstractmethod
    def make(self, first: int, n: int) -> pd.Series:
        """The cells of samples number `first`, `first` + 1, ..., (n,)."""


def name_of(series: pd.Series) -> Name:
    """A column's name as a plain Python value.

    Raises:
        InputError: it is no text and no number.
    """
    name = series.name.item() if isinstance(series.name, np.generic) else series.name
    if not isinstance(name, (str, int, float)) or name != name:
        raise InputError(f"column {name!r}: a column's name must be a text or a number")
    return name


def numbers(series: pd.Series) -> np.ndarray:
    """Cells as float64 (n,); a missing one is NaN.

    Raises:
        InputError: text, or a number that is infinite or too large to compute with.
    """
    try:
        cells = plain(series).to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        wrong = pd.to_numeric(series.astype(object), errors="coerce").isna() & series.notna()
        row, cell = wrong.idxmax(), series[wrong].tolist()[:1]
        raise InputError(
            f"column {series.name!r}, row {row}: {', '.join(map(repr, cell))} is no number"
        ) from None
    beyond = np.abs(cells) > LARGEST
    if beyond.any():
        raise InputError(
            f"column {series.name!r}, row {series.index[int(beyond.argmax())]}: "
            f"{cells[beyond][0]:g} (accepted: numbers within {LARGEST:g} of 0)"
        )
    return cells


def places(series: pd.Series, values: tuple[Any, ...]) -> np.ndarray:
    """Where each cell is in `values`, int64 (n,): a missing cell at None, an unknown one at -1."""
    cells = categories(series)
    present = cells.notna().to_numpy()
    found = np.full(len(series), values.index(None) if None in values else -1, dtype=np.int64)
    known = pd.Index(values, dtype=object)
    found[present] = known.get_indexer(pd.Index(cells[present], dtype=object))
    return found


def known_places(series: pd.Series, values: tuple[Any, ...], name: Name) -> np.ndarray:
    """The same where every cell must be there.

    Raises:
        InputError: a cell that is not; the message lists those that are.
    """
    found = places(series, values)
    if (found < 0).any():
        new = series.iloc[int((found < 0).argmax())]
        raise InputError(unknown(f"category of column {name!r}", new, values))
    return found


def categories(series: pd.Series) -> pd.Series:
    """Cells as objects that JSON keeps: texts, numbers or booleans; moments as texts.

    Raises:
        InputError: objects that are neither.
    """
    cells = plain(series)
    if pd.api.types.is_datetime64_any_dtype(cells) or pd.api.types.is_timedelta64_dtype(cells):
        return cells.astype(object).map(str, na_action="ignore")
    return cells.astype(object)
