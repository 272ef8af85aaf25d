"""`sparring recipes`: the published experiments, listed, run and shown."""

from __future__ import annotations

from pathlib import Path

import typer
from rich.markup import escape
from rich.table import Table

from sparring.cli.show import console
from sparring.errors import ConfigError, unknown
from sparring.fit import Interrupted
from sparring.recipes.catalogue import RECIPES
from sparring.recipes.page import write_docs, write_html
from sparring.recipes.runner import claim, run_recipe

ALL = "all"
ACTIONS = ("run", "page")


def command(
    action: str | None = typer.Argument(
        None, help="run: train and draw; page: make the pages again; omitted = list the recipes."
    ),
    name: str | None = typer.Argument(None, help="The recipe to run, or all."),
    out: Path = typer.Option(
        Path("runs/recipes"), help="Folder of results; what is done there is not done again."
    ),
    seeds: int | None = typer.Option(
        None, min=1, help="Seeds of each experiment (default: the recipe's; 1 with --quick)."
    ),
    quick: bool = typer.Option(False, "--quick", help="A rehearsal: few steps on fewer rows."),
    docs: Path | None = typer.Option(
        None, help="Also write recipes.md and its pictures to this folder (page)."
    ),
) -> None:
    if action is None:
        console().print(listing())
    elif action == "run":
        run(name, out, seeds, quick)
    elif action == "page":
        print(write_html(out))
        if docs is not None:
            print(write_docs(out, docs))
    else:
        raise ConfigError(unknown("action", action, ACTIONS))


def run(name: str | None, out: Path, seeds: int | None, quick: bool) -> None:
    """Run one recipe or all, and make the page after each."""
    if name is None:
        raise ConfigError(f"name the recipe to run: {', '.join(RECIPES)}, or {ALL}")
    if name != ALL and name not in RECIPES:
        raise ConfigError(unknown("recipe", name, [*RECIPES, ALL]))
    claim(out, quick)
    for key in RECIPES if name == ALL else [name]:
        wanted = seeds or (1 if quick else RECIPES[key].seeds)
        try:
            run_recipe(key, RECIPES[key], out, wanted, quick, lambda text: print(text, flush=True))
        except Interrupted as error:
            print(f"{error}; saved. Continue with the same command")
            raise typer.Exit(130) from None
        print(f"{key}: done, see {write_html(out)}", flush=True)


def listing() -> Table:
    """Name, what there is to see, where it was published, and how long it takes."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for column in ("recipe", "what it is", "what it shows", "minutes a seed"):
        table.add_column(column)
    for name, recipe in RECIPES.items():
        table.add_row(*map(escape, (name, recipe.title, recipe.shows, f"{recipe.minutes:g}")))
    return table
