"""What every benchmark shares: separate processes, the machine's description, tables and files."""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.markup import escape
from rich.table import Table

import sparring

RESULTS = Path(__file__).parent / "results"
ROOT = Path(__file__).parent.parent


def in_processes(
    function: Callable[..., Any], jobs: Iterable[tuple[Any, ...]], at_once: int
) -> list[Any]:
    """Call `function(*job)` for each job, each in a fresh process, so many at once; in order.

    A fresh process gives each job a peak memory of its own.
    """
    with ProcessPoolExecutor(
        at_once, mp_context=get_context("spawn"), max_tasks_per_child=1
    ) as pool:
        return [future.result() for future in [pool.submit(function, *job) for job in jobs]]


def peak_gigabytes() -> float:
    """The most memory that this process has held, in GB (10^9 bytes)."""
    status = Path("/proc/self/status")
    if status.exists():  # what the system reports otherwise begins with the parent's memory
        (line,) = (n for n in status.read_text().splitlines() if n.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def processor_seconds() -> float:
    """Seconds that processor cores spent on this process and its compilers, whoever else ran."""
    return sum(os.times()[:4])


def spread(values: Iterable[float], digits: int = 3) -> str:
    """Mean and range: 0.98 (0.97 to 0.99)."""
    values = list(values)
    if len(values) == 1:
        return f"{values[0]:.{digits}f}"
    return f"{np.mean(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def show(name: str, rows: list[dict[str, str]]) -> None:
    """Print rows of one benchmark as a table."""
    table = Table(title=f"{name}, {description()}", title_justify="left", box=None)
    for column in rows[0]:
        table.add_column(escape(column))
    for row in rows:
        table.add_row(*map(escape, row.values()))
    Console(width=180).print(table)


def keep(name: str, seeds: int, rows: list[dict[str, str]]) -> None:
    """Write the rows, and what they were measured on, to results/NAME.json."""
    RESULTS.mkdir(exist_ok=True)
    record = {
        "name": name,
        "command": f"python -m benchmarks {name} --seeds {seeds}",
        "seeds": seeds,
        "machine": description(),
        "versions": {
            "sparring": sparring.__version__,
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
        "commit": _commit(),
        "date": time.strftime("%Y-%m-%d"),
        "rows": rows,
    }
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    (RESULTS / f"{name}.json").write_text(text, encoding="utf-8")


def description() -> str:
    """The machine's size, in words."""
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return f"{os.cpu_count()} CPU cores, {gigabytes:.0f} GB of memory"


def _commit() -> str:
    result = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True
    )
    return result.stdout.strip()
