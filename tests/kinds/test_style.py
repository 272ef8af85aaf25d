from __future__ import annotations

import io
from pathlib import Path

import matplotlib
import matplotlib.style
import numpy as np
import pytest
from PIL import Image

from sparring.errors import RunError
from sparring.kinds.style import (
    CLASSES,
    COLOURS,
    DPI,
    FAKE,
    Picture,
    house_style,
    palette,
    png,
    save,
    text,
)


@house_style
def drawn(title: str = "hello") -> Picture:
    figure = Picture(2, width=3)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1])
    axes.set_title(title)
    return figure


def test_a_notebook_is_given_a_png() -> None:
    image = Image.open(io.BytesIO(drawn()._repr_png_()))
    assert (image.format, image.size) == ("PNG", (3 * DPI, 2 * DPI))
    assert drawn().canvas.manager is None  # pyplot would show it once more


def test_it_looks_the_same_whatever_style_the_reader_has_set() -> None:
    plain = png(drawn())
    with matplotlib.style.context(["dark_background", {"font.size": 30, "axes.grid": True}]):
        assert png(drawn()) == plain
        assert matplotlib.rcParams["font.size"] == 30
    corner = Image.open(io.BytesIO(plain)).convert("RGB").getpixel((0, 0))
    assert corner == (255, 255, 255)


def test_names_that_the_font_lacks_are_no_warning() -> None:
    assert png(drawn("名前"))


def test_a_figure_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    save(drawn(), tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == png(drawn())
    with pytest.raises(RunError, match="cannot be written"):
        save(drawn(), tmp_path / "no such folder" / "a.png")


def luminance(colour: str) -> float:
    """Of sRGB, in [0, 1] (WCAG 2.2)."""
    c = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def test_colours_are_told_apart() -> None:
    assert len(set(COLOURS)) == len(COLOURS)
    assert set(CLASSES) == set(COLOURS)
    assert not set(CLASSES[:5]) & set(palette(["real", "generated"]))
    # Real and generated stand out from white, 3 : 1 at least.
    for colour in palette(["real", "generated"]):
        assert 1.05 / (luminance(colour) + 0.05) > 3


def test_generated_rows_keep_their_colour() -> None:
    assert palette(["generated"]) == [FAKE] == palette(["real", "generated"])[1:]
    assert len(palette(map(str, range(9)))) == 9


@pytest.mark.parametrize(
    ("value", "shown"),
    [(3, "3"), ("a  b\n", "a b"), ("x" * 30, "x" * 19 + "…"), ("$x^2$", r"\$x^2\$")],
)
def test_names_are_short_and_no_formulas(value: object, shown: str) -> None:
    assert text(value) == shown
