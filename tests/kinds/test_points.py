from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.errors import ConfigError, InputError
from sparring.kinds.points import FEW_ROWS, LITTLE_TIME, SCALINGS, Points

X = np.random.default_rng(0).normal([5.0, -300.0], [0.1, 40.0], (500, 2))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_encoded_points_are_standardised_and_come_back_in_their_dtype(dtype: type) -> None:
    points = Dataset(X.astype(dtype))
    kind = Points.fit(points, Config())
    (z,) = kind.encode(points)
    assert z.dtype == torch.float32
    torch.testing.assert_close(z.mean(0), torch.zeros(2), atol=1e-5, rtol=0)
    torch.testing.assert_close(z.std(0, correction=0), torch.ones(2))
    back = kind.decode(z, None).x
    assert back.dtype == dtype
    np.testing.assert_allclose(back, points.x, rtol=1e-5)


@pytest.mark.parametrize(
    ("scaling", "expected"),
    [
        ("standard", (X - X.mean(0)) / X.std(0)),
        ("min-max", (X - X.min(0)) / (X.max(0) - X.min(0))),
        ("none", X),
    ],
)
def test_points_are_scaled_as_asked_and_come_back(scaling: str, expected: np.ndarray) -> None:
    points = Dataset(X)
    kind = Points.fit(points, Config(scaling=scaling))
    (z,) = kind.encode(points)
    np.testing.assert_allclose(z, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(kind.decode(z, None).x, X, rtol=1e-5)
    again = Points.from_dict(kind.to_dict())
    assert again == kind
    assert again.views(points)[0].space == SCALINGS[scaling].space


def test_a_model_from_before_scaling_was_a_setting_is_standardised() -> None:
    saved = Points.fit(Dataset(X), Config()).to_dict()
    del saved["scaling"]
    assert Points.from_dict(saved).views(Dataset(X))[0].space == "standardised"


def test_an_unknown_scaling_is_named() -> None:
    with pytest.raises(ConfigError, match=r"unknown scaling 'minmax'; did you mean 'min-max'"):
        Points.fit(Dataset(X), Config(scaling="minmax"))


def test_a_coordinate_that_never_moves_comes_back() -> None:
    points = Dataset(np.c_[X[:, 0], np.full(500, 0.1)])
    kind = Points.fit(points, Config())
    np.testing.assert_allclose(kind.decode(kind.encode(points)[0], None).x[:, 1], 0.1)


def test_labels_come_back() -> None:
    points = Dataset(X[:3], np.array(["b", "a", "b"]))
    kind = Points.fit(points, Config())
    indices = kind.encode_labels(points)
    assert indices is not None
    y = kind.decode(kind.encode(points)[0], indices).y
    assert y is not None
    assert y.tolist() == ["b", "a", "b"]


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((3, 4)), "rows has points of 4 coordinate.*the model's have 2"),
        (np.zeros((3, 8, 8, 1), np.uint8), "rows holds no points"),
        (pd.DataFrame({"a": [1.0], "b": [2.0]}), "rows holds no points"),
    ],
)
def test_rows_that_do_not_fit(x: np.ndarray | pd.DataFrame, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Points.fit(Dataset(X), Config()).encode(Dataset(x, name="rows"))


def test_numbers_beyond_computing_are_refused() -> None:
    with pytest.raises(InputError, match=r"rows holds a number that is not within 1e\+60 of 0"):
        Points.fit(Dataset(np.array([[0.0], [1e300]]), name="rows"), Config())


def test_gamma_falls_less_far_for_few_rows() -> None:
    few, many = (Points.defaults_for(FEW_ROWS + more, Config()) for more in (-1, 0))
    assert many == Points.defaults
    assert few["gamma_decay"] > many["gamma_decay"]
    assert few.keys() == many.keys()


def test_little_time_trains_smaller_nets() -> None:
    little, enough = (
        Points.defaults_for(500, Config(minutes=share * LITTLE_TIME)) for share in (0.5, 1.0)
    )
    assert enough == Points.defaults_for(500, Config()) == Points.defaults
    assert little["width"] < enough["width"]
    assert little.keys() == enough.keys()


def test_rows_without_labels_have_no_class() -> None:
    kind = Points.fit(Dataset(X[:2], np.array([0, 1])), Config())
    with pytest.raises(InputError, match="rows has no labels; this model is conditional"):
        kind.encode_labels(Dataset(X, name="rows"))
