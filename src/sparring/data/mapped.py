"""Arrays that are too large for memory: in a file without a name, mapped into memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable

import numpy as np

from sparring.errors import RunError
from sparring.files import user_cache

HELD_BYTES = 2**30  # of an array; a larger one is mapped
PART_BYTES = 2**24


class Growing:
    """An array that grows along its first axis, in a file that is gone with the array.

    To be closed: `with Growing() as whole`. The file is in the user's cache: folders for temporary
    files are often in memory themselves.

    Raises:
        RunError: the disk is full or cannot be written.
    """

    def __init__(self) -> None:
        self.folder = user_cache()
        self.rows = 0
        self.last: np.ndarray | None = None
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.file = tempfile.TemporaryFile(dir=self.folder)  # noqa: SIM115
        except OSError as error:
            raise self._failed(error) from None

    def __enter__(self) -> Growing:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()  # a map stays

    def append(self, part: np.ndarray) -> None:
        """Add rows, always of one dtype and shape."""
        try:
            self.file.write(np.ascontiguousarray(part).data)
        except OSError as error:
            raise self._failed(error) from None
        self.rows += len(part)
        self.last = part

    def array(self) -> np.ndarray:
        """All of it, after at least one part; changes to it stay in memory."""
        assert self.last is not None
        shape = (self.rows, *self.last.shape[1:])
        if 0 in shape:
            return np.empty(shape, self.last.dtype)  # an empty file cannot be mapped
        try:
            self.file.flush()
        except OSError as error:
            raise self._failed(error) from None
        return np.memmap(self.file, self.last.dtype, "c", shape=shape)

    def _failed(self, error: OSError) -> RunError:
        return RunError(f"{self.folder}: cannot be written ({error.strerror or error})")


def mapped(parts: Iterable[np.ndarray]) -> np.ndarray:
    """Arrays one after another, at least one, as one array in a file.

    Raises:
        RunError: the disk is full or cannot be written.
    """
    with Growing() as whole:
        for part in parts:
            whole.append(part)
        return whole.array()


def rows_of(array: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """`array[rows]`; in a file, if it is too large for memory."""
    per_row = array.itemsize * int(np.prod(array.shape[1:]))
    if not isinstance(array, np.memmap) or len(rows) * per_row <= HELD_BYTES:
        return np.asarray(array[rows])
    step = max(PART_BYTES // per_row, 1)
    return mapped(array[rows[i : i + step]] for i in range(0, len(rows), step))
