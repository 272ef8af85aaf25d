"""The G that chooses among its rows."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from sparring.nets.base import Critic, Generator
from sparring.nets.selective import (
    CELLS,
    LARGEST,
    LEVELS,
    CalibratedGenerator,
    CellScore,
    Marks,
    PairScore,
    SelectiveGenerator,
    scores,
)


class Noise(Generator):
    """One number, then a category of two that follows its own noise."""

    latent_dim = 2

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        first = (z[:, 1] > 0).float()
        return torch.stack([z[:, 0], first, 1 - first], dim=1)


@pytest.fixture
def marks() -> Marks:
    rank = (torch.arange(CELLS) + 0.5) / CELLS
    return Marks((2 * rank).long()[None], rank[None] - 0.5, 2, 2)


def noise(net: Generator, n: int) -> Tensor:
    return torch.randn(n, net.latent_dim, generator=torch.Generator().manual_seed(0))


def test_marks_are_one_the_value_the_bin_and_the_rest(marks: Marks) -> None:
    x = torch.tensor([[-9.0, 1.0, 0.0], [9.0, 0.0, 1.0]])
    half = 0.5 - 0.5 / CELLS
    expected = [[1, -half, 1, 0, 1, 0], [1, half, 0, 1, 0, 1]]
    assert marks(x).tolist() == expected
    assert marks.width == 6


def test_scores_are_the_quadratic_form_within_a_bound() -> None:
    m, W = torch.tensor([[1.0, 2.0], [0.0, 3.0]]), torch.tensor([[1.0, 0.5], [0.0, 2.0]])
    assert scores(m, W / 1e4).tolist() == pytest.approx([10e-4, 18e-4], rel=1e-4)
    assert scores(m, -W * 1e4).tolist() == [-LARGEST, -LARGEST]


def test_without_weights_the_choice_is_by_chance(marks: Marks) -> None:
    net = SelectiveGenerator(Noise(), PairScore(marks), 4)
    rows = net(z := noise(net, 20_000), z[:, :0])
    assert rows[:, 0].mean().abs() < 0.03
    assert rows[:, 0].std() == pytest.approx(1, abs=0.03)
    assert rows[:, 1].mean() == pytest.approx(0.5, abs=0.02)


def test_odds_are_those_of_the_weights(marks: Marks) -> None:
    score = PairScore(marks)
    net = SelectiveGenerator(Noise(), score, 2)
    # Bent to 1: the first category is e times as likely to be kept.
    score.weights[4, 4] = LARGEST * math.atanh(1 / LARGEST)
    rows = net(z := noise(net, 20_000), z[:, :0])
    e = torch.e
    assert rows[:, 1].mean() == pytest.approx(1 / 4 + 1 / 2 * e / (1 + e), abs=0.015)
    assert torch.equal(rows, net(z, z[:, :0]))


def test_every_row_kept_is_one_that_was_made_for_its_place(marks: Marks) -> None:
    net = SelectiveGenerator(Noise(), PairScore(marks), 3)
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
