"""The algorithm box."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from sparring.config import Config
from sparring.errors import DivergedError
from sparring.nets.base import Critic, Generator
from sparring.objective.objective import Objective, build_objective
from sparring.train.step import descend, frozen, train_step


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
    """One-dimensional players, plain gradient descent, and a count of what a step asked for."""

    def __init__(self, loss: str = "wasserstein", rate_g: float = 0.1, rate_d: float = 0.1) -> None:
        self.G, self.D = Shift(2.0), Slope(0.5)
        self.opt_g = torch.optim.SGD(self.G.parameters(), lr=rate_g)
        self.opt_d = torch.optim.SGD(self.D.parameters(), lr=rate_d)
        self.objective: Objective = build_objective(Config(loss=loss, penalty="none", gamma=0.0))
        self.asked: list[str] = []

    def next_real(self) -> tuple[Tensor, Tensor]:
        self.asked.append("real")
        return torch.full((4, 1), 5.0), torch.empty(4, 0)

    def next_latent(self) -> Tensor:
        self.asked.append("latent")
        return torch.full((4, 1), 1.0)

    def step(self, d_steps: int = 1) -> tuple[float, float]:
        losses = train_step(
            self.G, self.D, self.opt_g, self.opt_d, self.objective,
            self.next_real, self.next_latent, d_steps,
        )  # fmt: skip
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
    assert game.asked == ["real", "latent"] * (d_steps + 1)


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


def test_the_generator_s_update_leaves_no_gradient_in_the_critic() -> None:
    game = Game()
    game.step()
    assert game.D.w.grad is not None
    assert game.D.w.grad.item() == pytest.approx(-2.0), "that of its own loss, nothing added"


def test_the_critic_s_update_leaves_no_gradient_in_the_generator() -> None:
    game = Game()
    seen: list[Tensor | None] = []
    objective = game.objective
    original = objective.critic_loss

    def watched(*arguments: object) -> Tensor:
        loss = original(*arguments)
        seen.append(game.G.c.grad)
        return loss

    objective.critic_loss = watched
    game.step(3)
    assert seen == [None, None, None]


def test_losses_come_back_without_their_graph() -> None:
    game = Game()
    losses = train_step(
        game.G, game.D, game.opt_g, game.opt_d, game.objective,
        game.next_real, game.next_latent, 1,
    )  # fmt: skip
    assert not any(loss.requires_grad for loss in losses)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_a_loss_that_is_not_finite_stops_before_the_update(bad: float) -> None:
    weight = nn.Parameter(torch.tensor(3.0))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    descend(optimizer, weight * 2)
    kept = weight.item(), weight.grad.item() if weight.grad is not None else None
    with pytest.raises(DivergedError, match=f"a loss became {bad}"):
        descend(optimizer, weight * bad)
    assert (weight.item(), weight.grad.item() if weight.grad is not None else None) == kept


def test_descending_goes_down_and_forgets_the_gradient_before() -> None:
    weight = nn.Parameter(torch.tensor(3.0))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    for expected in (2.4, 1.92):
        descend(optimizer, weight**2)
        assert weight.item() == pytest.approx(expected)


def test_frozen_nets_give_no_gradients_and_thaw_afterwards() -> None:
    net = nn.Linear(2, 1)
    x = torch.ones(1, 2, requires_grad=True)
    with frozen(net):
        assert not any(p.requires_grad for p in net.parameters())
        net(x).sum().backward()
    assert x.grad is not None
    assert all(p.requires_grad and p.grad is None for p in net.parameters())


def test_frozen_nets_thaw_after_an_error() -> None:
    net = nn.Linear(2, 1)
    with pytest.raises(ZeroDivisionError), frozen(net):
        raise ZeroDivisionError
    assert all(p.requires_grad for p in net.parameters())
