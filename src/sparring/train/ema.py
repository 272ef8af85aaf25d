"""The running average of G, which is the G that samples."""

from __future__ import annotations

import copy
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

from sparring.train.player import FlatParameters

N = TypeVar("N", bound=nn.Module)


class AveragedModel(Generic[N]):
    """An exponential moving average of a net's parameters; buffers are copied.

    Args:
        vector: the parameters of `net` as one vector, as FlatParameters lays them out.

    Attributes:
        net: the averaged net, in eval mode, without gradients.
        vector: its parameters, as one vector.
    """

    def __init__(self, net: N, vector: Tensor) -> None:
        self.net = copy.deepcopy(net).eval().requires_grad_(False)
        self.vector = FlatParameters(self.net).vector
        self._now = vector
        self._buffers = list(zip(self.net.buffers(), net.buffers(), strict=True))

    @torch.no_grad()
    def update(self, weight: Tensor | float) -> None:
        """Move the average by the share `weight` in [0, 1] towards the net as it is now."""
        self.vector.lerp_(self._now, weight)
        for average, now in self._buffers:
            average.copy_(now)
