"""MNIST by label: the conditional DCGAN whose labels enter as pictures."""

from __future__ import annotations

from functools import partial

import numpy as np
from matplotlib.figure import Figure

from sparring.recipes.base import Drawing, Experiment, Finding, Recipe, Results
from sparring.recipes.images import (
    AGREEMENT,
    MEASURES,
    digits,
    draw_beside,
    draw_film,
    draw_losses,
    keep,
    measure,
    opened,
)
from sparring.recipes.settings import CLASSIC, adam, default_beside
from sparring.report.charts import image_grid
from sparring.sample import sample

ROWS = partial(digits, True)
ASKED = [1, 2, 8, 5, 2]

SETTINGS = {
    **CLASSIC, **adam(1e-4, 0.5), "network": "embedding-dcgan", "latent_dim": 100, "width": 128,
    "critic_width": 64, "activation": "relu", "critic_activation": "leaky-relu",
    "output_activation": "tanh", "generator_batch_norm": True, "critic_batch_norm": True,
    "batch_size": 5, "epochs": 10, "log_every_steps": 400,
    "engine": None,  # long enough to repay compiling, which changes no step
}  # fmt: skip


def draw_real(results: Results) -> Figure:
    """The document's digits among the training images."""
    train = opened(results.trained("published").quick)[0]
    assert train.y is not None
    first: dict[int, list[int]] = {d: np.flatnonzero(train.y == d).tolist() for d in ASKED}
    return image_grid(np.asarray(train.x)[[first[d].pop(0) for d in ASKED]])


def draw_asked(results: Results) -> Figure:
    """The same digits, asked for."""
    model = results.trained("published").model
    return image_grid(np.asarray(sample(model, len(ASKED), y=ASKED).x))


MNIST_CDCGAN = Recipe(
    title="MNIST by label",
    document=(
        "P. Naumczyk, An introduction to Generative Adversarial Networks in PyTorch (2025), "
        "sections 3.2 and 4.2."
    ),
    shows="A conditional DCGAN, batches of five, ten epochs: ask it for a digit and it draws one.",
    minutes=90.0,
    experiments={
        "published": Experiment(
            "as published", ROWS, SETTINGS, measure, {"epochs": 1}, keep=keep
        ),
        "default": default_beside("published", ROWS, measure, keep=keep),
    },
    measures=(*MEASURES, AGREEMENT),
    findings=(
        Finding(
            "specified digits are reproduced", "section 4.2, figure 7",
            "at least 95 % of the samples are of the digit asked for", ("published",),
            lambda v: v["published"]["agreement"] >= 0.95,
        ),
        Finding(
            "the samples cannot be told from real digits", "section 4.2",
            "the Fréchet distance is at most twice that of real digits", ("published",),
            lambda v: v["published"]["distance"] <= 2 * v["published"]["floor of distance"],
        ),
    ),
    drawings=(
        Drawing(
            "real.png", "Real digits: 1, 2, 8, 5, 2.", "Five handwritten digits.", draw_real
        ),
        Drawing(
            "film.png", "Five of each digit after every epoch (rows: 0 to 9).",
            "Ten grids of ten rows of five generated digits.", partial(draw_film, "published"),
        ),
        Drawing(
            "asked.png", "Asked for: 1, 2, 8, 5, 2.", "Five generated digits.", draw_asked
        ),
        Drawing(
            "beside.png", "Five of each digit, and the same of Sparring's default.",
            "Two grids of ten rows of five generated digits.",
            partial(draw_beside, {"published": "as published", "default": "Sparring's default"}),
        ),
        Drawing(
            "losses.png", "Losses of both players.", "Two curves over the steps.",
            partial(draw_losses, "published"),
        ),
    ),
    notes=(
        "As listed: labels through an embedding of 100 numbers and a linear layer to one more "
        "channel, batch normalisation in both nets, LeakyReLU .2 after G's first layer. Adam's "
        "betas are not listed: (.5, .999), as in the author's other listings.",
        "The listing asks the fakes for random labels; here they get those of the real batch, "
        "which have the same frequencies.",
        "The same at the command line: sparring sample RUN --digits one,two,eight,five,two. In "
        "Python: gan.sample(5, y=[1, 2, 8, 5, 2]).",
    ),
    seeds=1,
)  # fmt: skip
