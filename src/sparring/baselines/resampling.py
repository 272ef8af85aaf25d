"""Baselines that put training rows, or parts of them, together again."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from sklearn.neighbors import NearestNeighbors

from sparring.baselines.base import ByLabel


class Bootstrap(ByLabel[np.ndarray]):
    """Training rows, drawn with replacement: what a perfect memory scores (Efron 1979)."""

    copies: ClassVar[bool] = True

    def fit_rows(self, x: np.ndarray, random: np.random.Generator) -> np.ndarray:
        return x

    def draw_rows(self, model: np.ndarray, n: int, random: np.random.Generator) -> np.ndarray:
        return model[random.integers(len(model), size=n)]


class Marginals(ByLabel[np.ndarray]):
    """Every column (pixel, coordinate) from a training row of its own: no dependence is modelled.

    What it scores is had without learning anything; of a conditional model it is naive Bayes.
    """

    def fit_rows(self, x: np.ndarray, random: np.random.Generator) -> np.ndarray:
        return x

    def draw_rows(self, model: np.ndarray, n: int, random: np.random.Generator) -> np.ndarray:
        width, sizes = model.shape[1], self.shape.one_hot
        numbers = width - sum(sizes)
        # A one-hot group is one column of the table.
        column = np.repeat(np.arange(numbers + len(sizes)), [*[1] * numbers, *sizes])
        rows = random.integers(len(model), size=(n, numbers + len(sizes)))
        return model[rows[:, column], np.arange(width)]


class Interpolation(ByLabel[tuple[np.ndarray, np.ndarray]]):
    """A point between a training row and one of its 5 nearest neighbours of the same label (SMOTE).

    x = a + u (b - a), u uniform in [0, 1]; of a category, the nearer one's. Chawla et al. 2002 fill
    up rare classes so. Here it makes all rows, with classes or without, which is why no package
    for imbalanced classes is of use.
    """

    least_rows: ClassVar[int] = 2
    neighbours: ClassVar[int] = 5

    def fit_rows(self, x: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        search = NearestNeighbors(n_neighbors=min(self.neighbours, len(x) - 1)).fit(x)
        return x, search.kneighbors(return_distance=False)

    def draw_rows(
        self, model: tuple[np.ndarray, np.ndarray], n: int, random: np.random.Generator
    ) -> np.ndarray:
        x, near = model
        a = random.integers(len(x), size=n)
        b = near[a, random.integers(near.shape[1], size=n)]
        rows: np.ndarray = x[a] + random.random((n, 1)) * (x[b] - x[a])
        return rows
