from __future__ import annotations

import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.data.sink import open_sink
from sparring.data.source import open_source
from sparring.errors import DivergedError, InputError
from sparring.fit import fit
from sparring.kinds.base import Kind
from sparring.kinds.catalogue import KINDS
from sparring.kinds.image import Image
from sparring.kinds.points import Points
from sparring.model import Model
from sparring.plan import plan
from sparring.sample import (
    block_rows,
    in_order,
    joined,
    part_rows,
    sample,
    shard_rows,
    stream,
)  # fmt: skip
from sparring.train.runtime import cores
from tests.conftest import TINY, mixed_table, settings_of, trained

EVERY = pytest.mark.parametrize("kind", KINDS)
LABELLED = pytest.mark.parametrize("labelled", [False, True], ids=["plain", "labelled"])


def same(found: Dataset, expected: Dataset) -> None:
    """Bit for bit, dtypes included."""
    if isinstance(expected.x, pd.DataFrame):
        pd.testing.assert_frame_equal(found.x, expected.x, check_exact=True)
    else:
        assert found.x.dtype == expected.x.dtype
        np.testing.assert_array_equal(found.x, expected.x)
    assert (found.y is None) == (expected.y is None)
    if expected.y is not None:
        np.testing.assert_array_equal(found.y, expected.y)


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 16 rows in parts of 8, so that few rows make many of them."""
    monkeypatch.setattr("sparring.sample.block_rows", lambda kind: 16)
    monkeypatch.setattr("sparring.sample.part_rows", lambda kind: 8)


@EVERY
@LABELLED
def test_the_same_seed_draws_the_same_rows(kind: str, labelled: bool) -> None:
    model = trained(kind, labelled)
    same(sample(model, 50, seed=5), sample(model, 50, seed=5))
    with pytest.raises(AssertionError):
        same(sample(model, 50, seed=5), sample(model, 50, seed=6))


@EVERY
@LABELLED
def test_few_rows_are_the_first_of_many(kind: str, labelled: bool) -> None:
    model = trained(kind, labelled)
    many = sample(model, 100, seed=1)
    for n in (1, 10, 16, 17):
        same(sample(model, n, seed=1), many.take(np.arange(n)))


@EVERY
def test_few_rows_are_the_first_of_many_under_conditions(kind: str) -> None:
    model = trained(kind, True)
    y = np.resize(["b", "a", "c"], 60)
    many = sample(model, 60, y=y, seed=1)
    same(sample(model, 10, y=y[:10], seed=1), many.take(np.arange(10)))
    np.testing.assert_array_equal(model.kind.label_values(many), y)


@EVERY
def test_one_condition_holds_for_all_rows(kind: str) -> None:
    model = trained(kind, True)
    values = model.kind.label_values(sample(model, 40, y="b"))
    assert values is not None
    assert set(values) == {"b"}


def test_threads_do_not_change_a_bit() -> None:
    model = trained("image")
    one = sample(model, 20)
    torch.set_num_threads(2)
    two = sample(model, 20)
    assert torch.get_num_threads() == 2
    torch.set_num_threads(1)
    same(two, one)


def test_training_rows_decide_the_shares_of_labels() -> None:
    random = np.random.default_rng(0)
    rows = Dataset(random.normal(size=(1_000, 2)), (random.random(1_000) < 0.1).astype(int))
    y = sample(fit(plan(rows, Config(**TINY))), 5_000).y
    assert y is not None
    assert y.mean() == pytest.approx(rows.y.mean() if rows.y is not None else 0, abs=0.02)


@EVERY
def test_chunks_have_identical_dtypes(kind: str) -> None:
    first, *others = stream(trained(kind), 100)
    assert len(others) == 6
    for chunk in others:
        if isinstance(first.x, pd.DataFrame):
            pd.testing.assert_series_equal(chunk.x.dtypes, first.x.dtypes)
        else:
            assert chunk.x.dtype == first.x.dtype


def test_a_million_points_stream_a_block_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    alive: weakref.WeakSet[Any] = weakref.WeakSet()
    model = trained("points")
    decode = type(model.kind).decode

    def counted(*arguments: Any) -> Dataset:
        dataset = decode(*arguments)
        alive.add(dataset)
        return dataset

    monkeypatch.setattr(type(model.kind), "decode", counted)
    most = rows = 0
    for chunk in stream(model, 320):
        rows += len(chunk)
        most = max(most, len(alive))
    assert rows == 320
    # The one in hand, the one that it replaces, and what a few threads make meanwhile.
    assert most <= 2 + 3 * cores()


@pytest.mark.parametrize("parts", [1, 2, 3, 7])
@pytest.mark.parametrize("n", [1, 16, 90])
def test_shards_together_are_the_rows(n: int, parts: int) -> None:
    model = trained("points")
    whole = sample(model, n, seed=5)
    pieces = [
        piece
        for part in range(1, parts + 1)
        if len(shard_rows(model.kind, n, (part, parts)))
        for piece in stream(model, n, seed=5, shard=(part, parts))
    ]
    same(joined(pieces), whole)


@pytest.mark.parametrize("shard", [(0, 2), (3, 2), (-1, 2)])
def test_a_shard_that_is_not_there_is_refused(shard: tuple[int, int]) -> None:
    with pytest.raises(InputError, match=r"there are 1/2 to 2/2"):
        list(stream(trained("points"), 10, shard=shard))


def test_work_comes_back_in_order_from_several_threads() -> None:
    def slow_at_first(item: int) -> tuple[int, int]:
        time.sleep(0.02 if item == 0 else 0)
        return item, torch.get_num_threads()

    assert list(in_order(slow_at_first, range(9), 3)) == [(i, 1) for i in range(9)]
    assert [item for item, _ in in_order(slow_at_first, range(3), 1)] == [0, 1, 2]


def test_an_error_in_a_thread_is_the_caller_s() -> None:
    def bad(item: int) -> int:
        if item == 4:
            raise DivergedError("four")
        return item

    found: list[int] = []
    with pytest.raises(DivergedError, match="four"):
        found.extend(in_order(bad, range(100), 3))
    assert found == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        (Points((0.0,) * 2, (1.0,) * 2, "float64", None), 8192),
        (Points((0.0,) * 129, (1.0,) * 129, "float64", None), 4096),
        (Points((0.0,) * 10**5, (1.0,) * 10**5, "float64", None), 16),
        (Image(28, 1, None), 1024),
        (Image(64, 3, None), 64),
    ],
    ids=["2", "129", "100000", "28 x 28", "64 x 64 x 3"],
)
def test_blocks_shrink_with_their_rows(kind: Kind, rows: int) -> None:
    assert block_rows(kind) == rows
    assert rows % part_rows(kind) == 0


@pytest.mark.parametrize(
    ("kind", "labelled", "n", "arguments", "message"),
    [
        ("points", False, 0, {}, "cannot draw 0 samples: ask for at least 1"),
        ("points", False, 1, {"seed": -1}, "seed -1: it must be at least 0"),
        ("points", False, 1, {"y": 3}, "the model is unconditional"),
        ("points", True, 2, {"y": "d"}, r"unknown label 'd' \(valid: a, b, c\)"),
        ("table", True, 2, {"y": "d"}, r"unknown label 'd' \(valid: a, b, c\)"),
        ("image", True, 3, {"y": ["a", "b"]}, "2 labels for 3 samples: give one, or one for each"),
        ("image", True, 3, {"y": []}, "0 labels for 3 samples"),
    ],
)
def test_what_cannot_be_drawn(
    kind: str, labelled: bool, n: int, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        sample(trained(kind, labelled), n, **arguments)


@EVERY
def test_labels_come_equally_often(kind: str) -> None:
    model = trained(kind, True)
    made = sample(model, 30, asked=model.kind.ask(30, balance="label"))
    values = model.kind.label_values(made)
    assert values is not None
    assert sorted(values) == ["a"] * 10 + ["b"] * 10 + ["c"] * 10


@EVERY
@pytest.mark.parametrize("where", [{"label": "b"}, ["label=b"]])
def test_conditions_by_name(kind: str, where: Any) -> None:
    model = trained(kind, True)
    made = sample(model, 20, asked=model.kind.ask(20, where=where))
    assert set(model.kind.label_values(made)) == {"b"}


def test_rows_that_are_not_finite_are_never_hidden(tmp_path: Path) -> None:
    trained("image").save(tmp_path)
    model = Model.load(tmp_path)
    for parameter in model.G.parameters():
        parameter.fill_(torch.nan)
    with pytest.raises(DivergedError, match="rows that are not finite"):
        sample(model, 3)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_file_of_samples_has_the_dtypes_of_the_file_they_came_from(
    suffix: str, tmp_path: Path
) -> None:
    written, sampled = tmp_path / f"real{suffix}", tmp_path / f"fake{suffix}"
    columns = ["int8", "Int64", "float64", "bool", "boolean", "object", "many texts", "constant"]
    real = mixed_table(200)[columns].assign(label=["a", "b"] * 100)
    with open_sink(written, 200) as sink:
        sink.write(real)
    source = open_source(written, target="label")
    settings = settings_of("table", labelled=True, steps=100, learning_rate=0.01)
    model = fit(plan(source, Config(**settings)))
    with open_sink(sampled, 2_000) as sink:
        for chunk in stream(model, 2_000):
            sink.write(chunk.x)
    fake = open_source(sampled).x
    assert isinstance(fake, pd.DataFrame)
    pd.testing.assert_series_equal(fake.dtypes, source.x.dtypes)
    assert len(fake) == 2_000


def test_a_stream_is_lazy() -> None:
    chunks = stream(trained("points"), 10**12)
    assert isinstance(chunks, Iterator)
    assert len(next(chunks)) == 16
