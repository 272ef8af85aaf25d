"""What samples look like: scatter plots, marginals, grids of images."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MaxNLocator

from sparring.data.dataset import Dataset
from sparring.files import write_whole

REAL, FAKE = "#0072B2", "#D55E00"  # Okabe and Ito's blue and vermilion: told apart by everyone
CLASSES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000")
SHOWN = 2_000
BINS = 20
TOP = 8  # categories shown, the most frequent ones
DPI = 100
ALIKE = 8  # coordinates whose ranges differ more than so many times have no common unit
IMAGE_SIDE, GAP, MARGIN = 40, 2, 26  # pixels


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, whole or not at all.

    Raises:
        RunError: it cannot be written.
    """
    with warnings.catch_warnings():
        # Names in a script that the font lacks show as boxes; the picture is still worth having.
        warnings.filterwarnings("ignore", message="Glyph")
        write_whole(path, lambda file: figure.savefig(file, format="png"))


def scatter(fake: Dataset, real: Dataset) -> Figure:
    """Real and generated points (the first two coordinates) in the window of the real ones."""
    sets = {"real": real, "generated": fake}
    points = {name: np.asarray(rows.x, np.float64)[:SHOWN] for name, rows in sets.items()}
    if points["real"].shape[1] == 1:
        return _lines({name: x[:, 0] for name, x in points.items()})
    low, high = points["real"][:, :2].min(0), points["real"][:, :2].max(0)
    width = np.where(high > low, high - low, 1.0)
    # One unit is as long in either direction, unless the coordinates cannot be of one unit.
    alike = bool(width.max() <= ALIKE * width.min())
    margin = 0.15 * (width.max() if alike else width)
    low, high = low - margin, high + margin
    shape = (high - low)[1] / (high - low)[0] if alike else 1.0
    size = (9, min(max(4.0 * shape, 2.0), 6.0) + 0.9)
    figure = Figure(figsize=size, dpi=DPI, layout="constrained")
    classes = [] if real.y is None else np.unique(real.y).tolist()
    for axes, (name, x) in zip(figure.subplots(1, 2), points.items(), strict=True):
        inside = ((x[:, :2] >= low) & (x[:, :2] <= high)).all(1)
        outside = f", {(~inside).sum():,} outside" if not inside.all() else ""
        y = sets[name].y
        for label, colour, rows in _groups(None if y is None else y[:SHOWN], classes, name):
            axes.scatter(x[rows, 0], x[rows, 1], s=5, alpha=0.6, color=colour, lw=0, label=label)
        axes.set(
            title=f"{len(x):,} {name} points{outside}", xlabel="x0", ylabel="x1",
            xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal" if alike else "auto",
        )  # fmt: skip
    if 0 < len(classes) <= len(CLASSES):
        handles, texts = figure.axes[0].get_legend_handles_labels()
        figure.legend(
            handles, texts, title="label", loc="outside right center", markerscale=3, frameon=False
        )
    return figure


def _groups(y: np.ndarray | None, classes: list[object], name: str) -> list[tuple[str, str, Any]]:
    """What gets a colour of its own: (text, colour, rows); the classes if there are few."""
    if y is None or len(classes) > len(CLASSES):
        return [(name, REAL if name == "real" else FAKE, slice(None))]
    return [(_text(c), CLASSES[i], y == c) for i, c in enumerate(classes)]


def _lines(sets: dict[str, np.ndarray]) -> Figure:
    """The distributions of one coordinate, one over the other."""
    figure = Figure(figsize=(7, 4), dpi=DPI, layout="constrained")
    axes = figure.subplots()
    _histogram(axes, {name: pd.Series(x) for name, x in sets.items()}, bins=50)
    axes.set(
        title=" and ".join(f"{len(x):,} {name}" for name, x in sets.items()) + " points",
        xlabel="x0", ylabel="share of points",
    )  # fmt: skip
    axes.legend(frameon=False)
    return figure


def marginals(fake: pd.DataFrame, real: pd.DataFrame, limit: int = 16) -> Figure:
    """The distribution of each column (at most `limit`), real beside generated."""
    names = list(real.columns[:limit])
    columns = min(4, len(names))
    rows = math.ceil(len(names) / columns)
    size = (max(3.1 * columns, 5), 2.6 * rows + 0.6)
    figure = Figure(figsize=size, dpi=DPI, layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).flatten()
    for axes, name in zip(grid, names, strict=False):
        _marginal(axes, {"real": real[name], "generated": fake[name]})
    for axes in grid[::columns]:
        axes.set_ylabel("share of rows", fontsize=8)
    for axes in grid[len(names) :]:
        axes.set_axis_off()
    more = f" (the first {limit} columns)" if len(real.columns) > limit else ""
    figure.suptitle(f"{len(real):,} real and {len(fake):,} generated rows{more}", fontsize=10)
    handles, texts = grid[0].get_legend_handles_labels()
    figure.legend(handles, texts, loc="outside lower center", ncols=2, frameon=False)
    return figure


