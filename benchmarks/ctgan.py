"""CTGAN beside the GAN on Adult: what each makes of it, in how long, in how much memory.

CTGAN is no dependency: `$SPARRING_CTGAN` names the Python of an environment that has it, such as
`python -m venv /tmp/ctgan && /tmp/ctgan/bin/pip install ctgan` makes. One core each, in turn; both
are given the same file by the same script.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from threadpoolctl import threadpool_limits

from benchmarks.machine import in_processes, spread
from benchmarks.tables import TABLES, in_words, measured
from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.plan import plan

PARTS = (20, 40)  # of CTGAN's seconds, for which the GAN is trained; finishing comes on top
SOURCE = TABLES["adult"]
SCRIPT = Path(__file__).parent / "alone" / "fit_rows.py"


def run(seeds: int) -> list[dict[str, str]]:
    """One row per method."""
    python = os.environ.get("SPARRING_CTGAN")
    if python is None:
        sys.exit("SPARRING_CTGAN: the Python of an environment with ctgan is needed")
    found: dict[str, list[dict[str, float]]] = {}

    def keep(name: str, *call: object) -> dict[str, float]:
        (scores,) = in_processes(one, [call], at_once=1)
        found.setdefault(name, []).append(scores)
        return scores  # type: ignore[no-any-return]

    for seed in range(seeds):
        theirs = keep("CTGAN, 300 epochs", seed, python, "ctgan")
        ours: tuple[Any, ...] = (seed, sys.executable, "gan")
        for part in PARTS:
            keep(f"GAN, trained for 1/{part} of these", *ours, theirs["seconds"] / 60 / part)
        keep("GAN, no option given", *ours)
    return [
        {"rows made by": name} | in_words(scores)
        | {"rows a second and core": spread([s["rate"] for s in scores], 0)}
        for name, scores in found.items()
    ]  # fmt: skip


def one(seed: int, python: str, method: str, minutes: float | None = None) -> dict[str, float]:
    """The scores of what a method makes of the rows to learn from."""
    planned = plan(SOURCE.open(), Config(seed=seed))
    frame = planned.train.x
    assert isinstance(frame, pd.DataFrame)
    with tempfile.TemporaryDirectory() as folder:
        rows, made = (Path(folder, f"{name}.csv") for name in ("rows", "made"))
        frame.to_csv(rows, index=False)
        arguments = [method, rows, made, seed, *([] if minutes is None else [minutes])]
        # CTGAN's environment is to see no module of this one.
        path = {"PYTHONPATH": ""} if method == "ctgan" else {}
        told = subprocess.run(
            [python, str(SCRIPT), *map(str, arguments)], check=True, capture_output=True, text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"} | path,
        ).stdout  # fmt: skip
        fake = pd.read_csv(made)
    spent: dict[str, float] = json.loads(told.splitlines()[-1])
    with threadpool_limits(1):
        return measured(planned, Dataset(fake, name=method), SOURCE.target) | spent
