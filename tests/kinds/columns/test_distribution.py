from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sparring.kinds.columns.distribution import DISCRETE, LEVELS, Distribution
from sparring.kinds.columns.keep import Keep


def cells_of(n: int, spikes: float) -> np.ndarray:
    """Random numbers, some of which are 0 or 3."""
    random = np.random.default_rng(n)
    cells = random.normal(size=n) * 100
    cells[: int(n * spikes)] = random.choice([0.0, 3.0], int(n * spikes))
    return cells


def test_noised_counts_are_at_values_and_between_them() -> None:
    """Of 0 and 1000 alone, those of other numbers: at 0, and between the 100 steps to 1000."""
    ends = Distribution.fit(np.array([0.0, 1000.0]))
    cells = np.array([0.0] * 700 + [507.0] * 300)
    found = ends.noised(cells, 0.0, np.random.default_rng(0), np.round)
    made = found.quantile((np.arange(1000) + 0.5) / 1000)
    assert np.mean(made == 0) == pytest.approx(0.7, abs=0.002)
    assert np.all(np.abs(made[made > 0.5] - 507) < 11)


def test_nothing_is_counted_where_no_number_can_be() -> None:
    whole = Distribution.fit(np.array([1.0, 9.0]))
    cells = np.repeat([2.0, 9.0], 500)
    found = whole.noised(cells, 20.0, np.random.default_rng(0), np.round)
    made = found.quantile(np.random.default_rng(1).random(2_000))
    assert np.mean(np.abs(made - np.round(made)) > 1e-3) < 0.001
    assert set(np.unique(made.round())) <= set(range(1, 10))


def test_noise_on_counts_has_its_deviation() -> None:
    places = Distribution((0.0, 1.0), (0.5, 1.0), discrete=True)
    cells = np.repeat([0.0, 1.0], 5_000)
    random = np.random.default_rng(0)
    shares = [places.noised(cells, 100.0, random).levels[0] for _ in range(300)]
    # Of both counts, each a half of what a share of 10,000 moves by.
    assert np.std(shares) * 10_000 == pytest.approx(100 / np.sqrt(2), rel=0.1)


@given(st.integers(10, 3_000), st.sampled_from([0.0, 0.3, 0.9]), st.integers(2, 10))
def test_no_rare_number_is_kept(n: int, spikes: float, least: int) -> None:
    cells = cells_of(n, spikes)
    found = Distribution.fit(cells, Keep(min_count=least))
    distinct, counts = np.unique(cells, return_counts=True)
    assert not set(found.values) & set(distinct[counts < least])
    assert np.all(np.diff(found.values) >= 0)
    assert np.all(np.diff(found.levels) >= 0)
    assert found.levels[-1] == 1
    assert len(found.values) <= 2 * LEVELS + 10
    for value in set(distinct[counts >= max(least, n // DISCRETE + 1)]):
        low, high = found.interval(np.array([value]))
        # Too few cells for a mean beyond the first or last are counted with it.
        assert -1e-9 < high[0] - low[0] - np.mean(cells == value) < 2 * least / n
        assert found.quantile((low + high) / 2)[0] == value


@pytest.mark.parametrize("spikes", [0.0, 0.5])
@pytest.mark.parametrize("n", [200, 900, 20_000])
def test_means_tell_the_distribution_nearly_as_well(n: int, spikes: float) -> None:
    cells = cells_of(n, spikes)
    found = Distribution.fit(cells, Keep(min_count=2))
    ranks = (np.arange(50_000) + 0.5) / 50_000
    assert stats.ks_2samp(found.quantile(ranks), cells).statistic < 2.5 / n + 0.002
    low, high = found.interval(cells)
    back = found.quantile((low + high) / 2)
    inner = (cells > np.quantile(cells, 0.05)) & (cells < np.quantile(cells, 0.95))
    assert np.abs(back - cells)[inner].max() < 0.1 * cells.std()


def test_frequent_numbers_alone_are_kept_as_they_are() -> None:
    cells = np.repeat([1.0, 2.0, 4.0], [3, 2, 5])
    assert Distribution.fit(cells, Keep(min_count=2)) == Distribution.fit(cells)
    assert Distribution.fit(cells).discrete


@pytest.mark.parametrize("least", [1, 2])
@pytest.mark.parametrize("n", [800, 5_000])
@pytest.mark.parametrize("whole", [False, True])
def test_numbers_end_at_their_quantiles(least: int, n: int, whole: bool) -> None:
    cells = cells_of(n, 0.2).round() if whole else cells_of(n, 0.2)
    found = Distribution.fit(cells, Keep(least, 0.05))
    ends = found.quantile(np.array([0.0, 1.0]))
    assert ends == pytest.approx(np.quantile(cells, [0.05, 0.95]), abs=0.1 * cells.std())
    assert ends[0] > cells.min()
    assert ends[1] < cells.max()
    low, high = found.interval(np.array([cells.min(), 0.0, cells.max()]))
    assert low[0] == 0
    assert high[2] == pytest.approx(1)
    assert high[1] - low[1] == pytest.approx(np.mean(cells == 0), abs=0.01)
