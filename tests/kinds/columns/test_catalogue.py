from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sparring.errors import InputError
from sparring.kinds.columns.catalogue import ONE_HOT, TYPES, fit_column
from sparring.kinds.columns.category import CategoryColumn
from sparring.kinds.columns.order import MapColumn
from tests.conftest import mixed_table
from tests.kinds.columns.conftest import decoded, fitted, same, saved

MIXED = mixed_table()


@pytest.mark.parametrize("name", MIXED.columns, ids=str)
def test_every_dtype_comes_back(name: str) -> None:
    if name != "constant":
        same(decoded(fitted(MIXED[name]), MIXED[name]), MIXED[name])


@pytest.mark.parametrize("type", [name for name, type in TYPES.items() if type.fit])
def test_every_type_survives_json(type: str) -> None:
    cells = {"datetime": pd.to_datetime(["2020", "2021"]), "duration": pd.to_timedelta([1, 2])}
    column = fit_column(pd.Series(cells.get(type, [1, 1 + (type != "constant")]), name="x"), type)
    assert column.type == type
    saved(column)


def test_few_categories_are_one_hot_and_many_on_a_map() -> None:
    for k, kind in ((ONE_HOT, CategoryColumn), (ONE_HOT + 1, MapColumn)):
        series = pd.Series([f"{i}" for i in range(k)], name="x")
        assert type(fit_column(series, "categorical")) is kind


@pytest.mark.parametrize(
    ("cells", "type", "message"),
    [
        ([0.5, 1.0], "integer", "column 'x' holds other numbers than whole ones within 2"),
        ([2**60, 1], "integer", "column 'x' holds other numbers than whole ones within 2"),
        (["a", "b"], "float", "column 'x', row 0: 'a' is no number"),
        (["a", "b"], "text", "column 'x' holds text, which is not learnt"),
        ([1j, 2j], "categorical", "column 'x' is of type complex128"),
    ],
)
def test_types_that_the_cells_are_not(cells: list[object], type: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        fit_column(pd.Series(cells, name="x"), type)


def test_whole_floats_can_be_integers() -> None:
    series = pd.Series([1.0, np.nan, 3.0], name="x")
    same(decoded(fitted(series, "integer"), series), series)
