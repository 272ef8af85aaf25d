"""What D thinks: of every place in the plane, and of samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, Colormap
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sparring.errors import InputError
from sparring.kinds.pictures import Window
from sparring.kinds.style import (
    FAKE,
    INK,
    REAL,
    SAYS,
    SAYS_PALE,
    WIDTH,
    Picture,
    entitle,
    house_style,
    named,
)

PROBABILITY = "D(x), the probability of being real"
SIDE = 120  # D is asked at so many places along each axis
# Bands of D(x), of a colour each: narrow in the middle, where a good G keeps D.
HALF = (0.5, 0.51, 0.52, 0.55, 0.6, 0.7, 0.8, 0.9, 1.0)
LEVELS = [round(1 - p, 2) for p in reversed(HALF[1:])] + list(HALF)


@house_style
def plot_critic(
    probability: Callable[[np.ndarray], np.ndarray],
    real: np.ndarray,
    fake: np.ndarray | None = None,
    *,
    title: str = "",
    axes: Axes | None = None,
) -> Figure:
    """D's opinion of every place around the real points, its boundary at 1/2, and the points.

    Args:
        probability: what D says of points (m, 2): the probability that they are real, (m,).
        real, fake: points (n, 2).
        axes: where to draw, without legend and colour bar; omitted = a figure of its own.

    Raises:
        InputError: points that do not have 2 coordinates.
    """
    for points in (real, fake):
        if points is not None and (points.ndim != 2 or points.shape[1] != 2):
            raise InputError(f"D is drawn over points (n, 2), not over rows {points.shape}")
    window = Window.around(real, margin=0.25)
    if axes is not None:
        draw_opinion(axes, probability, real, fake, window, size=6)
        axes.set_title(title)
        whole = axes.get_figure(root=True)
        assert whole is not None  # axes that were removed from their figure cannot be drawn on
        return whole
    figure = Picture(window.height(WIDTH - 1.8) + 1.2)
    axes = figure.subplots()
    draw_opinion(axes, probability, real, fake, window, size=14)
    add_key(figure, [axes])
    entitle(figure, title)
    return figure


def draw_opinion(
    axes: Axes,
    probability: Callable[[np.ndarray], np.ndarray],
    real: np.ndarray,
    fake: np.ndarray | None,
    window: Window,
    size: float,
) -> None:
    """D over a window in colours, the line where it cannot tell, and the points.

    Args:
        size: area of a point's mark, in square points.
    """
    x, y = (np.linspace(window.low[i], window.high[i], SIDE) for i in (0, 1))
    places = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    says = np.clip(probability(places), 0, 1).reshape(SIDE, SIDE)
    axes.contourf(x, y, says, LEVELS, cmap=SAYS_PALE, norm=_bands(SAYS_PALE))
    if says.min() < 0.5 < says.max():
        axes.contour(x, y, says, [0.5], colors=INK, linewidths=1.5)
    sets = named(fake, real) if fake is not None else {"real": real}
    for (name, points), colour in zip(sets.items(), (REAL, FAKE), strict=False):
        x0, x1 = points.T
        axes.scatter(x0, x1, size, color=colour, lw=size / 40, edgecolors="white", label=name)
    axes.set(xlabel="x0", ylabel="x1")
    window.frame(axes)


def _bands(colours: Colormap) -> BoundaryNorm:
    return BoundaryNorm(LEVELS, colours.N)


def add_key(figure: Figure, drawn: Sequence[Axes]) -> None:
    """Explain colours, points and lines once for all axes that show the same."""
    labelled = [zip(*axes.get_legend_handles_labels(), strict=True) for axes in drawn]
    key = {label: handle for pairs in labelled for handle, label in pairs}
    fields = [c for axes in drawn for c in axes.collections if isinstance(c, QuadContourSet)]
    filled = [field for field in fields if field.filled]
    if filled:
        figure.colorbar(filled[0], ax=drawn, label=PROBABILITY, ticks=LEVELS[::2], format="%g")
    if len(fields) > len(filled):
        key["D cannot tell (1/2)"] = Line2D([], [], color=INK, lw=1.5)
    if key:
        figure.legend(key.values(), key, loc="outside lower center", ncols=3, markerscale=1.5)


@house_style
def plot_coloured(points: np.ndarray, probabilities: np.ndarray, *, title: str = "") -> Figure:
    """Points (n, >= 2; the first two are shown) in the colour of what D says of them.

    Args:
        probabilities: D's probability that each point is real, (n,) in [0, 1].
    """
    window = Window.around(points)
    figure = Picture(window.height(WIDTH - 1.8) + 0.9)
    axes = figure.subplots()
    shown = axes.scatter(
        points[:, 0], points[:, 1], c=probabilities, cmap=SAYS, norm=_bands(SAYS), s=20, lw=0.3,
        edgecolors=INK,
    )  # fmt: skip
    figure.colorbar(shown, ax=axes, label=PROBABILITY, ticks=LEVELS[::2], format="%g")
    axes.set(xlabel="x0", ylabel="x1")
    window.frame(axes)
    entitle(figure, title)
    return figure
