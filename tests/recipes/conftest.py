"""A recipe that trains in no time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from sparring.data.dataset import Dataset
from sparring.kinds.style import Picture
from sparring.model import Model
from sparring.recipes.base import (
    FLOOR,
    Drawing,
    Experiment,
    Finding,
    Measure,
    Published,
    Recipe,
    Results,
    Trained,
    Values,
)
from sparring.recipes.settings import CLASSIC, adam, default_beside

SETTINGS: Mapping[str, Any] = {
    **CLASSIC, **adam(1e-3), "network": "mlp", "width": 4, "depth": 1, "latent_dim": 2,
    "batch_size": 8, "steps": 20, "log_every_steps": 1, "device": "cpu", "engine": "eager",
}  # fmt: skip


def rows(seed: int, quick: bool) -> Dataset:
    return Dataset(np.random.default_rng(seed).normal(size=(10, 2)), name="rows")


def measure(trained: Trained) -> Values:
    return {"steps": float(trained.model.steps), "seed": float(trained.seed), FLOOR + "seed": 7.0}


def keep(model: Model, path: Path) -> None:
    (path / "steps.txt").write_text(str(model.steps))


def draw(results: Results) -> Figure:
    figure = Picture(1.0, 2.0)
    figure.text(0.1, 0.5, f"{results.trained('published').model.steps} steps")
    return figure


def draw_both(results: Results) -> list[Figure]:
    results.trained("default")
    return [draw(results), draw(results)]


def make(**changes: Any) -> Recipe:
    """The recipe, with other settings."""
    published = Experiment(
        "as published", rows, {**SETTINGS, **changes}, measure, {"steps": 4}, keep=keep
    )
    default = default_beside("published", rows, measure)
    default = replace(default, settings={**default.settings, "engine": "eager"})
    return Recipe(
        title="a title with <b> and |",
        document="a document",
        shows="shows",
        minutes=0.1,
        experiments={"published": published, "default": default},
        measures=(Measure("steps", "G updates", 0), Measure("seed", "the seed", 1)),
        published=(Published("published", "seed", "0.5", "page 1"),),
        findings=(
            Finding(
                "the seed is zero", "page 2", "seed = 0", ("published",),
                lambda v: v["published"]["seed"] == 0,
            ),
        ),
        drawings=(
            Drawing("a.png", "figure a", "a <text>", draw),
            Drawing("both.gif", "figure b", "moving", draw_both),
        ),
        notes=("a note & more",),
        conclude=lambda results: f"{len(results.column('published', 'seed'))} seeds",
    )  # fmt: skip


@pytest.fixture
def recipe() -> Recipe:
    return make()
