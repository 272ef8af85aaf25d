"""What all pages share: one stylesheet, light and dark, and pictures that travel inside them."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import jinja2
from PIL import Image

TEMPLATES = Path(__file__).parent / "templates"
LARGEST = {".png": 100_000, ".gif": 500_000}  # bytes of a picture in a page
COLOURS = (256, 128, 64, 32)

# Colours of a page by their names in the stylesheet, on light and on dark paper. Each but `line`
# is read as text on `paper` and on `card`, at a contrast of 4.5 at least (WCAG AA).
PALETTES: dict[str, dict[str, str]] = {
    "light": {
        "paper": "#ffffff", "card": "#f4f4f2", "line": "#d0d0d0", "ink": "#1c1c1c",
        "quiet": "#5c5c5c", "good": "#00664b", "bad": "#a33f00", "link": "#005a8f",
    },
    "dark": {
        "paper": "#15171a", "card": "#202327", "line": "#45494f", "ink": "#e8e8e8",
        "quiet": "#a9a9a9", "good": "#4fc7a0", "bad": "#f0985a", "link": "#7fc4f0",
    },
}  # fmt: skip


def environment(folder: Path, *, escape: bool = True) -> jinja2.Environment:
    """Templates of a folder, and those that all pages share.

    Args:
        escape: whether what is filled in is text, no markup.
    """
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader([folder, TEMPLATES]),
        autoescape=escape,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    made.globals["palettes"] = PALETTES
    return made


def inline(data: bytes, kind: str = "png") -> str:
    """A picture as a data URI."""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def small(data: bytes, suffix: str = ".png", most: int | None = None) -> bytes:
    """A picture's bytes, in fewer colours and then smaller until they are few enough.

    Args:
        suffix: key of LARGEST.
        most: how many bytes it may have; omitted = as LARGEST says.
    """
    most = LARGEST[suffix] if most is None else most
    reduced, scale = data, 1.0
    while len(reduced) > most:
        for colours in COLOURS:
            reduced = _reduced(data, suffix, colours, scale)
            if len(reduced) <= most:
                break
        scale *= 0.85
    return reduced


def _reduced(data: bytes, suffix: str, colours: int, scale: float) -> bytes:
    """A picture (every frame of it) in so many colours, at `scale` times its size."""
    with Image.open(io.BytesIO(data)) as picture:
        frames, times = [], []
        for i in range(getattr(picture, "n_frames", 1)):
            picture.seek(i)
            size = (round(picture.width * scale), round(picture.height * scale))
            frame = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
            frames.append(frame.quantize(colours, dither=Image.Dither.NONE))
            times.append(picture.info.get("duration", 0))
    buffer = io.BytesIO()
    if suffix == ".gif":
        frames[0].save(
            buffer, "GIF", save_all=True, append_images=frames[1:], duration=times, loop=0
        )
    else:
        frames[0].save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
