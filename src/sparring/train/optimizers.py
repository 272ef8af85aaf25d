"""torch.optim's optimisers of one vector under settings that move over a run.

Each has a second form, its update written in plain operations on tensors: a recorded step (see
engine.py) can hold nothing else, because a number would stay what it was when it was recorded. A
test holds the two together. To add an optimiser, write both and name them in OPTIMIZERS.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import Parameter

from sparring.config import Config

State = dict[str, Tensor]


@dataclass(frozen=True)
class OptimizerForms:
    """One optimiser.

    Attributes:
        make: the optimiser of a parameter, as torch.optim has it.
        rule: one update in place: of the vector and the optimiser's state for it, down a gradient,
            with a learning rate and a beta2 (scalar tensors).
    """

    make: Callable[[list[Parameter], Config], torch.optim.Optimizer]
    rule: Callable[[Tensor, Tensor, State, Tensor, Tensor, Config], None]


def set_rates(optimizer: torch.optim.Optimizer, learning_rate: float, beta2: float) -> None:
    """Move the learning rate, and Adam's beta2, of every parameter group."""
    for group in optimizer.param_groups:
        group["lr"] = learning_rate
        if "betas" in group:
            group["betas"] = (group["betas"][0], beta2)


def adam(
    vector: Tensor, gradient: Tensor, state: State, rate: Tensor, beta2: Tensor, config: Config
) -> None:
    """Kingma & Ba 2015, algorithm 1."""
    count, mean, square = state["step"], state["exp_avg"], state["exp_avg_sq"]
    count += 1
    mean.lerp_(gradient, 1 - config.beta1)
    square.lerp_(gradient.square(), 1 - beta2)
    # As exponentials, which TorchInductor computes once and not for every entry, as powers.
    square_share = 1 - torch.exp(count * beta2.log())
    rate = rate / (1 - torch.exp(count * math.log(config.beta1))) if config.beta1 else rate
    vector -= rate * mean / (square / square_share).sqrt_().add_(1e-8)


def sgd(
    vector: Tensor, gradient: Tensor, state: State, rate: Tensor, beta2: Tensor, config: Config
) -> None:
    """Gradient descent with heavy-ball momentum (Polyak 1964)."""
    if config.momentum:
        gradient = state["momentum_buffer"].mul_(config.momentum).add_(gradient)
    vector -= rate * gradient


def rmsprop(
    vector: Tensor, gradient: Tensor, state: State, rate: Tensor, beta2: Tensor, config: Config
) -> None:
    """Tieleman & Hinton 2012, lecture 6.5."""
    square = state["square_avg"]
    state["step"] += 1
    square.lerp_(gradient.square(), 1 - config.beta2)
    vector -= rate * gradient / (square.sqrt() + 1e-8)


OPTIMIZERS: dict[str, OptimizerForms] = {
    "adam": OptimizerForms(
        # Fused on CPU and GPU alike: one kernel.
        lambda p, c: torch.optim.Adam(p, betas=(c.beta1, c.beta2), fused=True),
        adam,
    ),
    "sgd": OptimizerForms(lambda p, c: torch.optim.SGD(p, momentum=c.momentum), sgd),
    "rmsprop": OptimizerForms(lambda p, c: torch.optim.RMSprop(p, alpha=c.beta2), rmsprop),
}
