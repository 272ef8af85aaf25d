"""The dtype that a column came in: to ordinary pandas for learning, and back for samples."""

from __future__ import annotations

import base64
import datetime
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from sparring.errors import InputError

# Pandas 2 calls text "object", and its astype("str") would write a missing cell as "nan".
TEXT = pd.Series(["text"]).dtype
ACCEPTED = "(accepted: numbers, booleans, dates, and categories or text)"


@dataclass(frozen=True)
class Dtype:
    """A pandas dtype that JSON can hold.

    Attributes:
        name: as pandas writes it.
        categories: of a categorical dtype, in its order; else None.
        ordered: whether that order means something.
        storage: of the nullable text dtype; else None.
        arrow: of an Arrow dtype, its type as Arrow writes it to files, in base 64; else None.
        cells: of an object column, a key of OBJECTS; else None.
        missing: of an object column, a key of ABSENT: what stands for a missing cell; else None.
    """

    name: str
    categories: tuple[Any, ...] | None = None
    ordered: bool = False
    storage: str | None = None
    arrow: str | None = None
    cells: str | None = None
    missing: str | None = None

    @classmethod
    def of(cls, series: pd.Series) -> Dtype:
        dtype: Any = series.dtype
        if isinstance(dtype, pd.CategoricalDtype):
            categories = tuple(dtype.categories.tolist())
            return cls("category", categories=categories, ordered=bool(dtype.ordered))
        if isinstance(dtype, pd.ArrowDtype):
            return cls(str(dtype), arrow=_packed(dtype.pyarrow_dtype))
        if isinstance(dtype, pd.StringDtype) and str(dtype) == "string":
            return cls("string", storage=dtype.storage)
        if pd.api.types.is_object_dtype(dtype):
            missing = _absent(series)
            return cls("object", cells=pd.api.types.infer_dtype(series), missing=missing)
        return cls(str(dtype))

    def restore(self, series: pd.Series) -> pd.Series:
        """The same cells in this dtype; `series` is as `plain` makes it, or of objects."""
        if self.arrow is not None:
            return _as_arrow(series, _unpacked(self.arrow))
        if self.cells is not None:
            return self._as_objects(series)
        dtype: Any = TEXT if self.name == "str" else self.name
        if self.categories is not None:
            dtype = pd.CategoricalDtype(list(self.categories), self.ordered)
        if self.storage is not None:
            dtype = f"string[{self.storage}]"
        return series.astype(dtype)

    def _as_objects(self, series: pd.Series) -> pd.Series:
        missing, cells = series.isna(), series.astype(object)
        if self.cells in OBJECTS:
            dtype, back = OBJECTS[self.cells]
            cells = _as_dtype(series, dtype)
            found = [None if gone else back(c) for c, gone in zip(cells, missing, strict=True)]
            cells = pd.Series(found, series.index, dtype=object, name=series.name)
        cells[missing] = ABSENT[self.missing or "nan"]
        return cells


def plain(series: pd.Series) -> pd.Series:
    """The same cells in one of pandas' ordinary dtypes.

    These are numbers, booleans (both also nullable), datetimes, durations, categories and, as text
    or as objects, texts, also of times of day. A dtype that has no such form is left as it is.

    Raises:
        InputError: dates among objects that are of several time zones or out of range.
    """
    dtype: Any = series.dtype
    if isinstance(dtype, pd.ArrowDtype):
        return _from_arrow(series, dtype.pyarrow_dtype)
    if pd.api.types.is_object_dtype(dtype):
        kind = pd.api.types.infer_dtype(series)
        if kind in OBJECTS:
            return _from_objects(series, OBJECTS[kind][0])
    return series


def is_text(series: pd.Series) -> bool:
    """Whether a plain column holds texts, each for itself."""
    if series.dtype == object:
        return pd.api.types.infer_dtype(series) in ("string", "empty")
    return isinstance(series.dtype, pd.StringDtype)


