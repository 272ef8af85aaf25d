"""The machine: which device, how many threads, which arithmetic."""

from __future__ import annotations

import copy
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from sparring.errors import ConfigError, choose
from sparring.nets.base import Critic, Generator


def pick_device(name: str) -> torch.device:
    """The device of a config; "auto" is the first GPU when there is one.

    Raises:
        ConfigError: no such device here.
    """
    gpus = [f"cuda:{i}" for i in range(torch.cuda.device_count())]
    if name == "auto":
        return torch.device("cuda" if gpus else "cpu")
    here = ["cpu", *gpus, *(["mps"] if torch.backends.mps.is_available() else [])]
    if name not in here and not (name == "cuda" and gpus):
        raise ConfigError(f"device {name!r} is not here (here: auto, {', '.join(here)})")
    return torch.device(name)


def pick_threads(asked: int | None, flops: int) -> int:
    """How many CPU threads to train with.

    Handing a small piece of work to a second thread costs more than the work, so nets without a
    large layer get one. Others get all cores if that is faster right now: on a core that something
    else keeps busy, threads that wait for each other can be fifty times slower than one. The
    number decides the last bits of every sum, so the run's config.json keeps it.

    Args:
        asked: a number from the config, which is taken as it is.
        flops: see `largest_layer_flops`.
    """
    if asked is not None:
        return asked
    if flops < LARGE_LAYER_FLOPS or cores() == 1:
        return 1
    a = torch.ones(PROBE, PROBE)

    def multiply(threads: int) -> None:
        with thread_count(threads):
            torch.mm(a, a)

    return cores() if gain(lambda: multiply(cores()), lambda: multiply(1)) > 1.2 else 1


def pick_precision(asked: str, device: torch.device) -> str:
    """The arithmetic a config asks for; "auto" is bf16 where this machine is fast at it.

    Raises:
        ConfigError: an unknown name.
    """
    choose("precision", asked, PRECISIONS)
    if asked != "auto":
        return asked
    if device.type == "cuda":
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        a = torch.ones(PROBE, PROBE, device=device)
        b = a.to(torch.bfloat16)
        # Built-in bf16 is several times faster, emulated bf16 slower: nothing lies at the bound.
        # It is asked what the machine can do, not what others leave of it: the fastest call counts.
        fast = (
            device.type == "cpu"
            and gain(lambda: torch.mm(b, b), lambda: torch.mm(a, a), over=min) > 1.5
        )
    return "bf16" if fast else "fp32"


def gain(
    one: Callable[[], object],
    other: Callable[[], object],
    over: Callable[[Iterable[float]], float] = sum,
) -> float:
    """How many times as fast as `other` `one` is, called by turns, the first pair not counted.

    Args:
        over: what is made of the seconds of the eight calls of each.
    """
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(9):
        for call, taken in zip((one, other), seconds, strict=True):
            before = time.perf_counter()
            call()
            taken.append(time.perf_counter() - before)
    return over(seconds[1][1:]) / over(seconds[0][1:])


def largest_layer_flops(G: Generator, D: Critic, batch_size: int, conditions: int) -> int:
    """Floating point operations of the costliest layer, as one batch passes through G and D.

    Threads share out one layer at a time, so that the sum over all layers says nothing: the MLPs
    of a table do more work than small convolutional nets, in many more and smaller pieces. It is
    counted on tensors without content: nothing is computed and no random number is drawn.

    Args:
        conditions: k, the width of the condition vector.
    """
    z = torch.empty(batch_size, G.latent_dim, device="meta")
    y = torch.empty(batch_size, conditions, device="meta")
    hollow_G, hollow_D = copy.deepcopy(G).to("meta"), copy.deepcopy(D).to("meta")
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        hollow_D(hollow_G(z, y), y)
    modules = counter.get_flop_counts()
    del modules["Global"]
    layers = [name for name in modules if not any(n.startswith(f"{name}.") for n in modules)]
    return max(sum(int(flops) for flops in modules[name].values()) for name in layers)


def cores() -> int:
    """CPU cores that this process may keep busy, by its affinity and its container's quota."""
    count = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    try:
        quota, period = map(int, CGROUP_QUOTA.read_text().split())
    except (OSError, ValueError):  # no container, or one without a quota
        return count
    return max(1, min(count, quota // period))


@contextmanager
def thread_count(threads: int) -> Iterator[None]:
    """Run the block with so many CPU threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def arithmetic(precision: str, device: torch.device) -> Iterator[None]:
    """Run nets in fp32, or in bf16 autocast (parameters stay fp32).

    On a GPU, convolutions are held to the algorithms that repeat to the bit.

    Raises:
        ConfigError: an unknown precision, or one that is not resolved.
    """
    dtype = choose("precision", precision, PRECISIONS)
    if dtype is None:
        raise ConfigError(f"precision {precision!r} is not resolved: see pick_precision")
    nets: AbstractContextManager[object] = nullcontext()
    if dtype is not torch.float32:
        # No cache: it would keep D's weights as they were before its own update in this step.
        nets = torch.autocast(device.type, dtype, cache_enabled=False)
    before = torch.backends.cudnn.deterministic
    torch.backends.cudnn.deterministic = True
    try:
        with nets:
            yield
    finally:
        torch.backends.cudnn.deterministic = before


LARGE_LAYER_FLOPS = 30_000_000
PROBE = 512  # side of the square matrices that are multiplied to try the machine
CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")  # "quota period" in microseconds, or "max period"
PRECISIONS = {"auto": None, "fp32": torch.float32, "bf16": torch.bfloat16}
