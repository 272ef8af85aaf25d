"""What the metrics are given: one set of rows seen from several sides, and what else is known."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pandas as pd

from sparring.data.dataset import Modes


class Classifier(Protocol):
    """What the metrics ask of a classifier that was trained on real, labelled rows."""

    @property
    def classes(self) -> np.ndarray:
        """The labels it knows, (k,), sorted."""
        ...

    @property
    def accuracy(self) -> float:
        """Share of held-out real rows that it labels correctly, in [0, 1]."""
        ...

    @property
    def space(self) -> str | None:
        """What the space of its features is called, or None when it has none."""
        ...

    def predict(self, x: np.ndarray | pd.DataFrame) -> np.ndarray:
        """Labels of n rows, (n,)."""
        ...

    def features(self, x: np.ndarray | pd.DataFrame) -> np.ndarray:
        """Features of n rows, (n, d).

        Raises:
            InputError: it has none.
        """
        ...


@dataclass(frozen=True, eq=False)
class Views:
    """What the metrics may look at, for one set of n rows.

    Attributes:
        features: (n, d) numbers in the space named below.
        space: what the features are, such as "standardised" or "pixels-pca64".
        labels: (n,), the labels of real rows, or those asked of samples.
        frame: the rows as a table.
        images: the rows as uint8 (n, h, w, c).
        points: the rows as (n, d) in their own units, for mixtures with known modes.
        embedding: (n, k) features of a classifier, where it has any.
        embedding_space: which classifier's.
    """

    features: np.ndarray
    space: str
    labels: np.ndarray | None = None
    frame: pd.DataFrame | None = None
    images: np.ndarray | None = None
    points: np.ndarray | None = None
    embedding: np.ndarray | None = None
    embedding_space: str = ""

    @property
    def rows(self) -> np.ndarray | pd.DataFrame:
        """The rows as a classifier takes them: images, else a table, else points, else features."""
        if self.images is not None:
            return self.images
        if self.frame is not None:
            return self.frame
        return self.features if self.points is None else self.points

    def __len__(self) -> int:
        return len(self.features)

    def take(self, rows: np.ndarray) -> Views:
        """The rows at integer positions `rows`, in that order."""
        return replace(
            self,
            features=self.features[rows],
            labels=None if self.labels is None else self.labels[rows],
            frame=None if self.frame is None else self.frame.iloc[rows],
            images=None if self.images is None else self.images[rows],
            points=None if self.points is None else self.points[rows],
            embedding=None if self.embedding is None else self.embedding[rows],
        )


@dataclass(frozen=True, eq=False)
class Known:
    """What is known beside the rows.

    Attributes:
        modes: the true mixture that points come from.
        classifier: trained on real rows; it takes `Views.rows`.
        train: rows that the generator was trained on, in random order, to look for copies of.
        label_column: the column of a table that holds the labels.
        seed: of everything random in the metrics.
    """

    modes: Modes | None = None
    classifier: Classifier | None = None
    train: Views | None = None
    label_column: Hashable | None = None
    seed: int = 0
