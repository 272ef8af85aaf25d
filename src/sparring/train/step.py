"""The algorithm box: one step of the two-player game (Goodfellow et al. 2014, algorithm 1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from sparring.errors import DivergedError
from sparring.nets.base import Critic, Generator
from sparring.objective.objective import Objective


def train_step(
    G: Generator,
    D: Critic,
    opt_g: torch.optim.Optimizer,
    opt_d: torch.optim.Optimizer,
    objective: Objective,
    next_real: Callable[[], tuple[Tensor, Tensor]],
    next_latent: Callable[[], Tensor],
    d_steps: int,
) -> tuple[Tensor, Tensor]:
    """`d_steps` updates of D, then one of G.

    Args:
        next_real: a fresh batch of rows (n, ...) and of their conditions (n, k).
        next_latent: fresh noise (n, latent_dim).

    Returns:
        The last loss of D and the loss of G, detached scalars.

    Raises:
        DivergedError: a loss is not finite; the update it belongs to was not made.
    """
    for _ in range(d_steps):  # max over D, G fixed
        real, y = next_real()
        with torch.no_grad():
            fake = G(next_latent(), y)
        critic_loss = descend(opt_d, objective.critic_loss(D, real, fake, y))
    with frozen(D):  # min over G, D fixed
        real, y = next_real()
        fake = G(next_latent(), y)
        generator_loss = descend(opt_g, objective.generator_loss(D, real, fake, y))
    return critic_loss, generator_loss


def descend(optimizer: torch.optim.Optimizer, loss: Tensor) -> Tensor:
    """One update of the optimiser's parameters down the gradient of `loss`; the loss, detached.

    Raises:
        DivergedError: the loss is not finite.
    """
    if not torch.isfinite(loss):
        raise DivergedError(f"a loss became {loss.item()}")
    optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    optimizer.step()
    return loss.detach()


@contextmanager
def frozen(net: nn.Module) -> Iterator[None]:
    """Compute no gradients of `net`'s parameters inside the block."""
    net.requires_grad_(False)
    try:
        yield
    finally:
        net.requires_grad_(True)
