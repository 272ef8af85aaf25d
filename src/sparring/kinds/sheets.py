"""What images look like: rows of them on a sheet, enlarged to be seen."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from sparring.data.dataset import Dataset
from sparring.kinds.style import DPI, Picture, house_style, named, pixels, text

IMAGE_SIDE, GAP, SPACE = 84, 2, 20  # pixels: of an image, between two, between two blocks


def grid(
    fake: Dataset, real: Dataset | None = None, *, columns: int = 10, title: str = ""
) -> Figure:
    """Images in rows of at most `columns`; with labels, a row for each.

    Args:
        real: shown on the left, as many as there are generated ones.
    """
    sets = named(fake, real)
    rows = [_rows(images, max(1, columns // len(sets)), fake.y) for images in sets.values()]
    blocks = [block[: len(rows[-1])] for block in rows]
    names = [] if fake.y is None else [text(c, 16) for c in np.unique(fake.y).tolist()]
    count = f"{len(fake):,} generated image{'s' if len(fake) > 1 else ''}"
    about = count if fake.y is None else f"{' and '.join(sets)} images, a row for each label"
    heads = [] if real is None else list(sets)
    return tiles(blocks, names=names, heads=heads, title=title or about)


def _rows(images: Dataset, columns: int, labels: np.ndarray | None) -> list[np.ndarray]:
    """Rows of `columns` images as they come; with labels, a row of the first of each."""
    x = np.asarray(images.x)
    if labels is None or images.y is None:
        return [x[i : i + columns] for i in range(0, len(x), columns)]
    return [x[images.y == c][:columns] for c in np.unique(labels).tolist()]


@house_style
def tiles(
    blocks: Sequence[Sequence[np.ndarray]],
    *,
    names: Sequence[str] = (),
    heads: Sequence[str] = (),
    title: str = "",
) -> Figure:
    """Blocks of rows of images side by side, with no pixel blurred.

    Args:
        blocks: of rows; a row is an array (k, h, w, 1 or 3) uint8, k >= 0.
        names: of the rows; heads: of the blocks.
    """
    scale = max(1, IMAGE_SIDE // blocks[0][0].shape[1])
    sheets = [_sheet(rows, scale) for rows in blocks]
    left = 16 + max((math.ceil(pixels(name)) for name in names), default=0)
    top = (30 if title else 4) + (26 if heads else 0)
    width = left + sum(sheet.shape[1] + SPACE for sheet in sheets)
    width, height = max(width, math.ceil(pixels(title)) + 16), top + max(map(len, sheets))
    figure = Picture(height / DPI, width / DPI, layout=None)
    for i, sheet in enumerate(sheets):
        high, wide = sheet.shape[:2]
        bottom = (height - top - high) / height
        axes = figure.add_axes((left / width, bottom, wide / width, high / height))
        axes.imshow(sheet, interpolation="nearest", aspect="auto")
        axes.set_xticks([])
        axes.set_yticks([(k + 0.5) * len(sheet) / len(names) for k in range(len(names))], names)
        axes.tick_params(length=0, labelleft=i == 0)
        axes.spines[:].set_visible(False)
        if heads:
            axes.set_title(heads[i], pad=5)
        left += wide + SPACE
    figure.text(8 / width, 1 - 8 / height, title, va="top")
    return figure


def _sheet(rows: Sequence[np.ndarray], scale: int) -> np.ndarray:
    """Rows of images as one image, each pixel `scale` wide, with gaps."""
    side = rows[0].shape[1]
    step = side * scale + GAP
    sheet = np.full((len(rows) * step, max(len(row) for row in rows) * step, 3), 255, np.uint8)
    for top, row in zip(range(0, len(sheet), step), rows, strict=True):
        for left, image in zip(range(0, sheet.shape[1], step), row, strict=False):
            tile = image.repeat(scale, 0).repeat(scale, 1)
            sheet[top : top + len(tile), left : left + len(tile)] = tile
    return sheet
