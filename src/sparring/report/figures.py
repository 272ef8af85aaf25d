"""What D of a trained model says of the plane, as a figure."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import expit, logit

from sparring.data.dataset import Dataset
from sparring.errors import InputError
from sparring.kinds.pictures import Window
from sparring.model import Model
from sparring.objective.losses import LOSSES
from sparring.report.charts import plot_critic, plot_filmstrip
from sparring.report.critic import draw_opinion
from sparring.sample import sample

SHOWN = 500  # points of either sort: more would hide what D says of their place
CLASSES = 12
SURE = 1e-7  # single precision tells no probability from 1 that is nearer


def check_planar(model: Model) -> None:
    """See that D can be drawn.

    Raises:
        InputError: it judges other rows than points of 2 coordinates, or several at once.
    """
    if model.config.pac > 1:
        raise InputError(f"D judges {model.config.pac} rows at once (pac): it cannot be drawn")
    kind, row = model.kind.name, model.kind.shape.row
    if kind != "points" or row != (2,):
        size = f" of {row[0]} coordinate(s)" if kind == "points" else ""
        raise InputError(
            "D can be drawn over points of 2 coordinates only; this model's rows are of kind "
            f"{kind}{size}"
        )


def draw_critic(model: Model, real: Dataset) -> Figure:
    """What D says of every place around the real points; with labels, of each class by itself.

    Raises:
        InputError: see `check_planar`; also real points without labels, where D asks for them.
    """
    check_planar(model)
    points, labels = np.asarray(real.x), model.kind.labels
    indices = model.kind.encode_labels(real)
    title = f"D after {model.steps:,} steps"
    if indices is None or labels is None:
        points, fake = points[:SHOWN], _generated(model, None)
        return plot_critic(opinion(model, points, fake), points, fake, title=title)
    window = Window.around(points, margin=0.25)
    of_class = [points[indices.numpy() == i] for i in range(len(labels.classes))]
    panels = [
        (f"{labels.name} {y}", partial(_draw_class, model, rows, y, window))
        for y, rows in zip(labels.classes, of_class, strict=True)
        if len(rows)
    ]
    more = f" (the first {CLASSES} of {len(panels)} labels)" if len(panels) > CLASSES else ""
    return plot_filmstrip(panels[:CLASSES], title=title + more)


def _draw_class(model: Model, real: np.ndarray, y: Any, window: Window, axes: Axes) -> None:
    real, fake = real[:SHOWN], _generated(model, y)
    draw_opinion(axes, opinion(model, real, fake, y), real, fake, window, size=6)


def _generated(model: Model, y: Any) -> np.ndarray:
    return np.asarray(sample(model, SHOWN, y=y, seed=model.config.seed).x)


def opinion(
    model: Model, real: np.ndarray, fake: np.ndarray, y: Any = None
) -> Callable[[np.ndarray], np.ndarray]:
    """D's probability that points (m, 2) of class `y` are real, (m,).

    Where only differences between logits mean anything, 1/2 is put halfway between the mean logits
    of the real and the generated points.
    """

    def says(points: np.ndarray) -> np.ndarray:
        labels = None if y is None else np.full(len(points), y)
        return model.discriminate(Dataset(points, labels)).double().numpy()

    if not LOSSES[model.config.loss].relative:
        return says

    def logits(points: np.ndarray) -> np.ndarray:
        return np.asarray(logit(says(points).clip(SURE, 1 - SURE)))

    level = (logits(real).mean() + logits(fake).mean()) / 2
    return lambda points: np.asarray(expit(logits(points) - level))
