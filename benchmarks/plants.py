"""Distributions whose groups are known, and ways to make small runs on them fail."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from sparring.data.dataset import Dataset
from sparring.train.trainer import Trainer

FRESH = 500  # rows that no run holds, and as many samples, in the two-sample test
ROWS = 2_000  # in a run, if the plant does not say otherwise


@dataclass(frozen=True)
class Source:
    """A distribution whose groups are known.

    Attributes:
        draw: rows and fresh rows, by a seed and a number of rows.
        groups: the group of each row.
        settings: of the small nets that learn it.
    """

    draw: Callable[[int, int], tuple[Dataset, Dataset]]
    groups: Callable[[Dataset], np.ndarray]
    settings: dict[str, Any]


@dataclass(frozen=True)
class Plant:
    """A way to make runs fail.

    Attributes:
        verdict: what is planted.
        settings: beside the source's own.
        rows: of the run.
        spoil: done to the trainer before the first step.
        sources: names of SOURCES.
    """

    verdict: str
    settings: dict[str, Any] = field(default_factory=dict)
    rows: int = ROWS
    spoil: Callable[[Trainer], None] | None = None
    sources: tuple[str, ...] = ("ring", "table", "digits")


def mixture(centres: np.ndarray, deviation: float, weights: np.ndarray | None = None) -> Source:
    """Points about centres (k, 2), all equally wide."""

    def draw(seed: int, rows: int) -> tuple[Dataset, Dataset]:
        random = np.random.default_rng([seed, 1])
        which = random.choice(len(centres), rows + FRESH, p=weights)
        x = centres[which] + deviation * random.normal(size=(rows + FRESH, 2))
        x = x.astype(np.float32)
        return Dataset(x[:rows]), Dataset(x[rows:])

    def groups(dataset: Dataset) -> np.ndarray:
        return nearest(np.asarray(dataset.x), centres)

    return Source(draw, groups, SMALL)


def nearest(rows: np.ndarray, centres: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.linalg.norm(rows[:, None] - centres[None], axis=2).argmin(axis=1)
    return found


CENTRES = np.array([[0, 0], [4, 0], [0, 4], [4, 4], [2, 8]], dtype=float)


def draw_table(seed: int, rows: int) -> tuple[Dataset, Dataset]:
    """Five kinds of customers: two numbers tell which; a third and two categories hang on it."""
    random = np.random.default_rng([seed, 2])
    n = rows + FRESH
    which = random.choice(5, n, p=[0.3, 0.25, 0.2, 0.15, 0.1])
    where = CENTRES[which] + 0.7 * random.normal(size=(n, 2))
    plan_of = np.where(random.random(n) < 0.8, which % 3, random.integers(0, 3, n))
    frame = pd.DataFrame(
        {
            "a": where[:, 0],
            "b": where[:, 1],
            "spent": np.exp(0.3 * which + 0.5 * random.normal(size=n)),
            "plan": np.array(["basic", "plus", "max"])[plan_of],
            "member": np.where(random.random(n) < 0.2 + 0.15 * which, "yes", "no"),
        }
    )
    return Dataset(frame.iloc[:rows]), Dataset(frame.iloc[rows:])


def groups_of_table(dataset: Dataset) -> np.ndarray:
    assert isinstance(dataset.x, pd.DataFrame)
    return nearest(dataset.x[["a", "b"]].to_numpy(float), CENTRES)


def draw_digits(seed: int, rows: int) -> tuple[Dataset, Dataset]:
    """scikit-learn's handwritten digits, without their labels."""
    images = load_digits().images
    order = np.random.default_rng([seed, 3]).permutation(len(images))
    x = np.round(images[order, :, :, None] * (255 / 16)).astype(np.uint8)
    rows = min(rows, len(x) - FRESH)
    return Dataset(x[:rows]), Dataset(x[-FRESH:])


def groups_of_digits(dataset: Dataset) -> np.ndarray:
    found: np.ndarray = digit_classifier().predict(_flat(dataset.x))
    return found


@functools.cache
def digit_classifier() -> LogisticRegression:
    digits = load_digits()
    x = np.round(digits.images[..., None] * (255 / 16))
    return LogisticRegression(max_iter=300, C=0.1).fit(_flat(x), digits.target)


def _flat(images: Any) -> np.ndarray:
    flat: np.ndarray = np.asarray(images, dtype=float).reshape(len(images), -1) / 255
    return flat


def tiny_start(trainer: Trainer) -> None:
    """Every parameter of G and D from N(0, .02), as DCGAN has it."""
    random = torch.Generator().manual_seed(trainer.config.seed)
    for player in (trainer.player_g, trainer.player_d):
        vector = player.vector.detach()
        vector.copy_(0.02 * torch.randn(vector.shape, generator=random))


