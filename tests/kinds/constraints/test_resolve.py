"""Conditions and rows to complete, where columns come from others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparring.data.dataset import Dataset
from sparring.errors import InputError
from tests.kinds.constraints.conftest import CONSTRAINTS, GRADES, drawn, fitted, held_table, obey

TABLE = fitted(held_table(holes=0.15), *CONSTRAINTS)
WHOLE = fitted(held_table(), *CONSTRAINTS)


@pytest.mark.parametrize("table", [TABLE, WHOLE], ids=["holes", "whole"])
@pytest.mark.parametrize(
    "where",
    [
        {"number": (4, 9)},
        {"number": 15},
        {"number": [1, 3], "grade": ["a", "c"]},
        {"grade": "b"},
        {"start": ("01.01.2021", None)},
        {"end": ("2021-01-01", "2021-02-01")},
        {"high": 10},
        {"top": (20, 30)},
        {"low": (40, None)},
        {"net": (10, 20), "tax": (None, 5)},
        {"y": (0.5, None)},
        ["low>=3", "x<0.5", "number=4"],
        {"grade": ["a", "b"], "low": (10, 30), "net": (10, 20), "x": (0.1, 0.4)},
    ],
    ids=str,
)
def test_every_row_is_as_asked_and_obeys(where: Any, table: Any) -> None:
    made = drawn(table, asked=table.ask(400, where=where))
    obey(made)
    assert table.obeyed(where, Dataset(made)).all()


def test_what_follows_is_asked_for_by_what_it_follows() -> None:
    made = drawn(WHOLE, 2_000, WHOLE.ask(2_000, where={"number": (3, 9)}))
    shares = made["grade"].value_counts(normalize=True)
    real = held_table()["grade"]
    real = real[real.isin(["a", "c", "e"])].value_counts(normalize=True)
    pd.testing.assert_series_equal(shares.sort_index(), real.sort_index(), atol=0.03)


def test_missing_cells_can_be_asked_for() -> None:
    for name in ("end", "high", "y", "tax"):
        made = drawn(TABLE, asked=TABLE.ask(400, where={name: None}))
        obey(made)
        assert made[name].isna().all()


def test_categories_that_follow_come_equally_often() -> None:
    pairs = {"a": "x", "b": "x", "c": "y", "d": "y", "e": "z"}
    frame = held_table().assign(pair=lambda f: f["grade"].map(pairs))
    table = fitted(frame)
    assert {rule.name for rule in table.rules} == {"number", "pair"}
    made = drawn(table, 300, table.ask(300, balance="pair"))
    assert made["pair"].value_counts().to_dict() == {"x": 100, "y": 100, "z": 100}
    assert made["grade"].nunique() == 5
    some = drawn(table, 300, table.ask(300, where={"grade": ["a", "c", "d"]}, balance="pair"))
    assert some["pair"].value_counts().to_dict() == {"x": 150, "y": 150}
    assert set(some["grade"]) == {"a", "c", "d"}
    turned = drawn(table, 300, table.ask(300, where={"number": [1, 4, 15]}, balance="grade"))
    assert turned["grade"].value_counts().to_dict() == {"b": 100, "c": 100, "d": 100}


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"total": 5}, "column 'total' comes from others .* ask for 'net', 'tax'"),
        ({"low": 3, "top": (20, 30)}, "columns 'low', 'top' are held to each other"),
        ({"grade": "a", "number": 4}, "no row can be so: 'number' follows from 'grade'"),
        ({"number": 7}, "column 'number' holds no such cell|no row can be so"),
        ({"number": 99}, "column 'number': 99 is out of range"),
        (pd.DataFrame({"low": [1, 5], "high": [2, 3]}), "1 of 2 rows break it; the first is row 1"),
        (pd.DataFrame({"grade": ["a"], "number": [4]}), "'grade -> number': 1 of 1 rows break it"),
        (pd.DataFrame({"total": [50.0]}), "'total' is the sum of 'net', 'tax': give all of these"),
        (pd.DataFrame({"net": [500.0]}), "'net < 100': 1 of 1 rows break it"),
        (pd.DataFrame({"low": [3], "top": [3.0]}), "break it"),
        (pd.DataFrame({"number": [77]}), "no row can be so"),
        (pd.DataFrame({"high": ["x"]}), "column 'high', row 0: 'x' is no number"),
    ],
    ids=str,
)
def test_what_cannot_be_asked(where: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        WHOLE.ask(len(where) if isinstance(where, pd.DataFrame) else 3, where=where)


@settings(max_examples=25)
@given(seed=st.integers(0, 2**31), share=st.floats(0.1, 0.9), present=st.booleans())
def test_rows_of_which_anything_is_known(seed: int, share: float, present: bool) -> None:
    random = np.random.default_rng(seed)
    frame = held_table(40, seed % 1_000, holes=0.1)
    for name in frame:
        dtype = "float64" if frame[name].dtype.kind in "iu" else frame[name].dtype
        frame[name] = frame[name].astype(dtype).mask(random.random(40) < share)
    frame["total"] = frame["total"].mask(frame[["net", "tax"]].isna().all(axis=1))
    asked = TABLE.ask_whole(frame) if present else TABLE.ask(40, where=frame)
    made = drawn(TABLE, 40, asked, seed)
    obey(made)
    for name in frame:
        known = frame[name].notna()
        assert made[name][known].tolist() == frame[name][known].tolist()
        if name == "grade":
            told = frame["number"].notna()
            assert (made["grade"].map(GRADES) == frame["number"])[told].all()
