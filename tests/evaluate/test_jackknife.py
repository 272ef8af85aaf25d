import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, t

from sparring.evaluate.jackknife import (
    group_numbers,
    group_sizes,
    groups_kept,
    interval,
    kept,
    mean_of,
    pieces,
    rerun,
    share_interval,
)


@given(st.integers(0, 3_000))
def test_groups_and_pieces_share_out_all_rows(rows):
    sizes, numbers = group_sizes(rows), group_numbers(rows)
    assert len(sizes) == min(20, rows)
    assert np.bincount(numbers, minlength=len(sizes)).tolist() == sizes.tolist()
    assert (np.diff(numbers) >= 0).all()
    if rows:
        assert sizes.max() - sizes.min() <= 1
    covered = []
    for group, part in pieces(rows):
        assert set(numbers[part]) == {group}
        assert 1 <= part.stop - part.start <= 256
        covered += range(part.start, part.stop)
    assert covered == list(range(rows))


def test_a_group_is_left_out():
    rows = np.arange(40)
    assert kept(rows, None) is rows
    assert kept(rows, 3).tolist() == [*range(6), *range(8, 40)]
    assert groups_kept(4, None).tolist() == [0, 1, 2, 3]
    assert groups_kept(4, 0).tolist() == [1, 2, 3]
    assert groups_kept(4, 9).tolist() == [0, 1, 2, 3]
    assert mean_of(rows * 1.0)(19) == np.arange(38).mean()
    assert rerun(lambda a, b: (a.sum(), b.sum()), rows[:20], rows[20:])(0) == (190, 570)


def test_the_interval_of_a_mean_of_twenty_rows_is_students():
    rows = np.random.default_rng(0).normal(size=20)
    mean = mean_of(rows)
    low, high = interval(mean(None), [mean(group) for group in range(20)])
    expected = t.interval(0.95, 19, rows.mean(), rows.std(ddof=1) / np.sqrt(20))
    assert (low, high) == pytest.approx(expected)


def test_no_interval_without_replicates():
    assert interval(1.0, []) is None
    assert interval(1.0, [1.0]) is None
    assert interval(1.0, [1.0, np.nan]) is None
    assert interval(1.0, [2.0, 2.0]) == (1, 1)


@pytest.mark.parametrize("scale", [1e-180, 1.0, 1e200])
def test_the_interval_has_the_scale_of_its_numbers(scale):
    low, high = interval(2 * scale, [scale, 2 * scale, 3 * scale])
    reach = t.ppf(0.975, 2) * np.sqrt(2 / 3 * 2)
    assert (low / scale, high / scale) == pytest.approx((2 - reach, 2 + reach))


@pytest.mark.parametrize(("good", "rows"), [(0, 10), (10, 10), (3, 17), (500, 2_000)])
def test_shares_agree_with_scipy(good, rows):
    expected = binomtest(good, rows).proportion_ci(method="wilson")
    assert share_interval(good / rows, rows) == pytest.approx((expected.low, expected.high))
