"""Several seeds side by side."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.errors import RunError
from sparring.evaluate.score import Score
from sparring.fit import fit
from sparring.judge import judge
from sparring.plan import plan
from sparring.repeats import mean_and_deviation, one, repeat, spread

SMALL = Config(
    network="mlp", width=8, depth=1, batch_size=16, steps=4, seed=7, log_every_steps=2, threads=1
)


def points() -> Dataset:
    return Dataset(np.random.default_rng(0).normal(size=(60, 2)), name="cloud")


def test_each_seed_is_the_run_that_it_would_be_alone(tmp_path: Path) -> None:
    found = dict(repeat(points(), SMALL, None, tmp_path / "runs", seeds=2))
    assert sorted(found) == [7, 8]
    for seed, scores in found.items():
        alone = plan(points(), SMALL.replace({"seed": seed}))
        expected = judge(fit(alone), alone.holdout, alone.train)
        assert scores == expected
        kept = json.loads((tmp_path / "runs" / f"seed-{seed}" / "config.json").read_text())
        assert kept["seed"] == seed


def test_without_a_holdout_there_are_no_scores(tmp_path: Path) -> None:
    config = SMALL.replace({"holdout": 0.0})
    assert one(points(), config, None, tmp_path / "run") == (7, [])


def test_a_run_that_fails_is_told(tmp_path: Path) -> None:
    for seed in (7, 8):
        (tmp_path / f"seed-{seed}").mkdir()
        (tmp_path / f"seed-{seed}" / "mine.txt").touch()
    with pytest.raises(RunError, match=r"seed-[78] exists"):
        list(repeat(points(), SMALL, None, tmp_path, seeds=2))


def test_the_spread_of_scores() -> None:
    def score(name: str, value: float | None) -> Score:
        return Score(name, name, "lower", "", 9, value, 0.0, None if value else "too few")

    runs = [[score("a", 1.0), score("b", None)], [score("a", 3.0), score("b", 5.0)]]
    (a, of_a), (b, of_b) = spread(runs)
    assert (a.name, of_a, b.name, of_b) == ("a", [1.0, 3.0], "b", [5.0])
    assert mean_and_deviation(of_a) == (2.0, pytest.approx(2**0.5))
    assert mean_and_deviation(of_b) == (5.0, 0.0)
