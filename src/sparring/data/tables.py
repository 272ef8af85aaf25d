"""Tables from CSV files, and what any table must be to be learned from."""

from __future__ import annotations

import csv
import datetime
import gzip
import re
import zlib
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionDtype

from sparring.data.reason import first_line
from sparring.errors import InputError, unknown

MISSING = ("", "?", "NaN", "nan", "<NA>", "null", "NULL")
# These could be categories (no garage, North America), so they are missing only among numbers.
MISSING_AMONG_NUMBERS = ("NA", "N/A", "n/a", "None", "none", "-")
# What may stand in a column of objects; to Python, a boolean is a number too.
SORTS: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "boolean": (bool, np.bool_),
    "number": (int, float, Decimal, np.number),
    "date": (datetime.date, np.datetime64),
    "duration": (datetime.timedelta, np.timedelta64),
    "time": (datetime.time,),
}


def read_csv(path: Path) -> pd.DataFrame:
    """Read a comma- or (.tsv) tab-separated UTF-8 file with a header line, gzipped or not.

    Spaces after a separator are dropped. The words of MISSING are missing values in every column,
    those of MISSING_AMONG_NUMBERS only in a column that otherwise holds nothing but numbers.
    Whole numbers stay int64, with missing values Int64; likewise bool and boolean.

    Raises:
        InputError: an empty file or body, a ragged row (named by its line), a repeated column name,
            or bytes that are not UTF-8 or gzip.
    """
    delimiter = "\t" if ".tsv" in path.name.lower() else ","
    try:
        _check_rows(path, delimiter)
    except UnicodeDecodeError as error:
        raise InputError(f"{path}, line {_undecodable_line(path)}: not UTF-8 text") from error
    except csv.Error as error:
        raise InputError(f"{path}: not a CSV file ({error})") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{path}: damaged gzip file ({error})") from error
    try:
        frame = pd.read_csv(
            path,
            sep=delimiter,
            skipinitialspace=True,
            keep_default_na=False,
            na_values=list(MISSING),
            dtype_backend="numpy_nullable",
            encoding="utf-8-sig",
            low_memory=False,
        )
    except ValueError as error:
        raise InputError(f"{path}: not a CSV file ({first_line(error)})") from error
    if len(frame.columns) == 1 and re.search(r"[;|\t]", str(frame.columns[0])):
        raise InputError(
            f"{path}: one column, {frame.columns[0]!r} (accepted: commas between values; tabs in a "
            ".tsv file)"
        )
    return frame.apply(_numbers_among_words).apply(plain_column)


def pick_columns(frame: pd.DataFrame, columns: Sequence[str], name: str) -> pd.DataFrame:
    """The named columns, in the table's order.

    Raises:
        InputError: a name that is no column; the message lists those that are.
    """
    for column in columns:
        if column not in frame.columns:
            raise InputError(f"{name}: {unknown('column', column, frame.columns)}")
    return frame.loc[:, [column in columns for column in frame.columns]]


def check_table(frame: pd.DataFrame, name: str, rows: np.ndarray | None = None) -> None:
    """See that a table can be learned from.

    Args:
        name: what messages call it.
        rows: the number of each row, (n,); omitted = its place.

    Raises:
        InputError: fewer than 2 rows, no column, a column name used twice, a column that holds
            infinity, cells of several sorts or cells that are no scalars, or only constant columns.
    """
    if isinstance(frame.columns, pd.MultiIndex):
        raise InputError(f"{name}: column names have {frame.columns.nlevels} levels (accepted: 1)")
    for label in frame.columns:
        if not isinstance(label, (str, int, float, np.number)):
            raise InputError(f"{name}: column name {label!r} (accepted: text or a number)")
    _check_names([str(column) for column in frame.columns], name)
    if len(frame.columns) == 0:
        raise InputError(f"{name}: no columns (accepted: 1 or more)")
    if len(frame) < 2:
        raise InputError(f"{name}: n = {len(frame)} rows (accepted: 2 or more)")
    numbers = np.arange(len(frame)) if rows is None else rows
    for column, values in frame.items():
        where = f"{name}, column {column!r}"
        if values.dtype.kind == "f":
            _check_finite(values, where, numbers)
        elif isinstance(values.dtype, np.dtype) and values.dtype.kind == "O":
            _check_objects(values, where, numbers)
    if all(values.nunique(dropna=False) == 1 for _, values in frame.items()):
        raise InputError(f"{name}: every column is constant (accepted: at least one that varies)")


