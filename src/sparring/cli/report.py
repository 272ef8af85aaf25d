"""`sparring report`: all there is to say of a trained run, in one file."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import typer

from sparring.data.source import open_source
from sparring.errors import ConfigError, RunError
from sparring.report.findings import of_run
from sparring.report.page import write_report
from sparring.report.rivals import CHEAP


def command(
    run: Path = typer.Argument(help="A run directory."),
    output: Path | None = typer.Option(
        None, "-o", "--out", "--output", help="The file to write (default: report.html in RUN)."
    ),
    against: str | None = typer.Option(
        None, help="Rows to judge by: a path or name (default: the run's own holdout)."
    ),
    baselines: str = typer.Option(
        ",".join(CHEAP), help="Simpler methods to compare with, with commas between them, or none."
    ),
    seed: int = typer.Option(0, min=0, help="Seed of the samples, the metrics and the baselines."),
) -> None:
    names = [name.strip() for name in baselines.split(",") if name.strip()]
    path = run / "report.html" if output is None else output
    if path.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"--output {str(path)!r}: a report is HTML (accepted: .html)")
    if run.is_dir():  # else who opens it says so; told before the long part
        if not path.parent.is_dir():
            raise RunError(f"{path}: cannot be written (no such folder)")
        if not os.access(path.parent, os.W_OK):
            raise RunError(f"{path}: cannot be written (its folder is read-only)")
    found = of_run(
        run,
        against=None if against is None else (open_source(against), against),
        baselines=[] if names == ["none"] else names,
        seed=seed,
        told=lambda line: print(line, file=sys.stderr, flush=True),
    )
    write_report(found, path)
    print(f"report: {path}")
