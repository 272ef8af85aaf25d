from __future__ import annotations

import gzip
import hashlib
import io
import urllib.error
from collections.abc import Callable
from http.client import IncompleteRead
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sparring.data import idx
from sparring.errors import InputError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, no data folder, and no network."""

    def refuse(url: str, timeout: float) -> Any:
        raise urllib.error.URLError("no network")

    monkeypatch.delenv("SPARRING_DATA", raising=False)
    monkeypatch.setenv("SPARRING_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("urllib.request.urlopen", refuse)
    return tmp_path / "cache"


@settings(max_examples=40)
@given(array=arrays(np.uint8, st.tuples(*[st.integers(0, 6)] * 3)), zipped=st.booleans())
def test_round_trip(tmp_path_factory: Any, write_idx: Any, array: np.ndarray, zipped: bool) -> None:
    path = tmp_path_factory.mktemp("idx") / ("a.gz" if zipped else "a")
    write_idx(path, array)
    back = idx.read_idx(path, dimensions=3)
    assert back.dtype == np.uint8
    assert back.flags.writeable
    assert np.array_equal(back, array)


def test_the_content_tells_whether_a_file_is_gzipped(idx_bytes: Any, tmp_path: Path) -> None:
    path = tmp_path / "labels.gz"
    path.write_bytes(idx_bytes(np.arange(3)))
    assert idx.read_idx(path, dimensions=1).tolist() == [0, 1, 2]


def test_opens_both_splits(idx_folder: Path) -> None:
    train, test = idx.open_idx(idx_folder), idx.open_idx(idx_folder, "test")
    assert (train.name, test.name) == ("shapes", "shapes-test")
    assert train.x.shape == (5, 4, 3, 1)
    assert train.x.dtype == np.uint8
    assert train.y is not None
    assert train.y.dtype == np.int64
    assert train.y.tolist() == [0, 1, 2, 3, 4]
    assert test.x[0, 0, :, 0].tolist() == [60, 61, 62]


@pytest.mark.parametrize("cut", [0, 3, 10, 15, 30])
def test_truncated_file(idx_bytes: Any, idx_folder: Path, cut: int) -> None:
    path = idx_folder / "train-images-idx3-ubyte.gz"
    whole = idx_bytes(np.zeros((5, 4, 3)))
    path.write_bytes(whole[:cut])
    expected = {0: "magic", 3: "magic", 10: "header of 16 bytes, found 10"}
    expected |= {15: "header of 16 bytes, found 15", 30: "expected 76 bytes, found 30"}
    with pytest.raises(InputError, match=expected[cut]) as error:
        idx.open_idx(idx_folder)
    assert str(path) in str(error.value)


def test_truncated_gzip_says_how_much_there_is(idx_bytes: Any, idx_folder: Path) -> None:
    path = idx_folder / "train-images-idx3-ubyte.gz"
    noise = np.random.default_rng(0).integers(256, size=(50, 28, 28))
    path.write_bytes(gzip.compress(idx_bytes(noise))[:20_000])
    with pytest.raises(InputError, match=r"truncated IDX file: expected 39216 bytes, found \d+"):
        idx.open_idx(idx_folder)


def test_damaged_gzip(idx_folder: Path) -> None:
    path = idx_folder / "train-images-idx3-ubyte.gz"
    content = bytearray(path.read_bytes())
    content[12:20] = b"\xff" * 8
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"train-images-idx3-ubyte\.gz: damaged gzip file"):
        idx.open_idx(idx_folder)


def test_too_many_bytes(idx_bytes: Any, idx_folder: Path) -> None:
    path = idx_folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(idx_bytes(np.zeros((5, 4, 3))) + b"more")
    with pytest.raises(InputError, match="expected 76 bytes, found 80"):
        idx.open_idx(idx_folder)


def test_wrong_magic_number(idx_bytes: Any, idx_folder: Path) -> None:
    path = idx_folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(idx_bytes(np.zeros(5)))
    with pytest.raises(InputError, match=r"0x00000801 .* \(accepted: 0x00000803\)"):
        idx.open_idx(idx_folder)


def test_as_many_labels_as_images(idx_folder: Path, write_idx: Any) -> None:
    write_idx(idx_folder / "train-labels-idx1-ubyte.gz", np.arange(4))
    with pytest.raises(InputError, match=r"5 images but .* 4 labels"):
        idx.open_idx(idx_folder)


@pytest.mark.parametrize("missing", ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"])
def test_missing_half(idx_folder: Path, missing: str) -> None:
    (idx_folder / f"{missing}.gz").unlink()
    assert idx.is_idx_folder(idx_folder)
    with pytest.raises(InputError, match=missing):
        idx.open_idx(idx_folder)


def test_looks_in_the_data_folder_and_below_then_in_the_cache(
    idx_folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARRING_DATA", str(idx_folder))
    assert idx.open_published("mnist").name == "mnist"
    below = idx_folder.rename(idx_folder.with_name("mnist"))
    monkeypatch.setenv("SPARRING_DATA", str(below.parent))
    assert idx.open_published("mnist", "test").name == "mnist-test"
    cache.mkdir()
    below.rename(cache / "mnist")
    monkeypatch.setenv("SPARRING_DATA", str(cache.parent / "nowhere"))
    assert len(idx.open_published("mnist")) == 5
    monkeypatch.delenv("SPARRING_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache.parent))
    cache.rename(cache.with_name("sparring"))
    assert len(idx.open_published("mnist")) == 5


def test_a_folder_called_mnist_is_not_fashion_mnist(
    idx_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = idx_folder.rename(idx_folder.with_name("mnist"))
    monkeypatch.setenv("SPARRING_DATA", str(folder))
    with pytest.raises(InputError, match="cannot be downloaded"):
        idx.open_published("fashion-mnist")


def test_without_network_one_line_says_what_to_put_where(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="no network") as error:
        idx.open_published("mnist")
    message = str(error.value)
    assert "\n" not in message
    assert message.endswith(
        "put train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz, "
        f"t10k-labels-idx1-ubyte.gz in {cache / 'mnist'}"
    )
    monkeypatch.setenv("SPARRING_DATA", "/data")
    with pytest.raises(InputError, match=r"in /data/fashion-mnist$"):
        idx.open_published("fashion-mnist")


@pytest.fixture
def mirrors(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, bytes]], list[str]]:
    """mirrors(pages): the second mirror of mnist serves `pages`; returns the addresses asked."""

    def serve(pages: dict[str, bytes]) -> list[str]:
        asked: list[str] = []

        def urlopen(url: str, timeout: float) -> io.BytesIO:
            asked.append(url)
            if "ossci" in url:
                raise IncompleteRead(b"")
            return io.BytesIO(pages[url.rpartition("/")[2]])

        monkeypatch.setattr("urllib.request.urlopen", urlopen)
        return asked

    return serve


def test_downloads_once_from_the_mirror_that_works(
    idx_bytes: Any, cache: Path, mirrors: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    images, labels = idx_bytes(np.ones((3, 2, 2))), idx_bytes(np.arange(3))
    names = list(idx.PUBLISHED["mnist"].md5)
    pages = {name: gzip.compress(images if "images" in name else labels) for name in names}
    md5 = {name: hashlib.md5(page).hexdigest() for name, page in pages.items()}
    monkeypatch.setitem(idx.PUBLISHED, "mnist", idx.Published(idx.PUBLISHED["mnist"].mirrors, md5))
    asked = mirrors(pages)
    assert idx.open_published("mnist").x.shape == (3, 2, 2, 1)
    assert len(asked) == 8
    assert sorted(file.name for file in (cache / "mnist").iterdir()) == sorted(names)
    assert len(idx.open_published("mnist", "test")) == 3
    assert len(asked) == 8


def test_a_wrong_checksum_leaves_nothing(cache: Path, mirrors: Any) -> None:
    mirrors(dict.fromkeys(idx.PUBLISHED["mnist"].md5, b"<html>Sign in</html>"))
    with pytest.raises(InputError, match="wrong checksum"):
        idx.open_published("mnist")
    assert not cache.exists()


def test_a_full_disk_leaves_no_part_of_a_file(
    cache: Path, mirrors: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: str, target: Path) -> None:
        raise OSError(28, "No space left on device")

    name = "train-images-idx3-ubyte.gz"
    md5 = {name: hashlib.md5(b"page").hexdigest()}
    monkeypatch.setitem(idx.PUBLISHED, "mnist", idx.Published(idx.PUBLISHED["mnist"].mirrors, md5))
    monkeypatch.setattr("os.replace", refuse)
    mirrors({name: b"page"})
    with pytest.raises(InputError, match="No space left on device"):
        idx.open_published("mnist")
    assert list((cache / "mnist").iterdir()) == []