def _check_finite(values: pd.Series, where: str, numbers: np.ndarray) -> None:
    infinite = np.isinf(values.to_numpy(dtype=float, na_value=np.nan))
    if infinite.any():
        row = int(infinite.argmax())
        raise InputError(
            f"{where}, row {numbers[row]} (from 0): {values.iloc[row]} "
            "(accepted: finite numbers or missing)"
        )


def _check_objects(values: pd.Series, where: str, numbers: np.ndarray) -> None:
    """Refuse cells of several sorts beside each other, and name the first of a rarer sort."""
    rows = np.flatnonzero(values.notna())
    types = [type(cell) for cell in values.iloc[rows]]
    sorts = {cell_type: _sort(cell_type) for cell_type in set(types)}
    accepted = "(accepted: numbers, booleans, dates or text, one sort in a column)"
    for cell_type, sort in sorts.items():
        if sort is None:
            raise InputError(f"{where}: holds {cell_type.__name__} values {accepted}")
    counts = Counter(sorts[cell_type] for cell_type in types)
    if len(counts) > 1:
        (usual, _), *_ = counts.most_common()
        at = next(i for i, cell_type in enumerate(types) if sorts[cell_type] != usual)
        cell = values.iloc[rows[at]]
        raise InputError(
            f"{where}, row {numbers[rows[at]]} (from 0): {cell!r} is a {sorts[types[at]]} where "
            f"others are a {usual} {accepted}"
        )


def _sort(cell_type: type) -> str | None:
    """What a person calls cells of this type, or None where no column may hold them."""
    return next((name for name, types in SORTS.items() if issubclass(cell_type, types)), None)


def _check_rows(path: Path, delimiter: str) -> None:
    """See that the header names each column once and that every row has as many fields.

    Pandas would rename repeated columns, fill short rows and shift long ones without a word.
    """
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, skipinitialspace=True)
        rows = (row for row in reader if len(row) > 1 or any(field.strip() for field in row))
        header = next(rows, None)
        if header is None:
            raise InputError(f"{path}: empty file (accepted: a header line and 2 or more rows)")
        _check_names([column for column in header if column], str(path))
        row = None
        for row in rows:
            if len(row) != len(header):
                raise InputError(
                    f"{path}, line {reader.line_num}: found {len(row)} fields, "
                    f"expected {len(header)} as in the header"
                )
        if row is None:
            raise InputError(f"{path}: a header but no rows (accepted: 2 or more rows)")


def _check_names(columns: list[str], name: str) -> None:
    """Refuse a column name that is used twice."""
    seen: set[str] = set()
    for column in columns:
        if column in seen:
            raise InputError(f"{name}: column name {column!r} is used twice (accepted: once each)")
        seen.add(column)


def _undecodable_line(path: Path) -> int:
    """The number of the first line that is not UTF-8."""
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    with opener(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    raise AssertionError("every line decodes alone, so the file did too")


def _numbers_among_words(column: pd.Series) -> pd.Series:
    """A text column as numbers if only words of MISSING_AMONG_NUMBERS keep it from being so."""
    if not isinstance(column.dtype, pd.StringDtype):
        return column
    words = column.isin(MISSING_AMONG_NUMBERS)
    if not words.any() or column[~words].isna().all():
        return column
    try:
        return pd.to_numeric(column.mask(words), dtype_backend="numpy_nullable")
    except ValueError:
        return column


def plain_column(column: pd.Series) -> pd.Series:
    """A column in NumPy's or pandas' ordinary dtype wherever that can hold it."""
    dtype = column.dtype
    if isinstance(dtype, pd.StringDtype):
        return pd.Series(column.to_numpy(dtype=object, na_value=np.nan), column.index)
    numeric = isinstance(dtype, ExtensionDtype) and dtype.kind in "biuf"
    if numeric and (dtype.kind == "f" or not column.hasnans):
        return column.astype(np.dtype(dtype.type))
    return column
