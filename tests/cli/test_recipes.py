"""`sparring recipes`: what there is, what cannot be, and one recipe from end to end."""

from __future__ import annotations

import json
import urllib.error
from pathlib import Path
from typing import Any

import pytest

from sparring.recipes.catalogue import RECIPES
from sparring.recipes.images import opened
from tests.cli.conftest import Call
from tests.cli.test_train import refused


def test_the_list_has_every_recipe_and_its_time(call: Call) -> None:
    result = call("recipes")
    assert result.code == 0
    assert "minutes a seed" in result.out
    for name, recipe in RECIPES.items():
        assert name in result.out
        assert recipe.title in result.out


def test_a_recipe_runs_and_is_shown(call: Call) -> None:
    first = call("recipes", "run", "sine", "--quick", "--out", "out")
    assert first.code == 0, first.err
    assert "seed 0" in first.out
    assert Path("out/index.html").is_file()
    results = json.loads(Path("out/sine/results.json").read_text())
    assert [p["published"] for p in results["published"]] == ["1.39", "0.7"]
    weights = Path("out/sine/runs/published-0/model.safetensors")
    before = weights.stat().st_mtime_ns
    assert call("recipes", "run", "sine", "--quick", "--out", "out").code == 0
    assert weights.stat().st_mtime_ns == before, "what is done is not done again"
    page = call("recipes", "page", "--out", "out", "--docs", "docs")
    assert page.code == 0
    assert "docs/recipes.md" in page.out
    assert "| D's loss, last tenth (nats) | 1.39 |" in Path("docs/recipes.md").read_text()


def test_refusals(call: Call) -> None:
    refused(call, "recipes", "run", "sin", says=["unknown recipe 'sin'", "'sine'", "mnist-cdcgan"])
    refused(call, "recipes", "run", says=["sine-sparse", "or all"])
    refused(call, "recipes", "walk", says=["unknown action 'walk'", "run, page"])
    refused(call, "recipes", "page", "--out", "nowhere", says=["nowhere", "no finished recipe"])
    Path("mine").mkdir()
    Path("mine/thesis.txt").touch()
    refused(call, "recipes", "run", "sine", "--out", "mine", says=["mine", "another --out"])
    assert [p.name for p in Path("mine").iterdir()] == ["thesis.txt"]


def test_missing_data_says_which_files_go_where(
    call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(url: str, timeout: float) -> Any:
        raise urllib.error.URLError("no network")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    monkeypatch.setenv("SPARRING_DATA", str(tmp_path / "data"))
    opened.cache_clear()
    parts = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    files = [f"{part}-ubyte.gz" for part in parts]
    refused(
        call, "recipes", "run", "mnist-mlp", "--quick", says=[*files, str(tmp_path / "data")]
    )
    refused(call, "recipes", "run", "students", "--quick", says=["StressLevelDataset.csv"])
