"""What samples look like: scatter plots and distributions of columns."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MaxNLocator

from sparring.data.dataset import Dataset
from sparring.kinds.sheets import grid
from sparring.kinds.style import (
    CLASSES,
    LINES,
    WIDTH,
    Picture,
    entitle,
    house_style,
    named,
    palette,
    text,
)

SHOWN = 2_000
BINS = 20
TOP = 8  # categories shown, the most frequent ones
ALIKE = 8  # coordinates whose ranges differ more than so many times have no common unit


@dataclass(frozen=True)
class Window:
    """The part of the plane that a scatter plot shows.

    Attributes:
        low, high: two corners, (2,).
        alike: whether one unit is as long in either direction; it is not where the ranges differ
            so much that the coordinates cannot be of one unit.
    """

    low: np.ndarray
    high: np.ndarray
    alike: bool

    @classmethod
    def around(cls, points: np.ndarray, margin: float = 0.15) -> Window:
        """The window of all points (n, >= 2), with `margin` times their range beside them."""
        low, high = points[:, :2].min(0), points[:, :2].max(0)
        width = np.where(high > low, high - low, 1.0)
        alike = bool(width.max() <= ALIKE * width.min())
        space = margin * (width.max() if alike else width)
        return cls(low - space, high + space, alike)

    def holds(self, points: np.ndarray) -> np.ndarray:
        """Which of the points (n, >= 2) it shows, (n,)."""
        x = points[:, :2]
        inside: np.ndarray = np.all((x >= self.low) & (x <= self.high), axis=1)
        return inside

    def height(self, width: float) -> float:
        """The height of axes that are `width` wide, within reason."""
        size = self.high - self.low
        return width * float(np.clip(size[1] / size[0], 0.4, 1.5)) if self.alike else width

    def frame(self, axes: Axes) -> None:
        """Make axes show it."""
        axes.set(
            xlim=(self.low[0], self.high[0]), ylim=(self.low[1], self.high[1]),
            aspect="equal" if self.alike else "auto",
        )  # fmt: skip


def samples(
    fake: Dataset, real: Dataset | None = None, *, title: str = "", columns: int = 10
) -> Figure:
    """Samples in whatever form they are, beside real rows if there are any.

    Args:
        columns: images in a row.
    """
    if isinstance(fake.x, pd.DataFrame):
        rows = None if real is None else real.x
        assert rows is None or isinstance(rows, pd.DataFrame)
        return marginals(fake.x, rows, title=title)
    if fake.x.ndim == 2:
        return scatter(fake, real, title=title)
    return grid(fake, real, columns=columns, title=title)


@house_style
def scatter(fake: Dataset, real: Dataset | None = None, *, title: str = "") -> Figure:
    """Generated points (the first two coordinates), beside the real ones and in their window."""
    sets = named(fake, real)
    points = {name: np.asarray(rows.x, np.float64)[:SHOWN] for name, rows in sets.items()}
    first = next(iter(points))
    if points[first].shape[1] == 1:
        frames = {name: pd.DataFrame({"x0": x[:, 0]}) for name, x in points.items()}
        return distributions(frames, title=title, of="points", bins=50)
    window = Window.around(points[first])
    panel = 5.0 if real is None else WIDTH / 2
    figure = Picture(window.height(panel - 0.7) + (1.0 if title else 0.8), panel * len(points))
    labels = sets[first].y
    classes = [] if labels is None else np.unique(labels).tolist()
    grid = figure.subplots(1, len(points), squeeze=False).flatten()
    for axes, (name, x), colour in zip(grid, points.items(), palette(points), strict=True):
        y = sets[name].y
        for label, shade, rows in _groups(None if y is None else y[:SHOWN], classes, colour):
            axes.scatter(x[rows, 0], x[rows, 1], s=6, alpha=0.6, color=shade, lw=0, label=label)
        outside = len(x) - int(window.holds(x).sum())
        tail = f", {outside:,} outside" if outside else ""
        axes.set(title=f"{len(x):,} {name} points{tail}", xlabel="x0", ylabel="x1")
        window.frame(axes)
    if 0 < len(classes) <= len(CLASSES):
        handles, texts = grid[0].get_legend_handles_labels()
        figure.legend(handles, texts, title="label", loc="outside right center", markerscale=3)
    entitle(figure, title)
    return figure


def _groups(y: np.ndarray | None, classes: list[object], colour: str) -> list[tuple[str, str, Any]]:
    """What gets a colour of its own: (text, colour, rows); the classes if there are few."""
    if y is None or not 0 < len(classes) <= len(CLASSES):
        return [("", colour, slice(None))]
    return [(text(c), CLASSES[i], y == c) for i, c in enumerate(classes)]


def marginals(
    fake: pd.DataFrame, real: pd.DataFrame | None = None, limit: int = 16, *, title: str = ""
) -> Figure:
    """The distribution of each generated column (at most `limit`), real beside generated."""
    real = None if real is None else real[list(fake.columns)]
    return distributions(named(fake, real), title=title, limit=limit)


@house_style
def distributions(
    sets: Mapping[str, pd.DataFrame],
    *,
    title: str = "",
    of: str = "rows",
    bins: int = BINS,
    limit: int = 16,
) -> Figure:
    """The distribution of each column of the first set (at most `limit`), beside the other sets'.

    Args:
        of: what a row is called.
        bins: of a numeric column, over the range that it has in the first set; the outer are open.
    """
    first = next(iter(sets.values()))
    names = list(first.columns[:limit])
    columns = min(3, len(names))
    rows = math.ceil(len(names) / columns)
    figure = Picture(min(5, 1.3 + 2.2 * rows) if rows == 1 else 2.2 * rows + 0.7)
    grid = figure.subplots(rows, columns, squeeze=False).flatten()
    for axes, name in zip(grid, names, strict=False):
        _marginal(axes, {key: frame[name] for key, frame in sets.items()}, bins)
    for axes in grid[::columns]:
        axes.set_ylabel(f"share of {of}")
    for axes in grid[len(names) :]:
        axes.set_axis_off()
    counts = [f"{len(frame):,} {text(key)}" for key, frame in sets.items()]
    more = f" (the first {limit} columns)" if len(first.columns) > limit else ""
    entitle(figure, title or f"{' and '.join(counts)} {of}{more}")
    handles, texts = grid[0].get_legend_handles_labels()
    if len(sets) > 1:
        figure.legend(handles, texts, loc="outside lower center", ncols=4)
    return figure


def _marginal(axes: Axes, sets: Mapping[str, pd.Series], bins: int) -> None:
    """One column, and how much of it is missing."""
    first = next(iter(sets.values()))
    title = text(first.name, 26)
    numeric = pd.api.types.is_numeric_dtype(first) and not pd.api.types.is_bool_dtype(first)
    if numeric and first.notna().any():
        _histogram(axes, sets, bins)
        missing = [series.isna().mean() for series in sets.values()]
        if any(missing):
            title += f"\nmissing: {' / '.join(f'{share:.1%}' for share in missing)}"
    else:
        _bars(axes, sets)
    axes.set_title(title, fontsize=10)
    axes.tick_params(labelsize=9)


def _histogram(axes: Axes, sets: Mapping[str, pd.Series], bins: int) -> None:
    """Shares of the present rows, in bins over the first set's range; the outer bins are open."""
    cells = {name: series.dropna().to_numpy(np.float64) for name, series in sets.items()}
    first = next(iter(cells.values()))
    edges = _edges(first, bins)
    for (name, values), colour, line in zip(cells.items(), palette(cells), cycle(LINES)):
        shares = np.histogram(values.clip(edges[0], edges[-1]), edges)[0] / max(len(values), 1)
        axes.stairs(shares, edges, label=text(name), color=colour, linewidth=1.6, linestyle=line)
    axes.set_ylim(bottom=0)
    largest = np.abs(edges).max()
    # Five numbers of four digits and a decimal, such as years, would run into each other.
    whole = np.array_equal(first, np.round(first)) or (largest >= 1_000 and np.ptp(edges) > 1)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=whole))
    if largest >= 10_000:
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))


