"""What values a Gibbs sweep draws the cells of a table from."""

from __future__ import annotations

import torch

from sparring.kinds.columns.layout import Layout
from sparring.nets.gibbs import Steps


def steps_of(layout: Layout) -> Steps:
    """The values of each cell of a table's rows."""
    found = [column.steps() for column in layout.ranks for _ in range(column.width)]
    return Steps(
        tuple(torch.from_numpy(edges).float() for edges, _ in found),
        tuple(exact for _, exact in found), layout.one_hot,
    )  # fmt: skip
