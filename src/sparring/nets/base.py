"""What every G and D promises, whatever its architecture."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

from torch import Tensor, nn


class Generator(nn.Module):
    """G(z, y): noise (n, latent_dim) and conditions (n, k) to rows (n, *shape).

    Deterministic: all its randomness is in z. k is 0 for an unconditional G.
    """

    latent_dim: int

    @abstractmethod
    def forward(self, z: Tensor, y: Tensor) -> Tensor: ...


class Critic(nn.Module):
    """D(x, y): rows (n, *shape) and conditions (n, k) to logits (n,), large = real."""

    batch_norm: bool = False  # whether rows of a batch see each other

    @abstractmethod
    def forward(self, x: Tensor, y: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class Shape:
    """What the data asks of the networks.

    Attributes:
        row: shape of one encoded row: (d,) or (channels, height, width).
        conditions: k, the width of the condition vector.
        one_hot: sizes of the one-hot groups at the end of a row (tables), in order.
    """

    row: tuple[int, ...]
    conditions: int = 0
    one_hot: tuple[int, ...] = ()
