"""What the log keeps beside the losses, as small pictures over the steps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sparring.errors import InputError
from sparring.kinds.style import COLOURS, FAKE, Picture, entitle, house_style, text

COLUMNS = 3
DECADES = 100.0  # positive values that differ by more than so many times are drawn by their powers


@house_style
def plot_signals(
    log: Sequence[Mapping[str, float]],
    signals: Sequence[str],
    references: Mapping[str, float] | None = None,
    *,
    title: str = "",
) -> Figure:
    """Each of the signals that the log has, in a picture of its own.

    Args:
        log: records of log.jsonl, each with its step.
        signals: keys of the log, in the order to draw them.
        references: what some of them are held against: a dashed line.

    Raises:
        InputError: the log has none of them.
    """
    lines = {
        name: points
        for name in signals
        if (points := [(r["step"], r[name]) for r in log if math.isfinite(r.get(name, math.nan))])
    }
    if not lines:
        raise InputError("no signals to draw: the log is empty, or was not kept with the model")
    columns = min(COLUMNS, len(lines))
    rows = math.ceil(len(lines) / columns)
    figure = Picture(1.9 * rows + 0.4)
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True).flatten()
    for axes, (name, points) in zip(grid, lines.items(), strict=False):
        _draw(axes, name, np.array(points, np.float64), (references or {}).get(name))
    for axes in grid[len(lines) :]:
        axes.set_axis_off()
    for axes in grid[max(0, len(lines) - columns) : len(lines)]:
        axes.set_xlabel("step")
    entitle(figure, title)
    return figure


def _draw(axes: Axes, name: str, points: np.ndarray, reference: float | None) -> None:
    """One signal (n, 2) over its steps."""
    steps, values = points.T
    axes.plot(steps, values, color=COLOURS[0], lw=1.3, marker="o" if len(steps) == 1 else "")
    axes.set_title(text(name.replace("_", " "), 34), fontsize=10)
    axes.tick_params(labelsize=9, labelbottom=True)
    axes.grid(axis="y", color="#E5E5E5")
    if reference is not None:
        axes.axhline(reference, color=FAKE, lw=1.3, ls="--")
        values = np.append(values, reference)
    if values.min() > 0 and values.max() > DECADES * values.min():
        axes.set_yscale("log")
    elif values.min() >= 0:
        axes.set_ylim(0, 1.1 * values.max() or 1.0)
