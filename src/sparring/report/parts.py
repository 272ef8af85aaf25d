"""What a page is made of: sections of words, pictures and tables, as the template shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from sparring.kinds.style import png
from sparring.report.html import inline, small


@dataclass(frozen=True)
class Plate:
    """A picture in the page.

    Attributes:
        source: data URI.
        alt: what it shows, for those who do not see it.
        caption: what is written below it.
        chart: whether its white is paper, which may be dark; of photographs it is light.
        wide: whether it has a line of the page to itself.
    """

    source: str
    alt: str
    caption: str
    chart: bool = True
    wide: bool = False


@dataclass(frozen=True)
class Sheet:
    """A table in the page.

    Attributes:
        caption: what it holds; read to those who do not see it.
        head: one text for each column.
        rows: cells, as many as the head has.
        numbers: positions of columns that are set flush right.
    """

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Section:
    """A part of the page under a heading of its own.

    Attributes:
        title: the heading.
        words: paragraphs.
        plates, sheets: pictures and tables.
        commands: lines to type.
        missing: why there is nothing to show, or "".
    """

    title: str
    words: Sequence[str] = ()
    plates: Sequence[Plate] = ()
    sheets: Sequence[Sheet] = ()
    commands: Sequence[str] = ()
    missing: str = ""

    @property
    def anchor(self) -> str:
        """What a link to it ends in."""
        return self.title.lower().replace(" ", "-")


def drawn(
    figure: Figure, alt: str, caption: str, *, chart: bool = True, wide: bool = False
) -> Plate:
    """A figure as a plate."""
    return Plate(inline(small(png(figure))), alt, caption, chart, wide)
