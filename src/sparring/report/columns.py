"""Figures of tables: where columns and pairs of them are off, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from sparring.errors import InputError
from sparring.kinds.columns.base import Name
from sparring.kinds.style import INK, WIDTH, Picture, entitle, house_style, named, palette, text

MOST_COLUMNS = 24  # in a matrix: names of more could not be read
MOST_CATEGORIES = 12
POINTS = 1_000


@house_style
def plot_errors(errors: pd.DataFrame, *, title: str = "") -> Figure:
    """How far the dependence of each pair of columns is off, as a matrix of colours.

    Args:
        errors: (d, d) from `trend_errors`; of more than 24 columns, those with the largest errors
            are shown.

    Raises:
        InputError: fewer than two columns.
    """
    if len(errors) < 2:
        raise InputError("a pair of columns is needed; the table has only one column")
    worst = errors.mean().nlargest(MOST_COLUMNS).index
    shown = errors.loc[errors.index.isin(worst), errors.columns.isin(worst)]
    d = len(shown)
    cells = shown.to_numpy(np.float64)
    most = max(0.1, float(cells.max()))
    figure = Picture(min(WIDTH, 2.6 + 0.32 * d))
    axes = figure.subplots()
    others = np.where(np.eye(d, dtype=bool), np.nan, cells)
    image = axes.imshow(others, cmap="Blues", vmin=0, vmax=most)
    names = [text(name, 18) for name in shown.columns]
    size = 9 if d <= 16 else 8
    axes.set_xticks(range(d), names, rotation=50, ha="right", rotation_mode="anchor", fontsize=size)
    axes.set_yticks(range(d), names, fontsize=size)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    if d <= 10:
        for i, j in np.argwhere(~np.eye(d, dtype=bool)):
            light = cells[i, j] < 0.6 * most
            axes.text(
                j, i, f"{cells[i, j]:.2f}"[1 if cells[i, j] < 0.995 else 0 :], ha="center",
                va="center", fontsize=8, color=INK if light else "white",
            )  # fmt: skip
    figure.colorbar(image, ax=axes, label="error of the pair, 0 is best", shrink=0.8)
    entitle(figure, title)
    return figure


@house_style
def plot_pairs(
    real: Mapping[Name, pd.Series],
    fake: Mapping[Name, pd.Series],
    pairs: Sequence[tuple[Name, Name]],
    *,
    title: str = "",
) -> Figure:
    """Pairs of columns as points, real ones on the left and generated ones on the right.

    Categories lie side by side, each row a little off its place, so that crowds can be seen.

    Args:
        real, fake: columns by name; cells that are missing are left out.
        pairs: names of two columns each.

    Raises:
        InputError: no pairs.
    """
    if not pairs:
        raise InputError("no pair of columns to draw")
    figure = Picture(2.6 * len(pairs) + (0.3 if title else 0), WIDTH)
    grid = figure.subplots(len(pairs), 2, squeeze=False)
    random = np.random.default_rng(0)
    for line, (first, second) in zip(grid, pairs, strict=True):
        sets = named(fake, real)
        places = [_Axis(real[name]) for name in (first, second)]
        for axes, (name, rows), colour in zip(line, sets.items(), palette(sets), strict=True):
            x, y = (
                axis.of(rows[key][:POINTS], random)
                for axis, key in zip(places, (first, second), strict=True)
            )
            axes.scatter(x, y, s=6, alpha=0.5, lw=0, color=colour)
            axes.set_title(name, fontsize=10)
            places[0].label(axes, "x", text(real[first].name, 30))
            places[1].label(axes, "y", text(real[second].name, 22))
        line[1].set_ylabel("")
    entitle(figure, title)
    return figure


class _Axis:
    """How the cells of a column become places on an axis; what real rows have sets its range."""

    def __init__(self, real: pd.Series) -> None:
        self.categories: list[object] | None = None
        if is_numeric_dtype(real) and not is_bool_dtype(real):
            cells = real.dropna().to_numpy(np.float64)
            low, high = (cells.min(), cells.max()) if len(cells) else (0.0, 1.0)
            whole = np.array_equal(cells, np.round(cells)) and high - low <= MOST_CATEGORIES
            self.off = 0.25 if whole else 0.0
            space = self.off + (0.05 * (high - low) or 0.5)
            self.limits = (low - space, high + space)
        else:
            self.categories = real.value_counts().index[:MOST_CATEGORIES].tolist()
            self.limits = (-0.6, max(len(self.categories), 1) - 0.4)
            self.off = 0.3

    def of(self, cells: pd.Series, random: np.random.Generator) -> np.ndarray:
        """Places (n,); NaN where there is none."""
        if self.categories is None:
            places = cells.to_numpy(np.float64, na_value=np.nan)
        else:
            codes = pd.Index(self.categories, dtype=object).get_indexer(
                pd.Index(cells.to_numpy(object), dtype=object)
            )
            places = np.where(codes < 0, np.nan, codes.astype(np.float64))
        moved: np.ndarray = places + random.uniform(-self.off, self.off, len(places))
        return moved

    def label(self, axes: Axes, which: str, name: str) -> None:
        axes.set(**{f"{which}lim": self.limits, f"{which}label": name})
        if self.categories is not None:
            names = [text(c, 12) for c in self.categories]
            axis = axes.xaxis if which == "x" else axes.yaxis
            axis.set_ticks(range(len(names)), names, fontsize=8)
            if which == "x" and len(names) > 3:
                axes.tick_params("x", labelrotation=30)
