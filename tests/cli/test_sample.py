"""`sparring sample`: formats, seeds, conditions, refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sparring.data.source import open_source
from tests.cli.conftest import TINY, Call
from tests.cli.test_train import refused


@pytest.fixture
def table_run(call: Call, table_csv: Path) -> str:
    assert call("train", table_csv, "--target", "group", "--run", "table", *TINY).code == 0
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
    pd.testing.assert_frame_equal(pd.read_csv("s.csv"), pd.read_csv("s.csv"))
    np.testing.assert_allclose(frame["height"], pd.read_csv("s.csv")["height"])
    assert frame["height"].between(0, 5).all()


def test_where_is_obeyed_by_every_row(call: Call, table_run: str) -> None:
    call("sample", table_run, "-n", 40, "--where", "group=b", "-o", "s.csv")
    assert (pd.read_csv("s.csv")["group"] == "b").all()


def test_the_seed_decides_the_rows(call: Call, table_run: str) -> None:
    texts = []
    for seed in (1, 1, 2):
        call("sample", table_run, "-n", 30, "--seed", seed, "-o", "s.csv")
        texts.append(Path("s.csv").read_text())
    assert texts[0] == texts[1] != texts[2]


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


def test_refusals(call: Call, table_run: str) -> None:
    refused(call, "sample", "gone", says=["gone"])
    refused(call, "sample", table_run, "-n", 0, says=["0"])
    refused(call, "sample", table_run, "-o", "s.doc", says=[".doc", ".csv"])
    refused(call, "sample", table_run, "-o", "no/where/s.csv", says=["no/where"])
    refused(call, "sample", table_run, "-o", "s.png", says=["s.png"])
    refused(call, "sample", table_run, "--where", "group=c", "-o", "s.csv", says=["'c'", "a, b"])
    refused(call, "sample", table_run, "--where", "colour=c", says=["colour", "group"])
    refused(call, "sample", table_run, "--where", "group", says=["name=value"])
    refused(call, "sample", table_run, "--where", "group=a", "--where", "group=b", says=["twice"])
    assert not Path("s.csv").exists()


def test_damaged_and_newer_models(call: Call, table_run: str) -> None:
    weights = Path(table_run, "model.safetensors")
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    refused(call, "sample", table_run, says=["model.safetensors"])
    weights.write_bytes(whole)
    schema = Path(table_run, "schema.json")
    text = schema.read_text()
    schema.write_text(text.replace('"format": 1', '"format": 99'))
    refused(call, "sample", table_run, says=["99", "upgrade"])
    schema.write_text(text[:50])
    refused(call, "sample", table_run, says=["schema.json"])
