"""From a network's raw output to a row with one-hot groups."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class OneHotHead(nn.Module):
    """Numbers pass through an activation; each group of logits becomes a hard one-hot vector.

    Straight-through Gumbel-softmax (Jang et al. 2017, sec. 2.2): forward, the one-hot of
    argmax(logits + Gumbel noise), an exact draw from softmax(logits); backward, the gradient of
    softmax((logits + noise) / temperature). D thus never sees soft against hard. The noise is a
    part of z, so that G stays a function.

    Args:
        numbers: how many leading columns are numbers.
        sizes: sizes of the one-hot groups that follow.
        activation: of the numbers.
        temperature: of the relaxation; lower is closer to hard and noisier in the gradient.
    """

    def __init__(
        self,
        numbers: int,
        sizes: tuple[int, ...],
        activation: nn.Module | None = None,
        temperature: float = 0.5,
    ) -> None:
        super().__init__()
        self.activation = activation or nn.Identity()
        self.numbers = numbers
        self.sizes = sizes
        self.temperature = temperature
        self.noise_dim = sum(sizes)

    def forward(self, raw: Tensor, noise: Tensor) -> Tensor:
        """raw (n, numbers + sum(sizes)), standard normal noise (n, sum(sizes)) -> as raw."""
        numbers: Tensor = self.activation(raw[:, : self.numbers])
        if not self.sizes:
            return numbers
        uniform = torch.special.ndtr(noise).clamp(1e-6, 1 - 1e-6)
        logits = raw[:, self.numbers :] - torch.log(-torch.log(uniform))
        groups = torch.split(logits / self.temperature, list(self.sizes), dim=1)
        return torch.cat([numbers, *map(harden, groups)], dim=1)


def harden(logits: Tensor) -> Tensor:
    """The one-hot of each row's largest logit, with the gradient of its softmax."""
    soft = logits.softmax(1)
    hard = torch.zeros_like(soft).scatter_(1, soft.argmax(1, keepdim=True), 1.0)
    # In this order the sum is exactly the one-hot: D must not see rounding as a sign of a fake.
    return hard + (soft - soft.detach())
