"""Training rows moved a little each time they are seen, so that few are not learnt by heart."""

from __future__ import annotations

import torch
from torch import Tensor

from sparring.data.batches import Prepare
from sparring.seeds import random_stream

LOOKED_AT = 10_000  # rows that tell mean and covariance


class Smoothed:
    """What `prepare` makes of rows, with m + sqrt(1 - h^2) (x - m) + h e for their numbers x.

    m is what a linear regression expects of the numbers beside the row's categories, and e is
    normal with the covariance of x - m. So the numbers' covariance stays, and so do their means
    beside a category, which noise alone would blur. G learns the rows' density under a kernel.

    Args:
        prepare: turns the raw tensors of rows into what the nets see, (b, d) float32.
        raw: of all training rows.
        numbers: how many of the d come first and are numbers; the others stay.
        h: how far, in deviations of x - m, in [0, 1).
        seed: of what is random in the rows that tell m and the covariance.
        device: where batches are made.

    Source: Silverman & Young 1987, "The bootstrap: to smooth or not to smooth?", section 2, with
    the rows' mean as m.
    """

    def __init__(
        self, prepare: Prepare, raw: tuple[Tensor, ...], numbers: int, h: float, seed: int,
        device: torch.device,
    ) -> None:  # fmt: skip
        self.prepare, self.numbers, self.h = prepare, numbers, h
        rows = prepare(tuple(t[:LOOKED_AT] for t in raw), random_stream(seed, "smoothing"))
        mean = rows.double().mean(0)
        x, others = (rows - mean).tensor_split([numbers], dim=1)
        # As if each category had one row more, at the mean: rare ones do not explain their rows.
        ridge = torch.eye(others.shape[1], dtype=torch.float64)
        slope = torch.linalg.solve(others.T @ others + ridge, others.T @ x)
        covariance = torch.cov((x - others @ slope).T, correction=0).reshape(numbers, numbers)
        values, vectors = torch.linalg.eigh(covariance)
        root = vectors * values.clamp(min=0).sqrt()  # root @ root.T is the covariance
        self.mean, self.slope, self.root = (t.float().to(device) for t in (mean, slope, root))

    def __call__(self, raw: tuple[Tensor, ...], random: torch.Generator) -> Tensor:
        rows = self.prepare(raw, random)
        x, others = rows.tensor_split([self.numbers], dim=1)
        expected, centre = self.mean.tensor_split([self.numbers])
        m = expected + (others - centre) @ self.slope
        e = torch.randn(x.shape, generator=random, device=x.device) @ self.root.T
        return torch.cat([m + (1 - self.h**2) ** 0.5 * (x - m) + self.h * e, others], dim=1)
