"""The sine curve from 256 points, and from 32."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from sparring.data.dataset import Dataset
from sparring.data.toys import sine
from sparring.evaluate.wasserstein import sliced_wasserstein
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
from sparring.report.charts import plot_comparison, plot_curve, plot_losses

SAMPLES = 2_000
BINS = 50
CLOSE = 0.1


def points(n: int, scale: float, seed: int, quick: bool) -> Dataset:
    """`n` points of y = sin x, x uniform on [-scale/2, scale/2]."""
    return Dataset(sine(n, np.random.default_rng(seed), scale)[0], name="sine")


def measure(scale: float, trained: Trained) -> Values:
    """How far samples are from the true curve, and how much of it they reach."""
    fake = trained.draw(SAMPLES).astype(np.float64)
    truth, other = (
        np.asarray(points(SAMPLES, scale, 10_000 + trained.seed + i, False).x) for i in (0, 1)
    )
    error = np.abs(fake[:, 1] - np.sin(fake[:, 0]))
    shuffled = np.random.default_rng(0).permutation(fake[:, 1]) - np.sin(fake[:, 0])
    values = {
        "rms": float(np.sqrt((error**2).mean())),
        FLOOR + "rms": 0.0,
        "shuffled": float(np.sqrt((shuffled**2).mean())),
        "close": float((error < CLOSE).mean()),
        FLOOR + "close": 1.0,
        "coverage": coverage(fake, scale),
        FLOOR + "coverage": coverage(truth, scale),
        "distance": sliced_wasserstein(truth, fake),
        FLOOR + "distance": sliced_wasserstein(truth, other),
    }
    if trained.model.config.loss == "non-saturating":
        values |= loss_levels(trained)
    return values


def coverage(points: np.ndarray, scale: float) -> float:
    """The share of equal bins of the x range that get at least a quarter of their due."""
    counts = np.histogram(points[:, 0], BINS, (-scale / 2, scale / 2))[0]
    return float((counts >= len(points) / BINS / 4).mean())


def loss_levels(trained: Trained) -> Values:
    """Where both losses end, and how restless G's is early (the second tenth) and late."""
    critic, generator = (
        np.array([record[f"{player}_loss"] for record in trained.log])
        for player in ("critic", "generator")
    )
    tenth = max(1, len(critic) // 10)
    return {
        "critic_loss": float(critic[-tenth:].mean()),
        "generator_loss": float(generator[-tenth:].mean()),
        "early": float(generator[tenth : 2 * tenth].std()),
        "late": float(generator[-tenth:].std()),
    }


def draw_data(results: Results) -> Figure:
    return plot_comparison({"training points": results.trained("published").x})


def draw_losses(results: Results) -> Figure:
    return plot_losses(results.trained("published").log, loss="non-saturating")


def draw_comparison(results: Results) -> Figure:
    published, default = results.trained("published"), results.trained("default")
    return plot_comparison(
        {
            "training points": published.x,
            "as published": published.draw(1_000),
            "default, same seconds": default.draw(1_000),
        }
    )


def draw_error(experiment: str, results: Results) -> Figure:
    trained = results.trained(experiment)
    return plot_curve(trained.x, trained.draw(500), np.sin)


def sine_recipe(
    *, title: str, document: str, shows: str, n: int, scale: float, width: int, rate: float,
    published: tuple[Published, ...], findings: tuple[Finding, ...], notes: tuple[str, ...],
) -> Recipe:  # fmt: skip
    """The two recipes differ in size, rate and number of points only."""
    rows: Callable[[int, bool], Dataset] = partial(points, n, scale)
    settings = {
        **CLASSIC, **adam(rate, 0.5), "network": "mlp", "latent_dim": 2, "width": width, "depth": 2,
        "activation": "leaky-relu-0.01", "critic_activation": "leaky-relu-0.01",
        "critic_bottleneck": 2, "scaling": "none", "batch_size": n, "steps": 6_000,
    }  # fmt: skip
    return Recipe(
        title=title,
        document=document,
        shows=shows,
        minutes=1.0,
        experiments={
            "published": Experiment(
                "as published", rows, settings, partial(measure, scale), {"steps": 300}
            ),
            "default": default_beside("published", rows, partial(measure, scale)),
        },
        measures=MEASURES,
        drawings=DRAWINGS,
        published=published,
        findings=findings,
        notes=notes,
    )


MEASURES = (
    Measure("rms", "root mean square error to the curve"),
    Measure("close", f"share within {CLOSE:g} of the curve"),
    Measure("coverage", "coverage of the x range"),
    Measure("distance", "sliced Wasserstein distance to the true points"),
    Measure("critic_loss", "D's loss, last tenth (nats)"),
    Measure("generator_loss", "G's loss, last tenth (nats)"),
    Measure("early", "spread of G's loss, second tenth"),
    Measure("late", "spread of G's loss, last tenth"),
)

DRAWINGS = (
    Drawing(
        "data.png", "The training points.", "Scatter plot of points on a sine curve.", draw_data
    ),
    Drawing(
        "losses.png",
        "Losses of both players, and where they stand when D can only guess.",
        "Two curves over the steps with dashed lines at 2 ln 2 and ln 2.",
        draw_losses,
    ),
    Drawing(
        "comparison.png",
        "Training points, samples of the published set-up, and of the default.",
        "Three scatter plots on the same axes: real points, and two sets of generated points.",
        draw_comparison,
    ),
    Drawing(
        "error.png",
        "As published: samples against the true curve, and by how much they miss it.",
        "Generated points around the sine curve; below, their vertical error over x.",
        partial(draw_error, "published"),
    ),
    Drawing(
        "error-default.png",
        "Sparring's default after the same seconds: samples against the true curve.",
        "Generated points around the sine curve; below, their vertical error over x.",
        partial(draw_error, "default"),
    ),
)

SHAPE = Finding(
    "the generated curve has the oscillating shape of the sine",
    "figure 3",
    "the error to the curve is below half of what the same samples have with their y shuffled",
    ("published",),
    lambda v: v["published"]["rms"] < v["published"]["shuffled"] / 2,
)

SINE = sine_recipe(
    title="The sine curve from 256 points",
    document=(
        "P. Naumczyk, Implementing a General Adversarial Network for Sample Generation in PyTorch "
        "(2025), sections 3.1 and 4.1."
    ),
    shows="A small GAN learns y = sin x; the author measured no error, here is one.",
    n=256, scale=10.0, width=128, rate=2e-4,
    published=(
        Published("published", "critic_loss", "1.39", "section 5, figure 2"),
        Published("published", "generator_loss", "0.7", "section 5, figure 2"),
    ),
    findings=(
        SHAPE,
        Finding(
            "the losses settle at about 1.39 (D) and 0.7 (G)",
            "section 5, figure 2",
            "the means of the last tenth are within .05 of both",
            ("published",),
            lambda v: abs(v["published"]["critic_loss"] - 1.39) < 0.05
            and abs(v["published"]["generator_loss"] - 0.7) < 0.05,
        ),
    ),
    notes=(
        "1.39 and 0.7 are 2 ln 2 and ln 2: what the losses are when D answers one half everywhere. "
        "A bad G that D cannot judge gives them too, so they say nothing about the samples; the "
        "error to the curve does.",
        "As listed: LeakyReLU of slope .01, D's second last layer of 2 units without activation, "
        "all 256 points in every batch, nothing scaled. Each seed draws its own points.",
        "Coverage: share of 50 equal bins of x with at least a quarter of their due of samples.",
    ),
)  # fmt: skip

SINE_SPARSE = sine_recipe(
    title="The sine curve from 32 points",
    document=(
        "P. Naumczyk, An introduction to Generative Adversarial Networks in PyTorch (2025), "
        "sections 3.1 and 4.1."
    ),
    shows="A wide GAN fills the gaps between 32 points of y = sin x, more or less.",
    n=32, scale=8.0, width=512, rate=9e-5,
    published=(),
    findings=(
        SHAPE,
        Finding(
            "the loss grows more unstable over the epochs",
            "section 4.1, figure 2",
            "the standard deviation of G's loss is larger in the last tenth than in the second",
            ("published",),
            lambda v: v["published"]["late"] > v["published"]["early"],
        ),
        Finding(
            "the generated points cover the range of x",
            "section 4.1",
            "coverage is at least .9",
            ("published",),
            lambda v: v["published"]["coverage"] >= 0.9,
        ),
    ),
    notes=(
        "The text says that the latent vector was made larger; its listing draws two numbers. The "
        "listing is followed. The listing of the optimiser is lost: Adam at 9e-5 with betas "
        "(.5, .999), as in the author's other report.",
        "Coverage: share of 50 equal bins of x with at least a quarter of their due of samples.",
    ),
)  # fmt: skip
