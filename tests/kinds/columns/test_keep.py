from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sparring.errors import InputError
from sparring.kinds.columns.category import CategoryColumn
from sparring.kinds.columns.dtype import Dtype
from sparring.kinds.columns.fit import fit_target, kept_notes, type_of
from sparring.kinds.columns.free import ConstantColumn, IdentifierColumn
from sparring.kinds.columns.keep import KEEP_ALL, Keep
from sparring.kinds.columns.order import MapColumn, OrderColumn
from sparring.kinds.columns.rank import MomentColumn, NumberColumn
from tests.kinds.columns.conftest import saved

TWICE = Keep(min_count=2)
CELLS = pd.Series(["a"] * 6 + ["b"] * 3 + ["rare", None], name="x")


def test_a_rare_category_is_encoded_as_others_are() -> None:
    series = pd.concat([CELLS[:9]] * 40 + [CELLS[9:10]] * 90, ignore_index=True).rename("x")
    column = saved(CategoryColumn.fit(series, "categorical", Keep(min_count=91)))
    assert isinstance(column, CategoryColumn)
    assert column.values == ("a", "b")
    assert column.rare == pytest.approx(90 / 450)
    back = column.decode(column.encode(series)[0])
    assert back[:360].tolist() == series[:360].tolist()
    assert (back[360:] == "a").mean() == pytest.approx(2 / 3, abs=0.12)


def test_missing_cells_stay_missing_beside_rare_categories() -> None:
    column = CategoryColumn.fit(CELLS, "categorical", TWICE)
    assert column.values == ("a", "b", None)
    assert column.encode(CELLS[[10, 0, 6]])[0].tolist() == [2, 0, 1]
    whole = CategoryColumn.fit(CELLS[:10], "categorical", TWICE)
    with pytest.raises(InputError, match="unknown category of column 'x' 'nan'"):
        whole.encode(CELLS)


def test_both_values_of_a_boolean_are_kept() -> None:
    series = pd.Series([True] * 9 + [False], name="x")
    assert CategoryColumn.fit(series, "boolean", TWICE).values == (False, True)


@pytest.mark.parametrize("dtype", ["category", "ordered"])
def test_a_dtype_loses_rare_categories_and_keeps_those_of_no_row(dtype: str) -> None:
    names = ["a", "rare", "b", "never"]
    series = CELLS.astype(pd.CategoricalDtype(names, ordered=dtype == "ordered"))
    column = MapColumn if dtype == "category" else OrderColumn
    assert column.fit(series, "x", TWICE).dtype.categories == ("a", "b", "never")
    assert column.fit(series, "x", KEEP_ALL).dtype == Dtype.of(series)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (pd.Series([1, 1, 2, 5, 5, 9]), [1, 1, 5, 5, 5, 5]),
        (
            pd.Series(list("llmhhx")).astype(pd.CategoricalDtype(list("lmhx"), ordered=True)),
            list("llhhhh"),
        ),
    ],
    ids=["by value", "by dtype"],
)
def test_a_rare_grade_counts_as_the_next_above_or_the_last(
    cells: pd.Series, expected: list[object]
) -> None:
    column = saved(OrderColumn.fit(cells.rename("grade"), "ordinal", TWICE))
    assert isinstance(column, OrderColumn)
    low, high = column.encode(cells)
    assert column.decode((low + high) / 2).tolist() == expected
    assert column.distribution.levels == pytest.approx((1 / 3, 1))


def test_a_rare_one_of_many_categories_becomes_one_that_is_kept() -> None:
    series = pd.Series([f"c{i % 100}" for i in range(300)] + ["rare"], name="x")
    column = saved(MapColumn.fit(series, "categorical", TWICE))
    assert isinstance(column, MapColumn)
    assert "rare" not in column.values
    assert len(column.values) == 100
    bounds = [bound[300:] for bound in column.encode(series)]
    middle = np.column_stack([(bounds[0] + bounds[1]) / 2, (bounds[2] + bounds[3]) / 2])
    assert column.decode(middle)[0] in column.values


