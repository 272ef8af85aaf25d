"""Clusters of alike images, which G and D are told of where there are no labels."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from sparring.kinds.labels import Labels

COARSE = 16  # pixels a side, at most, by which images are alike
FITTED_ROWS = 10_000  # that the centres are of, at most
USUAL, LEAST = 25, 10  # images in a cluster: on average at least, and in the smallest
PART_ROWS = 1_000


@dataclass(frozen=True)
class Clusters:
    """Images by the nearest of some centres: k-means of their pixels, averaged to a coarse grid.

    A G that is told of a cluster need not find it, and cannot leave it out. (Self-conditioning,
    Liu et al. 2020; here the clusters are those of the pixels, and stay as they are.)

    Attributes:
        centres: levels 0-255, each the mean of 10 images or more, (k, pixels).
        labels: the numbers of the clusters, and their shares of the training images.
    """

    centres: tuple[tuple[float, ...], ...]
    labels: Labels

    @classmethod
    def fit(cls, images: np.ndarray, most: int, seed: int) -> Clusters | None:
        """Clusters of images (n, h, w, c), at most so many; None where there are too few images."""
        some = _coarse(images[:: -(-len(images) // FITTED_ROWS)])
        count = min(most, len(some) // USUAL)
        if count < 2:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # fewer images differ
            found = KMeans(count, n_init=1, random_state=seed).fit(some)
        sizes = np.bincount(found.labels_, minlength=count)
        centres = found.cluster_centers_[sizes >= LEAST].round(1)
        if len(centres) < 2:
            return None
        return cls(
            tuple(map(tuple, centres.tolist())),
            Labels.fit(_nearest(some, centres).numpy(), "cluster"),
        )

    def encode(self, images: np.ndarray) -> Tensor:
        """The number of the cluster of each image, (n,) int64."""
        centres = np.array(self.centres)
        parts = range(0, len(images), PART_ROWS)
        return torch.cat([_nearest(_coarse(images[i : i + PART_ROWS]), centres) for i in parts])

    def to_dict(self) -> dict[str, Any]:
        return {"centres": [list(c) for c in self.centres], "labels": self.labels.to_dict()}

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> Clusters:
        return cls(tuple(map(tuple, saved["centres"])), Labels.from_dict(saved["labels"]))


def _coarse(images: np.ndarray) -> np.ndarray:
    """Images (n, h, w, c) averaged to at most 16 x 16 pixels, flat: (n, pixels) float32."""
    side = min(COARSE, images.shape[1])
    pixels = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float()
    return adaptive_avg_pool2d(pixels, side).flatten(1).numpy()


def _nearest(rows: np.ndarray, centres: np.ndarray) -> Tensor:
    """The number of the nearest centre of each row, (n,) int64."""
    return torch.cdist(torch.from_numpy(rows), torch.from_numpy(centres).float()).argmin(1)
