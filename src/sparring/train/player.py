"""A net that learns: its parameters as one vector, and what moves that vector."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from sparring.config import Config
from sparring.errors import choose
from sparring.train.cluster import mean_over_processes
from sparring.train.optimizers import OPTIMIZERS

ALIGNMENT = 16  # entries: every parameter starts at a multiple of 64 bytes, as vector units like it


class FlatParameters:
    """Makes all parameters of a net views of one vector.

    One vector is optimised, averaged, sent to other processes and copied by one operation each,
    where a list of small tensors takes one for every tensor.

    Attributes:
        vector: the parameters, one after another, with zeros between them.
        parameters: the net's own, in order; they live in `vector` from now on.
    """

    def __init__(self, net: nn.Module) -> None:
        self.parameters = list(net.parameters())
        first = self.parameters[0]
        assert all(p.dtype == first.dtype and p.device == first.device for p in self.parameters)
        starts, size = [], 0
        for p in self.parameters:
            starts.append(size)
            size += -(-p.numel() // ALIGNMENT) * ALIGNMENT
        self._starts = starts
        self.vector = first.detach().new_zeros(size)
        for p, view in zip(self.parameters, self.views(self.vector), strict=True):
            view.copy_(p.detach())
            p.data = view

    def views(self, vector: Tensor) -> list[Tensor]:
        """The parts of a vector like `vector`, each in the shape of its parameter."""
        return [
            vector[start : start + p.numel()].view_as(p)
            for start, p in zip(self._starts, self.parameters, strict=True)
        ]


class Player:
    """G or D with its optimiser.

    Attributes:
        net: the network; vector: its parameters, as one vector.
        rates: the learning rate and Adam's beta2, while nothing is recorded.
        recorded: whether updates are made of operations that a recording can hold.
    """

    recorded = False

    def __init__(self, net: nn.Module, config: Config) -> None:
        self.net, self.config = net, config
        flat = FlatParameters(net)
        self.vector = flat.vector
        self.gradient = torch.zeros_like(self.vector)
        self._gradients = flat.views(self.gradient)
        self.forms = choose("optimizer", config.optimizer, OPTIMIZERS)
        self.state = self.forms.state(self.vector, config)
        self.rates = (0.0, config.beta2)
        self._moving_rates = self.vector.new_zeros(()), self.vector.new_zeros(())

    def set_rates(self, learning_rate: float, beta2: float) -> None:
        """The settings of the updates to come."""
        if self.recorded:
            for rate, value in zip(self._moving_rates, (learning_rate, beta2), strict=True):
                rate.fill_(value)
        else:
            self.rates = (learning_rate, beta2)

    @torch.no_grad()
    def descend(self, slope: tuple[Tensor, list[Tensor]]) -> Tensor:
        """One update; takes a loss and its gradient for each parameter, returns the loss."""
        loss, gradients = slope
        torch._foreach_copy_(self._gradients, gradients)
        mean_over_processes(self.gradient)
        moved = self.vector, self.gradient, self.state
        if self.recorded:
            self.forms.recorded(*moved, *self._moving_rates, self.config)
        else:
            self.forms.eager(*moved, *self.rates, self.config)
        return loss

    def state_dict(self) -> dict[str, Any]:
        """The parameters and the optimiser's state, as they are now."""
        now = {"vector": self.vector} | self.state
        return {name: value.clone() for name, value in now.items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on exactly where `state_dict` was taken.

        Raises:
            KeyError, RuntimeError: the state of another net or optimiser.
        """
        for name, value in ({"vector": self.vector} | self.state).items():
            value.copy_(state[name])
