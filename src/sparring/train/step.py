"""The algorithm box: one step of the two-player game (Goodfellow et al. 2014, algorithm 1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from sparring.nets.base import Critic, Generator
from sparring.objective.objective import Objective
from sparring.train.player import Player


class Batch(NamedTuple):
    """What one update sees.

    Attributes:
        real: rows (n, ...); y: their conditions (n, k), which hold for the fakes too.
        z: noise (n, latent_dim).
        share: uniform numbers in [0, 1), (n,), of a penalty between real and fake; else (0,).
    """

    real: Tensor
    y: Tensor
    z: Tensor
    share: Tensor


Slope = Callable[[Batch], tuple[Tensor, list[Tensor]]]  # the loss, and its gradients


def train_step(
    D: Player, G: Player, critic_slope: Slope, generator_slope: Slope,
    next_batch: Callable[[], Batch], d_steps: int,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """`d_steps` updates of D, then one of G; returns the last loss of D and the loss of G."""
    for _ in range(d_steps):  # max over D, G fixed
        critic_loss = D.descend(critic_slope(next_batch()))
    generator_loss = G.descend(generator_slope(next_batch()))  # min over G, D fixed
    return critic_loss, generator_loss


def slopes(G: Generator, D: Critic, objective: Objective) -> tuple[Slope, Slope]:
    """What D descends and what G descends, with their gradients."""

    def critic(batch: Batch) -> tuple[Tensor, list[Tensor]]:
        with torch.no_grad():
            fake = G(batch.z, batch.y)
        return slope(objective.critic_loss(D, batch.real, fake, batch.y, batch.share), D)

    def generator(batch: Batch) -> tuple[Tensor, list[Tensor]]:
        fake = G(batch.z, batch.y)
        return slope(objective.generator_loss(D, batch.real, fake, batch.y), G)

    return critic, generator


def slope(loss: Tensor, net: nn.Module) -> tuple[Tensor, list[Tensor]]:
    """A loss, and its gradient for each parameter of one net, all detached."""
    parameters = list(net.parameters())
    # A parameter that the loss does not reach stays where it is.
    gradients = torch.autograd.grad(loss, parameters, allow_unused=True, materialize_grads=True)
    return loss.detach(), [g.detach() for g in gradients]
