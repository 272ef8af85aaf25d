"""Runs that are killed (SIGKILL) at random moments and resumed: do they end with the same bits?

Every run is a process of its own. They are forked from one that has imported PyTorch already, so
that a hundred kills take minutes, and two of them go on at a time.
"""

from __future__ import annotations

import hashlib
import os
import random
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

import torch._dynamo  # noqa: F401 - an optimiser imports it: once, before the runs are forked

from sparring.cli.train import train
from sparring.train.run import read_lines

SETTINGS = {
    "width": 16, "depth": 2, "steps": 1_500, "threads": 1, "holdout": 0, "engine": "eager",
    "state_every_seconds": 0.2, "sample_every_steps": 1_000_000,
}  # fmt: skip
KILLS_PER_RUN = 10
AT_ONCE = 2
LONGEST_WAIT = 0.5  # seconds, from a line of the log to the kill

FORKS = get_context("forkserver")


def run(kills: int) -> list[dict[str, str]]:
    """`kills` kills, ten to a run, each resumed to its end; one row."""
    os.environ["OMP_NUM_THREADS"] = "1"
    FORKS.set_forkserver_preload(["benchmarks.kills"])
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(AT_ONCE) as pool:
        whole = Path(folder, "whole")
        wait(start(whole, resume=False))
        expected = digest(whole)
        wanted = [
            (Path(folder, f"run-{i}"), min(KILLS_PER_RUN, kills - start), i)
            for i, start in enumerate(range(0, kills, KILLS_PER_RUN))
        ]
        done = list(pool.map(lambda job: killed_run(*job), wanted))
        equal = sum(result == expected for result, _ in done)
    lost = [steps for _, each in done for steps in each]
    return [
        {
            "kills": str(len(lost)),
            "runs that ended": f"{len(done)} of {len(wanted)}",
            "with the bits of an unbroken run": f"{equal} of {len(wanted)}",
            "steps made again after a kill": f"{sum(lost) / len(lost):.0f} (at most {max(lost)})",
        }
    ]


def killed_run(path: Path, kills: int, seed: int) -> tuple[str, list[int]]:
    """A run killed so often; a hash of its model and log, and the steps that each kill cost.

    A run that ends before its last kill was killed less often.
    """
    moments = random.Random(seed)
    lost: list[int] = []
    process = start(path, resume=False)
    for _ in range(kills):
        # Wait until it trains, so that the moments are not all in the start of Python.
        before = steps_logged(path)
        while process.is_alive() and steps_logged(path) <= before:
            time.sleep(0.01)
        process.join(moments.uniform(0, LONGEST_WAIT))
        process.kill()
        process.join()
        if process.exitcode == 0:
            break
        reached = steps_logged(path)
        states = [int(file.stem.removeprefix("step-")) for file in (path / "state").glob("step-*")]
        lost.append(max(reached - max(states, default=0), 0))
        process = start(path, resume=(path / "model.safetensors").exists())
    wait(process)
    return digest(path), lost


def start(path: Path, *, resume: bool) -> BaseProcess:
    process = FORKS.Process(target=begin, args=(path, resume))
    process.start()
    return process


def begin(path: Path, resume: bool) -> None:
    """`sparring train`, silently; in a process of its own."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sets = [f"{name}={value}" for name, value in SETTINGS.items()]
    train(
        None if resume else "moons", path, resume, dry_run=False, seeds=1, config_file=None,
        assignments=[] if resume else sets, flags={},
    )  # fmt: skip


def wait(process: BaseProcess) -> None:
    process.join()
    if process.exitcode:
        raise RuntimeError(f"a run ended with exit code {process.exitcode}")


def steps_logged(path: Path) -> int:
    return max((int(record["step"]) for record in read_lines(path / "log.jsonl")), default=0)


def digest(path: Path) -> str:
    """Of the model, and of the log without its times."""
    lines = [{k: v for k, v in r.items() if k != "seconds"} for r in read_lines(path / "log.jsonl")]
    model = (path / "model.safetensors").read_bytes()
    return hashlib.sha256(model + repr(lines).encode()).hexdigest()
