"""Several seeds side by side."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.errors import ConfigError, DivergedError, RunError
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
    found = dict(repeats.run(points(), {"log_every_steps": 1}))
    assert found[7] == whole
    assert isinstance(found[8], DivergedError)
    seven = tmp_path / "seed-7"
    assert [r["step"] for r in read_lines(seven / "log.jsonl")] == [2, 3, 4]
    same = (path / "model.safetensors" for path in (seven, tmp_path / "whole"))
    assert len({path.read_bytes() for path in same}) == 1


def until(true: Callable[[], bool], seconds: float = 60.0) -> bool:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.05)
    return true()


LONG = SMALL.replace({"steps": 10**8, "state_every_seconds": 1e6})


def test_sigterm_saves_what_runs_and_begins_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sparring.repeats.cores", lambda: 1)
    log = tmp_path / "seed-7" / "log.jsonl"

    def stop() -> None:
        until(lambda: log.exists() and bool(log.stat().st_size))
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=stop, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        list(Repeats(tmp_path, 3, LONG, None).run(points()))
    assert [path.name for path in tmp_path.iterdir()] == ["seed-7"]
    state = Run(tmp_path / "seed-7").load_state()
    assert state is not None
    assert state["step"] > 0


def test_runs_end_saved_when_the_process_that_began_them_is_killed(tmp_path: Path) -> None:
    call = (
        "train ring --seeds 2 --steps 100000000 --width 8 --depth 1 --engine eager "
        f"--state-every-seconds 1000000 --run {tmp_path / 'r'}"
    )
    command = [sys.executable, "-c", "from sparring.cli import main; main()", *call.split()]
    parent = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    log, states = (tmp_path / "r" / "seed-0" / name for name in ("log.jsonl", "state"))
    try:
        assert until(lambda: log.exists() and bool(log.stat().st_size))
    finally:
        parent.kill()
        parent.wait()
    assert until(lambda: any(states.glob("step-*.pt")))


def test_runs_that_have_ended_are_not_trained_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "seed-7"
    first = one(points(), SMALL, None, path)
    monkeypatch.setattr("sparring.repeats.fit", None)
    assert one(points(), SMALL, None, path) == first
    assert len([*read_lines(path / "metrics.jsonl")]) == 1
    with pytest.raises(RunError, match="other rows"):
        one(Dataset(points().x + 1), SMALL, None, path)


def test_a_run_that_was_killed_as_it_began_is_begun_again(tmp_path: Path) -> None:
    for left in (["samples"], ["samples", "state"], ["samples", "state", "log.jsonl"]):
        path = tmp_path / str(len(left))
        path.mkdir()
        for name in left:
            (path / name).touch() if "." in name else (path / name).mkdir()
        if len(left) == 3:
            (path / "config.json").write_text("{}")
            (path / ".schema.json.123.tmp").touch()
        assert one(points(), SMALL, None, path)


def test_what_is_refused_on_resume_changes_nothing(tmp_path: Path) -> None:
    repeats = Repeats(tmp_path, 2, SMALL, None)
    repeats.begin()
    before = (tmp_path / FILE).read_text()
    assert repeats.resumed(2, {"loss": "hinge"}).config.loss == "hinge"  # nothing was begun
    one(points(), SMALL, None, tmp_path / "seed-7")
    with pytest.raises(ConfigError, match="loss"):
        repeats.resumed(5, {"loss": "hinge"})
    assert repeats.resumed(2, {"batch_size": 16, "threads": 2}).config.threads == 2
    assert (tmp_path / FILE).read_text() == before
    assert repeats.resumed(3, {}).seeds == 3
    assert Repeats.open(tmp_path) == Repeats(tmp_path, 3, SMALL, None)


def test_a_folder_that_is_taken_is_refused(tmp_path: Path) -> None:
    Repeats(tmp_path, 2, SMALL, None).begin()
    for folder in (tmp_path, tmp_path / FILE):
        with pytest.raises(RunError, match="exists: continue it with --resume"):
            Repeats(folder, 2, SMALL, None).begin()


def test_what_runs_have_in_common_is_damaged(tmp_path: Path) -> None:
    assert Repeats.open(tmp_path) is None
    assert Repeats.open(Path(__file__)) is None
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
