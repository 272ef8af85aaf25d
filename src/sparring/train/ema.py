"""The running average of G, which is the G that samples."""

from __future__ import annotations

import copy
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

N = TypeVar("N", bound=nn.Module)


class AveragedModel(Generic[N]):
    """An exponential moving average of a net's parameters; buffers are copied.

    Attributes:
        net: the averaged net, in eval mode, without gradients.
    """

    def __init__(self, net: N) -> None:
        self.net = copy.deepcopy(net).eval().requires_grad_(False)
        self._averages: list[Tensor] = list(self.net.parameters())
        self._parameters: list[Tensor] = list(net.parameters())
        self._buffers = list(zip(self.net.buffers(), net.buffers(), strict=True))

    @torch.no_grad()
    def update(self, weight: float) -> None:
        """Move the average by the share `weight` in [0, 1] towards the net as it is now."""
        torch._foreach_lerp_(self._averages, self._parameters, weight)
        for average, now in self._buffers:
            average.copy_(now)
