"""How every figure looks: its size, its letters, and colours that everyone can tell apart."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import matplotlib.style
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from sparring.files import write_whole

T = TypeVar("T")

WIDTH, DPI = 7.5, 120  # inches, dots per inch: letters of 11 points can still be read at half size
REAL, FAKE = "#0072B2", "#D55E00"  # Okabe and Ito's blue and vermilion
COLOURS = (REAL, FAKE, "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
CLASSES = COLOURS[2:] + COLOURS[:2]  # few classes are not taken for real and generated rows
LINES = ("-", "--", "-.", ":")
INK, QUIET = "#222222", "#999999"
# What D says of a place or a sample: vermilion is surely generated, blue is surely real.
SAYS = LinearSegmentedColormap.from_list("says", [FAKE, "#E8E4DF", REAL])
SAYS_PALE = LinearSegmentedColormap.from_list("says-pale", ["#EFA873", "#FFFFFF", "#7FB7DB"])

# A figure looks the same whatever style its reader's notebook or matplotlibrc sets.
house_style = matplotlib.style.context(
    [
        "default",
        {
            "font.size": 11,
            "axes.titlesize": 11,
            "axes.labelsize": 11,
            "figure.titlesize": 12,
            "legend.frameon": False,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.axisbelow": True,
        },
    ]
)


class Picture(Figure):
    """A figure of the house, `width` x `height` inches on white, that a notebook shows by itself.

    Pyplot keeps a list of the figures it made, which notebooks ask; this one is in no list.
    """

    @house_style
    def __init__(
        self, height: float, width: float = WIDTH, layout: str | None = "constrained"
    ) -> None:
        super().__init__(figsize=(width, height), dpi=DPI, layout=layout)  # type: ignore[arg-type]

    @house_style
    def draw(self, renderer: RendererBase) -> None:
        with quietly():  # ticks and layout are made only now
            super().draw(renderer)

    def _repr_png_(self) -> bytes:
        return png(self)


@contextmanager
def quietly() -> Iterator[None]:
    """Names in a script that the font lacks show as boxes; the rest is still worth having."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")
        yield


@house_style
def pixels(label: str) -> float:
    """How wide a text is in a figure."""
    with quietly():
        return Picture(1).text(0, 0, label).get_window_extent().width


def png(figure: Figure) -> bytes:
    """A figure as the bytes of a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, whole or not at all.

    Raises:
        RunError: it cannot be written.
    """
    write_whole(path, lambda file: file.write(png(figure)))


def palette(names: Iterable[str]) -> list[str]:
    """A colour for each set of rows; generated rows that are alone keep theirs."""
    names = list(names)
    colours = [FAKE] if names == ["generated"] else COLOURS
    return [colours[i % len(colours)] for i in range(len(names))]


def entitle(figure: Figure, title: str) -> None:
    """Put a title over a figure, if there is one."""
    if title:
        figure.suptitle(text(title, 90))


def text(value: object, most: int = 20) -> str:
    """A name as matplotlib must get it: not too long, and no dollar starts a formula."""
    words = " ".join(str(value).split())
    words = words if len(words) <= most else words[: most - 1] + "…"
    return words.replace("$", r"\$")


def named(fake: T, real: T | None) -> dict[str, T]:
    """What figures call the two, in the order that they show them."""
    return {"generated": fake} if real is None else {"real": real, "generated": fake}