def _from_objects(series: pd.Series, dtype: Any) -> pd.Series:
    cells = series.where(series.notna(), None)
    try:
        return _as_dtype(cells, dtype)
    except (OverflowError, TypeError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise InputError(f"column {series.name!r}: {reason} {ACCEPTED}") from None


def _as_dtype(cells: pd.Series, dtype: Any) -> pd.Series:
    """Cells in a dtype of OBJECTS; moments keep their time zone, large whole numbers their sign."""
    if dtype == "datetime64[us]":
        return pd.to_datetime(cells, format="ISO8601")
    if dtype == "Int64" and pd.api.types.is_integer_dtype(cells):
        return cells  # also beyond int64
    try:
        return cells.astype(dtype)
    except OverflowError:
        return cells.astype("UInt64")


def _absent(series: pd.Series) -> str:
    """The key of ABSENT that stands for the missing cells of a column of objects."""
    missing = series[series.isna()]
    cell = missing.iloc[0] if len(missing) else None
    return next((name for name, value in ABSENT.items() if cell is value), "nan")


def _from_arrow(series: pd.Series, type_: Any) -> pd.Series:
    if pa.types.is_dictionary(type_):
        cells = pa.Table.from_pandas(series.to_frame("cells"), preserve_index=False).column(0)
        return pd.Series(cells.to_pandas().array, series.index, name=series.name)
    dtype: Any = None
    if pa.types.is_integer(type_):
        dtype = str(type_).replace("i", "I").replace("u", "U")  # int64 is Int64, uint8 is UInt8
    elif pa.types.is_boolean(type_):
        dtype = "boolean"
    elif pa.types.is_floating(type_) or pa.types.is_decimal(type_):
        dtype = "float64"
    elif pa.types.is_timestamp(type_) and type_.tz is not None:
        dtype = pd.DatetimeTZDtype(type_.unit, type_.tz)
    elif pa.types.is_timestamp(type_):
        dtype = f"datetime64[{type_.unit}]"
    elif pa.types.is_date(type_):
        dtype = "datetime64[s]"
    elif pa.types.is_duration(type_):
        dtype = f"timedelta64[{type_.unit}]"
    elif pa.types.is_time(type_):
        return series.astype(object).astype("string")
    elif pa.types.is_string(type_) or pa.types.is_large_string(type_):
        dtype = TEXT
    elif pa.types.is_null(type_):
        dtype = object
    return series if dtype is None else series.astype(dtype)


def _as_arrow(series: pd.Series, type_: Any) -> pd.Series:
    if series.dtype == object and pa.types.is_date(type_):
        series = pd.to_datetime(series, format="ISO8601")
    if series.dtype == object and pa.types.is_duration(type_):
        series = pd.to_timedelta(series)
    if pa.types.is_time(type_):
        series = series.map(datetime.time.fromisoformat, na_action="ignore").astype(object)
    if pa.types.is_dictionary(type_):
        cells = pa.array(series, from_pandas=True).cast(type_.value_type).dictionary_encode()
        cells = pa.DictionaryArray.from_arrays(
            cells.indices.cast(type_.index_type), cells.dictionary, ordered=type_.ordered
        )
    else:
        cells = pa.array(series, from_pandas=True).cast(type_)
    array = pd.arrays.ArrowExtensionArray(cells)
    return pd.Series(array, series.index, name=series.name)


def _packed(type_: Any) -> str:
    return base64.b64encode(pa.schema([("", type_)]).serialize()).decode()


def _unpacked(text: str) -> Any:
    return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(text))).field(0).type


ABSENT: dict[str, Any] = {"None": None, "NA": pd.NA, "NaT": pd.NaT, "nan": np.nan}

# What pandas infers of objects: the ordinary dtype for them, and the way back for one cell.
OBJECTS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "boolean": ("boolean", bool),
    "integer": ("Int64", int),
    "floating": ("float64", float),
    "mixed-integer-float": ("float64", float),
    "decimal": ("float64", lambda cell: Decimal(str(cell))),
    "date": ("datetime64[us]", lambda cell: cell.date()),
    "datetime": ("datetime64[us]", lambda cell: cell.to_pydatetime()),
    "time": ("string", datetime.time.fromisoformat),
}
