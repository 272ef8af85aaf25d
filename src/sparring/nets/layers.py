"""The pieces that several networks share."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from sparring.config import Config, resolved
from sparring.errors import choose


class Maxout(nn.Module):
    """The largest of `pieces` affine maps of the features (Goodfellow et al. 2013).

    (n, inputs, ...) -> (n, width, ...), inputs = width unless given; at every place of an image
    alike.
    """

    def __init__(self, width: int, pieces: int = 5, *, inputs: int | None = None) -> None:
        super().__init__()
        self.pieces = pieces
        self.affine = nn.Linear(inputs or width, width * pieces)

    def forward(self, x: Tensor) -> Tensor:
        maps: Tensor = self.affine(x.movedim(1, -1))
        return torch.unflatten(maps, -1, (self.pieces, -1)).amax(-2).movedim(-1, 1)


def zero_(layer: nn.Module) -> nn.Module:
    """Start a layer at zero, so that its residual block starts as the identity."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer


def spectrally_normed(net: nn.Module) -> nn.Module:
    """Divide every weight by its largest singular value (Miyato et al. 2018), in place."""
    for module in net.modules():
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            if not module.weight.any():
                module.reset_parameters()  # a zero layer has no direction to normalise
            spectral_norm(module)
    return net


def pyramid(size: int) -> list[int]:
    """Image sides from `size` down by halves (rounded up) until below 8: 28 -> [28, 14, 7]."""
    sides = [size]
    while sides[-1] >= 8:
        sides.append((sides[-1] + 1) // 2)
    return sides


class LabelledLinear(nn.Module):
    """D's last layer: a logit for the features, plus one for each condition that holds.

    features (n, d), y (n, k) -> (n,): a projection critic (Miyato & Koyama 2018) whose features
    are the whole last layer. With k = 0 it is a plain Linear(d, 1).
    """

    def __init__(self, features: int, conditions: int) -> None:
        super().__init__()
        self.linear = nn.Linear(features, 1 + conditions)

    def forward(self, features: Tensor, y: Tensor) -> Tensor:
        logits: Tensor = self.linear(features)
        return logits[:, 0] + (logits[:, 1:] * y).sum(1)


def output_layer(config: Config) -> nn.Module:
    """The activation of G's output.

    Raises:
        ConfigError: an unknown one.
    """
    name = resolved(config.output_activation, "output_activation")
    return choose("output_activation", name, OUTPUT_ACTIVATIONS)()


Activation = Callable[[int], nn.Module]

# Each is made for a number of features.
ACTIVATIONS: dict[str, Activation] = {
    "relu": lambda width: nn.ReLU(),
    "leaky-relu": lambda width: nn.LeakyReLU(0.2),
    "leaky-relu-0.01": lambda width: nn.LeakyReLU(0.01),
    "tanh": lambda width: nn.Tanh(),
    "silu": lambda width: nn.SiLU(),
    "maxout": Maxout,
}

OUTPUT_ACTIVATIONS: dict[str, type[nn.Module]] = {
    "none": nn.Identity,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
}
