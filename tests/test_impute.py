"""Rows completed, holes filled, conditions counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.errors import InputError
from sparring.fit import fit
from sparring.impute import impute, mass
from sparring.model import Model
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
    model = fit(plan(rows_of("table"), Config(**TINY, given_share=0.0)))
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


def small(frame: pd.DataFrame, **settings: Any) -> Model:
    """A model that hardly learnt anything."""
    return fit(plan(Dataset(frame), Config(**TINY | {"given_share": 0.5} | settings)))


def completed(model: Model, rows: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    made = sample(model, len(rows), seed=seed, asked=model.kind.ask(len(rows), where=rows)).x
    assert isinstance(made, pd.DataFrame)
    return made


def test_names_and_constants_that_are_given_stay() -> None:
    frame = pd.DataFrame({"id": [f"C-{i}" for i in range(80)], "k": "const", "age": range(80)})
    model = small(frame.sample(80, random_state=0, ignore_index=True))
    rows = frame.head(4).astype(object)
    rows.loc[2, "id"] = rows.loc[1, "k"] = rows.loc[3, "age"] = None
    for filled in (impute(model, rows), completed(model, rows)):
        same_where_known(filled, rows)
        assert filled["id"].is_unique
        assert filled.loc[1, "k"] == "const"
        assert not filled.isna().any(axis=None)


def test_new_names_are_new_whatever_is_drawn_again() -> None:
    frame = pd.DataFrame({"id": [f"C-{i}" for i in range(80)], "c": ["a", None, None, None] * 20})
    model = small(frame.assign(x=np.arange(80.0)))
    filled = impute(model, frame.assign(id=None, c=None).head(40))
    assert filled["id"].is_unique
    assert filled.notna().all(axis=None)


def test_text_that_was_left_out_goes_through() -> None:
    random = np.random.default_rng(0)
    prose = [" ".join(random.choice(["lorem", "ipsum"], 15)) + str(i) for i in range(200)]
    frame = pd.DataFrame({"x": random.normal(size=200), "c": ["a", "b"] * 100, "text": prose})
    model = small(frame, drop_text=True)
    rows = frame.head(4).assign(c=["a", None, "b", None])
    filled = impute(model, rows)
    same_where_known(filled, rows)
    assert filled["text"].tolist() == prose[:4]
    assert list(completed(model, rows).columns) == ["x", "c"]


def test_a_target_that_is_not_known_is_drawn() -> None:
    """Nets that are always told of a target are not asked without it."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"x": random.normal(size=90), "y": ["a"] * 60 + ["b"] * 30})
    frame["told"] = frame["y"].map({"a": 1, "b": 2})
    model = small(frame, target="y", given_share=0.0)
    rows = pd.DataFrame({"y": [None, "b"] * 500})
    made = completed(model, rows)
    assert (made["y"][1::2] == "b").all()
    assert (made["y"][::2] == "a").mean() == pytest.approx(2 / 3, abs=0.08)
    made = completed(model, pd.DataFrame({"told": [2, 1]}))
    assert made["y"].tolist() == ["b", "a"]
    made = completed(model, pd.DataFrame(index=range(1_000)))
    assert (made["y"] == "a").mean() == pytest.approx(2 / 3, abs=0.08)


def test_what_follows_from_a_missing_cell_leaves_it_missing() -> None:
    city = pd.Series(np.random.default_rng(0).choice(["Rome", "Oslo", "none"], 200))
    frame = pd.DataFrame({"city": city.where(city != "none", None), "x": np.arange(200.0)})
    frame["land"] = city.map({"Rome": "Italy", "Oslo": "Norway", "none": "nowhere"})
    model = small(frame)
    assert "'land' follows 'city'" in str(model.kind.notes)
    assert impute(model, frame[frame["city"].isna()].head(9))["city"].isna().all()


def test_rows_of_other_dtypes_come_back_in_the_tables() -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": random.integers(18, 80, 90),
            "day": pd.date_range("2020-01-01", periods=90).strftime("%d.%m.%Y"),
            "grade": pd.Categorical(random.choice(["p", "q", "r"], 90)),
        }
    )
    rows = pd.DataFrame(
        {
            "age": ["20", None, "30"],
            "day": [pd.Timestamp("2020-02-01"), pd.NaT, pd.Timestamp("2020-02-02")],
            "grade": pd.Categorical(["p", None, "q"]),
        }
    )
    made = completed(small(frame, min_count=1), rows)
    assert made.dtypes.equals(frame.dtypes)
    assert made["age"][::2].tolist() == [20, 30]
    assert made["day"][::2].tolist() == ["01.02.2020", "02.02.2020"]
    assert made["grade"][::2].tolist() == ["p", "q"]


def test_nanoseconds_obey_constraints() -> None:
    random = np.random.default_rng(0)
    start = pd.Series(pd.to_datetime(random.integers(15 * 10**17, 16 * 10**17, 200)))
    later = pd.to_timedelta(np.where(random.random(200) < 0.5, 0, random.integers(0, 999, 200)))
    frame = pd.DataFrame({"a": start, "b": start + later, "x": random.normal(size=200)})
    model = small(frame, constraints=["a <= b"], min_count=1)
    for name in ("a", "b"):
        made = completed(model, frame[[name]])
        assert (made["a"] <= made["b"]).all()
        assert made[name].equals(frame[name])


def test_where_nothing_is_asked_no_cell_is_given() -> None:
    kind = trained("table").kind
    y = kind.ask(3).condition(range(5), torch.Generator()).y
    assert y.shape == (5, kind.shape.condition_width)
    assert not y.any()
