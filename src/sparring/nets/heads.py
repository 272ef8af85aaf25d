"""From a network's raw output to a row with one-hot groups."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class OneHotHead(nn.Module):
    """Numbers pass through an activation; each group of logits becomes a hard one-hot vector.

    A number may be a draw from a normal distribution, of which the network gives the mean and the
    standard deviation (Kingma & Welling 2014, sec. 2.4): what spreads about a curve or a point
    without order need not be folded out of z.

    Straight-through Gumbel-softmax (Jang et al. 2017, sec. 2.2): forward, the one-hot of
    argmax(logits + Gumbel noise), an exact draw from softmax(logits); backward, the gradient of
    softmax((logits + noise) / temperature). D thus never sees soft against hard. The noise is a
    part of z, so that G stays a function.

    Args:
        numbers: how many leading columns are numbers.
        sizes: sizes of the one-hot groups that follow.
        activation: of the numbers.
        noisy: whether numbers are drawn.
        temperature: of the relaxation; lower is closer to hard and noisier in the gradient.

    Attributes:
        raw_dim: width of the network's output: numbers, logits and, of noisy ones, deviations.
        noise_dim: width of the noise: of the logits, then of the numbers.
    """

    def __init__(
        self,
        numbers: int,
        sizes: tuple[int, ...],
        activation: nn.Module | None = None,
        noisy: bool = False,
        temperature: float = 0.5,
    ) -> None:
        super().__init__()
        self.activation = activation or nn.Identity()
        self.numbers = numbers
        self.sizes = sizes
        self.temperature = temperature
        self.noisy = noisy
        self.noise_dim = sum(sizes) + noisy * numbers
        self.raw_dim = numbers + self.noise_dim

    def forward(self, raw: Tensor, noise: Tensor) -> Tensor:
        """raw (n, raw_dim), standard normal noise (n, noise_dim) -> rows (n, numbers + sum(sizes)).

        The sign of a deviation means nothing.
        """
        choices = sum(self.sizes)
        mean, logits = raw[:, : self.numbers], raw[:, self.numbers : self.numbers + choices]
        if self.noisy:
            mean = mean + raw[:, self.numbers + choices :] * noise[:, choices:]
        numbers: Tensor = self.activation(mean)
        if not self.sizes:
            return numbers
        uniform = torch.special.ndtr(noise[:, :choices]).clamp(1e-6, 1 - 1e-6)
        logits = logits - torch.log(-torch.log(uniform))
        groups = torch.split(logits / self.temperature, list(self.sizes), dim=1)
        return torch.cat([numbers, *map(harden, groups)], dim=1)


def harden(logits: Tensor) -> Tensor:
    """The one-hot of each row's largest logit, with the gradient of its softmax."""
    hard = torch.zeros_like(logits).scatter_(1, logits.argmax(1, keepdim=True), 1.0)
    if not logits.requires_grad:
        return hard + 0 * logits  # what is not finite stays so, for who samples to see
    soft = logits.softmax(1)
    # In this order the sum is exactly the one-hot: D must not see rounding as a sign of a fake.
    return hard + (soft - soft.detach())
