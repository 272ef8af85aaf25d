"""The top of the command line: help, version, laziness, the demo."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sparring import __version__
from sparring.cli import COMMANDS
from sparring.config import Config
from tests.cli.conftest import Call


def test_help_lists_every_command(call: Call) -> None:
    result = call("--help")
    assert result.code == 0
    for name in COMMANDS:
        assert name in result.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(call: Call, name: str) -> None:
    result = call(name, "--help")
    assert result.code == 0
    assert "Usage" in result.out


def test_every_setting_is_a_flag_of_train(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    out = call("train", "--help").out
    for field in dataclasses.fields(Config):
        assert f"--{field.name.replace('_', '-')}" in out


def test_no_command_and_a_wrong_one(call: Call) -> None:
    assert "demo" in call().out
    result = call("trian", "ring")
    assert result.code == 2
    assert result.err.count("\n") == 1
    for words in ("'trian'", "did you mean 'train'", "evaluate"):
        assert words in result.err


def test_version(call: Call) -> None:
    assert call("--version").out.strip() == __version__


def test_help_does_not_wait_for_torch() -> None:
    code = (
        "import sys; sys.argv = ['sparring', '--help']\n"
        "from sparring.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'pandas', 'sklearn', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_demo_draws_a_row_per_digit(call: Call) -> None:
    result = call("demo", "--steps", 3)
    assert result.code == 0, result.err
    assert "Label agreement" in result.out
    with Image.open("runs/demo/samples.png") as picture:
        sheet = np.asarray(picture.convert("L"))
    white = (sheet == 255).all(axis=1).astype(int)
    bands = np.count_nonzero(np.diff(np.concatenate([[1], white])) == -1)
    assert bands == 11, "a title and a row for each of ten digits"
    assert len(list(Path("runs/demo/samples").iterdir())) > 0
