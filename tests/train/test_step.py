"""The algorithm box."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from sparring.config import Config
from sparring.nets.base import Critic, Generator
from sparring.objective.objective import build_objective
from sparring.train.player import Player
from sparring.train.step import Batch, slope, slopes, train_step


class Shift(Generator):
    """G(z) = z + c"""

    latent_dim = 1

    def __init__(self, c: float) -> None:
        super().__init__()
        self.c = nn.Parameter(torch.tensor(c))

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        return z + self.c


class Slope(Critic):
    """D(x) = w x"""

    def __init__(self, w: float) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.tensor(w))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.w * x[:, 0]


class Game:
    """One-dimensional players, plain gradient descent, and a count of the batches asked for."""

    def __init__(self, loss: str = "wasserstein", rate_g: float = 0.1, rate_d: float = 0.1) -> None:
        self.G, self.D = Shift(2.0), Slope(0.5)
        config = Config(loss=loss, penalty="none", gamma=0.0, optimizer="sgd")
        self.player_g, self.player_d = Player(self.G, config), Player(self.D, config)
        self.player_g.set_rates(rate_g, 0.9)
        self.player_d.set_rates(rate_d, 0.9)
        self.slopes = slopes(self.G, self.D, build_objective(config))
        self.asked = 0

    def next_batch(self) -> Batch:
        self.asked += 1
        none = torch.empty(4, 0)
        return Batch(torch.full((4, 1), 5.0), none, torch.full((4, 1), 1.0), torch.empty(0))

    def step(self, d_steps: int = 1) -> tuple[float, float]:
        losses = train_step(self.player_d, self.player_g, *self.slopes, self.next_batch, d_steps)
        assert not any(loss.requires_grad for loss in losses)
        return losses[0].item(), losses[1].item()

    @property
    def state(self) -> tuple[float, float]:
        return self.G.c.item(), self.D.w.item()


def test_one_step_by_hand() -> None:
    game = Game()
    critic_loss, generator_loss = game.step()
    # D: w(3 - 5) = -1, slope -2, so w = 0.7; then G: -w(1 + c) = -2.1, slope -0.7, so c = 2.07.
    assert critic_loss == pytest.approx(-1.0)
    assert generator_loss == pytest.approx(-2.1)
    assert game.state == pytest.approx((2.07, 0.7))


@pytest.mark.parametrize("d_steps", [1, 2, 5])
def test_d_steps_counts_the_critic_s_updates(d_steps: int) -> None:
    game = Game(rate_g=0.0)
    game.step(d_steps)
    assert game.D.w.item() == pytest.approx(0.5 + 0.2 * d_steps)
    assert game.asked == d_steps + 1


@pytest.mark.parametrize("loss", ["wasserstein", "relativistic"])
def test_each_player_moves_only_in_its_own_update(loss: str) -> None:
    game = Game(loss, rate_d=0.0)
    game.step()
    assert game.D.w.item() == 0.5
    assert game.G.c.item() != 2.0
    game = Game(loss, rate_g=0.0)
    game.step()
    assert game.G.c.item() == 2.0
    assert game.D.w.item() != 0.5


def test_a_slope_is_that_of_one_net_only() -> None:
    one, other = nn.Linear(2, 1), nn.Linear(1, 1)
    loss, gradients = slope(other(one(torch.ones(1, 2))).sum(), one)
    assert not loss.requires_grad
    assert torch.equal(gradients[0], other.weight.detach().expand(1, 2))
    assert torch.equal(gradients[1], other.weight.detach()[0])
    assert all(p.grad is None for net in (one, other) for p in net.parameters())


def test_a_parameter_that_the_loss_does_not_reach_has_the_slope_zero() -> None:
    net = nn.ModuleDict({"used": nn.Linear(1, 1), "idle": nn.Linear(1, 1)})
    _, gradients = slope(net["used"](torch.ones(1, 1)).sum(), net)
    assert [g.item() for g in gradients] == [1, 1, 0, 0]
