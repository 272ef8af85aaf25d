"""Parquet files: held whole or, when they are too large for that, known by a sample of rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sparring.data.reason import first_line
from sparring.data.tables import plain_column
from sparring.errors import InputError

HELD_CELLS = 20_000_000  # rows times columns; of a larger file, a sample is held
SAMPLE_CELLS = 4_000_000
SAMPLE_ROWS = 10_000  # at least, however many columns there are
PART_CELLS = 1_000_000  # that are read at once
MOST_VALUES = 100_000  # of a column with more different ones, the sample need not have all

# What pandas makes of Arrow's types under dtype_backend="numpy_nullable".
NULLABLE = {
    pa.int8(): pd.Int8Dtype(), pa.int16(): pd.Int16Dtype(), pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(), pa.uint8(): pd.UInt8Dtype(), pa.uint16(): pd.UInt16Dtype(),
    pa.uint32(): pd.UInt32Dtype(), pa.uint64(): pd.UInt64Dtype(), pa.bool_(): pd.BooleanDtype(),
    pa.float32(): pd.Float32Dtype(), pa.float64(): pd.Float64Dtype(), pa.string(): pd.StringDtype(),
    pa.large_string(): pd.StringDtype(),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class ParquetRows:
    """All rows of a Parquet file, read a part at a time, of which some are held as a sample.

    Attributes:
        path: of the file.
        rows: that the file has.
        columns: to read, by name; None = all.
        sampled: numbers of the rows in the sample, (k,), increasing.
        left_out: numbers of the rows that no part has, increasing.
    """

    path: Path
    rows: int
    columns: tuple[str, ...] | None = None
    sampled: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    left_out: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))

    def __len__(self) -> int:
        return self.rows - len(self.left_out)

    def without(self, places: np.ndarray) -> ParquetRows:
        """These rows but for those at `places` in the sample."""
        out = self.sampled[places]
        return replace(
            self,
            sampled=np.delete(self.sampled, places),
            left_out=np.union1d(self.left_out, out),
        )

    def parts(self) -> Iterator[pd.DataFrame]:
        """The rows in the file's order, numbered by their place in it.

        Raises:
            InputError: the file cannot be read.
        """
        with opened(self.path) as file:
            for start, batch in batches(file, self.columns):
                frame = as_frame(pa.Table.from_batches([batch]))
                frame = frame.set_axis(pd.RangeIndex(start, start + len(frame)), axis=0)
                yield frame.drop(pd.Index(within(self.left_out, start, len(frame))))

    def fingerprint(self) -> str:
        """A SHA-256 in hex of the file and the names of the columns that are read."""
        with self.path.open("rb") as file:
            sha = hashlib.file_digest(file, "sha256")
        sha.update(repr(self.columns).encode())
        return sha.hexdigest()


def open_parquet(path: Path) -> tuple[pd.DataFrame, ParquetRows | None]:
    """The rows of a file or, if it has more than HELD_CELLS cells, a sample and where the rest is.

    Integers and booleans with missing values become Int64 and boolean.

    The sample is drawn at random, always the same. It also has, of each column, the rows with the
    smallest and the largest number, the first missing cell and the first of each category (text,
    whole number or boolean) that is too rare to be in the sample otherwise; not of a column with
    more than MOST_VALUES of them.

    Raises:
        InputError: not a readable Parquet file.
    """
    with opened(path) as file:
        rows, columns = file.metadata.num_rows, len(file.schema_arrow.names)
        if rows * columns <= HELD_CELLS:
            return as_frame(file.read()), None
        wanted = min(rows, max(SAMPLE_CELLS // columns, SAMPLE_ROWS))
        drawn = np.sort(np.random.default_rng(0).choice(rows, wanted, replace=False))
        sampled = np.union1d(drawn, telling_rows(file, drawn))
        parts = [
            batch.take(pa.array(within(sampled, start, len(batch)) - start))
            for start, batch in batches(file)
        ]
        frame = as_frame(pa.Table.from_batches(parts))
        return frame, ParquetRows(path, rows, sampled=sampled)


@contextmanager
def opened(path: Path) -> Iterator[pq.ParquetFile]:
    """A file that is read a buffer at a time; what goes wrong in the block is told as its fault."""
    with path.open("rb") as handle:
        try:
            yield pq.ParquetFile(handle, buffer_size=2**20, pre_buffer=False)
        except InputError:
            raise
        except Exception as error:  # Arrow raises a dozen types on damaged and exotic files.
            reason = first_line(error)
            raise InputError(f"{path}: not a readable Parquet file ({reason})") from error


def batches(
    file: pq.ParquetFile, columns: Iterable[str] | None = None
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """The rows, so many at a time, each time with the number of the first."""
    size = max(PART_CELLS // len(file.schema_arrow.names), 1)
    names, start = None if columns is None else list(columns), 0
    for batch in file.iter_batches(size, columns=names):
        yield start, batch
        start += len(batch)


def as_frame(table: pa.Table) -> pd.DataFrame:
    """As pandas reads it, each column in the plainest dtype that can hold it."""
    frame: pd.DataFrame = table.to_pandas(types_mapper=NULLABLE.get)
    return frame.apply(plain_column)


def within(numbers: np.ndarray, start: int, count: int) -> np.ndarray:
    """Those of increasing numbers that are in [start, start + count)."""
    first, last = np.searchsorted(numbers, (start, start + count))
    return numbers[first:last]


def telling_rows(file: pq.ParquetFile, drawn: np.ndarray) -> np.ndarray:
    """Numbers of rows that say of a column what the drawn rows (increasing) may not say."""
    columns = [Column(field.type) for field in file.schema_arrow]
    for start, batch in batches(file):
        mine = within(drawn, start, len(batch)) - start
        for column, cells in zip(columns, batch.columns, strict=True):
            column.look(cells, start, mine)
    return np.array([row for column in columns for row in column.rows()], dtype=np.int64)


class Column:
    """The rows of one column that are told apart by what they hold."""

    def __init__(self, type_: Any) -> None:
        types = pa.types
        decimal = types.is_decimal(type_)
        whole = types.is_integer(type_)
        text = types.is_string(type_) or types.is_large_string(type_)
        self.ordered = whole or decimal or types.is_floating(type_) or types.is_temporal(type_)
        self.named = whole or text or types.is_boolean(type_) or types.is_dictionary(type_)
        self.ends: dict[str, tuple[Any, int]] = {}
        self.missing: list[int] = []
        self.known: set[Any] = set()  # values that the drawn rows have
        self.first: dict[Any, int] = {}  # of others, the first row

    def look(self, cells: pa.Array, start: int, drawn: np.ndarray) -> None:
        """Take in the cells of rows from number `start` on, of which some are drawn."""
        if cells.null_count and not self.missing:
            self.missing.append(start + pc.index(cells.is_null(), True).as_py())
        if self.ordered:
            for end, cell in pc.min_max(cells).items():
                value, (best, _) = cell.as_py(), self.ends.get(end, (None, 0))
                further = value is not None and (
                    best is None or (value < best if end == "min" else value > best)
                )
                if further:
                    self.ends[end] = value, start + pc.index(cells, cell).as_py()
        if self.named:
            self._name(cells, start, drawn)

    def _name(self, cells: pa.Array, start: int, drawn: np.ndarray) -> None:
        coded = cells if pa.types.is_dictionary(cells.type) else cells.dictionary_encode()
        values = coded.dictionary.to_pylist()
        codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        self.known.update(values[code] for code in np.unique(codes[drawn]) if code >= 0)
        for code, place in zip(*np.unique(codes, return_index=True), strict=True):
            if code >= 0 and values[code] not in self.known:
                self.first.setdefault(values[code], start + int(place))
        if len(self.known) + len(self.first) > MOST_VALUES:
            self.named, self.first = False, {}

    def rows(self) -> list[int]:
        """Their numbers."""
        rare = (row for value, row in self.first.items() if value not in self.known)
        return [*self.missing, *(row for _, row in self.ends.values()), *rare]