SMALL: dict[str, Any] = {
    "network": "mlp", "width": 48, "depth": 2, "batch_size": 64, "latent_dim": 4, "steps": 500,
    "learning_rate": 2e-3, "ema_half_life_steps": 50,
}  # fmt: skip
# A G that is told of clusters cannot drop them.
DIGITS = SMALL | {"width": 128, "latent_dim": 16, "learning_rate": 1e-3, "clusters": 0}
ANGLES = np.arange(8) * np.pi / 4
SOURCES = {
    "ring": mixture(np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1), 0.12),
    "grid": mixture(np.array([[i, j] for i in range(3) for j in range(3)], dtype=float), 0.15),
    "table": Source(
        # Few rows are to be learnt by heart where that is planted.
        draw_table,
        groups_of_table,
        SMALL | {"latent_dim": 16, "smoothing": 0.0},
    ),
    "digits": Source(draw_digits, groups_of_digits, DIGITS),
}
ALL = tuple(SOURCES)
FREE = {"loss": "non-saturating", "penalty": "none", "steps": 300}
PLANTS = {
    "defaults": Plant("healthy", sources=ALL),
    "wide": Plant("healthy", {"width": 96}, sources=ALL),
    "hinge": Plant("healthy", {"loss": "hinge"}, sources=ALL),
    "plain-loss": Plant("healthy", {"loss": "non-saturating"}, sources=ALL),
    "short": Plant("under-trained", {"steps": 80}),
    "slow": Plant("under-trained", {"learning_rate": 3e-5}),
    "explosion-adam": Plant("diverged", {"learning_rate": 30.0}),
    "explosion-sgd": Plant(
        "diverged", FREE | {"learning_rate": 3.0, "loss": "wasserstein", "optimizer": "sgd"}
    ),
    "tiny-start": Plant("collapsed", FREE | {"loss": "minimax"}, spoil=tiny_start),
    "generator-fast": Plant(
        "collapsed", FREE | {"learning_rate": 1e-2, "critic_learning_rate": 5e-4}
    ),
    "generator-fast-hinge": Plant(
        "collapsed", FREE | {"loss": "hinge", "learning_rate": 5e-3, "critic_learning_rate": 2e-4}
    ),
    "narrow-generator": Plant("mode dropping", FREE | {"critic_width": 128, "width": 8}),
    "critic-20": Plant("critic wins", FREE | {"d_steps": 20, "steps": 100}),
    "critic-fast": Plant(
        "critic wins", FREE | {"learning_rate": 5e-5, "critic_learning_rate": 5e-3}
    ),
    "saturated": Plant(
        "vanishing gradient", FREE | {"loss": "minimax", "critic_warmup_steps": 400}
    ),
    "saturated-fast": Plant(
        "vanishing gradient",
        FREE | {"loss": "minimax", "critic_width": 256, "critic_learning_rate": 3e-3},
    ),
    "saturated-slow": Plant(
        "vanishing gradient",
        FREE | {"loss": "minimax", "learning_rate": 5e-5, "critic_learning_rate": 5e-3,
                "critic_warmup_steps": 400},
    ),
    # Adam makes up for small gradients, plain descent does not.
    "saturated-sgd": Plant(
        "vanishing gradient",
        FREE | {"loss": "minimax", "optimizer": "sgd", "momentum": 0.9, "learning_rate": 3e-3,
                "critic_learning_rate": 3e-2, "critic_warmup_steps": 1_000},
        sources=("ring", "digits"),
    ),
    "critic-slow": Plant("generator wins", {"critic_learning_rate": 1e-6}),
    "critic-narrow": Plant("generator wins", {"critic_width": 2, "critic_depth": 1}),
    "gamma-10000": Plant("generator wins", {"gamma": 1e4, "gamma_decay": 1.0}),
    "momentum": Plant(
        "oscillating",
        FREE | {"beta1": 0.9, "learning_rate": 3e-3, "schedule": "constant",
                "ema_half_life_steps": 0},
    ),
    "sgd": Plant(
        "oscillating",
        FREE | {"optimizer": "sgd", "momentum": 0.9, "learning_rate": 0.03,
                "schedule": "constant", "ema_half_life_steps": 0},
    ),
    "few-rows-free": Plant(
        "critic memorises", FREE | {"critic_width": 256, "d_steps": 5, "steps": 150,
                                    "critic_learning_rate": 4e-3, "holdout": 0.5}, rows=60,
    ),
    "few-rows": Plant("copies training data", {"gamma": 0.01, "steps": 800, "holdout": 0.5},
                      rows=30),
    "ten-rows": Plant(
        "copies training data", {"gamma": 0.01, "steps": 2_000, "width": 96, "holdout": 0.5},
        rows=20, sources=("table", "digits"),
    ),
    "ten-rows-wide": Plant(
        "copies training data",
        {"gamma": 0.003, "steps": 2_000, "width": 192, "holdout": 0.5, "latent_dim": 8},
        rows=20, sources=("table", "digits"),
    ),
}  # fmt: skip
