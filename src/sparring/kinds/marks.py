"""What a choice among rows of a table sees of them: bins and values of numbers, and categories."""

from __future__ import annotations

import numpy as np
import torch

from sparring.kinds.columns.layout import Layout
from sparring.nets.selective import CELLS, Marks


def marks_of(layout: Layout, bins: int) -> Marks:
    """The marks of a table's rows, with `bins` of each number."""
    at = (np.arange(CELLS) + 0.5) / CELLS
    steps = np.array([step for column in layout.ranks for step in column.steps(at)])
    ranks, values = steps.reshape(-1, 2, CELLS).transpose(1, 0, 2)
    places = np.array([binned(middles, bins) for middles in ranks], dtype=np.int64)
    return Marks(
        torch.from_numpy(places.reshape(ranks.shape)), torch.from_numpy(values), bins,
        sum(layout.one_hot),
    )  # fmt: skip


def binned(values: np.ndarray, bins: int) -> np.ndarray:
    """Values (n,) in bins of about as many each, (n,); what is frequent has a bin for itself.

    Equal parts of the ranks would see nothing of a column that is 0 in nine rows of ten.
    """
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    place, left, alone = np.zeros(len(counts), np.int64), len(values), 0
    for value in np.argsort(-counts, kind="stable")[: bins - 1]:
        if counts[value] * (bins - alone) < left:
            break
        place[value], left, alone = bins - 1 - alone, left - counts[value], alone + 1
    rest = place < bins - alone
    middle = np.cumsum(counts[rest]) - counts[rest] / 2
    place[rest] = (middle * (bins - alone) / max(left, 1)).astype(np.int64)
    return place[which]
