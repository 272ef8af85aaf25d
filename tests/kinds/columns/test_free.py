from __future__ import annotations

import datetime
import re
import uuid

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparring.errors import InputError
from sparring.kinds.columns.catalogue import fit_column
from sparring.kinds.columns.free import ConstantColumn, IdentifierColumn
from tests.kinds.columns.conftest import same, saved

N = 500
RANDOM = np.random.default_rng(0)


def identifier(cells: object, dtype: str | None = None) -> IdentifierColumn:
    column = saved(fit_column(pd.Series(cells, name="name", dtype=dtype), "identifier"))
    assert isinstance(column, IdentifierColumn)
    return column


FORMS: dict[str, tuple[list[object], str]] = {
    "rows": (list(range(N)), r"\d+"),
    "objects": ([*range(10, N)], r"\d+"),
    "numbered": ([f"C-{i:05d}" for i in range(N)], r"C-\d{5}"),
    "numbered, not filled up": ([f"user_{i}" for i in range(N)], r"user_\d+"),
    "numbers as text": ([f"{i:04d}" for i in range(N)], r"\d{4}"),
    "uuid": ([str(uuid.UUID(int=int(i) << 64, version=4)) for i in RANDOM.integers(2**40, size=N)],
             r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-0{12}"),
    "keys": ([f"{a:03d}-{b:06x}-X" for a, b in RANDOM.integers(2**9, 2**12, (N, 2)) % 999],
             r"\d{3}-[0-9a-f]{6}-X"),
    "phone": ([f"0{i}" for i in RANDOM.choice(10**9, N, replace=False) + 10**9], r"0\d{10}"),
    "mail": ([f"{'ab' * (i % 7)}{i}@example.org" for i in range(N)], r"name-\d+"),
}  # fmt: skip


@pytest.mark.parametrize(("cells", "form"), FORMS.values(), ids=FORMS)
def test_new_identifiers_are_unique_and_alike(cells: list[object], form: str) -> None:
    column = identifier(cells)
    made = pd.concat([column.make(0, 3_000), column.make(3_000, 2_000)], ignore_index=True)
    same(made, column.make(0, 5_000))
    assert made.is_unique
    assert made.name == "name"
    assert all(re.fullmatch(form, str(cell)) for cell in made), made.head()


@pytest.mark.parametrize("name", ["numbered", "uuid", "mail"])
def test_some_rows_have_no_identifier(name: str) -> None:
    cells = [cell if i % 5 else None for i, cell in enumerate(FORMS[name][0])]
    column = identifier(cells)
    made = column.make(0, 5_000)
    assert made.isna().mean() == pytest.approx(0.2, abs=0.001)
    assert made[:100].isna().mean() == pytest.approx(0.2, abs=0.02)
    assert made.dropna().is_unique
    same(made[3_000:].reset_index(drop=True), column.make(3_000, 2_000))
    assert not identifier(FORMS[name][0]).missing


def test_missing_whole_numbers_among_identifiers() -> None:
    made = identifier([1, None, 3, 4], "Int64").make(0, 400)
    assert made.dtype == "Int64"
    assert made.isna().mean() == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize("name", ["rows", "numbered", "numbered, not filled up", "numbers as text"])
def test_numbers_go_on_after_the_largest(name: str) -> None:
    cells = FORMS[name][0]
    made = identifier(cells).make(0, N)
    assert not set(made) & set(cells)
    assert str(made[0]).endswith(str(N))


@pytest.mark.parametrize("name", ["uuid", "phone"])
def test_words_are_new_where_there_is_room(name: str) -> None:
    cells = FORMS[name][0]
    assert not set(identifier(cells).make(0, 20_000)) & set(cells)


@pytest.mark.parametrize(
    "dtype", ["int16", "uint64", "Int32", "str", "string", "object", "int64[pyarrow]", "category"]
)
def test_identifiers_keep_their_dtype(dtype: str) -> None:
    cells = pd.Series(range(100)).astype("str" if dtype in ("str", "string") else "int64")
    made = identifier(cells, dtype).make(0, 50)
    assert made.dtype == ("int64" if dtype == "category" else dtype)


@given(st.sampled_from(["int8", "uint8", "int64", "uint64"]), st.data())
def test_after_the_largest_number_of_a_dtype_comes_the_smallest(
    dtype: str, data: st.DataObject
) -> None:
    limits = np.iinfo(dtype)
    largest = data.draw(st.integers(int(limits.min) + 1, int(limits.max)))
    made = identifier([int(limits.min), largest], dtype).make(0, 256)
    assert made.dtype == dtype
    assert made.is_unique
    after = largest + 1 if largest < limits.max else limits.min
    assert made[0] == after


@pytest.mark.parametrize("cells", [[0.5, 1.5], pd.date_range("2020", periods=2)])
def test_what_is_no_identifier(cells: object) -> None:
    with pytest.raises(InputError, match=r"column 'name' is of type .*\(accepted for identifiers"):
        identifier(cells)


@pytest.mark.parametrize(
    "series",
    [
        pd.Series([7] * 3, dtype="uint8"),
        pd.Series(["ü"] * 3),
        pd.Series([None] * 3, dtype=object),
        pd.Series([np.nan] * 3),
        pd.Series([pd.NaT] * 3, dtype="datetime64[us]"),
        pd.Series([pd.Timestamp("2020-02-29 12:00", tz="Europe/Berlin")] * 3),
        pd.Series([pd.Timedelta("90min")] * 3),
        pd.Series([datetime.date(2020, 2, 29)] * 3, dtype=object),
        pd.Series(["a"] * 3, dtype=pd.CategoricalDtype(["b", "a"])),
        pd.Series([1.5] * 3, dtype="double[pyarrow]"),
        pd.Series([True] * 3, dtype="bool[pyarrow]"),
        pd.Series([datetime.date(2020, 2, 29)] * 3, dtype="date32[pyarrow]"),
        pd.Series([pd.Timestamp("2020-02-29 12:00", tz="Europe/Berlin")] * 3).astype(
            "timestamp[us, tz=Europe/Berlin][pyarrow]"
        ),
    ],
    ids=lambda series: f"{series[0]} {series.dtype}",
)
def test_constants_of_every_dtype(series: pd.Series) -> None:
    series = series.rename("x")
    column = saved(fit_column(series, "constant"))
    assert isinstance(column, ConstantColumn)
    same(column.make(7, 3), series)


def test_a_constant_that_varies_is_refused() -> None:
    with pytest.raises(InputError, match="column 'x' is not constant: it holds 1, 2"):
        fit_column(pd.Series([1, 1, 2], name="x"), "constant")