def test_numbers_are_kept_as_means_or_where_they_are_frequent() -> None:
    series = pd.Series([7.0] * 5 + [1.25, 2.5, 20.125, 30.5, 90.75], name="x")
    column = saved(NumberColumn.fit(series, "float", TWICE))
    assert isinstance(column, NumberColumn)
    assert column.distribution.values == pytest.approx(
        (1.875, 1.875, 7, 7, 20.125 / 3 + 30.5 / 3 + 90.75 / 3, 20.125 / 3 + 30.5 / 3 + 90.75 / 3)
    )
    assert column.distribution.levels == pytest.approx((0, 0.1, 0.2, 0.7, 0.85, 1))


def test_the_first_moment_is_not_told() -> None:
    first = pd.Timestamp("1931-04-05")
    days = first + pd.to_timedelta([0, 9_000, 9_001, 9_003, 9_500, 9_900], "D")
    column = saved(MomentColumn.fit(pd.Series(days, name="x"), "datetime", TWICE))
    assert isinstance(column, MomentColumn)
    made = column.decode(np.array([0.0, 0.5, 1.0]))
    assert made.tolist() == [first + pd.Timedelta(d, "D") for d in (4_500, 9_002, 9_700)]
    kept = MomentColumn.fit(pd.Series(days, name="x"), "datetime")
    assert kept.decode(np.zeros(1))[0] == first
    assert column.clock.origin == kept.clock.origin - 849 * kept.clock.step


@pytest.mark.parametrize(
    ("cells", "start"),
    [(range(48_700, 48_713), 49_000), (range(88), 90), (range(-70, -40), -40)],
)
def test_new_names_do_not_tell_the_largest(cells: range, start: int) -> None:
    series = pd.Series(cells, name="x")
    assert IdentifierColumn.fit(series, "identifier", TWICE).start == start
    texts = series.abs().map("C-{:06d}".format)
    names = IdentifierColumn.fit(texts, "identifier", TWICE)
    assert not set(names.make(0, 50)) & set(texts)


def test_a_column_of_too_few_cells_is_empty() -> None:
    series = pd.Series([None] * 9 + ["only"], name="x")
    assert type_of(series, None, TWICE) == "constant"
    column = ConstantColumn.fit(series.astype("category"), "constant", TWICE)
    assert (column.value, column.dtype.categories) == (None, ())


def test_a_text_that_hardly_repeats_is_a_name() -> None:
    series = pd.Series(list("abcdefgg"), name="x")
    assert type_of(series, None, TWICE) == "categorical"
    assert type_of(series, None, Keep(min_count=3)) == "identifier"
    assert type_of(series.astype("category"), None, Keep(min_count=3)) == "identifier"
    with pytest.raises(InputError, match="column 'x': no value is in 3 rows or more"):
        type_of(series, "categorical", Keep(min_count=3))


def test_rare_classes_of_a_target_are_others() -> None:
    values = CELLS[:10].to_numpy()
    column, labels = fit_target(CELLS[:10], values, TWICE)
    assert labels.classes == column.values == ("a", "b")
    assert labels.shares == pytest.approx((2 / 3, 1 / 3))
    assert column.rare == pytest.approx(0.1)
    with pytest.raises(InputError, match="column 'x': no value is in 7 rows or more"):
        fit_target(CELLS[:10], values, Keep(min_count=7))


def test_notes_name_columns_and_no_value() -> None:
    columns = [
        CategoryColumn.fit(CELLS, "categorical", TWICE),
        NumberColumn.fit(pd.Series([1.5, 2.5, 9.0], name="y"), "float", TWICE),
        NumberColumn.fit(pd.Series([1, 1, 2, 2], name="z"), "integer", TWICE),
    ]
    assert kept_notes(columns, Keep(2, 0.01)) == [
        "categories of fewer than 2 rows (min_count) are learnt as others: "
        "'x' (9.09% of the cells)",
        "numbers end at their quantiles 0.01 and 0.99 (tail_quantile)",
        "numbers of fewer than 2 rows (min_count) are kept as means only: 'y'",
    ]
    assert kept_notes([NumberColumn.fit(pd.Series([1.5, 9.0], name="y"), "float")], KEEP_ALL) == []
