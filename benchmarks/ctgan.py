"""CTGAN beside the GAN on Adult: what each makes of it, in how long, in how much memory.

CTGAN is no dependency: `$SPARRING_CTGAN` names the Python of an environment that has it, such as
`python -m venv /tmp/ctgan && /tmp/ctgan/bin/pip install ctgan` makes. One core each, in turn.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
from threadpoolctl import threadpool_limits

from benchmarks.machine import in_processes, peak_gigabytes, processor_seconds, spread
from benchmarks.tables import TABLES, in_words, measured
from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.fit import fit
from sparring.plan import plan
from sparring.sample import sample

PART = 20  # of CTGAN's seconds, in which the GAN is to be as good
SOURCE = TABLES["adult"]


def run(seeds: int) -> list[dict[str, str]]:
    """One row per method."""
    python = os.environ.get("SPARRING_CTGAN")
    if python is None:
        sys.exit("SPARRING_CTGAN: the Python of an environment with ctgan is needed")
    found: dict[str, list[dict[str, float]]] = {}
    for seed in range(seeds):
        (theirs,) = in_processes(rival, [(python, seed)], at_once=1)
        found.setdefault("CTGAN, 300 epochs", []).append(theirs)
        jobs = [(seed, theirs["seconds"] / PART), (seed, None)]
        briefly, usual = in_processes(ours, jobs, at_once=1)
        found.setdefault(f"GAN, 1/{PART} of these seconds", []).append(briefly)
        found.setdefault("GAN, no option given", []).append(usual)
    return [
        {"rows made by": name} | in_words(scores)
        | {"rows a second and core": spread([s["rate"] for s in scores], 0)}
        for name, scores in found.items()
    ]  # fmt: skip


def rival(python: str, seed: int) -> dict[str, float]:
    """CTGAN's scores."""
    planned = plan(SOURCE.open(), Config(seed=seed))
    frame = planned.train.x
    assert isinstance(frame, pd.DataFrame)
    with tempfile.TemporaryDirectory() as folder:
        rows, made = (Path(folder, f"{name}.csv") for name in ("rows", "made"))
        frame.to_csv(rows, index=False)
        script = Path(__file__).parent / "alone" / "fit_ctgan.py"
        command = [python, str(script), str(rows), str(made), str(seed)]
        told = subprocess.run(
            command, check=True, capture_output=True, text=True,
            env=os.environ | {"PYTHONPATH": "", "OMP_NUM_THREADS": "1"},
        ).stdout  # fmt: skip
        fake = pd.read_csv(made)
    spent: dict[str, float] = json.loads(told.splitlines()[-1])
    with threadpool_limits(1):
        return measured(planned, Dataset(fake, name="ctgan"), SOURCE.target) | spent


def ours(seed: int, seconds: float | None) -> dict[str, float]:
    """The GAN's scores; in so many seconds, if they are given."""
    minutes = None if seconds is None else seconds / 60
    config = Config(seed=seed, threads=1, engine="traced", minutes=minutes)
    planned = plan(SOURCE.open(), config)
    before = processor_seconds()
    model = fit(planned)
    spent = {"seconds": processor_seconds() - before}
    before = time.process_time()
    fake = sample(model, len(planned.train), seed=seed)
    spent |= {"rate": len(planned.train) / (time.process_time() - before)}
    spent |= {"gigabytes": peak_gigabytes()}
    with threadpool_limits(1):
        return measured(planned, fake, SOURCE.target) | spent
