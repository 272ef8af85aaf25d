"""torch.optim's optimisers under the settings that move over a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch.nn import Parameter

from sparring.config import Config
from sparring.errors import choose


def build_optimizer(parameters: Iterable[Parameter], config: Config) -> torch.optim.Optimizer:
    """The optimiser a config names; `set_rates` gives it its learning rate before every step."""
    return choose("optimizer", config.optimizer, OPTIMIZERS)(list(parameters), config)


def set_rates(optimizer: torch.optim.Optimizer, learning_rate: float, beta2: float) -> None:
    """Move the learning rate, and Adam's beta2, of every parameter group."""
    for group in optimizer.param_groups:
        group["lr"] = learning_rate
        if "betas" in group:
            group["betas"] = (group["betas"][0], beta2)


Maker = Callable[[list[Parameter], Config], torch.optim.Optimizer]

OPTIMIZERS: dict[str, Maker] = {
    # Fused on CPU and GPU alike: one kernel instead of a loop over parameters.
    "adam": lambda p, c: torch.optim.Adam(p, betas=(c.beta1, c.beta2), fused=True),
    "sgd": lambda p, c: torch.optim.SGD(p, momentum=c.momentum),
    "rmsprop": lambda p, c: torch.optim.RMSprop(p, alpha=c.beta2),
}
