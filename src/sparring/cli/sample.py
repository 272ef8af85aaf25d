"""`sparring sample`: rows from a trained run, streamed to a file or a folder."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from sparring.data.sink import open_sink
from sparring.errors import ConfigError
from sparring.model import Model
from sparring.sample import stream, where_label


def command(
    run: Path = typer.Argument(help="A run directory."),
    n: int = typer.Option(1000, "-n", help="How many samples."),
    where: list[str] = typer.Option([], help="A condition as name=value, such as label=3."),
    seed: int = typer.Option(0, min=0, help="The same seed draws the same samples."),
    output: Path | None = typer.Option(
        None, "-o", "--output", help=".csv, .parquet, .npz, .png (a grid) or a folder (of PNGs)."
    ),
    device: str = typer.Option("cpu", help="Where G runs."),
) -> None:
    model = Model.load(run, device)
    y = where_label(model.kind, conditions(where))
    path = output or run / model.kind.output
    with open_sink(path, n) as sink:
        for part in stream(model, n, y, seed):
            sink.write(part.x, part.y)
    print(f"{n:,} samples: {path}", file=sys.stderr)


def conditions(texts: list[str]) -> dict[str, str]:
    """["label=3"] as {"label": "3"}.

    Raises:
        ConfigError: there is no "=" in a text, or a name comes twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals:
            raise ConfigError(f"--where {text!r}: write it as --where name=value")
        if name in found:
            raise ConfigError(f"--where names {name!r} twice")
        found[name] = value
    return found
