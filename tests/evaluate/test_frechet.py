import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from torchmetrics.image.fid import FrechetInceptionDistance

from sparring.errors import InputError
from sparring.evaluate.frechet import frechet_distance, gaussian_frechet


def features(seed: int, rows: int = 400, width: int = 6) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.normal(size=(rows, width)) @ random.normal(size=(width, width))


def test_one_dimension_is_the_difference_of_mean_and_deviation():
    a, b = features(0, width=1), 3 * features(1, width=1) + 2
    expected = (a.mean() - b.mean()) ** 2 + (a.std(ddof=1) - b.std(ddof=1)) ** 2
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-10)


def test_diagonal_gaussians_have_a_closed_form():
    mean1, mean2 = np.array([0.0, 1.0, 2.0]), np.array([1.0, 1.0, -2.0])
    deviation1, deviation2 = np.array([1.0, 2.0, 0.5]), np.array([3.0, 0.0, 0.5])
    expected = np.sum((mean1 - mean2) ** 2) + np.sum((deviation1 - deviation2) ** 2)
    found = gaussian_frechet(mean1, np.diag(deviation1**2), mean2, np.diag(deviation2**2))
    assert found == pytest.approx(expected, rel=1e-12)


def test_agrees_with_scipy_matrix_root():
    a, b = features(0), features(1) + 0.5
    c1, c2 = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = sqrtm(c1 @ c2).real
    expected = np.sum((a.mean(0) - b.mean(0)) ** 2) + np.trace(c1 + c2 - 2 * root)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-9)


def test_agrees_with_torchmetrics():
    class Flat(torch.nn.Module):
        num_features = 6

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.flatten(1)

    metric = FrechetInceptionDistance(Flat(), input_img_size=(1, 1, 6)).set_dtype(torch.float64)
    a, b = features(0), features(1) + 0.5
    metric.update(torch.tensor(a).reshape(-1, 1, 1, 6), real=True)
    metric.update(torch.tensor(b).reshape(-1, 1, 1, 6), real=False)
    assert frechet_distance(a, b) == pytest.approx(metric.compute().item(), rel=1e-6)


@pytest.mark.parametrize("rows", [2, 5, 20])
def test_fewer_rows_than_columns(rows):
    a, b = features(0, rows, 64), features(1, rows, 64)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-3 * np.trace(np.cov(a.T)))
    # For singular covariances the trace is the nuclear norm of the product of centred rows.
    centred_a, centred_b = a - a.mean(0), b - b.mean(0)
    overlap = np.linalg.svd(centred_a @ centred_b.T, compute_uv=False).sum() / (rows - 1)
    expected = (
        np.sum((a.mean(0) - b.mean(0)) ** 2)
        + np.trace(np.cov(a.T))
        + np.trace(np.cov(b.T))
        - 2 * overlap
    )
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-9)
    of_covariances = gaussian_frechet(a.mean(0), np.cov(a.T), b.mean(0), np.cov(b.T))
    assert of_covariances == pytest.approx(expected, rel=1e-5)


def test_constant_generator():
    a = features(0)
    fake = np.full((50, 6), 2.0)
    expected = np.sum((a.mean(0) - 2) ** 2) + np.trace(np.cov(a.T))
    assert frechet_distance(a, fake) == pytest.approx(expected, rel=1e-12)
    assert frechet_distance(fake, fake) == 0


@pytest.mark.parametrize("scale", [1e-100, 1e-20, 1e30, 1e59])
def test_any_scale(scale):
    a, b = features(0), features(1)
    assert frechet_distance(a * scale, b * scale) == pytest.approx(
        frechet_distance(a, b) * scale**2, rel=1e-9
    )


def test_grows_with_a_shift():
    a = features(0)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(a, a + 0.1) == pytest.approx(6 * 0.01, rel=1e-6)
    assert frechet_distance(a, a + 0.2) == pytest.approx(6 * 0.04, rel=1e-6)


@settings(max_examples=30)
@given(st.integers(0, 1000), st.integers(2, 12), st.integers(1, 8))
def test_is_symmetric_and_not_negative(seed, rows, width):
    a, b = features(seed, rows, width), features(seed + 1, rows + 1, width)
    assert frechet_distance(a, b) >= 0
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize(
    ("real", "fake", "match"),
    [
        (np.zeros((1, 2)), np.zeros((5, 2)), "1 rows are too few; at least 2"),
        (np.zeros((5, 3)), np.zeros((5, 2)), "3 columns and fake rows 2"),
        (np.zeros((5, 2)), np.full((5, 2), np.nan), "fake rows hold NaN"),
        (np.zeros(5), np.zeros((5, 2)), r"real rows have shape \(5,\)"),
    ],
)
def test_unusable_rows_are_named(real, fake, match):
    with pytest.raises(InputError, match=match):
        frechet_distance(real, fake)
