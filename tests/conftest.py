"""What all tests share: tiny nets, rows of every kind, one thread and a cache that is discarded."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import settings
from threadpoolctl import threadpool_limits

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.fit import fit
from sparring.model import Model
from sparring.plan import plan

# No test is timed: machines are busy. And the same examples every time.
settings.register_profile("sparring", deadline=None, derandomize=True)
settings.load_profile("sparring")

# What would be chosen by a short measurement is fixed: two runs must not differ in it.
TINY: dict[str, Any] = {
    "steps": 3, "width": 8, "depth": 1, "batch_size": 8, "device": "cpu", "precision": "fp32",
    "threads": 1, "engine": "eager",
}  # fmt: skip


@pytest.fixture(autouse=True, scope="session")
def _alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Two threads on nets this small are slower than one; a user's cache is no place for tests."""
    torch.set_num_threads(1)
    with threadpool_limits(1), pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARRING_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def mixed_table(n: int = 60, seed: int = 0) -> pd.DataFrame:
    """A column of every dtype that tables hold, under ordinary and odd names."""
    random = np.random.default_rng(seed)
    words = random.choice(["red", "green", "blue"], n)
    hole = random.random(n) < 0.2
    levels = pd.CategoricalDtype(["low", "mid", "high", "never"], ordered=True)
    columns = {name: random.integers(0, 100, n).astype(name) for name in INTEGERS}
    frame = pd.DataFrame(
        columns
        | {
            "Int64": pd.array(np.where(hole, None, random.integers(-5, 5, n)), dtype="Int64"),
            "float32": random.normal(size=n).astype(np.float32).round(2),
            "float64": np.where(hole, np.nan, random.normal(size=n).round(3)),
            "Float64": pd.array(np.where(hole, None, random.normal(size=n)), dtype="Float64"),
            "bool": random.random(n) < 0.3,
            "boolean": pd.array(np.where(hole, None, random.random(n) < 0.3), dtype="boolean"),
            "object": pd.Series(np.where(hole, None, words), dtype=object),
            "bools among objects": pd.Series(np.where(hole, None, hole), dtype=object),
            "str": pd.Series(np.where(hole, None, words)).astype("str").where(~hole),
            "string": pd.Series(np.where(hole, None, words), dtype="string"),
            "category": pd.Categorical(words),
            "ordered": pd.Series(random.choice(["low", "mid", "high"], n)).astype(levels),
            "integer category": pd.Categorical(random.integers(0, 4, n)),
            "missing category": pd.Categorical(np.where(hole, None, words)),
            "many texts": [f"{i % (n // 2)}" for i in random.permutation(n)],
            "ein Ümläut, ”<script>”": words,
            "constant": 7,
            4: random.integers(0, 3, n),
            "last": random.normal(size=n),
        }
    )
    return frame


INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")


def rows_of(kind: str, n: int = 60, *, labelled: bool = False, seed: int = 0) -> Dataset:
    """Rows of one kind; the labels of a table are its column "object" without the missing ones."""
    random = np.random.default_rng(seed)
    y = random.choice(["a", "b", "c"], n) if labelled else None
    if kind == "points":
        return Dataset(random.normal(size=(n, 2)), y)
    if kind == "image":
        return Dataset(random.integers(0, 256, (n, 8, 8, 1), dtype=np.uint8), y)
    frame = mixed_table(n, seed)
    return Dataset(frame if y is None else frame.assign(label=y))


def settings_of(kind: str, *, labelled: bool = False, **changes: Any) -> dict[str, Any]:
    """The settings under which `rows_of` trains in no time."""
    table = {"target": "label"} if labelled and kind == "table" else {}
    return TINY | table | changes


@functools.cache
def trained(kind: str, labelled: bool = False) -> Model:
    """A model of `rows_of`, to look at and not to change."""
    rows = rows_of(kind, labelled=labelled)
    return fit(plan(rows, Config(**settings_of(kind, labelled=labelled))))
