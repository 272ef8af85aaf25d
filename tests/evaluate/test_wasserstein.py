import numpy as np
import ot
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from sparring.errors import InputError
from sparring.evaluate.jackknife import kept
from sparring.evaluate.wasserstein import (
    exact_statistic,
    exact_wasserstein,
    sliced_statistic,
    sliced_wasserstein,
)


@pytest.mark.parametrize(("n", "m"), [(50, 50), (50, 51), (7, 90), (1, 3)])
def test_one_dimension_agrees_with_scipy(n, m):
    random = np.random.default_rng(0)
    a, b = random.normal(size=(n, 1)), random.normal(1, 2, size=(m, 1))
    expected = wasserstein_distance(a[:, 0], b[:, 0])
    assert sliced_wasserstein(a, b, projections=3) == pytest.approx(expected, rel=1e-10)


def test_shift_in_the_plane_has_a_closed_form():
    # E|cos(angle)| over the circle is 2 / pi.
    rows = np.random.default_rng(0).normal(size=(300, 2))
    found = sliced_wasserstein(rows, rows + np.array([3.0, 4.0]), projections=20_000)
    assert found == pytest.approx(5 * 2 / np.pi, rel=0.01)


def test_repeating_every_row_changes_nothing():
    random = np.random.default_rng(0)
    a, b = random.normal(size=(40, 3)), random.normal(size=(60, 3))
    assert sliced_wasserstein(np.repeat(a, 3, axis=0), b) == pytest.approx(sliced_wasserstein(a, b))


def test_constant_generator():
    rows = np.array([[-1.0], [0.0], [4.0]])
    assert sliced_wasserstein(rows, np.zeros((10, 1))) == pytest.approx(5 / 3)


@settings(max_examples=30)
@given(st.integers(0, 1000), st.integers(1, 30), st.integers(1, 30), st.integers(1, 5))
def test_is_a_distance(seed, n, m, width):
    random = np.random.default_rng(seed)
    a, b, c = (random.normal(size=(rows, width)) for rows in (n, m, n + m))
    ab, bc, ac = (sliced_wasserstein(*pair, projections=8) for pair in ((a, b), (b, c), (a, c)))
    assert ab >= 0
    assert ab == pytest.approx(sliced_wasserstein(b, a, projections=8))
    assert ac <= ab + bc + 1e-12
    assert sliced_wasserstein(a, a[::-1], projections=8) == pytest.approx(0, abs=1e-12)


def test_seed_decides_the_directions():
    random = np.random.default_rng(0)
    a, b = random.normal(size=(40, 3)), random.normal(size=(40, 3))
    assert sliced_wasserstein(a, b, seed=1) == sliced_wasserstein(a, b, seed=1)
    assert sliced_wasserstein(a, b, seed=1) != sliced_wasserstein(a, b, seed=2)


def test_refusals():
    with pytest.raises(InputError, match="0 rows are too few"):
        sliced_wasserstein(np.zeros((0, 2)), np.zeros((3, 2)))
    with pytest.raises(InputError, match="projections is 0"):
        sliced_wasserstein(np.zeros((3, 2)), np.zeros((3, 2)), projections=0)


def test_a_group_is_left_out_of_the_sliced_distance():
    random = np.random.default_rng(0)
    a, b = random.normal(size=(45, 3)), random.normal(1, 2, size=(45, 3))
    statistic = sliced_statistic(a, b, seed=4)
    for group in (0, 13, 19):
        expected = sliced_wasserstein(kept(a, group), kept(b, group), seed=4)
        assert statistic(group) == pytest.approx(expected)
    with pytest.raises(InputError, match="0 rows are too few"):
        sliced_statistic(a[:1], b[:1])(0)


@pytest.mark.parametrize("width", [1, 2, 70])
def test_exact_distance_agrees_with_pot(width):
    random = np.random.default_rng(0)
    a, b = random.normal(size=(40, width)), random.normal(0.5, 2, size=(40, width))
    expected = ot.emd2([], [], ot.dist(a, b, metric="euclidean"))
    assert exact_wasserstein(a, b) == pytest.approx(expected)
    assert exact_statistic(a, b)(3) == exact_wasserstein(kept(a, 3), kept(b, 3))


def test_sliced_distance_agrees_with_pot():
    random = np.random.default_rng(0)
    a, b = random.normal(size=(60, 3)), random.normal(0.5, 2, size=(45, 3))
    directions = np.random.default_rng(7).normal(size=(128, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    expected = ot.sliced_wasserstein_distance(a, b, projections=directions.T, p=1)
    assert sliced_wasserstein(a, b, seed=7) == pytest.approx(expected)


def test_exact_distance_of_a_shift_a_constant_and_the_set_itself():
    rows = np.random.default_rng(0).normal(size=(50, 3))
    assert exact_wasserstein(rows, rows[::-1]) == 0
    assert exact_wasserstein(rows, rows + np.array([3, 4, 0])) == pytest.approx(5)
    away = np.linalg.norm(rows - 1, axis=1).mean()
    assert exact_wasserstein(rows, np.ones((50, 3))) == pytest.approx(away)


def test_exact_distance_needs_as_many_rows():
    with pytest.raises(InputError, match="3 real and 4 fake rows cannot be paired off"):
        exact_wasserstein(np.zeros((3, 2)), np.zeros((4, 2)))
    with pytest.raises(InputError, match="0 rows are too few"):
        exact_wasserstein(np.zeros((0, 2)), np.zeros((0, 2)))
