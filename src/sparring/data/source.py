"""Open anything that can be learned from: arrays, tables, files, folders and built-in names."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from sparring.data.arrays import from_arrays, load_arrays
from sparring.data.dataset import Dataset
from sparring.data.frames import as_pandas
from sparring.data.idx import is_idx_folder, open_idx, open_published
from sparring.data.images import open_images
from sparring.data.parquet import open_parquet
from sparring.data.reason import first_line
from sparring.data.tables import check_table, pick_columns, read_csv
from sparring.data.toys import TOYS
from sparring.errors import InputError, unknown

TOY_POINTS = 20_000
TOY_SEED = 0
TEST_SPLIT = ":test"


def open_source(
    source: object, *, target: str | None = None, columns: Sequence[str] | None = None
) -> Dataset:
    """Open a source, whatever it is, and see that it can be learned from.

    Args:
        source: one of
            - a Dataset, a DataFrame (of pandas, polars or PyArrow), an array, tensor or list of
              points or images, or a pair (samples, labels) of such arrays (arrays.from_arrays says
              which shapes);
            - a path: CSV or TSV (also .gz), Parquet, NPY, NPZ, a folder or zip of images, an IDX
              folder (its train split; "PATH:test" for its test split);
            - a name in BUILT_IN. A bare name is the built-in even if a file is called so too:
              write ./name, or pass a Path, to open the file.
        target: the column of a table that conditions the GAN; it stays in x.
        columns: the columns of a table to keep, in the table's order; by default all.

    Raises:
        InputError: the source is missing, unknown, damaged or not fit to learn from; one line that
            names the file, column, row or value and what is accepted.
    """
    if isinstance(source, str) and source in BUILT_IN:
        dataset, name = BUILT_IN[source](), source
    elif isinstance(source, (str, os.PathLike)):
        name = os.fspath(source)
        try:
            dataset = _open_path(name)
        except OSError as error:
            # The content of a file given as its path gets here too, and has many lines.
            shown, reason = " ".join(name.splitlines()), first_line(error.strerror or error)
            raise InputError(f"cannot read {shown}: {reason}") from error
    else:
        dataset, name = _open_object(source), "the table"
    if not isinstance(dataset.x, pd.DataFrame):
        for option, value in (("target", target), ("columns", columns)):
            if value is not None:
                raise InputError(
                    f"{option} {value!r}: {dataset.name} is no table (accepted: none; the labels "
                    "of points and images come with them)"
                )
        return dataset
    frame = dataset.x if columns is None else pick_columns(dataset.x, columns, name)
    check_table(frame, name, None if dataset.file is None else dataset.file.sampled)
    if target is not None and target not in frame.columns:
        if target in map(str, frame.columns):
            raise InputError(
                f"{name}: column {target} is called by a number (accepted of a target: a text; "
                "frame.rename(columns=str) makes it one)"
            )
        raise InputError(f"{name}: {unknown('target column', target, frame.columns)}")
    if dataset.file is None:
        return replace(dataset, x=frame)
    return replace(dataset, x=frame, file=replace(dataset.file, columns=tuple(map(str, frame))))


def fingerprint(dataset: Dataset) -> str:
    """A SHA-256 in hex of the rows and labels: their order, values, dtypes, shapes and columns.

    The same on every machine, in every process and for each of pandas' dtypes for text; the name
    and the modes do not count. Of rows that are not held, it is that of their file.
    """
    if dataset.file is not None:
        return dataset.file.fingerprint()
    sha = hashlib.sha256()
    if isinstance(dataset.x, pd.DataFrame):
        columns = {i: _text_as_object(column) for i, (_, column) in enumerate(dataset.x.items())}
        names = map(str, dataset.x.columns)
        dtypes = [str(c.dtype).replace("object", "text") for c in columns.values()]
        sha.update(repr(list(zip(names, dtypes, strict=True))).encode())
        _add(sha, pd.util.hash_pandas_object(pd.DataFrame(columns), index=False).to_numpy())
    else:
        _add(sha, dataset.x)
    if dataset.y is not None:
        text = dataset.y.dtype.kind not in "biuf"
        _add(sha, pd.util.hash_array(dataset.y.astype(object)) if text else dataset.y)
    return sha.hexdigest()


def _text_as_object(column: pd.Series) -> pd.Series:
    """A text column in the one dtype for text that every version of pandas has."""
    if not isinstance(column.dtype, pd.StringDtype):
        return column
    return pd.Series(column.to_numpy(object, na_value=np.nan), column.index, dtype=object)


def _add(sha: hashlib._Hash, array: np.ndarray) -> None:
    sha.update(f"{array.dtype.str}{array.shape}".encode())
    sha.update(np.ascontiguousarray(array).data)


def _open_object(source: object) -> Dataset:
    """Open what is in memory already; a table is checked by the caller."""
    source, _ = as_pandas(source)
    if isinstance(source, Dataset):
        if isinstance(source.x, pd.DataFrame):
            return source
        return replace(from_arrays(source.x, source.y, source.name), modes=source.modes)
    if isinstance(source, pd.DataFrame):
        return Dataset(source)
    if not isinstance(source, tuple):
        return from_arrays(source)
    if len(source) != 2:
        raise InputError(f"a tuple of {len(source)} (accepted: a pair of samples and labels)")
    x, y = source
    if not isinstance(x, pd.DataFrame):
        return from_arrays(x, y)
    if y is not None:
        raise InputError(
            "labels beside a table (accepted: labels as one of its columns, named as the target)"
        )
    return Dataset(x)


def _open_path(text: str) -> Dataset:
    """Open a file or folder by what its name ends in."""
    path = Path(text).expanduser()
    if text.endswith(TEST_SPLIT) and not path.exists():
        whole = text.removesuffix(TEST_SPLIT)
        folder = Path(whole).expanduser()
        if folder.is_dir() and is_idx_folder(folder):
            return open_idx(folder, "test")
        if whole in BUILT_IN or folder.exists():
            named = ", ".join(name for name in BUILT_IN if name.endswith(TEST_SPLIT))
            raise InputError(f"{whole} has no test split (accepted: an IDX folder, {named})")
    if not text or not path.exists():
        if len(Path(text).parts) > 1 or _suffix(text) or text in BUILT_IN:
            raise InputError(f"no such file or folder: {text}")
        raise InputError(f"{unknown('source', text, BUILT_IN)}, and no file or folder of that name")
    if path.is_dir():
        return open_idx(path) if is_idx_folder(path) else open_images(path)
    suffix = _suffix(text)
    if suffix is None:
        raise InputError(
            f"{text}: cannot tell from its name what it holds "
            f"(accepted: {', '.join(READERS)}, a folder of images, an IDX folder)"
        )
    return replace(READERS[suffix](path), name=path.name[: -len(suffix)])


def _suffix(text: str) -> str | None:
    """The key of READERS that a file name ends in, or None."""
    return next((suffix for suffix in READERS if text.lower().endswith(suffix)), None)


def _open_parquet(path: Path) -> Dataset:
    frame, file = open_parquet(path)
    return Dataset(frame, file=file)


def _open_toy(name: str) -> Dataset:
    """The toy without its labels, which would condition the GAN on the modes it has to find."""
    x, _ = TOYS[name].draw(TOY_POINTS, np.random.default_rng(TOY_SEED))
    return Dataset(x, name=name, modes=TOYS[name].modes)


def _open_digits() -> Dataset:
    """Scikit-learn's 1,797 handwritten digits of 8 x 8 pixels, 17 levels spread over uint8."""
    # Scikit-learn takes a second to import, too long for a program that only lists the names.
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    levels = np.round(x.reshape(-1, 8, 8, 1) * 255 / 16)
    return Dataset(levels.astype(np.uint8), y.astype(np.int64), name="digits")


READERS: dict[str, Callable[[Path], Dataset]] = {
    ".csv": lambda path: Dataset(read_csv(path)),
    ".csv.gz": lambda path: Dataset(read_csv(path)),
    ".tsv": lambda path: Dataset(read_csv(path)),
    ".tsv.gz": lambda path: Dataset(read_csv(path)),
    ".parquet": _open_parquet,
    ".npy": load_arrays,
    ".npz": load_arrays,
    ".zip": open_images,
}

BUILT_IN: dict[str, Callable[[], Dataset]] = {
    "moons": partial(_open_toy, "moons"),
    "circles": partial(_open_toy, "circles"),
    "two-gaussians": partial(_open_toy, "two-gaussians"),
    "radial-gaussians": partial(_open_toy, "radial-gaussians"),
    "ring": partial(_open_toy, "ring"),
    "grid": partial(_open_toy, "grid"),
    "sine": partial(_open_toy, "sine"),
    "digits": _open_digits,
    "mnist": partial(open_published, "mnist"),
    "mnist:test": partial(open_published, "mnist", "test"),
    "fashion-mnist": partial(open_published, "fashion-mnist"),
    "fashion-mnist:test": partial(open_published, "fashion-mnist", "test"),
}
