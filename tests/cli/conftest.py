"""Calling the command line in this process: the exit code and what it printed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from sparring import cli

TINY = ["--steps", "4", "--width", "8", "--depth", "1", "--batch-size", "8"]


@dataclass
class Result:
    """One call."""

    code: int
    out: str
    err: str


Call = Callable[..., Result]


@pytest.fixture
def call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Call:
    """call("train", "ring", ...) in an empty folder, with an empty cache and no shared data."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPARRING_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SPARRING_DATA", raising=False)

    def run(*arguments: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["sparring", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit:
            cli.main()
        captured = capsys.readouterr()
        return Result(int(exit.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def table_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty rows of a number, a whole number with gaps, and a class."""
    path = tmp_path_factory.mktemp("table") / "people.csv"
    rows = [f"{i * 0.37 % 5:.2f},{'' if i % 7 == 0 else i % 9},{'ab'[i % 2]}" for i in range(60)]
    path.write_text("\n".join(["height,children,group", *rows]) + "\n")
    return path
