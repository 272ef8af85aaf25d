"""What is put on a trained G: a choice among its rows, a calibration of numbers or of pixels."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sparring.nearest import nearest_index
from sparring.nets.base import Critic, Generator

LEVELS = 513  # quantiles of a number
GREYS = 256  # values of a pixel


class CellScore(nn.Module):
    """s of points: D's logit, scaled, and a number for the cell that a point lies in.

    D tells which points are between the modes, but its penalties keep its logit small, and it
    hardly tells that a mode has a tenth too many.

    Args:
        D: of the run.
        cells: how many; dim: of a point.

    Attributes:
        centres: a point (cells, d) lies in the cell of the nearest one.
        weights: what each cell adds, (cells,); 0 leaves the choice to D.
        scale: of D's logit.
    """

    centres: Tensor
    weights: Tensor
    scale: Tensor

    def __init__(self, D: Critic, cells: int, dim: int) -> None:
        super().__init__()
        self.D = D
        self.register_buffer("centres", torch.zeros(cells, dim))
        self.register_buffer("weights", torch.zeros(cells))
        self.register_buffer("scale", torch.ones(()))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        score: Tensor = self.scale * self.D(x, y) + self.weights[self.cell_of(x)]
        return score

    def cell_of(self, x: Tensor) -> Tensor:
        """The number of the cell of each point, (n,)."""
        return nearest_index(x, self.centres)


class SelectiveGenerator(Generator):
    """Of K rows that G makes for the same conditions, one, chosen with odds exp(s).

    Where s is the logarithm of how much too rare G makes such rows, the rows chosen come closer to
    the real distribution, the more of them there are to choose from. D's logit is that logarithm,
    up to a constant, for the best D under a loss of logistic form (Azadi et al. 2019,
    Discriminator Rejection Sampling; here nothing is rejected without end). The noise of all K
    rows and of the choice is in z, so that this G is a function, too.

    Args:
        base: makes the candidates.
        score: (rows (n, ...), conditions (n, k)) -> s (n,): D or a CellScore.
        candidates: K, at least 2.
    """

    def __init__(self, base: Generator, score: nn.Module, candidates: int) -> None:
        super().__init__()
        self.base, self.score, self.candidates = base, score, candidates
        self.latent_dim = candidates * (base.latent_dim + 1)

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        noise, z = z[:, : self.candidates], z[:, self.candidates :]
        rows, odds = [], []
        for part in z.chunk(self.candidates, dim=1):
            rows.append(self.base(part, y))
            odds.append(self.score(rows[-1], y))
        uniform = torch.special.ndtr(noise).clamp(1e-6, 1 - 1e-6)
        # The largest of log-odds + Gumbel noise is a draw by the odds.
        best = (torch.stack(odds, 1) - torch.log(-torch.log(uniform))).argmax(1)
        return torch.stack(rows, 1)[torch.arange(len(z), device=z.device), best]


class CalibratedGenerator(Generator):
    """G, with each number of a row brought to the normal distribution that training rows have.

    A number's rank among those that the base makes becomes its normal score, so order and
    dependence stay.

    Args:
        base: begins its rows with the numbers.
        numbers: how many.

    Attributes:
        levels: quantiles of what the base makes, at equal steps of the rank, (numbers, LEVELS).
    """

    levels: Tensor

    def __init__(self, base: Generator, numbers: int) -> None:
        super().__init__()
        self.base = base
        self.latent_dim = base.latent_dim
        self.register_buffer("levels", torch.zeros(numbers, LEVELS))

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        row: Tensor = self.base(z, y)
        count = len(self.levels)
        x, rest = row[:, :count].T.contiguous(), row[:, count:]
        after = torch.searchsorted(self.levels, x).clamp(1, LEVELS - 1)
        low, high = self.levels.gather(1, after - 1), self.levels.gather(1, after)
        share = ((x - low) / (high - low).clamp(min=1e-9)).clamp(0, 1)
        rank = ((after - 1 + share) / (LEVELS - 1)).double().clamp(1e-6, 1 - 1e-6)
        return torch.cat([torch.special.ndtri(rank).to(row.dtype).T, rest], dim=1)


class MatchedGenerator(Generator):
    """G, with the values of its pixels brought to the histogram of training images.

    A pixel's rank among those that the base makes becomes the value that has this rank in training
    images (histogram matching; Gonzalez & Woods, Digital Image Processing, 3.3). So light and dark
    stay in order, values that no training image has are not made, and black is as black.

    Args:
        base: makes images (n, c, h, w).
        channels: c.

    Attributes:
        bounds: the largest that becomes each value but the last, ascending, (c, GREYS - 1).
        values: from black to white as the nets see them, (GREYS,).
    """

    bounds: Tensor
    values: Tensor

    def __init__(self, base: Generator, channels: int) -> None:
        super().__init__()
        self.base = base
        self.latent_dim = base.latent_dim
        self.register_buffer("bounds", torch.zeros(channels, GREYS - 1))
        self.register_buffer("values", torch.zeros(GREYS))

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        pixels = self.base(z, y).float().movedim(1, 0).contiguous()
        places = torch.searchsorted(self.bounds, pixels.flatten(1)).view(pixels.shape)
        # What is not finite stays so, for who samples to see.
        return torch.where(pixels.isfinite(), self.values[places], pixels).movedim(0, 1)
