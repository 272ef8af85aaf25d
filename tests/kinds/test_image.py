from __future__ import annotations

import numpy as np
import pytest
import torch

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.errors import ConfigError, InputError
from sparring.kinds import image
from sparring.kinds.image import Image

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("side", [8, 11, 64])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("scaling", "low"), [(None, -1), ("symmetric", -1), ("min-max", 0)])
def test_every_byte_comes_back(side: int, channels: int, scaling: str | None, low: int) -> None:
    shape = (4, side, side, channels)
    images = Dataset(np.resize(np.arange(256, dtype=np.uint8), shape))
    kind = Image.fit(images, Config(scaling=scaling))
    kind = Image.from_dict(kind.to_dict())
    raw = kind.encode(images)
    assert raw[0].dtype == torch.uint8
    x = kind.prepare(raw, torch.Generator())
    assert x.shape == (4, channels, side, side)
    assert (x.min(), x.max()) == (low, 1)
    back = kind.decode(x, None).x
    assert back.dtype == np.uint8
    np.testing.assert_array_equal(back, images.x)


def test_an_unknown_scaling_is_named() -> None:
    with pytest.raises(ConfigError, match=r"unknown scaling 'none' \(valid: symmetric, min-max\)"):
        Image.fit(Dataset(np.zeros((2, 8, 8, 1), np.uint8)), Config(scaling="none"))


def test_what_G_makes_beyond_black_and_white_is_black_and_white() -> None:
    kind = Image.fit(Dataset(np.zeros((2, 8, 8, 1), np.uint8)), Config())
    x = torch.full((1, 1, 8, 8), -1.7)
    x[..., 0] = 1.7
    assert np.unique(kind.decode(x, None).x).tolist() == [0, 255]


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((2, 8, 9, 1), "rows: images are 9 x 8 pixels; they must be square, 8 to 64"),
        ((2, 7, 7, 1), "images are 7 x 7 pixels"),
        ((2, 65, 65, 1), "images are 65 x 65 pixels"),
        ((2, 8, 8, 2), "rows: 2 channels; images have 1 or 3"),
        ((2, 8), "rows holds no images"),
    ],
)
def test_what_is_no_image(shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Image.fit(Dataset(np.zeros(shape, np.uint8), name="rows"), Config())


def test_images_of_another_size_do_not_fit() -> None:
    kind = Image.fit(Dataset(np.zeros((2, 8, 8, 1), np.uint8)), Config())
    with pytest.raises(InputError, match=r"rows has images of shape \(9, 9, 1\), the model's are"):
        kind.encode(Dataset(np.zeros((2, 9, 9, 1), np.uint8), name="rows"))


def test_the_feature_space_is_fitted_on_real_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "PCA_ROWS", 30)
    monkeypatch.setattr(image, "PART_ROWS", 7)
    real = Dataset(RANDOM.integers(0, 256, (100, 8, 8, 1), dtype=np.uint8))
    kind = Image.fit(real, Config())
    alone, same, other = kind.views(real, real, Dataset(255 - real.x[:9]))
    assert alone.space == "pixels-pca25"
    assert alone.features.shape == (100, 25)
    np.testing.assert_array_equal(alone.features, same.features)
    np.testing.assert_array_equal(alone.features, kind.views(real)[0].features)
    assert len(other) == 9


def test_images_all_alike_have_a_feature_space_too() -> None:
    real = Dataset(np.zeros((5, 8, 8, 1), np.uint8))
    views = Image.fit(real, Config()).views(real)
    assert not views[0].features.any()


def test_what_differs_with_the_network() -> None:
    found = {name: Image.defaults_for(100, Config(network=name)) for name in (
        "dcgan", "resnet", "mlp", "residual-mlp"
    )}  # fmt: skip
    changed = {
        name: {key for key in mine if mine[key] != Image.defaults[key]}
        for name, mine in found.items()
    }
    perceptrons = {"gamma", "gamma_decay", "width"}
    assert Image.defaults_for(100, Config()) == Image.defaults
    assert changed == {
        "dcgan": set(), "resnet": {"output_activation"},
        "mlp": perceptrons | {"output_activation"}, "residual-mlp": perceptrons | {"learning_rate"},
    }  # fmt: skip
    assert found["residual-mlp"]["learning_rate"] < Image.defaults["learning_rate"]
    assert all(mine.keys() == Image.defaults.keys() for mine in found.values())
