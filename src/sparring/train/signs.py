"""Numbers that tell how samples stand beside real rows: pure functions of tensors (n, d)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from sparring.nearest import nearest_index

ROUNDS = 10  # of k-means
ROWS_PER_CELL = 3  # at least: where rows are few, a cell of more hides what is missing
STARVED = 0.1  # a cell with less than this share of the samples it should have is missed
COPY = 0.25  # of the usual distance between a new row and its nearest training row


def preference(a: Tensor, b: Tensor) -> float:
    """The chance that an entry of `a` (n,) is larger than one of `b` (m,); equal ones count half.

    The area under the ROC curve (Mann & Whitney 1947): .5 when nothing tells them apart.
    """
    difference = a[:, None] - b[None]
    return float((difference > 0).float().mean() + 0.5 * (difference == 0).float().mean())


def mean_size(rows: Tensor) -> float:
    """The mean Euclidean norm of rows (n, ...)."""
    return float(rows.flatten(1).norm(dim=1).mean())


def mean_distance(rows: Tensor) -> float:
    """The mean distance of two different rows of (n, d); 0 for a single one."""
    n = len(rows)
    return float(torch.cdist(rows, rows).sum()) / max(n * (n - 1), 1)


def nearest(rows: Tensor, to: Tensor) -> Tensor:
    """The distance from each row (n, d) to the nearest of `to` (m, d), (n,)."""
    # The search takes inner products, which round; the distance to what it finds does not.
    found = to[nearest_index(rows, to)]
    distance: Tensor = (rows - found).norm(dim=1)
    return distance


def apart(rows: Tensor) -> Tensor:
    """The distance from each row (n, d) to the nearest other one, (n,); (0,) of a single row."""
    if len(rows) < 2:
        return rows.new_empty(0)
    distance: Tensor = torch.cdist(rows, rows).fill_diagonal_(math.inf)
    found = rows[distance.argmin(dim=1)]  # cdist rounds: what it finds is measured anew
    nearest_one: Tensor = (rows - found).norm(dim=1)
    return nearest_one


def sliced_distance(a: Tensor, b: Tensor, directions: Tensor) -> float:
    """The sliced Wasserstein-1 distance of two sets, (n, d) and (m, d), over directions (d, k).

    The area between the quantile functions along each direction (Bonneel et al. 2015).
    """
    steps = max(len(a), len(b))
    return float((quantiles(a @ directions, steps) - quantiles(b @ directions, steps)).abs().mean())


def quantiles(values: Tensor, steps: int) -> Tensor:
    """The quantiles of each column of (n, k) at the middles of `steps` equal steps, (steps, k)."""
    middles = (torch.arange(steps, device=values.device) + 0.5) / steps
    places = (middles * len(values)).long().clamp(max=len(values) - 1)
    return values.sort(dim=0).values[places]


def centres_of(rows: Tensor, count: int, random: torch.Generator) -> Tensor:
    """Centres (count, d) of cells that part rows (n, d), by k-means from k-means++.

    Source: Arthur & Vassilvitskii 2007.
    """
    chosen = torch.randint(len(rows), (1,), generator=random, device=rows.device)
    centres, far = rows[chosen], torch.full_like(rows[:, 0], math.inf)
    for _ in range(count - 1):
        far = torch.minimum(far, (rows - centres[-1]).square().sum(dim=1))  # to the nearest one
        chosen = torch.multinomial(far + 1e-12, 1, generator=random)
        centres = torch.cat([centres, rows[chosen]])
    for _ in range(ROUNDS):
        members = torch.nn.functional.one_hot(nearest_index(rows, centres), count).to(rows.dtype)
        sizes = members.sum(dim=0)[:, None]
        centres = torch.where(sizes > 0, members.T @ rows / sizes.clamp(min=1), centres)
    return centres


def shares(rows: Tensor, centres: Tensor) -> Tensor:
    """The share of the rows in each cell, (k,)."""
    return torch.bincount(nearest_index(rows, centres), minlength=len(centres)).float() / len(rows)


def entropy(share: Tensor) -> float:
    """The entropy of shares (k,), in nats."""
    return float(torch.special.entr(share).sum())


def neighbour_accuracy(real: Tensor, fake: Tensor) -> float:
    """How often a row's nearest neighbour among all others is of its own set.

    .5 when samples are as real rows, 1 when every row sees only its own kind; less than .5 when
    each sample sits beside a real row (Lopez-Paz & Oquab 2017, the 1-nearest-neighbour test).
    """
    n = min(len(real), len(fake))
    both = torch.cat([real[:n], fake[:n]])
    distance = torch.cdist(both, both).fill_diagonal_(math.inf)
    is_fake = torch.arange(2 * n, device=both.device) >= n
    return float((is_fake[distance.argmin(dim=1)] == is_fake).float().mean())


@dataclass(frozen=True)
class Ruler:
    """Real rows, and what distances among them usually are.

    Attributes:
        real: (n, d); real_spread: the mean distance of two of them.
        directions: (d, k), of length 1.
        floor: their sliced distance to as many other real rows.
        centres: (c, d) of cells; cell_shares: the share of the real rows in each, (c,).
        usual: the median distance of a real row to the nearest training row, or None.
    """

    real: Tensor
    real_spread: float
    directions: Tensor
    floor: float
    centres: Tensor
    cell_shares: Tensor
    usual: float | None

    @classmethod
    def of(
        cls, real: Tensor, some: Tensor, others: Tensor, between: Tensor,
        cells: int, directions: int, random: torch.Generator,
    ) -> Ruler:  # fmt: skip
        """Learn what is usual: `some` real rows beside `others`; `between` real rows, (k,)."""
        towards = torch.randn(real.shape[1], directions, generator=random, device=real.device)
        towards = towards / towards.norm(dim=0)
        centres = centres_of(real, min(cells, max(1, len(real) // ROWS_PER_CELL)), random)
        usual = float(between.median()) if len(between) else None
        return cls(
            real,
            mean_distance(real),
            towards,
            sliced_distance(some, others, towards),
            centres,
            shares(real, centres),
            usual or None,  # rows that repeat exactly measure nothing
        )

    def measure(self, fake: Tensor) -> dict[str, float]:
        """How samples (m, d) stand beside the real rows."""
        share = shares(fake, self.centres)
        missed = self.cell_shares[share < STARVED * self.cell_shares].sum()
        usual = entropy(self.cell_shares)
        far = sliced_distance(self.real, fake, self.directions)
        return {
            "distance": far / self.floor if self.floor else math.nan,
            "spread": mean_distance(fake) / self.real_spread if self.real_spread else math.nan,
            "cells_missed": float(missed),
            "cell_entropy": entropy(share) / usual if usual else math.nan,
            "neighbour_accuracy": neighbour_accuracy(self.real, fake),
        }


def copying(fake: Tensor, train: Tensor, ruler: Ruler) -> dict[str, float]:
    """How near samples lie to training rows, beside how near other real rows do."""
    if ruler.usual is None:
        return {}
    distance = nearest(fake, train)
    return {
        "nearness": float(distance.median()) / ruler.usual,
        "copies": float((distance < COPY * ruler.usual).float().mean()),
    }
