from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from sparring.data.arrays import from_arrays, load_arrays
from sparring.errors import InputError

IMAGES = np.arange(2 * 8 * 9 * 3, dtype=np.uint32).astype(np.uint8).reshape(2, 8, 9, 3)


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("f2", "f4"),
        ("f4", "f4"),
        ("f8", "f8"),
        (">f8", "f8"),
        ("i8", "f8"),
        ("u1", "f8"),
        ("?", "f8"),
    ],
)
def test_points(dtype: str, expected: str) -> None:
    data = from_arrays(np.array([[0, 1], [1, 0]], dtype=dtype))
    assert data.x.dtype == np.dtype(expected)
    assert data.x.tolist() == [[0, 1], [1, 0]]
    assert data.y is None


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
def test_points_in_a_tensor(dtype: torch.dtype) -> None:
    x = torch.tensor([[0.5, 1], [2, 3]], dtype=dtype, requires_grad=True)
    data = from_arrays(x, torch.tensor([0, 1]))
    assert data.x.tolist() == [[0.5, 1], [2, 3]]
    assert data.x.dtype == (np.float64 if dtype == torch.float64 else np.float32)
    assert data.y is not None
    assert data.y.tolist() == [0, 1]


def test_a_list_of_rows() -> None:
    assert from_arrays([[1, 2], [3, 4]], ["a", "b"]).x.shape == (2, 2)


def test_images_have_channels_last() -> None:
    assert np.array_equal(from_arrays(IMAGES).x, IMAGES)
    assert from_arrays(IMAGES[..., 0]).x.shape == (2, 8, 9, 1)
    assert np.array_equal(from_arrays(torch.from_numpy(IMAGES)).x, IMAGES)


def test_a_tensor_of_images_may_have_channels_first() -> None:
    first = torch.from_numpy(IMAGES).permute(0, 3, 1, 2)
    assert np.array_equal(from_arrays(first).x, IMAGES)
    assert from_arrays(first[:, :1]).x.shape == (2, 8, 9, 1)
    with pytest.raises(InputError, match=r"shape \(2, 3, 8, 9\) .* c 1 or 3, last"):
        from_arrays(first.numpy())


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.array([[1.0, 2], [3, np.nan]]), r"nan at row 1, column 1 \(from 0\)"),
        (np.array([[1.0, -np.inf], [3, np.nan]]), "-inf at row 0, column 1"),
        (np.array([[1, None]], dtype=object), "object values"),
        (np.array([["a", "b"]]), "<U1 values"),
        (np.array([[1j, 2]]), "complex128 values"),
        (np.array([["2020-01-01"]], dtype="M8[D]"), "datetime64"),
        (np.array(3.0), r"shape \(\)"),
        (np.ones(3), r"shape \(3,\).*reshape\(-1, 1\)"),
        (pd.Series([1.0, 2.0]), r"shape \(2,\).*reshape\(-1, 1\)"),
        (np.ones((1, 2)), "n = 1 samples"),
        (np.ones((0, 2)), "n = 0 samples"),
        (np.ones((2, 0)), "1 or more columns"),
        (np.ones((2, 8, 8)), "float64 images"),
        (np.ones((2, 8, 8, 2), np.uint8), r"shape \(2, 8, 8, 2\)"),
        (np.ones((2, 0, 8, 3), np.uint8), r"shape \(2, 0, 8, 3\)"),
        (np.ones((2, 8, 8, 1, 1), np.uint8), r"shape \(2, 8, 8, 1, 1\)"),
        ([[1, 2], [3]], "rows of different lengths"),
        ({1, 2}, "set"),
        (None, "NoneType"),
    ],
)
def test_refused(x: Any, message: str) -> None:
    with pytest.raises(InputError, match=f"^data: .*{message}") as error:
        from_arrays(x)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "y",
    [[0, 1], np.array(["a", "b"]), pd.Series(["a", "b"]), pd.Categorical([1, 2]), [True, False]],
)
def test_labels(y: Any) -> None:
    labels = from_arrays(np.ones((2, 1)), y).y
    assert labels is not None
    assert labels.tolist() == list(y)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([0, 1, 2], r"shape \(3,\) \(accepted: \(2,\)"),
        ([[0], [1]], r"shape \(2, 1\)"),
        ([0, np.nan], r"nan at row 1 \(from 0\)"),
        (pd.Series(["a", None]), "nan at row 1"),
        ("ab", "str"),
    ],
)
def test_labels_refused(y: Any, message: str) -> None:
    with pytest.raises(InputError, match=f"^labels of data: .*{message}"):
        from_arrays(np.ones((2, 1)), y)


