from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sparring.errors import InputError
from sparring.kinds.columns.order import MapColumn, OrderColumn
from tests.kinds.columns.conftest import decoded, fitted, same, saved

RANDOM = np.random.default_rng(0)
SIZES = ["low", "mid", "high", "never"]


@given(
    st.sampled_from(["object", "str", "string", "category", "string[pyarrow]"]),
    st.lists(st.one_of(st.none(), st.text(max_size=3)), min_size=1, max_size=150),
)
def test_texts_on_a_map_stay_themselves(dtype: str, cells: list[str | None]) -> None:
    series = pd.Series(cells, dtype=object, name="t").astype(dtype)
    if series.nunique(dropna=False) > 1:
        column = fitted(series, "categorical", one_hot=1)
        assert isinstance(column, MapColumn)
        same(decoded(column, series), series)


def zipf(n: int = 20_000, k: int = 700) -> pd.Series:
    """Many categories, some much more frequent than others, some missing."""
    codes = (k * RANDOM.random(n) ** 3).astype(int)
    return pd.Series(np.where(RANDOM.random(n) < 0.2, None, codes.astype(str)), name="zip")


@pytest.mark.parametrize("map_seed", [None, 1])
def test_frequencies_are_those_of_the_rows_on_every_map(map_seed: int | None) -> None:
    series = zipf()
    column = MapColumn.fit(series, "categorical")
    if map_seed is not None:
        where = np.random.default_rng(map_seed).normal(size=(len(column.values), 2))
        column = column.arranged(where)
    sampled = column.decode(RANDOM.random((200_000, 2)))
    expected = series.value_counts(normalize=True)
    found = sampled.value_counts(normalize=True).reindex(expected.index)
    assert np.abs(found - expected).sum() / 2 < 0.03


def test_both_scores_are_standard_normal() -> None:
    series = zipf()
    bounds = MapColumn.fit(series, "categorical").encode(series)
    for low, high in (bounds[:2], bounds[2:]):
        scores = stats.norm.ppf(RANDOM.uniform(low, high))
        assert stats.kstest(scores, "norm").pvalue > 0.01


def test_neighbours_on_the_map_are_neighbours_in_rank() -> None:
    series = pd.Series([f"{i}" for i in range(400)] * 2, name="zip")
    column = MapColumn.fit(series, "categorical")
    where = RANDOM.random((400, 2))
    place = {value: where[i] for i, value in enumerate(column.values)}
    column = column.arranged(where)
    cells = column.decode(np.column_stack([np.full(50, 0.25), np.linspace(0.01, 0.99, 50)]))
    across, along = np.array([place[cell] for cell in cells]).T
    assert np.ptp(across) < 0.15
    assert (np.diff(along) >= 0).all()
    assert np.ptp(along) > 0.8


def test_groups_are_about_as_many_as_places_in_one() -> None:
    column = MapColumn.fit(pd.Series([f"{i}" for i in range(400)], name="zip"), "categorical")
    assert len(column.ends) == 20
    assert set(np.diff([0, *column.ends])) == {20}
    assert saved(column) == column


def test_metrics_see_groups_in_which_new_categories_count_for_known_ones() -> None:
    series = zipf(5_000)
    column = MapColumn.fit(series, "categorical")
    seen = column.measured(series)
    assert seen.isna().equals(series.isna())
    assert set(seen.dropna()) == set(range(len(column.ends)))
    new = column.measured(pd.Series([f"new {i}" for i in range(5_000)], name="zip"))
    shares = [s.value_counts(normalize=True).sort_index() for s in (seen, new)]
    assert np.abs(shares[0] - shares[1]).sum() / 2 < 0.05
    assert column.pictured(series).dropna().isin(column.values).all()


@pytest.mark.parametrize("fit", [MapColumn.fit, OrderColumn.fit])
def test_a_category_that_training_never_saw_is_refused_with_those_it_saw(
    fit: type[OrderColumn],
) -> None:
    column = fit(pd.Series(["red", "blue"], name="colour"), "categorical")
    with pytest.raises(InputError, match=r"unknown category of column 'colour' 'gren'.*red"):
        column.encode(pd.Series(["red", "gren"], name="colour"))
    with pytest.raises(InputError, match="column 'colour', row 1: missing; training saw no such"):
        column.encode(pd.Series(["red", None], name="colour"))


def test_ordinals_keep_the_order_of_their_dtype_or_of_their_values() -> None:
    texts = pd.Series(["low", "high", "mid", "low"], name="x")
    ordered = texts.astype(pd.CategoricalDtype(SIZES, ordered=True))
    column = fitted(ordered)
    assert isinstance(column, OrderColumn)
    assert column.type == "ordinal"
    assert column.values == ("low", "mid", "high")
    assert column.decode(np.array([0.1, 0.6, 0.9])).tolist() == ["low", "mid", "high"]
    same(decoded(column, ordered), ordered)
    assert fitted(texts, "ordinal").values == ("high", "low", "mid")
    assert fitted(pd.Series([10, 9, 10], name="x"), "ordinal").values == (9, 10)


def test_what_training_never_saw_has_no_place() -> None:
    column = OrderColumn.fit(pd.Series(["a", "b"], name="x"), "ordinal")
    assert column.numbers(pd.Series(["b", "c", "a"])).tolist() == [1, -1, 0]
