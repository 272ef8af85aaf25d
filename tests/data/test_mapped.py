"""Arrays in files without a name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sparring.data import mapped as module
from sparring.data.mapped import Growing, mapped, rows_of
from sparring.errors import RunError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SPARRING_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_parts_become_one_array_and_no_file(cache: Path) -> None:
    parts = [np.arange(6, dtype=np.uint8).reshape(3, 2), np.full((1, 2), 9, np.uint8)]
    whole = mapped(iter(parts))
    assert isinstance(whole, np.memmap)
    assert whole.dtype == np.uint8
    assert whole.tolist() == [[0, 1], [2, 3], [4, 5], [9, 9]]
    whole[0] = 7
    assert whole[0].tolist() == [7, 7]
    assert list(cache.iterdir()) == []


def test_rows_without_content() -> None:
    assert mapped([np.empty((3, 0), np.float32), np.empty((2, 0), np.float32)]).shape == (5, 0)


def test_rows_of_a_mapped_array_are_mapped_if_they_are_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    array = mapped([np.arange(40, dtype=np.uint8).reshape(20, 2)])
    rows = np.array([3, 1, 1, 19])
    few = rows_of(array, rows)
    monkeypatch.setattr(module, "HELD_BYTES", 7)
    monkeypatch.setattr(module, "PART_BYTES", 6)
    many = rows_of(array, rows)
    assert few.tolist() == many.tolist() == array[rows].tolist()
    assert not isinstance(few, np.memmap)
    assert isinstance(many, np.memmap)
    assert not isinstance(rows_of(np.zeros((20, 2)), rows), np.memmap)


def test_a_full_disk_is_one_error() -> None:
    with Growing() as whole:
        whole.file.close()
        whole.file = open("/dev/full", "wb", buffering=0)  # noqa: SIM115
        with pytest.raises(RunError, match=r"cannot be written \(No space left on device"):
            whole.append(np.zeros(10))


def test_a_cache_that_cannot_be_made(cache: Path) -> None:
    cache.write_text("a file")
    with pytest.raises(RunError, match="cache: cannot be written"):
        Growing()
