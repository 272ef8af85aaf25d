"""Runs that are killed (SIGKILL) at random moments and resumed: do they end with the same bits?"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sparring.train.run import read_lines

SETTINGS = {
    "width": 16, "depth": 2, "steps": 3_000, "threads": 1, "holdout": 0, "engine": "traced",
    "state_every_seconds": 0.2,
}  # fmt: skip
KILLS_PER_RUN = 10


def run(kills: int) -> list[dict[str, str]]:
    """`kills` kills, ten to a run, each resumed to its end; one row."""
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder, "whole")
        wait(start(whole, resume=False))
        expected = digest(whole)
        runs = -(-kills // KILLS_PER_RUN)
        done = [
            killed_run(Path(folder, f"run-{i}"), min(KILLS_PER_RUN, kills - i * KILLS_PER_RUN), i)
            for i in range(runs)
        ]
        equal = sum(result == expected for result, _ in done)
    lost = [steps for _, each in done for steps in each]
    return [
        {
            "kills": str(kills),
            "runs that ended": f"{len(done)} of {runs}",
            "with the bits of an unbroken run": f"{equal} of {runs}",
            "steps made again after a kill": f"{sum(lost) / len(lost):.0f} (at most {max(lost)})",
        }
    ]


def killed_run(path: Path, kills: int, seed: int) -> tuple[str, list[int]]:
    """A run killed so often; a hash of its model and log, and the steps that each kill cost."""
    moments = random.Random(seed)
    lost = []
    process = start(path, resume=False)
    for _ in range(kills):
        # Wait until it trains, so that the moments are not all in the start of Python.
        before = steps_logged(path)
        while process.poll() is None and steps_logged(path) <= before:
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 0.5))
        process.send_signal(signal.SIGKILL)
        process.wait()
        reached = steps_logged(path)
        states = [int(file.stem.removeprefix("step-")) for file in (path / "state").glob("step-*")]
        lost.append(max(reached - max(states, default=0), 0))
        process = start(path, resume=(path / "model.safetensors").exists())
    wait(process)
    return digest(path), lost


def start(path: Path, *, resume: bool) -> subprocess.Popen[bytes]:
    sets = [part for name, value in SETTINGS.items() for part in ("--set", f"{name}={value}")]
    command = [sys.executable, "-m", "sparring", "train"]
    command += ["--resume"] if resume else ["moons", *sets]
    return subprocess.Popen(
        [*command, "--run", str(path)], stdout=subprocess.DEVNULL,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def wait(process: subprocess.Popen[bytes]) -> None:
    if process.wait():
        raise RuntimeError(f"a run ended with exit code {process.returncode}")


def steps_logged(path: Path) -> int:
    return max((int(record["step"]) for record in read_lines(path / "log.jsonl")), default=0)


def digest(path: Path) -> str:
    """Of the model, and of the log without its times."""
    lines = [{k: v for k, v in r.items() if k != "seconds"} for r in read_lines(path / "log.jsonl")]
    model = (path / "model.safetensors").read_bytes()
    return hashlib.sha256(model + repr(lines).encode()).hexdigest()
