"""Several processes that train one pair of networks together, as `torchrun` starts them.

Every process draws the same batch and takes its share of it; gradients are averaged over the
processes before every update. So the gradients are those of one process on the whole batch, and
the networks stay equal everywhere without being wrapped in anything.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import sys
from collections.abc import Iterator
from typing import TypeVar

import torch
from torch import Tensor
from torch import distributed as dist

from sparring.config import Config, resolved
from sparring.errors import ConfigError, RunError

T = TypeVar("T")
TIMEOUT = datetime.timedelta(seconds=60)  # for a process that does not answer


def processes() -> int:
    """How many processes train together; 1 outside `cluster`."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """Which of them this is, from 0; process 0 writes."""
    return dist.get_rank() if dist.is_initialized() else 0


def mean_over_processes(values: Tensor) -> None:
    """Replace `values`, in place, by their mean over the processes.

    Raises:
        RunError: another process has died or hangs.
    """
    if processes() > 1:
        _reduce(values, dist.ReduceOp.SUM)
        values /= processes()


def _reduce(values: Tensor, operation: dist.ReduceOp.RedOpType) -> None:
    try:
        dist.all_reduce(values, operation)
    except RuntimeError as error:
        first = str(error).splitlines()[0]
        raise RunError(f"another process of this run has died or hangs ({first})") from None


def largest(value: float) -> float:
    """The largest of the values that the processes have: what they agree on."""
    if processes() == 1:
        return value
    values = torch.tensor([value], device="cuda" if dist.get_backend() == "nccl" else "cpu")
    _reduce(values, dist.ReduceOp.MAX)
    return float(values)


def agreed(value: T) -> T:
    """What process 0 has, for all of them; any value that can be pickled."""
    if processes() == 1:
        return value
    values = [value]
    dist.broadcast_object_list(values)
    return values[0]


def share_of(batch: Tensor) -> Tensor:
    """The rows of a whole batch that this process works on."""
    if processes() == 1 or not len(batch):
        return batch
    return batch.chunk(processes())[rank()]


def check_shareable(config: Config) -> None:
    """Raise ConfigError where several processes would not do what one does."""
    count, size = processes(), resolved(config.batch_size, "batch_size")
    if count == 1:
        return
    if size % count:
        raise ConfigError(f"batch_size {size} cannot be shared by {count} processes")
    if config.generator_batch_norm or config.critic_batch_norm:
        raise ConfigError(f"batch normalisation needs the whole batch: not for {count} processes")
    if size // count % config.pac:
        raise ConfigError(f"pac {config.pac} does not part batch_size {size} of {count} processes")
    if config.critic_dropout:
        raise ConfigError(f"critic_dropout would repeat itself in each of {count} processes")
    if config.engine not in (None, "eager"):
        raise ConfigError(f"engine {config.engine!r} is for one process: use eager")


@contextlib.contextmanager
def cluster() -> Iterator[None]:
    """Join the processes that `torchrun` started; nothing when it did not start this one.

    Raises:
        ConfigError: Accelerate is not installed.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield
        return
    try:
        from accelerate import PartialState
    except ImportError:
        raise ConfigError(
            "several processes need Accelerate: pip install 'sparring[cluster]'"
        ) from None
    PartialState(cpu=not torch.cuda.is_available(), timeout=TIMEOUT)
    try:
        yield
        if rank() > 0:
            # Nothing is left to do here, and threads of the group that outlive the interpreter
            # can abort it on its way out: the run would be reported as failed.
            sys.stdout.flush()
            os._exit(0)
    finally:
        dist.destroy_process_group()
