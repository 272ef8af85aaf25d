"""What every baseline promises, and the one way in which most of them obey labels."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Generic, TypeVar

import numpy as np
import torch

from sparring.baselines.spaces import Same, smooth_space
from sparring.errors import InputError
from sparring.nets.base import Shape

T = TypeVar("T")


class Baseline(ABC):
    """A generator that is no GAN, of rows as the nets see them, each flattened to (d,).

    Args:
        shape: of one row, with its one-hot groups and the number of labels.
        device: where it trains if it is a net.

    Attributes:
        copies: whether its samples are training rows: a yardstick, and no competitor.
        by_the_clock: whether it trains for as long as it may; the others end by themselves, and
            repeat to the bit.
    """

    copies: ClassVar[bool] = False
    by_the_clock: ClassVar[bool] = False

    def __init__(self, shape: Shape, device: torch.device = torch.device("cpu")) -> None:
        self.shape = shape
        self.device = device

    @abstractmethod
    def fit(self, x: np.ndarray, y: np.ndarray | None, seed: int, seconds: float) -> None:
        """Learn training rows.

        Args:
            x: (n, d) finite; its one-hot groups are at the end.
            y: class indices (n,), each class at least once; None where there are no labels.
            seed: of everything random.
            seconds: how long to train, by the clock.

        Raises:
            InputError: too few rows for this method.
            DivergedError: a loss is not finite.
        """

    @abstractmethod
    def sample(self, n: int, y: np.ndarray | None, seed: int) -> np.ndarray:
        """`n` rows (n, d) by a seed, of the classes y (n,) where `fit` had labels."""


class ByLabel(Baseline, Generic[T]):
    """One model T for the rows of each label; a single one where there are no labels.

    Attributes:
        least_rows: how many rows each label needs.
        smooth: whether rows are learnt in `smooth_space`.
    """

    least_rows: ClassVar[int] = 1
    smooth: ClassVar[bool] = False

    @abstractmethod
    def fit_rows(self, x: np.ndarray, random: np.random.Generator) -> T:
        """Learn rows (n, e) of one label, n >= least_rows."""

    @abstractmethod
    def draw_rows(self, model: T, n: int, random: np.random.Generator) -> np.ndarray:
        """Rows (n, e) of that label, n >= 1."""

    def fit(self, x: np.ndarray, y: np.ndarray | None, seed: int, seconds: float) -> None:
        counts = [len(x)] if y is None else np.bincount(y)
        if min(counts) < self.least_rows:
            which = "there are" if y is None else "the rarest label has"
            raise InputError(
                f"{which} {min(counts)} row(s) to learn from; at least {self.least_rows} are needed"
            )
        random = np.random.default_rng(seed)
        self.space = smooth_space(self.shape, x) if self.smooth else Same()
        u = self.space.encode(x, random)
        labels = np.zeros(len(x), int) if y is None else y
        self.models = [self.fit_rows(u[labels == label], random) for label in range(len(counts))]

    def sample(self, n: int, y: np.ndarray | None, seed: int) -> np.ndarray:
        random = np.random.default_rng(seed)
        y = np.zeros(n, int) if y is None else y
        order = np.argsort(y, kind="stable")
        parts = [
            self.draw_rows(self.models[label], count, random)
            for label, count in zip(*np.unique(y, return_counts=True), strict=True)
        ]
        u = np.concatenate(parts)
        return self.space.decode(u[np.argsort(order)])
