from __future__ import annotations

import os
import re
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from sparring.data import writers
from sparring.data.sink import GRID_MAX_IMAGES, open_sink
from sparring.data.source import open_source
from sparring.data.writers import SINKS
from sparring.errors import InputError, RunError

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "i": RNG.integers(-9, 9, 10),
        "holes": pd.array([None, *range(9)], dtype="Int64"),
        "f": RNG.normal(size=10),
        "b": np.arange(10) % 3 == 0,
        "s": [None, *"abcdefghi"],
    }
)
POINTS = RNG.normal(size=(10, 3))
IMAGES = RNG.integers(256, size=(10, 8, 9, 3), dtype=np.uint8)
TEXT = np.array(["a", "b", "a", "cc", "a", "b", "a", "a", "b", "long"])


def write(path: Path, chunk: Any, labels: Any = None, size: int = 4) -> None:
    """Write in chunks of `size`."""
    with open_sink(path, len(chunk)) as sink:
        for start in range(0, len(chunk), size):
            part = slice(start, start + size)
            sink.write(chunk[part], None if labels is None else labels[part])


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_table_round_trip(tmp_path: Path, suffix: str) -> None:
    write(tmp_path / f"a{suffix}", FRAME)
    pd.testing.assert_frame_equal(open_source(tmp_path / f"a{suffix}").x, FRAME)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_points_get_columns(tmp_path: Path, suffix: str, dtype: Any) -> None:
    points = POINTS.astype(dtype)
    write(tmp_path / f"a{suffix}", points, TEXT)
    frame = open_source(tmp_path / f"a{suffix}").x
    assert isinstance(frame, pd.DataFrame)
    assert list(frame) == ["x0", "x1", "x2", "label"]
    assert np.array_equal(frame[["x0", "x1", "x2"]].to_numpy(dtype), points)
    assert frame["label"].tolist() == TEXT.tolist()
    write(tmp_path / f"b{suffix}", points)
    assert list(open_source(tmp_path / f"b{suffix}").x) == ["x0", "x1", "x2"]


def test_parquet_text_that_starts_missing_and_categories(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "late": pd.Series([None, None, "x", "y"], dtype=object),
            "c": pd.Categorical(["u", "v", "u", "w"]),
        }
    )
    write(tmp_path / "a.parquet", frame, size=2)
    back = open_source(tmp_path / "a.parquet").x
    assert back["late"].tolist()[2:] == ["x", "y"]
    assert back["c"].tolist() == ["u", "v", "u", "w"]
    with pytest.raises(InputError, match=r"no Parquet type for a column: .*accepted: \.csv"):
        write(tmp_path / "b.parquet", pd.DataFrame({"a": [1, "x"]}, dtype=object))
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]


@settings(max_examples=30)
@given(
    x=st.one_of(
        arrays(np.float32, (5, 2), elements=st.floats(-9, 9, width=32)),
        arrays(np.uint8, st.tuples(st.just(5), *[st.integers(1, 5)] * 2, st.sampled_from([1, 3]))),
    ),
    y=st.one_of(
        st.none(),
        arrays(np.int64, 5),
        arrays(object, 5, elements=st.text(st.characters(codec="utf-8", exclude_characters="\0"))),
    ),
    size=st.integers(1, 6),
)
def test_npz_round_trip(tmp_path_factory: Any, x: np.ndarray, y: Any, size: int) -> None:
    path = tmp_path_factory.mktemp("npz") / "a.npz"
    write(path, x, y, size)
    back = open_source(path)
    assert np.array_equal(back.x, x)
    assert back.x.dtype == x.dtype
    assert (None if back.y is None else back.y.tolist()) == (None if y is None else y.tolist())
    with np.load(path) as loaded:
        assert list(loaded) == (["x"] if y is None else ["x", "y"])


@pytest.mark.parametrize("labels", [None, TEXT, np.arange(10) % 3])
@pytest.mark.parametrize("channels", [1, 3])
def test_folder_round_trip(tmp_path: Path, labels: Any, channels: int) -> None:
    images = IMAGES[..., :channels]
    write(tmp_path / "out", images, labels)
    back = open_source(tmp_path / "out")
    order = np.arange(10) if labels is None else np.argsort(labels, kind="stable")
    assert np.array_equal(back.x, images[order])
    if labels is None:
        assert back.y is None
        assert sorted(p.name for p in (tmp_path / "out").iterdir())[-1] == "000009.png"
    else:
        assert back.y is not None
        assert back.y.tolist() == labels[order].tolist()
        assert (tmp_path / "out" / str(labels[7]) / "000007.png").is_file()


def test_a_slash_makes_a_folder_whatever_the_name(tmp_path: Path) -> None:
    with open_sink(f"{tmp_path}/v1.2/", 1) as sink:
        sink.write(IMAGES[:1])
    assert (tmp_path / "v1.2" / "000000.png").is_file()


def test_grid_layout(tmp_path: Path) -> None:
    with open_sink(tmp_path / "a.png", 10) as sink:
        sink.write(IMAGES[:7], np.arange(7))
        sink.write(IMAGES[7:], np.arange(3))
    picture = np.asarray(Image.open(tmp_path / "a.png"))
    # 9 pixels wide, so 4 times enlarged; 2 pixels around each tile.
    assert picture.shape == (3 * (32 + 2) + 2, 4 * (36 + 2) + 2, 3)
    assert (picture[:2] == 255).all()
    for i, image in enumerate(IMAGES):
        top, left = 2 + i // 4 * 34, 2 + i % 4 * 38
        assert np.array_equal(picture[top : top + 32 : 4, left : left + 36 : 4], image)
        assert np.array_equal(picture[top + 3 : top + 32 : 4, left + 3 : left + 36 : 4], image)
    assert (picture[-34:, 2 * 38 :] == 255).all()


