"""How fast a model of the default size draws: points and rows of tables, in memory and to files."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.machine import in_processes, peak_gigabytes
from benchmarks.steps import GEMM
from sparring.config import Config
from sparring.data.sink import open_sink
from sparring.data.source import open_source
from sparring.fit import fit
from sparring.model import Model
from sparring.plan import plan
from sparring.sample import block_rows, stream
from sparring.train.runtime import cores, thread_count

TABLES = ("StressLevelDataset.csv", "adult.csv")  # in $SPARRING_DATA
BLOCKS = 8  # that are drawn, of 8,192 rows each
OUTPUTS = ("memory", ".csv", ".parquet")


def run(repeats: int) -> list[dict[str, str]]:
    """One row per source and output: the fastest of so many repeats.

    On a machine that others use, the rate by the processor's time says more than that by the clock.
    """
    folder = os.environ.get("SPARRING_DATA")
    sources = ["moons", *(str(Path(folder, table)) for table in TABLES if folder)]
    jobs = [(source, output, repeats) for source in sources for output in OUTPUTS]
    found = in_processes(one, jobs, at_once=1)
    return [
        {
            "source": Path(source).name,
            "to": output,
            "rows a second": f"{f['rate']:,.0f}",
            "by processor time, all cores": f"{f['work']:,.0f}",
            "the matrix products alone": f"{f['limit']:,.0f}",
            "memory, before": f"{f['before']:.2f} GB",
            "peak": f"{f['peak']:.2f} GB",
        }
        for (source, output, _), f in zip(jobs, found, strict=True)
    ]


def one(source: str, output: str, repeats: int) -> dict[str, float]:
    """Draw from a model that took two steps: how good it is makes no difference."""
    planned = plan(open_source(source), Config(steps=2, engine="eager", threads=1))
    model = fit(planned)
    with tempfile.TemporaryDirectory() as folder:
        draw(model, 1, "memory", folder)
        before, taken = peak_gigabytes(), []
        for _ in range(repeats):
            wall, work = time.perf_counter(), time.process_time()
            draw(model, BLOCKS, output, folder)
            taken.append((time.perf_counter() - wall, time.process_time() - work))
    rows = BLOCKS * block_rows(model.kind)
    return {
        "rate": rows / min(wall for wall, _ in taken),
        "work": cores() * rows / min(work for _, work in taken),
        "limit": cores() * core_rate() / flops_per_row(model),
        "before": before,
        "peak": peak_gigabytes(),
    }


def draw(model: Model, blocks: int, output: str, folder: str) -> None:
    """Draw whole blocks and forget them, or write them to a file."""
    rows = blocks * block_rows(model.kind)
    if output == "memory":
        for _ in stream(model, rows):
            pass
        return
    with open_sink(Path(folder, f"rows{output}"), rows) as sink:
        for part in stream(model, rows):
            sink.write(part.x, part.y)


def flops_per_row(model: Model) -> float:
    """Floating point operations of G's matrix products for one row."""
    z, y = torch.zeros(1, model.G.latent_dim), torch.zeros(1, model.kind.shape.condition_width)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model.G(z, y)
    return float(counter.get_total_flops())


def core_rate() -> float:
    """Floating point operations that one core makes of a product in a second of its time."""
    a = torch.ones(GEMM, GEMM)
    with thread_count(1):
        taken = []
        for _ in range(5):
            before = time.process_time()
            torch.mm(a, a)
            taken.append(time.process_time() - before)
    return 2 * GEMM**3 / min(taken)
