from __future__ import annotations

import numpy as np
import pytest

from sparring.baselines.spaces import Components, Same, Scores, smooth_space
from sparring.nets.base import Shape

SIZES = (3, 1, 2)


def table(n: int = 4_000, seed: int = 0) -> np.ndarray:
    """Two numbers and three one-hot groups, one category of them rare."""
    random = np.random.default_rng(seed)
    groups = [np.eye(3)[random.choice(3, n, p=[0.01, 0.29, 0.7])], np.ones((n, 1)),
              np.eye(2)[random.integers(2, size=n)]]  # fmt: skip
    return np.hstack([random.normal(size=(n, 2)), *groups])


def test_scores_come_back_as_the_rows_they_were() -> None:
    x = table()
    space = Scores(x, SIZES)
    u = space.encode(x, np.random.default_rng(1))
    assert u.shape == (len(x), 5)
    np.testing.assert_array_equal(space.decode(u), x)


def test_scores_of_categories_are_standard_normal() -> None:
    u = Scores(table(), SIZES).encode(table(), np.random.default_rng(1))[:, 2:]
    np.testing.assert_allclose(u.mean(0), 0, atol=0.06)
    np.testing.assert_allclose(u.std(0), 1, atol=0.06)


def test_standard_normal_scores_have_the_shares_of_the_training_rows() -> None:
    x = table()
    u = np.random.default_rng(1).standard_normal((100_000, 5))
    shares = Scores(x, SIZES).decode(u)[:, 2:].mean(0)
    np.testing.assert_allclose(shares, x[:, 2:].mean(0), atol=0.005)


def test_scores_far_out_are_the_outermost_categories() -> None:
    rows = Scores(table(), SIZES).decode(np.array([[0, 0, -40.0, -40, -40], [0, 0, 40.0, 40, 40]]))
    np.testing.assert_array_equal(rows[:, 2:], [[1, 0, 0, 1, 1, 0], [0, 0, 1, 1, 0, 1]])


def test_components_keep_what_they_can() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(200, 3)) @ random.normal(size=(3, 12)) + 5
    space = Components(x)
    np.testing.assert_allclose(space.decode(space.encode(x, random)), x, atol=1e-9)
    assert Components(x, 2).encode(x, random).shape == (200, 2)


@pytest.mark.parametrize("rows", [2, 5_001])
def test_components_of_rows_all_alike(rows: int) -> None:
    x = np.full((rows, 4), 0.25)
    space = Components(x)
    u = space.encode(x, np.random.default_rng(0))
    np.testing.assert_allclose(space.decode(u), x)


def test_each_form_of_rows_has_its_space() -> None:
    assert isinstance(smooth_space(Shape((8,), 0, SIZES), table()), Scores)
    assert isinstance(smooth_space(Shape((2,)), table()), Same)
    assert isinstance(smooth_space(Shape((1, 2, 4)), table()), Components)
