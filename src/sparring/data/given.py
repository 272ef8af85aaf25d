"""Cells of a row as the condition that G and D see."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor


@dataclass(frozen=True)
class Given:
    """How cells of an encoded row (n, d) become its condition y (n, cells + d).

    y is a bit for each cell, whether it is given, and the row with 0 at cells that are not.

    Attributes:
        widths: of the cells, in the order in which they stand in a row; their sum is d.
        along: for each cell the number of one that is given with it, or its own.
        always: the cell that is given where nothing else is said, or None.
        share: of the rows in training of which any cells are given; 0 = no other than `always`.
    """

    widths: tuple[int, ...]
    along: tuple[int, ...]
    always: int | None = None
    share: float = 0.0

    @property
    def width(self) -> int:
        """The length of a condition."""
        return len(self.widths) + sum(self.widths)

    @cached_property
    def spread(self) -> Tensor:
        """The cell that each of the d numbers of a row belongs to."""
        return torch.arange(len(self.widths)).repeat_interleave(torch.tensor(self.widths))

    def mask(self, n: int, random: torch.Generator) -> Tensor:
        """Which cells are given of each of n training rows, bool (n, cells).

        Of a share of the rows any cells are given: as many as a number whose logarithm is uniform,
        so that each cell alone, which is asked for most, is seen often enough too.
        """
        device = random.device
        if not self.share:
            return self.least(n, device)
        cells = len(self.widths)
        chance = torch.rand(n, 2 + cells, generator=random, device=device)
        some, size = chance[:, :1] < self.share, (cells + 1) ** chance[:, 1:2]
        # Of cells in a random order the first: at least one, at most all.
        mask = some & (chance[:, 2:].argsort(dim=1).argsort(dim=1) < size.floor())
        return self.completed(mask | (~some & self.least(n, device)))

    def least(self, n: int, device: torch.device | str = "cpu") -> Tensor:
        """Which cells are given where nothing is asked for, bool (n, cells)."""
        mask = torch.zeros(n, len(self.widths), dtype=torch.bool, device=device)
        if self.always is not None:
            mask[:, self.always] = True
        return mask

    def completed(self, mask: Tensor) -> Tensor:
        """The mask with the cells that are given along."""
        along = torch.tensor(self.along, device=mask.device)
        counts = torch.zeros_like(mask, dtype=torch.float32)
        return mask | (counts.index_add(1, along, mask.float()) > 0)

    def condition(self, x: Tensor, mask: Tensor) -> Tensor:
        """Rows (n, d) and which of their cells are given (n, cells) to y (n, cells + d)."""
        bits = mask.to(x.dtype)
        return torch.cat([bits, x * bits.index_select(1, self.spread.to(x.device))], dim=1)
