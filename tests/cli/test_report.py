"""`sparring report`: one file, and refusals in one line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.conftest import TINY, Call
from tests.cli.test_train import refused, write


def test_a_report_is_written(call: Call, table_csv: Path) -> None:
    call("train", table_csv, "--run", "run", *TINY)
    result = call("report", "run", "--baselines", "marginals, gaussian")
    assert (result.code, result.out) == (0, "report: run/report.html\n"), result.err
    assert result.err.splitlines()[-1] == "baseline gaussian"
    assert Path("run/report.html").read_text().startswith("<!doctype html>")
    result = call("report", "run", "--baselines", "none", "--against", table_csv, "-o", "r.html")
    assert (result.code, result.out) == (0, "report: r.html\n"), result.err
    assert f"Samples against {table_csv}" in Path("r.html").read_text()


def test_refusals(call: Call, table_csv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call("train", table_csv, "--run", "run", *TINY)
    refused(call, "report", "gone", says=["gone"])
    refused(call, "report", "run", "--baselines", "gan", says=["gan", "gaussian", "none"])
    other = write("other.csv", "height,children\n1,2\n3,4\n5,6\n")
    refused(call, "report", "run", "--against", other, says=["other", "group"])
    refused(call, "report", "run", "--baselines", "none", "-o", "no/r.html", says=["no/r.html"])
    refused(call, "report", "run", "-o", "r.pdf", says=["'r.pdf'", "(accepted: .html)"])
    monkeypatch.setattr("os.access", lambda path, mode: mode != os.W_OK)
    refused(call, "report", "run", says=["run/report.html", "read-only"])
    assert not list(Path().glob("**/*.html"))
