"""What all pages share: pictures that are small enough, and colours that can be read."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pytest
from PIL import Image

from sparring.report.html import LARGEST, PALETTES, inline, small


def noise(suffix: str) -> bytes:
    """A picture that no compression makes small; a GIF has two frames."""
    random = np.random.default_rng(0)
    frames = [
        Image.fromarray(random.integers(0, 256, (150, 210, 3), dtype=np.uint8)) for _ in range(2)
    ]
    buffer = io.BytesIO()
    if suffix == ".gif":
        frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=[100, 400])
    else:
        frames[0].save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("suffix", LARGEST)
def test_pictures_are_made_small_enough(suffix: str) -> None:
    data = noise(suffix)
    assert len(data) > 20_000
    reduced = small(data, suffix, 20_000)
    assert len(reduced) <= 20_000
    with Image.open(io.BytesIO(reduced)) as picture:
        assert getattr(picture, "n_frames", 1) == (2 if suffix == ".gif" else 1)
        assert picture.width / picture.height == pytest.approx(1.4, rel=0.02)


@pytest.mark.parametrize("suffix", LARGEST)
def test_small_pictures_stay_as_they_are(suffix: str) -> None:
    data = noise(suffix)
    assert small(data, suffix, len(data)) is data


def test_a_picture_is_text_in_the_page() -> None:
    assert inline(b"\x00\xff", "gif") == "data:image/gif;base64,AP8="


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb (WCAG 2.1)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(a: str, b: str) -> float:
    low, high = sorted(map(luminance, (a, b)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("mode", PALETTES)
def test_every_text_can_be_read(mode: str) -> None:
    palette = PALETTES[mode]
    texts = sorted(palette.keys() - {"paper", "card", "line"})
    for name, behind in itertools.product(texts, ("paper", "card")):
        assert contrast(palette[name], palette[behind]) >= 4.5, (name, behind)
