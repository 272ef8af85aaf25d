"""MNIST by Goodfellow's perceptrons: two runs that collapse, two that work, and the paper's D."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from sparring.recipes.base import Drawing, Experiment, Finding, Measure, Recipe, Values
from sparring.recipes.images import (
    MEASURES,
    RULE,
    digits,
    draw_beside,
    draw_film,
    draw_grid,
    draw_losses,
    keep,
    measure,
)
from sparring.recipes.settings import CLASSIC, adam, default_beside, sgd

ROWS = partial(digits, False)
NETS: Mapping[str, Any] = {
    **CLASSIC, "network": "mlp", "latent_dim": 100, "width": 1200, "depth": 2, "activation": "relu",
    "output_activation": "tanh", "critic_width": 240, "critic_depth": 2,
    "critic_activation": "leaky-relu", "batch_size": 100, "log_every_steps": 50,
    "engine": None,  # long enough to repay compiling, which changes no step
}  # fmt: skip
SIGMOID = {"output_activation": "sigmoid", "scaling": "min-max"}
MAXOUT = {"critic_activation": "maxout", "critic_dropout": 0.5}
# What each run changes, what it is called, and after how many epochs its figure was made.
RUNS: Mapping[str, tuple[str, int, Mapping[str, Any]]] = {
    "sgd": ("1: SGD .1", 10, sgd(0.1, 0.5)),
    "slow": ("2: SGD .002", 50, sgd(0.002, 0.5)),
    "adam": ("3: Adam", 45, adam(2e-4, 0.5)),
    "sigmoid": ("4: Adam, sigmoid", 45, {**adam(2e-4, 0.5), **SIGMOID}),
    "maxout": ("5: Adam, sigmoid, maxout D", 10, {**adam(2e-4, 0.5), **SIGMOID, **MAXOUT}),
}
SHORT = 10  # epochs after which every run is judged


def experiments() -> dict[str, Experiment]:
    """Every run for ten epochs with all seeds; with one seed as long as the document's figure."""
    short = {
        key: Experiment(
            f"{title}, {SHORT} epochs", ROWS, {**NETS, **changes, "epochs": SHORT}, measure,
            {"epochs": 2}, keep=keep,
        )
        for key, (title, _, changes) in RUNS.items()
    }
    long = {
        f"{key}-long": Experiment(
            f"{title}, {epochs} epochs", ROWS, {**NETS, **changes, "epochs": epochs}, measure,
            {"epochs": 2}, seeds=1, keep=keep,
        )
        for key, (title, epochs, changes) in RUNS.items() if epochs > SHORT
    }
    return {**short, "default": default_beside("adam", ROWS, measure, keep=keep), **long}


def verdict(key: str, collapsed: bool, values: Mapping[str, Values]) -> bool:
    return bool(values[key]["collapsed"]) is collapsed


def shown(key: str) -> str:
    """The run that the document's figure shows."""
    return key if RUNS[key][1] == SHORT else f"{key}-long"


MNIST_GOODFELLOW = Recipe(
    title="MNIST by Goodfellow's perceptrons",
    document="J. Burakowski, A PyTorch Implementation of Generative Adversarial Network.",
    shows=(
        "SGD collapses at either rate, Adam draws digits, and with a sigmoid instead of tanh it "
        "collapses here, too: the verdicts come from numbers."
    ),
    minutes=100.0,
    experiments=experiments(),
    measures=(*MEASURES, Measure("diverged", "a loss was not finite", 1)),
    findings=(
        Finding(
            "run 1 (SGD, rate .1) collapses", "section 5, figure 1", RULE, ("sgd",),
            partial(verdict, "sgd", True),
        ),
        Finding(
            "run 2 (SGD, rate .002) collapses: the same noise whatever z", "section 5, figure 2",
            RULE, ("slow",), partial(verdict, "slow", True),
        ),
        Finding(
            "run 3 (Adam) draws diverse digits", "section 5, figure 3",
            "not collapsed, by the same rule", ("adam",), partial(verdict, "adam", False),
        ),
        Finding(
            "run 4 (sigmoid) works too", "section 5, figure 4", "not collapsed", ("sigmoid",),
            partial(verdict, "sigmoid", False),
        ),
        Finding(
            "run 4 is somewhat worse than run 3", "section 5, figure 4",
            "its Fréchet distance is above that of run 3", ("sigmoid", "adam"),
            lambda v: v["sigmoid"]["distance"] > v["adam"]["distance"],
        ),
    ),
    drawings=(
        *(
            Drawing(
                f"figure-{number}.png", f"Figure {number}. Run {RUNS[key][0]}, after "
                f"{RUNS[key][1]} epochs.", "A grid of 64 generated images.",
                partial(draw_grid, shown(key)),
            )
            for number, key in enumerate(RUNS, start=1)
        ),
        Drawing(
            "beside.png", f"All runs after {SHORT} epochs, and Sparring's default after the "
            "seconds of run 3.", "Six grids of 64 generated images.",
            partial(
                draw_beside,
                {key: run[0] for key, run in RUNS.items()} | {"default": "Sparring's default"},
            ),
        ),
        Drawing(
            "film.png", "Run 3, at every tenth of 45 epochs.", "Ten grids of generated digits.",
            partial(draw_film, "adam-long"),
        ),
        Drawing(
            "losses-1.png", "Losses of run 1.", "Two curves over the steps.",
            partial(draw_losses, "sgd"),
        ),
        Drawing(
            "losses-2.png", "Losses of run 2.", "Two curves over the steps.",
            partial(draw_losses, "slow-long"),
        ),
        Drawing(
            "losses-3.png", "Losses of run 3.", "Two curves over the steps.",
            partial(draw_losses, "adam-long"),
        ),
    ),
    notes=(
        f"The rule of the verdict: {RULE}.",
        "The document says that ideally D's loss approaches .5. Its D, when it can only guess, "
        "answers .5; its loss, the sum of two cross-entropies, is then 2 ln 2 = 1.386, and a lower "
        "one means that D still tells samples from data. A falling loss of G does not mean better "
        "samples either: that of a collapsed run falls too.",
        "In the document's run 1 D's loss locks at its maximum and G's at zero. There D ends in a "
        "sigmoid and logarithms are cut at -100, so that a D that is sure and wrong gets no "
        "gradient any more. Here D gives logits, whose gradient does not vanish: the losses run "
        "away the other way, D's to zero and G's beyond all bounds, until nothing moves or a loss "
        "is no longer finite (diverged). All samples are one image either way.",
        "Adam's settings are not given: 2e-4 with betas (.5, .999) here; LeakyReLU of slope .2. "
        "Run 4 collapses with them; what made it work for the author is not in the document.",
        "Run 5 is run 4 with the D of Goodfellow et al. (2014): two layers of 240 maxout units of "
        "five pieces, and dropout of one half on them (their .2 on the input is left out).",
    ),
)  # fmt: skip
