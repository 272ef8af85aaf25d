"""The plane laboratory: what D says of the plane before, while and after G learns."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import nn

from sparring.data.dataset import Dataset
from sparring.data.toys import TOYS
from sparring.evaluate.modes import mode_report
from sparring.evaluate.wasserstein import sliced_wasserstein
from sparring.model import Model
from sparring.recipes.base import (
    FLOOR,
    Drawing,
    Experiment,
    Finding,
    Measure,
    Recipe,
    Results,
    Trained,
    Values,
)
from sparring.recipes.settings import CLASSIC, adam, default_beside
from sparring.report.charts import (
    plot_coloured,
    plot_comparison,
    plot_critic,
    plot_filmstrip,
    plot_losses,
)
from sparring.report.recipe_charts import with_levels
from sparring.sample import sample

NAMES = ("moons", "circles", "two-gaussians", "radial-gaussians")
POINTS, JUDGED, SHOWN = 20_000, 5_000, 300


def points(toy: str, seed: int, quick: bool) -> Dataset:
    x, _ = TOYS[toy].draw(POINTS, np.random.default_rng(seed))
    return Dataset(x, name=toy, modes=TOYS[toy].modes)


def measure(toy: str, trained: Trained) -> Values:
    """How far samples are from the true distribution, what D says of both, and the nets' sizes."""
    model, modes = trained.model, TOYS[toy].modes
    truth, other = (
        TOYS[toy].draw(JUDGED, np.random.default_rng(10_000 + trained.seed + i))[0] for i in (0, 1)
    )
    fake = fakes(model, JUDGED)
    values = {
        "distance": sliced_wasserstein(truth, fake),
        FLOOR + "distance": sliced_wasserstein(truth, other),
        "parameters_g": parameters(model.G),
        "parameters_d": parameters(model.D),
    }
    if model.config.loss == "non-saturating":
        steps = [record for record in trained.log if "generator_loss" in record]
        last = steps[-max(1, len(steps) // 10) :]
        values |= {
            "critic_loss": float(np.mean([r["critic_loss"] for r in last])) / 2,
            "generator_loss": float(np.mean([r["generator_loss"] for r in last])),
            "accuracy": float((opinion(model)(truth) > 0.5).mean() / 2
                              + (opinion(model)(fake) <= 0.5).mean() / 2),
        }  # fmt: skip
    if modes is not None:
        values["quality"] = mode_report(fake, modes).high_quality
        values[FLOOR + "quality"] = mode_report(truth, modes).high_quality
    return values


def parameters(net: nn.Module) -> float:
    """How many numbers a net learns."""
    return float(sum(p.numel() for p in net.parameters()))


def keep(model: Model, path: Path) -> None:
    """The whole model: D can then be asked about any place."""
    model.save(path)


def film(trained: Trained) -> list[tuple[str, Model]]:
    """The unfinished models of a run, and what to call them."""
    models = [Model.load(frame) for frame in trained.frames]
    return [(f"step {model.steps:,}" if model.steps else "before", model) for model in models]


def opinion(model: Model) -> Callable[[np.ndarray], np.ndarray]:
    """D's probability that points (m, 2) are real, (m,)."""
    return lambda x: model.discriminate(Dataset(x)).numpy()


def fakes(model: Model, n: int = SHOWN) -> np.ndarray:
    return np.asarray(sample(model, n).x)


def reals(trained: Trained, n: int = SHOWN) -> np.ndarray:
    return np.asarray(trained.rows.x)[:n]


def draw_untrained(toy: str, results: Results) -> Figure:
    (_, model), *_ = film(results.trained(toy))
    x = fakes(model, 1_000)
    return plot_coloured(x, opinion(model)(x))


def draw_warm_up_loss(toy: str, results: Results) -> Figure:
    log = results.trained(f"{toy}-warm-up").log
    halved = [
        {"step": r["critic_step"], "critic_loss": r["critic_loss"] / 2}
        for r in log if "critic_step" in r
    ]  # fmt: skip
    return with_levels(plot_losses(halved), {"D guesses: ln 2 = 0.693": math.log(2)}, "nats")


def draw_warm_up(toy: str, results: Results) -> Figure:
    trained = results.trained(f"{toy}-warm-up")
    return plot_critic(opinion(trained.model), reals(trained), fakes(trained.model))


def draw_film(toy: str, results: Results) -> Figure:
    trained = results.trained(toy)
    panels = [
        (title, partial(draw_panel, opinion(model), reals(trained), fakes(model)))
        for title, model in film(trained)
    ]
    return plot_filmstrip(panels)


def draw_panel(says: Any, real: np.ndarray, fake: np.ndarray, axes: Axes) -> None:
    plot_critic(says, real, fake, axes=axes)


def draw_animation(toy: str, results: Results) -> list[Figure]:
    trained = results.trained(toy)
    return [
        plot_critic(opinion(model), reals(trained), fakes(model), title=f"{toy}, {title}")
        for title, model in film(trained)
    ]


def draw_losses(toy: str, results: Results) -> Figure:
    log = results.trained(toy).log
    halved = [r | {"critic_loss": r["critic_loss"] / 2} for r in log]
    levels = {
        "the laboratory's line: ln 2 / 2 = 0.347": math.log(2) / 2,
        "both, when D can only guess: ln 2 = 0.693": math.log(2),
    }
    return with_levels(plot_losses(halved), levels, "nats")


def draw_final(toy: str, results: Results) -> Figure:
    model = results.trained(toy).model
    x = fakes(model, 1_000)
    return plot_coloured(x, opinion(model)(x))


def draw_comparison(toy: str, results: Results) -> Figure:
    return plot_comparison(
        {"real": reals(results.trained(toy), 1_000)}
        | {
            title: fakes(results.trained(f"{toy}{tail}").model, 1_000)
            for title, tail in (("z of 2 numbers", ""), ("z of 1 number", "-1d"),
                                ("default, same seconds", "-default"))
        }
    )  # fmt: skip


SETTINGS = {
    **CLASSIC, **adam(2e-4, 0.5), "network": "mlp", "latent_dim": 2, "width": 64, "depth": 2,
    "activation": "relu", "critic_activation": "relu", "scaling": "none", "batch_size": 64,
    "d_steps": 2, "steps": 3_000,
}  # fmt: skip
# G moves once, at the end. (Before, every update of D is at step 0, a multiple of any number.)
WARM_UP = {**SETTINGS, "critic_warmup_steps": 1_000, "steps": 1, "sample_every_steps": None}


def experiments(toy: str) -> dict[str, Experiment]:
    """The warm-up of D, two dimensions of z, and the default."""
    rows, numbers = partial(points, toy), partial(measure, toy)
    return {
        f"{toy}-warm-up": Experiment(
            f"{toy}: D alone", rows, WARM_UP, numbers, {"critic_warmup_steps": 100}
        ),
        toy: Experiment(
            f"{toy}, z of 2 numbers", rows, SETTINGS, numbers, {"steps": 200}, keep=keep
        ),
        f"{toy}-1d": Experiment(
            f"{toy}, z of 1 number", rows, {**SETTINGS, "latent_dim": 1}, numbers, {"steps": 200}
        ),
        f"{toy}-default": default_beside(toy, rows, numbers, title=f"{toy}: Sparring's default"),
    }


def drawings(toy: str) -> tuple[Drawing, ...]:
    """The figures of the laboratory, for one distribution."""
    return (
        Drawing(
            f"{toy}-untrained.png", f"{toy}: untrained G, its samples coloured by the untrained D.",
            "A small cloud of points, all of about one colour.", partial(draw_untrained, toy),
        ),
        Drawing(
            f"{toy}-warm-up-loss.png", f"{toy}: D alone learns to tell; its loss.",
            "A falling curve.", partial(draw_warm_up_loss, toy),
        ),
        Drawing(
            f"{toy}-warm-up.png", f"{toy}: what D says of the plane after that.",
            "Real points on a field that says real, and untrained samples on one that says "
            "generated.", partial(draw_warm_up, toy),
        ),
        Drawing(
            f"{toy}-film.png",
            f"{toy}: the boundary of D with data and samples, before and at each tenth of the run.",
            "Eleven small pictures: samples spread over the data while D's field turns pale.",
            partial(draw_film, toy),
        ),
        Drawing(
            f"{toy}.gif", f"{toy}: the same, moving.",
            "An animation of samples that spread over the data.", partial(draw_animation, toy),
        ),
        Drawing(
            f"{toy}-losses.png", f"{toy}: losses (D's as the mean over both halves of its batch).",
            "Two curves over the steps with lines at ln 2 and ln 2 / 2.", partial(draw_losses, toy),
        ),
        Drawing(
            f"{toy}-final.png", f"{toy}: samples of the trained G, coloured by the trained D.",
            "Generated points in the colours of D's opinion.", partial(draw_final, toy),
        ),
        Drawing(
            f"{toy}-comparison.png", f"{toy}: real points, and samples of three set-ups.",
            "Four scatter plots on the same axes.", partial(draw_comparison, toy),
        ),
    )  # fmt: skip


PLANE_LAB = Recipe(
    title="The plane laboratory",
    document=(
        "J. Rabin, Generative Adversarial Networks in 2D (laboratory notebook 7b, ENSICAEN 2025)."
    ),
    shows=(
        "Four distributions in the plane; the boundary of D with data and samples before, during "
        "and after training."
    ),
    minutes=4.0,
    experiments={key: e for toy in NAMES for key, e in experiments(toy).items()},
    measures=(
        Measure("distance", "sliced Wasserstein distance"),
        Measure("quality", "high-quality samples"),
        Measure("critic_loss", "D's loss, mean over both halves (nats)"),
        Measure("generator_loss", "G's loss (nats)"),
        Measure("accuracy", "D's accuracy"),
        Measure("parameters_g", "parameters of G", 0),
        Measure("parameters_d", "parameters of D", 0),
    ),
    drawings=tuple(drawing for toy in NAMES for drawing in drawings(toy)),
    findings=(
        *(
            Finding(
                f"{toy}: training takes D from certainty to guessing", "exercise 2",
                "D's accuracy on new real points and samples ends below .8, after more than .9 in "
                "the warm-up",
                (toy, f"{toy}-warm-up"),
                partial(
                    lambda toy, v: v[toy]["accuracy"] < 0.8 < 0.9 < v[f"{toy}-warm-up"]["accuracy"],
                    toy,
                ),
            )
            for toy in NAMES
        ),
        Finding(
            "D's loss comes to the notebook's line at ln 2 / 2", "exercise 2, figure of the losses",
            "on moons, the mean of the last tenth is within .05 of ln 2 / 2 = .347 (it should be "
            "near ln 2 = .693)",
            ("moons",), lambda v: abs(v["moons"]["critic_loss"] - math.log(2) / 2) < 0.05,
        ),
    ),
    notes=(
        "The notebook leaves blanks: two hidden layers of 64 units with ReLU, Adam at 2e-4 with "
        "betas (.5, .999), two updates of D for each of G, 3,000 updates of G and 1,000 of D in "
        "the warm-up are chosen here. 20,000 points are drawn once instead of new ones at every "
        "step.",
        "The notebook draws a line at ln 2 / 2 = .347 as D's loss when D answers one half. Its "
        "loss is the mean of both cross-entropies, so that value is ln 2 = .693. As the sum, as "
        "Sparring logs it, it is 2 ln 2 = 1.386.",
        "With the notebook's own window of [-3, 3], half of the radial Gaussians (radius 3) would "
        "be cut off; here the window follows the data. Its radial covariances come out tilted, "
        "because z is multiplied by the Cholesky factor from the wrong side; so do ours.",
    ),
)
