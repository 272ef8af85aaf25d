from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from sparring.config import Config
from sparring.errors import ConfigError, InputError
from sparring.kinds.columns.fit import WIDEST, asked_types, fit_columns, one_hot_limit, type_of
from sparring.kinds.columns.keep import KEEP_ALL, Keep

PROSE = [f"A review of some length, with an opinion in it, and a number: {i}." for i in range(100)]
FRAME = pd.DataFrame(
    {"id": range(100), "a=b": [1, 2] * 50, 3: ["x", "y"] * 50, "review": PROSE, "one": 1}
)


def types(frame: pd.DataFrame, **settings: Any) -> dict[Any, str]:
    columns, _ = fit_columns(frame, Config(**settings), KEEP_ALL, "t")
    return {name: column.type for name, column in columns.items()}


def test_types_that_were_asked_for_come_before_those_that_seem() -> None:
    assert asked_types(["a=b=ordinal", "3=identifier"], FRAME.columns) == {
        "a=b": "ordinal", 3: "identifier"
    }  # fmt: skip
    asked = {"a=b": "categorical", "review": "identifier", "id": "integer"}
    assert types(FRAME, types=asked) == asked | {3: "categorical", "one": "constant"}


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("id", ConfigError, "types 'id': write it as column=type"),
        ("idd=float", InputError, "unknown column 'idd'; did you mean 'id'"),
        ("id=flaot", ConfigError, "unknown column type 'flaot'.*valid: integer, float"),
    ],
)
def test_types_that_cannot_be_asked_for(text: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        asked_types([text], FRAME.columns)


def test_free_text_is_refused_or_left_out() -> None:
    with pytest.raises(InputError, match=r"^t: free text in 'review' is not learnt: leave"):
        types(FRAME)
    columns, dropped = fit_columns(FRAME, Config(drop_text=True), KEEP_ALL, "t")
    assert dropped == ("review",)
    assert list(columns) == ["id", "a=b", 3, "one"]


def test_a_column_of_one_value_is_constant_whatever_was_asked() -> None:
    assert type_of(pd.Series([1, 1]), "float") == "constant"
    assert type_of(pd.Series([1, 2]), "float") == "float"


def test_texts_of_which_hardly_any_comes_twice_are_names() -> None:
    keep = Keep(min_count=2)
    texts = pd.Series([f"person {i}" for i in range(95)] + ["Jo"] * 5)
    assert type_of(texts, keep=keep) == "identifier"
    assert type_of(texts, "categorical", keep) == "categorical", "unless that is asked for"
    assert type_of(texts) == "categorical", "or every value is kept"
    assert type_of(pd.concat([texts, *[texts[-6:]] * 4]), keep=keep) == "identifier"
    assert type_of(pd.concat([texts, *[texts[-6:]] * 5]), keep=keep) == "categorical"


def test_nothing_to_learn() -> None:
    with pytest.raises(InputError, match=r"^t: nothing to learn: every column is an ident"):
        types(FRAME[["id", "one", "review"]], drop_text=True)
    with pytest.raises(InputError, match=r"^t: no column is left beside the target 'id'"):
        types(FRAME[["id"]], target="id")


def test_the_widest_categories_leave_one_hot_first() -> None:
    assert one_hot_limit([]) == 64
    assert one_hot_limit([2, 64, 1_000]) == 64
    assert one_hot_limit([64] * 64) == 64
    assert one_hot_limit([64] * 65) == 63
    sizes = np.array([2] * 500 + [30] * 300)
    limit = one_hot_limit(sizes)
    assert sizes[sizes <= limit].sum() <= WIDEST < sizes.sum()
    assert limit == 29
