"""Samples beside the training images that are most like them: is one of them a copy?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from scipy.spatial.distance import cdist

from sparring.kinds.sheets import tiles
from sparring.kinds.style import text

NEIGHBOURS = 6
PART = 5_000  # training images that are compared at once


def nearest(images: np.ndarray, train: np.ndarray, k: int = NEIGHBOURS) -> np.ndarray:
    """Positions in `train` of the k images nearest to each, by Euclidean distance of pixels, the
    nearest first: (n, k).

    Args:
        images: (n, h, w, c) uint8; train: (t, h, w, c) uint8, t >= 1.
    """
    flat = images.reshape(len(images), -1).astype(np.float64)
    distance = np.hstack(
        [
            cdist(flat, train[i : i + PART].reshape(len(train[i : i + PART]), -1).astype(float))
            for i in range(0, len(train), PART)
        ]
    )
    return np.argsort(distance, axis=1, kind="stable")[:, :k]


def plot_neighbours(
    images: np.ndarray, train: np.ndarray, *, names: Sequence[object] = (), title: str = ""
) -> Figure:
    """Each sample on the left, the training images nearest to it on the right.

    Args:
        images: (n, h, w, c) uint8 samples; train: (t, h, w, c) uint8.
        names: of the samples, or none.
    """
    found = nearest(images, train)
    samples = [image[None] for image in images]
    beside = [train[places] for places in found]
    return tiles(
        [samples, beside],
        names=[text(name, 16) for name in names],
        heads=["sample", "nearest training images, the nearest first"],
        title=text(title, 90),
    )
