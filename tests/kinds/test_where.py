"""Conditions as people write them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparring.errors import InputError
from sparring.kinds.columns.named import Among, Span
from sparring.kinds.where import conditions, of_text

NAMES = ["age", "age=group", "hours per week", "in", "a<b", "income"]


@pytest.mark.parametrize(
    ("text", "name", "condition"),
    [
        ("age>=60", "age", Span(low="60")),
        ("age > 60", "age", Span(low="60", open_low=True)),
        ("age<=-6.5", "age", Span(high="-6.5")),
        ("hours per week<40", "hours per week", Span(high="40", open_high=True)),
        ("20<=age<30", "age", Span("20", "30", False, True)),
        ("30 > age >= 20", "age", Span("20", "30", False, True)),
        ("2020-01-31 < age < 2020-02-28", "age", Span("2020-01-31", "2020-02-28", True, True)),
        ("income=>50K", "income", Among((">50K",))),
        ("income = <=50K", "income", Among(("<=50K",))),
        ("income in >50K, <=50K", "income", Among((">50K", "<=50K"))),
        ('income in "Bonn, Rhein",,b', "income", Among(("Bonn, Rhein", None, "b"))),
        ("in in a,b", "in", Among(("a", "b"))),
        ("age=group=x", "age=group", Among(("x",))),
        ("age=x", "age", Among(("x",))),
        ("a<b<3", "a<b", Span(high="3", open_high=True)),
        ("age=", "age", Among((None,))),
    ],
)
def test_a_text(text: str, name: str, condition: Among | Span) -> None:
    assert of_text(text, NAMES) == (name, condition)


@given(
    name=st.text(min_size=1).filter(lambda text: text == text.strip()),
    value=st.text(min_size=1).filter(lambda text: text == text.strip() and text[0] not in "=<>"),
    operator=st.sampled_from(["=", "<", "<=", ">", ">="]),
    space=st.sampled_from(["", " ", "  "]),
)
def test_any_name_and_value_are_read_back(name: str, value: str, operator: str, space: str) -> None:
    found, condition = of_text(f"{name}{space}{operator}{space}{value}", [name])
    assert found == name
    if operator == "=":
        assert condition == Among((value,))
        return
    low, is_open = operator[0] == ">", len(operator) == 1
    assert condition == (
        Span(low=value, open_low=is_open) if low else Span(high=value, open_high=is_open)
    )


@given(st.text())
def test_any_other_text_is_one_clear_line(text: str) -> None:
    try:
        name, _ = of_text(text, NAMES)
    except InputError:
        return
    assert name in text


@pytest.mark.parametrize(
    ("value", "condition"),
    [
        (3, Among((3,))),
        ([3, None], Among((3, None))),
        ({"b"}, Among(("b",))),
        (np.array([1, 2]), Among((1, 2))),
        (pd.Series(["a", "b"]).unique(), Among(("a", "b"))),
        ({"a": 1}.keys(), Among(("a",))),
        ((60, None), Span(low=60)),
        (pd.Interval(1, 2, closed="left"), Span(1, 2, False, True)),
        (Span(1), Span(1)),
    ],
)
def test_a_value(value: Any, condition: Among | Span) -> None:
    assert conditions({"age": value}, ["age"]) == {"age": [condition]}


def test_conditions_on_a_column_add_up() -> None:
    found = conditions(["age>=1", "age<9", "in=x"], NAMES)
    assert found == {"age": [Span(low="1"), Span(high="9", open_high=True)], "in": [Among(("x",))]}


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("ag>3", "unknown column 'ag'; did you mean 'age'"),
        ("1<ages<3", "unknown column '1'"),
        ({"ag": 3}, "unknown column 'ag'; did you mean 'age'"),
        ("age", "condition 'age': write it as name=value"),
        ("age>=", "condition 'age>=' lacks a value"),
        ({"age": (1, 2, 3)}, "an interval is a pair"),
    ],
)
def test_what_is_no_condition(where: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        conditions(where, NAMES)
