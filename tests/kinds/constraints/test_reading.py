"""Constraints and predicates as people write them."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparring.errors import ConfigError, InputError, SparringError
from sparring.kinds.columns.base import Column
from sparring.kinds.columns.catalogue import fit_column
from sparring.kinds.columns.fit import type_of
from sparring.kinds.columns.named import Among, Span
from sparring.kinds.constraints.reading import constraints, predicates
from sparring.kinds.constraints.statements import Following, Order, Total, Within
from tests.kinds.columns.conftest import fitted

NAMES = ("age", "education", "education-num", "a<b", "in", "hours per week", "paid", "x -> y")


def columns(*names: str) -> list[Column]:
    return [fitted(pd.Series([1, 2, 2, 3], name=name)) for name in names]


COLUMNS = columns(*NAMES)
AGE = pd.Series([1], name="age")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("age <= paid", [Order("age <= paid", "age", "paid", False)]),
        ("age>paid", [Order("age>paid", "paid", "age", True)]),
        ("a<b<age", [Order("a<b<age", "a<b", "age", True)]),
        (
            "age < in <= paid",
            [Order("age < in", "age", "in", True), Order("in <= paid", "in", "paid", False)],
        ),
        ("age >= 0", [Within("age >= 0", "age", Span("0", None, False, False))]),
        (
            "3 > age >= 1.5",
            [
                Within("1.5 <= age", "age", Span("1.5", None, False, False)),
                Within("age < 3", "age", Span(None, "3", False, True)),
            ],
        ),
        (
            "1 <= age < paid",
            [
                Within("1 <= age", "age", Span("1", None, False, False)),
                Order("age < paid", "age", "paid", True),
            ],
        ),
        ("paid = age + in", [Total("paid = age + in", "paid", (("age", 1), ("in", 1)), 0.0)]),
        (
            "paid=10-age-education-num+2.5",
            [
                Total(
                    "paid=10-age-education-num+2.5", "paid",
                    (("age", -1), ("education-num", -1)), 12.5,
                )
            ],
        ),
        ("paid = age", [Total("paid = age", "paid", (("age", 1),), 0.0)]),
        (
            "education -> education-num",
            [Following("education -> education-num", "education", "education-num")],
        ),
        ("x -> y->age", [Following("x -> y->age", "x -> y", "age")]),
        (
            "hours per week <= education-num",
            [Order("hours per week <= education-num", "hours per week", "education-num", False)],
        ),
    ],
)  # fmt: skip
def test_a_constraint(text: str, found: list[object]) -> None:
    assert constraints([text], COLUMNS) == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "constraint '': write \"a <= b\""),
        ("age", "constraint 'age': write \"a <= b\""),
        ("age = 3", "constraint 'age = 3': write"),
        ("age in 1,2", "constraint 'age in 1,2': write"),
        ("paid = age + zz", "constraint 'paid = age \\+ zz': write"),
        ("age <=", "constraint 'age <=': condition 'age <=' lacks a value"),
        ("agee <= 3", "constraint 'agee <= 3': unknown column 'agee'; did you mean 'age'"),
        ("age <= piad", "constraint 'age <= piad': unknown column 'piad'; did you mean 'paid'"),
        ("ag -> paid", "constraint 'ag -> paid': unknown column 'ag'; did you mean 'age'"),
        ("age -> pai", "constraint 'age -> pai': unknown column 'pai'; did you mean 'paid'"),
        ("age <= age", "a column comes twice"),
        ("age = age + paid", "a column comes twice"),
        ("1 <= 2 <= age", "unknown column '1'"),
        ("age < paid > in", "the signs point both ways"),
    ],
)
def test_what_is_no_constraint(text: str, message: str) -> None:
    with pytest.raises(SparringError, match=f"^{message}" if message[0] == "c" else message):
        constraints([text], COLUMNS)


def test_columns_that_cannot_be_compared() -> None:
    frame = pd.DataFrame(
        {
            "number": [1, 2, 2],
            "word": ["a", "b", "b"],
            "day": pd.to_datetime(["2020-01-01", "2020-01-02", "2020-01-02"]),
            "there": pd.to_datetime(["2020-01-01", "2020-01-02", "2020-01-02"], utc=True),
            "one": 1,
        }
    )
    found = [fit_column(frame[name], type_of(frame[name])) for name in frame]
    for text, message in {
        "number <= word": "'number <= word': column 'word' is categorical",
        "number <= day": "'number' is integer and 'day' is datetime",
        "day <= there": "one of them has a time zone",
        "number <= one": "column 'one' is constant and not learnt",
        "day >= soon": "unknown column 'soon'",
        "day >= 3.5": "column 'day' holds datetimes; '3.5' is none",
        "number = day + word": "column 'word' is categorical",
        "day = there": "a sum is one of integers and floats",
    }.items():
        with pytest.raises(InputError, match=message):
            constraints([text], found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("age < paid and in >= 2", [Order, Within]),
        ("age = 3", [Within]),
        ("age in 1,2 and paid = age + in", [Within, Total]),
        (["age < paid", "in >= 2 and in < 3"], [Order, Within, Within]),
    ],
)
def test_a_predicate(text: str | list[str], found: list[type]) -> None:
    assert [type(statement) for statement in predicates(text, COLUMNS)] == found


def test_a_value_may_have_the_word_in_it() -> None:
    column = fitted(pd.Series(["rock and roll", "pop", "pop"], name="music"))
    (found,) = predicates("music = rock and roll", [column])
    assert isinstance(found, Within)
    assert found.condition == Among(("rock and roll",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("age", "keep 'age': write"),
        ("age -> paid", "keep 'age -> paid'"),
        ("age < 3 and pid > 1", "keep 'pid > 1': unknown column 'pid'"),
        ("age = 77", "keep 'age = 77': column 'age': 77 is out of range"),
    ],
)
def test_what_is_no_predicate(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        predicates(text, COLUMNS)


NAME = st.text(min_size=1, max_size=8).filter(lambda text: text == text.strip())


@settings(max_examples=50)
@given(st.lists(NAME, min_size=2, max_size=2, unique=True), st.sampled_from(["<", "<=", ">", ">="]))
def test_any_two_names_are_compared(names: list[str], operator: str) -> None:
    first, second = names
    found = constraints([f"{first} {operator} {second}"], columns(*names))
    low, high = names if operator[0] == "<" else names[::-1]
    assert found == [Order(f"{first} {operator} {second}", low, high, len(operator) == 1)]


@settings(max_examples=50)
@given(st.text())
def test_any_other_text_is_one_clear_line(text: str) -> None:
    for read in (constraints, predicates):
        try:
            read([text], COLUMNS)
        except (ConfigError, InputError) as error:
            told = str(error)
        else:
            continue
        assert "\n" not in told
        assert len(told) < 400 + 2 * len(repr(text))