def test_npy(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", IMAGES)
    assert np.array_equal(load_arrays(tmp_path / "a.npy").x, IMAGES)


@pytest.mark.parametrize("x_key", ["x", "X", "images", "data", "arr_0"])
@pytest.mark.parametrize("y_key", ["y", "labels", "label", "target", "other"])
def test_npz(tmp_path: Path, x_key: str, y_key: str) -> None:
    content: dict[str, Any] = {x_key: np.eye(3), y_key: np.array(["a", "b", "c"])}
    np.savez(tmp_path / "a.npz", **content)
    data = load_arrays(tmp_path / "a.npz")
    assert data.x.tolist() == np.eye(3).tolist()
    assert (data.y is None) == (y_key == "other")


def test_npz_without_a_known_key(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", weights=np.eye(3), bias=np.eye(3))
    with pytest.raises(InputError, match=r"a\.npz: holds weights, bias \(accepted: x, X, images"):
        load_arrays(tmp_path / "a.npz")


def damaged(folder: Path) -> dict[str, bytes]:
    np.savez_compressed(folder / "whole.npz", x=np.random.default_rng(0).normal(size=(99, 2)))
    np.save(folder / "whole.npy", np.eye(9))
    np.save(folder / "pickle.npy", np.array([[{}]], dtype=object), allow_pickle=True)
    npz, npy = (folder / "whole.npz").read_bytes(), (folder / "whole.npy").read_bytes()
    half = len(npz) // 2
    np.savez(folder / "plain.npz", x=np.zeros((99, 2)))
    plain = (folder / "plain.npz").read_bytes()
    directory = plain.index(b"PK\x01\x02")
    secret, method = bytearray(plain), bytearray(plain)
    secret[6] |= 1  # The flag of an encrypted member, which zipfile answers with a RuntimeError
    secret[directory + 8] |= 1
    method[8] = method[directory + 10] = 99  # and an unknown compression with NotImplementedError.
    return {
        "encrypted.npz": bytes(secret),
        "method.npz": bytes(method),
        "header.npy": npy.replace(b"(9, 9)", b"((9, 9"[:6]),
        "huge.npy": npy.replace(b"(9, 9), }" + b" " * 11, b"(9, 999999999999), }"),
        "empty.npy": b"",
        "text.npy": b"x,y\n1,2\n",
        "cut.npy": npy[:200],
        "cut.npz": npz[:-30],
        "bits.npz": npz[:half] + b"\xff" * 8 + npz[half + 8 :],
        "pickle.npy": (folder / "pickle.npy").read_bytes(),
    }


@pytest.mark.parametrize(
    "name",
    [
        "empty.npy",
        "text.npy",
        "cut.npy",
        "cut.npz",
        "bits.npz",
        "pickle.npy",
        "encrypted.npz",
        "method.npz",
        "header.npy",
        "huge.npy",
    ],
)
def test_damaged_files(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(damaged(tmp_path)[name])
    with pytest.raises(InputError, match=f"{re.escape(name)}: not a readable NumPy file") as error:
        load_arrays(tmp_path / name)
    assert "\n" not in str(error.value)
