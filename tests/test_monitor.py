"""Judging a run as it goes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sparring import monitor as module
from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.errors import ConfigError, RunError
from sparring.evaluate.score import Score
from sparring.fit import fit
from sparring.kinds.catalogue import KINDS
from sparring.model import Model
from sparring.monitor import badness, parse
from sparring.plan import plan
from sparring.recorder import Reporter
from sparring.train.run import Run, read_lines

SMALL = {
    "network": "mlp", "width": 8, "depth": 1, "batch_size": 16, "steps": 40, "threads": 1,
    "log_every_steps": 20, "candidates": 1,
}  # fmt: skip


def points() -> Dataset:
    return Dataset(np.random.default_rng(0).normal(size=(200, 2)))


class Told(Reporter):
    def __init__(self) -> None:
        self.texts: list[str] = []

    def event(self, text: str) -> None:
        self.texts.append(text)


def scripted(monkeypatch: pytest.MonkeyPatch, values: list[float]) -> list[Model]:
    """Let the judge give these values, one after another; the models it was shown."""
    shown: list[Model] = []

    def judge(model: Model, *_: Any, metrics: list[str], rows: int) -> list[Score]:
        shown.append(model)
        value = values[min(len(shown), len(values)) - 1]
        return [Score(metrics[0], "", "lower", "", rows, value, 0.0, None)]

    monkeypatch.setattr(module, "judge", judge)
    return shown


def flat(model: Model) -> torch.Tensor:
    """All weights of G and D."""
    return torch.cat([p.detach().flatten() for net in (model.G, model.D) for p in net.parameters()])


def test_the_best_model_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights: list[torch.Tensor] = []
    values = [5.0, 3.0, 4.0, 6.0]

    def judge(model: Model, *_: Any, metrics: list[str], rows: int) -> list[Score]:
        weights.append(flat(model))
        value = values[min(len(weights), len(values)) - 1]
        return [Score(metrics[0], "", "lower", "", rows, value, 0.0, None)]

    monkeypatch.setattr(module, "judge", judge)
    planned = plan(points(), Config(monitor="frechet", **SMALL))
    model = fit(planned, Run.create(tmp_path / "run"))
    for kept in (model, Model.load(tmp_path / "run")):
        assert torch.equal(flat(kept), weights[1])
        assert kept.steps == 4
    records = list(read_lines(tmp_path / "run" / "metrics.jsonl"))
    assert [r["step"] for r in records] == list(range(2, 41, 2))
    assert [r["scores"][0]["value"] for r in records[:4]] == values


def test_a_value_that_is_reached_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, [5.0, 3.0, 2.0])
    told = Told()
    planned = plan(points(), Config(monitor="frechet=3.5", **SMALL))
    model = fit(planned, Run.create(tmp_path / "run"), reporter=told)
    assert model.steps == 4
    assert told.texts == ["ended at step 4: frechet is 3, which was asked for"]
    events = list(read_lines(tmp_path / "run" / "events.jsonl"))
    assert [e["event"] for e in events] == told.texts
    # It stays ended.
    again = Told()
    fit(planned, Run.open(tmp_path / "run"), resume=True, reporter=again)
    assert not again.texts


def test_patience_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, [5.0, 3.0, 4.0])
    told = Told()
    planned = plan(points(), Config(monitor="frechet", patience=3, **SMALL))
    model = fit(planned, reporter=told)
    assert model.steps == 4
    assert told.texts == ["ended at step 10: frechet was not better than 3 3 times"]


def test_a_resumed_monitor_goes_on(tmp_path: Path) -> None:
    config = Config(monitor="frechet", **SMALL)
    whole = fit(plan(points(), config), Run.create(tmp_path / "whole"))
    parts = Run.create(tmp_path / "parts")

    class Stop(Reporter):
        def progress(self, trainer: Any, record: dict[str, float]) -> None:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fit(plan(points(), config.replace({"state_every_seconds": 0})), parts, reporter=Stop())
    model = fit(plan(points(), config), parts, resume=True)
    assert model.steps == whole.steps
    files = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "parts")]
    assert files[0] == files[1]


def test_the_state_of_another_version_is_refused() -> None:
    planned = plan(points(), Config(monitor="frechet", **SMALL))
    model = fit(planned)
    monitor = module.Monitor("frechet", None, planned.train, planned.holdout, model)
    state = monitor.state_dict()
    del state["D"]
    with pytest.raises(RunError, match=r"does not fit this run \(no 'D'\)"):
        monitor.load_state_dict(state)


def test_a_real_metric_is_measured_on_the_holdout(tmp_path: Path) -> None:
    planned = plan(points(), Config(monitor="sliced_wasserstein", **SMALL))
    fit(planned, Run.create(tmp_path / "run"))
    record = json.loads((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()[-1])
    assert record["scores"][0]["name"] == "sliced_wasserstein"
    assert record["scores"][0]["rows"] == len(planned.holdout)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"monitor": "beauty"}, "unknown metric 'beauty'"),
        ({"monitor": "shape"}, "unknown metric 'shape'"),
        ({"monitor": "frechet=low"}, "monitor 'frechet=low': 'low' is no number"),
        ({"monitor": "frechet", "holdout": 0}, "there is no holdout to judge by"),
    ],
)
def test_a_monitor_that_cannot_be_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        fit(plan(points(), Config(**(SMALL | settings))))


def test_patience_needs_a_monitor() -> None:
    with pytest.raises(ConfigError, match="patience needs a monitor"):
        plan(points(), Config(patience=3, **SMALL))


def test_what_is_better() -> None:
    assert badness(1.0, "lower") < badness(2.0, "lower")
    assert badness(2.0, "higher") < badness(1.0, "higher")
    assert badness(0.55, 0.5) < badness(0.4, 0.5)


def test_a_goal_is_read(tmp_path: Path) -> None:
    kind = plan(points(), Config(**SMALL)).kind
    assert isinstance(kind, KINDS["points"])
    assert parse("c2st", kind) == ("c2st", None)
    assert parse("c2st=.6", kind) == ("c2st", 0.6)
