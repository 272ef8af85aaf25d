"""What conditions leave of a column: exact, drawn as training rows have it, or refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparring.errors import InputError
from sparring.kinds.columns.allowed import Allowed, allowed
from sparring.kinds.columns.catalogue import fit_column
from sparring.kinds.columns.fit import type_of
from sparring.kinds.columns.named import Among, Span, cells_of, number
from tests.kinds.columns.conftest import fitted

N = 2_000
RANDOM = np.random.default_rng(0)
SIZES = pd.CategoricalDtype(["S", "M", "L"], ordered=True)
HOLE = RANDOM.random(N) < 0.2
DAYS = pd.Series(pd.Timestamp("2020-01-01") + pd.to_timedelta(RANDOM.integers(0, 300, N), "D"))
COLUMNS: dict[str, pd.Series] = {
    "age": pd.Series(RANDOM.integers(18, 90, N)),
    "price": pd.Series(RANDOM.gamma(2.0, 50.0, N).round(2)),
    "weight": pd.Series(RANDOM.normal(size=N).astype(np.float32)),
    "tenths": pd.Series(RANDOM.integers(0, 10, N).astype(np.float32) / 10),
    "hours": pd.Series(pd.to_timedelta(RANDOM.integers(0, 100, N), "h")),
    "holes": pd.Series(np.where(HOLE, np.nan, RANDOM.integers(0, 9, N))),
    "day": DAYS,
    "day as text": DAYS.dt.strftime("%d.%m.%Y"),
    "zone": DAYS.dt.tz_localize("Europe/Berlin"),
    "size": pd.Series(RANDOM.choice(["S", "M", "L"], N)).astype(SIZES),
    "colour": pd.Series(np.where(HOLE, None, RANDOM.choice(["red", "blue"], N)), dtype=object),
    "grade": pd.Series(pd.Categorical(RANDOM.integers(1, 6, N))),
    "flag": pd.Series(RANDOM.random(N) < 0.3),
    "many": pd.Series(RANDOM.integers(0, 200, N).astype(str)),
}


def column_of(name: str) -> Any:
    series = COLUMNS[name].rename(name)
    if name == "many":
        return fit_column(series, type_of(series, "categorical"))
    return fitted(series)


def left(name: str, *conditions: Among | Span) -> Allowed:
    return allowed(column_of(name), conditions, name)


def shares(cells: pd.Series) -> pd.Series:
    """How often each cell comes, missing ones too."""
    texts = cells.astype(object).where(cells.notna(), "missing").map(str)
    return texts.value_counts(normalize=True)


@pytest.mark.parametrize(
    ("name", "condition", "obeys"),
    [
        ("age", Span(60, 70), lambda x: x.between(60, 70)),
        ("age", Span("60", None, open_low=True), lambda x: x > 60),
        ("age", Among((20, "30", 40.0)), lambda x: x.isin([20, 30, 40])),
        ("price", Span(99.995, 150), lambda x: x.between(99.995, 150)),
        ("price", Span(100, 150, True, True), lambda x: (x > 100) & (x < 150)),
        ("weight", Span(0.1, 0.2), lambda x: (x >= 0.1) & (x <= 0.2)),
        ("tenths", Span(0.7), lambda x: x >= 0.7),
        ("tenths", Among((0.7, "0.1")), lambda x: x.isin(np.array([0.7, 0.1], np.float32))),
        ("hours", Span("1 days", None, open_low=True), lambda x: x > pd.Timedelta(days=1)),
        ("holes", Span(3), lambda x: x >= 3),
        ("holes", Among((None, 2)), lambda x: x.isna() | (x == 2)),
        ("day", Span("2020-02-01", "2020-02-29 12:00"),
         lambda x: x.between("2020-02-01", "2020-02-29")),
        ("day", Span(pd.Timestamp("2020-02-01 01:00"), None), lambda x: x >= "2020-02-02"),
        ("day", Span("2019-05-05", "2020-01-09", True, True), lambda x: x < "2020-01-09"),
        ("day as text", Among(("17.03.2020",)), lambda x: x == "17.03.2020"),
        ("zone", Span("2020-03-28 23:00+01:00", None), lambda x: x >= "2020-03-29"),
        ("zone", Span("2020-03-29", None), lambda x: x >= "2020-03-29"),
        ("day as text", Span("2020-03-17", None),
         lambda x: pd.to_datetime(x, format="%d.%m.%Y") >= "2020-03-17"),
        ("size", Span("M"), lambda x: x >= "M"),
        ("size", Span("S", "L", True, True), lambda x: x == "M"),
        ("colour", Among(("red", None)), lambda x: x.isna() | (x == "red")),
        ("grade", Span(2, "4", False, True), lambda x: x.isin([2, 3])),
        ("flag", Among(("True",)), lambda x: x),
        ("many", Among(("7", "8", "9")), lambda x: x.isin(["7", "8", "9"])),
    ],
)  # fmt: skip
def test_draws_obey_and_come_as_training_rows_have_them(
    name: str, condition: Among | Span, obeys: Any
) -> None:
    found, real = left(name, condition), COLUMNS[name]
    cells = cells_of(found.column, found.draw(5_000, np.random.default_rng(0)))
    assert cells.dtype == real.dtype
    assert obeys(cells).all()
    assert found.holds(cells).all()
    np.testing.assert_array_equal(found.holds(real), obeys(real).to_numpy())
    assert found.mass == pytest.approx(obeys(real).mean(), abs=0.003)
    expected = shares(real[obeys(real)])
    if len(expected) < 20:
        pd.testing.assert_series_equal(
            shares(cells), expected, check_like=True, check_names=False, atol=0.03
        )


@settings(max_examples=50)
@given(
    low=st.floats(-3, 3), width=st.floats(0, 3), opens=st.tuples(st.booleans(), st.booleans()),
    name=st.sampled_from(["age", "price", "weight"]),
)  # fmt: skip
def test_any_interval_is_kept_or_refused(
    low: float, width: float, opens: tuple[bool, bool], name: str
) -> None:
    scale = {"age": 40.0, "price": 80.0, "weight": 1.0}[name]
    ends = (scale * low, scale * (low + width))
    try:
        found = left(name, Span(*ends, *opens))
    except InputError:
        real = COLUMNS[name]
        low = (real > ends[0]) if opens[0] else (real >= ends[0])
        assert not (low & ((real < ends[1]) if opens[1] else (real <= ends[1]))).any()
        return
    cells = cells_of(found.column, found.draw(50, np.random.default_rng(0)))
    assert ((cells > ends[0]) if opens[0] else (cells >= ends[0])).all()
    assert ((cells < ends[1]) if opens[1] else (cells <= ends[1])).all()


def test_conditions_add_up() -> None:
    found = left("age", Span(20), Span(None, 40, open_high=True), Among((39, 40, 41, 19)))
    assert found.points is not None
    assert len(found.points) + (found.missing > 0) == 1
    assert (found.draw(9, np.random.default_rng(0)) == 39).all()


def test_a_number_that_no_row_had_can_be_asked_for() -> None:
    column = fitted(pd.Series([1, 2, 5, 9] * 5, name="n"))
    found = allowed(column, [Among((4,))], "n")
    assert found.mass == 0
    assert (found.draw(3, np.random.default_rng(0)) == 4).all()


@pytest.mark.parametrize(
    ("name", "conditions", "message"),
    [
        ("age", [Among((200,))], "column 'age': 200 is out of range (training rows: 18 to 89)"),
        ("age", [Among((20.5,))], "column 'age' holds no such cell: 20.5"),
        ("age", [Among(("x",))], "column 'age' holds numbers; 'x' is none"),
        ("age", [Span("young")], "column 'age' holds numbers; 'young' is none"),
        ("age", [Span(50, 40)], "no row can be so (training rows: 18 to 89)"),
        ("age", [Among(())], "no row can be so"),
        ("age", [Among((None,))], "no cell of column 'age' was missing in training"),
        ("age", [Among((30,)), Among((31,))], "no row can be so"),
        ("day", [Span("yesterday")], "column 'day' holds datetimes; 'yesterday' is none"),
        ("day", [Among(("2020-01-01 12:00",))], "column 'day' holds no such cell"),
        ("day as text", [Among(("32.01.2020",))], "holds datetimes; '32.01.2020' is none"),
        ("size", [Span("XL")], "unknown category of column 'size' 'XL'; did you mean 'L'?"),
        ("colour", [Among(("gren",))], "unknown category of column 'colour' 'gren'"),
        ("colour", [Span("blue")], "column 'colour' has no order"),
        ("many", [Span("7")], "column 'many' has no order"),
        ("grade", [Span("good")], "column 'grade' holds numbers; 'good' is none"),
    ],
)
def test_what_cannot_be(name: str, conditions: list[Among | Span], message: str) -> None:
    with pytest.raises(InputError) as error:
        left(name, *conditions)
    assert message in str(error.value)


def test_a_category_may_be_named_by_its_text() -> None:
    assert number(column_of("grade"), "3") == number(column_of("grade"), 3) == 2
    codes = fitted(pd.Series([10115.0, 20000.0, np.nan], name="x"), "categorical")
    assert number(codes, "20000") == number(codes, "20000.0") == number(codes, 20000)
    moments = pd.to_datetime(["2020-01-01 00:00", "2020-01-02 12:00"])
    days = fitted(pd.Series(moments, name="x"), "categorical")
    assert number(days, "2020-01-01") == number(days, pd.Timestamp("2020-01-01")) == 0
    assert number(days, "2020-01-02 12:00") == 1
