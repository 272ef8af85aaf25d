"""Rows that are too many to be held are encoded as held ones are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from sparring.config import Config
from sparring.data import parquet
from sparring.data.source import open_source
from sparring.errors import InputError
from sparring.fit import fit
from sparring.kinds.encoded import encoded
from sparring.model import Model
from sparring.plan import Plan, check_same, plan, reopen
from sparring.train.run import Run
from tests.conftest import mixed_table, settings_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    frame = mixed_table(200).rename(columns=str)
    frame["label"] = np.arange(200) % 3
    frame.to_parquet(tmp_path / "rows.parquet", row_group_size=70)
    return tmp_path / "rows.parquet"


def planned(path: Path, **changes: object) -> Plan:
    kept: dict[str, Any] = {"min_count": 1, "drop_text": True}
    config = Config(**settings_of("table", labelled=True, **(kept | changes)))
    return plan(open_source(path, target="label"), config, path)


def read_in_parts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(parquet, "HELD_CELLS", 0)
    patch.setattr(parquet, "PART_CELLS", 500)


def test_the_same_model_whether_rows_are_held_or_not(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = planned(path, holdout=0)
    read_in_parts(monkeypatch)
    parts = planned(path, holdout=0)
    assert parts.train.file is not None
    assert parts.kind == whole.kind
    (raw, labels), (expected, expected_labels) = parts.encoded, whole.encoded
    assert [t.dtype for t in raw] == [torch.float32, torch.float32, torch.uint8]
    assert labels is expected_labels is None  # the target is a cell of the row
    assert all(torch.equal(raw[i], expected[i]) for i in (0, 1))
    # A missing category is encoded as one of another row, here of another part.
    assert 0.9 < (raw[2] == expected[2]).float().mean() < 1
    held = [parts.kind.encode(part) for part in parts.train.parts()]
    for found, each in zip(raw, zip(*held, strict=True), strict=True):
        assert torch.equal(found, torch.cat(each))


def test_a_table_without_missing_cells_gives_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows.parquet"
    frame = mixed_table(200).rename(columns=str).dropna(axis=1)
    frame.assign(label=np.arange(200) % 3).to_parquet(path, row_group_size=70)
    models = [fit(planned(path, holdout=0))]
    read_in_parts(monkeypatch)
    models.append(fit(planned(path, holdout=0)))
    rows = open_source(path)
    assert rows.file is not None
    assert models[0].discriminate(rows).shape == (200,)
    states = [m.G.state_dict() | m.D.state_dict() for m in models]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_a_run_on_rows_in_parts_is_resumed_to_the_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_in_parts(monkeypatch)
    monkeypatch.setattr(parquet, "SAMPLE_CELLS", 0)
    monkeypatch.setattr(parquet, "SAMPLE_ROWS", 100)
    path = tmp_path / "rows.parquet"
    x = np.random.default_rng(0).normal(size=900)
    frame = pd.DataFrame({"x": x, "word": list("abc") * 300})
    frame.assign(label=frame.index % 2).to_parquet(path)
    unbroken = fit(planned(path, steps=60))
    run = Run.create(tmp_path / "run")
    first = planned(path, steps=60)
    assert len(first.train) < first.train.total == 900 - len(first.holdout)
    trainer = first.build()
    for step in trainer.steps():
        if step == 41:
            break
    Model(first.config, first.kind, trainer.average.net, trainer.D, first.source).save(run.path)
    run.save_state(trainer.state_dict())
    again = planned(path, steps=60)
    assert not check_same(again, run)
    resumed = fit(again, run, resume=True)
    for name, tensor in unbroken.G.state_dict().items():
        assert torch.equal(resumed.G.state_dict()[name], tensor), name
    train, holdout = reopen(Model.load(run.path))
    assert train.total == first.train.total
    pd.testing.assert_frame_equal(holdout.x, first.holdout.x)


def test_a_row_that_the_sample_does_not_tell_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_in_parts(monkeypatch)
    for name, value in {"SAMPLE_CELLS": 0, "SAMPLE_ROWS": 300, "MOST_VALUES": 50}.items():
        monkeypatch.setattr(parquet, name, value)
    path = tmp_path / "rows.parquet"
    words = [f"w{i % 400}" for i in range(2_000)]
    pd.DataFrame({"x": np.arange(2_000.0), "word": words}).to_parquet(path)
    with pytest.raises(
        InputError, match=r"column 'word' 'w.* \(what a column holds was learnt from \d+ of the "
    ):
        plan(open_source(path), Config(**settings_of("table", min_count=1)), path)


def test_a_rare_category_may_be_held_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_in_parts(monkeypatch)
    monkeypatch.setattr(parquet, "SAMPLE_CELLS", 0)
    monkeypatch.setattr(parquet, "SAMPLE_ROWS", 50)
    path = tmp_path / "rows.parquet"
    frame = pd.DataFrame({"x": np.arange(2_000.0), "word": [f"w{i % 40}" for i in range(2_000)]})
    frame.to_parquet(path)
    made = plan(open_source(path), Config(holdout=0.9, min_count=1, **settings_of("table")), path)
    assert len(set(made.train.x["word"])) < 40
    assert len(made.encoded[0][2]) == made.train.total
    assert made.encoded[0][2].unique().tolist() == list(range(40))


def test_points_are_adopted_part_by_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_in_parts(monkeypatch)
    path = tmp_path / "points.parquet"
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(700, 2)), columns=["a", "b"])
    frame.assign(label=np.arange(700) % 2).to_parquet(path)
    made = plan(open_source(path), Config(kind="points", **settings_of("points")), path)
    (raw,), labels = encoded(made.kind, made.train)
    x = made.kind.decode(raw, None).x
    assert isinstance(x, np.ndarray)
    numbers = np.delete(np.arange(700), made.train.file.left_out)  # type: ignore[union-attr]
    np.testing.assert_allclose(x, frame.to_numpy()[numbers], rtol=1e-5, atol=1e-6)
    assert labels is not None
    assert labels.tolist() == (numbers % 2).tolist()
