"""The nets: closed forms of their losses and draws, and that they learn."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
import torch
from torch import Tensor

from sparring.baselines.flow import STEPS, Flow, Velocity
from sparring.baselines.nets import NetBaseline
from sparring.baselines.vae import LEAST_VARIANCE, VAE, Autoencoder
from sparring.errors import DivergedError
from sparring.nets.base import Shape

BOTH = pytest.mark.parametrize("kind", [VAE, Flow])
MIXED = Shape((6,), 2, (3, 2))


def mixed(n: int = 256) -> tuple[np.ndarray, np.ndarray]:
    """A number that the label moves, and two one-hot groups that repeat the label."""
    random = np.random.default_rng(0)
    y = random.integers(2, size=n)
    number = 2.0 * y - 1 + 0.1 * random.normal(size=n)
    return np.hstack([number[:, None], np.eye(3)[2 * y], np.eye(2)[y]]), y


def zeroed(net: torch.nn.Module) -> None:
    for parameter in net.parameters():
        torch.nn.init.zeros_(parameter)


@BOTH
@pytest.mark.usefixtures("ticking")
def test_the_same_steps_give_the_same_samples(kind: type[NetBaseline]) -> None:
    x, y = mixed()
    state = torch.get_rng_state()
    drawn = []
    for _ in range(2):
        baseline = kind(MIXED)
        baseline.fit(x, y, 3, 5.0)
        drawn.append(baseline.sample(10, y[:10], 4))
    np.testing.assert_array_equal(*drawn)
    assert not np.array_equal(drawn[0], baseline.sample(10, y[:10], 5))
    assert torch.equal(state, torch.get_rng_state()), "the global random state was touched"


@BOTH
@pytest.mark.usefixtures("ticking")
def test_it_learns_numbers_categories_and_labels(kind: type[NetBaseline]) -> None:
    x, y = mixed()
    baseline = kind(MIXED)
    baseline.fit(x, y, 0, 500.0)
    asked = np.arange(400) % 2
    samples = baseline.sample(400, asked, 1)
    for label in (0, 1):
        mine = samples[asked == label]
        np.testing.assert_allclose(mine[:, 0].mean(), 2 * label - 1, atol=0.25)
        assert (mine[:, 1:4].argmax(1) == 2 * label).mean() > 0.95
        assert (mine[:, 4:].argmax(1) == label).mean() > 0.95


@BOTH
def test_it_trains_as_long_as_it_may(kind: type[NetBaseline]) -> None:
    x, y = mixed()
    for seconds in (0.0, 0.3):
        before = time.perf_counter()
        baseline = kind(MIXED)
        baseline.fit(x, y, 0, seconds)
        assert seconds <= time.perf_counter() - before < seconds + 5
        assert np.isfinite(baseline.sample(3, y[:3], 0)).all(), "one step is made at least"


@BOTH
@pytest.mark.usefixtures("ticking")
def test_a_loss_that_is_not_finite_is_told(kind: type[NetBaseline]) -> None:
    x, y = mixed()
    x[0, 0] = 1e30
    with pytest.raises(DivergedError):
        kind(MIXED).fit(x, y, 0, 3.0)


def test_the_bound_of_an_autoencoder_that_knows_nothing() -> None:
    net = Autoencoder(MIXED)
    zeroed(net)
    x, y = mixed()
    loss = net.loss(
        torch.from_numpy(x).float(), torch.eye(2)[y].float(), torch.Generator().manual_seed(0)
    )
    # No divergence from the prior; the number around 0 with its own variance; uniform categories.
    expected = math.log(np.square(x[:, 0]).mean()) / 2 + math.log(3) + math.log(2)
    np.testing.assert_allclose(loss.item(), expected, rtol=1e-5)


def test_the_divergence_of_an_autoencoder() -> None:
    net = Autoencoder(Shape((2,)))
    zeroed(net)
    torch.nn.init.constant_(net.encoder[-1].bias, 0.5)  # mean and log-variance of both latents
    x = torch.ones(8, 2)
    loss = net.loss(x, torch.empty(8, 0), torch.Generator().manual_seed(0))
    divergence = 2 * (0.5**2 + math.exp(0.5) - 1 - 0.5) / 2
    np.testing.assert_allclose(loss.item(), divergence, rtol=1e-5)


def test_a_column_that_never_moves_has_no_endless_likelihood() -> None:
    net = Autoencoder(Shape((1,)))
    zeroed(net)
    loss = net.loss(torch.zeros(4, 1), torch.empty(4, 0), torch.Generator().manual_seed(0))
    np.testing.assert_allclose(loss.item(), math.log(LEAST_VARIANCE) / 2)


def test_points_are_drawn_with_their_noise_and_images_without() -> None:
    points, images = Autoencoder(Shape((4,))), Autoencoder(Shape((1, 2, 2)))
    for net in (points, images):
        zeroed(net)
        net.variance.fill_(0.25)
    y = torch.empty(20_000, 0)
    with torch.no_grad():
        grain = points.draw(y, torch.Generator().manual_seed(0))
        pictures = images.draw(y, torch.Generator().manual_seed(0))
    np.testing.assert_allclose(grain.std(0), 0.5, atol=0.02)
    assert not pictures.any()


class Known(Velocity):
    """A velocity in closed form: dx/dt = a x."""

    def forward(self, x: Tensor, t: Tensor, y: Tensor) -> Tensor:
        return -2.0 * x


def test_a_flow_follows_its_velocity() -> None:
    net = Known(Shape((2,)))
    y = torch.empty(50, 0)
    z = torch.randn(50, 2, generator=torch.Generator().manual_seed(0))
    x = net.draw(y, torch.Generator().manual_seed(0))
    torch.testing.assert_close(x, z * (1 - 2 / STEPS + 2 / STEPS**2) ** STEPS)
    torch.testing.assert_close(x, z * math.exp(-2), rtol=2e-3, atol=0)


def test_the_loss_of_a_flow_that_stands_still() -> None:
    net = Velocity(Shape((3,)))
    zeroed(net)
    x = torch.full((20_000, 3), 2.0)
    loss = net.loss(x, torch.empty(20_000, 0), torch.Generator().manual_seed(0))
    np.testing.assert_allclose(loss.item(), 2.0**2 + 1, atol=0.05)  # E (x - z)^2


def test_the_regression_of_a_flow_is_on_the_straight_line() -> None:
    class Straight(Velocity):
        """To the one row there is: v(x_t, t) = (row - x_t) / (1 - t)."""

        def forward(self, x: Tensor, t: Tensor, y: Tensor) -> Tensor:
            return (2.0 - x) / (1 - t)

    loss = Straight(Shape((3,))).loss(
        torch.full((500, 3), 2.0), torch.empty(500, 0), torch.Generator().manual_seed(0)
    )
    np.testing.assert_allclose(loss.item(), 0, atol=1e-5)
