"""Our step beside a plain loop with the same networks, batch, loss and optimiser.

The plain loop is what tutorials write: two forward passes of D, `backward`, `torch.optim.Adam` over
all parameters, both losses read as numbers in every step, PyTorch's default number of threads.
Both run by turns in one process, on rows in memory; the median of the turns counts. Ours has the
same arithmetic, and then that which the defaults choose (bf16 for images, where the machine is fast
at it). The limit is the time that the step's matrix products alone would take at this machine's
measured rate.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from sparring.config import Config, resolved
from sparring.data.dataset import Dataset
from sparring.plan import plan
from sparring.train.engine import has_compiler
from sparring.train.runtime import thread_count
from sparring.train.trainer import Trainer

SECONDS = 0.4  # of one turn
GEMM = 1024  # side of the matrices whose product measures the machine


@dataclass(frozen=True)
class Case:
    """A published experiment's networks and batch; `shape` is that of one row."""

    name: str
    shape: tuple[int, ...]
    settings: dict[str, Any]


def mlp(width: int, depth: int, batch: int, **more: Any) -> dict[str, Any]:
    return {"network": "mlp", "width": width, "depth": depth, "batch_size": batch} | more


CONDITIONAL_DCGAN = {
    "network": "dcgan", "width": 32, "generator_batch_norm": True, "latent_dim": 100,
}  # fmt: skip

CASES = [
    Case("sine, width 128, batch 256", (2,), mlp(128, 2, 256)),
    Case("sparse sine, width 512, batch 32", (2,), mlp(512, 2, 32)),
    Case("students, width 64, batch 20", (2,), mlp(64, 2, 20)),
    Case("plane, width 64, batch 64", (2,), mlp(64, 2, 64)),
    Case("MNIST MLP, width 256, batch 100", (28, 28, 1), mlp(256, 2, 100, latent_dim=100)),
    Case("conditional DCGAN, batch 5", (28, 28, 1), CONDITIONAL_DCGAN | {"batch_size": 5}),
    Case("conditional DCGAN, batch 64", (28, 28, 1), CONDITIONAL_DCGAN | {"batch_size": 64}),
]


def run(repeats: int) -> list[dict[str, str]]:
    """One row per case, and the geometric mean."""
    rate = gemm_rate()
    rows, ratios, by_default = [], [], []
    for case in CASES:
        ours, penalised = trainer(case, "none"), trainer(case, "r1+r2")
        usual = trainer(case, "none", precision="")
        simple = PlainLoop(trainer(case, "none", engine="eager"))
        seconds = by_turns(
            [simple.step, stepper(ours), stepper(penalised), stepper(usual)], repeats,
            [torch.get_num_threads(), threads(ours), threads(penalised), threads(usual)],
        )  # fmt: skip
        limit = simple.flops() / rate
        ratios.append(seconds[0] / seconds[1])
        by_default.append(seconds[0] / seconds[3])
        rows.append(
            {
                "step": case.name,
                "plain (ms)": f"{1e3 * seconds[0]:.2f}",
                "ours (ms)": f"{1e3 * seconds[1]:.2f}",
                "times as fast": f"{ratios[-1]:.2f}",
                "with R1 + R2 (ms)": f"{1e3 * seconds[2]:.2f}",
                "R1 + R2 / ours": f"{seconds[2] / seconds[1]:.2f}",
                "by default": f"{by_default[-1]:.2f} ({usual.config.precision})",
                "limit (ms)": f"{1e3 * limit:.2f}",
                "engine": f"{ours.config.engine}, {threads(ours)} thread(s)",
            }
        )
        print(rows[-1], flush=True)
    means = (f"{statistics.geometric_mean(each):.2f}" for each in (ratios, by_default))
    last = dict.fromkeys(rows[0], "") | {"step": "geometric mean"}
    return [*rows, last | dict(zip(("times as fast", "by default"), means, strict=True))]


def trainer(
    case: Case, penalty: str, engine: str | None = None, precision: str = "fp32"
) -> Trainer:
    """Ours, on random rows of the case's shape, as long a run as needed.

    Args:
        precision: "" is that of the defaults.
    """
    random = torch.Generator().manual_seed(0)
    if len(case.shape) == 1:
        data = Dataset(torch.randn((4096, *case.shape), generator=random).numpy())
    else:
        images = torch.randint(0, 256, (4096, *case.shape), dtype=torch.uint8, generator=random)
        data = Dataset(images.numpy(), torch.arange(4096).remainder(10).numpy())
    config = Config(
        loss="non-saturating", penalty=penalty, steps=10**9, holdout=0, beta1=0.5, beta2=0.999,
        beta2_end=0.999, learning_rate=2e-4, ema_half_life_steps=0, precision=precision or None,
        engine=engine or ("compiled" if has_compiler() else "traced"), stratified=False,
    )  # fmt: skip
    return plan(data, config.replace(case.settings)).build()


def threads(of: Trainer) -> int:
    return resolved(of.config.threads, "threads")


def stepper(of: Trainer) -> Callable[[], object]:
    return of.steps().__next__


class PlainLoop:
    """The loop of a tutorial on the networks of a trainer."""

    def __init__(self, like: Trainer) -> None:
        self.G, self.D, self.batches = like.G, like.D, like.batches
        config = like.config
        betas = (config.beta1, config.beta2)
        self.opt_g = torch.optim.Adam(self.G.parameters(), lr=2e-4, betas=betas)
        self.opt_d = torch.optim.Adam(self.D.parameters(), lr=2e-4, betas=betas)
        self.criterion = nn.BCEWithLogitsLoss()

    def step(self) -> tuple[float, float]:
        real, y = self.batches.next()
        z = torch.randn(len(real), self.G.latent_dim)
        ones, zeros = torch.ones(len(real)), torch.zeros(len(real))
        self.opt_d.zero_grad()
        fake = self.G(z, y)
        loss_d = self.criterion(self.D(real, y), ones)
        loss_d = loss_d + self.criterion(self.D(fake.detach(), y), zeros)
        loss_d.backward()
        self.opt_d.step()
        self.opt_g.zero_grad()
        fake = self.G(torch.randn(len(real), self.G.latent_dim), y)
        loss_g = self.criterion(self.D(fake, y), ones)
        loss_g.backward()
        self.opt_g.step()
        return loss_d.item(), loss_g.item()

    def flops(self) -> float:
        """Floating point operations of the matrix products and convolutions of one step."""
        with FlopCounterMode(display=False) as counter:
            self.step()
        return float(counter.get_total_flops())


def by_turns(
    steps: list[Callable[[], object]], repeats: int, thread_counts: list[int]
) -> list[float]:
    """Median seconds of one step of each, over so many interleaved turns."""
    found: list[list[float]] = [[] for _ in steps]
    counts = []
    for step, count in zip(steps, thread_counts, strict=True):
        with thread_count(count):
            step()
            counts.append(max(1, round(SECONDS / timed(step, 3))))
    for _ in range(repeats):
        for i, step in enumerate(steps):
            with thread_count(thread_counts[i]):
                found[i].append(timed(step, counts[i]))
    return [statistics.median(seconds) for seconds in found]


def timed(step: Callable[[], object], count: int) -> float:
    """Seconds of one of `count` calls."""
    before = time.perf_counter()
    for _ in itertools.repeat(None, count):
        step()
    return (time.perf_counter() - before) / count


def gemm_rate() -> float:
    """Floating point operations per second of a large product of matrices, on all threads."""
    a = torch.ones(GEMM, GEMM)
    return 2 * GEMM**3 / min(timed(lambda: torch.mm(a, a), 3) for _ in range(7))
