"""What the metrics are given: one set of rows seen from several sides, and what else is known."""

from __future__ import annotations

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

    def predict(self, x: np.ndarray | pd.DataFrame) -> np.ndarray:
        """Labels of n rows, (n,)."""
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
    """

    features: np.ndarray
    space: str
    labels: np.ndarray | None = None
    frame: pd.DataFrame | None = None
    images: np.ndarray | None = None
    points: np.ndarray | None = None

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
        )


@dataclass(frozen=True, eq=False)
class Known:
    """What is known beside the rows.

    Attributes:
        modes: the true mixture that points come from.
        classifier: trained on real rows, of the form the views have (images, else table, else
            points, else features).
        seed: of everything random in the metrics.
    """

    modes: Modes | None = None
    classifier: Classifier | None = None
    seed: int = 0
