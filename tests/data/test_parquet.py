"""Parquet files, held whole or known by a sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sparring.data import parquet
from sparring.data.parquet import ParquetRows, open_parquet
from sparring.data.source import fingerprint, open_source
from sparring.data.tables import plain_column
from sparring.errors import InputError
from tests.conftest import mixed_table


def written(folder: Path, frame: pd.DataFrame, rows_per_group: int = 1_000) -> Path:
    frame.rename(columns=str).to_parquet(folder / "a.parquet", row_group_size=rows_per_group)
    return folder / "a.parquet"


def held(path: Path) -> pd.DataFrame:
    frame, file = open_parquet(path)
    assert file is None
    return frame


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Every file is too large; parts of a few rows, samples of all rows."""
    monkeypatch.setattr(parquet, "HELD_CELLS", 0)
    monkeypatch.setattr(parquet, "PART_CELLS", 200)
    return monkeypatch


def sampled(path: Path) -> tuple[pd.DataFrame, ParquetRows]:
    frame, file = open_parquet(path)
    assert file is not None
    return frame, file


def test_integers_with_holes_and_categories_are_kept(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "i": pd.array([1, None, 2**62 + 1], dtype="Int64"),
            "b": pd.array([True, None, False], dtype="boolean"),
            "c": pd.Categorical(["x", "y", None]),
            "f": np.array([1, np.nan, 3], np.float32),
            "s": ["x", None, "z"],
        }
    )
    pd.testing.assert_frame_equal(held(written(tmp_path, frame)), frame)


def test_a_file_is_read_as_pandas_reads_it(tmp_path: Path) -> None:
    path = written(tmp_path, mixed_table().rename_axis("row"))
    expected = pd.read_parquet(path, dtype_backend="numpy_nullable").apply(plain_column)
    found = held(path)
    pd.testing.assert_frame_equal(found, expected)
    assert found.index.name == "row"


def test_a_sample_of_all_rows_is_the_table(tmp_path: Path, small: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, mixed_table(60), rows_per_group=25)
    frame, file = sampled(path)
    small.setattr(parquet, "HELD_CELLS", 10**6)
    whole = held(path)
    pd.testing.assert_frame_equal(frame, whole)
    parts = list(file.parts())
    assert len(parts) > 10
    assert pd.concat(parts).index.equals(pd.RangeIndex(60))
    for name in whole:
        together = pd.concat([part[name].astype(object) for part in parts])
        pd.testing.assert_series_equal(together, whole[name].astype(object))


def test_a_sample_tells_what_is_rare(tmp_path: Path, small: pytest.MonkeyPatch) -> None:
    small.setattr(parquet, "SAMPLE_CELLS", 0)
    small.setattr(parquet, "SAMPLE_ROWS", 20)
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "x": random.normal(size=3_000),
            "holes": np.where(np.arange(3_000) == 777, np.nan, 1.5),
            "word": np.where(np.arange(3_000) == 1_234, "rare", "usual"),
            "code": np.where(np.arange(3_000) % 1_499 == 1_000, 7, random.integers(0, 3, 3_000)),
            "flag": np.arange(3_000) == 2_222,
            "day": pd.date_range("2020-01-01", periods=3_000),
            "id": [f"n{i}" for i in range(3_000)],
            "group": pd.Categorical(np.where(np.arange(3_000) == 99, "one", "other")),
        }
    )
    small.setattr(parquet, "MOST_VALUES", 1_000)
    frame_, file = sampled(written(tmp_path, frame))
    expected = {0, 2_999, 777, 1_234, 1_000, 2_222, 99, frame["x"].idxmin(), frame["x"].idxmax()}
    assert expected <= set(file.sampled)
    assert 2_499 not in file.sampled, "the second row of a rare category is not needed"
    assert len(frame_) == len(file.sampled) <= 20 + len(expected) + 4
    pd.testing.assert_frame_equal(
        frame_, frame.iloc[file.sampled].reset_index(drop=True), check_dtype=False
    )
    assert len(file) == 3_000


def test_rows_that_are_left_out_are_in_no_part(
    tmp_path: Path, small: pytest.MonkeyPatch
) -> None:
    small.setattr(parquet, "SAMPLE_CELLS", 0)
    small.setattr(parquet, "SAMPLE_ROWS", 50)
    frame = pd.DataFrame({"x": np.arange(500), "y": np.arange(500.0), 3: "text"})
    dataset = open_source(written(tmp_path, frame), columns=["x"])
    out = np.array([0, 7, 30])
    rest = dataset.without(out)
    numbers = dataset.x["x"].iloc[out].tolist()
    assert (len(rest), rest.total, dataset.total) == (len(dataset) - 3, 497, 500)
    parts = [part.x for part in rest.parts()]
    assert list(parts[0]) == ["x"]
    assert pd.concat(parts)["x"].tolist() == sorted(set(range(500)) - set(numbers))
    assert dataset.take(out).file is None
    again = rest.without(np.array([0]))
    assert again.total == 496
    assert next(again.parts()).x.index.equals(
        next(rest.parts()).x.index.drop(rest.x["x"].iloc[0], errors="ignore")
    )


def test_a_large_file_is_known_by_its_bytes(tmp_path: Path, small: pytest.MonkeyPatch) -> None:
    frame = mixed_table(30)
    path = written(tmp_path, frame)
    first = fingerprint(open_source(path))
    assert fingerprint(open_source(path)) == first
    assert fingerprint(open_source(path, columns=["last"])) != first
    frame.loc[29, "last"] += 1
    written(tmp_path, frame)
    assert fingerprint(open_source(path)) != first


def test_a_number_that_is_not_finite_is_found_and_named_by_its_row(
    tmp_path: Path, small: pytest.MonkeyPatch
) -> None:
    small.setattr(parquet, "SAMPLE_CELLS", 0)
    small.setattr(parquet, "SAMPLE_ROWS", 20)
    frame = pd.DataFrame({"x": np.arange(3_000.0), "y": np.arange(3_000)})
    frame.loc[1_234, "x"] = -np.inf
    with pytest.raises(InputError, match=r"column 'x', row 1234 \(from 0\): -inf"):
        open_source(written(tmp_path, frame))


def test_damaged(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_text("a,b\n")
    with pytest.raises(InputError, match=r"a\.parquet: not a readable Parquet file"):
        open_parquet(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    "error",
    [
        pa.ArrowNotImplementedError("\n\nno reader for this\nsecond line"),
        pa.ArrowInvalid("no reader for this\n  in a file\n"),
        OSError("no reader for this\nsecond line"),
    ],
)
def test_what_arrow_says_is_one_line(
    tmp_path: Path, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    path = written(tmp_path, mixed_table(5))
    monkeypatch.setattr(pq, "ParquetFile", refuse)
    with pytest.raises(InputError) as caught:
        open_parquet(path)
    assert str(caught.value) == f"{path}: not a readable Parquet file (no reader for this)"


def test_damaged_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, pd.DataFrame({"a": np.random.default_rng(0).normal(size=999)}))
    content = bytearray(path.read_bytes())
    content[4:60] = b"\xff" * 56
    path.write_bytes(content)
    for cells in (10**6, 0):
        monkeypatch.setattr(parquet, "HELD_CELLS", cells)
        message = r"a\.parquet: not a readable Parquet file \("
        with pytest.raises(InputError, match=message) as error:
            open_parquet(path)
        assert "\n" not in str(error.value)
