from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparring.data.toys import GRID, RADIAL_GAUSSIANS, TOYS, TWO_GAUSSIANS

MIXTURES = [name for name, toy in TOYS.items() if toy.modes is not None]


@pytest.mark.parametrize("name", TOYS)
@settings(max_examples=15)
@given(n=st.integers(1, 100), seed=st.integers(0, 2**32))
def test_exactly_n_finite_points(name: str, n: int, seed: int) -> None:
    x, y = TOYS[name].draw(n, np.random.default_rng(seed))
    assert x.shape == (n, 2)
    assert x.dtype == np.float32
    assert np.isfinite(x).all()
    assert y is None or (y.shape == (n,) and y.dtype == np.int64)


@pytest.mark.parametrize("name", TOYS)
def test_the_seed_decides_the_points(name: str) -> None:
    first, again, other = (TOYS[name].draw(50, np.random.default_rng(s))[0] for s in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("name", MIXTURES)
def test_a_mixture_knows_its_modes(name: str) -> None:
    modes = TOYS[name].modes
    assert modes is not None
    n = 50_000
    x, y = TOYS[name].draw(n, np.random.default_rng(0))
    assert y is not None
    assert modes.weights.sum() == pytest.approx(1)
    for k, (centre, covariance, weight) in enumerate(
        zip(modes.centres, modes.covariances, modes.weights, strict=True)
    ):
        own = x[y == k].astype(float)
        # Five standard errors of a mean and, roughly, of a (co)variance.
        largest = np.linalg.eigvalsh(covariance).max()
        assert np.abs(own.mean(0) - centre).max() < 5 * np.sqrt(largest / len(own))
        assert np.abs(np.cov(own.T) - covariance).max() < 5 * largest * np.sqrt(2 / len(own))
        assert len(own) / n == pytest.approx(weight, abs=5 * np.sqrt(weight / n))


@pytest.mark.parametrize("name", ["moons", "circles", *MIXTURES])
def test_rows_come_in_random_order(name: str) -> None:
    _, y = TOYS[name].draw(2_000, np.random.default_rng(0))
    assert y is not None
    assert set(y[:500]) == set(y)
    assert abs(np.corrcoef(np.arange(2_000), y)[0, 1]) < 0.1


@pytest.mark.parametrize("n", [1, 2, 3, 100, 1_001])
def test_two_gaussians_has_a_third_of_the_first(n: int) -> None:
    _, y = TOYS["two-gaussians"].draw(n, np.random.default_rng(0))
    assert y is not None
    assert np.bincount(y, minlength=2).tolist() == [n // 3, n - n // 3]


@pytest.mark.parametrize("n", [1, 7, 8, 9, 1_003])
def test_radial_gaussians_drops_no_remainder(n: int) -> None:
    _, y = TOYS["radial-gaussians"].draw(n, np.random.default_rng(0))
    assert y is not None
    counts = np.bincount(y, minlength=8)
    assert counts.sum() == n
    assert counts.max() - counts.min() <= 1
    assert (np.diff(counts) <= 0).all()


def test_two_gaussians_multiplies_rows_by_the_published_matrices() -> None:
    modes = TWO_GAUSSIANS.modes()
    a = np.array([[0.05, -0.02], [-0.02, 0.4]])
    b = np.array([[0.3, 0.05], [0.05, 0.05]])
    assert np.allclose(modes.covariances, [a.T @ a, b.T @ b])
    assert modes.centres.tolist() == [[0, 1], [-1, 0]]


def test_radial_gaussians_follow_the_published_sampler() -> None:
    for k in range(8):
        theta = 2 * np.pi * k / 8
        radial = np.array([np.cos(theta), np.sin(theta)])
        tangential = np.array([-np.sin(theta), np.cos(theta)])
        intended = 0.3 * np.outer(radial, radial) + 0.05 * np.outer(tangential, tangential)
        factor = np.linalg.cholesky(intended)
        assert np.allclose(RADIAL_GAUSSIANS.centres[k], 3 * radial)
        assert np.allclose(RADIAL_GAUSSIANS.factors[k], factor)
        assert np.allclose(RADIAL_GAUSSIANS.modes().covariances[k], factor.T @ factor)
    # On the diagonals the multiplication from the right really makes another ellipse.
    assert not np.allclose(RADIAL_GAUSSIANS.modes().covariances[1][0, 0], 0.175)


def test_ring_and_grid_are_those_of_pacgan() -> None:
    ring, grid = TOYS["ring"].modes, TOYS["grid"].modes
    assert ring is not None
    assert grid is not None
    assert np.allclose(np.linalg.norm(ring.centres, axis=1), 1)
    assert np.allclose(ring.covariances, 1e-4 * np.eye(2))
    assert sorted(map(tuple, grid.centres)) == [
        (x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)
    ]
    assert np.allclose(grid.covariances, 0.0025 * np.eye(2))
    assert GRID.weights.tolist() == [0.04] * 25


def test_sine_lies_on_the_curve() -> None:
    x, y = TOYS["sine"].draw(5_000, np.random.default_rng(0))
    assert y is None
    assert np.allclose(x[:, 1], np.sin(x[:, 0]), atol=1e-6)
    assert -5 <= x[:, 0].min() < -4.9
    assert 4.9 < x[:, 0].max() <= 5


def test_circles_and_moons_have_their_radii_and_noise() -> None:
    x, y = TOYS["circles"].draw(20_000, np.random.default_rng(0))
    for label, radius in ((0, 1.0), (1, 0.5)):
        distance = np.linalg.norm(x[y == label], axis=1)
        assert distance.mean() == pytest.approx(radius, abs=0.005)
        assert distance.std() == pytest.approx(0.05, abs=0.005)
    x, y = TOYS["moons"].draw(20_000, np.random.default_rng(0))
    for label, centre in ((0, (0, 0)), (1, (1, 0.5))):
        distance = np.linalg.norm(x[y == label] - centre, axis=1)
        assert distance.mean() == pytest.approx(1, abs=0.005)
        assert distance.std() == pytest.approx(0.05, abs=0.005)
