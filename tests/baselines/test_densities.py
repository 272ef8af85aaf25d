from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import expon, kstest, spearmanr
from sklearn.datasets import make_blobs
from sklearn.model_selection import LeaveOneOut, cross_val_score
from sklearn.neighbors import KernelDensity

from sparring.baselines.densities import Copula, Gaussian, Kernel, Mixture, bandwidth, root
from sparring.nets.base import Shape

COVARIANCE = np.array([[2.0, 0.9, 0.0], [0.9, 1.0, -0.4], [0.0, -0.4, 0.5]])


def normal(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).multivariate_normal([1.0, 0.0, -2.0], COVARIANCE, n)


def test_a_root_multiplies_to_the_covariance_also_where_it_is_singular() -> None:
    singular = np.outer([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    for covariance in (COVARIANCE, singular, np.zeros((2, 2))):
        np.testing.assert_allclose(root(covariance).T @ root(covariance), covariance, atol=1e-12)


def test_gaussian_finds_mean_and_covariance() -> None:
    baseline = Gaussian(Shape((3,)))
    baseline.fit(normal(20_000), None, 0, 0.0)
    samples = baseline.sample(50_000, None, 1)
    np.testing.assert_allclose(samples.mean(0), [1.0, 0.0, -2.0], atol=0.05)
    np.testing.assert_allclose(np.cov(samples.T), COVARIANCE, atol=0.06)


def test_gaussian_with_fewer_rows_than_dimensions_fills_the_space() -> None:
    baseline = Gaussian(Shape((30,)))
    baseline.fit(np.random.default_rng(0).normal(size=(10, 30)), None, 0, 0.0)
    samples = baseline.sample(2_000, None, 1)
    assert np.linalg.matrix_rank(np.cov(samples.T)) == 30
    np.testing.assert_allclose(samples.var(0).mean(), 1, atol=0.2)


def test_mixture_finds_as_many_components_as_there_are() -> None:
    centres = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])
    x, _ = make_blobs([100, 200, 300], centers=centres, random_state=0)
    baseline = Mixture(Shape((2,)))
    baseline.fit(x, None, 0, 0.0)
    assert baseline.models[0].n_components == 3
    samples = baseline.sample(6_000, None, 1)
    nearest = np.linalg.norm(samples[:, None] - centres, axis=2).argmin(1)
    np.testing.assert_allclose(np.bincount(nearest) / 6_000, [1 / 6, 2 / 6, 3 / 6], atol=0.02)
    np.testing.assert_allclose(samples[nearest == 0].std(0), 1, atol=0.1)


def test_mixture_of_one_correlated_gaussian_is_that_one() -> None:
    baseline = Mixture(Shape((3,)))
    baseline.fit(normal(3_000), None, 0, 0.0)
    assert (baseline.models[0].n_components, baseline.models[0].covariance_type) == (1, "full")
    np.testing.assert_allclose(np.cov(baseline.sample(50_000, None, 1).T), COVARIANCE, atol=0.1)


def test_mixture_of_independent_columns_is_diagonal() -> None:
    x = np.random.default_rng(0).normal(size=(200, 12)) * np.arange(1, 13)
    baseline = Mixture(Shape((12,)))
    baseline.fit(x, None, 0, 0.0)
    assert baseline.models[0].covariance_type == "diag"
    np.testing.assert_allclose(baseline.sample(50_000, None, 1).std(0), x.std(0), rtol=0.02)


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e9])
def test_mixture_of_columns_that_repeat_each_other_in_any_unit(unit: float) -> None:
    x = unit * np.repeat(np.random.default_rng(0).normal(size=(300, 1)), 3, axis=1)
    baseline = Mixture(Shape((3,)))
    baseline.fit(x, None, 0, 0.0)
    np.testing.assert_allclose(baseline.sample(20_000, None, 1).std(0), x.std(0), rtol=0.03)


def test_bandwidth_is_the_best_of_its_grid_by_leave_one_out() -> None:
    x = normal(60)
    scott = np.sqrt(x.var(0).mean()) * 60 ** (-1 / 7)
    grid = scott * np.geomspace(0.01, 2, 24)
    likelihoods = [
        cross_val_score(KernelDensity(bandwidth=h), x, cv=LeaveOneOut()).sum() for h in grid
    ]
    np.testing.assert_allclose(bandwidth(x, 60), grid[np.argmax(likelihoods)])
    np.testing.assert_allclose(bandwidth(x, 600), bandwidth(x, 60) * 10 ** (-1 / 7))


def test_kernel_adds_the_variance_of_its_kernels() -> None:
    x = normal(500)
    baseline = Kernel(Shape((3,)))
    baseline.fit(x, None, 0, 0.0)
    expected = np.cov(x.T, bias=True) + baseline.models[0][1] ** 2 * np.eye(3)
    np.testing.assert_allclose(np.cov(baseline.sample(100_000, None, 1).T), expected, atol=0.04)


def test_copula_keeps_columns_and_the_dependence_of_their_ranks() -> None:
    scores = np.random.default_rng(0).multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]], 4_000)
    x = np.column_stack([np.exp(scores[:, 0]), scores[:, 1] ** 3])
    baseline = Copula(Shape((2,)))
    baseline.fit(x, None, 0, 0.0)
    samples = baseline.sample(4_000, None, 1)
    for column in range(2):
        assert kstest(samples[:, column], x[:, column]).pvalue > 0.05
    # Spearman's coefficient of a Gaussian copula is 6/pi arcsin(rho / 2).
    np.testing.assert_allclose(
        spearmanr(*samples.T).statistic, 6 / np.pi * np.arcsin(0.35), atol=0.04
    )


def test_copula_of_independent_ties_stays_independent() -> None:
    x = np.random.default_rng(0).integers(0, 3, (3_000, 2)).astype(float)
    baseline = Copula(Shape((2,)))
    baseline.fit(x, None, 0, 0.0)
    samples = baseline.sample(20_000, None, 1)
    assert abs(np.corrcoef(samples.T)[0, 1]) < 0.05
    np.testing.assert_allclose(samples.mean(0), x.mean(0), atol=0.02)


def test_copula_never_leaves_the_range() -> None:
    x = expon.rvs(size=(50, 1), random_state=0)
    baseline = Copula(Shape((1,)))
    baseline.fit(x, None, 0, 0.0)
    samples = baseline.sample(5_000, None, 1)
    assert (samples.min(), samples.max()) == (x.min(), x.max())


@pytest.mark.parametrize("kind", [Gaussian, Mixture, Kernel, Copula])
def test_a_density_for_each_label(kind: type[Gaussian | Mixture | Kernel | Copula]) -> None:
    y = np.arange(300) % 2
    baseline = kind(Shape((3,), 2))
    baseline.fit(normal(300) + 50 * y[:, None], y, 0, 0.0)
    asked = np.array([1, 1, 0] * 20)
    np.testing.assert_array_equal(baseline.sample(60, asked, 1).mean(1) > 25, asked == 1)
