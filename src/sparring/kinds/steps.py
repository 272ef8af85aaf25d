"""What values a Gibbs sweep draws the cells of a table from."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from sparring.kinds.columns.allowed import Allowed
from sparring.kinds.columns.category import CategoryColumn
from sparring.kinds.columns.layout import Layout
from sparring.nets.gibbs import Steps


def steps_of(layout: Layout) -> Steps:
    """The values of each cell of a table's rows."""
    found = [column.steps() for column in layout.ranks for _ in range(column.width)]
    return Steps(
        tuple(torch.from_numpy(edges).float() for edges, _ in found),
        tuple(exact for _, exact in found), layout.one_hot,
    )  # fmt: skip


def choices(layout: Layout, asked: Iterable[Allowed]) -> dict[int, Tensor]:
    """Which of the steps of their cells conditions allow, (steps,): where several, each one value.

    Args:
        asked: of columns of the layout.

    Returns:
        By the number of the cell among those of `steps_of`.
    """
    found = {}
    for one in asked:
        place = layout.place[one.column.name]
        column = layout.columns[place]
        if isinstance(column, CategoryColumn):
            values = column.decode(np.arange(len(column.values)))
        else:
            edges, exact = column.steps()
            if column.width > 1 or not exact:
                continue
            ranks = np.concatenate([[0.0], edges, [1.0]])
            values = column.decode((ranks[1:] + ranks[:-1]) / 2)
        holds = one.holds(values)
        if holds.sum() > 1:  # a map before it has two numbers, each a cell of those
            before = sum(rank.width - 1 for rank in layout.ranks[:place])
            found[place + before] = torch.from_numpy(holds)
    return found
