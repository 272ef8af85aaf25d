"""Points and images from arrays, in memory or in NPY and NPZ files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from sparring.data.dataset import Dataset
from sparring.data.reason import first_line
from sparring.errors import InputError, listed

X_KEYS = ("x", "X", "images", "data", "arr_0")
Y_KEYS = ("y", "labels", "label", "target")


def from_arrays(x: object, y: object = None, name: str = "data") -> Dataset:
    """Tell points from images and see that they can be learned from.

    Args:
        x: points (n, d) of numbers, kept as float32 or else turned into float64; or uint8 images
            (n, h, w) or (n, h, w, c) with c 1 or 3. A list counts as an array. A torch tensor may
            also hold its uint8 images as (n, c, h, w); it is taken so if its second axis is 1 or 3
            and its last is not.
        y: labels (n,) or None.
        name: what messages call the data.

    Raises:
        InputError: any other shape or dtype, n < 2, a value that is NaN or infinite (named by its
            row and column), or labels that do not fit.
    """
    images_first = _is_tensor(x)
    array = _numpy(x, name)
    if array.dtype.kind not in "biuf":
        raise InputError(
            f"{name}: {array.dtype} values (accepted: floats or integers for points, uint8 for "
            "images; a DataFrame for mixed columns)"
        )
    if array.ndim == 2:
        array = _points(array, name)
    elif array.ndim in (3, 4):
        array = _images(array, name, may_be_channels_first=images_first)
    else:
        hint = "; reshape(-1, 1) makes one column of a 1-d array" if array.ndim == 1 else ""
        raise InputError(
            f"{name}: shape {array.shape} (accepted: (n, d) points, (n, h, w) or (n, h, w, c) "
            f"images{hint})"
        )
    if len(array) < 2:
        raise InputError(f"{name}: n = {len(array)} samples (accepted: 2 or more)")
    return Dataset(array, None if y is None else _labels(y, len(array), name), name)


def load_arrays(path: Path) -> Dataset:
    """Open an NPY file of points or images, or an NPZ file of them (X_KEYS) with labels (Y_KEYS).

    Raises:
        InputError: a damaged file, pickled objects (never read), no array of a known key, and
            whatever `from_arrays` refuses.
    """
    # A file opened here is closed here; NumPy leaves it open when the archive is damaged.
    with path.open("rb") as file:
        try:
            loaded = np.load(file, allow_pickle=False)
            single = isinstance(loaded, np.ndarray)
            keys = [] if single else list(loaded)
            x_key = next((key for key in X_KEYS if key in keys), None)
            y_key = next((key for key in Y_KEYS if key in keys), None)
            x = loaded if single else x_key and loaded[x_key]
            y = y_key and loaded[y_key]
        except Exception as error:  # NumPy and zipfile raise a dozen types on damaged files.
            reason = first_line(error)
            raise InputError(f"{path}: not a readable NumPy file ({reason})") from error
    if x is None:
        raise InputError(
            f"{path}: holds {listed(keys) or 'nothing'} "
            f"(accepted: {', '.join(X_KEYS)}; labels in {', '.join(Y_KEYS)})"
        )
    return from_arrays(x, y, str(path))


def _is_tensor(x: object) -> bool:
    """Whether x is a torch tensor, without importing torch for those who do not use it."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(x, torch.Tensor)


def _numpy(x: Any, name: str) -> np.ndarray:
    """A tensor, list, Series or array as an array."""
    if _is_tensor(x):
        tensor = x.detach().cpu()
        # NumPy has no bfloat16.
        half = tensor.is_floating_point() and tensor.itemsize < 4
        return np.asarray(tensor.float() if half else tensor)
    if not isinstance(x, (np.ndarray, list, tuple, pd.Series, pd.Index, ExtensionArray)):
        raise InputError(f"{name}: {type(x).__name__} (accepted: an array, tensor or list)")
    try:
        return np.asarray(x)
    except ValueError as error:
        raise InputError(f"{name}: rows of different lengths (accepted: (n, d))") from error


def _points(array: np.ndarray, name: str) -> np.ndarray:
    """Points as float32 or float64, all finite."""
    if array.shape[1] == 0:
        raise InputError(f"{name}: shape {array.shape} (accepted: 1 or more columns)")
    small = array.dtype.kind == "f" and array.dtype.itemsize <= 4
    array = array.astype(np.float32 if small else np.float64, copy=False)
    bad = ~np.isfinite(array)
    if bad.any():
        row, column = np.unravel_index(int(bad.argmax()), array.shape)
        raise InputError(
            f"{name}: {array[row, column]} at row {row}, column {column} (from 0) "
            "(accepted: finite numbers)"
        )
    return array


def _images(array: np.ndarray, name: str, may_be_channels_first: bool) -> np.ndarray:
    """Images as (n, h, w, c) uint8."""
    if array.dtype != np.uint8:
        raise InputError(f"{name}: {array.dtype} images (accepted: uint8, 0 to 255)")
    if array.ndim == 3:
        array = array[..., None]
    elif may_be_channels_first and array.shape[1] in (1, 3) and array.shape[3] not in (1, 3):
        array = array.transpose(0, 2, 3, 1)
    if array.shape[3] not in (1, 3) or 0 in array.shape[1:]:
        raise InputError(
            f"{name}: shape {array.shape} (accepted: (n, h, w, c) images with c 1 or 3, last)"
        )
    return array


def _labels(y: object, n: int, name: str) -> np.ndarray:
    """Labels as an array (n,) without missing values."""
    name = f"labels of {name}"
    labels = _numpy(y, name)
    if labels.shape != (n,):
        raise InputError(f"{name}: shape {labels.shape} (accepted: ({n},), one a sample)")
    missing = pd.isna(labels)
    if missing.any():
        row = int(missing.argmax())
        raise InputError(
            f"{name}: {labels[row]} at row {row} (from 0) (accepted: no missing label)"
        )
    return labels