def _marginal(axes: Axes, sets: dict[str, pd.Series]) -> None:
    """One column, and how much of it is missing."""
    real = sets["real"]
    title = _text(real.name, 32)
    numeric = pd.api.types.is_numeric_dtype(real) and not pd.api.types.is_bool_dtype(real)
    if numeric and real.notna().any():
        _histogram(axes, sets)
        missing = [series.isna().mean() for series in sets.values()]
        if max(missing):
            title += f"\nmissing: {missing[0]:.1%} real, {missing[1]:.1%} generated"
    else:
        _bars(axes, sets)
    axes.set_title(title, fontsize=9)
    axes.tick_params(labelsize=7)


def _histogram(axes: Axes, sets: dict[str, pd.Series], bins: int = BINS) -> None:
    """Shares of the present rows, in bins over the real range; the outer bins are open."""
    cells = {name: series.dropna().to_numpy(np.float64) for name, series in sets.items()}
    edges = _edges(cells["real"], bins)
    for (name, values), colour in zip(cells.items(), (REAL, FAKE), strict=True):
        shares = np.histogram(values.clip(edges[0], edges[-1]), edges)[0] / max(len(values), 1)
        line = "-" if name == "real" else "--"
        axes.stairs(shares, edges, label=name, color=colour, linewidth=1.6, linestyle=line)
    axes.set_ylim(bottom=0)
    whole = np.array_equal(cells["real"], np.round(cells["real"]))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=whole))
    if np.abs(edges).max() >= 10_000:
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


def _bars(axes: Axes, sets: dict[str, pd.Series]) -> None:
    """Shares of the most frequent categories; a missing cell is one too."""
    shares = {
        name: series.astype("string").fillna("(missing)").value_counts(normalize=True)
        for name, series in sets.items()
    }
    top = shares["real"].index[:TOP]
    at = np.arange(len(top))
    for (name, share), colour, shift in zip(shares.items(), (REAL, FAKE), (-0.2, 0.2), strict=True):
        heights = share.reindex(top).fillna(0.0).to_numpy(np.float64)
        axes.bar(at + shift, heights, 0.4, label=name, color=colour)
    long = sum(len(str(t)) for t in top) > 24
    turned: dict[str, Any] = {"rotation": 40, "ha": "right"} if long else {}
    axes.set_xticks(at, [_text(t, 14) for t in top], **turned)
    if len(shares["real"]) > TOP:
        axes.set_xlabel(f"{TOP} of {len(shares['real']):,} categories", fontsize=7)


def _text(value: object, most: int = 20) -> str:
    """A name as matplotlib must get it: not too long, and no dollar starts a formula."""
    text = " ".join(str(value).split())
    text = text if len(text) <= most else text[: most - 1] + "…"
    return text.replace("$", r"\$")


def grid(fake: Dataset, columns: int = 10) -> Figure:
    """Images in rows of at most `columns`, enlarged to be seen; with labels, a row for each."""
    images = np.asarray(fake.x)
    if fake.y is None:
        rows = [(None, images[i : i + columns]) for i in range(0, len(images), columns)]
        title = f"{len(images):,} generated image{'s' if len(images) > 1 else ''}"
    else:
        rows = [(c, images[fake.y == c][:columns]) for c in np.unique(fake.y).tolist()]
        title = "generated images, a row for each label"
    scale = max(1, round(IMAGE_SIDE / images.shape[1]))
    step = images.shape[1] * scale + GAP
    sheet = np.full((len(rows) * step, max(len(r) for _, r in rows) * step, 3), 255, np.uint8)
    for top, (_, row) in zip(range(0, len(sheet), step), rows, strict=True):
        for left, image in zip(range(0, sheet.shape[1], step), row, strict=False):
            tile = image.repeat(scale, 0).repeat(scale, 1)
            sheet[top : top + len(tile), left : left + len(tile)] = tile
    names = [] if fake.y is None else [_text(c, 16) for c, _ in rows]
    return _sheet(sheet, names, step, title)


def _sheet(sheet: np.ndarray, names: list[str], step: int, title: str) -> Figure:
    """A picture of a sheet of images, pixel by pixel, with a title and the names of its rows."""
    height, width = sheet.shape[:2]
    left = 10 + 7 * max((len(name) for name in names), default=0)
    all_width, all_height = max(left + width + GAP, 7 * len(title) + 16), MARGIN + height + GAP
    figure = Figure(figsize=(all_width / DPI, all_height / DPI), dpi=DPI)
    axes = figure.add_axes(
        (left / all_width, GAP / all_height, width / all_width, height / all_height)
    )
    axes.imshow(sheet, interpolation="nearest", aspect="auto")
    axes.set_xticks([])
    axes.set_yticks([(i + 0.5) * step - 0.5 for i in range(len(names))], names)
    axes.tick_params(length=0, labelsize=8)
    axes.spines[:].set_visible(False)
    figure.text(8 / all_width, 1 - 8 / all_height, title, fontsize=9, va="top")
    return figure
