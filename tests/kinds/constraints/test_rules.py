"""Samples obey every constraint, whatever the nets make, and rows come back as they were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sparring.config import Config
from sparring.data import parquet
from sparring.data.dataset import Dataset
from sparring.data.source import open_source
from sparring.errors import ConfigError, InputError
from sparring.kinds.constraints.rules import RULES, restored_rule
from sparring.plan import plan
from tests.conftest import TINY
from tests.kinds.constraints.conftest import CONSTRAINTS, drawn, fitted, held_table, obey


@pytest.mark.parametrize("min_count", [1, 2, 5])
@pytest.mark.parametrize("holes", [0.0, 0.2])
def test_every_sample_obeys(holes: float, min_count: int) -> None:
    frame = held_table(holes=holes)
    obey(frame)
    table = fitted(frame, *CONSTRAINTS, min_count=min_count)
    made = drawn(table, 2_000)
    obey(made)
    pd.testing.assert_series_equal(made.dtypes, frame.dtypes)
    assert list(made) == list(frame)
    assert (made.isna().any() == frame.isna().any()).all()
    assert made["low"].nunique() > 20


@pytest.mark.parametrize("holes", [0.0, 0.2])
def test_rows_come_back_cell_by_cell(holes: float) -> None:
    frame = held_table(holes=holes)
    table = fitted(frame, *CONSTRAINTS)
    x = table.prepare(table.encode(Dataset(frame)), torch.Generator().manual_seed(0))
    back = table.numbered(table.decode(x, None), 0).x
    pd.testing.assert_frame_equal(back, frame, check_exact=True)


def test_what_rules_replace_is_not_learnt() -> None:
    frame = held_table()
    table, free = fitted(frame, *CONSTRAINTS), fitted(frame, find_constraints=False)
    assert {rule.name for rule in table.rules} == {"end", "high", "top", "total", "y", "number"}
    learnt = {column.name for column in table.layout.columns}
    assert learnt == {
        "grade", "start", "low", "net", "tax", "x",
        "end above start", "high above low", "top above high", "y above x",
    }  # fmt: skip
    assert {column.name for column in free.layout.columns} == set(frame)
    assert free.rules == ()
    assert table.types == free.types
    assert table.features == tuple(frame)
    real = Dataset(frame)
    assert table.views(real)[0].features.shape == free.views(real)[0].features.shape


def test_what_is_held_is_told() -> None:
    told = fitted(held_table(), "low <= high", "0 <= net < 100").notes
    assert told[:2] == (
        "constraints that every sample obeys: 'low <= high', '0 <= net < 100'",
        "found, and kept so (--no-find-constraints): 'number' follows 'grade'",
    )


NUMBERS = {
    "integers": st.integers(-100, 100),
    "decimals": st.integers(-10_000, 10_000).map(lambda x: x / 100),
    "floats": st.floats(-1e6, 1e6, width=32),
}


@settings(max_examples=40)
@given(data=st.data(), of=st.sampled_from([*NUMBERS]), strictly=st.booleans())
def test_any_two_numbers_keep_their_order(data: st.DataObject, of: str, strictly: bool) -> None:
    numbers = np.array(data.draw(st.lists(NUMBERS[of], min_size=12, max_size=40)))
    other = np.array(data.draw(st.lists(NUMBERS[of], min_size=len(numbers), max_size=len(numbers))))
    low, high = np.minimum(numbers, other), np.maximum(numbers, other)
    high = np.where(high > low, high, high + 1) if strictly else high
    hole = np.array(data.draw(st.lists(st.booleans(), min_size=len(low), max_size=len(low))))
    frame = pd.DataFrame({"a": low, "b": high, "more": np.arange(len(low)) % 3})
    if hole.sum() < len(low) - 2:
        frame["a"] = frame["a"].astype(float).mask(hole)
    if frame["a"].nunique() < 2 or frame["b"].nunique() < 2:
        return
    made = drawn(fitted(frame, "a < b" if strictly else "a <= b"), 200)
    holds = (made["a"] < made["b"]) if strictly else (made["a"] <= made["b"])
    assert (holds | made["a"].isna()).all()
    pd.testing.assert_series_equal(made.dtypes, frame.dtypes)


@settings(max_examples=30)
@given(
    seed=st.integers(0, 2**31),
    decimals=st.integers(0, 4),
    signs=st.lists(st.sampled_from([-1, 1]), min_size=1, max_size=4),
)
def test_any_sum_is_exact(seed: int, decimals: int, signs: list[int]) -> None:
    random = np.random.default_rng(seed)
    scale = 10.0**decimals
    parts = [random.integers(-5_000, 5_000, 30) for _ in signs]
    total = sum(sign * part for sign, part in zip(signs, parts, strict=True))
    frame = pd.DataFrame({f"p{i}": part / scale for i, part in enumerate(parts)})
    frame["total"] = np.asarray(total) / scale
    text = "total = " + " ".join(f"{'-+'[s > 0]} p{i}" for i, s in enumerate(signs)).lstrip("+")
    made = drawn(fitted(frame, text, find_constraints=False), 300)
    wanted = sum(s * (made[f"p{i}"] * scale).round() for i, s in enumerate(signs))
    assert ((made["total"] * scale).round() == wanted).all()


def test_what_follows_is_exact_also_where_it_is_missing() -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"a": random.integers(0, 5, 200), "x": random.normal(size=200)})
    frame["day"] = pd.to_datetime("2020-01-01") + pd.to_timedelta(frame["a"], "D")
    frame["day"] = frame["day"].where(frame["a"] > 0)
    frame["word"] = frame["a"].map({0: "u", 1: None, 2: "v", 3: "v", 4: "w"})
    frame["number"] = pd.array(frame["a"].map({0: 1, 1: 2, 2: 2, 3: None, 4: 5}), dtype="Int64")
    table = fitted(frame, min_count=2)
    assert {rule.name for rule in table.rules} == {"day", "word", "number"}
    pairs = frame.drop(columns="x").drop_duplicates()
    made = drawn(table).drop(columns="x").drop_duplicates()
    pd.testing.assert_frame_equal(
        made.sort_values("a", ignore_index=True), pairs.sort_values("a", ignore_index=True)
    )


def test_a_target_stays_given_and_others_follow_it() -> None:
    table = fitted(held_table(), target="number")
    assert [(rule.name, rule.sources) for rule in table.rules] == [("grade", ("number",))]
    made = drawn(table, asked=table.ask(400, y=15))
    assert set(made["grade"]) == {"d"}
    # A model that can be given its target alone can be asked for what follows from that.
    table = fitted(held_table(), target="number", given_share=0.0)
    made = drawn(table, asked=table.ask(400, where={"grade": ["a", "e"]}))
    assert set(made["number"]) == {3, 9}
    with pytest.raises(InputError, match="column 'low' cannot be asked for"):
        table.ask(3, where={"low": 3})


def test_what_is_above_a_sum_and_chains_of_both() -> None:
    frame = held_table().assign(limit=lambda f: f["total"] + 1)
    table = fitted(frame, "total = net + tax - 2", "total <= limit")
    made = drawn(table)
    assert (made["total"] <= made["limit"]).all()


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        (["high <= low"], r"'high <= low': \d+ of 300 training rows break it; the first is row"),
        (["low <= 40"], r"'low <= 40': \d+ of 300 training rows break it; the first is row \d+ \("),
        (["total = net - tax"], r"'total = net - tax': 300 of 300 training rows break it"),
        (["number -> low"], "'number -> low': .* training rows break it"),
        (["low -> number"], "'low -> number'"),
        (["net -> y"], r"'net -> y': \d of 300 training rows break it"),
        (["id -> net"], "'id -> net': column 'id' is identifier and not learnt"),
        (["row -> net"], "'row -> net': 'row' is no column of a few values"),
        (["low <= twin", "twin <= low"], "'(low|twin)', '(low|twin)' come from each other"),
        (["total = net + tax - 2", "tax < total"], "training rows break it"),
        (["more = low + big", "low < more"], "'more' comes from low, big already"),
        (["total = net + tax - 2", "total <= 107.5"], "'total' comes from others, and can be"),
        (["small = low + anti"], "sums from 15 to .* are possible, which 'small' of type int8"),
        (["cents = net + tax"], "'cents' has fewer decimals than its parts"),
        (["grade -> number", "number <= low"], "training rows break it"),
        (["grade -> number", "number < big"], "'number' is in another constraint too"),
    ],
)
def test_what_cannot_be_held(stated: list[str], message: str) -> None:
    frame = held_table().assign(twin=lambda f: f["low"])
    frame["big"] = frame["number"] + frame["low"] + 1
    frame["more"], frame["id"] = frame["low"] + frame["big"], np.arange(300)
    frame["row"] = frame["id"] / 2
    frame["anti"] = 60 - frame["low"] + frame["number"] * 4
    frame["small"] = (frame["low"] + frame["anti"]).astype("int8")
    if "cents" in stated[0]:
        frame["tax"] = 1 - (frame["net"] % 1).round(2)
        frame["cents"] = (frame["net"] + frame["tax"]).round()
    with pytest.raises((InputError, ConfigError), match=message):
        fitted(frame, *stated, min_count=2)


def test_rows_that_break_a_constraint_are_not_encoded() -> None:
    frame = held_table()
    table = fitted(frame, "low <= high")
    bad = frame.assign(high=frame["high"] - (frame.index == 7) * 100)
    with pytest.raises(InputError, match=r"1 of 300 rows break it; the first is row 7 \(low = "):
        table.encode(Dataset(bad))
    table.check(Dataset(bad))  # but they can be judged by


def test_only_tables_have_constraints() -> None:
    rows = Dataset(np.random.default_rng(0).normal(size=(50, 2)))
    with pytest.raises(ConfigError, match="constraints: only tables"):
        plan(rows, Config(**TINY, constraints=["a <= b"]))


def test_rows_in_parts_are_held_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rows.parquet"
    frame = held_table(400)
    frame.to_parquet(path, row_group_size=100)
    monkeypatch.setattr(parquet, "HELD_CELLS", 0)
    monkeypatch.setattr(parquet, "PART_CELLS", 1_000)
    settings: dict[str, Any] = TINY | {"constraints": CONSTRAINTS, "min_count": 1, "holdout": 0}
    made = plan(open_source(path), Config(**settings), path)
    assert made.train.file is not None
    parts = [made.kind.encode(part) for part in made.train.parts()]
    assert len(parts) > 2
    whole = torch.cat([low for low, _, _ in parts])
    torch.testing.assert_close(made.encoded[0][0], whole)
    monkeypatch.setattr(parquet, "SAMPLE_CELLS", 20)
    monkeypatch.setattr(parquet, "SAMPLE_ROWS", 20)
    sampled = open_source(path).file
    assert sampled is not None
    bad = int(np.setdiff1d(np.flatnonzero(frame["low"] == 30), sampled.sampled)[0])
    frame.loc[bad, "high"] = 29
    frame.to_parquet(path, row_group_size=100)
    with pytest.raises(InputError, match=f"first is row {bad} .*learnt from"):
        plan(open_source(path), Config(**settings), path)


@pytest.mark.parametrize("name", RULES)
def test_every_rule_is_restored(name: str) -> None:
    rules = [r for r in fitted(held_table(holes=0.2), *CONSTRAINTS).rules if type(r) is RULES[name]]
    assert rules
    for rule in rules:
        assert restored_rule(json.loads(json.dumps(rule.to_dict(), allow_nan=False))) == rule
