from __future__ import annotations

import datetime
import uuid
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sparring.errors import InputError
from sparring.kinds.columns.catalogue import TYPES
from sparring.kinds.columns.infer import infer

N = 120
RANDOM = np.random.default_rng(0)
PROSE = [f"The {i}th guest found the room clean and the tea {i % 7} times cold." for i in range(N)]

SEEMS: dict[str, list[tuple[str, Any]]] = {
    "integer": [
        ("age", RANDOM.integers(0, 90, N)),
        ("year", range(1900, 1900 + N)),
        ("id", [*range(N - 1), 0]),
        ("video", range(N)),
        ("holes", pd.array([None, *range(N - 1)], dtype="Int64")),
        ("objects", pd.Series([None, *range(N - 1)], dtype=object)),
    ],
    "float": [
        ("x", RANDOM.random(N)),
        ("id", RANDOM.random(N)),
        ("holes", [np.nan, *range(N - 1)]),
    ],
    "boolean": [
        ("b", RANDOM.random(N) < 0.5),
        ("b", pd.array([True, None] * 60, dtype="boolean")),
        ("b", pd.Series([True, None, False] * 40, dtype=object)),
    ],
    "categorical": [
        ("c", RANDOM.choice(["a", "b"], N)),
        ("few rows", [f"{i}" for i in range(19)]),
        ("nearly unique", [*(f"n{i}" for i in range(N - 1)), "n0"]),
        ("codes", pd.Categorical(RANDOM.integers(0, 5, N))),
        ("large codes", RANDOM.choice([2**60, 2**60 + 1, 3], N)),
        ("long, but few", RANDOM.choice(PROSE[:5], N)),
        ("years as text", RANDOM.choice(["2019", "2020"], N)),
    ],
    "ordinal": [("o", pd.Categorical(["b", "a"] * 60, ordered=True))],
    "datetime": [
        ("d", pd.date_range("2020", periods=N)),
        ("d", pd.date_range("2020", periods=N, tz="Asia/Kolkata")),
        ("d", [f"{i % 28 + 1:02d}.02.2020" for i in range(N)]),
        ("t", [f"{i % 12 + 1}:{i % 60:02d} AM" for i in range(N)]),
        ("t", [datetime.time(i % 24, i % 60) for i in range(N)]),
        ("d", pd.Series([datetime.date(2020, 1, 1 + i % 30) for i in range(N)], dtype=object)),
    ],
    "duration": [("t", pd.to_timedelta(range(N), "h"))],
    "constant": [("c", [1] * N), ("c", [None] * N), ("c", ["x"] * N)],
    "identifier": [
        ("PassengerId", range(N)),
        ("customer_id", RANDOM.permutation(N) + 7),
        ("Unnamed: 0", range(N)),
        ("row_names", range(N)),
        ("No.", range(N)),
        ("#", range(N)),
        ("snowflake", RANDOM.integers(2**60, 2**62, N)),
        ("name", [f"Ms. {'AB'[i % 2]}. {i} Smith" for i in range(N)]),
        ("mail", pd.array([f"{i}@example.org" for i in range(N)], dtype="string")),
    ],
    "text": [("review", PROSE), ("review", [*PROSE[:100], *PROSE[:20]])],
}


def test_every_type_is_found() -> None:
    assert set(SEEMS) == set(TYPES)


@pytest.mark.parametrize(
    ("expected", "name", "cells"),
    [(expected, name, cells) for expected, cases in SEEMS.items() for name, cells in cases],
)
def test_what_a_column_seems_to_be(expected: str, name: str, cells: Any) -> None:
    series = pd.Series(cells, name=name)
    assert infer(series) == expected
    rows = RANDOM.permutation(len(series))
    assert infer(series.iloc[rows]) == expected


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([1j, 2.0], "column 'x' is of type complex128"),
        (pd.period_range("2020", periods=2, freq="M"), r"column 'x' is of type period\[M\]"),
        (pd.cut([1, 2, 3], 2), r"column 'x' has categories of type Interval .*; astype\(str\)"),
        (pd.Series([b"a", b"b"]), "column 'x' holds objects of type bytes"),
        (pd.Series([uuid.UUID(int=1), uuid.UUID(int=2)]), "column 'x' holds objects of type UUID"),
        (
            [*(f"{i}" for i in range(99)), "n/k"],
            r"column 'x', row 99: 'n/k' among numbers .*--types 'x=categorical'",
        ),
    ],
)
def test_cells_that_no_table_holds(cells: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        infer(pd.Series(cells, name="x"))
