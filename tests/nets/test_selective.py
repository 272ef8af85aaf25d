"""The G that chooses among its rows."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from sparring.nets.base import Critic, Generator
from sparring.nets.selective import (
    GREYS,
    LEVELS,
    CalibratedGenerator,
    CellScore,
    MatchedGenerator,
    SelectiveGenerator,
)


class Noise(Generator):
    """One number, then a category of two that follows its own noise."""

    latent_dim = 2

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        first = (z[:, 1] > 0).float()
        return torch.stack([z[:, 0], first, 1 - first], dim=1)


def noise(net: Generator, n: int) -> Tensor:
    return torch.randn(n, net.latent_dim, generator=torch.Generator().manual_seed(0))


class Favour(nn.Module):
    """Odds of e to 1 for rows of the first category, or of 1."""

    def __init__(self, score: float) -> None:
        super().__init__()
        self.score = score

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.score * x[:, 1]


def test_without_a_score_the_choice_is_by_chance() -> None:
    net = SelectiveGenerator(Noise(), Favour(0.0), 4)
    rows = net(z := noise(net, 20_000), z[:, :0])
    assert rows[:, 0].mean().abs() < 0.03
    assert rows[:, 0].std() == pytest.approx(1, abs=0.03)
    assert rows[:, 1].mean() == pytest.approx(0.5, abs=0.02)


def test_odds_are_those_of_the_score() -> None:
    net = SelectiveGenerator(Noise(), Favour(1.0), 2)
    rows = net(z := noise(net, 20_000), z[:, :0])
    e = torch.e
    assert rows[:, 1].mean() == pytest.approx(1 / 4 + 1 / 2 * e / (1 + e), abs=0.015)
    assert torch.equal(rows, net(z, z[:, :0]))


def test_every_row_kept_is_one_that_was_made_for_its_place() -> None:
    net = SelectiveGenerator(Noise(), Favour(1.0), 3)
    z = noise(net, 50)
    made = [Noise()(part, part[:, :0]) for part in z[:, 3:].chunk(3, dim=1)]
    same = torch.stack([(net(z, z[:, :0]) == rows).all(1) for rows in made])
    assert same.any(0).all()


def test_a_cell_adds_its_weight_to_what_the_critic_says() -> None:
    class First(Critic):
        def forward(self, x: Tensor, y: Tensor) -> Tensor:
            return x[:, 0]

    score = CellScore(First(), 2, 2)
    score.centres.copy_(torch.tensor([[0.0, 0.0], [4.0, 0.0]]))
    score.weights.copy_(torch.tensor([1.0, -10.0]))
    x = torch.tensor([[1.0, 5.0], [3.0, 5.0]])
    assert score(x, x[:, :0]).tolist() == [2.0, -7.0]


def test_calibration_makes_numbers_normal_and_keeps_their_order() -> None:
    net = CalibratedGenerator(Noise(), 1)
    z = noise(net, 20_000)
    shifted = 0.3 * z[:, 0].sort().values + 2
    net.levels.copy_(torch.quantile(shifted[:, None], torch.linspace(0, 1, LEVELS), dim=0).T)
    rows = net(torch.stack([0.3 * z[:, 0] + 2, z[:, 1]], dim=1), z[:, :0])
    assert rows[:, 0].mean().abs() < 0.01
    assert rows[:, 0].std() == pytest.approx(1, abs=0.02)
    assert torch.corrcoef(torch.stack([rows[:, 0], z[:, 0]]))[0, 1] > 0.995
    assert torch.equal(rows[:, 1:], Noise()(z, z[:, :0])[:, 1:])


def test_calibration_holds_beyond_what_it_saw_and_where_nothing_moves() -> None:
    net = CalibratedGenerator(Noise(), 1)  # all its levels are 0
    rows = net(torch.tensor([[-9.0, 1.0], [0.0, 1.0], [9.0, 1.0]]), torch.empty(3, 0))
    assert torch.isfinite(rows).all()
    assert rows[0, 0] < rows[2, 0]


class Shown(Generator):
    """What is in z, as images of one row."""

    latent_dim = 3

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        return z.view(len(z), -1, 1, 3)


def test_matched_pixels_have_the_value_between_whose_bounds_they_lie() -> None:
    net = MatchedGenerator(Shown(), 2)
    net.values.copy_(torch.arange(GREYS))
    net.bounds[0] = torch.linspace(0, 1, GREYS - 1)
    net.bounds[1, :7], net.bounds[1, 7:] = -torch.inf, torch.inf  # value 7 alone
    z = torch.tensor([[-1.0, 0.0, 2.0, -1.0, 0.0, 2.0], [0.501, 1.0, 1.1, 9.0, 9.0, 9.0]])
    made = net(z, z[:, :0])
    assert made[:, 0, 0].tolist() == [[0, 0, 255], [128, 254, 255]]
    assert set(made[:, 1].flatten().tolist()) == {7}


def test_matched_pixels_that_are_not_finite_stay_so() -> None:
    z = torch.tensor([[torch.nan, torch.inf, 0.0]])
    made = MatchedGenerator(Shown(), 1)(z, z[:, :0])
    assert made.isfinite().flatten().tolist() == [False, False, True]
