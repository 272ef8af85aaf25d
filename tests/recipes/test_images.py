"""The verdict of collapse, and pictures of many digits."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest

from sparring.data.dataset import Dataset
from sparring.evaluate import image_classifier
from sparring.kinds.style import Picture
from sparring.recipes import images
from sparring.recipes.base import Results
from sparring.recipes.images import (
    Reference,
    collapsed,
    columns,
    draw_beside,
    draw_sheet,
    mean_distance,
    numbers,
    reference,
)


@pytest.fixture(scope="module")
def real() -> Iterator[Reference]:
    """Blots at ten places, which a small network tells apart; the place is the label."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(image_classifier, "MAX_STEPS", 60)
        patch.setattr(image_classifier, "MIN_STEPS", 60)
        patch.setattr(images, "open_source", lambda name: blots(600 if name == "mnist" else 300))
        images.opened.cache_clear()
        reference.cache_clear()
        yield reference(True)
        images.opened.cache_clear()
        reference.cache_clear()


def blots(n: int) -> Dataset:
    random = np.random.default_rng(n)
    y = np.arange(n) % 10
    x = random.integers(0, 60, (n, 28, 28, 1), dtype=np.uint8)
    for i, place in enumerate(y):
        top, left = divmod(int(place), 4)
        x[i, 8 * top : 8 * top + 7, 7 * left : 7 * left + 6] = random.integers(150, 255)
    return Dataset(x, y.astype(np.int64), "mnist")


def test_real_images_have_not_collapsed(real: Reference) -> None:
    values = numbers(np.asarray(blots(250).x), real)
    assert values["spread"] == pytest.approx(1, abs=0.1)
    assert values["entropy"] > 0.9
    assert values["coverage"] > 0.8
    assert not collapsed(values)


def test_one_image_for_all_latents_is_a_collapse(real: Reference) -> None:
    values = numbers(np.repeat(np.asarray(blots(1).x), 250, axis=0), real)
    assert values["spread"] == 0
    assert values["entropy"] == 0
    assert collapsed(values)


def test_noise_of_one_digit_is_a_collapse(real: Reference) -> None:
    ones = blots(2500)
    values = numbers(np.asarray(ones.x)[ones.y == 3], real)
    assert values["entropy"] < 0.5
    assert collapsed(values)


def test_the_floor_is_what_real_images_give(real: Reference) -> None:
    assert real.floor["floor of spread"] == pytest.approx(1, abs=0.1)
    assert real.floor["floor of distance"] < numbers(255 - real.test, real)["distance"] / 10


def test_the_mean_distance_is_that_of_all_pairs() -> None:
    x = np.zeros((3, 2, 2, 1), np.uint8)
    x[1], x[2] = 255, 51
    assert mean_distance(x) == pytest.approx((2 + 0.4 + 1.6) / 3)


def test_quick_takes_the_first_images(real: Reference) -> None:
    assert len(real.test) == 300
    assert images.digits(False, 0, True).y is None
    assert images.digits(True, 0, True).y is not None


def test_sheets_show_eight_or_five_in_a_row() -> None:
    for n, wide in ((64, 8), (50, 5)):
        x = np.zeros((n, 28, 28, 1), np.uint8)
        assert columns(x) == wide
        axes = Picture(2.0).subplots()
        draw_sheet(x, axes)
        shown = axes.images[0].get_array()
        assert shown is not None
        assert shown.shape == (n // wide * 28, wide * 28)


def test_grids_side_by_side_are_of_one_size(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = {"plain": 64, "labelled": 50}
    monkeypatch.setattr(
        images, "shown", lambda model: np.zeros((counts[model], 28, 28, 1), np.uint8)
    )
    results = Results({}, lambda key, seed: pytest.fail("not opened"))
    monkeypatch.setattr(Results, "trained", lambda self, name: SimpleNamespace(model=name))
    figure = draw_beside({"plain": "one", "labelled": "other"}, results)
    shapes = {axes.images[0].get_array().shape for axes in figure.axes if axes.images}
    assert shapes == {(10 * 28, 5 * 28)}
