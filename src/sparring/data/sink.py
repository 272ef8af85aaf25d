"""Samples streamed to disk: a table, an array, a grid of images or a folder of them.

What is written appears under its name only when it is whole: it grows in a hidden sibling, which
is synced and renamed at the end, or removed if anything goes wrong.
"""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path
from types import TracebackType

import numpy as np
import pandas as pd

from sparring.data.writers import SINKS, Chunk, Form, Writer
from sparring.errors import InputError, RunError

GRID_MAX_IMAGES = 10_000


class Sink:
    """A place for samples: `with open_sink(path, n) as sink`, so that nothing half-written stays.

    Attributes:
        path: where the samples will be found once all `rows` are written.
        rows: how many samples there will be.
    """

    def __init__(self, path: Path, rows: int, temporary: Path, writer: Writer) -> None:
        self.path = path
        self.rows = rows
        self._temporary = temporary
        self._writer = writer
        self._written = 0

    def write(self, chunk: Chunk, labels: np.ndarray | None = None) -> None:
        """Append samples: always all of one form, and always or never with labels.

        Args:
            chunk: a DataFrame, points (n, d) of floats, or images (n, h, w, c) uint8.
            labels: (n,); not for a table, whose labels are a column.

        Raises:
            InputError: this format cannot hold samples of this form or these labels.
            RunError: the disk is full or fails.
        """
        form = _form(chunk)
        if form not in self._writer.forms:
            suits = [s or "a folder" for s, writer in SINKS.items() if form in writer.forms]
            raise InputError(f"{self.path}: {form} cannot go there (accepted: {', '.join(suits)})")
        assert labels is None or (form != "table" and len(labels) == len(chunk))
        try:
            self._writer.write(chunk, labels)
        except OSError as error:
            raise _failed(self.path, error) from error
        self._written += len(chunk)

    def __enter__(self) -> Sink:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Put the samples in place, or leave nothing if the block failed."""
        whole = error is None and self._written == self.rows
        try:
            self._writer.close(whole)
            if whole:
                _sync(self._temporary)
                os.replace(self._temporary, self.path)
        except OSError as failure:
            # What went wrong before, if anything did, matters more than what it led to.
            if error is None:
                raise _failed(self.path, failure) from failure
        finally:
            _remove(self._temporary)
        if not whole and error is None:
            raise RunError(f"{self.path}: not written, as {self._written} of {self.rows} rows came")


def open_sink(path: str | Path, rows: int) -> Sink:
    """Make ready to write `rows` samples, so that a path that cannot be written is known at once.

    Args:
        path: the suffix tells the format (SINKS). No suffix, or a slash at the end, is a folder of
            PNG files, in sub-folders if there are labels. An existing file is replaced, an
            existing folder is not.
        rows: how many samples will be written, at least 1.

    Raises:
        InputError: an unknown suffix, no such parent folder, a folder already there, no permission,
            a grid of too many images.
    """
    target = Path(path).expanduser()
    suffix = "" if str(path).endswith(("/", os.sep)) else target.suffix.lower()
    if suffix not in SINKS:
        raise InputError(
            f"{path}: unknown format {suffix!r} "
            f"(accepted: {', '.join(filter(None, SINKS))}, or no suffix for a folder of images)"
        )
    if rows < 1:
        raise InputError(f"{path}: n = {rows} samples to write (accepted: 1 or more)")
    if suffix == ".png" and rows > GRID_MAX_IMAGES:
        raise InputError(f"{path}: {rows} images in a grid (accepted: up to {GRID_MAX_IMAGES})")
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        if target.is_dir() or (suffix == "" and target.exists()):
            raise InputError(f"{path} exists already (accepted: a file to replace or a new name)")
        if not target.parent.is_dir():
            raise InputError(f"{path}: no folder {target.parent} to write in")
        writer = SINKS[suffix](temporary, rows)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error
    return Sink(target, rows, temporary, writer)


def _form(chunk: Chunk) -> Form:
    if isinstance(chunk, pd.DataFrame):
        return "table"
    assert chunk.ndim == 2 or (chunk.ndim == 4 and chunk.dtype == np.uint8), chunk.shape
    return "points" if chunk.ndim == 2 else "images"


def _failed(path: Path, error: OSError) -> RunError:
    return RunError(f"cannot write {path}: {error.strerror or error}")


def _sync(path: Path) -> None:
    """See that a file is on the disk; a folder's files are too many to wait for."""
    if path.is_file():
        with path.open("rb+") as file:
            os.fsync(file.fileno())


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
