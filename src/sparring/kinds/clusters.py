"""Clusters of alike images, which G and D are told of in place of a label, or beside it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from sparring.data.batches import one_hot
from sparring.kinds.asking import Asked, Condition

COARSE = 16  # pixels a side, at most, by which images are alike
FITTED_ROWS = 10_000  # that the centres are of, at most
USUAL, LEAST = 25, 10  # images in a cluster: on average at least, and in the smallest
PART_ROWS = 1_000


@dataclass(frozen=True)
class Clusters:
    """Images by the nearest of some centres of their label: k-means of their pixels, made coarse.

    A G that is told of a cluster need not find it, and cannot leave it out. (Self-conditioning,
    Liu et al. 2020; here the clusters are those of the pixels, and stay as they are.) Images
    without labels are all of one.

    Attributes:
        centres: levels 0-255, each the mean of 10 images or more, (k, pixels); of a label that has
            one alone, 0.
        labels: the class index that each is of, in ascending order, (k,).
        shares: of the training images, summing to 1, (k,).
    """

    centres: tuple[tuple[float, ...], ...]
    labels: tuple[int, ...]
    shares: tuple[float, ...]

    @classmethod
    def fit(
        cls, images: np.ndarray, labels: Tensor | None, most: int, seed: int
    ) -> Clusters | None:
        """Clusters of images (n, h, w, c), in all about `most`, of each label by its share.

        Args:
            labels: class indices 0, 1, ... (n,), each at least once; None = no labels.

        Returns:
            None where there are too few images to part those of any label.
        """
        of = np.zeros(len(images), np.int64) if labels is None else labels.numpy()
        places = [np.flatnonzero(of == label) for label in range(of.max() + 1)]
        found = [_parted(images, mine, most, seed) for mine in places]
        centres = np.concatenate([centres for centres, _ in found])
        owners = [label for label, (centres, _) in enumerate(found) for _ in centres]
        if len(centres) == len(found):
            return None
        shares = np.concatenate([shares for _, shares in found])
        return cls(tuple(map(tuple, centres.tolist())), tuple(owners), tuple(shares.tolist()))

    def encode(self, images: np.ndarray, labels: Tensor | None) -> Tensor:
        """The number of the cluster of each image, of those of its label, (n,) int64."""
        labels = torch.zeros(len(images), dtype=torch.int64) if labels is None else labels
        centres, of = np.array(self.centres), torch.tensor(self.labels)
        found = []
        for i in range(0, len(images), PART_ROWS):
            distances = _distances(_coarse(images[i : i + PART_ROWS]), centres)
            strange = of != labels[i : i + PART_ROWS, None]
            found.append(distances.masked_fill(strange, torch.inf).argmin(1))
        return torch.cat(found)

    def draw(self, labels: Tensor, random: torch.Generator) -> Tensor:
        """A cluster of each of these labels (n,), as often as it has training images, (n,)."""
        of = torch.tensor(self.labels)
        shares = torch.tensor(self.shares) * (of == labels[:, None])
        return torch.multinomial(shares, 1, generator=random)[:, 0]

    def to_dict(self) -> dict[str, Any]:
        centres = [list(centre) for centre in self.centres]
        return {"centres": centres, "labels": list(self.labels), "shares": list(self.shares)}

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> Clusters:
        centres = tuple(map(tuple, saved["centres"]))
        return cls(centres, tuple(saved["labels"]), tuple(saved["shares"]))


@dataclass(frozen=True, eq=False)
class AskedClusters(Asked):
    """For every row a cluster of the label that is asked for.

    Attributes:
        clusters: those that there are.
        asked: the labels; None = images have none.
    """

    clusters: Clusters
    asked: Asked | None

    def condition(self, rows: range, random: torch.Generator) -> Condition:
        labels = None if self.asked is None else self.asked.condition(rows, random).labels
        of = torch.zeros(len(rows), dtype=torch.int64) if labels is None else labels
        drawn = self.clusters.draw(of, random)
        return Condition(one_hot(drawn, len(self.clusters.shares)), labels)


def _parted(
    images: np.ndarray, mine: np.ndarray, most: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Centres (k, pixels) of the images of one label, and their shares of all images (k,).

    Args:
        mine: the places of the label's images.
        most: clusters of all labels.
    """
    from sklearn.cluster import KMeans  # slow to import
    from sklearn.exceptions import ConvergenceWarning

    share = len(mine) / len(images)
    some = _coarse(images[mine[:: -(-len(mine) // max(int(FITTED_ROWS * share), 1))]])
    count = min(max(round(most * share), 1), max(len(some) // USUAL, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer images differ
        found = KMeans(count, n_init=1, random_state=seed).fit(some)
    sizes = np.bincount(found.labels_, minlength=count)
    centres = found.cluster_centers_[sizes >= LEAST].round(1)
    if len(centres) < 2:
        return np.zeros((1, some.shape[1])), np.array([share])
    sizes = np.bincount(_distances(some, centres).argmin(1), minlength=len(centres))
    return centres, share * sizes / sizes.sum()


def _coarse(images: np.ndarray) -> np.ndarray:
    """Images (n, h, w, c) averaged to at most 16 x 16 pixels, flat: (n, pixels) float32."""
    side = min(COARSE, images.shape[1])
    pixels = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float()
    return adaptive_avg_pool2d(pixels, side).flatten(1).numpy()


def _distances(rows: np.ndarray, centres: np.ndarray) -> Tensor:
    """Of each row to each centre, (n, k)."""
    return torch.cdist(torch.from_numpy(rows), torch.from_numpy(centres).float())
