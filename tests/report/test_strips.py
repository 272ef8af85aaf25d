from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from sparring.errors import InputError, RunError
from sparring.kinds.style import Picture, png
from sparring.report.critic import plot_critic
from sparring.report.strips import animate, image_grid, plot_filmstrip

RANDOM = np.random.default_rng(0)
POINTS = RANDOM.normal(size=(40, 2))


def points(axes: Axes) -> None:
    axes.scatter(*POINTS.T)
    axes.set(xlabel="x0", ylabel="x1")


def opinion(axes: Axes) -> None:
    plot_critic(lambda x: x[:, 0], POINTS, POINTS + 1, axes=axes)


class TestFilmstrips:
    def test_panels_share_their_scales(self) -> None:
        shifted = [lambda axes, i=i: axes.plot([i, i + 1], [i, 2 * i]) for i in range(5)]
        strip = plot_filmstrip([(f"step {i}", draw) for i, draw in enumerate(shifted)], title="t")
        assert len({(a.get_xlim(), a.get_ylim()) for a in strip.axes}) == 1
        assert [a.get_title() for a in strip.axes[:5]] == [f"step {i}" for i in range(5)]
        assert strip.get_suptitle() == "t"
        assert png(strip)

    def test_only_outer_axes_are_named(self) -> None:
        strip = plot_filmstrip([("a", points)] * 5, columns=3)
        assert [a.get_ylabel() for a in strip.axes[:5]] == ["x1", "", "", "x1", ""]
        assert [a.get_xlabel() for a in strip.axes[:5]] == ["", "", "x0", "x0", "x0"]
        assert [a.axison for a in strip.axes] == [True] * 5 + [False]

    def test_what_d_says_is_explained_once(self) -> None:
        strip = plot_filmstrip([("a", opinion), ("b", opinion)])
        assert [a.get_ylabel() for a in strip.axes] == [
            "x1", "", "D(x), the probability of being real",
        ]  # fmt: skip
        (key,) = strip.legends
        assert [t.get_text() for t in key.get_texts()][:2] == ["real", "generated"]

    def test_what_any_panel_shows_is_named(self) -> None:
        draws = [lambda axes, n=n: axes.plot([0, 1], label=n) for n in "aba"]
        (key,) = plot_filmstrip([("t", draw) for draw in draws]).legends
        assert [t.get_text() for t in key.get_texts()] == ["a", "b"]

    def test_panels_are_as_high_as_they_need(self) -> None:
        def flat(axes: Axes) -> None:
            axes.set(xlim=(0, 4), ylim=(0, 1), aspect="equal")

        square, wide = (plot_filmstrip([("a", draw)] * 8) for draw in (points, flat))
        assert wide.get_figheight() < 0.7 * square.get_figheight()

    def test_no_panels(self) -> None:
        with pytest.raises(InputError, match="at least one panel"):
            plot_filmstrip([])


class TestImageGrids:
    IMAGES = RANDOM.integers(0, 256, (23, 8, 8, 1), dtype=np.uint8)

    def test_rows_of_columns(self) -> None:
        figure = image_grid(self.IMAGES, columns=8, row_labels=["a", "b", "c"], title="t")
        sheet = np.asarray(figure.axes[0].images[0].get_array())
        step = len(sheet) // 3
        assert sheet.shape[1] == 8 * step
        np.testing.assert_array_equal(
            sheet[::step, ::step, 0].ravel()[:23], self.IMAGES[:, 0, 0, 0]
        )
        assert (sheet[2 * step :, 7 * step :] == 255).all()  # where no image is left
        assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == ["a", "b", "c"]

    def test_grey_images_need_no_channel(self) -> None:
        assert png(image_grid(self.IMAGES[..., 0])) == png(image_grid(self.IMAGES))

    @pytest.mark.parametrize(
        ("images", "labels", "message"),
        [
            (IMAGES, ["a"], r"1 label\(s\) for 3 row\(s\) of images"),
            (
                IMAGES / 255,
                [],
                r"expected images \(n, h, w, c\) uint8, not \(23, 8, 8, 1\) float64",
            ),
            (IMAGES[:0], [], "expected images"),
            (IMAGES[0, 0], [], "expected images"),
        ],
    )
    def test_what_is_no_grid(self, images: np.ndarray, labels: list[str], message: str) -> None:
        with pytest.raises(InputError, match=message):
            image_grid(images, row_labels=labels)


def frames(count: int, width: float = 2) -> list[Figure]:
    made = []
    for i in range(count):
        figure = Picture(1.5, width)
        figure.subplots().plot([0, i], [0, 1])
        made.append(figure)
    return made


class TestAnimations:
    def test_a_frame_for_each_figure_and_the_last_one_stays(self, tmp_path: Path) -> None:
        animate(frames(4), tmp_path / "a.gif", milliseconds=200)
        assert [file.name for file in tmp_path.iterdir()] == ["a.gif"]
        times = []
        with Image.open(tmp_path / "a.gif") as film:
            assert (film.format, film.n_frames, film.info["loop"]) == ("GIF", 4, 0)
            assert film.size == (240, 180)
            for i in range(4):
                film.seek(i)
                times.append(film.info["duration"])
        assert times == [200, 200, 200, 800]

    def test_it_is_the_same_every_time(self, tmp_path: Path) -> None:
        for name in "ab":
            animate(frames(2), tmp_path / name)
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()

    def test_figures_of_two_sizes_lie_on_white(self, tmp_path: Path) -> None:
        animate([*frames(1), *frames(1, width=3)], tmp_path / "a.gif")
        with Image.open(tmp_path / "a.gif") as film:
            assert film.size == (360, 180)
            assert film.convert("RGB").getpixel((350, 100)) == (255, 255, 255)

    def test_what_cannot_be_animated(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="at least one figure"):
            animate([], tmp_path / "a.gif")
        with pytest.raises(RunError, match="cannot be written"):
            animate(frames(1), tmp_path / "no such folder" / "a.gif")
        assert not list(tmp_path.iterdir())
