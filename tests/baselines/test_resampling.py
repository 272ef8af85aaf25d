from __future__ import annotations

import numpy as np
import pytest

from sparring.baselines.resampling import Bootstrap, Interpolation, Marginals
from sparring.errors import InputError
from sparring.nets.base import Shape


def line(n: int = 500) -> np.ndarray:
    x = np.random.default_rng(0).normal(size=(n, 1))
    return np.hstack([x, x])


def test_bootstrap_draws_training_rows_of_the_asked_label() -> None:
    x, y = line(), np.arange(500) % 3
    baseline = Bootstrap(Shape((2,), 3))
    baseline.fit(x, y, 0, 0.0)
    asked = np.array([2, 0, 2, 1] * 50)
    samples = baseline.sample(200, asked, 1)
    label = {tuple(row): int(k) for row, k in zip(x, y, strict=True)}
    assert [label[tuple(row)] for row in samples] == asked.tolist()
    assert len(np.unique(samples[asked == 2], axis=0)) > 50


def test_marginals_keep_each_column_and_no_dependence() -> None:
    x = line()
    baseline = Marginals(Shape((2,)))
    baseline.fit(x, None, 0, 0.0)
    samples = baseline.sample(5_000, None, 1)
    assert np.isin(samples[:, 0], x[:, 0]).all()
    np.testing.assert_allclose(samples.mean(0), x.mean(0), atol=0.05)
    np.testing.assert_allclose(samples.std(0), x.std(0), atol=0.05)
    assert abs(np.corrcoef(samples.T)[0, 1]) < 0.05


def test_marginals_take_a_one_hot_group_whole() -> None:
    codes = np.random.default_rng(0).choice(3, 400, p=[0.2, 0.3, 0.5])
    x = np.hstack([codes[:, None].astype(float), np.eye(3)[codes], np.eye(2)[codes % 2]])
    baseline = Marginals(Shape((6,), 0, (3, 2)))
    baseline.fit(x, None, 0, 0.0)
    samples = baseline.sample(4_000, None, 1)
    np.testing.assert_array_equal(samples[:, 1:4].sum(1), 1)
    np.testing.assert_array_equal(samples[:, 4:].sum(1), 1)
    np.testing.assert_allclose(samples.mean(0), x.mean(0), atol=0.04)
    together = (samples[:, 1:4].argmax(1) == samples[:, 0]).mean()
    np.testing.assert_allclose(together, np.square(np.bincount(codes) / 400).sum(), atol=0.03)


def test_marginals_depend_on_the_label() -> None:
    y = np.arange(600) % 2
    baseline = Marginals(Shape((2,), 2))
    baseline.fit(line(600) + 10 * y[:, None], y, 0, 0.0)
    asked = np.arange(100) % 2
    samples = baseline.sample(100, asked, 1)
    np.testing.assert_array_equal((samples > 5).all(1), asked == 1)


def test_interpolation_lies_between_neighbours() -> None:
    x = np.arange(20.0)[:, None] * [1.0, 2.0]
    baseline = Interpolation(Shape((2,)))
    baseline.fit(x, None, 0, 0.0)
    samples = baseline.sample(3_000, None, 1)
    np.testing.assert_allclose(samples[:, 1], 2 * samples[:, 0])
    assert samples.min() >= 0
    assert samples[:, 0].max() <= 19
    # The five nearest of row 0 are rows 1 to 5, and uniform in between: nothing else ends there.
    assert not np.isin(samples[:, 0], x[:, 0]).any()
    assert np.histogram(samples[:, 0], bins=19)[0].min() > 30


def test_interpolation_of_two_rows_is_uniform_between_them() -> None:
    baseline = Interpolation(Shape((1,)))
    baseline.fit(np.array([[0.0], [1.0]]), None, 0, 0.0)
    samples = baseline.sample(20_000, None, 1)
    shares = np.histogram(samples, bins=10, range=(0, 1))[0] / 20_000
    np.testing.assert_allclose(shares, 0.1, atol=0.01)


def test_a_label_with_too_few_rows_is_told() -> None:
    y = np.array([0, 0, 0, 1])
    message = r"the rarest label has 1 row\(s\) to learn from; at least 2 are needed"
    with pytest.raises(InputError, match=message):
        Interpolation(Shape((2,), 2)).fit(line(4), y, 0, 0.0)
    with pytest.raises(InputError, match=r"there are 1 row\(s\) to learn from"):
        Interpolation(Shape((2,))).fit(line(1), None, 0, 0.0)
