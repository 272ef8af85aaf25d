from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sparring.errors import InputError
from sparring.kinds.columns import (
    DISCRETE,
    CategoryColumn,
    Column,
    Dtype,
    RankColumn,
    decimals_of,
    name_of,
    places,
    restored_column,
)
from sparring.kinds.table import fit_column
from tests.conftest import INTEGERS, mixed_table

MIXED = mixed_table()
RANDOM = np.random.default_rng(0)


def decoded(column: Column, series: pd.Series) -> pd.Series:
    """There and back; a rank in the middle of its interval."""
    cells = column.encode(series)
    middle = cells[0] if len(cells) == 1 else (cells[0].astype(np.float64) + cells[1]) / 2
    return column.decode(middle)


def same(found: pd.Series, expected: pd.Series) -> None:
    pd.testing.assert_series_equal(found, expected.reset_index(drop=True), check_exact=True)


@pytest.mark.parametrize("name", MIXED.columns, ids=str)
def test_every_dtype_comes_back(name: str) -> None:
    series = MIXED[name]
    column = fit_column(series)
    same(decoded(column, series), series.where(series.notna()))


@pytest.mark.parametrize("name", MIXED.columns, ids=str)
def test_every_column_survives_json(name: str) -> None:
    column = fit_column(MIXED[name])
    restored = restored_column(json.loads(json.dumps(column.to_dict())))
    assert restored == column
    same(decoded(restored, MIXED[name]), decoded(column, MIXED[name]))


@given(st.sampled_from(INTEGERS), st.data())
def test_integers_stay_themselves(dtype: str, data: st.DataObject) -> None:
    limits = np.iinfo(dtype)
    cells = data.draw(st.lists(st.integers(int(limits.min), int(limits.max)), min_size=1))
    series = pd.Series(cells, dtype=dtype, name="i")
    same(decoded(fit_column(series), series), series)


@given(st.lists(st.one_of(st.none(), st.integers(-(2**62), 2**62)), min_size=1))
def test_integers_with_holes_stay_themselves(cells: list[int | None]) -> None:
    series = pd.Series(cells, dtype="Int64", name="i")
    same(decoded(fit_column(series), series), series)


@given(
    st.sampled_from(["float32", "float64"]),
    st.lists(st.one_of(st.just(np.nan), st.floats(-(2.0**99), 2.0**99, width=32)), min_size=1),
)
def test_few_floats_stay_themselves(dtype: str, cells: list[float]) -> None:
    series = pd.Series(cells, dtype=dtype, name="f")
    same(decoded(fit_column(series), series), series)


@given(
    st.sampled_from(["object", "str", "string", "category"]),
    st.lists(st.one_of(st.none(), st.text(max_size=3)), min_size=1, max_size=100),
)
def test_texts_stay_themselves(dtype: str, cells: list[str | None]) -> None:
    series = pd.Series(cells, dtype=object, name="t")
    series = series.where(series.notna()).astype(dtype)
    same(decoded(fit_column(series), series), series)


@given(st.lists(st.floats(0, 1), min_size=1), st.integers(2, 3_000), st.integers(0, 5))
def test_no_sample_leaves_the_range(ranks: list[float], n: int, digits: int) -> None:
    series = pd.Series(np.random.default_rng(n).normal(size=n).round(digits), name="f")
    cells = RankColumn.fit(series).decode(np.array(ranks))
    assert cells.between(series.min(), series.max()).all()
    assert np.array_equal(cells.round(digits), cells)


@pytest.mark.parametrize("spikes", [0, 2_500, 4_900], ids="{} rows are 0".format)
@pytest.mark.parametrize("digits", [1, 12])
def test_encoded_numbers_are_standard_normal(spikes: int, digits: int) -> None:
    x = np.exp(RANDOM.normal(size=5_000)).round(digits)
    x[:spikes] = 0
    series = pd.Series(x, name="x")
    low, high = RankColumn.fit(series).encode(series)
    scores = stats.norm.ppf(RANDOM.uniform(low, high))
    assert stats.kstest(scores, "norm").pvalue > 0.01


def test_many_numbers_are_kept_as_quantiles_and_come_back_close() -> None:
    series = pd.Series(RANDOM.normal(size=20_000), name="x")
    column = RankColumn.fit(series)
    assert not column.discrete
    assert len(column.values) < 2_000
    back = decoded(column, series)
    assert (back - series).abs().max() < 1e-4
    assert stats.ks_2samp(column.decode(RANDOM.random(20_000)), series).statistic < 0.02


def test_whole_numbers_between_quantiles_stay_whole() -> None:
    series = pd.Series(RANDOM.integers(-(10**6), 10**6, 5_000), name="i")
    column = RankColumn.fit(series)
    assert not column.discrete
    same(decoded(column, series), series)


