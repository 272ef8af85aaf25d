"""The noise that G makes a batch of."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from sparring.seeds import random_stream

LARGEST = 1 - 2**-24  # below 1 in float32


class Latents:
    """Standard normal noise (b, d): drawn row by row, or stratified.

    Stratified noise is one set of points that fills the unit cube evenly (Sobol' 1967), moved by
    a random distance along every axis (Cranley and Patterson 1976) and taken to the normal
    distribution. Each row alone is standard normal; all parts of the noise's space, and so of what
    G makes, have their share in every batch.

    Args:
        random: of all batches to come; the trainer keeps its state.
        seed: of the set of points.
    """

    def __init__(
        self, batch: int, dim: int, random: torch.Generator, seed: int, *, stratified: bool
    ) -> None:
        self.size, self.random = (batch, dim), random
        self.points = None
        if stratified:
            own = int(torch.randint(2**31, (), generator=random_stream(seed, "stratified noise")))
            points = torch.quasirandom.SobolEngine(  # type: ignore[no-untyped-call]
                dim, scramble=True, seed=own
            ).draw(batch)
            self.points = points.to(random.device)

    def next(self) -> Tensor:
        """The noise of the next batch, (b, d) float32."""
        device = self.random.device
        if self.points is None:
            return torch.randn(self.size, generator=self.random, device=device)
        shift = torch.rand(self.size[1], generator=self.random, device=device)
        centred = 2 * torch.frac(self.points + shift) - 1
        return math.sqrt(2) * torch.erfinv(centred.clamp(-LARGEST, LARGEST))
