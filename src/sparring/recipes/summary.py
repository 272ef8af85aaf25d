"""What a recipe's runs come to: means and spreads, findings held or not, as plain JSON."""

from __future__ import annotations

import math
import os
import platform
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

import sparring
from sparring.recipes.base import FLOOR, Finding, Measure, Recipe, Results

MINUS = "\N{MINUS SIGN}"
RESULTS = "results.json"  # of one recipe, in its folder: what the pages are made of
FORMAT = 1  # of results.json; raised when an older page would misread it


def summary(
    name: str, recipe: Recipe, results: Results,
    seconds: Mapping[str, Mapping[int, float]], folder: Path, quick: bool,
) -> dict[str, Any]:  # fmt: skip
    """The content of results.json, from which the pages are made.

    Args:
        folder: where the figures are.
    """
    made = set(results.values)
    unfinished = [e.title for key, e in recipe.experiments.items() if key not in made]
    return {
        "format": FORMAT,
        "name": name,
        "title": recipe.title,
        "document": recipe.document,
        "shows": recipe.shows,
        "quick": quick,
        "unfinished": unfinished,
        "published": [
            {
                "what": titles(recipe)[p.key],
                "where": p.where,
                "published": p.value,
                "experiment": recipe.experiments[p.experiment].title,
                "here": shown(results.column(p.experiment, p.key), digits(recipe)[p.key]),
            }
            for p in recipe.published
        ],
        "findings": [
            finding(f, results) for f in recipe.findings if made.issuperset(f.experiments)
        ],
        "conclusion": recipe.conclude(results) if recipe.conclude and not unfinished else "",
        "columns": ["run", *[m.title for m in recipe.measures], "seeds", "seconds"],
        "rows": rows(recipe, results, seconds),
        "notes": list(recipe.notes),
        "figures": [
            {"file": d.file, "title": d.title, "alt": d.alt}
            for d in recipe.drawings if (folder / d.file).exists()
        ],
        "machine": {
            "cores": os.cpu_count(),
            "sparring": sparring.__version__,
            "torch": torch.__version__,
            "python": platform.python_version(),
            "date": time.strftime("%Y-%m-%d"),
        },
    }


def rows(
    recipe: Recipe, results: Results, seconds: Mapping[str, Mapping[int, float]]
) -> list[list[str]]:
    """The table of all runs; real rows in the place of samples come last, where they were taken."""
    table = []
    for key in results.values:
        experiment = recipe.experiments[key]
        cells = [shown(results.column(key, m.key), m.digits) for m in recipe.measures]
        spent = shown(list(seconds[key].values()), 0)
        table.append([experiment.title, *cells, str(len(results.values[key])), spent])
    floors = [shown(floor(results, measure), measure.digits) for measure in recipe.measures]
    if any(floors):
        table.append(["real rows in their place", *floors, "", ""])
    return table


def floor(results: Results, measure: Measure) -> list[float]:
    """What real rows gave, over all runs."""
    key = FLOOR + measure.key
    return [value for name in results.values for value in results.column(name, key)]


def titles(recipe: Recipe) -> dict[str, str]:
    return {m.key: m.title for m in recipe.measures}


def digits(recipe: Recipe) -> dict[str, int]:
    return {m.key: m.digits for m in recipe.measures}


def finding(finding: Finding, results: Results) -> dict[str, Any]:
    """On how many seeds the claim holds, of those on which all its experiments were run."""
    runs = [results.values[name] for name in finding.experiments]
    seeds = set.intersection(*[set(run) for run in runs])
    held = [
        finding.holds({name: results.values[name][seed] for name in finding.experiments})
        for seed in sorted(seeds)
    ]
    return {
        "claim": finding.claim, "where": finding.where, "rule": finding.rule,
        "held": sum(held), "of": len(held),
    }  # fmt: skip


def shown(values: Sequence[float], digits: int) -> str:
    """Mean ± standard deviation over seeds; nothing where nothing was measured."""
    if not values:
        return ""
    mean = number(float(np.mean(values)), digits)
    return mean if len(values) == 1 else f"{mean} ± {number(float(np.std(values, ddof=1)), digits)}"


def number(value: float, digits: int) -> str:
    """A number as people write it, with a real minus."""
    return f"{value:,.{digits}f}".replace("-", MINUS) if math.isfinite(value) else "not finite"
