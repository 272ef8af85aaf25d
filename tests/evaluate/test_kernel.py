import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist, pdist
from scipy.stats import kstest
from torchmetrics.image.kid import KernelInceptionDistance

from sparring.errors import InputError
from sparring.evaluate import jackknife
from sparring.evaluate.jackknife import kept
from sparring.evaluate.kernel import (
    block_sums,
    gaussian,
    kernel_distance,
    kernel_statistic,
    median_distance,
    mmd_statistic,
    mmd_test,
    polynomial,
)


def normal(seed: int, rows: int = 90, width: int = 4, shift: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(shift, 1, size=(rows, width))


def naive(kernel, a: np.ndarray, b: np.ndarray) -> float:
    """The definition, with all pairs in memory."""
    xx, yy, xy = kernel(a, a), kernel(b, b), kernel(a, b)
    n, m = len(a), len(b)
    return (
        (xx.sum() - np.trace(xx)) / (n * (n - 1))
        + (yy.sum() - np.trace(yy)) / (m * (m - 1))
        - 2 * xy.mean()
    )


@pytest.mark.filterwarnings("ignore:Metric `Kernel Inception Distance` will save")
def test_agrees_with_torchmetrics():
    class Flat(torch.nn.Module):
        num_features = 4

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.flatten(1)

    metric = KernelInceptionDistance(Flat(), subsets=1, subset_size=90, normalize=True)
    a, b = normal(0), normal(1, shift=0.5)
    metric.update(torch.tensor(a, dtype=torch.float32).reshape(-1, 1, 1, 4), real=True)
    metric.update(torch.tensor(b, dtype=torch.float32).reshape(-1, 1, 1, 4), real=False)
    assert kernel_distance(a, b) == pytest.approx(metric.compute()[0].item(), rel=1e-4)


def test_is_the_mean_over_subsets():
    a, b = normal(0, 12, 2), normal(1, 12, 2, shift=1)
    random = np.random.default_rng(0)
    subsets = [
        kernel_distance(a[random.permutation(12)[:6]], b[random.permutation(12)[:6]])
        for _ in range(3_000)
    ]
    error = np.std(subsets) / np.sqrt(3_000)
    assert kernel_distance(a, b) == pytest.approx(np.mean(subsets), abs=4 * error)


def test_polynomial_of_a_line_has_a_closed_form():
    # In one dimension (xy + 1)^3 compares the first three moments with weights 3, 3 and 1.
    a, b = normal(0, 4_000, 1), normal(1, 4_000, 1, shift=1)
    gap = [(a**k).mean() - (b**k).mean() for k in (1, 2, 3)]
    biased = 3 * gap[0] ** 2 + 3 * gap[1] ** 2 + gap[2] ** 2
    assert kernel_distance(a, b) == pytest.approx(biased, rel=0.02)


@pytest.mark.parametrize(("n", "m"), [(2, 2), (5, 9), (70, 70)])
def test_statistics_agree_with_the_definition_and_leave_groups_out(n, m, monkeypatch):
    monkeypatch.setattr(jackknife, "CHUNK_ROWS", 2)
    a, b = normal(0, n), normal(1, m, shift=0.5)
    assert kernel_distance(a, b) == pytest.approx(naive(polynomial, a, b))
    if n == m == 70:
        for group in (0, 11, 19):
            left = kernel_statistic(a, b)(group)
            assert left == pytest.approx(naive(polynomial, kept(a, group), kept(b, group)))


def test_fewer_rows_than_columns():
    a, b = normal(0, 6, 200), normal(1, 6, 200)
    assert abs(kernel_distance(a, b)) < 0.3
    assert 0 < mmd_test(a, b).p_value <= 1


def test_constant_and_identical_sets():
    a, constant = normal(0), np.ones((90, 4))
    assert kernel_distance(constant, constant) == 0
    assert mmd_test(constant, constant) == (0, 1)
    assert kernel_distance(a, constant) > 1
    assert mmd_test(a, constant).p_value == pytest.approx(1 / 201)
    assert kernel_distance(a, a) < 0
    assert mmd_test(a, a).p_value == 1


def test_gaussian_kernel_is_the_mean_over_its_widths():
    a, b = normal(0, 7), normal(1, 8)
    distance = cdist(a, b)
    widths = 1.7 * np.array([4, 2, 1, 0.5, 0.25])
    expected = np.mean([np.exp(-(distance**2) / (2 * w**2)) for w in widths], axis=0)
    assert gaussian(a, b, scale=1.7) == pytest.approx(expected)


def test_median_distance():
    rows, random = normal(0), np.random.default_rng(0)
    assert median_distance(rows, random) == pytest.approx(np.median(pdist(rows)))
    twins = np.repeat([[0.0], [3.0]], [9, 1], axis=0)
    assert median_distance(twins, random) == pytest.approx(pdist(twins).mean())
    assert median_distance(np.zeros((5, 2)), random) == 1


def test_block_sums_are_those_of_the_whole_matrix():
    a, b = normal(0, 45), normal(1, 13)
    whole = polynomial(a, b)
    blocks = [np.add.reduceat(rows.sum(0), np.arange(13)) for rows in np.array_split(whole, 45)]
    starts = jackknife.group_starts(45)
    expected = np.add.reduceat(np.array(blocks), starts, axis=0)
    assert block_sums(polynomial, a, b) == pytest.approx(expected)
    inner = polynomial(a, a)
    np.fill_diagonal(inner, 0)
    assert block_sums(polynomial, a, a, same=True).sum() == pytest.approx(inner.sum())


def test_a_difference_is_found_and_its_absence_too():
    assert mmd_test(normal(0), normal(1)).p_value > 0.05
    assert mmd_test(normal(0), normal(1, shift=1.0)).p_value == pytest.approx(1 / 201)
    # A difference of dependence alone: the marginals agree.
    random = np.random.default_rng(0)
    real = random.multivariate_normal([0, 0], [[1, 0.9], [0.9, 1]], size=200)
    fake = np.stack([random.permutation(column) for column in real.T], axis=1)
    assert mmd_test(real, fake).p_value < 0.01


def test_squared_mmd_agrees_with_the_definition():
    a, b = normal(0), normal(1, 70, shift=0.3)
    scale = median_distance(np.concatenate([a, b]), np.random.default_rng(0))
    expected = naive(lambda x, y: gaussian(x, y, scale=scale), a, b)
    assert mmd_test(a, b).squared == pytest.approx(expected)


def test_p_values_are_uniform_where_nothing_differs():
    found = [
        mmd_test(normal(2 * i, 25, 2), normal(2 * i + 1, 25, 2), permutations=99, seed=i).p_value
        for i in range(120)
    ]
    assert kstest(found, "uniform").pvalue > 0.01


def test_a_group_of_permutations_is_left_out_of_the_p_value():
    statistic = mmd_statistic(normal(0), normal(1, shift=0.2), permutations=100)
    whole, parts = statistic(None), [statistic(group) for group in range(20)]
    hits = 101 * whole.p_value - 1
    assert sum(96 * part.p_value - 1 for part in parts) == pytest.approx(19 * hits)


def test_the_seed_decides_the_permutations():
    a, b = normal(0), normal(1, shift=0.2)
    assert mmd_test(a, b, seed=1) == mmd_test(a, b, seed=1)
    assert mmd_test(a, b, seed=1).p_value != mmd_test(a, b, seed=2).p_value


def test_refusals():
    for function in (kernel_distance, mmd_test):
        with pytest.raises(InputError, match="1 rows are too few; at least 2"):
            function(normal(0), normal(1, 1))
    with pytest.raises(InputError, match="1 rows are too few"):
        kernel_statistic(normal(0, 2), normal(1, 2))(0)
    with pytest.raises(InputError, match="permutations is 0"):
        mmd_test(normal(0), normal(1), permutations=0)
