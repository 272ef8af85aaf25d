"""`sparring demo`: the whole way, offline, in about a minute."""

from __future__ import annotations

from pathlib import Path

import typer

from sparring.cli.train import train_and_score
from sparring.config import Config
from sparring.data.source import open_source
from sparring.plan import plan
from sparring.train.run import Run, free_path


def command(
    run: Path | None = typer.Option(None, help="Run directory (default: runs/demo)."),
    steps: int = typer.Option(3_000, min=1, help="Training steps."),
    seed: int = typer.Option(0, min=0, help="Seed of everything random."),
) -> None:
    planned = plan(open_source("digits"), Config(steps=steps, seed=seed), "digits")
    train_and_score(planned, Run.create(run or free_path(Path("runs"), "demo")))
