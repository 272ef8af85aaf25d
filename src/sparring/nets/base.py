"""What every G and D promises, whatever its architecture."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn


class Generator(nn.Module):
    """G(z, y): noise (n, latent_dim) and conditions (n, k) to rows (n, *shape).

    Deterministic: all its randomness is in z. k is 0 for an unconditional G.
    """

    latent_dim: int

    @abstractmethod
    def forward(self, z: Tensor, y: Tensor) -> Tensor: ...

    def choosing(self, choices: Mapping[int, Tensor]) -> Generator:
        """The same G where cells that y gives may take other values, if it can draw these anew.

        Args:
            choices: of such cells which of their values they may take, bool (values,).
        """
        return self


class Critic(nn.Module):
    """D(x, y): rows (n, *shape) and conditions (n, k) to logits (n,), large = real."""

    mixes_rows: bool = False  # whether what it says of a row depends on others of the batch

    @abstractmethod
    def forward(self, x: Tensor, y: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class Shape:
    """What the data asks of the networks.

    Attributes:
        row: shape of one encoded row: (d,) or (channels, height, width).
        conditions: how many classes of labels begin the condition vector.
        one_hot: sizes of the one-hot groups at the end of a row (tables), in order.
        cells: widths of the cells of a row that can be given (tables), in order; with them the
            condition vector goes on as `data.given.Given` says.
        always: the one of these that is given whatever is asked for, or None.
    """

    row: tuple[int, ...]
    conditions: int = 0
    one_hot: tuple[int, ...] = ()
    cells: tuple[int, ...] = ()
    always: int | None = None

    @property
    def condition_width(self) -> int:
        """k, the width of the condition vector."""
        return self.conditions + (len(self.cells) + math.prod(self.row) if self.cells else 0)
