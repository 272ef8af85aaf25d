"""Figures of a run: its losses, its samples, and sets of rows beside each other.

Every figure is an ordinary matplotlib figure that a notebook shows by itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sparring.data.dataset import Dataset
from sparring.errors import InputError, choose
from sparring.kinds.pictures import Window, distributions, samples
from sparring.kinds.style import (
    FAKE,
    INK,
    REAL,
    WIDTH,
    Picture,
    entitle,
    house_style,
    palette,
    text,
)
from sparring.objective.losses import LOSSES
from sparring.report.critic import plot_coloured, plot_critic
from sparring.report.strips import animate, image_grid, plot_filmstrip, tidy

__all__ = [
    "animate", "image_grid", "plot_coloured", "plot_comparison", "plot_critic", "plot_curve",
    "plot_filmstrip", "plot_losses", "plot_samples",
]  # fmt: skip

PLAYERS = {"critic": (REAL, "#003B5C"), "generator": (FAKE, "#6A2F00")}  # and a darker shade
MANY = 400  # points of a line, more of which hide each other
LARGEST_MARK = 200.0  # square points, of the place where most rows lie


@house_style
def plot_losses(
    log: Sequence[Mapping[str, float]], *, loss: str | None = None, title: str = ""
) -> Figure:
    """What each player descends, over the steps, and what that is at the end of a perfect game.

    Args:
        log: records of log.jsonl: step, critic_loss (with the penalty) and generator_loss; a
            player whose loss they lack is left out.
        loss: its name in LOSSES; omitted = without the lines of its equilibrium.

    Raises:
        InputError: no losses in the log.
        ConfigError: an unknown loss.
    """
    known = None if loss is None else choose("loss", loss, LOSSES)
    figure = Picture(4.4)
    axes = figure.subplots()
    ends: dict[float, list[str]] = {}
    for name, (colour, _) in PLAYERS.items():
        records = [record for record in log if f"{name}_loss" in record]
        if not records:
            continue
        steps, losses = ([r[key] for r in records] for key in ("step", f"{name}_loss"))
        _line(axes, np.array(steps), np.array(losses), colour, name)
        level = None if known is None else known.equilibrium._asdict()[name]
        if level is not None:
            ends.setdefault(level, []).append(name)
    if not axes.lines:
        raise InputError("no losses to draw: the log is empty, or was not kept with the model")
    for level, names in ends.items():
        dark = PLAYERS[names[0]][1] if len(names) == 1 else INK
        label = f"{' and '.join(names)} at equilibrium: {_number(level)}"
        axes.axhline(level, color=dark, lw=1.5, ls="--", zorder=3, label=label)
    unit = f" ({known.unit})" if known is not None and known.unit else ""
    axes.set(xlabel="step", ylabel=f"loss{unit}")
    axes.grid(axis="y", color="#E5E5E5")
    handles, texts = axes.get_legend_handles_labels()
    figure.legend(handles, texts, loc="outside lower center", ncols=2)
    entitle(figure, title)
    return figure


def _line(axes: Axes, x: np.ndarray, y: np.ndarray, colour: str, name: str) -> None:
    """A line; of many points, a pale one and its running mean."""
    width = len(x) // 100 if len(x) > MANY else 1
    if width > 1:
        axes.plot(x, y, color=colour, lw=0.5, alpha=0.35)
        y = np.convolve(y, np.full(width, 1 / width), "valid")
        x = x[width // 2 :][: len(y)]
        name = f"{name}, mean of {width} lines of the log"
    axes.plot(x, y, color=colour, lw=1.3, marker="o" if len(x) == 1 else "", label=name)


def _number(value: float) -> str:
    """A number and, if it is a multiple of ln 2, how it is known."""
    times = value / math.log(2)
    if not times or not times.is_integer():
        return f"{value:g}"
    return f"{times:g} ln 2 = {value:.3f}".replace("1 ln", "ln")


def plot_samples(
    fake: Dataset, real: Dataset | None = None, *, title: str = "", columns: int = 10
) -> Figure:
    """Samples, beside real rows if given: points as a scatter plot (of one coordinate, a
    histogram), images as a grid with `columns` in a row, tables as the distributions of columns.
    """
    return samples(fake, real, title=title, columns=columns)


@house_style
def plot_curve(
    real: np.ndarray,
    fake: np.ndarray,
    curve: Callable[[np.ndarray], np.ndarray],
    *,
    title: str = "",
) -> Figure:
    """Points that should lie on a curve, and by how much the generated ones miss it.

    Args:
        real, fake: points (n, 2).
        curve: the true x1 of each x0, both (m,).
    """
    low, high = real.min(0), real.max(0)
    space = (high - low) * (0.08, 0.3)
    window = Window(low - space, high + space, alike=False)
    outside = len(fake) - int(window.holds(fake).sum())
    x, error = np.linspace(low[0], high[0], 500), fake[:, 1] - curve(fake[:, 0])
    figure = Picture(5.6)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    above.plot(x, curve(x), color=INK, lw=1.2, label="true curve")
    above.scatter(*real.T, s=30, color=REAL, alpha=0.4, lw=0, label=f"{len(real):,} real points")
    generated = f"{len(fake):,} generated points"
    above.scatter(
        *fake.T, s=12, marker="^", color=FAKE, lw=0,
        label=generated + (f", {outside:,} outside" if outside else ""),
    )  # fmt: skip
    window.frame(above)
    above.set_ylabel("x1")
    below.axhline(0, color=INK, lw=1.2)
    below.scatter(fake[:, 0], error, s=12, marker="^", color=FAKE, lw=0)
    below.set(xlabel="x0", ylabel="error of x1")
    size = math.sqrt((error**2).mean())
    below.set_title(f"error of generated points: root mean square {size:.3g}", fontsize=10)
    figure.legend(loc="outside lower center", ncols=3, markerscale=1.5)
    entitle(figure, title)
    return figure


@house_style
def plot_comparison(
    sets: Mapping[str, np.ndarray], *, names: Sequence[str] = (), title: str = ""
) -> Figure:
    """Sets of rows side by side: of two columns, as points on common axes; else column by column.

    Where all numbers are whole, rows lie on each other: the area of a mark is then their share.

    Args:
        sets: rows (n, d) by what they are called.
        names: of the d columns; omitted = x0, x1, ...

    Raises:
        InputError: no sets, an empty one, or sets of different columns.
    """
    rows = {name: np.asarray(x, np.float64) for name, x in sets.items()}
    shapes = {x.shape[1:] for x in rows.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) != 1 or not all(map(len, rows.values())):
        raise InputError("give at least one set, each of rows (n, d) with the same d and n > 0")
    d = next(iter(rows.values())).shape[1]
    names = list(names) or [f"x{i}" for i in range(d)]
    if len(names) != d:
        raise InputError(f"{len(names)} name(s) for {d} column(s)")
    if d != 2:
        frames = {name: pd.DataFrame(x, columns=names) for name, x in rows.items()}
        return distributions(frames, title=title)
    window = Window.around(np.concatenate(list(rows.values())), margin=0.06)
    columns = min(3, len(rows))
    lines = math.ceil(len(rows) / columns)
    whole = all(np.array_equal(x, np.round(x)) for x in rows.values())
    height = window.height(WIDTH / columns - 0.2) + 0.9
    figure = Picture(lines * height + 0.3 * (bool(title) + whole))
    grid = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False).flatten()
    marks = {name: _marks(x, whole) for name, x in rows.items()}
    most = max(share.max() for _, share in marks.values())
    for axes, colour, (name, (places, share)) in zip(
        grid, palette(rows), marks.items(), strict=False
    ):
        area = LARGEST_MARK * share / most if whole else 8.0
        axes.scatter(
            places[:, 0], places[:, 1], s=area, color=colour, alpha=0.6, lw=0.4, edgecolors="white"
        )
        axes.set_title(f"{text(name, 24)}\n{len(rows[name]):,} rows", fontsize=10)
        axes.set(xlabel=text(names[0], 30), ylabel=text(names[1], 30))
        window.frame(axes)
    if whole:
        figure.supxlabel("area of a mark: the share of the set's rows that lie there", fontsize=10)
    tidy(grid, len(rows), columns)
    entitle(figure, title)
    return figure


def _marks(points: np.ndarray, whole: bool) -> tuple[np.ndarray, np.ndarray]:
    """Places (k, 2) and the share of rows at each, (k,)."""
    if not whole:
        return points, np.full(len(points), 1 / len(points))
    places, counts = np.unique(points, axis=0, return_counts=True)
    return places, counts / len(points)
