"""Samples beside the training images nearest to them."""

from __future__ import annotations

import numpy as np
import pytest

from sparring.kinds.style import png
from sparring.report import neighbours
from sparring.report.neighbours import nearest, plot_neighbours

RANDOM = np.random.default_rng(0)
TRAIN = RANDOM.integers(0, 256, (30, 4, 4, 1), dtype=np.uint8)


def test_the_nearest_come_first_whatever_the_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.concatenate([TRAIN[[7, 21]], RANDOM.integers(0, 256, (3, 4, 4, 1), dtype=np.uint8)])
    found = nearest(images, TRAIN, 5)
    assert found.shape == (5, 5)
    assert found[:2, 0].tolist() == [7, 21]
    distance = ((images[:, None].astype(float) - TRAIN[None]) ** 2).sum((2, 3, 4))
    assert np.array_equal(found, distance.argsort(1, kind="stable")[:, :5])
    monkeypatch.setattr(neighbours, "PART", 7)
    assert np.array_equal(nearest(images, TRAIN, 5), found)


def test_fewer_training_images_than_neighbours() -> None:
    assert nearest(TRAIN[:2], TRAIN[:3]).shape == (2, 3)


def test_the_picture_has_a_row_for_each_sample() -> None:
    figure = plot_neighbours(TRAIN[:3], TRAIN, names=["a", "b", "$c"])
    samples, beside = figure.axes
    assert [t.get_text() for t in samples.get_yticklabels()] == ["a", "b", r"\$c"]
    assert samples.get_title() == "sample"
    assert beside.images[0].get_array().shape[1] > 5 * samples.images[0].get_array().shape[1]
    assert png(figure)
