"""What samples look like: scatter plots, marginals, grids of images."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sparring.data.dataset import Dataset

REAL, FAKE = "#0072B2", "#D55E00"  # Okabe and Ito's blue and vermilion: told apart by everyone
SHOWN = 2_000


def scatter(fake: Dataset, real: Dataset) -> Figure:
    """Real and generated points side by side on the same axes (the first two coordinates)."""
    figure = Figure(figsize=(9, 4.5), dpi=100, layout="constrained")
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    for axes, dataset, title, colour in (
        (left, real, "real", REAL),
        (right, fake, "generated", FAKE),
    ):
        points = np.asarray(dataset.x)[:SHOWN]
        if points.shape[1] == 1:
            axes.hist(points[:, 0], bins=50, color=colour)
        else:
            axes.scatter(points[:, 0], points[:, 1], s=4, alpha=0.5, color=colour, linewidths=0)
        axes.set(title=f"{len(points):,} {title} points", xlabel="x0")
    left.set_ylabel("count" if np.shape(real.x)[1] == 1 else "x1")
    return figure


def marginals(fake: pd.DataFrame, real: pd.DataFrame, limit: int = 16) -> Figure:
    """The distribution of each column (at most `limit`), real beside generated."""
    names = list(real.columns[:limit])
    columns = min(4, len(names))
    rows = math.ceil(len(names) / columns)
    figure = Figure(figsize=(3.2 * columns, 2.4 * rows), dpi=100, layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).flatten()
    for axes, name in zip(grid, names, strict=False):
        _marginal(axes, fake[name], real[name])
        axes.set_title(str(name)[:32], fontsize=9)
    for axes in grid[len(names) :]:
        axes.set_axis_off()
    handles, texts = grid[0].get_legend_handles_labels()
    figure.legend(handles, texts, loc="outside upper right", ncols=2, frameon=False)
    return figure


def _marginal(axes: Axes, fake: pd.Series, real: pd.Series) -> None:
    """Shares of rows in 20 bins of a number, or in the 8 most frequent categories."""
    if pd.api.types.is_numeric_dtype(real) and not pd.api.types.is_bool_dtype(real):
        edges = np.histogram_bin_edges(_present(real), bins=20)
        for series, label, colour in ((real, "real", REAL), (fake, "generated", FAKE)):
            values = np.clip(_present(series), edges[0], edges[-1])
            shares = np.histogram(values, edges)[0] / max(len(values), 1)
            axes.stairs(shares, edges, label=label, color=colour, linewidth=1.5)
    else:
        top = real.astype("string").fillna("missing").value_counts().index[:8]
        at = np.arange(len(top))
        for series, label, colour, shift in (
            (real, "real", REAL, -0.2),
            (fake, "generated", FAKE, 0.2),
        ):
            counts = series.astype("string").fillna("missing").value_counts(normalize=True)
            axes.bar(at + shift, counts.reindex(top).fillna(0), 0.4, label=label, color=colour)
        axes.set_xticks(at, [str(t)[:10] for t in top], rotation=45, ha="right", fontsize=7)
    axes.tick_params(labelsize=7)
    axes.set_ylabel("share of rows", fontsize=7)


def _present(series: pd.Series) -> np.ndarray:
    return series.dropna().to_numpy(dtype=np.float64)


def grid(fake: Dataset, columns: int = 10) -> np.ndarray:
    """Images (n, h, w, c) uint8 tiled row by row, enlarged to be seen: (H, W, 3) uint8.

    With labels, every class gets a row of its own, in sorted order.
    """
    images = np.asarray(fake.x)
    if fake.y is not None:
        order = np.argsort(fake.y, kind="stable")
        images = images[order]
        columns = max(1, len(images) // len(np.unique(fake.y)))
    n, height, width, channels = images.shape
    rows = math.ceil(n / columns)
    scale = max(1, round(40 / height))
    images = images.repeat(scale, 1).repeat(scale, 2)
    pad = 2
    sheet = np.full(
        (rows * (height * scale + pad) + pad, columns * (width * scale + pad) + pad, 3),
        255, dtype=np.uint8,
    )  # fmt: skip
    for i, image in enumerate(images):
        top = pad + (i // columns) * (height * scale + pad)
        left = pad + (i % columns) * (width * scale + pad)
        sheet[top : top + height * scale, left : left + width * scale] = image
    return sheet
