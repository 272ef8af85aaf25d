from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.errors import InputError
from sparring.kinds.columns import CategoryColumn, RankColumn
from sparring.kinds.table import ONE_HOT, Table, fit_column
from tests.conftest import mixed_table

TARGETS: dict[str, Any] = {
    "boolean": np.array([True, False, True, True]),
    "integer": np.array([3, -1, 3, 3], dtype=np.int16),
    "string": pd.array(["b", "a", "b", "b"], dtype="string"),
    "text": ["b", "a", "b", "b"],
    "category": pd.Categorical(["b", "a", "b", "b"], categories=["b", "never", "a"]),
    "integer category": pd.Categorical([2, 1, 2, 2]),
    "Int64": pd.array([2, 1, 2, 2], dtype="Int64"),
    "whole float": [2.0, 1.0, 2.0, 2.0],
}


def fitted(frame: pd.DataFrame, **settings: Any) -> Table:
    """The encoding, as a model file restores it."""
    saved = Table.fit(Dataset(frame, name="rows"), Config(**settings)).to_dict()
    return Table.from_dict(json.loads(json.dumps(saved, allow_nan=False)))


def there_and_back(frame: pd.DataFrame, **settings: Any) -> pd.DataFrame:
    kind, rows = fitted(frame, **settings), Dataset(frame)
    x = kind.prepare(kind.encode(rows), torch.Generator().manual_seed(0))
    assert x.dtype == torch.float32
    assert x.shape[1:] == kind.shape.row
    back = kind.decode(x, kind.encode_labels(rows)).x
    assert isinstance(back, pd.DataFrame)
    return back


def test_a_table_of_every_dtype_comes_back_cell_by_cell() -> None:
    frame = mixed_table(300)
    expected = frame.assign(**{c: frame[c].where(frame[c].notna()) for c in ("object", "str")})
    objects = frame["bools among objects"]
    expected["bools among objects"] = objects.where(objects.notna())
    pd.testing.assert_frame_equal(there_and_back(frame), expected, check_exact=True)


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_of_every_dtype_comes_back(name: str) -> None:
    frame = pd.DataFrame({"y": TARGETS[name], "x": [0.1, 0.2, 0.3, 0.4]})
    kind = fitted(frame, target="y")
    assert kind.shape.conditions == 2
    assert kind.shape.row == (1,)
    assert kind.features == ("x",)
    pd.testing.assert_frame_equal(there_and_back(frame, target="y"), frame)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (["a", None, "a", "b"], r"y: row 1 \(from 0\) has no label"),
        (pd.array([1, None, 1, 2], dtype="Int64"), r"y: row 1 \(from 0\) has no label"),
        ([0.5, 1.5, 2.5, 3.5], r"y: 0\.5 is no class; use categories or whole numbers"),
    ],
)
def test_targets_that_cannot_be_conditions(target: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        fitted(pd.DataFrame({"y": target, "x": range(4)}), target="y")


def test_an_unknown_target_lists_the_columns() -> None:
    with pytest.raises(InputError, match=r"unknown column 'z' \(valid: x, y\)"):
        fitted(pd.DataFrame({"x": [1, 2], "y": [1, 2]}), target="z")


def test_a_target_alone_leaves_nothing_to_learn() -> None:
    with pytest.raises(InputError, match="rows: no column is left beside the target 'y'"):
        fitted(pd.DataFrame({"y": [1, 2]}), target="y")


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"a": list("abca")}),
        pd.DataFrame({"a": [1.0, 2.0, 2.0, np.nan]}),
        pd.DataFrame({"a": [True, False, True, True], "b": [7, 7, 7, 7]}),
    ],
    ids=["categories only", "numbers only", "a constant beside booleans"],
)
def test_tables_of_one_sort_come_back(frame: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(there_and_back(frame), frame)


def test_cells_missing_together_come_back_together() -> None:
    frame = mixed_table(300)
    back = there_and_back(frame)
    names = ["Int64", "float64", "boolean", "string", "missing category"]
    pd.testing.assert_frame_equal(back[names].isna(), frame[names].isna())
    assert frame["Int64"].isna().any()


def test_which_column_is_learnt_how() -> None:
    many = [f"{i}" for i in range(ONE_HOT + 1)]
    for cells, kind in (
        (many, RankColumn),
        (many[:-1], CategoryColumn),
        (range(ONE_HOT + 1), RankColumn),
        (pd.Categorical(range(ONE_HOT + 1)), RankColumn),
        ([True, False], CategoryColumn),
        ([1, 2], RankColumn),
        ([1, 1], CategoryColumn),
        ([np.nan, np.nan], CategoryColumn),
        ([2**53, -(2**53)], RankColumn),
        ([2**53 + 1, 0], CategoryColumn),
    ):
        column = fit_column(pd.Series(cells, name="x"))
        assert type(column) is kind, cells
    ids = fit_column(pd.Series(np.arange(100) + 2**60, name="id"))
    assert isinstance(ids, RankColumn)
    assert not ids.numeric


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (
            pd.date_range("2020", periods=2),
            r"column 'x' is of type datetime64.*\(accepted",
        ),
        ([1j, 2.0], "column 'x' is of type complex128"),
        (pd.Series(["a", 1], dtype=object), "column 'x' holds objects of type int, str"),
        (pd.Series([1, 2], dtype=object), "column 'x' holds objects of type int"),
        (pd.cut([1, 2, 3], 2), "column 'x' holds objects of type Interval"),
    ],
)
def test_cells_that_no_table_holds(cells: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        fit_column(pd.Series(cells, name="x"))


def test_encoded_columns_are_standard_normal_afresh_each_time() -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "integers": random.poisson(2, 5_000),
            "spiked": np.where(random.random(5_000) < 0.3, 0, random.random(5_000)),
            "holes": np.where(random.random(5_000) < 0.3, np.nan, random.random(5_000)),
            "texts": random.integers(0, 200, 5_000).astype(str),
        }
    )
    kind = fitted(frame)
    raw, generator = kind.encode(Dataset(frame)), torch.Generator().manual_seed(1)
    first, second = kind.prepare(raw, generator), kind.prepare(raw, generator)
    assert not torch.equal(first, second)
    for scores in first.T:
        assert stats.kstest(scores.numpy(), "norm").pvalue > 0.01