def test_an_atom_among_many_numbers_keeps_its_share() -> None:
    series = pd.Series(np.where(RANDOM.random(9_000) < 0.4, 3.5, RANDOM.random(9_000)), name="x")
    assert series.nunique() > DISCRETE
    back = RankColumn.fit(series).decode(RANDOM.random(9_000))
    assert (back == 3.5).mean() == pytest.approx((series == 3.5).mean(), abs=0.02)


def test_missing_cells_keep_their_share() -> None:
    series = pd.Series(np.where(np.arange(100) < 30, np.nan, np.arange(100)), name="x")
    back = RankColumn.fit(series).decode((np.arange(1_000) + 0.5) / 1_000)
    assert back.isna().sum() == 300


def test_a_number_that_training_never_saw_takes_a_neighbours_rank() -> None:
    column = RankColumn.fit(pd.Series([1.0, 2.0, 4.0], name="x"))
    low, high = column.encode(pd.Series([-9.0, 3.0, 9.0]))
    assert column.decode((low + high) / 2.0).tolist() == [1.0, 4.0, 4.0]


def test_a_missing_cell_where_training_saw_none_is_refused() -> None:
    column = RankColumn.fit(pd.Series([1.0, 2.0], name="age"))
    with pytest.raises(InputError, match=r"column 'age', row 1: missing; training saw no such"):
        column.encode(pd.Series([1.0, np.nan], name="age"))


@pytest.mark.parametrize("fit", [CategoryColumn.fit, RankColumn.fit_categories])
def test_a_category_that_training_never_saw_is_refused_with_those_it_saw(
    fit: Callable[[pd.Series], Column],
) -> None:
    column = fit(pd.Series(["red", "blue"], name="colour"))
    with pytest.raises(InputError, match=r"unknown category of column 'colour' 'gren'.*red"):
        column.encode(pd.Series(["red", "gren"], name="colour"))


def test_a_category_that_training_never_saw_is_nothing_in_one_hot() -> None:
    column = CategoryColumn.fit(pd.Series(["a", None, "b"], name="x"))
    assert column.one_hot(pd.Series(["b", "c", None])).tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 1]]


def test_text_where_training_saw_numbers_is_refused() -> None:
    column = RankColumn.fit(pd.Series([1.0, 2.0], name="age"))
    with pytest.raises(InputError, match="column 'age' is numeric, but here it holds text"):
        column.features(pd.Series(["old", "young"], name="age"))


@pytest.mark.parametrize("cell", [np.inf, -1e70])
def test_a_number_beyond_computing_is_refused(cell: float) -> None:
    with pytest.raises(InputError, match=r"column 'x' holds .*within 1e\+60 of 0"):
        RankColumn.fit(pd.Series([0.0, cell], name="x"))


def test_frequent_texts_come_first_and_ordered_categories_in_their_order() -> None:
    texts = pd.Series(["b"] * 3 + ["c"] * 2 + ["a"], name="x")
    assert RankColumn.fit_categories(texts).values == ("b", "c", "a")
    dtype = pd.CategoricalDtype(["a", "never", "c", "b"], ordered=True)
    assert RankColumn.fit_categories(texts.astype(dtype)).values == ("a", "c", "b")


def test_decimals_are_those_of_the_dtype() -> None:
    tenths = np.array([0.1, 2.7])
    assert decimals_of(tenths, Dtype("float64")) == 1
    assert decimals_of(tenths.astype(np.float32).astype(np.float64), Dtype("float32")) == 1
    assert decimals_of(tenths.astype(np.float32).astype(np.float64), Dtype("float64")) is None
    assert decimals_of(np.array([3.0, -5e20]), Dtype("float64")) == 0
    assert decimals_of(np.array([np.pi]), Dtype("float64")) is None


def test_places_of_missing_and_unknown_cells() -> None:
    assert places(pd.Series(["b", None, "x"]), ("a", "b", None)).tolist() == [1, 2, -1]
    assert places(pd.Series(["b", None, "x"]), ("a", "b")).tolist() == [1, -1, -1]


@pytest.mark.parametrize("name", ["text", 3, 1.5, np.int64(3)])
def test_names_that_json_keeps(name: object) -> None:
    assert name_of(pd.Series([1], name=name)) == name
    assert type(name_of(pd.Series([1], name=name))) in (str, int, float)


@pytest.mark.parametrize("name", [None, ("a", "b"), float("nan"), pd.Timestamp(0)], ids=str)
def test_other_names_are_refused(name: object) -> None:
    with pytest.raises(InputError, match="a column's name must be a text or a number"):
        name_of(pd.Series([1], name=name))
