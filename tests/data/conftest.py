"""Files that several tests of sources need."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

IdxBytes = Callable[[np.ndarray], bytes]
WriteIdx = Callable[[Path, np.ndarray], None]


@pytest.fixture(scope="session")
def idx_bytes() -> IdxBytes:
    """idx_bytes(array): the content of an IDX file."""

    def build(array: np.ndarray) -> bytes:
        header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
        return header + array.astype(np.uint8).tobytes()

    return build


@pytest.fixture(scope="session")
def write_idx(idx_bytes: IdxBytes) -> WriteIdx:
    """write_idx(path, array): an IDX file, gzipped if the name says so."""

    def write(path: Path, array: np.ndarray) -> None:
        content = idx_bytes(array)
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)

    return write


@pytest.fixture
def idx_folder(tmp_path: Path, write_idx: WriteIdx) -> Path:
    """Five train and three test images of 4 x 3 pixels, the second split raw and with dots."""
    folder = tmp_path / "shapes"
    folder.mkdir()
    pixels = np.arange(8 * 12).reshape(8, 4, 3)
    write_idx(folder / "train-images-idx3-ubyte.gz", pixels[:5])
    write_idx(folder / "train-labels-idx1-ubyte.gz", np.arange(5))
    write_idx(folder / "t10k-images.idx3-ubyte", pixels[5:])
    write_idx(folder / "t10k-labels.idx1-ubyte", np.arange(5, 8))
    return folder
