"""`sparring compare`: the GAN beside simpler generators, in one table."""

from __future__ import annotations

import dataclasses
import inspect
import json
import sys
import typing
from collections.abc import Iterator
from statistics import mean, stdev
from typing import Any

import typer
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from sparring.cli import train
from sparring.cli.show import console
from sparring.compare import MEASURED, METHODS, SEEDS, compare
from sparring.config import Config
from sparring.data.source import open_source
from sparring.evaluate.suite import METRICS
from sparring.report.words import ideal, number
from sparring.standings import GAN, Comparison, Standing

METRIC_WIDTH, WINNER_WIDTH, GAP = 23, 11, 2


def show(comparison: Comparison) -> None:
    """Print the verdict, the table, in as many parts as the width asks for, and how to read it."""
    out = console()
    out.print(comparison.verdict, style="bold", highlight=False)
    for table in tables(comparison, out.width):
        out.print()
        out.print(table)
    out.print()
    for line in footnotes(comparison):
        out.print(escape(line), style="dim", highlight=False)


def tables(comparison: Comparison, width: int) -> Iterator[Table]:
    """Metrics by methods; methods that do not fit beside each other are in a table of their own."""
    columns = {method: _column(comparison, method) for method in comparison.methods
               if method not in comparison.skipped}  # fmt: skip
    floor = ["real rows", *(_cell(s.floor) for s in comparison.standings), ""]
    fixed = METRIC_WIDTH + _width(floor) + WINNER_WIDTH + 2 * GAP
    parts: list[list[list[str]]] = [[]]
    room = width - fixed
    for column in columns.values():
        if parts[-1] and room < _width(column) + GAP:
            parts.append([])
            room = width - fixed
        parts[-1].append(column)
        room -= _width(column) + GAP
    for part in parts:
        yield _table([_titles(comparison), floor, *part, _winners(comparison)])


def footnotes(comparison: Comparison) -> list[str]:
    """How to read the table, and what is not in it."""
    seeds = len(comparison.seeds)
    lines = [
        "winner: the one that comes closest to real rows; beyond them counts as equal to them."
    ]
    if seeds > 1:
        lines += [
            f"±: standard deviation over {seeds} seeds, each with a split of its own.",
            "clear: its lead over the second best exceeds the noise (Student's paired test, 95 %).",
            "gan behind: so does the lead of the best baseline over the GAN.",
        ]
    else:
        lines += ["One seed does not show how much is chance: try --seeds 3."]
    for standing in comparison.standings:
        if standing.skipped is not None:
            lines.append(f"{standing.title}: skipped, {standing.skipped}.")
    for method in comparison.methods:
        if method in comparison.copying:
            lines.append(f"{method}: draws training rows; a yardstick, which cannot win.")
        if method in comparison.skipped:
            lines.append(f"{method}: left out, {comparison.skipped[method]}.")
    return lines


def _table(columns: list[list[str]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0))
    table.add_column(columns[0][0], width=METRIC_WIDTH)
    for heading, *_ in columns[1:-1]:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column(columns[-1][0], width=WINNER_WIDTH)
    for cells in zip(*(column[1:] for column in columns), strict=True):
        table.add_row(*cells)
    return table


def _titles(comparison: Comparison) -> list[str]:
    titles = []
    for standing in comparison.standings:
        direction = ideal(METRICS[standing.name].better)
        titles.append(f"{escape(standing.title)}\n[dim]best: {direction}[/dim]")
    return ["metric", *titles, "seconds to fit"]


def _column(comparison: Comparison, method: str) -> list[str]:
    """The heading of a method, its cells and the time it took."""
    cells = [_cell(standing.values.get(method)) for standing in comparison.standings]
    took = mean(t.seconds for t in comparison.trials if t.method == method)
    return [method, *cells, f"{took:.1f}"]


def _winners(comparison: Comparison) -> list[str]:
    return ["winner", *(_winner(comparison, s) for s in comparison.standings), ""]


def _winner(comparison: Comparison, standing: Standing) -> str:
    lead, best = comparison.winner(standing), comparison.best(standing)
    if lead is None:
        return "-"
    lines = [", ".join(best) if len(best) < 3 else f"{len(best)} methods"]
    if len(best) > 1:
        lines.append("[dim]equal[/dim]")
    elif lead.standard_error is not None:
        lines.append("[bold]clear[/bold]" if lead.clear else "[dim]in noise[/dim]")
    rival = comparison.against_gan(standing)
    if rival is not None and rival.clear and rival.ahead != GAN:
        lines.append("[bold]gan behind[/bold]")
    return "\n".join(lines)


def _cell(values: tuple[float, ...] | None) -> str:
    """Mean and, below it, spread."""
    if not values:
        return "-"
    spread = f"\n[dim]± {stdev(values):.2g}[/dim]" if len(values) > 1 else ""
    return number(mean(values)) + spread


def _width(cells: list[str]) -> int:
    return max(Text.from_markup(line).cell_len for cell in cells for line in cell.splitlines())


def command(
    source: str = typer.Argument(help="A path or a built-in name."),
    methods: str = typer.Option(",".join(METHODS), help="Names, with commas between them."),
    seeds: int = typer.Option(SEEDS, min=1, help="How many seeds: --seed, the next one, ..."),
    metrics: str = typer.Option(
        ",".join(MEASURED), help="all, quick, or names, with commas between them."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
    **flags: Any,
) -> None:
    config = Config().replace(train.given(flags))
    dataset = open_source(source, target=config.target, columns=config.columns)
    comparison = compare(
        dataset,
        config,
        _split(methods),
        seeds=seeds,
        metrics=_split(metrics),
        location=source,
        told=lambda line: print(line, file=sys.stderr, flush=True),
    )
    if as_json:
        print(json.dumps(comparison.to_dict(), indent=2))
    else:
        show(comparison)


def _split(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _with_flags() -> None:
    """Give `command` the flags of `train` that are settings."""
    own = inspect.signature(command).parameters.values()
    hints = typing.get_type_hints(command)
    fixed = [p.replace(annotation=hints[p.name]) for p in own if p.kind is not p.VAR_KEYWORD]
    names = {field.name for field in dataclasses.fields(Config)}
    flags = [p for p in inspect.signature(train.command).parameters.values() if p.name in names]
    command.__signature__ = inspect.Signature([*fixed, *flags])  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in [*fixed, *flags]}


_with_flags()
