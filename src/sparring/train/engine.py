"""How a step runs: eagerly, from a recording, compiled, or as a CUDA graph.

All of them run the very function of step.py. Eager is always right. A recording holds the
operations of one call on tensors, forward, backward through every penalty and both updates; it
needs no autograd and no module when it runs again. To add an engine, write its function and name it
in ENGINES.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.fx import GraphModule
from torch.fx.experimental.proxy_tensor import make_fx

from sparring.config import Config
from sparring.errors import ConfigError, choose
from sparring.train.step import Batch

Step = Callable[[list[Batch]], Tensor]

WARM_UP_CALLS = 3  # before a CUDA graph is captured, as PyTorch's manual asks
TRACING_REPAYS = 500  # steps
COMPILING_SECONDS = 40.0  # on a slow core, nothing cached
COMPILING_SAVES = 0.35  # of the time of a traced step, at least


def pick_engine(config: Config, device: torch.device, steps: float, seconds: float) -> str:
    """The engine a config asks for, or the one that ends the run soonest.

    Args:
        steps: that the run has; may be infinite.
        seconds: that it would take eagerly.

    Raises:
        ConfigError: an unknown engine, or one that this machine or these nets cannot have.
    """
    if config.engine is not None:
        choose("engine", config.engine, ENGINES)
        if config.engine == "graphed" and device.type != "cuda":
            raise ConfigError("engine 'graphed' needs a GPU")
        if config.engine != "eager" and config.critic_dropout:
            raise ConfigError(f"engine {config.engine!r} cannot have critic_dropout: use eager")
        if config.engine == "compiled" and not has_compiler():
            raise ConfigError("engine 'compiled' needs a C++ compiler (g++, or $CXX)")
        return config.engine
    if steps < TRACING_REPAYS or config.critic_dropout:
        return "eager"
    if device.type == "cuda":
        return "graphed"
    if device.type == "cpu" and has_compiler() and seconds * COMPILING_SAVES > COMPILING_SECONDS:
        return "compiled"
    return "traced"


def has_compiler() -> bool:
    """Whether there is a C++ compiler that torch.compile could call."""
    return shutil.which(os.environ.get("CXX", "g++")) is not None


def eager(step: Step, example: list[Batch]) -> Step:
    """The function itself."""
    return step


def traced(step: Step, example: list[Batch]) -> Step:
    """The recorded operations, one after another, without autograd's and the modules' overhead."""
    return replay(record(step, example))


def compiled(step: Step, example: list[Batch]) -> Step:
    """The recorded operations, fused into C++ by TorchInductor.

    A recording has no Python left for torch.compile to guard, and its guards take as long as a
    small step.
    """

    def made() -> Step:
        graph = record(step, example)
        with torch.no_grad():
            run = replay(torch._inductor.compile(graph, _tensors(example)))
        run(example)  # what fails fails here
        return run

    try:
        return made()
    except RuntimeError:
        from torch._inductor.utils import fresh_cache  # slow to import

        # What a process that was killed left in the compiler's cache may be half a file.
        with fresh_cache():
            return made()


def graphed(step: Step, example: list[Batch]) -> Step:
    """The kernels of one call as a CUDA graph, launched all at once."""
    static = [Batch(*(tensor.clone() for tensor in batch)) for batch in example]
    graph = torch.cuda.CUDAGraph()
    side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(WARM_UP_CALLS):
            step(static)
    torch.cuda.current_stream().wait_stream(side)
    with torch.cuda.graph(graph):
        result = step(static)

    def run(batches: list[Batch]) -> Tensor:
        for places, batch in zip(static, batches, strict=True):
            for place, tensor in zip(places, batch, strict=True):
                place.copy_(tensor)
        graph.replay()
        return result.clone()

    return run


def record(step: Step, example: list[Batch]) -> GraphModule:
    """All operations of one call, as a graph; what is not in a batch are the step's own tensors."""
    width = len(Batch._fields)

    def call(*tensors: Tensor) -> Tensor:
        return step([Batch(*tensors[i : i + width]) for i in range(0, len(tensors), width)])

    return make_fx(call)(*_tensors(example))


def replay(graph: Callable[..., Tensor]) -> Step:
    """A recorded step: its precision is a part of the record."""

    def run(batches: list[Batch]) -> Tensor:
        with torch.no_grad(), torch.autocast(batches[0].real.device.type, enabled=False):
            return graph(*_tensors(batches))

    return run


def _tensors(batches: list[Batch]) -> list[Any]:
    return [tensor for batch in batches for tensor in batch]


# They may make the steps of the example while they get ready: the trainer undoes them.
ENGINES: dict[str, Callable[[Step, list[Batch]], Step]] = {
    "eager": eager,
    "traced": traced,
    "compiled": compiled,
    "graphed": graphed,
}
