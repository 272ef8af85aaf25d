"""`sparring evaluate`: how good a trained run is."""

from __future__ import annotations

import json
from pathlib import Path

import typer
from rich.console import Console

from sparring.cli.show import console, score_table
from sparring.data.source import open_source
from sparring.errors import InputError
from sparring.evaluate.score import record
from sparring.judge import judge
from sparring.model import Model
from sparring.plan import reopen
from sparring.train.run import Run


def command(
    run: Path = typer.Argument(help="A run directory."),
    against: str | None = typer.Option(
        None, help="Rows to judge by: a path or name (default: the run's own holdout)."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
    metrics: str = typer.Option("all", help="all, quick, or names with commas between them."),
    seed: int = typer.Option(0, min=0, help="Seed of the samples and the metrics."),
) -> None:
    model = Model.load(run)
    if against is None:
        train, rows = reopen(model)
    else:
        rows = open_source(against)
        try:
            train = reopen(model)[0]
        except InputError:  # the training rows are gone: half of `against` is the reference
            train = None
    names = [name.strip() for name in metrics.split(",")]
    with Console(stderr=True).status("scoring the samples"):
        scores = judge(model, rows, train, metrics=names, seed=seed)
    found = record(scores, against or "holdout")
    if model.epsilon is not None:
        found["epsilon"] = model.epsilon
    if as_json:
        print(json.dumps(found, indent=2))
    else:
        console().print(score_table(scores, against))
        if model.privacy:
            print(model.privacy)
    directory = Run(run)
    directory.append(directory.metrics_path, found)
