import numpy as np
import pytest

from sparring.data.dataset import Modes
from sparring.errors import InputError
from sparring.evaluate.modes import mode_report


def ring(sigma: float = 0.01) -> Modes:
    angle = np.arange(8) * np.pi / 4
    centres = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return Modes(centres, np.tile(sigma**2 * np.eye(2), (8, 1, 1)), np.full(8, 1 / 8))


def draw(modes: Modes, rows: int, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    which = random.choice(len(modes.weights), size=rows, p=modes.weights)
    factor = np.linalg.cholesky(modes.covariances)
    noise = random.normal(size=(rows, modes.centres.shape[1], 1))
    return modes.centres[which] + (factor[which] @ noise)[..., 0]


def test_perfect_generator():
    rows = 200_000
    report = mode_report(draw(ring(), rows), ring())
    assert (report.captured, report.total) == (8, 8)
    assert report.high_quality == pytest.approx(1 - np.exp(-4.5), abs=0.001)
    assert report.reverse_kl == pytest.approx(0, abs=1e-4)


def test_perfect_generator_has_the_published_kl_at_2500_samples():
    kls = [mode_report(draw(ring(), 2500, seed), ring()).reverse_kl for seed in range(200)]
    assert np.mean(kls) == pytest.approx(7 / (2 * 2500), rel=0.15)


def test_stretched_modes_have_the_same_quality():
    modes = Modes(
        np.array([[0.0, 0.0], [50.0, 0.0]]),
        np.array([[[9.0, 2.0], [2.0, 0.5]], [[0.01, 0.0], [0.0, 4.0]]]),
        np.array([0.3, 0.7]),
    )
    report = mode_report(draw(modes, 100_000), modes)
    assert report.high_quality == pytest.approx(1 - np.exp(-4.5), abs=0.002)
    assert report.reverse_kl < 1e-3


def test_nearest_is_counted_in_standard_deviations():
    modes = Modes(np.array([[0.0], [10.0]]), np.array([[[0.01]], [[16.0]]]), np.array([0.5, 0.5]))
    # 3 is nearer to 0 in units, but 30 deviations from it and 1.75 from the other.
    report = mode_report(np.array([[3.0]]), modes)
    assert (report.captured, report.high_quality) == (1, 1)


def test_collapse_on_one_mode():
    report = mode_report(np.tile(ring().centres[3], (100, 1)), ring())
    assert (report.captured, report.high_quality) == (1, 1)
    assert report.reverse_kl == pytest.approx(np.log(8))


def test_poor_samples_count_in_the_histogram_but_capture_nothing():
    report = mode_report(2 * ring().centres, ring())
    assert (report.captured, report.high_quality) == (0, 0)
    assert report.reverse_kl == pytest.approx(0, abs=1e-12)


def test_unequal_weights_are_the_truth():
    modes = Modes(np.array([[0.0], [1.0]]), np.full((2, 1, 1), 0.01), np.array([0.75, 0.25]))
    points = np.array([[0.0], [0.0], [0.0], [1.0]])
    assert mode_report(points, modes).reverse_kl == pytest.approx(0, abs=1e-12)
    share = np.array([0.5, 0.5])
    expected = np.sum(share * np.log(share / modes.weights))
    assert mode_report(points[2:], modes).reverse_kl == pytest.approx(expected)


def test_sigmas_set_the_radius():
    at_two = ring().centres + np.array([0.02, 0.0])
    assert mode_report(at_two, ring(), sigmas=1.99).high_quality == 0
    assert mode_report(at_two, ring(), sigmas=2.01).high_quality == 1


def test_refusals():
    with pytest.raises(InputError, match="3 columns; the modes have 2"):
        mode_report(np.zeros((4, 3)), ring())
    with pytest.raises(InputError, match="0 rows"):
        mode_report(np.zeros((0, 2)), ring())
    with pytest.raises(InputError, match="not positive definite"):
        mode_report(np.zeros((4, 2)), ring(sigma=0.0))
    with pytest.raises(InputError, match="NaN"):
        mode_report(np.full((4, 2), np.nan), ring())
    flat = Modes(ring().centres, ring().covariances, np.eye(8)[0])
    with pytest.raises(InputError, match="weight"):
        mode_report(np.zeros((4, 2)), flat)
