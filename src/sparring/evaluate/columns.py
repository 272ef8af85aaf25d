"""Columns of a table as numbers, in one encoding for real and fake rows."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from sparring.errors import InputError, listed
from sparring.evaluate.rows import LARGEST


@dataclass(frozen=True)
class Columns:
    """What the columns of one or more frames hold, and how they become numbers.

    Attributes:
        categories: for each column name, in order, the distinct values of a categorical column, or
            None for a numeric one. Strings, booleans, categoricals and objects are categorical.
    """

    categories: dict[Hashable, pd.Index | None]

    @classmethod
    def fit(cls, frame: pd.DataFrame, *others: pd.DataFrame) -> Columns:
        """Take names, order and types from `frame`, and categories from it and all `others`.

        Raises:
            InputError: no column, a name twice, or other columns than those of `frame`.
        """
        if frame.shape[1] == 0 or not frame.columns.is_unique:
            raise InputError("a table needs at least one column, and each name only once")
        categories: dict[Hashable, pd.Index | None] = {}
        for other in others:
            _check_names(other, frame.columns)
        for name in frame.columns:
            if is_numeric_dtype(frame[name]) and not is_bool_dtype(frame[name]):
                categories[name] = None
                continue
            values = [part[name].astype(object).dropna() for part in (frame, *others)]
            categories[name] = pd.Index(pd.concat(values).unique(), dtype=object)
        return cls(categories)

    @property
    def numeric(self) -> np.ndarray:
        """Which columns are numeric, (d,) bool."""
        return np.array([values is None for values in self.categories.values()])

    def encode(self, frame: pd.DataFrame) -> np.ndarray:
        """The frame as (n, d) float64: numbers as they are, categories as codes 0, 1, 2, ...

        Missing values are NaN, and so are categories that were not fitted.

        Raises:
            InputError: other columns than fitted, or in a numeric column a value that is infinite
                or no number.
        """
        _check_names(frame, self.categories)
        encoded = np.empty((len(frame), len(self.categories)))
        for position, (name, categories) in enumerate(self.categories.items()):
            if categories is None:
                encoded[:, position] = _numbers(frame[name])
            else:
                codes = categories.get_indexer(pd.Index(frame[name].astype(object), dtype=object))
                encoded[:, position] = np.where(codes >= 0, codes, np.nan)
        return encoded


def _check_names(frame: pd.DataFrame, expected: dict[Hashable, pd.Index | None] | pd.Index) -> None:
    odd = sorted(map(str, set(frame.columns) ^ set(expected)))
    if odd:
        raise InputError(f"both tables need the same columns; only one has {listed(odd)}")
    if len(frame.columns) != len(expected):
        raise InputError("a table has a column name twice")


def _numbers(column: pd.Series) -> np.ndarray:
    try:
        numbers: np.ndarray = pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise InputError(f"column {column.name!r} is numeric, but not in both tables") from error
    if (np.abs(numbers) > LARGEST).any():
        raise InputError(f"column {column.name!r} holds infinity or a value beyond {LARGEST:g}")
    return numbers
