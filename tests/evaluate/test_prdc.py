import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from sparring.errors import InputError
from sparring.evaluate import jackknife
from sparring.evaluate.jackknife import kept
from sparring.evaluate.prdc import (
    neighbour_distance,
    prdc_statistic,
    precision_recall_density_coverage,
)


def naive(real: np.ndarray, fake: np.ndarray, k: int) -> tuple[float, float, float, float]:
    """The definitions, one row at a time."""

    def radius(rows: np.ndarray, i: int) -> float:
        others = [np.sqrt(((rows[i] - rows[j]) ** 2).sum()) for j in range(len(rows)) if j != i]
        return sorted(others)[k - 1]

    gap = np.sqrt(((real[:, None] - fake[None]) ** 2).sum(-1))
    in_real = gap <= np.array([radius(real, i) for i in range(len(real))])[:, None]
    in_fake = gap <= np.array([radius(fake, j) for j in range(len(fake))])[None]
    return (
        in_real.any(axis=0).mean(),
        in_fake.any(axis=1).mean(),
        in_real.sum() / (k * len(fake)),
        in_real.any(axis=1).mean(),
    )


@settings(max_examples=25)
@given(st.integers(0, 1000), st.integers(8, 40), st.integers(8, 40), st.integers(1, 7))
def test_agrees_with_the_definitions(seed, n, m, k):
    random = np.random.default_rng(seed)
    real, fake = random.normal(size=(n, 3)), random.normal(0.5, 1.5, size=(m, 3))
    assert precision_recall_density_coverage(real, fake, k=k) == pytest.approx(naive(real, fake, k))


@settings(max_examples=15)
@given(st.integers(0, 1000))
def test_agrees_with_the_definitions_on_repeated_rows(seed):
    random = np.random.default_rng(seed)
    real, fake = random.integers(0, 3, (30, 2)) / 3, random.integers(0, 3, (20, 2)) / 3
    assert precision_recall_density_coverage(real, fake, k=2) == pytest.approx(naive(real, fake, 2))


def test_radii_agree_with_scikit_learn():
    rows = np.random.default_rng(0).normal(size=(600, 5))
    distances, _ = NearestNeighbors(n_neighbors=4).fit(rows).kneighbors()
    assert neighbour_distance(rows, 4) == pytest.approx(distances[:, 3])


def test_chunks_change_nothing(monkeypatch):
    random = np.random.default_rng(0)
    real, fake = random.normal(size=(70, 3)), random.normal(size=(50, 3))
    whole = precision_recall_density_coverage(real, fake)
    monkeypatch.setattr(jackknife, "CHUNK_ROWS", 2)
    assert precision_recall_density_coverage(real, fake) == whole


def test_a_group_is_left_out_of_both_sets_under_the_same_balls():
    random = np.random.default_rng(0)
    real, fake = random.normal(size=(45, 2)), random.normal(0.5, size=(45, 2))
    k = 3
    gap = np.linalg.norm(real[:, None] - fake[None], axis=-1)
    in_real = gap <= neighbour_distance(real, k)[:, None]
    in_fake = gap <= neighbour_distance(fake, k)[None]
    found = prdc_statistic(real, fake, k=k)
    for group in (0, 7, 19):
        in_real_left, in_fake_left = (kept(kept(m, group).T, group).T for m in (in_real, in_fake))
        expected = (
            in_real_left.any(axis=0).mean(),
            in_fake_left.any(axis=1).mean(),
            in_real_left.sum(axis=0).mean() / k,
            in_real_left.any(axis=1).mean(),
        )
        assert found(group) == pytest.approx(expected)


def test_identical_sets():
    rows = np.random.default_rng(0).normal(size=(200, 4)) + 1e6
    found = precision_recall_density_coverage(rows, rows)
    assert (found.precision, found.recall, found.coverage) == (1, 1, 1)
    assert found.density > 1


def test_disjoint_sets():
    rows = np.random.default_rng(0).normal(size=(50, 4))
    assert precision_recall_density_coverage(rows, rows + 100) == (0, 0, 0, 0)


def test_constant_generator_is_precise_but_recalls_nothing():
    real = np.random.default_rng(0).normal(size=(200, 2))
    found = precision_recall_density_coverage(real, np.zeros((200, 2)))
    assert found.precision == 1
    assert found.recall == 0
    assert found.coverage < 0.1


def test_lost_half_shows_in_recall_not_in_precision():
    random = np.random.default_rng(0)
    left = random.normal(size=(200, 2))
    real = np.concatenate([left, left + 50])
    found = precision_recall_density_coverage(real, random.normal(size=(400, 2)))
    assert found.precision > 0.9
    assert found.recall < 0.55
    assert found.coverage < 0.55


@pytest.mark.parametrize(
    ("rows", "k", "match"), [(5, 5, "5 rows are too few; at least 6"), (9, 0, "k is 0")]
)
def test_too_few_rows_or_neighbours(rows, k, match):
    with pytest.raises(InputError, match=match):
        precision_recall_density_coverage(np.zeros((rows, 2)), np.zeros((20, 2)), k=k)
