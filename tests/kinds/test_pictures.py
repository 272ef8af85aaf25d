from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from sparring.data.dataset import Dataset
from sparring.errors import RunError
from sparring.kinds import pictures

RANDOM = np.random.default_rng(0)


def saved(figure: Figure, folder: Path) -> np.ndarray:
    """The pixels of a figure, (h, w, 3)."""
    pictures.save(figure, folder / "a.png")
    return np.asarray(Image.open(folder / "a.png").convert("RGB"))


def texts(figure: Figure) -> list[str]:
    return [t.get_text() for t in figure.legends[0].get_texts()] if figure.legends else []


def test_points_share_one_window_with_equal_axes(tmp_path: Path) -> None:
    real = Dataset(RANDOM.normal(size=(3_000, 2)))
    fake = Dataset(np.r_[RANDOM.normal(size=(98, 2)), [[99, 0], [0, -99]]])
    figure = pictures.scatter(fake, real)
    saved(figure, tmp_path)
    left, right = figure.axes
    assert left.get_title() == "2,000 real points"
    assert right.get_title() == "100 generated points, 2 outside"
    assert left.get_xlim() == right.get_xlim()
    assert left.get_ylim() == right.get_ylim()
    assert left.get_aspect() == right.get_aspect() == 1
    assert {axes.get_xlabel() for axes in figure.axes} == {"x0"}
    assert {axes.get_ylabel() for axes in figure.axes} == {"x1"}


def test_coordinates_of_other_units_get_axes_of_their_own(tmp_path: Path) -> None:
    points = Dataset(RANDOM.normal(size=(50, 2)) * [1, 1e5])
    figure = pictures.scatter(points, points)
    saved(figure, tmp_path)
    assert figure.axes[0].get_aspect() == "auto"


@pytest.mark.parametrize(("classes", "named"), [(3, ["0", "1", "2"]), (50, [])])
def test_few_labels_get_colours_and_a_legend(
    classes: int, named: list[str], tmp_path: Path
) -> None:
    points = Dataset(RANDOM.normal(size=(300, 3)), np.arange(300) % classes)
    figure = pictures.scatter(points, points)
    saved(figure, tmp_path)
    assert texts(figure) == named


def test_colours_are_told_apart() -> None:
    assert len(set(pictures.CLASSES)) == len(pictures.CLASSES)


@pytest.mark.parametrize("x", [RANDOM.normal(size=(100, 1)), np.ones((5, 1)), np.ones((5, 2))])
def test_one_coordinate_and_points_all_alike(x: np.ndarray, tmp_path: Path) -> None:
    figure = pictures.scatter(Dataset(x + 1), Dataset(x))
    assert saved(figure, tmp_path).min() < 200
    assert figure.axes[0].get_xlabel() == "x0"


def odd_table(n: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "plain": RANDOM.normal(size=n),
            "$x^{2$ and $\\frac": RANDOM.integers(0, 3, n),
            "<script>": RANDOM.random(n) < 0.3,
            "名前": RANDOM.choice(list("abcdefghijklmnop"), n),
            4: pd.array([None if i % 4 == 0 else i for i in range(n)], dtype="Int64"),
            "a name that is very much longer than any title": ["k"] * n,
            "large": RANDOM.normal(size=n) * 1e12,
            "gone": np.full(n, np.nan),
            "category": pd.Categorical(RANDOM.choice(["$", "_", "100 %"], n)),
        }
    )


def test_marginals_of_odd_columns(tmp_path: Path) -> None:
    figure = pictures.marginals(odd_table(50), odd_table(200))
    saved(figure, tmp_path)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[0] == "plain"
    assert titles[4] == "4\nmissing: 25.0% real, 26.0% generated"
    assert all(len(line) <= 40 for title in titles for line in title.split("\n"))
    assert [axes.get_ylabel() for axes in figure.axes[:4]] == ["share of rows", "", "", ""]
    assert texts(figure) == ["real", "generated"]
    assert figure.axes[3].get_xlabel() == "8 of 16 categories"


def test_marginals_show_the_first_columns_and_say_so(tmp_path: Path) -> None:
    frame = pd.DataFrame(RANDOM.normal(size=(20, 18)))
    figure = pictures.marginals(frame, frame, limit=3)
    saved(figure, tmp_path)
    assert [axes.get_title() for axes in figure.axes] == ["0", "1", "2"]
    assert figure.get_suptitle() == "20 real and 20 generated rows (the first 3 columns)"


def test_bins_of_whole_numbers_hold_equally_many_of_them() -> None:
    whole = pd.Series(np.arange(100).repeat(3), name="i")
    figure = pictures.marginals(whole.to_frame(), whole.to_frame())
    shares, edges, _ = figure.axes[0].patches[0].get_data()
    assert len(shares) == pictures.BINS
    np.testing.assert_allclose(shares, 0.05)
    np.testing.assert_allclose(edges % 1, 0.5)


def test_a_grid_has_a_row_for_each_label_whatever_their_numbers(tmp_path: Path) -> None:
    images = np.zeros((9, 8, 8, 1), np.uint8)
    y = np.array([2, 0, 0, 0, 0, 1, 1, 2, 0])
    images[y == 1] = 100
    images[y == 2] = 200
    figure = pictures.grid(Dataset(images, y), columns=4)
    pixels = saved(figure, tmp_path)
    rows = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    assert rows == ["0", "1", "2"]
    step = 5 * 8 + pictures.GAP
    top, left = pictures.MARGIN, pixels.shape[1] - 4 * step - pictures.GAP
    left = min(left, 10 + 7)
    corners = pixels[top + 10 :: step, left + 10 :: step, 0][:3, :4]
    assert corners.tolist() == [[0, 0, 0, 0], [100, 100, 255, 255], [200, 200, 255, 255]]


@pytest.mark.parametrize("channels", [1, 3])
def test_images_are_shown_pixel_by_pixel(channels: int, tmp_path: Path) -> None:
    images = RANDOM.integers(0, 256, (3, 40, 40, channels), dtype=np.uint8)
    figure = pictures.grid(Dataset(images), columns=2)
    pixels = saved(figure, tmp_path)
    shown = pixels[pictures.MARGIN : pictures.MARGIN + 40, 10:50]
    np.testing.assert_array_equal(shown, np.broadcast_to(images[0], (40, 40, 3)))


def test_a_picture_that_cannot_be_written_is_one_error(tmp_path: Path) -> None:
    figure = pictures.grid(Dataset(np.zeros((1, 8, 8, 1), np.uint8)))
    with pytest.raises(RunError, match="cannot be written"):
        pictures.save(figure, tmp_path / "no such folder" / "a.png")
