"""What counts as a run that diverges."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sparring.errors import DivergedError
from sparring.train.watch import FIRST, LASTING, Watch


def usual(steps: int, size: float = 1.0, seed: int = 0) -> list[float]:
    """Gradient norms as they scatter in a healthy run."""
    return (size * np.random.default_rng(seed).lognormal(0, 0.5, steps)).tolist()


def watched(norms: list[float], watch: Watch | None = None) -> Watch:
    """The norms of G seen one by one, beside a quiet D."""
    watch = watch or Watch(explosions=True)
    for norm in norms:
        watch.check([0.7, 0.7], [1.0, norm])
    return watch


@pytest.mark.parametrize(
    ("losses", "norms", "message"),
    [
        ([math.nan, 0.7], [1.0, 1.0], "the critic's loss became nan"),
        ([0.7, math.inf], [1.0, 1.0], "the generator's loss became inf"),
        ([0.7, 0.7], [1.0, math.inf], "the generator's gradient norm became inf"),
    ],
)
def test_a_number_that_is_not_finite(
    losses: list[float], norms: list[float], message: str
) -> None:
    for explosions in (True, False):
        with pytest.raises(DivergedError, match=message):
            Watch(explosions).check(losses, norms)


def test_a_gradient_that_stays_ten_times_as_large_is_an_explosion() -> None:
    watch = watched(usual(FIRST))
    watched([11.0] * (LASTING - 1), watch)
    with pytest.raises(DivergedError, match="generator's gradient norm became 12, its median was"):
        watched([12.0], watch)
    quiet = Watch(explosions=False)
    watched(usual(FIRST) + [1e6] * 10, quiet)


def test_single_spikes_are_none() -> None:
    spiked = usual(5_000)
    for i in range(FIRST, 5_000, 50):
        spiked[i] = spiked[i + 1] = 80.0
    watched(spiked)


def test_a_gradient_that_shrank_may_grow_again() -> None:
    # As a run of moons over 10,000 steps: its median went from .09 to .005 and back to .5.
    watched(usual(600, 0.09) + usual(4_000, 0.005) + usual(20, 0.2) + usual(600, 0.4))
    with pytest.raises(DivergedError):
        watched(usual(600, 0.09) + usual(4_000, 0.005) + [1.5, 3.0, 6.0] * LASTING)


def test_it_goes_on_where_it_was() -> None:
    norms = usual(777) + [11.0] * (LASTING - 1)
    first = watched(norms)
    second = Watch(explosions=True)
    second.load_state_dict(first.state_dict())
    assert second.state_dict() == first.state_dict()
    for watch in (first, second):
        with pytest.raises(DivergedError):
            watched([11.0], watch)
