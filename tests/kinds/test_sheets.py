from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from sparring.data.dataset import Dataset
from sparring.kinds.sheets import GAP, IMAGE_SIDE, grid, tiles

RANDOM = np.random.default_rng(0)
STEP = IMAGE_SIDE // 8 * 8 + GAP  # from one image of 8 x 8 pixels to the next


def sheet(figure: Figure, block: int = 0) -> np.ndarray:
    """The pixels of a block of images, (h, w, 3), as the figure holds them."""
    return np.asarray(figure.axes[block].images[0].get_array())


def corners(figure: Figure, block: int = 0) -> list[list[int]]:
    """The grey level of the first pixel of each image."""
    levels: list[list[int]] = sheet(figure, block)[::STEP, ::STEP, 0].tolist()
    return levels


def rows_of(figure: Figure) -> list[str]:
    return [t.get_text() for t in figure.axes[0].get_yticklabels()]


def labelled(levels: list[int], y: list[int]) -> Dataset:
    images = np.repeat(np.array(levels, np.uint8), 64).reshape(-1, 8, 8, 1)
    return Dataset(images, np.array(y))


def test_a_row_for_each_label_whatever_their_numbers() -> None:
    figure = grid(labelled([7, 1, 2, 3, 9, 4], [2, 0, 0, 0, 1, 0]), columns=3)
    assert rows_of(figure) == ["0", "1", "2"]
    assert corners(figure) == [[1, 2, 3], [9, 255, 255], [7, 255, 255]]


def test_real_images_stand_on_the_left_as_many_as_generated_ones() -> None:
    real = labelled(list(range(100)), [0] * 100)
    figure = grid(Dataset(real.x[:6] + np.uint8(100)), Dataset(real.x), columns=4)
    assert corners(figure, 0) == [[0, 1], [2, 3], [4, 5]]
    assert corners(figure, 1) == [[100, 101], [102, 103], [104, 105]]
    assert [axes.get_title() for axes in figure.axes] == ["real", "generated"]


def test_real_labels_are_matched_to_generated_ones() -> None:
    real = labelled([1, 2, 3, 4], [9, 5, 5, 0])
    figure = grid(labelled([30, 10, 11], [5, 9, 9]), real, columns=4)
    assert rows_of(figure) == ["5", "9"]
    assert corners(figure, 0) == [[2, 3], [1, 255]]
    assert corners(figure, 1) == [[30, 255], [10, 11]]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [28, 100])
def test_images_are_shown_pixel_by_pixel(channels: int, side: int) -> None:
    images = RANDOM.integers(0, 256, (3, side, side, channels), dtype=np.uint8)
    figure = grid(Dataset(images), columns=2)
    scale = max(1, IMAGE_SIDE // side)
    shown = sheet(figure)[: side * scale : scale, : side * scale : scale]
    np.testing.assert_array_equal(shown, np.broadcast_to(images[0], (side, side, 3)))
    figure.canvas.draw()
    box = figure.axes[0].get_window_extent()
    assert (round(box.height), round(box.width)) == sheet(figure).shape[:2]


def test_names_have_room() -> None:
    images = RANDOM.integers(0, 256, (2, 8, 8, 1), dtype=np.uint8)
    figure = tiles([[images[:1], images[1:]]], names=["WWWWWWWW", "b"], title="a title " * 9)
    figure.canvas.draw()
    for label in (*figure.axes[0].get_yticklabels(), *figure.texts):
        box = label.get_window_extent()
        assert box.x0 >= 0
        assert box.x1 <= figure.bbox.width
