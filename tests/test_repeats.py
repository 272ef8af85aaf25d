"""Several seeds side by side."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.errors import DivergedError, RunError
from sparring.evaluate.score import Score
from sparring.fit import Interrupted, fit
from sparring.judge import judge
from sparring.plan import plan
from sparring.repeats import FILE, Repeats, mean_and_deviation, one, spread
from sparring.train.run import Run, read_lines
from tests.test_fit import At, interrupt

SMALL = Config(
    network="mlp", width=8, depth=1, batch_size=16, steps=4, seed=7, log_every_steps=2, threads=1
)


def points() -> Dataset:
    return Dataset(np.random.default_rng(0).normal(size=(60, 2)), name="cloud")


def test_each_seed_is_the_run_that_it_would_be_alone(tmp_path: Path) -> None:
    repeats = Repeats(tmp_path / "runs", 2, SMALL, None)
    repeats.begin()
    assert Repeats.open(tmp_path / "runs") == repeats
    found = dict(repeats.run(points()))
    assert sorted(found) == [7, 8]
    for seed, scores in found.items():
        alone = plan(points(), SMALL.replace({"seed": seed}))
        expected = judge(fit(alone), alone.holdout, alone.train)
        assert scores == expected
        run = tmp_path / "runs" / f"seed-{seed}"
        assert json.loads((run / "config.json").read_text())["seed"] == seed
        (line,) = read_lines(run / "metrics.jsonl")
        assert [s["value"] for s in line["scores"]] == [s.value for s in scores]


def test_runs_that_were_begun_go_on_and_one_that_diverges_ends_alone(tmp_path: Path) -> None:
    config = SMALL.replace({"rollbacks": 0})
    whole = one(points(), config, None, tmp_path / "whole")
    for seed in (7, 8):
        begun = Run.create(tmp_path / f"seed-{seed}")
        with pytest.raises(Interrupted):
            fit(plan(points(), config.replace({"seed": seed})), begun, reporter=At(2, interrupt))
    state = begun.load_state()
    assert state is not None
    state["D"]["vector"].fill_(np.nan)
    begun.save_state(state)
    repeats = Repeats(tmp_path, 2, config, None)
    repeats.begin(resume=True)
    found = dict(repeats.run(points(), {"log_every_steps": 1}))
    assert found[7] == whole
    assert isinstance(found[8], DivergedError)
    seven = tmp_path / "seed-7"
    assert [r["step"] for r in read_lines(seven / "log.jsonl")] == [2, 3, 4]
    same = (path / "model.safetensors" for path in (seven, tmp_path / "whole"))
    assert len({path.read_bytes() for path in same}) == 1


def test_a_folder_that_is_taken_is_refused(tmp_path: Path) -> None:
    Repeats(tmp_path, 2, SMALL, None).begin()
    for folder in (tmp_path, tmp_path / FILE):
        with pytest.raises(RunError, match="exists: continue it with --resume"):
            Repeats(folder, 2, SMALL, None).begin()


def test_what_runs_have_in_common_is_damaged(tmp_path: Path) -> None:
    assert Repeats.open(tmp_path) is None
    for text in ("", "{}", '{"seeds": 2, "location": null, "settings": {"seed": -1}}'):
        (tmp_path / FILE).write_text(text)
        with pytest.raises(RunError, match="cannot be read"):
            Repeats.open(tmp_path)


def test_without_a_holdout_there_are_no_scores(tmp_path: Path) -> None:
    config = SMALL.replace({"holdout": 0.0})
    assert one(points(), config, None, tmp_path / "run") == []


def test_a_run_that_fails_is_told(tmp_path: Path) -> None:
    for seed in (7, 8):
        (tmp_path / f"seed-{seed}").mkdir()
        (tmp_path / f"seed-{seed}" / "mine.txt").touch()
    with pytest.raises(RunError, match=r"seed-[78] exists"):
        list(Repeats(tmp_path, 2, SMALL, None).run(points()))


def test_the_spread_of_scores() -> None:
    def score(name: str, value: float | None) -> Score:
        return Score(name, name, "lower", "", 9, value, 0.0, None if value else "too few")

    runs = [[score("a", 1.0), score("b", None)], [score("a", 3.0), score("b", 5.0)]]
    (a, of_a), (b, of_b) = spread(runs)
    assert (a.name, of_a, b.name, of_b) == ("a", [1.0, 3.0], "b", [5.0])
    assert mean_and_deviation(of_a) == (2.0, pytest.approx(2**0.5))
    assert mean_and_deviation(of_b) == (5.0, 0.0)
