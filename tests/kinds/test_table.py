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
from sparring.kinds.table import FEW_ROWS, VERY_FEW_ROWS, Table
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


SIZES = pd.CategoricalDtype(["S", "M", "L"], ordered=True)


def fitted(frame: pd.DataFrame, **settings: Any) -> Table:
    """The encoding, as a model file restores it; every value is kept unless asked otherwise."""
    config = Config(**{"min_count": 1} | settings)
    saved = Table.fit(Dataset(frame, name="rows"), config).to_dict()
    return Table.from_dict(json.loads(json.dumps(saved, allow_nan=False)))


def there_and_back(frame: pd.DataFrame, **settings: Any) -> pd.DataFrame:
    kind, rows = fitted(frame, **settings), Dataset(frame)
    x = kind.prepare(kind.encode(rows), torch.Generator().manual_seed(0))
    assert x.dtype == torch.float32
    assert x.shape[1:] == kind.shape.row
    back = kind.numbered(kind.decode(x, kind.encode_labels(rows)), 0).x
    assert isinstance(back, pd.DataFrame)
    return back


def test_a_table_of_every_dtype_comes_back_cell_by_cell() -> None:
    frame = mixed_table(300)
    pd.testing.assert_frame_equal(there_and_back(frame), frame, check_exact=True)


def nasty(n: int = 200) -> pd.DataFrame:
    """Everything else that tables hold, without identifiers, which do not come back."""
    random = np.random.default_rng(0)
    hole = random.random(n) < 0.3
    days = pd.Series(pd.Timestamp("2019-03-01") + pd.to_timedelta(random.integers(0, 900, n), "D"))
    return pd.DataFrame(
        {
            "day": days.dt.tz_localize("Europe/Berlin").where(~hole),
            "day as text": days.dt.strftime("%d.%m.%Y").where(~hole, None),
            "date": days.dt.date,
            "lasting": pd.to_timedelta(random.integers(0, 9, n), "h"),
            "size": pd.Series(random.choice(["S", "M"], n)).astype(SIZES),
            "arrow": pd.Series(random.integers(0, 9, n), dtype="int32[pyarrow]").where(~hole),
            "many": random.integers(0, 150, n).astype(str),
            "empty": np.nan,
            "": random.random(n).round(1),
            "a=b, 'c'": random.random(n) < 0.5,
            -1: random.choice(["<script>alert(1)</script>", "\x00", "naïve 🐈"], n),
        }
    )


def test_a_nasty_table_comes_back_cell_by_cell() -> None:
    frame = nasty()
    frame.index.name = "row"
    pd.testing.assert_frame_equal(there_and_back(frame), frame, check_exact=True)


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_of_every_dtype_comes_back(name: str) -> None:
    frame = pd.DataFrame({"y": TARGETS[name], "x": [0.1, 0.2, 0.3, 0.4]})
    kind = fitted(frame, target="y")
    assert kind.shape.cells == (1, 2)
    assert kind.shape.row == (3,)
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


def test_columns_missing_together_share_a_gap() -> None:
    frame = pd.DataFrame(
        {"a": [1.0, 2.0, np.nan, np.nan], "b": pd.array([1, 2, None, None], "Int64")}
    )
    frame["c"] = [np.nan, 1.0, 2.0, np.nan]
    frame["d"] = ["x", None, "y", "y"]
    frame["e"] = pd.array([True, False, None, None], dtype="boolean")
    kind = fitted(frame)
    assert kind.gaps == (("a", "b", "e"), ("c",))
    assert kind.shape.one_hot == (3, 2, 2, 2)
    x = torch.randn(500, *kind.shape.row, generator=torch.Generator().manual_seed(0))
    made = kind.decode(x, None).x
    assert made["a"].isna().equals(made["b"].isna())
    assert made["a"].isna().equals(made["e"].isna())
    assert 0.4 < (made["a"].isna() == made["c"].isna()).mean() < 0.6
    pd.testing.assert_frame_equal(there_and_back(frame), frame)


def test_identifiers_go_on_and_constants_stay_from_block_to_block() -> None:
    frame = pd.DataFrame(
        {"id": range(50), "x": np.arange(50) % 7, "one": "1", "name": [f"n{i}" for i in range(50)]}
    )
    frame.index.name = "row"
    kind = fitted(frame)
    assert list(kind.types.values()) == ["identifier", "integer", "constant", "identifier"]
    assert kind.notes == ("not learnt but made anew, as identifiers: 'id', 'name'",)
    assert kind.shape.row == (1,)
    made = kind.decode(torch.zeros(5, 1), None)
    blocks = [kind.numbered(made, first).x for first in (0, 5)]
    together = pd.concat([block for block in blocks if isinstance(block, pd.DataFrame)])
    assert together.index.equals(pd.RangeIndex(10, name="row"))
    assert together["id"].tolist() == list(range(50, 60))
    assert together["name"].tolist() == [f"n{i}" for i in range(50, 60)]
    assert set(together["one"]) == {"1"}
    assert list(together) == list(frame)


def test_free_text_is_left_out_where_that_is_asked() -> None:
    prose = [f"{i} words of a person who has more to say than a category does" for i in range(90)]
    frame = pd.DataFrame({"x": np.arange(90) % 7, "said": prose, "y": np.arange(90) % 3})
    with pytest.raises(InputError, match="rows: free text in 'said' is not learnt"):
        fitted(frame)
    kind = fitted(frame, drop_text=True)
    assert kind.notes == ("left out, as free text: 'said'",)
    assert kind.types["said"] == "text"
    assert list(there_and_back(frame, drop_text=True)) == ["x", "y"]


def test_a_thousand_columns_of_many_categories_are_not_wider_than_they_must_be() -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({f"c{i}": random.integers(0, 50, 120).astype(str) for i in range(300)})
    kind = fitted(frame)
    assert kind.shape.row[0] < 5_000
    pd.testing.assert_frame_equal(there_and_back(frame), frame)


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
    assert kind.gaps == (("holes",),)
    assert first[:, 5:].mean(0).tolist() == pytest.approx([0.7, 0.3], abs=0.02)
    for scores in first.T[:5]:
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
        (pd.DataFrame({"a": ["x"], "b": ["y"], 3: [1]}), "column 'a', row 0: 'x' is no number"),
        (pd.DataFrame({"a": [np.inf], "b": ["y"], 3: [1]}), "column 'a', row 0: inf"),
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


def test_a_picture_of_sixteen_columns_at_most(tmp_path: Path) -> None:
    frame = mixed_table()
    fitted(frame).draw(Dataset(frame[:20]), Dataset(frame), tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 10_000


def test_few_rows_train_smaller_nets_for_fewer_steps() -> None:
    few, many = (Table.defaults_for(FEW_ROWS + more, Config()) for more in (-1, 0))
    assert many == Table.defaults
    assert few["depth"] < many["depth"]
    assert few["steps"] < many["steps"]
    assert few.keys() == many.keys()


def test_very_few_rows_are_moved_and_for_fewer_steps() -> None:
    very_few, few = (Table.defaults_for(VERY_FEW_ROWS + more, Config()) for more in (-1, 0))
    assert few["smoothing"] == 0 < very_few["smoothing"]
    assert very_few["steps"] < few["steps"]
    assert very_few.keys() == few.keys()
