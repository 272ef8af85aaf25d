"""Rows completed, holes filled, conditions counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.errors import InputError
from sparring.fit import fit
from sparring.impute import impute, mass
from sparring.plan import plan
from sparring.sample import sample
from tests.conftest import TINY, mixed_table, rows_of, trained
from tests.kinds.constraints.conftest import CONSTRAINTS, held_table, obey

FRAME = mixed_table(80, seed=1)


def holes(share: float = 0.5) -> pd.DataFrame:
    """Rows that training never saw, with holes in every column that is learnt."""
    frame = mixed_table(40, seed=2).drop(columns="many texts")
    random = np.random.default_rng(0)
    for name in frame.columns:
        if name != "constant":
            dtype = frame[name].dtype
            if isinstance(dtype, np.dtype):  # no integer and no boolean of NumPy can be missing
                dtype = {"i": "float64", "u": "float64", "b": "object"}.get(dtype.kind, dtype)
            frame[name] = frame[name].astype(dtype).mask(random.random(len(frame)) < share)
    return frame.set_axis(np.arange(100, 140))


def same_where_known(found: pd.DataFrame, frame: pd.DataFrame) -> None:
    """Every cell that is not missing in `frame` is the same."""
    for name in frame.columns:
        known = frame[name].notna()
        assert found[name][known].tolist() == frame[name][known].tolist()


@pytest.mark.parametrize("labelled", [False, True])
def test_holes_are_filled_and_nothing_else_changes(labelled: bool) -> None:
    model, frame = trained("table", labelled), holes()
    filled = impute(model, frame)
    assert not filled.isna().any().any()
    assert filled.columns.equals(frame.columns)
    assert filled.index.equals(frame.index)
    same_where_known(filled, frame)
    made = sample(model, 1).x
    assert isinstance(made, pd.DataFrame)
    assert filled.dtypes.to_dict() == {n: made[n].dtype for n in filled.columns}
    pd.testing.assert_frame_equal(impute(model, frame), filled)
    with pytest.raises(AssertionError):
        pd.testing.assert_frame_equal(impute(model, frame, seed=1), filled)


def test_rows_are_completed() -> None:
    model, frame = trained("table"), holes(0.8)
    made = sample(model, 40, asked=model.kind.ask(40, where=frame)).x
    assert isinstance(made, pd.DataFrame)
    assert list(made.columns) == list(FRAME.columns)
    same_where_known(made, frame.reset_index(drop=True))


def test_no_row_is_what_a_condition_rules_out() -> None:
    model = trained("table")
    where = {"int8": (20, 60), "Float64": [None], "ordered": ("mid", None), "bool": True}
    made = sample(model, 100, asked=model.kind.ask(100, where=where)).x
    assert isinstance(made, pd.DataFrame)
    assert made["int8"].between(20, 60).all()
    assert made["Float64"].isna().all()
    assert set(made["ordered"]) <= {"mid", "high"}
    assert made["bool"].all()
    assert made["last"].nunique() > 10


def test_what_is_given_decides_the_rest() -> None:
    """Two columns that are one: what is asked of one shows in the other."""
    x = np.random.default_rng(0).normal(size=3_000)
    frame = pd.DataFrame({"x": x, "sign": np.where(x > 0, "plus", "minus")})
    settings: dict[str, Any] = {
        "steps": 400, "width": 32, "batch_size": 128, "given_share": 1.0,
        "ema_half_life_steps": 30.0,
    }  # fmt: skip
    model = fit(plan(Dataset(frame), Config(**TINY | settings)))
    made = sample(model, 1_000, asked=model.kind.ask(1_000, where={"x": (0.5, None)})).x
    assert isinstance(made, pd.DataFrame)
    assert (made["sign"] == "plus").mean() > 0.7
    made = sample(model, 1_000, asked=model.kind.ask(1_000, where={"sign": "minus"})).x
    assert isinstance(made, pd.DataFrame)
    assert (made["x"] < 0.1).mean() > 0.65


def test_masses_are_counted() -> None:
    model, train = trained("table"), rows_of("table")
    share = (FRAME["bool"]).mean()
    assert 0 < share < 1
    alone = mass(model, {"bool": True})
    rows = train.take(np.arange(30))
    frame = rows.x
    assert isinstance(frame, pd.DataFrame)
    both = mass(model, ["bool=True", "category in red,blue"], rows)
    assert both == (frame["bool"] & frame["category"].isin(["red", "blue"])).mean()
    assert 0 < alone < 1
    with pytest.raises(InputError, match="rows in memory"):
        mass(model, ["bool=True", "category=red"])


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (np.zeros((2, 2)), "impute fills the cells of a DataFrame, not of ndarray"),
        (pd.DataFrame({"nothing": [1]}), "unknown column 'nothing'"),
        (pd.DataFrame({"category": ["mauve"]}), "unknown category of column 'category' 'mauve'"),
        (pd.DataFrame({"int8": ["x"]}), "column 'int8', row 0: 'x' is no number"),
    ],
)
def test_what_cannot_be_filled(frame: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        impute(trained("table"), frame)


def test_only_tables_have_cells() -> None:
    with pytest.raises(InputError, match="a model of points has no columns"):
        impute(trained("points"), FRAME)


def test_a_model_that_was_trained_on_no_cells_says_so() -> None:
    model = fit(plan(rows_of("table"), Config(**TINY)))
    with pytest.raises(InputError, match=r"column 'bool' cannot be asked for.*given-share 0\.5"):
        model.kind.ask(1, where={"bool": True})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"where": pd.DataFrame({"bool": [True]})}, "1 rows to complete for 3 samples"),
        ({"where": {"constant": 7}}, "column 'constant' is constant and not learnt"),
        ({"balance": "int8"}, "column 'int8' holds integers"),
        ({"balance": "nothing"}, "unknown column 'nothing'"),
        ({"y": "a", "where": {"bool": True}}, "y and where say the same thing"),
        ({"where": pd.DataFrame({"bool": [True]}), "balance": "bool"}, "cannot be balanced"),
    ],
)
def test_what_cannot_be_asked(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        trained("table", True).kind.ask(3, **arguments)


@pytest.mark.parametrize("holes", [0.0, 0.2])
def test_what_is_filled_in_obeys_constraints(holes: float) -> None:
    model = fit(
        plan(
            Dataset(held_table(holes=holes)),
            Config(**TINY, given_share=0.5, constraints=CONSTRAINTS, min_count=1, holdout=0),
        )
    )
    frame = held_table(60, seed=1)
    random = np.random.default_rng(0)
    for name in frame:
        dtype = "float64" if frame[name].dtype.kind in "iu" else frame[name].dtype
        frame[name] = frame[name].astype(dtype).mask(random.random(60) < 0.5)
    frame["total"] = frame["total"].mask(frame[["net", "tax"]].isna().all(axis=1))
    filled = impute(model, frame)
    obey(filled)
    assert not filled.isna().any().any()
    same_where_known(filled, frame)
    some = frame[["high", "low", "number"]]
    filled = impute(model, some)
    assert (filled["low"] <= filled["high"]).all()
    same_where_known(filled, some)
