"""Recipes run, are skipped when done, go on after a kill, and overwrite nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from sparring.errors import ConfigError, DivergedError, RunError
from sparring.model import Model
from sparring.recipes import runner
from sparring.recipes.base import Recipe
from sparring.recipes.runner import claim, run_recipe
from tests.recipes.conftest import make


class Killed(BaseException):
    """What no handler catches."""


def run(recipe: Recipe, out: Path, seeds: int = 1, quick: bool = False) -> dict[str, Any]:
    """Everything that results.json holds."""
    told: list[str] = []
    claim(out, quick)
    run_recipe("tiny", recipe, out, seeds, quick, told.append)
    assert told is not None
    found: dict[str, Any] = json.loads((out / "tiny" / "results.json").read_text())
    return found


def test_a_recipe_leaves_runs_figures_and_numbers(recipe: Recipe, tmp_path: Path) -> None:
    found = run(recipe, tmp_path / "out", seeds=2)
    assert found["published"] == [
        {"what": "the seed", "where": "page 1", "published": "0.5", "experiment": "as published",
         "here": "0.5 ± 0.7"}
    ]  # fmt: skip
    assert found["findings"][0] | {"held": 1, "of": 2} == found["findings"][0]
    assert found["rows"][0][:4] == ["as published", "20 ± 0", "0.5 ± 0.7", "2"]
    assert found["rows"][-1][:3] == ["real rows in their place", "", "7.0 ± 0.0"]
    assert found["conclusion"] == "2 seeds"
    assert not found["unfinished"]
    folder = tmp_path / "out" / "tiny"
    with Image.open(folder / "both.gif") as moving:
        assert moving.n_frames == 1  # two pictures alike are one
    with Image.open(folder / "a.png") as figure:
        assert figure.size == (240, 120)
    assert not (folder / "runs" / "published-0" / "state").exists()


def test_the_default_gets_the_seconds_of_the_published_run(recipe: Recipe, tmp_path: Path) -> None:
    run(recipe, tmp_path / "out")
    runs = tmp_path / "out" / "tiny" / "runs"
    spent = json.loads((runs / "published-0" / "values.json").read_text())["seconds"]
    assert Model.load(runs / "default-0").config.minutes == pytest.approx(spent / 60)


def test_frames_are_kept_before_the_first_step_and_at_every_tenth(tmp_path: Path) -> None:
    run(make(), tmp_path / "out", seeds=2)
    runs = tmp_path / "out" / "tiny" / "runs"
    frames = sorted((runs / "published-0" / "frames").iterdir())
    assert [frame.name for frame in frames] == [f"{i:02d}" for i in range(11)]
    steps = [int((frame / "steps.txt").read_text()) for frame in frames]
    assert steps == list(range(0, 21, 2))
    assert not (runs / "published-1" / "frames").exists(), "figures show seed 0"


def test_what_is_done_is_not_done_again(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(recipe, tmp_path / "out", seeds=2)
    monkeypatch.setattr(runner, "fit", None)
    assert run(recipe, tmp_path / "out", seeds=2) == first
    # What more seeds gave is not thrown away by fewer.
    assert run(recipe, tmp_path / "out", seeds=1) == first


def test_a_killed_run_goes_on_to_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = make(state_every_seconds=0.0)
    frame = runner.Watcher.frame

    def die(self: runner.Watcher, tenth: int, trainer: Any) -> None:
        if tenth == 5:
            raise Killed
        frame(self, tenth, trainer)

    run(recipe, tmp_path / "whole")
    monkeypatch.setattr(runner.Watcher, "frame", die)
    with pytest.raises(Killed):
        run(recipe, tmp_path / "broken")
    monkeypatch.setattr(runner.Watcher, "frame", frame)
    run(recipe, tmp_path / "broken")
    whole, broken = (tmp_path / name / "tiny" / "runs" / "published-0" for name in (
        "whole", "broken"))  # fmt: skip
    weights = "model.safetensors"
    assert (whole / weights).read_bytes() == (broken / weights).read_bytes()
    assert len(list((broken / "frames").iterdir())) == 11


def test_a_run_that_was_killed_before_its_first_model_starts_again(
    recipe: Recipe, tmp_path: Path
) -> None:
    claim(tmp_path / "out", False)
    begun = tmp_path / "out" / "tiny" / "runs" / "published-0"
    begun.mkdir(parents=True)
    (begun / "log.jsonl").touch()
    assert not run(recipe, tmp_path / "out")["unfinished"]


def test_results_of_other_settings_are_refused(recipe: Recipe, tmp_path: Path) -> None:
    run(recipe, tmp_path / "out")
    with pytest.raises(ConfigError, match=r"other settings.*steps: 20 -> 30"):
        run(make(steps=30), tmp_path / "out")


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(RunError, match="holds no results of recipes: name another --out"):
        claim(tmp_path, False)
    with pytest.raises(RunError, match=r"thesis\.txt exists and holds no results"):
        claim(tmp_path / "thesis.txt", False)


def test_rehearsals_and_runs_do_not_mix(tmp_path: Path) -> None:
    claim(tmp_path / "out", True)
    claim(tmp_path / "out", True)
    with pytest.raises(RunError, match="results with --quick"):
        claim(tmp_path / "out", False)
    (tmp_path / "out" / runner.MARK).write_text("{")
    with pytest.raises(RunError, match="damaged"):
        claim(tmp_path / "out", False)


def test_quick_changes_settings_and_seeds(tmp_path: Path) -> None:
    found = run(make(), tmp_path / "out", quick=True)
    assert found["quick"]
    assert found["rows"][0][1] == "4"


def test_a_run_that_diverges_is_measured_as_it_was(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = runner.fit

    def fail(*arguments: Any, **keywords: Any) -> Any:
        fit(*arguments, **keywords)
        raise DivergedError("a loss became inf")

    monkeypatch.setattr(runner, "fit", fail)
    run(recipe, tmp_path / "out")
    values = json.loads(
        (tmp_path / "out" / "tiny" / "runs" / "published-0" / "values.json").read_text()
    )["values"]
    assert values["diverged"] == 1
    assert values["steps"] == 20


def test_a_run_that_two_recipes_show_is_made_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = make()
    shared = {key: replace(e, home="common") for key, e in recipe.experiments.items()}
    recipe = replace(recipe, experiments=shared)
    claim(tmp_path / "out", False)
    run_recipe("first", recipe, tmp_path / "out", 1, False, print)
    monkeypatch.setattr(runner, "fit", None)
    run_recipe("second", recipe, tmp_path / "out", 1, False, print)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "common", "first", runner.MARK, "second",
    ]  # fmt: skip


def test_there_is_something_to_see_before_all_runs_are_made(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = runner.run_experiment

    def stop(experiment: Any, *arguments: Any) -> Any:
        if experiment.like:
            raise Killed
        return whole(experiment, *arguments)

    monkeypatch.setattr(runner, "run_experiment", stop)
    with pytest.raises(Killed):
        run(recipe, tmp_path / "out")
    found = json.loads((tmp_path / "out" / "tiny" / "results.json").read_text())
    assert found["unfinished"] == ["Sparring's default, same seconds"]
    assert [figure["file"] for figure in found["figures"]] == ["a.png"]
    assert found["conclusion"] == ""
