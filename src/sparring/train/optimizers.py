"""torch.optim's optimisers of one vector under settings that move over a run.

Each has a second form, its update written in plain operations on tensors: a recorded step (see
engine.py) can hold nothing else, because a number would stay what it was when it was recorded. A
test holds the two together. To add an optimiser, write both and name them in OPTIMIZERS.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor
from torch.optim.adam import adam
from torch.optim.rmsprop import rmsprop
from torch.optim.sgd import sgd

from sparring.config import Config

State: TypeAlias = dict[str, Tensor]
# One update in place: of the vector and the state, down a gradient, with a learning rate and beta2.
EagerUpdate: TypeAlias = Callable[[Tensor, Tensor, State, float, float, Config], None]
RecordedUpdate: TypeAlias = Callable[[Tensor, Tensor, State, Tensor, Tensor, Config], None]


@dataclass(frozen=True)
class OptimizerForms:
    """One optimiser.

    Attributes:
        keeps: the names of its state: "step", a count, and vectors like that of the parameters.
        eager: the update as torch.optim has it.
        recorded: the same in plain operations, with rates that are tensors.
    """

    keeps: Callable[[Config], tuple[str, ...]]
    eager: EagerUpdate
    recorded: RecordedUpdate

    def state(self, vector: Tensor, config: Config) -> State:
        """The state before the first update of a vector (n,)."""
        return {
            name: vector.new_zeros(() if name == "step" else vector.shape)
            for name in self.keeps(config)
        }


def eager_adam(
    vector: Tensor, gradient: Tensor, state: State, rate: float, beta2: float, config: Config
) -> None:
    """One kernel, on CPU and GPU alike."""
    adam(
        [vector], [gradient], [state["exp_avg"]], [state["exp_avg_sq"]], [], [state["step"]],
        lr=rate, beta1=config.beta1, beta2=beta2, eps=1e-8, weight_decay=0.0,
        amsgrad=False, maximize=False, fused=True,
    )  # fmt: skip


def recorded_adam(
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


def eager_sgd(
    vector: Tensor, gradient: Tensor, state: State, rate: float, beta2: float, config: Config
) -> None:
    sgd(
        [vector], [gradient], [state.get("momentum_buffer")],
        lr=rate, momentum=config.momentum, dampening=0.0, nesterov=False,
        weight_decay=0.0, maximize=False,
    )  # fmt: skip


def recorded_sgd(
    vector: Tensor, gradient: Tensor, state: State, rate: Tensor, beta2: Tensor, config: Config
) -> None:
    """Gradient descent with heavy-ball momentum (Polyak 1964)."""
    if config.momentum:
        gradient = state["momentum_buffer"].mul_(config.momentum).add_(gradient)
    vector -= rate * gradient


def eager_rmsprop(
    vector: Tensor, gradient: Tensor, state: State, rate: float, beta2: float, config: Config
) -> None:
    rmsprop(
        [vector], [gradient], [state["square_avg"]], [], [], [state["step"]],
        lr=rate, alpha=config.beta2, eps=1e-8, momentum=0.0, centered=False,
        weight_decay=0.0,
    )  # fmt: skip


def recorded_rmsprop(
    vector: Tensor, gradient: Tensor, state: State, rate: Tensor, beta2: Tensor, config: Config
) -> None:
    """Tieleman & Hinton 2012, lecture 6.5."""
    square = state["square_avg"]
    state["step"] += 1
    square.lerp_(gradient.square(), 1 - config.beta2)
    vector -= rate * gradient / (square.sqrt() + 1e-8)


OPTIMIZERS: dict[str, OptimizerForms] = {
    "adam": OptimizerForms(
        lambda config: ("step", "exp_avg", "exp_avg_sq"), eager_adam, recorded_adam
    ),
    "sgd": OptimizerForms(
        lambda config: ("momentum_buffer",) if config.momentum else (), eager_sgd, recorded_sgd
    ),
    "rmsprop": OptimizerForms(
        lambda config: ("step", "square_avg"), eager_rmsprop, recorded_rmsprop
    ),
}
