"""The space in which a density can be fitted: no one-hot groups, not too many dimensions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import pairwise

import numpy as np
from scipy.special import ndtr, ndtri
from sklearn.decomposition import PCA

from sparring.nets.base import Shape

COMPONENTS = 100
PCA_ROWS = 5_000  # principal components are found on at most so many rows


class Space(ABC):
    """A fitted map of rows (n, d) to coordinates (n, e) and back."""

    @abstractmethod
    def encode(self, x: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Rows to coordinates."""

    @abstractmethod
    def decode(self, u: np.ndarray) -> np.ndarray:
        """Coordinates to rows."""


class Same(Space):
    """Rows as they are."""

    def encode(self, x: np.ndarray, random: np.random.Generator) -> np.ndarray:
        return x

    def decode(self, u: np.ndarray) -> np.ndarray:
        return u


class Scores(Space):
    """Each one-hot group as one normal score, by the distributional transform (Rueschendorf 2009).

    A density over one-hot vectors would lose rare categories at the argmax. Here category c holds
    the interval [F(c-1), F(c)] of a uniform number, which is drawn in it and mapped to a normal
    score: the coordinate is exactly N(0, 1), as a table's ranks are, and whatever is N(0, 1) comes
    back with exactly the training rows' shares.

    Args:
        x: training rows (n, d).
        sizes: of the one-hot groups, which end a row.
    """

    def __init__(self, x: np.ndarray, sizes: tuple[int, ...]) -> None:
        self.starts = np.cumsum([x.shape[1] - sum(sizes), *sizes])
        self.levels = [np.cumsum(group.mean(0)) for group in self._groups(x)]

    def encode(self, x: np.ndarray, random: np.random.Generator) -> np.ndarray:
        columns = [x[:, : self.starts[0]]]
        for group, levels in zip(self._groups(x), self.levels, strict=True):
            code, share = group.argmax(1), random.random(len(x))
            low, high = np.concatenate([[0.0], levels])[code], levels[code]
            rank = low + share * (high - low)
            columns.append(ndtri(rank.clip(1e-6, 1 - 1e-6))[:, None])
        return np.hstack(columns)

    def decode(self, u: np.ndarray) -> np.ndarray:
        parts = [u[:, : self.starts[0]]]
        for scores, levels in zip(u[:, self.starts[0] :].T, self.levels, strict=True):
            code = np.searchsorted(levels, ndtr(scores), side="right").clip(max=len(levels) - 1)
            parts.append(np.eye(len(levels))[code])
        return np.hstack(parts)

    def _groups(self, x: np.ndarray) -> list[np.ndarray]:
        return [x[:, start:end] for start, end in pairwise(self.starts)]


class Components(Space):
    """The largest principal components; what they leave out is lost.

    Args:
        x: training rows (n, d).
        components: at most so many.
    """

    def __init__(self, x: np.ndarray, components: int = COMPONENTS) -> None:
        some = x[:: -(-len(x) // PCA_ROWS)]
        with np.errstate(invalid="ignore"):  # rows all alike have no variance to share out
            self.pca = PCA(min(components, *some.shape), random_state=0).fit(some)

    def encode(self, x: np.ndarray, random: np.random.Generator) -> np.ndarray:
        u: np.ndarray = self.pca.transform(x)
        return u

    def decode(self, u: np.ndarray) -> np.ndarray:
        x: np.ndarray = self.pca.inverse_transform(u)
        return x


def smooth_space(shape: Shape, x: np.ndarray) -> Space:
    """Where densities of such rows are fitted: tables by score, images by principal components."""
    if shape.one_hot:
        return Scores(x, shape.one_hot)
    return Components(x) if len(shape.row) == 3 else Same()