def _edges(values: np.ndarray, bins: int) -> np.ndarray:
    """Edges of bins; those of whole numbers hold equally many of them each."""
    low, high = values.min(), values.max()
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        return np.array([low - 0.5, high + 0.5])  # one value, up to rounding
    if not np.array_equal(values, np.round(values)) or high - low > 1e9:
        return np.histogram_bin_edges(values, bins)
    width = math.ceil((high - low + 1) / bins)
    return np.arange(low - 0.5, high + width, width)


def _bars(axes: Axes, sets: Mapping[str, pd.Series]) -> None:
    """Shares of the most frequent categories; a missing cell is one too."""
    shares = {
        name: series.astype("string").fillna("(missing)").value_counts(normalize=True)
        for name, series in sets.items()
    }
    first = next(iter(shares.values()))
    top = first.index[:TOP]
    at, width = np.arange(len(top)), 0.8 / len(shares)
    for i, ((name, share), colour) in enumerate(zip(shares.items(), palette(shares), strict=True)):
        heights = share.reindex(top).fillna(0.0).to_numpy(np.float64)
        shift = (i - (len(shares) - 1) / 2) * width
        axes.bar(at + shift, heights, width, label=text(name), color=colour)
    long = sum(len(str(t)) for t in top) > 18
    turned: dict[str, Any] = {"rotation": 40, "ha": "right"} if long else {}
    axes.set_xticks(at, [text(t, 14) for t in top], **turned)
    if len(first) > TOP:
        axes.set_xlabel(f"{TOP} of {len(first):,} categories", fontsize=9)
