"""Samples that a predicate keeps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.errors import InputError
from sparring.fit import fit
from sparring.plan import plan
from sparring.predicate import Tally, answers, kept, of_texts
from sparring.sample import joined, sample
from tests.conftest import settings_of, trained


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sparring.sample.block_rows", lambda kind: 16)
    monkeypatch.setattr("sparring.sample.part_rows", lambda kind: 8)


def chosen(n: int, keep: Any, tally: Tally | None = None, kind: str = "table", **more: Any) -> Any:
    return joined(list(kept(trained(kind), n, keep, tally or Tally(), **more))).x


def few(rows: Dataset) -> np.ndarray:
    assert isinstance(rows.x, pd.DataFrame)
    return (rows.x["int8"] < rows.x["int16"]).to_numpy()


def test_the_first_rows_that_are_kept() -> None:
    tally = Tally()
    made = chosen(40, few, tally, seed=3)
    whole = sample(trained("table"), tally.tried, seed=3).x
    assert isinstance(whole, pd.DataFrame)
    expected = whole[few(Dataset(whole))]
    assert tally.kept == len(expected) >= 40
    assert tally.share == pytest.approx(len(expected) / len(whole))
    pd.testing.assert_frame_equal(made, expected[:40].reset_index(drop=True))


def test_few_are_the_first_of_many_and_the_seed_decides() -> None:
    many = chosen(60, few, seed=1)
    for n in (1, 16, 17):
        pd.testing.assert_frame_equal(chosen(n, few, seed=1), many[:n])
    with pytest.raises(AssertionError):
        pd.testing.assert_frame_equal(chosen(60, few, seed=2), many)


def test_texts_say_the_same() -> None:
    model = trained("table")
    texts = of_texts(model.kind, "int8 < int16 and ordered in mid,high")
    made = chosen(40, texts)
    assert (made["int8"] < made["int16"]).all()
    assert set(made["ordered"]) == {"mid", "high"}
    assert made.index.equals(pd.RangeIndex(40))
    listed = of_texts(model.kind, ["int8 < int16", "ordered in mid,high"])
    pd.testing.assert_frame_equal(chosen(40, listed), made)


def test_conditions_and_predicates_go_together() -> None:
    made = chosen(30, few, where={"bool": True})
    assert made["bool"].all()
    assert (made["int8"] < made["int16"]).all()


def test_rows_with_missing_cells_are_not_kept() -> None:
    made = chosen(50, of_texts(trained("table").kind, "Int64 < int16"))
    assert made["Int64"].notna().all()


@pytest.mark.parametrize("kind", ["points", "image"])
def test_other_kinds_are_chosen_by_a_function(kind: str) -> None:
    made = chosen(20, lambda rows: rows.x.reshape(len(rows), -1)[:, 0] > 0, kind=kind)
    assert len(made) == 20
    assert (made.reshape(20, -1)[:, 0] > 0).all()
    with pytest.raises(InputError, match=f"a model of {kind}s? has no columns"):
        of_texts(trained(kind).kind, "a < b")


def test_identifiers_and_rows_are_numbered_on() -> None:
    frame = pd.DataFrame({"id": range(50), "x": np.arange(50) % 7})
    model = fit(plan(Dataset(frame), Config(**settings_of("table"))))
    parts = list(kept(model, 40, lambda rows: rows.x["x"] > 2, Tally()))
    assert len(parts) > 2
    made = pd.concat([part.x for part in parts if isinstance(part.x, pd.DataFrame)])
    assert made.index.equals(pd.RangeIndex(40))
    assert np.diff(made["id"]).tolist() == [1] * 39
    assert (made["x"] > 2).all()


def test_too_few_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sparring.predicate.LEAST_TRIED", 320)
    with pytest.raises(InputError, match="0 of 320 rows were kept, fewer than one in 1,000"):
        chosen(5, lambda rows: np.zeros(len(rows), bool))


@pytest.mark.parametrize("answer", [True, [True] * 3, ["x"] * 5, None, np.ones((5, 2), bool)])
def test_answers_that_are_none(answer: Any) -> None:
    with pytest.raises(InputError, match="keep must give True or False for each of 5 rows"):
        answers(answer, 5)


def test_answers_in_any_form() -> None:
    some = pd.Series([True, None, True], dtype="boolean")
    for answer in ([1, 0, 1], some, np.array([1.0, 0, 1])):
        assert answers(answer, 3).tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"where": pd.DataFrame({"bool": [True]})}, "not rows to complete"),
        ({"n": 0}, "cannot draw 0 samples"),
        ({"seed": -1}, "seed -1"),
    ],
)
def test_what_cannot_be_chosen(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        chosen(**({"n": 3, "keep": few} | arguments))
