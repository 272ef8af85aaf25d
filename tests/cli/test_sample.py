"""`sparring sample`: formats, seeds, conditions, refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sparring.data.source import open_source
from sparring.model import FORMAT, Model
from tests.cli.conftest import TINY, Call
from tests.cli.test_train import refused


@pytest.fixture
def table_run(call: Call, table_csv: Path) -> str:
    any_column = ("--target", "group", "--given-share", "0.5")
    assert call("train", table_csv, *any_column, "--run", "table", *TINY).code == 0
    return "table"


@pytest.fixture
def image_run(call: Call) -> str:
    assert call("train", "digits", "--run", "images", *TINY).code == 0
    return "images"


def test_csv_and_parquet_hold_the_same_rows(call: Call, table_run: str) -> None:
    for name in ("s.csv", "s.parquet"):
        assert call("sample", table_run, "-n", 50, "--seed", 3, "-o", name).code == 0
    frame = pd.read_parquet("s.parquet")
    assert list(frame.columns) == ["height", "children", "group"]
    assert str(frame["children"].dtype) == "Int64"
    text = pd.read_csv("s.csv", dtype={"children": "Int64"})
    pd.testing.assert_frame_equal(text, frame, check_dtype=False)
    assert frame["height"].between(0, 5).all()


def test_a_run_that_did_not_end_is_told(call: Call, table_run: str) -> None:
    assert "did not end" not in call("sample", table_run, "-n", 5).err
    model = Model.load(table_run)
    model.ended = False  # as a run leaves it that is killed
    model.save_weights(Path(table_run))
    done = call("sample", table_run, "-n", 5)
    assert done.code == 0
    assert "samples are of step 4" in done.err
    assert "sparring train --resume --run table)" in done.err


def test_where_is_obeyed_by_every_row(call: Call, table_run: str) -> None:
    call("sample", table_run, "-n", 40, "--where", "group=b", "-o", "s.csv")
    assert (pd.read_csv("s.csv")["group"] == "b").all()


def test_conditions_on_several_columns(call: Call, table_run: str) -> None:
    where = ("--where", "group in a,b", "--where", "1<=height<=2", "--where", "children>=1")
    done = call("sample", table_run, "-n", 40, *where, "-o", "s.csv")
    assert done.code == 0, done.err
    made = pd.read_csv("s.csv")
    assert made["height"].between(1, 2).all()
    assert (made["children"] >= 1).all()
    assert "40 of 40 samples obey; of the training rows " in done.err
    assert "(all at once)" in done.err


def test_categories_come_equally_often(call: Call, table_run: str) -> None:
    call("sample", table_run, "-n", 40, "--balance", "group", "-o", "s.csv")
    assert (pd.read_csv("s.csv")["group"].value_counts() == 20).all()


def test_rows_are_chosen_by_comparisons(call: Call, table_run: str) -> None:
    keep = ("--keep", "height < children and group = b", "--where", "children>=1")
    done = call("sample", table_run, "-n", 30, *keep, "-o", "s.csv")
    assert done.code == 0, done.err
    made = pd.read_csv("s.csv")
    assert len(made) == 30
    assert (made["height"] < made["children"]).all()
    assert set(made["group"]) == {"b"}
    assert "rows drawn were kept (" in done.err
    for words, says in {
        ("--keep", "height <"): "lacks a value",
        ("--keep", "__import__('os')"): 'write "a < b"',
        ("--keep", "hight < 3"): "did you mean 'height'",
        ("--keep", "height < 3", "--balance", "group"): "not with --balance or --shard",
        ("--keep", "height < 3", "--shard", "1/2", "-n", "9000"): "not with --balance or --shard",
        ("--keep", "height < 3", "--digits", "1"): "leave out -n",
        ("--keep", "height > 4 and height < 1"): "fewer than one in 1,000",
    }.items():
        refused(call, "sample", table_run, *words, "-o", "none.csv", says=[says])
    assert not Path("none.csv").exists()


def test_the_seed_decides_the_rows(call: Call, table_run: str) -> None:
    texts = []
    for seed in (1, 1, 2):
        call("sample", table_run, "-n", 30, "--seed", seed, "-o", "s.csv")
        texts.append(Path("s.csv").read_text())
    assert texts[0] == texts[1] != texts[2]


def test_shards_go_to_files_of_their_own(call: Call, table_run: str, tmp_path: Path) -> None:
    whole, split = tmp_path / "whole.parquet", tmp_path / "split.parquet"
    assert call("sample", table_run, "-n", "9000", "-o", str(whole)).code == 0
    for part in (1, 2):
        done = call("sample", table_run, "-n", "9000", "--shard", f"{part}/2", "-o", str(split))
        assert done.code == 0
    parts = [pd.read_parquet(tmp_path / f"split-{part}-of-2.parquet") for part in (1, 2)]
    joined = pd.concat(parts, ignore_index=True)
    pd.testing.assert_frame_equal(joined, pd.read_parquet(whole).reset_index(drop=True))


@pytest.mark.parametrize(
    ("shard", "message"),
    [
        ("1", "write it as i/N"),
        ("a/b", "write it as i/N"),
        ("3/2", "there are 1/2 to 2/2"),
        ("1/9", "5 samples are too few for 9 parts"),
    ],
)
def test_shards_that_cannot_be(call: Call, table_run: str, shard: str, message: str) -> None:
    refused(call, "sample", table_run, "-n", "5", "--shard", shard, says=[message])


def test_images_go_to_npz_png_and_folders(call: Call, image_run: str) -> None:
    for name in ("s.npz", "s.png", "folder"):
        result = call("sample", image_run, "-n", 12, "--where", "label=3", "-o", name)
        assert result.code == 0, result.err
    with np.load("s.npz") as arrays:
        assert arrays["x"].shape == (12, 8, 8, 1)
        assert (arrays["y"] == 3).all()
        np.testing.assert_array_equal(open_source("folder").x, arrays["x"])
    with Image.open("s.png") as sheet:
        assert min(sheet.size) > 8


@pytest.mark.parametrize("words", ["one,two,eight,five,two", "1, Two,8,FIVE,2"])
def test_digits_are_named_in_words(call: Call, image_run: str, words: str) -> None:
    result = call("sample", image_run, "--digits", words, "-o", "s.npz")
    assert result.code == 0, result.err
    with np.load("s.npz") as arrays:
        assert arrays["y"].tolist() == [1, 2, 8, 5, 2]


def test_words_that_are_no_digits(call: Call, image_run: str, table_run: str) -> None:
    refused(call, "sample", image_run, "--digits", "one,tow", says=["'tow'", "'two'", "nine"])
    refused(call, "sample", image_run, "--digits", "10", says=["'10'", "zero, one"])
    refused(call, "sample", image_run, "--digits", "one", "-n", 2, says=["leave out -n"])
    refused(call, "sample", table_run, "--digits", "one", says=["'1'", "a, b"])


def test_refusals(call: Call, table_run: str) -> None:
    refused(call, "sample", "gone", says=["gone"])
    refused(call, "sample", table_run, "-n", 0, says=["cannot draw 0 samples"])
    refused(call, "sample", table_run, "-n", 10**20, says=[f"cannot draw {10**20} samples"])
    refused(call, "sample", table_run, "-o", "", says=["--output", "name a file"])
    refused(call, "sample", table_run, "-o", "s.doc", says=[".doc", ".csv"])
    refused(call, "sample", table_run, "-o", "no/where/s.csv", says=["no/where"])
    refused(call, "sample", table_run, "-o", "s.png", says=["s.png"])
    refused(call, "sample", table_run, "--where", "group=c", "-o", "s.csv", says=["'c'", "a, b"])
    refused(call, "sample", table_run, "--where", "colour=c", says=["colour", "group"])
    refused(call, "sample", table_run, "--where", "group", says=["name=value"])
    both = ("--where", "group=a", "--where", "group=b")
    refused(call, "sample", table_run, *both, says=["no row can be so"])
    refused(call, "sample", table_run, "--where", "height>9", says=["training rows: "])
    refused(call, "sample", table_run, "--balance", "height", says=["float", "categorical"])
    assert not Path("s.csv").exists()


def test_damaged_and_newer_models(call: Call, table_run: str) -> None:
    weights = Path(table_run, "model.safetensors")
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    refused(call, "sample", table_run, says=["model.safetensors"])
    weights.write_bytes(whole)
    schema = Path(table_run, "schema.json")
    text = schema.read_text()
    schema.write_text(text.replace(f'"format": {FORMAT}', '"format": 99'))
    refused(call, "sample", table_run, says=["99", "upgrade"])
    schema.write_text(text[:50])
    refused(call, "sample", table_run, says=["schema.json"])
