"""Every loss against its closed form, where D is very sure, sure of nothing and very wrong."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from sparring.objective.losses import LOSSES, LeastSquares, Loss, NonSaturating

GRID = list(itertools.product((-30.0, 0.0, 30.0), repeat=2))
Pair = tuple[Callable[[float, float], float], Callable[[float, float], float]]


def sp(t: float) -> float:
    """log(1 + e^t)"""
    return max(t, 0.0) + math.log1p(math.exp(-abs(t)))


# What D and what G minimise, of one real logit a and one fake logit b.
CLOSED_FORMS: dict[str, Pair] = {
    "minimax": (lambda a, b: sp(-a) + sp(b), lambda a, b: -sp(b)),
    "non-saturating": (lambda a, b: sp(-a) + sp(b), lambda a, b: sp(-b)),
    "least-squares": (lambda a, b: (a - 1) ** 2 / 2 + b**2 / 2, lambda a, b: (b - 1) ** 2 / 2),
    "hinge": (lambda a, b: max(1 - a, 0) + max(1 + b, 0), lambda a, b: -b),
    "wasserstein": (lambda a, b: b - a, lambda a, b: -b),
    "relativistic": (lambda a, b: sp(b - a), lambda a, b: sp(a - b)),
}


def test_every_loss_has_its_closed_form_here() -> None:
    assert CLOSED_FORMS.keys() == LOSSES.keys()


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize(("a", "b"), GRID)
def test_values_are_the_closed_forms(name: str, a: float, b: float) -> None:
    real, fake = torch.tensor([a]), torch.tensor([b])
    critic, generator = CLOSED_FORMS[name]
    loss = LOSSES[name]()
    assert loss.critic(real=real, fake=fake).item() == pytest.approx(critic(a, b), rel=1e-6, abs=0)
    got = loss.generator(real=real, fake=fake).item()
    assert got == pytest.approx(generator(a, b), rel=1e-6, abs=0)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("player", ["critic", "generator"])
@pytest.mark.parametrize(("a", "b"), GRID)
def test_slopes_are_those_of_the_closed_forms(name: str, player: str, a: float, b: float) -> None:
    real, fake = torch.tensor([a], requires_grad=True), torch.tensor([b], requires_grad=True)
    play = getattr(LOSSES[name](), player)
    slopes = torch.autograd.grad(play(real=real, fake=fake), (real, fake), allow_unused=True)
    form = CLOSED_FORMS[name][player == "generator"]
    step = 1e-3
    expected = (
        (form(a + step, b) - form(a - step, b)) / (2 * step),
        (form(a, b + step) - form(a, b - step)) / (2 * step),
    )
    for got, wanted in zip(slopes, expected, strict=True):
        assert (0.0 if got is None else got.item()) == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_means_over_pairs(name: str) -> None:
    logits = torch.tensor(GRID)
    critic, generator = CLOSED_FORMS[name]
    loss = LOSSES[name]()
    real, fake = logits[:, 0], logits[:, 1]
    expected = sum(critic(a, b) for a, b in GRID) / len(GRID)
    assert loss.critic(real=real, fake=fake).item() == pytest.approx(expected, rel=1e-6)
    expected = sum(generator(a, b) for a, b in GRID) / len(GRID)
    assert loss.generator(real=real, fake=fake).item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_a_critic_that_tells_them_apart_pays_less(name: str) -> None:
    loss = LOSSES[name]()
    high, low = torch.tensor([2.0]), torch.tensor([-2.0])
    assert loss.critic(real=high, fake=low) < loss.critic(real=low, fake=high)


@pytest.mark.parametrize("name", LOSSES)
def test_a_generator_pays_less_for_fakes_that_look_real(name: str) -> None:
    loss = LOSSES[name]()
    real = torch.zeros(1)
    good, bad = torch.tensor([0.5]), torch.tensor([-0.5])
    assert loss.generator(real=real, fake=good) < loss.generator(real=real, fake=bad)


@pytest.mark.parametrize(("a", "b"), GRID)
@pytest.mark.parametrize("name", ["non-saturating", "minimax"])
def test_smoothed_labels_of_cross_entropy(name: str, a: float, b: float) -> None:
    s = 0.1
    loss = LOSSES[name](label_smoothing=s)
    expected = (1 - s) * sp(-a) + s * sp(a) + sp(b)
    got = loss.critic(real=torch.tensor([a]), fake=torch.tensor([b])).item()
    assert got == pytest.approx(expected, rel=1e-6, abs=0)


def test_smoothed_cross_entropy_is_lowest_at_the_smoothed_label() -> None:
    a = torch.linspace(-6, 6, 2401)
    loss = NonSaturating(label_smoothing=0.1)
    fake = torch.zeros(1)
    values = torch.stack([loss.critic(real=x[None], fake=fake) for x in a])
    assert torch.sigmoid(a[values.argmin()]).item() == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize(("a", "b"), GRID)
def test_smoothed_labels_of_least_squares(a: float, b: float) -> None:
    loss = LeastSquares(label_smoothing=0.1)
    got = loss.critic(real=torch.tensor([a]), fake=torch.tensor([b])).item()
    assert got == pytest.approx(((a - 0.9) ** 2 + b**2) / 2, rel=1e-6, abs=0)


@pytest.mark.parametrize("name", [name for name, loss in LOSSES.items() if loss.smooths])
def test_the_generator_s_labels_are_never_smoothed(name: str) -> None:
    a, b = torch.tensor([0.3]), torch.tensor([-0.7])
    plain, smooth = LOSSES[name](), LOSSES[name](label_smoothing=0.3)
    assert plain.generator(real=a, fake=b) == smooth.generator(real=a, fake=b)


@pytest.mark.parametrize("loss", [loss() for loss in LOSSES.values()], ids=list(LOSSES))
def test_probabilities_rise_with_the_logits(loss: Loss) -> None:
    probability: Tensor = loss.probability(torch.linspace(-30, 30, 101))
    assert probability.min() >= 0
    assert probability.max() <= 1
    assert (probability.diff() >= 0).all()
    assert probability[0] < 0.01
    assert probability[-1] > 0.99


@pytest.mark.parametrize("name", LOSSES)
def test_at_equilibrium_no_other_critic_pays_less(name: str) -> None:
    loss, levels = LOSSES[name](), torch.linspace(-3, 3, 601, dtype=torch.float64)
    critic = torch.stack([loss.critic(real=t[None], fake=t[None]) for t in levels])
    best = levels[critic <= critic.min() + 1e-12]
    assert critic.min().item() == pytest.approx(loss.equilibrium.critic, abs=1e-9)
    generator = torch.stack([loss.generator(real=t[None], fake=t[None]) for t in best])
    if loss.equilibrium.generator is None:
        assert generator.max() - generator.min() > 1  # the best critics disagree
    else:
        for value in generator.tolist():
            assert value == pytest.approx(loss.equilibrium.generator, abs=1e-9)


@pytest.mark.parametrize("name", LOSSES)
def test_relative_losses_do_not_see_the_level_of_the_logits(name: str) -> None:
    loss, a, b = LOSSES[name](), torch.tensor([0.3, -1.0]), torch.tensor([0.9, 0.2])
    same = torch.isclose(loss.critic(real=a, fake=b), loss.critic(real=a + 5, fake=b + 5))
    assert same.item() == loss.relative
