"""Every baseline, on rows of every form: what is drawn, and that a seed decides it."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from sparring.baselines.catalogue import BASELINES
from sparring.nets.base import Shape

EVERY = pytest.mark.parametrize("name", BASELINES)
SHAPES = {
    "points": Shape((2,)),
    "labelled points": Shape((2,), 3),
    "table": Shape((7,), 3, (3, 2)),
    "categories alone": Shape((5,), 0, (3, 2)),
    "images": Shape((1, 3, 3), 3),
}


def rows(shape: Shape, n: int = 45, seed: int = 0) -> tuple[np.ndarray, np.ndarray | None]:
    random = np.random.default_rng(seed)
    numbers = int(np.prod(shape.row)) - sum(shape.one_hot)
    parts = [np.eye(size)[random.integers(size, size=n)] for size in shape.one_hot]
    x = np.hstack([random.normal(size=(n, numbers)), *parts])
    return x, np.arange(n) % shape.conditions if shape.conditions else None


@EVERY
@pytest.mark.parametrize("form", SHAPES)
@pytest.mark.usefixtures("ticking")
def test_samples_are_rows_that_the_seeds_decide(name: str, form: str) -> None:
    shape = SHAPES[form]
    x, y = rows(shape)
    before = x.copy()
    asked = None if y is None else np.array([2, 0, 0, 1, 2])

    def drawn(fit_seed: int, seed: int) -> np.ndarray:
        baseline = BASELINES[name](shape)
        baseline.fit(x, y, fit_seed, 2.0)
        return baseline.sample(5, asked, seed)

    samples = drawn(0, 1)
    assert samples.shape == (5, x.shape[1])
    assert samples.dtype == np.float64
    assert np.isfinite(samples).all()
    np.testing.assert_array_equal(samples, drawn(0, 1))
    assert not np.array_equal(samples, drawn(0, 2))
    np.testing.assert_array_equal(x, before)


@EVERY
@pytest.mark.parametrize("form", SHAPES)
@pytest.mark.usefixtures("ticking")
def test_rows_all_alike_and_two_rows_of_a_label(name: str, form: str) -> None:
    shape = SHAPES[form]
    x, y = rows(shape, 6)
    for same in (np.tile(x[:1], (6, 1)), x):
        baseline = BASELINES[name](shape)
        baseline.fit(same, y, 0, 2.0)
        samples = baseline.sample(4, None if y is None else np.array([0, 1, 2, 2]), 1)
        assert np.isfinite(samples).all()


@EVERY
def test_each_says_what_it_is_and_where_it_comes_from(name: str) -> None:
    text = inspect.getdoc(BASELINES[name]) or ""
    assert text.splitlines()[0].endswith(".")
    assert name == "marginals" or any(str(year) in text for year in range(1950, 2030))
