"""Pictures of many pictures: film strips, sheets of images, animations."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from sparring.errors import InputError
from sparring.files import write_whole
from sparring.kinds.sheets import tiles
from sparring.kinds.style import WIDTH, Picture, entitle, house_style, png, text
from sparring.report.critic import add_key

LAST_FRAMES = 4  # the last picture of an animation stays so many times longer


def tidy(grid: Iterable[Axes], used: int, columns: int) -> None:
    """Name common axes at the left and the bottom only, and hide those that are not used."""
    for i, axes in enumerate(grid):
        if i >= used:
            axes.set_axis_off()
        if i % columns:
            axes.set_ylabel("")
        if i + columns < used:
            axes.set_xlabel("")
        else:
            axes.tick_params(labelbottom=True)


@house_style
def plot_filmstrip(
    panels: Sequence[tuple[str, Callable[[Axes], object]]], *, title: str = "", columns: int = 4
) -> Figure:
    """Many small pictures on common scales.

    Args:
        panels: a title and what draws on the axes it is given, each.
        columns: pictures in a row.

    Raises:
        InputError: no panels.
    """
    if not panels:
        raise InputError("a film strip needs at least one panel")
    columns = min(columns, len(panels))
    lines = math.ceil(len(panels) / columns)
    figure = Picture(2)
    grid = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False).flatten()
    for axes, (name, draw) in zip(grid, panels, strict=False):
        draw(axes)
        axes.set_title(text(name, 30), fontsize=10)
    tidy(grid, len(panels), columns)
    add_key(figure, grid[: len(panels)].tolist())
    entitle(figure, title)
    # Pictures without ticks need no room for them, nor for a key.
    across, down = (1.6, 1.4) if len(grid[0].get_xticks()) else (0.2, 0.5 if title else 0.1)
    figure.set_figheight(lines * (_shape(grid[0]) * (WIDTH - across) / columns + 0.35) + down)
    return figure


def _shape(axes: Axes) -> float:
    """How high axes are for their width: as their limits ask, or square."""
    if axes.get_aspect() == "auto":
        return 1.0
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    return abs((top - bottom) / (right - left))


def image_grid(
    images: np.ndarray, *, columns: int = 10, row_labels: Sequence[str] = (), title: str = ""
) -> Figure:
    """Images in rows of `columns`, enlarged to be seen.

    Args:
        images: (n, h, w) or (n, h, w, 1 or 3) uint8.
        row_labels: one for each row, or none.

    Raises:
        InputError: no images, or labels of another number than rows.
    """
    if images.ndim not in (3, 4) or images.dtype != np.uint8 or not len(images):
        raise InputError(f"expected images (n, h, w, c) uint8, not {images.shape} {images.dtype}")
    images = images[..., None] if images.ndim == 3 else images
    rows = [images[i : i + columns] for i in range(0, len(images), columns)]
    if row_labels and len(row_labels) != len(rows):
        raise InputError(f"{len(row_labels)} label(s) for {len(rows)} row(s) of images")
    return tiles([rows], names=[text(label, 16) for label in row_labels], title=text(title, 90))


def animate(figures: Sequence[Figure], path: Path, *, milliseconds: int = 400) -> None:
    """Write figures as an animated GIF that repeats, whole or not at all.

    Args:
        milliseconds: that a figure is shown; the last one stays four times as long.

    Raises:
        InputError: no figures.
        RunError: the file cannot be written.
    """
    if not figures:
        raise InputError("an animation needs at least one figure")
    pictures = [Image.open(io.BytesIO(png(figure))).convert("RGB") for figure in figures]
    size = max(p.width for p in pictures), max(p.height for p in pictures)
    first, *rest = (_on_white(picture, size) for picture in pictures)
    times = [milliseconds] * len(rest) + [LAST_FRAMES * milliseconds]
    write_whole(
        path,
        lambda file: first.save(
            file, "GIF", save_all=True, append_images=rest, duration=times, loop=0
        ),
    )


def _on_white(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """A picture on a sheet of the given size."""
    sheet = Image.new("RGB", size, "white")
    sheet.paste(picture)
    return sheet
