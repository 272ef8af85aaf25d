"""Deep convolutional nets (Radford et al. 2016): strided convolutions, any side of 8 to 64."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sparring.config import Config, resolved
from sparring.errors import choose
from sparring.nets.base import Critic, Generator, Shape
from sparring.nets.layers import (
    ACTIVATIONS,
    LabelledLinear,
    output_layer,
    pyramid,
    spectrally_normed,
)


def channels(width: int, levels: int) -> list[int]:
    """Channels at each level below the image: width, doubled at every halving, at most 4 width."""
    return [width * min(2**level, 4) for level in range(levels)]


class DCGANGenerator(Generator):
    """G: [z, y] -> Linear to the smallest side -> transposed convolutions 4x4, stride 2."""

    def __init__(self, shape: Shape, config: Config) -> None:
        super().__init__()
        colours, side, _ = shape.row
        self.latent_dim = resolved(config.latent_dim, "latent_dim")
        self.sides = pyramid(side)[::-1]
        width = channels(resolved(config.width, "width"), len(self.sides) - 1)[::-1]
        act = choose("activation", config.activation, ACTIVATIONS)
        self.output = output_layer(config)
        self.start = nn.Sequential(
            nn.Linear(self.latent_dim + shape.conditions, width[0] * self.sides[0] ** 2),
            nn.Unflatten(1, (width[0], self.sides[0], self.sides[0])),
        )
        self.ups = nn.ModuleList()
        for before, after in zip(width, [*width[1:], colours], strict=True):
            norm = [nn.BatchNorm2d(before)] if config.generator_batch_norm else []
            up = nn.ConvTranspose2d(before, after, 4, stride=2, padding=1)
            self.ups.append(nn.Sequential(*norm, act(before), up))

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        x = self.start(torch.cat([z, y], dim=1))
        for up, side in zip(self.ups, self.sides[1:], strict=True):
            x = up(x)[:, :, :side, :side]  # doubling an odd half overshoots by one
        rows: Tensor = self.output(x)
        return rows


class DCGANCritic(Critic):
    """D: convolutions 4x4, stride 2, then a linear layer with a logit per condition."""

    def __init__(self, shape: Shape, config: Config) -> None:
        super().__init__()
        colours, side, _ = shape.row
        self.mixes_rows = config.critic_batch_norm
        levels = len(pyramid(side)) - 1
        base = resolved(config.critic_width or config.width, "width")
        width = channels(base, levels)
        act = choose("critic_activation", config.critic_activation, ACTIVATIONS)
        layers: list[nn.Module] = []
        for level, (before, after) in enumerate(zip([colours, *width], width, strict=False)):
            layers.append(nn.Conv2d(before, after, 4, stride=2, padding=1))
            side //= 2
            layers += [nn.BatchNorm2d(after)] if config.critic_batch_norm and level else []
            layers.append(act(after))
            layers += [nn.Dropout(config.critic_dropout)] if config.critic_dropout else []
        self.body = nn.Sequential(*layers, nn.Flatten())
        self.head = LabelledLinear(width[-1] * side**2, shape.conditions)
        if config.critic_spectral_norm:
            spectrally_normed(self)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        logits: Tensor = self.head(self.body(x), y)
        return logits
