"""Figures that only the published experiments want: regressions, intervals, lines beside losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle

import numpy as np
from matplotlib.figure import Figure
from scipy import stats

from sparring.errors import InputError
from sparring.kinds.style import COLOURS, INK, LINES, QUIET, Picture, house_style


@house_style
def plot_regressions(
    points: np.ndarray,
    lines: Mapping[str, tuple[float, float]],
    *,
    names: tuple[str, str] = ("x0", "x1"),
    of: str = "points",
    title: str = "",
) -> Figure:
    """Points (n, 2) of whole numbers or others, and straight lines through them.

    Args:
        lines: slope and intercept of each, by what it is called.
        names: of the two coordinates; of: what the points are called.
    """
    figure = Picture(4.8)
    axes = figure.subplots()
    axes.scatter(points[:, 0], points[:, 1], s=14, color=QUIET, alpha=0.5, lw=0, label=of)
    x = np.array([points[:, 0].min(), points[:, 0].max()], float)
    styles = zip(cycle(COLOURS), cycle(LINES), strict=False)
    for (name, (slope, intercept)), (colour, line) in zip(lines.items(), styles, strict=False):
        axes.plot(x, slope * x + intercept, color=colour, lw=2, ls=line, label=name)
    axes.set(xlabel=names[0], ylabel=names[1])
    figure.legend(loc="outside lower center", ncols=3)
    if title:
        figure.suptitle(title)
    return figure


@house_style
def plot_intervals(
    values: Mapping[str, Sequence[float]], *, label: str, title: str = ""
) -> Figure:
    """Repeated measurements of several things: each one a dot, their mean with its 95 % interval.

    Args:
        values: by what was measured, from the top down.
        label: what the numbers are.

    Raises:
        InputError: something that was not measured.
    """
    if not values or not all(map(len, values.values())):
        raise InputError("give at least one measurement of each thing")
    figure = Picture(1.1 + 0.5 * len(values))
    axes = figure.subplots()
    for place, several in enumerate(values.values()):
        mean, half = interval(several)
        axes.scatter(several, np.full(len(several), place), s=14, color=QUIET, alpha=0.6, lw=0)
        axes.errorbar(mean, place, xerr=half, fmt="o", color=INK, capsize=4, lw=1.8)
        axes.annotate(
            f"{mean:.2f}", (mean, place), xytext=(0, 7), textcoords="offset points", ha="center",
            fontsize=10,
        )  # fmt: skip
    axes.set_yticks(range(len(values)), list(values))
    axes.set_ylim(len(values) - 0.4, -0.6)
    axes.set_xlabel(label)
    axes.grid(axis="x", color="#E5E5E5")
    if title:
        figure.suptitle(title)
    return figure


@house_style
def with_levels(figure: Figure, levels: Mapping[str, float], unit: str) -> Figure:
    """A figure of losses with horizontal lines to compare with, and a legend that names them too.

    Args:
        levels: heights by what they are called; unit: of the losses.
    """
    axes = figure.axes[0]
    axes.set_ylabel(f"loss ({unit})")
    for (name, level), line in zip(levels.items(), cycle(LINES[1:])):
        axes.axhline(level, color=INK, lw=1.5, ls=line, zorder=3, label=name)
    for legend in list(figure.legends):
        legend.remove()
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The mean, and half the width of its 95 % interval (Student's t; 0 for a single value)."""
    if len(values) < 2:
        return float(np.mean(values)), 0.0
    half = stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    return float(np.mean(values)), float(half)