@pytest.mark.parametrize(("rows", "side"), [(1, 1), (9, 3), (10, 4)])
def test_grid_is_square_by_default_and_grey_stays_grey(
    tmp_path: Path, rows: int, side: int
) -> None:
    write(tmp_path / "a.png", np.zeros((rows, 64, 64, 1), np.uint8))
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.mode == "L"
        assert picture.width == side * 66 + 2


def test_an_existing_file_is_replaced_only_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")
    with open_sink(path, 10) as sink:
        sink.write(POINTS)
        assert path.read_text() == "old"
    assert len(open_source(path)) == 10
    assert [file.name for file in tmp_path.iterdir()] == ["a.csv"]


@pytest.mark.parametrize("suffix", SINKS)
@pytest.mark.parametrize("written", [0, 4])
def test_an_error_inside_leaves_nothing(tmp_path: Path, suffix: str, written: int) -> None:
    def fail() -> None:
        with open_sink(tmp_path / f"a{suffix}", 10) as sink:
            if written:
                form = writers.SINKS[suffix].forms[-1]
                sink.write({"points": POINTS, "images": IMAGES, "table": FRAME}[form][:written])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", SINKS)
def test_fewer_rows_than_promised_leave_nothing(tmp_path: Path, suffix: str) -> None:
    def fall_short() -> None:
        with open_sink(tmp_path / f"a{suffix}", 10) as sink:
            sink.write(IMAGES[:4] if "images" in SINKS[suffix].forms else POINTS[:4])

    with pytest.raises(RunError, match="not written, as 4 of 10 rows came"):
        fall_short()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", SINKS)
def test_a_full_disk_leaves_nothing(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(SINKS[suffix], "write", refuse)
    chunk = IMAGES if "images" in SINKS[suffix].forms else POINTS
    with pytest.raises(RunError, match=r"^cannot write .*: No space left on device$"):
        write(tmp_path / f"a{suffix}", chunk)
    monkeypatch.undo()
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(RunError, match=r"^cannot write .*: No space left on device$"):
        write(tmp_path / f"a{suffix}", chunk)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "rows", "message"),
    [
        (
            "a.txt",
            1,
            r"unknown format '\.txt' \(accepted: \.csv, \.parquet, \.npz, \.png, or",
        ),
        ("a.csv", 0, "n = 0 samples"),
        ("a.png", GRID_MAX_IMAGES + 1, r"10001 images in a grid \(accepted: up to 10000\)"),
        ("here", 1, "here exists already"),
        ("here/", 1, "exists already"),
        ("here.csv", 1, r"here\.csv exists already"),
        ("file", 1, "file exists already"),
        ("no/such/a.csv", 1, "no folder .*no/such to write in"),
        ("file/a.csv", 1, "no folder .*file to write in"),
        ("x" * 300 + ".npz", 1, "cannot write .*: File name too long"),
    ],
)
def test_a_bad_path_is_known_at_once(tmp_path: Path, name: str, rows: int, message: str) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here.csv").mkdir()
    (tmp_path / "file").touch()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError, match=message):
        open_sink(f"{tmp_path}/{name}", rows)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, mode: str) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match=r"^cannot write .*a\.csv: Permission denied$"):
        open_sink(tmp_path / "a.csv", 1)


@pytest.mark.parametrize(
    ("name", "chunk", "accepted"),
    [
        ("a.png", FRAME, ".csv, .parquet"),
        ("a.npz", FRAME, ".csv, .parquet"),
        ("a", POINTS, ".csv, .parquet, .npz"),
        ("a.csv", IMAGES, ".npz, .png, a folder"),
    ],
)
def test_samples_that_the_format_cannot_hold(
    tmp_path: Path, name: str, chunk: Any, accepted: str
) -> None:
    with pytest.raises(InputError, match=rf"cannot go there \(accepted: {re.escape(accepted)}\)"):
        write(tmp_path / name, chunk)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("label", ["", ".", "..", "a/b", "/etc", ".hidden"])
def test_labels_that_cannot_name_a_folder(tmp_path: Path, label: str) -> None:
    with pytest.raises(InputError, match="cannot name a folder"):
        write(tmp_path / "out", IMAGES, [label] * 10)
    assert list(tmp_path.iterdir()) == []


def test_the_bytes_do_not_depend_on_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "a.npz", POINTS, TEXT)
    monkeypatch.setattr("time.time", lambda: 2e9)
    write(tmp_path / "b.npz", POINTS, TEXT, size=3)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert zipfile.ZipFile(tmp_path / "a.npz").testzip() is None


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npz"])
def test_memory_does_not_grow_with_the_rows(tmp_path: Path, suffix: str) -> None:
    chunk = np.zeros((500, 10))
    peaks = []
    tracemalloc.start()
    with open_sink(tmp_path / f"a{suffix}", 40 * len(chunk)) as sink:
        for chunks in (4, 36):
            tracemalloc.reset_peak()
            for _ in range(chunks):
                sink.write(chunk)
            peaks.append(tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0] + 20_000
