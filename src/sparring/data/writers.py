"""The file formats of samples: each grows at a temporary path, a chunk at a time."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import IO, ClassVar, Literal, Protocol, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from sparring.data.reason import first_line
from sparring.errors import InputError

Form = Literal["table", "points", "images"]
Chunk: TypeAlias = np.ndarray | pd.DataFrame

GRID_PADDING_PIXELS = 2
GRID_MIN_SIDE_PIXELS = 32


class Writer(Protocol):
    """One file format.

    Attributes:
        forms: what it can hold.
    """

    forms: ClassVar[tuple[Form, ...]]

    def __init__(self, temporary: Path, rows: int) -> None:
        """Create `temporary` for `rows` samples."""

    def write(self, chunk: Chunk, labels: np.ndarray | None) -> None:
        """Append a chunk of one of `forms`."""

    def close(self, complete: bool) -> None:
        """Write what is still to be written, if all rows came, and let go of every file."""


class CsvWriter:
    """A text file with a header line, for tables and points."""

    forms: ClassVar[tuple[Form, ...]] = ("table", "points")

    def __init__(self, temporary: Path, rows: int) -> None:
        self._file = temporary.open("xb")
        self._header = True

    def write(self, chunk: Chunk, labels: np.ndarray | None) -> None:
        """Append rows of text."""
        text = _frame(chunk, labels).to_csv(index=False, header=self._header, lineterminator="\n")
        self._file.write(text.encode())
        self._header = False

    def close(self, complete: bool) -> None:
        """Close the file."""
        self._file.close()


class ParquetWriter:
    """A Parquet file, one row group for each chunk, for tables and points."""

    forms: ClassVar[tuple[Form, ...]] = ("table", "points")

    def __init__(self, temporary: Path, rows: int) -> None:
        self._file = temporary.open("xb")
        self._writer: pq.ParquetWriter | None = None

    def write(self, chunk: Chunk, labels: np.ndarray | None) -> None:
        """Append a row group; the first one decides the types."""
        frame = _frame(chunk, labels)
        try:
            self._append(frame)
        except pa.ArrowException as error:
            reason = first_line(error)
            raise InputError(f"no Parquet type for a column: {reason} (accepted: .csv)") from error

    def _append(self, frame: pd.DataFrame) -> None:
        if self._writer is None:
            schema = pa.Schema.from_pandas(frame, preserve_index=False)
            # A text column that happens to be all missing at first has no type of its own.
            for i, field in enumerate(schema):
                if pa.types.is_null(field.type):
                    schema = schema.set(i, field.with_type(pa.string()))
            self._writer = pq.ParquetWriter(self._file, schema)
        schema = self._writer.schema
        self._writer.write_table(pa.Table.from_pandas(frame, schema, preserve_index=False))

    def close(self, complete: bool) -> None:
        """Write the footer and close the file."""
        with self._file:
            if self._writer is not None:
                self._writer.close()


class NpzWriter:
    """Arrays x and, if there are labels, y, for points and images.

    The samples stream into x; labels wait in memory, for only the last tells how wide y must be.
    """

    forms: ClassVar[tuple[Form, ...]] = ("points", "images")

    def __init__(self, temporary: Path, rows: int) -> None:
        self._rows = rows
        self._archive = zipfile.ZipFile(temporary, "x")
        self._x: IO[bytes] | None = None
        self._labels: list[np.ndarray] = []

    def write(self, chunk: Chunk, labels: np.ndarray | None) -> None:
        """Append to x; the first chunk decides the dtype and the shape of a sample."""
        assert isinstance(chunk, np.ndarray)
        if self._x is None:
            self._x = self._archive.open("x.npy", "w", force_zip64=True)
            header = {
                "descr": np.lib.format.dtype_to_descr(chunk.dtype),
                "fortran_order": False,
                "shape": (self._rows, *chunk.shape[1:]),
            }
            np.lib.format.write_array_header_1_0(self._x, header)
        self._x.write(np.ascontiguousarray(chunk).data)
        if labels is not None:
            self._labels.append(labels)

    def close(self, complete: bool) -> None:
        """Write y and the directory of the archive."""
        with self._archive:
            if self._x is not None:
                self._x.close()
            if complete and self._labels:
                y = np.concatenate(self._labels)
                if y.dtype == object:
                    y = np.array(y.tolist())  # Text of a fixed width needs no pickle.
                with self._archive.open("y.npy", "w", force_zip64=True) as file:
                    np.lib.format.write_array(file, y, allow_pickle=False)


class GridWriter:
    """One picture of all images, about as many across as down; tiny ones are enlarged."""

    forms: ClassVar[tuple[Form, ...]] = ("images",)

    def __init__(self, temporary: Path, rows: int) -> None:
        self._file = temporary.open("xb")
        self._columns = math.ceil(math.sqrt(rows))
        self._images: list[np.ndarray] = []

    def write(self, chunk: Chunk, labels: np.ndarray | None) -> None:
        """Keep the images until the grid is drawn."""
        assert isinstance(chunk, np.ndarray)
        self._images.extend(chunk)

    def close(self, complete: bool) -> None:
        """Draw the grid and close the file."""
        with self._file:
            if complete:
                _as_picture(self._grid()).save(self._file, format="PNG")

    def _grid(self) -> np.ndarray:
        """The grid (H, W, c) on white."""
        height, width, channels = self._images[0].shape
        factor = max(1, math.ceil(GRID_MIN_SIDE_PIXELS / max(height, width)))
        pad = GRID_PADDING_PIXELS
        step_y, step_x = height * factor + pad, width * factor + pad
        grid_rows = math.ceil(len(self._images) / self._columns)
        shape = (grid_rows * step_y + pad, self._columns * step_x + pad, channels)
        canvas = np.full(shape, 255, np.uint8)
        for i, image in enumerate(self._images):
            top, left = pad + i // self._columns * step_y, pad + i % self._columns * step_x
            tile = image.repeat(factor, axis=0).repeat(factor, axis=1)
            canvas[top : top + height * factor, left : left + width * factor] = tile
        return canvas


class FolderWriter:
    """A folder of numbered PNG files, in a sub-folder for each label if there are labels."""

    forms: ClassVar[tuple[Form, ...]] = ("images",)

    def __init__(self, temporary: Path, rows: int) -> None:
        temporary.mkdir()
        self._folder = temporary
        self._digits = max(6, len(str(rows - 1)))
        self._count = 0

    def write(self, chunk: Chunk, labels: np.ndarray | None) -> None:
        """Write one file for each image."""
        for i, image in enumerate(chunk):
            folder = self._folder if labels is None else self._folder / _folder_name(labels[i])
            folder.mkdir(exist_ok=True)
            _as_picture(image).save(folder / f"{self._count:0{self._digits}}.png")
            self._count += 1

    def close(self, complete: bool) -> None:
        """Nothing is left open between images."""


def _frame(chunk: Chunk, labels: np.ndarray | None) -> pd.DataFrame:
    """A table as it is; points as columns x0, x1, ... and, if given, label."""
    if isinstance(chunk, pd.DataFrame):
        return chunk
    frame = pd.DataFrame(chunk, columns=[f"x{i}" for i in range(chunk.shape[1])])
    return frame if labels is None else frame.assign(label=labels)


def _as_picture(image: np.ndarray) -> Image.Image:
    """An array (h, w, 1 or 3) as Pillow wants it."""
    return Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)


def _folder_name(label: object) -> str:
    """The label as the name of a folder that can be read back as the label."""
    name = str(label)
    if not name or Path(name).name != name or name.startswith("."):
        raise InputError(f"label {name!r} cannot name a folder (accepted: .npz keeps any label)")
    return name


SINKS: dict[str, type[Writer]] = {
    ".csv": CsvWriter,
    ".parquet": ParquetWriter,
    ".npz": NpzWriter,
    ".png": GridWriter,
    "": FolderWriter,
}
