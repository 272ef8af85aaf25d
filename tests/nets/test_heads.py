"""Hard categories with soft gradients."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from sparring.nets.heads import OneHotHead, harden

SIZES = (3, 1, 5)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_groups_are_exactly_one_hot(dtype: torch.dtype, scale: float) -> None:
    head = OneHotHead(2, SIZES)
    raw = (scale * normal(2000, 11)).to(dtype)
    out = head(raw, normal(2000, 9, seed=1))
    assert torch.equal(out[:, :2], raw[:, :2].to(out.dtype))
    for group in torch.split(out[:, 2:], list(SIZES), 1):
        assert ((group == 0) | (group == 1)).all()
        assert (group.sum(1) == 1).all()


def test_gradients_are_those_of_the_softmax() -> None:
    head = OneHotHead(2, SIZES, temperature=0.7)
    raw, noise, weight = normal(50, 11).requires_grad_(), normal(50, 9, seed=1), normal(11, seed=2)
    (got,) = torch.autograd.grad((head(raw, noise) * weight).sum(), raw)
    uniform = torch.special.ndtr(noise)
    gumbel = -torch.log(-torch.log(uniform))
    soft = [
        ((logits + g) / 0.7).softmax(1)
        for logits, g in zip(
            torch.split(raw[:, 2:], list(SIZES), 1), torch.split(gumbel, list(SIZES), 1),
            strict=True,
        )
    ]  # fmt: skip
    relaxed = torch.cat([raw[:, :2], *soft], 1)
    (expected,) = torch.autograd.grad((relaxed * weight).sum(), raw)
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=1e-4)


def test_categories_are_drawn_at_the_softmax_of_the_logits() -> None:
    logits = torch.tensor([1.0, 0.0, -1.0, 0.5])
    n = 40_000
    drawn = OneHotHead(0, (4,))(logits.expand(n, 4), normal(n, 4)).mean(0)
    # five standard errors
    torch.testing.assert_close(drawn, logits.softmax(0), atol=5 * (0.25 / n) ** 0.5, rtol=0)


def test_extreme_noise_stays_finite() -> None:
    noise = torch.tensor([[-40.0, 40.0, 0.0]])
    raw = torch.zeros(1, 3, requires_grad=True)
    out = OneHotHead(0, (3,))(raw, noise)
    assert out.tolist() == [[0.0, 1.0, 0.0]]
    (gradient,) = torch.autograd.grad(out[0, 1], raw)
    assert torch.isfinite(gradient).all()


def test_only_numbers_pass_through_the_activation() -> None:
    raw, noise = 50 * normal(100, 5), normal(100, 3, seed=1)
    plain, bounded = OneHotHead(2, (3,))(raw, noise), OneHotHead(2, (3,), nn.Tanh())(raw, noise)
    assert torch.equal(bounded[:, :2], raw[:, :2].tanh())
    assert torch.equal(bounded[:, 2:], plain[:, 2:])


def test_rows_without_categories_pass() -> None:
    head = OneHotHead(4, ())
    raw = normal(5, 4)
    assert head.noise_dim == 0
    assert torch.equal(head(raw, torch.empty(5, 0)), raw)


def test_hardening_picks_the_largest() -> None:
    assert harden(torch.tensor([[0.1, 0.3, 0.2]])).tolist() == [[0.0, 1.0, 0.0]]


def test_noisy_numbers_are_drawn_around_their_means() -> None:
    head = OneHotHead(2, SIZES, nn.Tanh(), noisy=True)
    assert (head.noise_dim, head.raw_dim) == (11, 13)
    raw, noise = normal(50, 13), normal(50, 11, seed=1)
    out = head(raw, noise)
    assert torch.equal(out[:, :2], (raw[:, :2] + raw[:, 11:] * noise[:, 9:]).tanh())
    assert torch.equal(out[:, 2:], OneHotHead(2, SIZES)(raw[:, :11], noise[:, :9])[:, 2:])


def test_deviations_get_a_gradient() -> None:
    raw, noise = normal(50, 4).requires_grad_(), normal(50, 2, seed=1)
    (gradient,) = torch.autograd.grad(OneHotHead(2, (), noisy=True)(raw, noise).sum(), raw)
    assert torch.equal(gradient, torch.cat([torch.ones(50, 2), noise], 1))


@pytest.mark.parametrize("trained", [False, True])
def test_what_is_not_finite_stays_so(trained: bool) -> None:
    logits = torch.tensor([[0.0, 1.0], [torch.nan, 0.0], [0.0, torch.inf]], requires_grad=trained)
    rows = harden(logits)
    assert rows[0].tolist() == [0.0, 1.0]
    assert rows[1:].isfinite().all(1).tolist() == [False, False]
