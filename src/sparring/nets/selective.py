"""What is put on a trained G: a choice among its rows, and a calibration of numbers of tables."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sparring.nets.base import Critic, Generator

LEVELS = 513  # quantiles of a number
LARGEST = 5.0  # score of a row: odds of 150 to 1 are enough
CELLS = 4096  # steps of a rank at which the marks of a number are known


class Marks(nn.Module):
    """What is seen of a row: its categories, and of each number in which bin it is and its value.

    rows (n, d) -> (n, width), a 1 first.

    Args:
        places: the bin of each number at each of CELLS equal steps of its rank, (numbers, CELLS).
        values: its value there, standardised, likewise.
        bins: how many there are of each number.
        rest: how many entries of a row are not numbers.
    """

    places: Tensor
    values: Tensor

    def __init__(self, places: Tensor, values: Tensor, bins: int, rest: int) -> None:
        super().__init__()
        # What the encoding tells anyway is not saved with the weights.
        self.register_buffer("places", places, persistent=False)
        self.register_buffer("values", values.float(), persistent=False)
        self.bins = bins
        self.width = 1 + len(places) * (1 + bins) + rest

    def forward(self, x: Tensor) -> Tensor:
        numbers = len(self.places)
        cell = (torch.special.ndtr(x[:, :numbers]) * CELLS).long().clamp(max=CELLS - 1)
        column = torch.arange(numbers, device=x.device)
        place, value = self.places[column, cell], self.values[column, cell]
        hot = x.new_zeros(*place.shape, self.bins).scatter_(2, place[:, :, None], 1.0)
        one = torch.ones_like(x[:, :1])
        return torch.cat([one, value, hot.flatten(1), x[:, numbers:]], dim=1)


class PairScore(nn.Module):
    """s of rows of a table: a log-linear model of all pairs of a row's marks, see `scores`.

    Attributes:
        weights: W, (width, width); 0 is a choice by chance.
    """

    weights: Tensor

    def __init__(self, marks: Marks) -> None:
        super().__init__()
        self.marks = marks
        self.register_buffer("weights", torch.zeros(marks.width, marks.width))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return scores(self.marks(x), self.weights)


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
        return torch.cdist(x, self.centres).argmin(dim=1)


class SelectiveGenerator(Generator):
    """Of K rows that G makes for the same conditions, one, chosen with odds exp(s).

    Where s is the logarithm of how much too rare G makes such rows, the rows chosen come closer to
    the real distribution, the more of them there are to choose from. D's logit is that logarithm,
    up to a constant, for the best D under a loss of logistic form (Azadi et al. 2019,
    Discriminator Rejection Sampling; here nothing is rejected without end). The noise of all K
    rows and of the choice is in z, so that this G is a function, too.

    Args:
        base: makes the candidates.
        score: (rows (n, ...), conditions (n, k)) -> s (n,): D, a CellScore or a PairScore.
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


def scores(marks: Tensor, weights: Tensor) -> Tensor:
    """s = m' W m of each row of marks (n, width), bent to stay within LARGEST of 0: (n,)."""
    raw = ((marks @ weights) * marks).sum(1)
    return LARGEST * torch.tanh(raw / LARGEST)
