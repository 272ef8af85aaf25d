"""`sparring diagnose`: what went wrong in a run, and what to try."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import typer

from sparring.cli.show import console, diagnosis_table
from sparring.diagnose.doctor import diagnose, meaning, settings


def command(
    run: Path = typer.Argument(help="A run directory."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    found = diagnose(run)
    if as_json:
        print(json.dumps(dataclasses.asdict(found), indent=2))
        return
    print(meaning(found), f"confidence: {found.confidence:.0%}", sep="\n")
    if found.evidence:
        out = console()
        out.print()
        out.print(diagnosis_table(found))
    if found.remedy:
        print(f"\ntry: {settings(found)}")
