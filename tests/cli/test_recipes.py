"""`sparring recipes`: what there is, what cannot be, and one recipe from end to end."""

from __future__ import annotations

import json
import urllib.error
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sparring.evaluate import image_classifier
from sparring.recipes.catalogue import RECIPES
from sparring.recipes.images import opened, reference
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


def write_idx(path: Path, array: np.ndarray) -> None:
    """An IDX file of bytes, as MNIST's are."""
    head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    path.write_bytes(head + array.astype(np.uint8).tobytes())


def test_a_recipe_on_images_runs_on_the_idx_files(
    call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    random, folder = np.random.default_rng(0), tmp_path / "data" / "mnist"
    folder.mkdir(parents=True)
    for split, n in (("train", 80), ("t10k", 40)):
        labels = np.arange(n) % 10
        # A bright row of pixels tells which digit it is.
        images = random.integers(0, 80, (n, 28, 28))
        images[np.arange(n), 2 * labels + 4] = 255
        write_idx(folder / f"{split}-images-idx3-ubyte", images)
        write_idx(folder / f"{split}-labels-idx1-ubyte", labels)
    monkeypatch.setenv("SPARRING_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(image_classifier, "MIN_STEPS", 40)
    monkeypatch.setattr(image_classifier, "MAX_STEPS", 40)
    opened.cache_clear()
    reference.cache_clear()
    result = call("recipes", "run", "mnist-cdcgan", "--quick", "--out", "out")
    opened.cache_clear()
    reference.cache_clear()
    assert result.code == 0, result.err
    results = json.loads(Path("out/mnist-cdcgan/results.json").read_text())
    cells = dict(zip(results["columns"], results["rows"][0], strict=True))
    assert 0 <= float(cells["label agreement"]) <= 1
    real = dict(zip(results["columns"], results["rows"][-1], strict=True))
    assert float(real["label agreement"].split()[0]) > 0.8
    assert len(results["figures"]) == len(RECIPES["mnist-cdcgan"].drawings)
    drawn = call(
        "sample", "out/mnist-cdcgan/runs/published-0", "--digits", "one,two,eight", "-o", "s.npz"
    )
    assert drawn.code == 0, drawn.err
    with np.load("s.npz") as arrays:
        assert arrays["y"].tolist() == [1, 2, 8]
        assert arrays["x"].shape == (3, 28, 28, 1)
