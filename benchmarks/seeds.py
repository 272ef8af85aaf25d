"""What a second seed costs: `--seeds 2` beside the one run, each as a process of its own."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SETTINGS = {"steps": 1_500, "engine": "traced", "threads": 1, "holdout": 0}


def run(repeats: int) -> list[dict[str, str]]:
    """One row: the medians of so many interleaved repeats."""
    single, double = [], []
    with tempfile.TemporaryDirectory() as folder:
        for i in range(repeats):
            single.append(seconds(Path(folder, f"one-{i}"), 1))
            double.append(seconds(Path(folder, f"two-{i}"), 2))
    ratios = [two / one for one, two in zip(single, double, strict=True)]
    return [
        {
            "run": f"moons, {SETTINGS['steps']:,} steps",
            "one seed (s)": f"{statistics.median(single):.0f}",
            "--seeds 2 (s)": f"{statistics.median(double):.0f}",
            "ratio": f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
            "others at work (load)": f"{os.getloadavg()[0]:.1f}",
        }
    ]


def seconds(path: Path, seeds: int) -> float:
    """How long `sparring train` takes, from its start to its end."""
    sets = [part for name, value in SETTINGS.items() for part in ("--set", f"{name}={value}")]
    command = [sys.executable, "-m", "sparring", "train", "moons", *sets, "--run", str(path)]
    before = time.perf_counter()
    subprocess.run(
        [*command, "--seeds", str(seeds)], check=True, stdout=subprocess.DEVNULL,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    return time.perf_counter() - before
