"""Every recipe is whole: its networks can be built, its numbers are measured, its figures named."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sparring.data.dataset import Dataset
from sparring.errors import choose
from sparring.kinds.catalogue import pick_kind
from sparring.nets.catalogue import NETWORKS, build_networks
from sparring.objective.objective import build_objective
from sparring.recipes.base import Experiment, Recipe
from sparring.recipes.catalogue import RECIPES

IMAGES = Dataset(np.arange(2 * 784, dtype=np.uint8).reshape(2, 28, 28, 1), np.array([0, 1]))
POINTS = Dataset(np.eye(2))


def parameters(recipe: str, experiment: str) -> tuple[int, int]:
    """How many numbers G and D learn, with MNIST's or the plane's shape of rows."""
    chosen = RECIPES[recipe].experiments[experiment]
    config = chosen.config(0, False, None)
    rows = IMAGES if recipe.startswith("mnist") else POINTS
    if recipe == "mnist-cdcgan":
        rows = Dataset(np.resize(IMAGES.x, (10, 28, 28, 1)), np.arange(10))
    elif rows is IMAGES:
        rows = Dataset(rows.x)
    kind = pick_kind(rows, config).fit(rows, config)
    G, D = build_networks(kind.shape, config.with_defaults(kind.defaults))
    return sum(p.numel() for p in G.parameters()), sum(p.numel() for p in D.parameters())


@pytest.mark.parametrize("name", RECIPES)
def test_names_agree(name: str) -> None:
    recipe = RECIPES[name]
    measured = {m.key for m in recipe.measures}
    assert len(measured) == len(recipe.measures)
    assert {p.key for p in recipe.published} <= measured
    assert {p.experiment for p in recipe.published} <= set(recipe.experiments)
    assert {e for f in recipe.findings for e in f.experiments} <= set(recipe.experiments)
    files = [d.file for d in recipe.drawings]
    assert len(set(files)) == len(files)
    assert all(d.title and d.alt for d in recipe.drawings)


@pytest.mark.parametrize("name", RECIPES)
def test_a_default_stands_beside_and_comes_after(name: str) -> None:
    recipe = RECIPES[name]
    keys = list(recipe.experiments)
    beside = {key: e.like for key, e in recipe.experiments.items() if e.like}
    assert beside
    for key, like in beside.items():
        assert keys.index(like) < keys.index(key)
        settings = recipe.experiments[key].settings
        assert dict(settings) == {"holdout": 0.0}, "nothing but the rows is chosen for it"


@pytest.mark.parametrize(
    "experiment",
    [e for r in RECIPES.values() for e in r.experiments.values()],
    ids=[f"{n}:{k}" for n, r in RECIPES.items() for k in r.experiments],
)
def test_settings_can_hold(experiment: Experiment) -> None:
    for quick in (False, True):
        config = experiment.config(3, quick, 0.5 if experiment.like else None)
        assert config.seed == 3
        if experiment.like is None:
            assert config.minutes is None
            choose("network", config.network or "", NETWORKS)
            build_objective(config.replace({"gamma": 1.0}))
            # As published: nothing of the house's own is mixed in.
            own = (config.penalty, config.schedule, config.ema_half_life_steps, config.rollbacks)
            assert own == ("none", "constant", 0.0, 0)
            assert config.holdout == 0


@pytest.mark.parametrize("name", RECIPES)
def test_quick_is_quicker(name: str) -> None:
    recipe: Recipe = RECIPES[name]
    budgets = ("steps", "epochs", "critic_warmup_steps")
    for experiment in recipe.experiments.values():
        if experiment.like is None:
            long, short = (experiment.config(0, quick, None) for quick in (False, True))
            assert any((getattr(short, b) or 0) < (getattr(long, b) or 0) for b in budgets)


def linear(inputs: int, outputs: int) -> int:
    return inputs * outputs + outputs


def convolution(before: int, after: int, side: int) -> int:
    return before * after * side**2 + after


CONDITIONS = 10 * 100  # an embedding of 100 numbers for each digit
LISTED: list[tuple[str, str, int, int]] = [
    # The listings, counted by hand.
    ("sine", "published", linear(2, 128) + linear(128, 128) + linear(128, 2),
     linear(2, 128) + linear(128, 128) + linear(128, 2) + linear(2, 1)),
    ("sine-sparse", "published", linear(2, 512) + linear(512, 512) + linear(512, 2),
     linear(2, 512) + linear(512, 512) + linear(512, 2) + linear(2, 1)),
    ("students", "published", linear(2, 64) + linear(64, 64) + linear(64, 2),
     linear(2, 64) + linear(64, 64) + linear(64, 2) + linear(2, 1)),
    ("plane-lab", "moons-1d", linear(1, 64) + linear(64, 64) + linear(64, 2),
     linear(2, 64) + linear(64, 64) + linear(64, 1)),
    ("mnist-mlp", "published", linear(100, 256) + linear(256, 256) + linear(256, 784),
     linear(784, 256) + linear(256, 256) + linear(256, 1)),
    ("mnist-goodfellow", "adam", linear(100, 1200) + linear(1200, 1200) + linear(1200, 784),
     linear(784, 240) + linear(240, 240) + linear(240, 1)),
    ("mnist-goodfellow", "maxout", linear(100, 1200) + linear(1200, 1200) + linear(1200, 784),
     linear(784, 5 * 240) + linear(240, 5 * 240) + linear(240, 1)),
    ("mnist-cdcgan", "published",
     CONDITIONS + linear(100, 49) + linear(100, 49 * 128) + convolution(129, 128, 4) + 2 * 128
     + convolution(128, 1, 4),
     CONDITIONS + linear(100, 784) + convolution(2, 64, 3) + convolution(64, 128, 3) + 2 * 128
     + convolution(128, 1, 7)),
]  # fmt: skip


@pytest.mark.parametrize(("recipe", "experiment", "G", "D"), LISTED)
def test_the_nets_are_as_large_as_listed(recipe: str, experiment: str, G: int, D: int) -> None:
    assert parameters(recipe, experiment) == (G, D)


@pytest.mark.parametrize(
    ("recipe", "experiment", "expected"),
    [
        ("sine", "published", {"batch_size": 256, "steps": 6000, "learning_rate": 2e-4,
                               "beta1": 0.5, "beta2": 0.999, "scaling": "none"}),
        ("sine-sparse", "published", {"batch_size": 32, "steps": 6000, "learning_rate": 9e-5}),
        ("students", "published", {"batch_size": 20, "steps": 3500, "width": 64}),
        ("mnist-mlp", "published", {"batch_size": 100, "epochs": 100.0, "beta1": 0.9}),
        ("mnist-mlp-mse", "mse", {"loss": "least-squares", "epochs": 100.0}),
        ("mnist-mlp-deeper", "deeper", {"depth": 4}),
        ("mnist-goodfellow", "sgd", {"optimizer": "sgd", "learning_rate": 0.1, "momentum": 0.5,
                                     "epochs": 10.0}),
        ("mnist-goodfellow", "slow-long", {"learning_rate": 0.002, "epochs": 50.0}),
        ("mnist-goodfellow", "sigmoid-long", {"output_activation": "sigmoid",
                                              "scaling": "min-max", "epochs": 45.0}),
        ("mnist-cdcgan", "published", {"batch_size": 5, "epochs": 10.0, "learning_rate": 1e-4}),
        ("plane-lab", "circles", {"batch_size": 64, "d_steps": 2, "latent_dim": 2}),
    ],
)  # fmt: skip
def test_settings_are_the_published_ones(
    recipe: str, experiment: str, expected: dict[str, Any]
) -> None:
    config = RECIPES[recipe].experiments[experiment].config(0, False, None).as_dict()
    assert {key: config[key] for key in expected} == expected
    assert math.isclose(config["beta2"], config["beta2_end"]) or config["optimizer"] == "sgd"
