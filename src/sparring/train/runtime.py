"""The machine: which device, how many threads, which arithmetic."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch

from sparring.errors import ConfigError, choose


def pick_device(name: str) -> torch.device:
    """The device of a config; "auto" is the first GPU when there is one.

    Raises:
        ConfigError: no such device here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError):
        here = ["auto", "cpu"] + [f"cuda:{i}" for i in range(torch.cuda.device_count())]
        raise ConfigError(f"device {name!r} is not here (here: {', '.join(here)})") from None
    return device


def pick_threads(asked: int | None, parameters: int, batch_size: int, image: bool) -> int:
    """How many CPU threads a step gains from.

    Two threads on a small net are slower than one, so the choice follows the work of a step. It
    is a rule and not a measurement: the number of threads decides the last bits of every sum, and
    the same seed must give the same bits.
    """
    if asked is not None:
        return asked
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    large = image or parameters * batch_size > SMALL_STEP
    return max(1, cores or 1) if large else 1


@contextmanager
def thread_count(threads: int) -> Iterator[None]:
    """Run the block with so many CPU threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def arithmetic(precision: str, device: torch.device) -> AbstractContextManager[object]:
    """The context in which nets run: fp32, or bf16 autocast (parameters stay fp32)."""
    dtype = choose("precision", precision, PRECISIONS)
    if dtype is torch.float32:
        return nullcontext()
    # No cache: it would keep the weights of D as they were before its own update in this step.
    return torch.autocast(device.type, dtype, cache_enabled=False)


SMALL_STEP = 100_000_000  # parameters x rows; measured, see benchmarks
PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16}
