"""Penalties against gradients that are known on paper."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from sparring.nets.base import Critic
from sparring.objective.penalties import PENALTIES, Seen

SHAPES = [(3,), (1, 3, 5), (3, 4, 2)]


class Linear(Critic):
    """D(x) = w.x + c: the slope is w everywhere."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.linspace(-1, 2, size))
        self.c = nn.Parameter(torch.tensor(3.0))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x.flatten(1) @ self.w + self.c


class Bowl(Critic):
    """D(x) = s |x|^2 / 2: the slope at x is s x."""

    def __init__(self, s: float) -> None:
        super().__init__()
        self.s = nn.Parameter(torch.tensor(s))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.s * x.flatten(1).square().sum(1) / 2


def see(D: Critic, real: Tensor, fake: Tensor, seed: int = 0) -> Seen:
    real, fake = real.clone().requires_grad_(), fake.clone().requires_grad_()
    y = real.new_empty(len(real), 0)
    share = torch.rand(len(real), generator=torch.Generator().manual_seed(seed))
    return Seen(real, fake, D(real, y), D(fake, y), lambda x: D(x, y), share)


def rows(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def gradient(penalty: Tensor, parameter: Tensor) -> Tensor:
    return torch.autograd.grad(penalty, parameter)[0]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("name", "times"), [("r1", 1), ("r2", 1), ("r1+r2", 2)])
def test_slope_penalties_of_a_linear_critic(
    shape: tuple[int, ...], name: str, times: int
) -> None:
    D = Linear(torch.Size(shape).numel())
    penalty = PENALTIES[name](see(D, rows(7, *shape), rows(7, *shape, seed=1)))
    # |w|^2 / 2, whose gradient in w is w
    assert penalty.item() == pytest.approx(times * D.w.square().sum().item() / 2, rel=1e-5)
    torch.testing.assert_close(gradient(penalty, D.w), times * D.w)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ["r1", "r2", "r1+r2"])
def test_slope_penalties_of_a_quadratic_critic(shape: tuple[int, ...], name: str) -> None:
    D = Bowl(1.7)
    real, fake = rows(7, *shape), 2 * rows(7, *shape, seed=1)
    penalty = PENALTIES[name](see(D, real, fake))
    squares = {
        "r1": real.flatten(1).square().sum(1).mean().item(),
        "r2": fake.flatten(1).square().sum(1).mean().item(),
    }
    squares["r1+r2"] = squares["r1"] + squares["r2"]
    # s^2 E|x|^2 / 2, whose derivative in s is s E|x|^2
    assert penalty.item() == pytest.approx(1.7**2 * squares[name] / 2, rel=1e-5)
    assert gradient(penalty, D.s).item() == pytest.approx(1.7 * squares[name], rel=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_gradient_penalty_of_a_linear_critic(shape: tuple[int, ...]) -> None:
    D = Linear(torch.Size(shape).numel())
    penalty = PENALTIES["gp"](see(D, rows(7, *shape), rows(7, *shape, seed=1)))
    norm = D.w.norm().item()
    # (|w| - 1)^2, whose gradient in w is 2 (|w| - 1) w / |w|
    assert penalty.item() == pytest.approx((norm - 1) ** 2, rel=1e-5)
    torch.testing.assert_close(gradient(penalty, D.w), 2 * (norm - 1) * D.w.detach() / norm)


@pytest.mark.parametrize("shape", SHAPES)
def test_gradient_penalty_takes_a_norm_for_each_row(shape: tuple[int, ...]) -> None:
    x = rows(7, *shape)
    D = Bowl(1.0)
    # Between a row and itself lies only the row, where the slope's norm is |x|.
    penalty = PENALTIES["gp"](see(D, x, x))
    norms = x.flatten(1).norm(dim=1)
    assert penalty.item() == pytest.approx((norms - 1).square().mean().item(), rel=1e-5)
    expected = (2 * (norms - 1) * norms).mean().item()
    assert gradient(penalty, D.s).item() == pytest.approx(expected, rel=1e-4)
    whole_batch = (x.norm().item() - 1) ** 2
    assert abs(penalty.item() - whole_batch) > 1


@pytest.mark.parametrize("shape", SHAPES)
def test_gradient_penalty_looks_between_the_rows_of_a_pair(shape: tuple[int, ...]) -> None:
    seen_at: list[Tensor] = []

    class Spy(Linear):
        def forward(self, x: Tensor, y: Tensor) -> Tensor:
            seen_at.append(x.detach())
            return super().forward(x, y)

    D = Spy(torch.Size(shape).numel())
    real, fake = rows(50, *shape), rows(50, *shape, seed=1)
    PENALTIES["gp"](see(D, real, fake))
    share = ((seen_at[-1] - real) / (fake - real)).flatten(1)
    torch.testing.assert_close(share, share.median(1, keepdim=True).values.expand_as(share),
                               atol=1e-2, rtol=0)  # fmt: skip
    one = share.median(1).values
    assert one.min() >= 0
    assert one.max() <= 1
    assert one.std() > 0.2


def test_gradient_penalty_depends_on_the_shares_alone() -> None:
    D, real, fake = Bowl(1.0), rows(7, 3), rows(7, 3, seed=1)
    values = [PENALTIES["gp"](see(D, real, fake, seed)).item() for seed in (0, 0, 1)]
    assert values[0] == values[1] != values[2]


def test_gradient_penalty_of_a_flat_critic_is_one_with_a_finite_gradient() -> None:
    D = Bowl(0.0)
    penalty = PENALTIES["gp"](see(D, rows(7, 3), rows(7, 3, seed=1)))
    assert penalty.item() == pytest.approx(1, abs=1e-5)
    assert torch.isfinite(gradient(penalty, D.s))


def test_no_penalty_is_nothing() -> None:
    assert PENALTIES["none"](see(Bowl(1.0), rows(7, 3), rows(7, 3))).item() == 0


@pytest.mark.parametrize("name", PENALTIES)
def test_no_penalty_is_negative(name: str) -> None:
    for s in (0.0, 0.5, 10.0):
        assert PENALTIES[name](see(Bowl(s), rows(7, 3), rows(7, 3, seed=1))).item() >= 0
