"""MNIST by multi-layer perceptrons: the course's listing and its three exercises."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from sparring.recipes.base import Drawing, Experiment, Finding, Measure, Recipe
from sparring.recipes.images import (
    AGREEMENT,
    MEASURES,
    digits,
    draw_beside,
    draw_film,
    draw_grid,
    draw_losses,
    keep,
    measure,
)
from sparring.recipes.settings import CLASSIC, adam, default_beside

DOCUMENT = (
    "Generative Adversarial Networks (GANs), a chapter of a course on PyTorch, with its listing "
    "and three exercises."
)
HOME = "mnist-mlp"
PLAIN, LABELLED = partial(digits, False), partial(digits, True)
QUICK = {"epochs": 2}
SETTINGS: Mapping[str, Any] = {
    **CLASSIC, **adam(2e-4), "network": "mlp", "latent_dim": 100, "width": 256, "depth": 2,
    "activation": "relu", "critic_activation": "leaky-relu", "output_activation": "tanh",
    "batch_size": 100, "epochs": 100, "log_every_steps": 100,
    "engine": None,  # long enough to repay compiling, which changes no step
}  # fmt: skip

PUBLISHED = Experiment(
    "as published", PLAIN, SETTINGS, measure, QUICK, keep=keep, home=HOME
)
DEFAULT = default_beside("published", PLAIN, measure, keep=keep, home=HOME)
BOTH = {"published": PUBLISHED, "default": DEFAULT}
NOTES = (
    "The listing lost its brackets, the lines that end in them (so the activations of G, and D's "
    "sigmoid) and the calls of the optimisers. The evident meaning is run: ReLU between G's "
    "layers, tanh at its end for images in [-1, 1], one update of D and one of G for each batch. "
    "D's sigmoid is part of its loss here, which is the same function in better arithmetic.",
    "The course reports no number and no picture. It says that G's and D's losses should be "
    "watched; at the ideal end they are ln 2 = .693 and, as the sum it prints, 2 ln 2 = 1.386.",
)


def exercise(
    title: str, shows: str, key: str, experiment: Experiment, *,
    beside: Mapping[str, Experiment], notes: tuple[str, ...],
    measures: tuple[Measure, ...] = MEASURES, findings: tuple[Finding, ...] = (),
) -> Recipe:  # fmt: skip
    """One exercise: the changed run, the listing's own, and the default."""
    names = {"published": "the listing", key: title, "default": "Sparring's default"}
    return Recipe(
        title=f"MNIST by perceptrons: {title}",
        document=DOCUMENT,
        shows=shows,
        minutes=30.0,
        experiments={"published": PUBLISHED, key: experiment, **beside},
        measures=measures,
        findings=findings,
        drawings=(
            Drawing(
                "beside.png", "64 samples of each run (five of each digit where it has labels).",
                "Grids of generated digits side by side.", partial(draw_beside, names),
            ),
            Drawing(
                "film.png", f"{title}: samples at every tenth of the run.",
                "Grids of generated digits that grow clearer.", partial(draw_film, key),
            ),
            Drawing(
                "losses.png", f"{title}: losses.", "Two curves over the steps.",
                partial(draw_losses, key),
            ),
        ),
        notes=(*notes, *NOTES),
        seeds=1,
    )  # fmt: skip


MNIST_MLP = Recipe(
    title="MNIST by perceptrons",
    document=DOCUMENT,
    shows="A G and a D of two hidden layers of 256 units learn handwritten digits.",
    minutes=20.0,
    experiments=BOTH,
    measures=MEASURES,
    findings=(
        Finding(
            "the listing learns to draw varied digits", "practical example",
            "not collapsed (see the notes), and precision above .3",
            ("published",),
            lambda v: not v["published"]["collapsed"] and v["published"]["precision"] > 0.3,
        ),
    ),
    drawings=(
        Drawing(
            "film.png", "64 samples at every tenth of the run.",
            "Ten grids of generated digits, from noise to digits.", partial(draw_film, "published"),
        ),
        Drawing(
            "grid.png", "64 samples at the end.", "A grid of generated digits.",
            partial(draw_grid, "published"),
        ),
        Drawing(
            "default.png", "64 samples of Sparring's default after the same seconds.",
            "A grid of generated digits.", partial(draw_grid, "default"),
        ),
        Drawing(
            "losses.png", "Losses of both players.", "Two curves over the steps.",
            partial(draw_losses, "published"),
        ),
    ),
    notes=NOTES,
    seeds=1,
)  # fmt: skip

MNIST_MLP_DEEPER = exercise(
    "more layers", "The first exercise: what do more layers change?", "deeper",
    Experiment(
        "four hidden layers", PLAIN, {**SETTINGS, "depth": 4}, measure, QUICK, keep=keep
    ),
    beside={"default": DEFAULT},
    notes=("Four hidden layers instead of two, in G and in D.",),
)  # fmt: skip

MNIST_MLP_MSE = exercise(
    "squared error", "The second exercise: MSE in the place of binary cross-entropy.", "mse",
    Experiment(
        "squared error", PLAIN, {**SETTINGS, "loss": "least-squares"}, measure, QUICK, keep=keep
    ),
    beside={"default": DEFAULT},
    notes=(
        "Squared distance of D's output from 1 and 0, without its sigmoid (Mao et al. 2017), and "
        "half of it, which Adam does not notice.",
    ),
)  # fmt: skip

MNIST_MLP_CONDITIONAL = exercise(
    "labels", "The third exercise: labels beside the noise and beside the image.", "conditional",
    Experiment(
        "with labels", LABELLED, SETTINGS, measure, QUICK, keep=keep
    ),
    beside={"default": default_beside("conditional", LABELLED, measure, keep=keep)},
    measures=(*MEASURES, AGREEMENT),
    findings=(
        Finding(
            "labels can be asked for", "exercise 3", "at least 95 % of the samples obey",
            ("conditional",), lambda v: v["conditional"]["agreement"] >= 0.95,
        ),
    ),
    notes=("Ten more inputs of G and of D, one-hot.",),
)  # fmt: skip