def test_whatever_G_makes_is_within_the_training_table() -> None:
    frame = mixed_table(200)
    kind = fitted(frame)
    x = torch.randn(5_000, *kind.shape.row, generator=torch.Generator().manual_seed(0)) * 50
    fake = kind.decode(x, None).x
    assert isinstance(fake, pd.DataFrame)
    pd.testing.assert_series_equal(fake.dtypes, frame.dtypes)
    for name in frame:
        real, made = frame[name].dropna(), fake[name].dropna()
        if pd.api.types.is_numeric_dtype(real) and not pd.api.types.is_bool_dtype(real):
            assert made.between(real.min(), real.max()).all()
        else:
            assert set(made) <= set(real)
        assert fake[name].isna().any() <= frame[name].isna().any()


def test_rows_with_other_categories_can_be_judged_but_not_encoded() -> None:
    frame = pd.DataFrame({"few": list("abab"), "many": [1.0, 2.0, 3.0, 4.0]})
    kind = fitted(frame)
    new = Dataset(frame.assign(few=list("abcd")))
    kind.check(new)
    assert kind.views(Dataset(frame), new)[1].features.shape == (4, 3)
    with pytest.raises(InputError, match=r"unknown category of column 'few' 'c' \(valid: a, b\)"):
        kind.encode(new)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((2, 2)), "rows holds no table"),
        (pd.DataFrame({"a": [1.0]}), r"rows lacks the column\(s\) b, 3"),
        (pd.DataFrame({"a": ["x"], "b": ["y"], 3: [1]}), "column 'a' is numeric, but here it hold"),
        (pd.DataFrame({"a": [np.inf], "b": ["y"], 3: [1]}), "column 'a' holds inf"),
    ],
)
def test_rows_that_do_not_fit(x: Any, message: str) -> None:
    kind = fitted(pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"], 3: [4, 5]}))
    with pytest.raises(InputError, match=message):
        kind.check(Dataset(x, name="rows"))


def test_rows_may_have_other_columns_and_another_order() -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})
    kind = fitted(frame)
    turned = Dataset(frame.assign(c=3)[["c", "b", "a"]])
    for found, expected in zip(kind.encode(turned), kind.encode(Dataset(frame)), strict=True):
        assert torch.equal(found, expected)


def test_features_of_a_column_that_is_all_missing_among_the_rows_judged() -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0, np.nan, np.nan], "b": [1, 2, 3, 4]})
    views = fitted(frame).views(Dataset(frame[2:]), Dataset(frame))
    assert np.isfinite(views[0].features).all()
    assert np.isfinite(views[1].features).all()


def test_a_picture_of_sixteen_columns_at_most(tmp_path: Path) -> None:
    frame = mixed_table()
    fitted(frame).draw(Dataset(frame[:20]), Dataset(frame), tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 10_000
