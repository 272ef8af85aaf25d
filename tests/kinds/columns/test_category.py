from __future__ import annotations

import datetime
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparring.errors import InputError
from sparring.kinds.columns.base import name_of, places
from sparring.kinds.columns.category import CategoryColumn
from sparring.kinds.columns.dtype import Dtype
from tests.kinds.columns.conftest import decoded, fitted, same


@given(
    st.sampled_from(["object", "str", "string", "category", "large_string[pyarrow]"]),
    st.lists(st.one_of(st.none(), st.text(max_size=3)), min_size=1, max_size=60),
)
def test_texts_stay_themselves(dtype: str, cells: list[str | None]) -> None:
    series = pd.Series(cells, dtype=object, name="t").astype(dtype)
    if series.nunique(dropna=False) > 1:
        same(decoded(fitted(series, "categorical"), series), series)


@given(
    st.sampled_from(["boolean", "object", "bool[pyarrow]"]),
    st.lists(st.one_of(st.none(), st.booleans()), min_size=1),
)
def test_booleans_stay_themselves(dtype: str, cells: list[bool | None]) -> None:
    series = pd.Series(cells, dtype=dtype, name="b")
    if series.nunique(dropna=False) > 1:
        column = fitted(series)
        assert column.type == "boolean"
        same(decoded(column, series), series)


@pytest.mark.parametrize(
    "series",
    [
        pd.Series([3, 1, 3], dtype="int8"),
        pd.Series([3, None, 1], dtype="UInt16"),
        pd.Series([0.5, np.nan, 2.0]),
        pd.Series(pd.to_datetime(["2020-01-01", None, "2021-01-01"])),
        pd.Series(pd.to_datetime(["2020-01-01 00:00", "2020-01-02 12:00", "2020-01-01 00:00"])),
        pd.Series(pd.to_timedelta([1, 2, 2], "h")),
        pd.Series(pd.to_timedelta([24, 25, 24], "h").astype(pd.ArrowDtype(pa.duration("s")))),
        pd.Series([datetime.date(2020, 2, 29), None, datetime.date(2021, 2, 28)], dtype=object),
    ],
    ids=str,
)
def test_anything_can_be_a_category(series: pd.Series) -> None:
    series = series.rename("x")
    column = fitted(series, "categorical")
    json.dumps(column.to_dict())
    same(decoded(column, series), series)
    same(decoded(column, series[:1]), series[:1])  # whatever the other cells are
    assert not pd.api.types.is_numeric_dtype(column.measured(series))


def test_a_category_that_training_never_saw() -> None:
    column = CategoryColumn.fit(pd.Series(["a", None, "b"], name="x"), "categorical")
    assert column.one_hot(pd.Series(["b", "c", None])).tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 1]]
    with pytest.raises(InputError, match=r"unknown category of column 'x' 'c' \(valid: a, b"):
        column.encode(pd.Series(["b", "c"]))


def test_a_missing_cell_that_is_told_apart_is_encoded_as_another() -> None:
    column = CategoryColumn(
        "x", "categorical", Dtype("object", cells="string", missing="None"), ("a", "b"), (0.0, 0.4),
        gap=True,
    )
    series = pd.Series([None, "b", None, "b", None], dtype=object)
    (codes,) = column.encode(series)
    assert codes.tolist() == [1, 1, 1, 1, 1]
    assert column.encode(series[[0]])[0].tolist() == [0]
    back = column.decode(codes, series.isna().to_numpy())
    assert back.tolist() == series.tolist()


def test_a_boolean_has_two_values() -> None:
    assert fitted(pd.Series([0, 1, None], name="x"), "boolean").type == "boolean"
    with pytest.raises(InputError, match="column 'x' has 3 values, a boolean two"):
        fitted(pd.Series([0, 1, 2], name="x"), "boolean")


def test_places_of_missing_and_unknown_cells() -> None:
    assert places(pd.Series(["b", None, "x"]), ("a", "b", None)).tolist() == [1, 2, -1]
    assert places(pd.Series(["b", None, "x"]), ("a", "b")).tolist() == [1, -1, -1]


@pytest.mark.parametrize("name", ["text", 3, 1.5, np.int64(3), "<script>alert(1)</script>", "Ü\n"])
def test_names_that_json_keeps(name: object) -> None:
    assert name_of(pd.Series([1], name=name)) == name
    assert type(name_of(pd.Series([1], name=name))) in (str, int, float)


@pytest.mark.parametrize("name", [None, ("a", "b"), float("nan"), pd.Timestamp(0)], ids=str)
def test_other_names_are_refused(name: object) -> None:
    with pytest.raises(InputError, match="a column's name must be a text or a number"):
        name_of(pd.Series([1], name=name))
