"""Training rows moved a little each time they are seen, so that few are not learnt by heart."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from sparring.data.batches import Prepare
from sparring.seeds import random_stream

LOOKED_AT = 10_000  # rows that tell mean and covariance


class Smoothed:
    """What `prepare` makes of rows, with m + sqrt(1 - h^2) (x - m) + h e for some numbers x.

    m is what a linear regression expects of them beside the rest of the row, and e is normal with
    the covariance of x - m. So the numbers' covariance stays, and so do their means beside a
    category, which noise alone would blur. G learns the rows' density under a kernel.

    Args:
        prepare: turns the raw tensors of rows into what the nets see, (b, d) float32.
        raw: of all training rows.
        moved: which of the d are those numbers; the others stay.
        h: how far, in deviations of x - m, in [0, 1).
        seed: of what is random in the rows that tell m and the covariance.
        device: where batches are made.

    Source: Silverman & Young 1987, "The bootstrap: to smooth or not to smooth?", section 2, with
    the rows' mean as m.
    """

    def __init__(
        self, prepare: Prepare, raw: tuple[Tensor, ...], moved: Sequence[int], h: float, seed: int,
        device: torch.device,
    ) -> None:  # fmt: skip
        self.prepare, self.h = prepare, h
        rows = prepare(tuple(t[:LOOKED_AT] for t in raw), random_stream(seed, "smoothing"))
        stays = torch.ones(rows.shape[1], dtype=torch.bool)
        stays[list(moved)] = False
        self.moved, self.others = (~stays).nonzero()[:, 0], stays.nonzero()[:, 0]
        mean = rows.double().mean(0)
        x, others = self.parts(rows - mean)
        # As if each category had one row more, at the mean: rare ones do not explain their rows.
        ridge = torch.eye(others.shape[1], dtype=torch.float64)
        slope = torch.linalg.solve(others.T @ others + ridge, others.T @ x)
        covariance = torch.cov((x - others @ slope).T, correction=0).reshape([len(moved)] * 2)
        values, vectors = torch.linalg.eigh(covariance)
        root = vectors * values.clamp(min=0).sqrt()  # root @ root.T is the covariance
        self.mean, self.slope, self.root = (t.float().to(device) for t in (mean, slope, root))
        self.moved, self.others = self.moved.to(device), self.others.to(device)

    def __call__(self, raw: tuple[Tensor, ...], random: torch.Generator) -> Tensor:
        rows = self.prepare(raw, random)
        x, others = self.parts(rows)
        expected, centre = self.parts(self.mean[None])
        m = expected + (others - centre) @ self.slope
        e = torch.randn(x.shape, generator=random, device=x.device) @ self.root.T
        new = m + (1 - self.h**2) ** 0.5 * (x - m) + self.h * e
        return rows.index_copy(1, self.moved, new)

    def parts(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """What moves of rows (n, d), and what stays."""
        return rows[:, self.moved], rows[:, self.others]
