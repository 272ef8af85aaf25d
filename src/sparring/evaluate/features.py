"""What a classifier sees in rows, beside them; of real rows, remembered from call to call."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from sparring.errors import RunError
from sparring.evaluate.copying import row_keys
from sparring.evaluate.views import Classifier, Views
from sparring.files import user_cache, write_whole


def embedded(views: Views, classifier: Classifier, *, remember: bool) -> Views:
    """The same rows with the classifier's features, or as they are if it has none.

    Args:
        remember: take the features from the user's cache, and keep them there, under the name of
            their space and the content of the rows. A cache that cannot be used is no error.

    Raises:
        InputError: rows that the classifier does not take.
    """
    if classifier.space is None:
        return views
    path = _place(classifier.space, views.rows) if remember else None
    features = None if path is None else _read(path, len(views))
    if features is None:
        features = classifier.features(views.rows)
        if path is not None:
            _write(path, features)
    return replace(views, embedding=features, embedding_space=classifier.space)


def _place(space: str, rows: np.ndarray | pd.DataFrame) -> Path:
    content = row_keys(row_keys(np.asarray(rows))[None])[0]
    return user_cache() / "features" / f"{space}-{content:016x}.npy"


def _read(path: Path, rows: int) -> np.ndarray | None:
    with contextlib.suppress(OSError, ValueError, EOFError):
        features: np.ndarray = np.load(path, allow_pickle=False).astype(np.float64)
        if features.ndim == 2 and len(features) == rows:
            return features
    return None


def _write(path: Path, features: np.ndarray) -> None:
    with contextlib.suppress(OSError, RunError):
        path.parent.mkdir(parents=True, exist_ok=True)
        # They came as single floats from a network: nothing is lost.
        write_whole(path, lambda file: np.save(file, features.astype(np.float32)))
