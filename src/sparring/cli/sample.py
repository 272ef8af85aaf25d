"""`sparring sample`: rows from a trained run, streamed to a file or a folder."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from sparring.data.sink import open_sink
from sparring.errors import ConfigError, InputError, unknown
from sparring.impute import mass
from sparring.kinds.columns.base import Name
from sparring.kinds.table import Table
from sparring.model import Model
from sparring.predicate import Tally, kept, of_texts
from sparring.sample import shard_rows, stream

SAMPLES = 1_000
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def command(
    run: Path = typer.Argument(help="A run directory."),
    n: int | None = typer.Option(None, "-n", help="How many samples (default: 1000)."),
    where: list[str] = typer.Option(
        [],
        help="A condition that every sample obeys, such as label=3; in tables also age>=60, "
        '"18<=age<30" or "city in Rome,Oslo". May be repeated.',
    ),
    balance: str | None = typer.Option(
        None, help="The column (or label) whose categories come equally often."
    ),
    keep: list[str] = typer.Option(
        [],
        help='What chooses among samples, where nothing else will do, such as "a < b and c >= 3": '
        "rows are drawn until enough are kept. May be repeated.",
    ),
    digits: str | None = typer.Option(
        None,
        help="One sample of each of these digits, in this order, such as one,two,eight or 1,2,8.",
    ),
    seed: int = typer.Option(0, min=0, help="The same seed draws the same samples."),
    output: Path | None = typer.Option(
        None, "-o", "--output", help=".csv, .parquet, .npz, .png (a grid) or a folder (of PNGs)."
    ),
    shard: str = typer.Option(
        "1/1", help="Draw the i-th of N parts only, as i/N, to a file of its own beside --output."
    ),
    device: str = typer.Option("cpu", help="Where G runs."),
) -> None:
    model = Model.load(run, device)
    if not model.ended:
        told = f"training did not end: samples are of step {model.steps:,}"
        if (run / "state").is_dir():
            told += f" (it goes on with: sparring train --resume --run {run})"
        print(told, file=sys.stderr)
    y = None
    if digits is not None:
        if n is not None or where or balance or keep:
            raise ConfigError(
                "--digits says how many samples of what: leave out -n, --where, --balance, --keep"
            )
        y = spelled(digits)
        n = len(y)
    n = SAMPLES if n is None else n
    if not 1 <= n <= sys.maxsize:
        raise ConfigError(f"cannot draw {n} samples (accepted: 1 to {sys.maxsize:,})")
    part, parts = fraction(shard)
    rows = len(shard_rows(model.kind, n, (part, parts)))
    if not rows:
        raise ConfigError(f"--shard {shard}: {n:,} samples are too few for {parts} parts")
    path = run / model.kind.output if output is None else output
    if not path.name:
        raise ConfigError(f"--output {str(output)!r}: name a file, or a new folder for images")
    if parts > 1:
        path = path.with_name(f"{path.stem}-{part}-of-{parts}{path.suffix}")
    tally = Tally()
    if keep:
        if balance or parts > 1:
            raise ConfigError("--keep goes with --where, not with --balance or --shard")
        drawn = kept(model, n, of_texts(model.kind, keep), tally, where or None, seed)
    else:
        asked = model.kind.ask(n, y, where or None, balance)
        drawn = stream(model, n, seed=seed, shard=(part, parts), asked=asked)
    table = model.kind if where and isinstance(model.kind, Table) else None
    obeying = 0
    with open_sink(path, rows) as sink:
        for some in drawn:
            if table is not None:
                obeying += int(table.obeyed(where, some).sum())
            sink.write(some.x, some.y)
    if table is not None:
        told = common(model, table.masses(where), where)
        print(f"{obeying:,} of {rows:,} samples obey; of the training rows {told}", file=sys.stderr)
    if keep:
        told = f"{tally.kept:,} of {tally.tried:,} rows drawn were kept ({tally.share:.2%})"
        print(told, file=sys.stderr)
    print(f"{rows:,} samples: {path}", file=sys.stderr)


def common(model: Model, masses: dict[Name, float], where: list[str]) -> str:
    """How many training rows obey conditions on a table's columns, one by one and together."""
    parts = [f"{share:.2%} ({name})" for name, share in masses.items()]
    if len(parts) > 1:
        try:
            parts.append(f"{mass(model, where):.2%} (all at once)")
        except InputError:
            parts.append("an unknown share all at once, as they are not there any more")
    return ", ".join(parts)


def fraction(text: str) -> tuple[int, int]:
    """The text 2/8 as (2, 8).

    Raises:
        ConfigError: it is nothing of the sort.
    """
    part, slash, parts = text.partition("/")
    if not (slash and part.isdecimal() and parts.isdecimal()):
        raise ConfigError(f"--shard {text!r}: write it as i/N, such as 1/4")
    return int(part), int(parts)


def spelled(text: str) -> list[int]:
    """The text one,two,8 as [1, 2, 8].

    Raises:
        ConfigError: something that is no digit.
    """
    found = []
    for word in (part.strip().lower() for part in text.split(",")):
        digit = DIGITS.index(word) if word in DIGITS else int(word) if word.isdecimal() else -1
        if not 0 <= digit < len(DIGITS):
            raise ConfigError(unknown("digit", word, DIGITS))
        found.append(digit)
    return found
