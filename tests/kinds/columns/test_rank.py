from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sparring.errors import InputError
from sparring.kinds.columns.distribution import DISCRETE
from sparring.kinds.columns.dtype import Dtype
from sparring.kinds.columns.rank import NumberColumn, decimals_of
from tests.conftest import INTEGERS
from tests.kinds.columns.conftest import decoded, fitted, same

RANDOM = np.random.default_rng(0)
SAFE = st.integers(-(2**53), 2**53)


def numbers_of(cells: object, dtype: str | None = None) -> NumberColumn:
    return NumberColumn.fit(pd.Series(cells, name="x", dtype=dtype), "float")


@given(st.sampled_from(INTEGERS), st.data())
def test_integers_stay_themselves(dtype: str, data: st.DataObject) -> None:
    limits = np.iinfo(dtype)
    cells = data.draw(st.lists(st.integers(int(limits.min), int(limits.max)), min_size=1))
    series = pd.Series(cells, dtype=dtype, name="i")
    if series.nunique() > 1:
        same(decoded(fitted(series, "categorical" if limits.bits == 64 else None), series), series)


@given(st.lists(st.one_of(st.none(), SAFE), min_size=1), st.sampled_from(["Int64", object]))
def test_integers_with_holes_stay_themselves(cells: list[int | None], dtype: str) -> None:
    series = pd.Series(cells, dtype=dtype, name="i")
    if series.nunique(dropna=False) > 1:
        column = fitted(series)
        assert column.type == "integer"
        same(decoded(column, series), series)


@given(
    st.sampled_from(["float32", "float64", "Float64", "double[pyarrow]"]),
    # Arrow counts -0.0 and 0.0 as two; to a table they are one.
    st.lists(
        st.one_of(st.none(), st.floats(-(2.0**99), 2.0**99, width=32).map(lambda x: x + 0.0)),
        min_size=1,
    ),
)
def test_few_floats_stay_themselves(dtype: str, cells: list[float | None]) -> None:
    series = pd.Series(cells, dtype=dtype, name="f")
    if series.nunique(dropna=False) > 1:
        column = fitted(series)
        assert column.type == "float"
        same(decoded(column, series), series)


@given(st.lists(st.floats(0, 1), min_size=1), st.integers(2, 3_000), st.integers(0, 5))
def test_no_sample_leaves_the_range(ranks: list[float], n: int, digits: int) -> None:
    series = pd.Series(np.random.default_rng(n).normal(size=n).round(digits), name="f")
    cells = numbers_of(series).decode(np.array(ranks))
    assert cells.between(series.min(), series.max()).all()
    assert np.array_equal(cells.round(digits), cells)


@pytest.mark.parametrize("spikes", [0, 2_500, 4_900], ids="{} rows are 0".format)
@pytest.mark.parametrize("digits", [1, 12])
def test_encoded_numbers_are_standard_normal(spikes: int, digits: int) -> None:
    x = np.exp(RANDOM.normal(size=5_000)).round(digits)
    x[:spikes] = 0
    low, high = numbers_of(x).encode(pd.Series(x))
    scores = stats.norm.ppf(RANDOM.uniform(low, high))
    assert stats.kstest(scores, "norm").pvalue > 0.01


def test_many_numbers_are_kept_as_quantiles_and_come_back_close() -> None:
    series = pd.Series(RANDOM.normal(size=20_000), name="x")
    column = numbers_of(series)
    assert not column.distribution.discrete
    assert len(column.distribution.values) < 2_000
    back = decoded(column, series)
    assert (back - series).abs().max() < 1e-4
    assert stats.ks_2samp(column.decode(RANDOM.random(20_000)), series).statistic < 0.02


def test_whole_numbers_between_quantiles_stay_whole() -> None:
    series = pd.Series(RANDOM.integers(-(10**6), 10**6, 5_000), name="x")
    column = numbers_of(series)
    assert not column.distribution.discrete
    same(decoded(column, series), series)


def test_an_atom_among_many_numbers_keeps_its_share() -> None:
    series = pd.Series(np.where(RANDOM.random(9_000) < 0.4, 3.5, RANDOM.random(9_000)), name="x")
    assert series.nunique() > DISCRETE
    back = numbers_of(series).decode(RANDOM.random(9_000))
    assert (back == 3.5).mean() == pytest.approx((series == 3.5).mean(), abs=0.02)


def test_a_missing_cell_may_be_of_any_rank() -> None:
    column = numbers_of([1.0, np.nan, 3.0])
    low, high = column.encode(pd.Series([np.nan, 1.0]))
    assert (low[0], high[0]) == (0, 1)
    assert (low[1], high[1]) == (0, 0.5)
    back = column.decode(np.array([0.2, 0.2]), np.array([True, False]))
    assert back.isna().tolist() == [True, False]


def test_a_number_that_training_never_saw_takes_a_neighbours_rank() -> None:
    column = numbers_of([1.0, 2.0, 4.0])
    low, high = column.encode(pd.Series([-9.0, 3.0, 9.0]))
    assert column.decode((low + high) / 2.0).tolist() == [1.0, 4.0, 4.0]


def test_a_missing_cell_where_training_saw_none_is_refused() -> None:
    with pytest.raises(InputError, match=r"column 'x', row 1: missing; training saw no such"):
        numbers_of([1.0, 2.0]).encode(pd.Series([1.0, np.nan]))


def test_text_where_training_saw_numbers_is_refused() -> None:
    with pytest.raises(InputError, match="column 'age', row 1: 'old' is no number"):
        numbers_of([1.0, 2.0]).encode(pd.Series(["7", "old"], name="age"))


@pytest.mark.parametrize("cell", [np.inf, -1e70])
def test_a_number_beyond_computing_is_refused(cell: float) -> None:
    with pytest.raises(InputError, match=r"column 'x', row 1: .*within 1e\+60 of 0"):
        numbers_of([0.0, cell])


def test_decimals_are_those_of_the_dtype() -> None:
    tenths = np.array([0.1, 2.7])
    assert decimals_of(tenths, Dtype("float64")) == 1
    assert decimals_of(tenths.astype(np.float32).astype(np.float64), Dtype("float32")) == 1
    assert decimals_of(tenths.astype(np.float32).astype(np.float64), Dtype("float64")) is None
    assert decimals_of(np.array([3.0, -5e20]), Dtype("float64")) == 0
    assert decimals_of(np.array([np.pi]), Dtype("float64")) is None
