"""A small flow-matching model, kin to diffusion models (Lipman et al. 2023; Liu et al. 2023)."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from sparring.baselines.nets import GenerativeNet, NetBaseline, body, noise
from sparring.nets.base import Shape

STEPS = 32  # of Heun's method; each looks at the velocity twice
FREQUENCIES = 4  # 1, 2, 4, 8 half turns of the clock, as sine and cosine


class Velocity(GenerativeNet):
    """v(x, t, y), which carries noise at t = 0 to rows at t = 1.

    On the straight line x_t = (1 - t) z + t x from noise z to a row x the velocity is x - z; its
    least-squares regression on x_t is the field dx/dt = v(x, t, y) that moves one distribution to
    the other (Lipman et al. 2023, eq. 23, with sigma 0). Categories are numbers here, 0 or 1; the
    largest one wins.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.width = math.prod(shape.row)
        self.body = body(self.width + 2 * FREQUENCIES + shape.conditions, self.width)

    def forward(self, x: Tensor, t: Tensor, y: Tensor) -> Tensor:
        """x (n, d), t (n, 1) in [0, 1], y (n, k) -> (n, d)."""
        angle = math.pi * t * 2.0 ** torch.arange(FREQUENCIES, device=t.device)
        velocity: Tensor = self.body(torch.cat([x, angle.sin(), angle.cos(), y], 1))
        return velocity

    def loss(self, x: Tensor, y: Tensor, random: torch.Generator) -> Tensor:
        z = noise(x, self.width, random)
        t = torch.rand(len(x), 1, generator=random, device=x.device)
        error: Tensor = self((1 - t) * z + t * x, t, y) - (x - z)
        return error.square().mean()

    def draw(self, y: Tensor, random: torch.Generator) -> Tensor:
        x = noise(y, self.width, random)
        t, step = torch.zeros(len(y), 1, device=y.device), 1 / STEPS
        for _ in range(STEPS):
            here = self(x, t, y)
            t = t + step
            x = x + step * (here + self(x + step * here, t, y)) / 2
        return x


class Flow(NetBaseline):
    """Flow matching with a residual perceptron (Lipman et al. 2023)."""

    net: ClassVar[type[GenerativeNet]] = Velocity
