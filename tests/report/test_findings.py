"""What a report finds out of a run, whatever state the run is in."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sparring.data.dataset import Dataset
from sparring.errors import ConfigError, InputError, RunError
from sparring.report.findings import of_run
from sparring.report.page import first_screen, page
from tests.report.conftest import Page

pytestmark = pytest.mark.usefixtures("undrawn")


def lost_source(run: Path) -> None:
    path = run / "schema.json"
    schema = json.loads(path.read_text())
    schema["source"]["location"] = str(run / "gone.csv")
    path.write_text(json.dumps(schema))


def test_a_finished_run(run: Path) -> None:
    told: list[str] = []
    found = of_run(run, baselines=["marginals", "gaussian"], told=told.append)
    assert [record["step"] for record in found.log] == [1, 2, 3]
    assert [path.stem for path in found.pictures] == [f"step-{s:07d}" for s in (1, 2, 3)]
    assert found.train is not None
    assert found.holdout is not None
    assert (len(found.train), len(found.holdout)) == (48, 12)
    assert (found.gone, found.unscored, found.against) == ("", "", "the rows held out")
    assert found.comparison is not None
    assert found.comparison.methods == ("gan", "marginals", "gaussian")
    assert told == ["scoring the samples", "baseline marginals", "baseline gaussian"]
    assert first_screen(found).unfinished == ""


def test_a_run_that_is_still_written(run: Path) -> None:
    whole = of_run(run, baselines=[])
    assert whole.comparison is None
    config = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps(config | {"steps": 400}))
    for name in ("log.jsonl", "metrics.jsonl", "events.jsonl"):
        with (run / name).open("a") as file:
            file.write('{"step": 4, "criti')  # a kill, or a look in between
    for path in run.glob("samples/*"):
        path.unlink()
    (run / "state").rename(run / "elsewhere")
    found = of_run(run, baselines=[])
    assert found.log == whole.log
    assert found.scores == whole.scores
    seen = Page(page(found))
    assert "3 of 400 steps are made (0 %)" in seen.text
    assert "the run has taken no picture yet" in seen.text
    (run / "model.safetensors").unlink()
    with pytest.raises(RunError, match="not saved a model yet"):
        of_run(run)


def test_a_log_that_says_little(run: Path) -> None:
    (run / "log.jsonl").write_text('{"step": 3, "something": 1.0}\n')
    text = Page(page(of_run(run, baselines=[]))).text
    assert "no losses to draw" in text
    assert "no signals to draw" in text
    (run / "log.jsonl").unlink()
    assert of_run(run, baselines=[]).log == []


def test_without_a_holdout(run: Path) -> None:
    config = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps(config | {"holdout": 0.0}))
    found = of_run(run)
    assert (found.scores, found.comparison) == ([], None)
    seen = Page(page(found))
    assert seen.text.count("no row was held out from training") == 4
    assert first_screen(found).numbers == []


def test_a_source_that_is_gone(run: Path) -> None:
    scores = of_run(run, baselines=[]).scores
    kept = {"against": "holdout", "scores": [dataclasses.asdict(score) for score in scores]}
    (run / "metrics.jsonl").write_text(json.dumps(kept) + "\n")
    lost_source(run)
    found = of_run(run)
    assert found.scores == scores  # with their parts
    assert found.against == "holdout, at the last evaluation"
    assert found.train is None
    assert "gone.csv" in found.gone
    first = Page(page(found)).text
    assert "The scores are those of the last evaluation." in first
    # A line of another version tells nothing that can be trusted, nor does a monitor's.
    strange = [{"against": "x", "scores": [{"name": "new"}]}, {"step": 3, "scores": []}]
    lines = "".join(json.dumps(line) + "\n" for line in strange)
    (run / "metrics.jsonl").write_text(lines)
    found = of_run(run)
    assert found.scores == []
    assert "There are no scores." in Page(page(found)).text


def test_other_rows_to_judge_by(run: Path) -> None:
    found = of_run(run, baselines=[])
    assert found.train is not None
    other = found.train.take(np.arange(20))
    found = of_run(run, against=(other, "other.csv"), baselines=["marginals"])
    assert found.holdout is not None
    assert (len(found.holdout), found.against) == (20, "other.csv")
    assert found.comparison is not None
    lost_source(run)
    found = of_run(run, against=(other, "other.csv"))
    assert found.scores
    assert found.comparison is None
    assert "last evaluation" not in Page(page(found)).text
    frame = other.x
    assert isinstance(frame, pd.DataFrame)
    with pytest.raises(InputError, match="a,b"):
        of_run(run, against=(Dataset(frame.drop(columns="a,b")), "other.csv"))


def test_what_is_wrong_is_told_before_anything_long(run: Path) -> None:
    told: list[str] = []
    with pytest.raises(ConfigError, match=r"gausian.*gaussian"):
        of_run(run, baselines=["gausian"], told=told.append)
    assert told == []
    with pytest.raises(RunError, match="no such run"):
        of_run(run / "none")
